"""How a module that would be very large is parted, so that a program loads what it uses.

Where a part ends, its last name decides, by a hash. So whoever adds a type changes the part that it comes into, and no
other: two branches merge, and a difference shows what was changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from emitter_typed_codegen.data import frozen

_WHOLE = 200
"""How many declarations are one module, as one would write it."""

_LEAST, _MOST, _USUAL = 16, 96, 32
"""The size of a part: never smaller but for the last one, never larger, and how much longer than the least usually."""

_DIGITS = 8


@frozen
class Part:
    """A module with some of the declarations of a larger one."""

    module: str
    """Its name as its neighbours import it: `._types_1f0a97c2`."""
    names: tuple[str, ...]
    """What the schema calls its declarations."""


def parts(home: str, names: Sequence[str]) -> list[Part]:
    """Return the parts of a module; none if it is small enough to be one.

    Args:
        home: The module, as its neighbours import it.
        names: What the schema calls the declarations, in the order in which they need each other.
    """
    if len(names) <= _WHOLE:
        return []
    grouped: list[list[str]] = [[]]
    for name in names:
        last = grouped[-1]
        if len(last) == _MOST or (len(last) >= _LEAST and _ends(last[-1])):
            grouped.append([])
        grouped[-1].append(name)
    made: dict[str, Part] = {}
    for group in grouped:
        digits = _hash(group[0])
        length = _DIGITS
        # An import of the schema's never begins with an underscore.
        while (module := f"._{home.lstrip('.')}_{digits[:length]}") in made:
            length += 1
        made[module] = Part(module, tuple(group))
    return list(made.values())


def _ends(name: str) -> bool:
    return int(_hash(name), 16) % _USUAL == 0


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
