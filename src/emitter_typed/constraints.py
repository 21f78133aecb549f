"""Rules that a value must keep: checked where an object is made, where one is read, and where an option is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from emitter_typed.errors import InvalidArgument

if TYPE_CHECKING:
    from attrs import Attribute

_SHOWN_CHARACTERS = 60


def _shown(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.15g} s"
    text = value.isoformat() if isinstance(value, datetime) else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


class Constraint:
    """One rule. An attrs validator as well: `field(validator=minimum(0))`. None keeps every rule."""

    def __init__(self, rule: str, holds: Callable[[Any], bool]) -> None:  # Any: a rule knows the type it is for
        """Name the rule as it follows "must be" or "must have", and give its test."""
        self.rule = rule
        self._holds = holds

    def check(self, argument: str, value: object) -> None:
        """Raise InvalidArgument, with rule and value, unless the value keeps the rule or is None."""
        if value is None:
            return
        try:
            holds = self._holds(value)
        except TypeError:
            holds = False
        if not holds:
            raise InvalidArgument(f"{argument} {self.rule}, not {_shown(value)}", argument=argument, value=value)

    def __call__(self, instance: object, attribute: Attribute[Any], value: object) -> None:
        """Check a field of an attrs class: attrs calls validators so."""
        self.check(attribute.alias or attribute.name, value)


def minimum(limit: Any) -> Constraint:
    """At least the limit: a number, a timedelta or an aware datetime."""
    return Constraint(f"must be at least {_shown(limit)}", lambda value: value >= limit)


def maximum(limit: Any) -> Constraint:
    """At most the limit: a number, a timedelta or an aware datetime."""
    return Constraint(f"must be at most {_shown(limit)}", lambda value: value <= limit)


def exclusive_minimum(limit: Any) -> Constraint:
    """More than the limit: a number, a timedelta or an aware datetime."""
    return Constraint(f"must be more than {_shown(limit)}", lambda value: value > limit)


def exclusive_maximum(limit: Any) -> Constraint:
    """Less than the limit: a number, a timedelta or an aware datetime."""
    return Constraint(f"must be less than {_shown(limit)}", lambda value: value < limit)


def min_length(limit: int) -> Constraint:
    """A text of at least so many characters, or so many bytes."""
    return Constraint(f"must have a length of at least {limit}", lambda value: len(value) >= limit)


def max_length(limit: int) -> Constraint:
    """A text of at most so many characters, or so many bytes."""
    return Constraint(f"must have a length of at most {limit}", lambda value: len(value) <= limit)


def pattern(expression: str) -> Constraint:
    """A text that the regular expression (Python's `re`) matches as a whole."""
    compiled = re.compile(expression)
    return Constraint(f"must match {expression}", lambda value: compiled.fullmatch(value) is not None)


def min_items(limit: int) -> Constraint:
    """A list or map of at least so many items."""
    return Constraint(f"must have at least {limit} items", lambda value: len(value) >= limit)


def max_items(limit: int) -> Constraint:
    """A list or map of at most so many items."""
    return Constraint(f"must have at most {limit} items", lambda value: len(value) <= limit)


class _Each(Constraint):
    """Rules for what a list or a map holds."""

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        super().__init__("must hold only items that keep their own rules", lambda value: True)
        self._constraints = constraints

    def check(self, argument: str, value: object) -> None:
        items: Iterable[tuple[object, object]]
        if isinstance(value, Mapping):
            items = cast("Mapping[object, object]", value).items()
        elif isinstance(value, Sequence):
            items = enumerate(cast("Sequence[object]", value))
        else:
            return
        for place, item in items:
            for constraint in self._constraints:
                constraint.check(f"{argument}[{place!r}]", item)


def each(*constraints: Constraint) -> Constraint:
    """Every item of a list, or every value of a map, keeps the constraints."""
    return _Each(constraints)
