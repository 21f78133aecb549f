"""Checks of what programs without a type checker may give to a broker."""

from __future__ import annotations

from emitter_typed._masking import kind_of
from emitter_typed.errors import InvalidArgument


def check_kind(argument: str, value: object, kind: type | tuple[type, ...], expected: str) -> None:
    """Raise InvalidArgument if a value is of another kind.

    Args:
        argument: What the caller names it.
        value: What was given.
        kind: What it must be. A boolean is no number.
        expected: The kind, as the error names it.
    """
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InvalidArgument(f"{argument}: expected {expected}, got {kind_of(value)}", argument=argument, value=None)
