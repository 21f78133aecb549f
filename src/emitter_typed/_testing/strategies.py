"""Strategies of Hypothesis for whatever a payload can be: what they make keeps its limits, and comes back from JSON.

The rules are those of `_protocol/payloads`: what that reads and writes, and how, is drawn here.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from uuid import UUID

from emitter_typed._protocol.address import check_segment
from emitter_typed._protocol.payloads import parameters
from emitter_typed._protocol.payloads.choices import open_enum_of, with_open_enums
from emitter_typed._protocol.payloads.classes import (
    Member,
    accepts_none,
    aliased,
    constraints_of,
    describe,
    is_alias,
    is_class_with_fields,
    name_of,
    named_in,
)
from emitter_typed._protocol.payloads.containers import is_list_type, is_map_type
from emitter_typed._protocol.payloads.conversion import conversion_of, write_as
from emitter_typed._protocol.payloads.records import is_blank
from emitter_typed._protocol.payloads.scalars import HIGHEST, LOWEST, scalar_of
from emitter_typed._protocol.payloads.unions import is_union, told_apart
from emitter_typed._types.constraints import Constraint
from emitter_typed._types.deprecation import quietly
from emitter_typed._types.frozen import is_hashable
from emitter_typed._types.type_form import TypeForm
from emitter_typed._types.values import Present, Record, Secret, Tag, Unrecognized, UnrecognizedMember, is_masked
from emitter_typed.errors import InvalidArgument

try:
    from hypothesis import strategies as st
    from hypothesis.errors import InvalidArgument as Refused
    from hypothesis.strategies import SearchStrategy
except ImportError as error:
    raise ImportError(
        'strategies need Hypothesis: pip install "emitter-typed[hypothesis]"', name="hypothesis"
    ) from error

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound=Record)

_Any = SearchStrategy[Any]

_TURNS = 3
"""How often records that hold themselves do so, at most."""

_FEW = 3
"""The most items of a list or a map that holds such records, or of JSON, unless it needs more."""

_SEVERAL = 5
"""The same where it holds other records, lists or maps: objects of many megabytes find no more mistakes."""

_LEAVES = 8
"""About how many values a JSON document holds."""

_EXACT_S = 2**33
"""The longest duration, in seconds, that JSON holds to the microsecond; also since 1970."""

_SEGMENT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.:_$[]\\^`"
"""What a parameter of a channel is made of."""


def strategy(type: TypeForm[T], *constraints: Constraint) -> SearchStrategy[T]:
    """Return a strategy for a type that a payload can have.

    What it makes keeps the limits of the type, and is read from JSON as it was written.

    Args:
        type: A record, a union, an enum or an alias of a schema, an attrs class, a dataclass, a NamedTuple, a
            TypedDict, `list[int]`, `Reading | None`, a `Literal`, a scalar.
        constraints: Limits of an alias, which its type does not show.

    Returns:
        The strategy.

    Raises:
        InvalidArgument: No payload can have the type, or each value of it holds another one.
    """
    return declared_strategy(type, *constraints)


def declared_strategy(type: object, *constraints: Constraint) -> SearchStrategy[Any]:
    """Return the strategy of a type, for generated code.

    Its annotations say what the strategy makes: some checkers refuse forms of a type that others take.

    Args:
        type: The type.
        constraints: Limits of an alias, which its type does not show.

    Returns:
        The strategy.

    Raises:
        InvalidArgument: No payload can have the type, or each value of it holds another one.
    """
    conversion_of(type)
    return _Builder().of(type, constraints, _TURNS)


def record_strategy(record: type[RecordT], /, **fields: SearchStrategy[Any] | None) -> SearchStrategy[RecordT]:
    """Return the strategy of a record.

    Args:
        record: Its class.
        fields: Strategies in the place of those of the fields; None: the field's own. What they make has to keep the
            limits of the field, or the record raises InvalidArgument.

    Returns:
        The strategy.

    Raises:
        InvalidArgument: The record has no field of such a name, or each value of it holds another one.
    """
    _check_names(record, fields)
    return _Builder().record(record, _TURNS, given=fields)


def parameter_strategy(params: type[RecordT], /, **fields: SearchStrategy[Any] | None) -> SearchStrategy[RecordT]:
    """Return the strategy of a channel's parameters.

    What it makes can stand in the address.

    Args:
        params: The class of the parameters.
        fields: Strategies in the place of those of the parameters; None: the parameter's own.

    Returns:
        The strategy.

    Raises:
        InvalidArgument: There is no parameter of such a name.
    """
    _check_names(params, fields)
    return _Builder(segments=True).record(params, _TURNS, given=fields)


def _check_names(record: Any, given: Mapping[str, object]) -> None:
    """Raise InvalidArgument unless a record has a field of each name, and a payload can have its type."""
    conversion_of(record)
    shape = describe(record)
    names = [one.parameter for one in (*shape.members, *([shape.rest] if shape.rest else ()))]
    for name in given:
        if name not in names:
            raise InvalidArgument(
                f"{name}: {name_of(record)} has no such field; it has {', '.join(names) or 'none'}",
                argument=name,
                value=None,
            )


class _Limits:
    """Several constraints as one."""

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        self.all = constraints
        self._by_keyword: dict[str, list[Any]] = {}
        for one in constraints:
            self._by_keyword.setdefault(one.keyword, []).append(one.limit)

    def least(self, keyword: str, otherwise: Any = None) -> Any:
        """Return the tightest lower limit of a keyword."""
        return max(self._by_keyword.get(keyword, ()), default=otherwise)

    def most(self, keyword: str, otherwise: Any = None) -> Any:
        """Return the tightest upper limit of a keyword."""
        return min(self._by_keyword.get(keyword, ()), default=otherwise)

    @property
    def patterns(self) -> list[str]:
        return self._by_keyword.get("pattern", [])

    @property
    def items(self) -> tuple[Constraint, ...]:
        """The constraints of what a list or a map holds."""
        return tuple(one for several in self._by_keyword.get("each", ()) for one in several)

    def bounds(self, lowest: Any, highest: Any) -> tuple[Any, Any]:
        """Return between which values to draw from a type that has these; what exclusive limits refuse is filtered."""
        low = max(lowest, self.least("minimum", lowest), self.least("exclusive_minimum", lowest))
        high = min(highest, self.most("maximum", highest), self.most("exclusive_maximum", highest))
        return low, high

    def hold(self, value: object) -> bool:
        """Tell whether a value keeps all; in a union, it may be of another kind than they are for."""
        try:
            for one in self.all:
                one.check("value", value)
        except InvalidArgument:
            return False
        return True


class _Builder:
    """Builds strategies; those of classes are built once for all that hold them."""

    def __init__(self, *, segments: bool = False) -> None:
        self._segments = segments
        self._built: dict[tuple[object, ...], _Any | None] = {}

    def of(self, type_: Any, constraints: Sequence[Constraint], turns: int, format: str | None = None) -> _Any:
        """Return the strategy of a type.

        Args:
            type_: The type.
            constraints: What its values keep.
            turns: How often records and aliases that hold themselves may still do so.
            format: How a time or a duration is written, if not as usual.
        """
        if hasattr(type_, "__supertype__"):
            return self.of(type_.__supertype__, constraints, turns, format)
        told = told_apart(type_)
        if told is not None:
            members = _shortest([cls for _, cls in told.members], turns)
            telling = _telling(told)
            return st.one_of(
                [
                    *(self.record(cls, turns, telling=telling) for cls in members),
                    *([_unknown(told)] if told.open else []),
                ]
            )
        if get_origin(type_) is Annotated:
            inner, *extras = get_args(type_)
            own = [each for each in extras if isinstance(each, Constraint)]
            return self.of(inner, [*own, *constraints], turns, format)
        if is_alias(type_):
            turns = _turns_within(type_, turns)
            known = type_, turns, *constraints, format
            return self._once(known, partial(self.of, aliased(type_), constraints, turns, format))
        if is_union(type_):
            return self._union(type_, constraints, turns, format)
        limits = _Limits(constraints)
        scalar = type(None) if type_ is None else scalar_of(type_)
        if scalar is not None:
            drawn: _Any = self._scalar(scalar, limits, format)
            return drawn.filter(limits.hold) if limits.all else drawn
        if is_class_with_fields(type_):
            return self.record(type_, turns)
        if is_list_type(type_):
            return self._list(type_, limits, turns)
        if is_map_type(type_):
            return self._map(type_, limits, turns)
        return _choice(type_)

    def record(
        self,
        cls: Any,
        turns: int,
        *,
        telling: frozenset[str] = frozenset(),
        given: Mapping[str, _Any | None] | None = None,
    ) -> _Any:
        """Return the strategy of a class with fields.

        Args:
            cls: The class.
            turns: How often records that hold themselves may still do so.
            telling: The fields on the wire that tell it from other members of a union.
            given: Strategies for some of its fields.
        """
        turns = _turns_within(cls, turns)
        if given is not None:
            return self._record(cls, turns, telling, given)
        return self._once((cls, turns, telling), partial(self._record, cls, turns, telling, {}))

    def _once(self, known: tuple[Any, ...], build: Callable[[], _Any]) -> _Any:
        """Return what was built of a type, or build it. Raises InvalidArgument if it is being built."""
        if known not in self._built:
            self._built[known] = None
            self._built[known] = build()
        found = self._built[known]
        if found is None:
            raise InvalidArgument(
                f"type: {name_of(known[0])} has no finite value, because each one contains another",
                argument="type",
                value=known[0],
            )
        return found

    def _record(self, cls: Any, turns: int, telling: frozenset[str], given: Mapping[str, _Any | None]) -> _Any:
        shape = describe(cls)
        own = {name: one for name, one in given.items() if one is not None}
        members = {
            one.parameter: own[one.parameter] if one.parameter in own else self._field(one, turns)
            for one in shape.members
            # Where no turns are left, only what must be there.
            if turns or one.required or one.parameter in own or not _goes_round(one.type)
        }
        if shape.rest is not None:
            taken = {*telling, *(name for one in shape.members for name in one.wire_names)}
            names = st.text().filter(lambda name: name not in taken)
            rest = own.get(shape.rest.parameter)
            members[shape.rest.parameter] = st.dictionaries(names, _json(), max_size=_FEW) if rest is None else rest
        if shape.kind == "keys":
            optional = {
                one.parameter: members.pop(one.parameter)
                for one in shape.members
                if not one.required and one.parameter in members
            }
            return st.fixed_dictionaries(members, optional=optional)
        return st.fixed_dictionaries(members).map(partial(_make, shape.cls))

    def _field(self, member: Member, turns: int) -> _Any:
        drawn = self.of(member.type, constraints_of(member.validator), turns, member.wire.format)
        if self._segments:
            drawn = drawn.filter(partial(_is_segment, member.parameter))
        if not member.wire.blank:
            return drawn
        default = None if member.default is None else member.default()
        # Where it is absent, the default is read.
        return drawn.filter(lambda value: value == default or not is_blank(_written(member, value), member.wire.blank))

    def _union(self, type_: Any, constraints: Sequence[Constraint], turns: int, format: str | None) -> _Any:
        members = with_open_enums(tuple(each for each in get_args(type_) if each is not type(None)))
        found = open_enum_of(members)
        if found is not None:
            drawn: _Any = _open_enum(found[0], found[1], segments=self._segments)
        elif len(members) == 1:
            if turns == 0 and _goes_round(members[0]):
                return st.none()
            drawn = self.of(members[0], constraints, turns, format)
        else:
            shortest = _shortest(members, turns)
            drawn = st.one_of([self.of(each, _for_member(each, constraints), turns, format) for each in shortest])
        return st.none() | drawn if accepts_none(type_) else drawn

    def _list(self, type_: Any, limits: _Limits, turns: int) -> _Any:
        origin, arguments = get_origin(type_) or type_, get_args(type_)
        if origin is tuple and (arguments or type_ == tuple[()]) and Ellipsis not in arguments:
            return st.tuples(*(self.of(each, (), turns) for each in arguments))
        item = arguments[0] if arguments else object
        least, most = self._size(item, limits, turns)
        made: Any = next((one for one in (tuple, set, frozenset) if issubclass(origin, one)), list)
        items = st.nothing() if most == 0 else self.of(item, limits.items, turns)
        unique = made in (set, frozenset)
        if unique:
            items = items.filter(is_hashable)
        return st.lists(items, min_size=least, max_size=most, unique=unique).map(made)

    def _map(self, type_: Any, limits: _Limits, turns: int) -> _Any:
        key, item = get_args(type_) or (str, object)
        least, most = self._size(item, limits, turns)
        items = st.nothing() if most == 0 else self.of(item, limits.items, turns)
        return st.dictionaries(self.of(key, (), turns), items, min_size=least, max_size=most)

    def _size(self, item: Any, limits: _Limits, turns: int) -> tuple[int, int | None]:
        least, most = limits.least("min_items", 0), limits.most("max_items")
        if scalar_of(item) is not None:
            return least, most
        few = max(least, _SEVERAL if not _goes_round(item) else _FEW if turns else 0)
        return least, few if most is None else min(most, few)

    def _scalar(self, cls: type, limits: _Limits, format: str | None) -> _Any:
        if cls is str:
            return _text(limits, _SEGMENT if self._segments else None)
        return _SCALARS[cls](limits, format)


def _for_member(member: Any, constraints: Sequence[Constraint]) -> list[Constraint]:
    """Return the constraints that hold for one of the types of a union, those for it alone included."""
    cls = member
    while hasattr(cls, "__supertype__") or is_alias(cls):
        cls = cls.__supertype__ if hasattr(cls, "__supertype__") else aliased(cls)
    cls = get_origin(cls) or cls
    found: list[Constraint] = []
    for one in constraints:
        if one.keyword != "when":
            found.append(one)
        elif one.limit[0] is cls:
            found += one.limit[1]
    return found


def _make(cls: Callable[..., object], members: Mapping[str, object]) -> object:
    # A test of a schema is no use of what is deprecated there.
    with quietly():
        return cls(**members)


def _written(member: Member, value: object) -> object:
    if value is None or member.wire.format is None:
        return conversion_of(member.type).now("write")(value)
    return write_as(member.wire.format, value)


def _is_segment(name: str, value: object) -> bool:
    try:
        check_segment(name, parameters.text(value))
    except InvalidArgument:
        return False
    return True


# Records and aliases that hold themselves.


def _parts(type_: Any) -> set[Any]:
    """Return the classes and aliases that a class or an alias names."""
    if is_alias(type_):
        return set(named_in(aliased(type_)))
    return {each for member in describe(type_).members for each in named_in(member.type)}


def _turns_within(cls: Any, turns: int) -> int:
    """Return how many turns are left for what a class or an alias holds."""
    return max(turns - 1, 0) if _holds_itself(cls) else turns


def _goes_round(type_: Any) -> bool:
    """Tell whether the values of a type may hold a class or an alias that can be found within itself."""
    return any(map(_holds_itself, named_in(type_)))


@cache
def _holds_itself(cls: Any) -> bool:
    """Tell whether a class or an alias can be found within itself, or holds one that can."""
    seen: set[Any] = set()
    waiting = [cls]
    within: dict[Any, set[Any]] = {}
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            within[one] = _parts(one)
            waiting += within[one]
    reached = {one: _reached(one, within) for one in seen}
    return any(one in reached[one] for one in seen)


def _reached(cls: Any, within: Mapping[Any, set[Any]]) -> set[Any]:
    found: set[Any] = set()
    waiting = [*within[cls]]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += within[one]
    return found


def _shortest(members: Sequence[Any], turns: int) -> list[Any]:
    """Return the members of a union, but only those that end soonest once no turns are left."""
    if turns:
        return [*members]
    heights = [_height(cls, ()) for cls in members]
    return [one for one, height in zip(members, heights, strict=True) if height == min(heights)]


def _height(type_: Any, above: tuple[Any, ...]) -> float:
    """Return how many classes deep the smallest value of a type is."""
    told = told_apart(type_)
    if told is not None:
        return min(_height(cls, above) for _, cls in told.members)
    if type_ in above:
        return math.inf
    if is_alias(type_):
        return _height(aliased(type_), (*above, type_))
    if is_class_with_fields(type_):
        needed = [one.type for one in describe(type_).members if one.required]
        return 1 + max((_height(each, (*above, type_)) for each in needed), default=0)
    if accepts_none(type_) or is_list_type(type_) or is_map_type(type_):
        return 0
    return min((_height(each, above) for each in named_in(type_)), default=0)


# Values without fields.


def _choice(type_: Any) -> _Any:
    cls = get_origin(type_) or type_
    if cls is Literal:
        return st.sampled_from(get_args(type_))
    if cls is Unrecognized:
        return _raw(get_args(type_) or (str,)).map(Unrecognized)
    if isinstance(cls, type) and issubclass(cls, Secret):
        return st.text(min_size=1).filter(lambda text: not is_masked(text)).map(cls)
    if isinstance(cls, type) and issubclass(cls, enum.Flag):
        return st.sets(st.sampled_from(list(cls))).map(partial(_together, cls))
    if isinstance(cls, type) and issubclass(cls, enum.Enum):
        return st.sampled_from(list(cls))
    # What stays is `object`, which is any JSON.
    return _json()


def _together(cls: type[enum.Flag], flags: set[enum.Flag]) -> enum.Flag:
    joined = cls(0)
    for one in flags:
        joined |= one
    return joined


def _telling(told: Tag | Present) -> frozenset[str]:
    """Return the fields on the wire that tell the members of a union apart."""
    return frozenset(name for name, _ in told.members) if isinstance(told, Present) else frozenset({told.name})


def _unknown(told: Tag | Present) -> _Any:
    """Return the strategy of members of an open union that it does not know."""
    telling = _telling(told)
    fields = st.dictionaries(st.text().filter(lambda name: name not in telling), _json(), max_size=_FEW)
    if isinstance(told, Present):
        return st.builds(UnrecognizedMember, tag=st.none(), unknown_fields=fields)
    known: set[str | int] = {value for value, _ in told.members}
    tags = _raw((int if told.has_numbers else str,)).filter(lambda value: value not in known)
    return st.builds(UnrecognizedMember, tag=tags, unknown_fields=fields)


def _open_enum(cls: Any, raw_class: Any, *, segments: bool) -> _Any:
    known: set[object] = {(type(member.value), member.value) for member in cls}
    raw = st.text(_SEGMENT, min_size=1) if segments and raw_class is str else _raw((raw_class,))
    unknown = raw.filter(lambda raw: (type(raw), raw) not in known)
    return st.sampled_from(list(cls)) | unknown.map(Unrecognized)


def _raw(classes: Sequence[Any]) -> _Any:
    return st.integers(LOWEST, HIGHEST) if classes == (int,) else st.text()


@cache
def _json() -> _Any:
    leaves = st.none() | st.booleans() | st.integers(LOWEST, HIGHEST) | _finite() | st.text()
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=_FEW) | st.dictionaries(st.text(), inner, max_size=_FEW),
        max_leaves=_LEAVES,
    )


def _finite(**bounds: Any) -> SearchStrategy[float]:
    return st.floats(allow_nan=False, allow_infinity=False, **bounds)


def _integers(limits: _Limits, format: str | None) -> _Any:
    low, high = limits.bounds(LOWEST, HIGHEST)
    return st.integers(math.ceil(low), math.floor(high))


def _floats(limits: _Limits, format: str | None) -> _Any:
    low = limits.least("minimum"), limits.least("exclusive_minimum")
    high = limits.most("maximum"), limits.most("exclusive_maximum")
    lows = [float(one) for one in low if one is not None]
    highs = [float(one) for one in high if one is not None]
    return _finite(min_value=max(lows, default=None), max_value=min(highs, default=None))


def _decimals(limits: _Limits, format: str | None) -> _Any:
    low = limits.least("minimum"), limits.least("exclusive_minimum")
    high = limits.most("maximum"), limits.most("exclusive_maximum")
    lows = [Decimal(str(one)) for one in low if one is not None]
    highs = [Decimal(str(one)) for one in high if one is not None]
    return st.decimals(max(lows, default=None), min(highs, default=None), allow_nan=False, allow_infinity=False)


def _datetimes(limits: _Limits, format: str | None) -> _Any:
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    low, high = (one.astimezone(UTC) for one in limits.bounds(earliest, latest))
    if format in ("unix", "unix_ms"):
        step = timedelta(seconds=1) if format == "unix" else timedelta(milliseconds=1)
        steps = st.integers(-(-(low - _EPOCH) // step), (high - _EPOCH) // step)
        return steps.map(lambda since_epoch: _EPOCH + since_epoch * step)
    exact = timedelta(seconds=_EXACT_S)
    if format == "unix_float" and low <= _EPOCH + exact and high >= _EPOCH - exact:
        low, high = max(low, _EPOCH - exact), min(high, _EPOCH + exact)
    return st.datetimes(low.replace(tzinfo=None), high.replace(tzinfo=None), timezones=st.just(UTC))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _dates(limits: _Limits, format: str | None) -> _Any:
    return st.dates(*limits.bounds(date.min, date.max))


def _durations(limits: _Limits, format: str | None) -> _Any:
    low, high = limits.bounds(timedelta.min, timedelta.max)
    exact = timedelta(seconds=_EXACT_S)
    if format is None and low <= exact and high >= -exact:
        return st.timedeltas(max(low, -exact), min(high, exact))
    step = timedelta(milliseconds=1) if format == "milliseconds" else timedelta(seconds=1)
    whole = st.integers(-(-low // step), high // step)
    return whole.map(lambda steps: steps * step)


def _texts(limits: _Limits, format: str | None) -> _Any:
    return _text(limits, None)


def _text(limits: _Limits, alphabet: str | None) -> _Any:
    least, most = limits.least("min_length", 0), limits.most("max_length")
    if alphabet is not None:
        least = max(least, 1)
    if not limits.patterns:
        return st.text(st.characters(codec="utf-8") if alphabet is None else alphabet, min_size=least, max_size=most)
    # The other patterns are filters.
    first = re.compile(limits.patterns[0])
    drawn: _Any = st.from_regex(first, fullmatch=True, alphabet=alphabet)
    if alphabet is not None:
        try:
            drawn.validate()
        except Refused:
            # Older releases of Hypothesis refuse a pattern that names a character that is not in the alphabet.
            drawn = st.from_regex(first, fullmatch=True).filter(set(alphabet).issuperset)
    return drawn if not least and most is None else drawn.map(partial(_fitted, first, least, most))


def _fitted(pattern: re.Pattern[str], least: int, most: int | None, text: str) -> str:
    """Return a text of the wanted length that still matches, if repeating or leaving out characters leads to one."""
    lacking = least - len(text)
    if lacking > 0:
        longer = (text[:place] + text[place] * lacking + text[place:] for place in range(len(text)))
        return next((one for one in longer if pattern.fullmatch(one)), text)
    while most is not None and len(text) > most:
        shorter = (text[:place] + text[place + 1 :] for place in range(len(text)))
        found = next((one for one in shorter if pattern.fullmatch(one)), None)
        if found is None:
            break
        text = found
    return text


def _binary(limits: _Limits, format: str | None) -> _Any:
    return st.binary(min_size=limits.least("min_length", 0), max_size=limits.most("max_length"))


_SCALARS: dict[type, Callable[[_Limits, str | None], _Any]] = {
    type(None): lambda limits, format: st.none(),
    str: _texts,
    bool: lambda limits, format: st.booleans(),
    int: _integers,
    float: _floats,
    bytes: _binary,
    datetime: _datetimes,
    date: _dates,
    timedelta: _durations,
    UUID: lambda limits, format: st.uuids(),
    Decimal: _decimals,
}
