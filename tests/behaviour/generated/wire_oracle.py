"""Values of any type of the language, each with the JSON that the language's page says for it, written down anew."""

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from types import ModuleType
from typing import Any, TypeAlias

from attrs import Factory, frozen
from hypothesis import strategies as st

from emitter_typed import Unrecognized, UnrecognizedMember
from emitter_typed._types.deprecation import quietly
from emitter_typed_codegen import model
from emitter_typed_codegen.names import attribute_name, class_name, constant_name

ABSENT = object()
"""Stands for a field that is not written."""

# A value, and its JSON.
Pair: TypeAlias = tuple[Any, Any]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001  # bounds are naive
# To the microsecond as long as a float of seconds tells them apart: 272 years.
DURATIONS = st.integers(-(2**33) * 10**6, 2**33 * 10**6).map(lambda us: timedelta(microseconds=us))
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def _time(value: datetime) -> str:
    moment = value.astimezone(UTC)
    fraction = f".{moment.microsecond:06d}" if moment.microsecond else ""
    day = f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"
    return f"{day}T{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}{fraction}Z"


def _seconds(value: timedelta) -> int | float:
    whole, rest = divmod(value, timedelta(seconds=1))
    return value / timedelta(seconds=1) if rest else whole


def _same(value: object) -> object:
    return value


def _written(values: st.SearchStrategy[Any], write: Callable[[Any], object]) -> st.SearchStrategy[Pair]:
    return values.map(lambda value: (value, write(value)))


SCALARS: dict[str, st.SearchStrategy[Pair]] = {
    "string": _written(TEXTS, _same),
    "int": _written(INTEGERS, _same),
    "float": _written(FLOATS, _same),
    "bool": _written(st.booleans(), _same),
    "bytes": _written(st.binary(max_size=9), lambda value: base64.b64encode(value).decode("ascii")),
    "datetime": _written(TIMES, _time),
    "date": _written(st.dates(), date.isoformat),
    "duration": _written(DURATIONS, _seconds),
    "uuid": _written(st.uuids(), str),
    "decimal": _written(st.decimals(allow_nan=False, allow_infinity=False), str),
    "json": _written(JSON, _same),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORMATS: dict[str, st.SearchStrategy[Pair]] = {
    "unix": _written(
        TIMES.map(lambda time: time.replace(microsecond=0)),
        lambda time: (time - EPOCH) // timedelta(seconds=1),
    ),
    "unix_ms": _written(
        TIMES.map(lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)),
        lambda time: (time - EPOCH) // timedelta(milliseconds=1),
    ),
    "unix_float": _written(
        st.timedeltas(-timedelta(days=98_000), timedelta(days=98_000)).map(lambda since: EPOCH + since),
        lambda time: _seconds(time - EPOCH),
    ),
    "milliseconds": _written(
        st.integers(-(2**41), 2**41).map(lambda ms: timedelta(milliseconds=ms)),
        lambda lasts: lasts // timedelta(milliseconds=1),
    ),
    "seconds": _written(st.integers(-(2**31), 2**31).map(lambda s: timedelta(seconds=s)), _seconds),
}


@frozen
class Oracle:
    """The pairs of one schema and the package that was made of it."""

    schema: model.Schema
    package: ModuleType
    made: dict[tuple[str, int], st.SearchStrategy[Pair]] = Factory(dict[tuple[str, int], "st.SearchStrategy[Pair]"])

    def pairs(self, ref: model.TypeRef, depth: int = 2) -> st.SearchStrategy[Pair]:
        """Return values of a type with their JSON; depth bounds what nests without an end."""
        match ref:
            case model.Scalar():
                return SCALARS[ref.name]
            case model.Optional():
                some = self.pairs(ref.item, depth - 1)
                return st.just((None, None)) | some if depth > 0 else st.just((None, None))
            case model.List():
                items = st.lists(self.pairs(ref.item, depth - 1), max_size=3 if depth > 0 else 0)
                return items.map(lambda held: (tuple(value for value, _ in held), [json for _, json in held]))
            case model.Map():
                items = st.lists(
                    st.tuples(TEXTS, self.pairs(ref.value, depth - 1)), max_size=3 if depth > 0 else 0, unique_by=_key
                )
                return items.map(
                    lambda held: ({key: value for key, (value, _) in held}, {key: json for key, (_, json) in held})
                )
            case model.AnyOf():
                # A record may hold itself.
                ending = [one for one in ref.members if "object" not in model.json_kinds(one, self.schema.by_name)]
                members = ending if depth <= 0 and ending else ref.members
                return st.one_of([self.pairs(one, depth - 1) for one in members])
            case model.Named():
                return self.declared(ref.name, depth)

    def declared(self, name: str, depth: int) -> st.SearchStrategy[Pair]:
        """Return values of a declared type with their JSON."""
        if (name, depth) not in self.made:
            self.made[name, depth] = st.deferred(lambda: self._declared(self.schema.by_name[name], depth))
        return self.made[name, depth]

    def _declared(self, declared: model.Declaration, depth: int) -> st.SearchStrategy[Pair]:
        cls: Any = self.package
        for part in declared.name.split(".")[:-1]:
            cls = getattr(cls, part)
        cls = getattr(cls, class_name(declared.name.rpartition(".")[2]))
        match declared:
            case model.Record():
                return self.record(declared, cls, depth)
            case model.Union():
                if declared.tag is None:
                    return self._present(declared, depth)
                members = [
                    self.declared(name, depth - 1).map(_tagged(declared.tag, value)) for value, name in declared.members
                ]
                if declared.open:
                    any_tag: st.SearchStrategy[Any] = INTEGERS if declared.has_numbers else TEXTS
                    tags = any_tag.filter(lambda tag: tag not in dict(declared.members))
                    names = TEXTS.filter(lambda name: name != declared.tag)
                    unknown = st.tuples(tags, st.dictionaries(names, JSON, max_size=2))
                    members.append(
                        unknown.map(
                            lambda held: (
                                UnrecognizedMember(tag=held[0], unknown_fields=held[1]),
                                {declared.tag: held[0], **held[1]},
                            )
                        )
                    )
                return st.one_of(members)
            case model.Enum():
                known = [(getattr(cls, constant_name(one.name)), one.wire) for one in declared.values]
                wires = {wire for _, wire in known}
                drawn: st.SearchStrategy[Any] = st.integers(-(2**63), 2**63 - 1) if declared.has_numbers else TEXTS
                raws = drawn.filter(lambda raw: raw not in wires).map(lambda raw: (Unrecognized(raw), raw))
                return st.sampled_from(known) | raws if declared.open else st.sampled_from(known)
            case model.Flags():
                letters = [*declared.letters]
                held = st.sets(st.sampled_from(letters)).map(lambda some: "".join(x for x in letters if x in some))
                return held.map(lambda text: (cls(text), text))
            case model.Secret():
                return TEXTS.filter(bool).map(lambda text: (cls(text), text))
            case model.Alias():
                return self.pairs(declared.type, depth).filter(lambda pair: _keeps(declared.constraints, pair[0]))

    def _present(self, union: model.Union, depth: int) -> st.SearchStrategy[Pair]:
        telling = {field for field, _ in union.members}
        members = [
            self.declared(name, depth - 1).filter(lambda pair: len(telling.intersection(pair[1])) == 1)
            for _, name in union.members
        ]
        if union.open:
            unknown = st.dictionaries(TEXTS.filter(lambda name: name not in telling), JSON, max_size=2)
            members.append(unknown.map(lambda held: (UnrecognizedMember(tag=None, unknown_fields=held), held)))
        return st.one_of(members)

    def record(self, record: model.Record, cls: Any, depth: int) -> st.SearchStrategy[Pair]:
        """Return records with their JSON."""
        fields = {field.name: self.field(field, depth - 1) for field in record.fields}
        wires = {field.name: field.wire for field in record.fields}
        rest = st.dictionaries(TEXTS.filter(lambda name: name not in {*wires.values(), "kind"}), JSON, max_size=2)

        def made(held: tuple[dict[str, Pair], dict[str, Any]]) -> Pair:
            given, kept = held
            values = {attribute_name(name): value for name, (value, _) in given.items()}
            json = {wires[name]: each for name, (_, each) in given.items() if each is not ABSENT}
            more = {"unknown_fields": kept} if record.keeps_unknown else {}
            with quietly():
                return cls(**values, **more), {**json, **kept} if record.keeps_unknown else json

        return st.tuples(st.fixed_dictionaries(fields), rest).map(made)

    def field(self, field: model.Field, depth: int) -> st.SearchStrategy[Pair]:
        """Return values of a field with their JSON: what is None is left out, unless that means something else."""
        pairs = self.pairs(field.type, depth) if field.format is None else FORMATS[field.format]
        pairs = pairs.filter(lambda pair: _keeps(field.constraints, pair[0]) and pair[1] not in field.blank)
        optional = isinstance(field.type, model.Optional)
        if field.required or (optional and field.has_default and field.default is not None):
            return pairs
        return pairs.map(lambda pair: (None, ABSENT) if optional and pair[0] is None else pair)


def _key(item: tuple[str, Pair]) -> str:
    return item[0]


def _tagged(tag: str, value: str | int) -> Callable[[Pair], Pair]:
    return lambda pair: (pair[0], {tag: value, **pair[1]})


def _keeps(limits: tuple[model.Constraint, ...], value: Any) -> bool:
    """Tell whether a value keeps limits: those that the schemas of the tests have."""
    return value is None or all(
        (len(value) if one.rule == "max_items" else -value) <= (one.value if one.rule == "max_items" else -one.value)
        for one in limits
        if not isinstance(one.value, str)
    )
