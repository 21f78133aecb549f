"""Examples of types, made of what the schema says: the same for the same schema, and each keeps all limits."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import cast

from attrs import field

from emitter_typed_codegen.compare.wire import resolve
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.export.values import wire_value
from emitter_typed_codegen.model import (
    AnyOf,
    Constraint,
    Enum,
    Field,
    Flags,
    List,
    Map,
    Named,
    Record,
    Scalar,
    Schema,
    Secret,
    TypeRef,
    Union,
    alternatives,
)
from emitter_typed_codegen.resolve.pattern_parts import (
    Atomic,
    InOrder,
    OneCharacter,
    OneOf,
    Part,
    PatternReader,
    Repeat,
)
from emitter_typed_codegen.resolve.values import comparable

_DEEP = 4
"""Where what may be absent or empty is so."""
_DEEPEST = 40
_MOST_VALUES = 2000
_USUAL_REPEATS = 3
_LONGEST_TEXT = 4096
_MOST_ITEMS = 100
_LIKED = [*map(ord, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
_MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXTS = ("text", "a", "1", "")


@frozen
class Example:
    """One example, as JSON."""

    value: object


class _None(Exception):
    """There is no example, or none that can be found."""


@frozen
class Examples:
    """Examples of the types of a schema."""

    schema: Schema
    _known: dict[tuple[TypeRef, str], Example | None] = field(factory=dict[tuple[TypeRef, str], "Example | None"])

    _made: list[int] = field(factory=list[int])
    """How many values the example that is made has."""

    def of(self, ref: TypeRef, name: str = "") -> Example | None:
        """Return an example of a type; None if none is found.

        Args:
            ref: The type.
            name: What the value is called, which a text may be an example for.
        """
        if (ref, name) not in self._known:
            self._made[:] = [0]
            try:
                self._known[ref, name] = Example(self._value(ref, (), None, name, ()))
            except _None:
                self._known[ref, name] = None
        return self._known[ref, name]

    def several(self, ref: TypeRef, name: str = "") -> list[Example]:
        """Return examples of a type: one for each of several types, or member of a union; else one, if one is found."""
        base = resolve(self.schema, ref).base
        if isinstance(base, AnyOf):
            return [found for one in alternatives(base, self.schema.by_name) for found in self.several(one, name)]
        if isinstance(base, Union) and not isinstance(ref, List | Map):
            members = ((value, self.of(Named(member))) for value, member in base.members)
            return [
                Example(_as_member(base, value, cast("dict[str, object]", found.value)))
                for value, found in members
                if found is not None
            ]
        found = self.of(ref, name)
        return [] if found is None else [found]

    def parameter(self, one: Field) -> str | None:
        """Return an example of a channel's parameter, as it stands in an address; None if none is found."""
        values = self._candidates(one.type, one.constraints, None, one.name)
        # A segment is made of what a channel may hold.
        return next((text for text in map(str, values) if re.fullmatch(r"[-.:A-Za-z0-9_$]+", text)), None)

    def _value(
        self,
        ref: TypeRef,
        constraints: Sequence[Constraint],
        format: str | None,
        name: str,
        within: tuple[str, ...],
        refused: Sequence[object] = (),
    ) -> object:
        """Return an example. Raises _None.

        Args:
            ref: The type.
            constraints: The limits that hold beside those of its aliases.
            format: The format of the field that it is for.
            name: What it is called.
            within: The records that it is a part of.
            refused: What it may not be.
        """
        found = resolve(self.schema, ref)
        limits = (*constraints, *found.constraints)
        self._made[0] += 1
        if self._made[0] > _MOST_VALUES or len(within) > _DEEPEST:
            raise _None
        deep = len(within) > _DEEP
        match found.base:
            case Record():
                return self._record(found.base, within)
            case Union():
                return self._union(found.base, within)
            case AnyOf():
                return self._one_of(found.base, name, within, refused)
            case List():
                count = _least(limits) if deep else _count(limits)
                return [self._value(found.base.item, (), None, name, within) for _ in range(count)] if count else []
            case Map():
                values = found.base.value
                keys = [f"key{number or ''}" for number in range(_least(limits) if deep else _count(limits))]
                return {key: self._value(values, (), None, key, within) for key in keys}
            case _:
                for value in self._candidates(ref, constraints, format, name):
                    if not any(value == one and type(value) is type(one) for one in refused):
                        return value
                raise _None

    def _record(self, record: Record, within: tuple[str, ...]) -> dict[str, object]:
        if within.count(record.name) > 1:
            raise _None
        made: dict[str, object] = {}
        for one in record.fields:
            needed = one.is_required
            if one.deprecated is not None and not needed:
                continue
            if one.has_default and one.default is not None:
                made[one.wire] = wire_value(self.schema, one.type, one.default, one.format)
                continue
            nothing = resolve(self.schema, one.type).optional
            # What may be absent or null is so where the record is in itself, or lies deep.
            if (nothing or not needed) and (record.name in within or len(within) > _DEEP):
                made |= {one.wire: None} if needed else {}
                continue
            try:
                inside = (*within, record.name)
                made[one.wire] = self._value(one.type, one.constraints, one.format, one.name, inside, one.blank)
            except _None:
                empty = resolve(self.schema, one.type)
                if needed and nothing:
                    made[one.wire] = None
                elif (
                    needed and isinstance(empty.base, List | Map) and not _least((*one.constraints, *empty.constraints))
                ):
                    made[one.wire] = [] if isinstance(empty.base, List) else {}
                elif needed:
                    raise
        return made

    def _union(self, union: Union, within: tuple[str, ...]) -> dict[str, object]:
        for value, name in union.members:
            try:
                made = self._value(Named(name), (), None, "", within)
            except _None:
                continue
            return _as_member(union, value, cast("dict[str, object]", made))
        raise _None

    def _one_of(self, ref: AnyOf, name: str, within: tuple[str, ...], refused: Sequence[object]) -> object:
        for one in alternatives(ref, self.schema.by_name):
            try:
                return self._value(one, (), None, name, within, refused)
            except _None:
                continue
        raise _None

    def _candidates(
        self, ref: TypeRef, constraints: Sequence[Constraint], format: str | None, name: str
    ) -> Iterator[object]:
        """Yield values of what is no record, list, map or union that keep all limits, the best example first."""
        found = resolve(self.schema, ref)
        limits = (*constraints, *found.constraints)
        match found.base:
            case Enum():
                values = sorted(found.base.values, key=lambda value: value.deprecated is not None)
                yield from (value.wire for value in values)
            case Flags():
                yield "".join(value.key for value in found.base.values if value.deprecated is None)
            case Secret():
                yield "hidden text"
            case Scalar(name="json"):
                yield {"any": ["JSON", 1, True, None]}
            case Scalar(name="bool"):
                yield from (True, False)
            case Scalar(name="uuid"):
                yield "01234567-89ab-cdef-0123-456789abcdef"
            case Scalar(name="bytes"):
                yield base64.b64encode(bytes(range(1, 1 + _size(limits, 3)))).decode("ascii")
            case Scalar(name="string" | "text" | "channel" | "filter" | "key_target"):
                yield from (text for text in _texts(name, limits) if _is_text(text, limits))
            case Scalar():
                yield from _ordered(found.base, limits, format)
            case _:
                return


def _limit(limits: Iterable[Constraint], rule: str) -> list[int]:
    return [int(one.value) for one in limits if one.rule == rule]


def _least(limits: Sequence[Constraint]) -> int:
    least = max(_limit(limits, "min_items"), default=0)
    if least > _MOST_ITEMS:
        raise _None
    return least


def _count(limits: Sequence[Constraint]) -> int:
    """Return how many items an example has: one, if that may be."""
    most = min(_limit(limits, "max_items"), default=1)
    return max(_least(limits), min(1, most))


def _size(limits: Sequence[Constraint], liked: int) -> int:
    """Return the length of an example."""
    least, most = max(_limit(limits, "min_length"), default=0), min(_limit(limits, "max_length"), default=liked)
    size = max(least, min(liked, most))
    if size > _LONGEST_TEXT:
        raise _None
    return size


def _texts(name: str, limits: Sequence[Constraint]) -> Iterator[str]:
    """Yield texts of which one may keep the limits."""
    patterns = [str(one.value) for one in limits if one.rule == "pattern"]
    named = [name, name.lower(), name.replace("_", "-")] if name else []
    plain = [*named, *_TEXTS]
    if not patterns:
        size = _size(limits, 0)
        yield from plain
        yield (f"{name or 'text'} " * size)[:size].strip().ljust(size, "a")
        shortest = min(_limit(limits, "max_length"), default=0)
        yield (name or "text")[:shortest]
        return
    yield from plain
    for pattern in patterns:
        part = PatternReader(pattern).whole()
        least = max(_limit(limits, "min_length"), default=0)
        for repeats in (_USUAL_REPEATS, 1, 0, least, 8):
            if repeats <= _LONGEST_TEXT:
                for skipped in range(4):
                    yield _matching(part, repeats, skipped)


def _matching(part: Part, repeats: int, skipped: int) -> str:
    """Return a text that a pattern is likely to match.

    Args:
        part: The pattern, or a part of it.
        repeats: How often what is repeated comes, if that may be.
        skipped: How many of the characters that come first to mind are passed over.
    """
    match part:
        case InOrder():
            return "".join(_matching(one, repeats, skipped) for one in part.parts)
        case OneOf():
            return _matching(part.parts[skipped % len(part.parts)], repeats, skipped)
        case Repeat():
            times = int(min(max(part.least, repeats), part.most))
            return "".join(_matching(part.part, repeats, skipped + n) for n in range(min(times, _LONGEST_TEXT)))
        case Atomic():
            return _matching(part.part, repeats, skipped)
        case OneCharacter():
            return _character(part.first, skipped)
        case _:
            return ""


def _character(mask: int, skipped: int) -> str:
    liked = [code for code in _LIKED if mask >> code & 1]
    if liked:
        return chr(liked[skipped % len(liked)])
    others = [code for code in range(32, 127) if mask >> code & 1] or [code for code in range(128) if mask >> code & 1]
    return chr(others[skipped % len(others)]) if others else "é"


def _is_text(text: str, limits: Iterable[Constraint]) -> bool:
    for one in limits:
        match one.rule:
            case "pattern" if re.fullmatch(str(one.value), text) is None:
                return False
            case "min_length" if len(text) < int(one.value):
                return False
            case "max_length" if len(text) > int(one.value):
                return False
            case _:
                pass
    return True


def _as_member(union: Union, value: str | int, made: dict[str, object]) -> dict[str, object]:
    """Return the document of a record as a member of a union."""
    return made if union.tag is None else {union.tag: value, **made}


def _ordered(scalar: Scalar, limits: Sequence[Constraint], format: str | None) -> Iterator[object]:
    """Yield numbers, times and dates that keep the limits."""
    bounds = [one for one in limits if one.rule.endswith("imum")]
    ends = [end for one in bounds if (end := comparable(scalar.name, one.value)) is not None]
    usual = {
        "int": [Fraction(1)], "float": [Fraction("1.5")], "decimal": [Fraction("1.5")], "duration": [Fraction(90)],
        "datetime": [Fraction((_MOMENT - _EPOCH) // timedelta(microseconds=1))],
        "date": [Fraction(_MOMENT.toordinal())],
    }[scalar.name]  # fmt: skip
    step = {"datetime": 10**6, "date": 1, "int": 1}.get(scalar.name, 1)
    near = [end + sign * step for end in ends for sign in (1, -1)]
    middle = [(low + high) / 2 for low, high in zip(sorted(ends), sorted(ends)[1:], strict=False)]
    zero = [] if scalar.name in ("datetime", "date") else [Fraction(0)]
    for number in [*usual, *middle, *zero, *near, *ends]:
        value = _written(scalar, number, format)
        # A float may be less than the number that it stands for.
        meant = Fraction(value) if isinstance(value, float) else number
        if value is not None and all(_keeps(meant, one, scalar) for one in bounds):
            yield value


def _keeps(number: Fraction, one: Constraint, scalar: Scalar) -> bool:
    limit = comparable(scalar.name, one.value)
    assert limit is not None
    match one.rule:
        case "minimum":
            return number >= limit
        case "maximum":
            return number <= limit
        case "exclusive_minimum":
            return number > limit
        case _:
            return number < limit


def _written(scalar: Scalar, number: Fraction, format: str | None) -> object:
    """Return what a number stands for, as JSON; None if that is nothing, or not exact."""
    try:
        match scalar.name:
            case "datetime":
                moment = _EPOCH + timedelta(microseconds=int(number))
                if format is not None:
                    whole, rest = divmod(number, 1000 if format == "unix_ms" else 10**6)
                    return whole if not rest else None
                return f"{moment.replace(tzinfo=None).isoformat()}Z" if number.denominator == 1 else None
            case "date":
                return date.fromordinal(int(number)).isoformat() if number.denominator == 1 else None
            case "decimal":
                exact = Decimal(number.numerator) / Decimal(number.denominator)
                return str(exact) if Fraction(exact) == number else None
            case "int":
                return int(number) if number.denominator == 1 and -(2**63) <= number < 2**63 else None
            case _:
                if format == "milliseconds":
                    number *= 1000
                if number.denominator == 1:
                    return int(number)
                return float(number) if format is None else None
    except (OverflowError, ValueError):
        return None
