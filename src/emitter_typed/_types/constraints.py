"""Rules that a value must keep: checked where an object is made, where one is read, and where an option is given."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from emitter_typed._masking import hide_keys, kind_of, shown
from emitter_typed.errors import InvalidArgument

if TYPE_CHECKING:
    from attrs import Attribute

    AnyAttribute: TypeAlias = Attribute[Any]
else:
    # The class is generic for checkers only.
    from attrs import Attribute as AnyAttribute

# What a rule is for: the classes, and how an error calls them.
_Kind: TypeAlias = tuple[tuple[type, ...], str]
_NUMBER: _Kind = (int, float, Decimal), "a number"
_DURATION: _Kind = (timedelta,), "a timedelta"
_DATETIME: _Kind = (datetime,), "a datetime"
_DATE: _Kind = (date,), "a date"
_TEXT: _Kind = (str,), "a text"
_TEXT_OR_BYTES: _Kind = (str, bytes), "a text or bytes"
_COLLECTION: _Kind = (Sequence, Mapping), "a list or a map"
_ANYTHING: _Kind = (object,), "anything"


def shown_value(value: object) -> str:
    """Return a value as errors show it: times as ISO 8601, durations in seconds."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.15g} s"
    return value.isoformat() if isinstance(value, date) else shown(value)


def _is_finite(value: float | Decimal) -> bool:
    # math.isfinite refuses a signalling NaN, and an integer that no float can hold.
    if isinstance(value, int):
        return True
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _misfit(value: object, kind: _Kind) -> str | None:
    """Return why a value is none of a kind, in words that do not show it; None if it is one."""
    classes, name = kind
    if not isinstance(value, classes) or (isinstance(value, bool) and kind is not _ANYTHING):
        return f"expected {name}, got {kind_of(value)}"
    if kind is _COLLECTION and isinstance(value, str | bytes):
        return f"expected {name}, got {kind_of(value)}"
    if kind is _NUMBER and not _is_finite(cast("float | Decimal", value)):
        return f"expected a finite number, got {value}"
    if kind is _DATE and isinstance(value, datetime):
        return f"expected {name}, got a datetime"
    if kind is _DATETIME and cast("datetime", value).utcoffset() is None:
        return "the datetime is naive: give it a time zone, as in datetime.now(UTC)"
    return None


def check_boolean(argument: str, value: object) -> None:
    """Raise InvalidArgument unless a value is True or False: `"no"` would count as True."""
    if not isinstance(value, bool):
        raise InvalidArgument(f"{argument}: expected a boolean, got {kind_of(value)}", argument=argument, value=None)


class Constraint:
    """One rule. An attrs validator as well: `field(validator=minimum(0))`. None keeps every rule."""

    def __init__(self, rule: str, holds: Callable[[Any], bool], kind: _Kind = _ANYTHING) -> None:  # Any: of the kind
        """Make a rule.

        Args:
            rule: What an error says of it, such as `must be at least 0`.
            holds: Tells whether a value of the right kind keeps it.
            kind: The classes that it is for, and what an error calls them. Default: anything.
        """
        self.rule = rule
        """What an error says of it."""
        self.keyword: str = ""
        """What the schema language calls it, such as `minimum`."""
        self.limit: Any = None
        """What stands behind the keyword there."""
        self.holds = holds
        """The test alone, for a value of the right kind that is not None."""
        self._kind = kind

    def check(self, argument: str, value: object) -> None:
        """Check a value. None keeps every rule.

        Args:
            argument: What an error calls the value.
            value: The value.

        Raises:
            InvalidArgument: The value breaks the rule, or is of another kind than it is for. The text says which rule.
        """
        if value is None:
            return
        if (problem := _misfit(value, self._kind)) is not None:
            # Not shown: what stands in the place of something else may be a key.
            raise InvalidArgument(f"{argument}: {problem}", argument=argument, value=None)
        try:
            holds = self.holds(value)
        except TypeError:
            holds = False
        if not holds:
            given = hide_keys(value) if isinstance(value, str) else value
            raise InvalidArgument(f"{argument}: {self.rule}, not {shown_value(value)}", argument=argument, value=given)

    def __call__(self, instance: object, attribute: AnyAttribute, value: object) -> None:
        """Check a field of an attrs class: attrs calls validators so.

        Args:
            instance: The object, which is not looked at.
            attribute: The field. An error has its name in the constructor.
            value: Its value.

        Raises:
            InvalidArgument: As for `check`.
        """
        self.check(attribute.alias or attribute.name, value)


def _kind_of_limit(limit: object) -> _Kind:
    return next((kind for kind in (_DURATION, _DATETIME, _DATE) if isinstance(limit, kind[0])), _NUMBER)


_MakeT = TypeVar("_MakeT", bound=Callable[..., Constraint])


def _described(make: _MakeT) -> _MakeT:
    """Make the constraints that a function returns say keyword and limit."""

    @functools.wraps(make)
    def described(limit: Any) -> Constraint:
        made = make(limit)
        made.keyword, made.limit = make.__name__, limit
        return made

    return cast("_MakeT", described)


@_described
def minimum(limit: Any) -> Constraint:
    """Make the rule that a value is at least the limit.

    Args:
        limit: A number, a timedelta, a date or an aware datetime.

    Returns:
        The constraint. It refuses values of another kind, and numbers that are not finite.
    """
    return Constraint(f"must be at least {shown_value(limit)}", lambda value: value >= limit, _kind_of_limit(limit))


@_described
def maximum(limit: Any) -> Constraint:
    """Make the rule that a value is at most the limit.

    Args:
        limit: A number, a timedelta, a date or an aware datetime.

    Returns:
        The constraint. It refuses values of another kind, and numbers that are not finite.
    """
    return Constraint(f"must be at most {shown_value(limit)}", lambda value: value <= limit, _kind_of_limit(limit))


@_described
def exclusive_minimum(limit: Any) -> Constraint:
    """Make the rule that a value is more than the limit.

    Args:
        limit: A number, a timedelta, a date or an aware datetime.

    Returns:
        The constraint. It refuses values of another kind, and numbers that are not finite.
    """
    return Constraint(f"must be more than {shown_value(limit)}", lambda value: value > limit, _kind_of_limit(limit))


@_described
def exclusive_maximum(limit: Any) -> Constraint:
    """Make the rule that a value is less than the limit.

    Args:
        limit: A number, a timedelta, a date or an aware datetime.

    Returns:
        The constraint. It refuses values of another kind, and numbers that are not finite.
    """
    return Constraint(f"must be less than {shown_value(limit)}", lambda value: value < limit, _kind_of_limit(limit))


@_described
def min_length(limit: int) -> Constraint:
    """Make the rule that a text, or bytes, has at least a length.

    Args:
        limit: Characters of a text, or bytes.

    Returns:
        The constraint.
    """
    return Constraint(f"must have a length of at least {limit}", lambda value: len(value) >= limit, _TEXT_OR_BYTES)


@_described
def max_length(limit: int) -> Constraint:
    """Make the rule that a text, or bytes, has at most a length.

    Args:
        limit: Characters of a text, or bytes.

    Returns:
        The constraint.
    """
    return Constraint(f"must have a length of at most {limit}", lambda value: len(value) <= limit, _TEXT_OR_BYTES)


@_described
def pattern(expression: str) -> Constraint:
    """Make the rule that a regular expression matches a text as a whole.

    Args:
        expression: The expression, of Python's `re`.

    Returns:
        The constraint.

    Raises:
        re.error: It is not a regular expression.
    """
    compiled = re.compile(expression)
    return Constraint(f"must match {expression}", lambda value: compiled.fullmatch(value) is not None, _TEXT)


@_described
def min_items(limit: int) -> Constraint:
    """Make the rule that a list or a map has at least so many items.

    Args:
        limit: The number of items.

    Returns:
        The constraint.
    """
    return Constraint(f"must have at least {limit} items", lambda value: len(value) >= limit, _COLLECTION)


@_described
def max_items(limit: int) -> Constraint:
    """Make the rule that a list or a map has at most so many items.

    Args:
        limit: The number of items.

    Returns:
        The constraint.
    """
    return Constraint(f"must have at most {limit} items", lambda value: len(value) <= limit, _COLLECTION)


class _Each(Constraint):
    """Rules for what a list or a map holds."""

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        super().__init__("must contain only items that fit their own rules", self._all_hold)
        self.keyword, self.limit = "each", constraints
        self._constraints = constraints

    def _all_hold(self, value: Any) -> bool:
        items = cast("Iterable[object]", value.values() if isinstance(value, Mapping) else value)
        return all(each is None or constraint.holds(each) for each in items for constraint in self._constraints)

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


class _When(Constraint):
    """Rules for those values of a union that are of one of its types."""

    def __init__(self, type: Any, constraints: Sequence[Constraint]) -> None:
        super().__init__("must keep the rules of its type", self._all_hold)
        self.keyword, self.limit = "when", (type, constraints)
        self._constraints = constraints
        self._classes: tuple[type, ...] = _TAKEN_FOR.get(type, (type,))

    def _is_meant(self, value: object) -> bool:
        return isinstance(value, self._classes) and not isinstance(value, bool)

    def _all_hold(self, value: Any) -> bool:
        return not self._is_meant(value) or all(constraint.holds(value) for constraint in self._constraints)

    def check(self, argument: str, value: object) -> None:
        if self._is_meant(value):
            for constraint in self._constraints:
                constraint.check(argument, value)


# Checkers take an int for a float, and a constructor a list for a tuple.
_TAKEN_FOR: dict[Any, tuple[type, ...]] = {float: (float, int), tuple: (tuple, list)}


def when(type: object, *constraints: Constraint) -> Constraint:
    """Make the rule that values of a union keep constraints if they are of one of its types.

    Args:
        type: The type: a class, `tuple` for lists, `Mapping` for maps.
        constraints: The constraints.

    Returns:
        The constraint. Values of the other types keep it.
    """
    return _When(type, constraints)


def each(*constraints: Constraint) -> Constraint:
    """Make the rule that every item of a list, or every value of a map, keeps constraints.

    Args:
        constraints: The constraints. None among the items keeps them all.

    Returns:
        The constraint. Its error says which item breaks which rule: `readings[3]: must be at least 0, not -1`.
    """
    return _Each(constraints)
