"""The directions in which typed channels can be used, and the class that has the operations of each."""

from __future__ import annotations

from collections.abc import Mapping

from emitter_typed_codegen.names import class_name
from emitter_typed_codegen.view.methods import Flavour

DIRECTIONS: Mapping[str, tuple[str, ...]] = {"publish": ("publish",), "subscribe": ("subscribe", "fetch")}
"""The verbs of the operations that a typed channel has, by the directions in which it can be used."""


def base_class(flavour: Flavour, direction: str) -> str:
    """Return the name of the class that has a direction's operations for typed channels."""
    return flavour.of(class_name(f"{direction}_channel"))
