"""The limits that a field, a parameter, an alias or an option may state, and for which types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from emitter_typed_codegen.model import ScalarName

ConstraintRule: TypeAlias = Literal[
    "minimum", "maximum", "exclusive_minimum", "exclusive_maximum",
    "min_length", "max_length", "pattern", "min_items", "max_items", "max_segments",
]  # fmt: skip
"""The keys that state limits."""

Limited: TypeAlias = ScalarName | Literal["list", "map"]
"""What a limit can be for."""

RANGE: tuple[ConstraintRule, ...] = ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum")
"""Those that are written as a value of the type."""

ORDERED: tuple[ScalarName, ...] = (
    "int",
    "float",
    "duration",
    "datetime",
    "date",
    "decimal",
)
"""The scalars of which one value can be below another."""

LONGEST_PATTERN = 1000
MOST = (1 << 31) - 1
"""The largest number that a limit may count to."""

LIMITS: Mapping[ConstraintRule, tuple[Limited, ...]] = {
    **dict.fromkeys(RANGE, ORDERED),
    "min_length": (
        "string",
        "bytes",
    ),
    "max_length": (
        "string",
        "bytes",
    ),
    "pattern": ("string",),
    "min_items": (
        "list",
        "map",
    ),
    "max_items": (
        "list",
        "map",
    ),
    "max_segments": (
        "channel",
        "filter",
        "key_target",
    ),
}
"""For which types each limit is."""
