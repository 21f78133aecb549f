"""The JSON Schema of a type says what is written for it; `tests/conformance/test_fastapi.py` hands it to pydantic."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypedDict
from uuid import UUID

import attrs
import pytest
from attrs import field, frozen

from emitter_typed import Unrecognized, encode
from emitter_typed._protocol.payloads.json_schema import TaggedMember, described, has_name, schema_of
from emitter_typed.contract import (
    Constraint,
    Record,
    each,
    exclusive_maximum,
    exclusive_minimum,
    max_items,
    max_length,
    maximum,
    min_items,
    min_length,
    minimum,
    pattern,
    when,
    wire,
)
from tests.codegen.golden.deprecated.expected import types as attic
from tests.helpers.records import (
    Blanks,
    Command,
    FinerFormats,
    Formats,
    House,
    Identify,
    Kept,
    Leaf,
    Mode,
    Node,
    Reading,
    Rights,
    Scalars,
    SetMode,
    Source,
    Token,
    Tree,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
INTEGER = {"type": "integer", "format": "int64"}
NULL = {"type": "null"}


class Documented(enum.Enum):
    """Text of an enum."""

    ONE = 1


@frozen(kw_only=True)
class Limits(Record):
    """Text of a class."""

    celsius: float = field(validator=[exclusive_minimum(-1.5), maximum(40)])
    """Text of a field,

    of two lines.
    """
    count: int | None = field(default=None, validator=minimum(3))
    waits: timedelta = field(default=timedelta(seconds=2), validator=exclusive_maximum(timedelta(minutes=1)))
    price: Decimal = field(default=Decimal("1.5"), validator=minimum(Decimal("0.50")))
    since: datetime = field(default=NOON, validator=minimum(NOON), metadata=wire("sinceAt"))
    seen: datetime = field(default=NOON, metadata=wire(format="unix"))
    name: str = field(default="a", validator=[min_length(1), max_length(8), pattern("[a-z]+")])
    blob: bytes = field(default=b"ab", validator=[min_length(1), max_length(4)])
    tags: tuple[str, ...] = field(default=("a",), validator=[min_items(1), max_items(3), each(pattern("[a-z]"))])
    by_name: Mapping[str, int] = field(factory=dict[str, int], validator=[max_items(2), each(minimum(0))])


class Point(NamedTuple):
    x: int
    y: int = 0


class Report(TypedDict, total=False):
    celsius: float


@dataclasses.dataclass
class Sample:
    at: date
    point: Point


@attrs.define
class Holder:
    sample: Sample | None
    report: Report


def whole(type_: Any) -> dict[str, Any]:
    """Return the schema of a type with those of all named types in it."""
    definitions: dict[str, Any] = {}

    def refer(named: Any) -> dict[str, Any]:
        name = named.name if isinstance(named, TaggedMember) else named.__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = described(named, refer)
        return {"$ref": f"#/$defs/{name}"}

    return {**schema_of(type_, refer), "$defs": definitions}


def of(type_: Any) -> dict[str, Any]:
    """Return the schema of a type in which nothing has a name."""
    return schema_of(type_, lambda named: {"$ref": named.__name__})


@pytest.mark.parametrize(
    ("type_", "schema"),
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (int, INTEGER),
        (float, {"type": "number"}),
        (None, NULL),
        (bytes, {"type": "string", "contentEncoding": "base64"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (date, {"type": "string", "format": "date"}),
        (timedelta, {"type": "number", "format": "seconds"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (Decimal, {"anyOf": [{"type": "string", "format": "decimal"}, {"type": "number"}]}),
        (object, {}),
        (Any, {}),
        (int | None, {"anyOf": [INTEGER, NULL]}),
        (Decimal | None, {"anyOf": [{"type": "string", "format": "decimal"}, {"type": "number"}, NULL]}),
        (NewType("Level", int), INTEGER),
        (Annotated[int, minimum(2), "a text"], {**INTEGER, "minimum": 2}),
        (Annotated[int | None, minimum(2)], {"anyOf": [{**INTEGER, "minimum": 2}, NULL]}),
        (float | str | None, {"anyOf": [{"type": "number"}, {"type": "string"}, NULL]}),
        (
            Annotated[int | str | tuple[int, ...], when(int, minimum(2)), when(tuple, max_items(3))],
            {
                "anyOf": [
                    {**INTEGER, "minimum": 2},
                    {"type": "string"},
                    {"type": "array", "items": INTEGER, "maxItems": 3},
                ]
            },
        ),
        (
            Annotated[tuple[int, ...] | Mapping[str, int], when(Mapping, min_items(2))],
            {
                "anyOf": [
                    {"type": "array", "items": INTEGER},
                    {"type": "object", "additionalProperties": INTEGER, "minProperties": 2},
                ]
            },
        ),
        (Source | int | Unrecognized[str], {"anyOf": [{"$ref": "Source"}, {"type": "string"}, INTEGER]}),
        (Literal["on", "off"], {"enum": ["on", "off"], "type": "string"}),
        (Literal[3], {"const": 3, "type": "integer"}),
        (Literal["on", 1], {"enum": ["on", 1]}),
        (Mode, {"$ref": "Mode"}),
        (Source | Unrecognized[str], {"anyOf": [{"$ref": "Source"}, {"type": "string"}]}),
        (Unrecognized[str] | Source | None, {"anyOf": [{"$ref": "Source"}, {"type": "string"}, NULL]}),
        (Unrecognized[int], INTEGER),
        (Rights, {"type": "string", "pattern": "^[rws]*$"}),
        (enum.Flag("Bits", ["ONE"]), INTEGER),
        (Token, {"type": "string", "format": "password", "minLength": 1}),
        (list[int], {"type": "array", "items": INTEGER}),
        (list, {"type": "array", "items": {}}),
        (Sequence[int], {"type": "array", "items": INTEGER}),
        (tuple[int, ...], {"type": "array", "items": INTEGER}),
        (frozenset[int], {"type": "array", "items": INTEGER, "uniqueItems": True}),
        (
            tuple[int, str],
            {"type": "array", "prefixItems": [INTEGER, {"type": "string"}], "minItems": 2, "maxItems": 2},
        ),
        (tuple[()], {"type": "array", "minItems": 0, "maxItems": 0}),
        (dict[str, int], {"type": "object", "additionalProperties": INTEGER}),
        (dict, {"type": "object", "additionalProperties": {}}),
        (
            Mapping[Mode, int],
            {"type": "object", "additionalProperties": INTEGER, "propertyNames": {"$ref": "Mode"}},
        ),
        (list[Reading | None], {"type": "array", "items": {"anyOf": [{"$ref": "Reading"}, NULL]}}),
    ],
)
def test_each_form_of_a_type_has_its_schema(type_: Any, schema: object) -> None:
    assert of(type_) == schema


def test_a_record_has_its_names_limits_defaults_and_texts() -> None:
    assert described(Limits, lambda named: {}) == {
        "title": "Limits",
        "description": "Text of a class.",
        "type": "object",
        "properties": {
            "celsius": {
                "type": "number",
                "exclusiveMinimum": -1.5,
                "maximum": 40,
                "description": "Text of a field,\n\nof two lines.",
            },
            "count": {"anyOf": [{**INTEGER, "minimum": 3}, NULL]},
            "waits": {"type": "number", "format": "seconds", "exclusiveMaximum": 60, "default": 2},
            "price": {
                "anyOf": [{"type": "string", "format": "decimal"}, {"type": "number", "minimum": 0.5}],
                "default": "1.5",
            },
            "sinceAt": {"type": "string", "format": "date-time", "default": "2026-01-31T12:00:00Z"},
            "seen": {"type": "integer", "format": "unix-time", "default": 1769860800},
            "name": {"type": "string", "minLength": 1, "maxLength": 8, "pattern": "^(?:[a-z]+)$", "default": "a"},
            "blob": {
                "type": "string",
                "contentEncoding": "base64",
                "minLength": 4,
                "maxLength": 8,
                "default": "YWI=",
            },
            "tags": {
                "type": "array",
                "items": {"type": "string", "pattern": "^(?:[a-z])$"},
                "minItems": 1,
                "maxItems": 3,
                "default": ["a"],
            },
            "by_name": {
                "type": "object",
                "additionalProperties": {**INTEGER, "minimum": 0},
                "maxProperties": 2,
                "default": {},
            },
        },
        "required": ["celsius"],
    }


def test_an_enum_has_its_values_and_text() -> None:
    assert described(Documented, lambda named: {}) == {
        "title": "Documented",
        "description": "Text of an enum.",
        "const": 1,
        "type": "integer",
    }


def test_a_deprecated_field_says_so_with_the_text_of_its_property() -> None:
    properties = described(attic.Reading, lambda named: {})["properties"]

    assert properties["takenAt"] == {
        "type": "string",
        "format": "date-time",
        "deprecated": True,
        "description": "Deprecated: the message has it.",
    }
    assert "deprecated" not in properties["celsius"]


def test_a_union_has_its_tag_in_each_member_and_says_which_is_which() -> None:
    schema = whole(Command)

    references = {"set_mode": "#/$defs/SetModeWithKind", "identify": "#/$defs/IdentifyWithKind"}
    assert schema["oneOf"] == [{"$ref": reference} for reference in references.values()]
    assert schema["discriminator"] == {"propertyName": "kind", "mapping": references}
    assert schema["$defs"]["SetModeWithKind"] == {
        "title": "SetModeWithKind",
        "type": "object",
        "properties": {"kind": {"type": "string", "const": "set_mode"}, "mode": {"$ref": "#/$defs/Mode"}},
        "required": ["kind", "mode"],
    }


def test_a_record_that_holds_itself_is_referred_to() -> None:
    assert whole(Tree) == {
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {
                "title": "Tree",
                "type": "object",
                "properties": {
                    "value": INTEGER,
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}, "default": []},
                },
                "required": ["value"],
            }
        },
    }


@pytest.mark.parametrize("expression", [r"a\Z", r"(?P<a>b)", r"(?i)a", r"a++", r"\N{BULLET}", r"\U0001F600"])
def test_a_pattern_that_only_python_reads_is_left_out(expression: str) -> None:
    unchecked = Constraint("", lambda value: True)
    unchecked.keyword, unchecked.limit = "pattern", expression

    assert of(Annotated[str, unchecked]) == {"type": "string"}


def test_classes_and_enums_have_names() -> None:
    named = [Reading, Mode, Sample, Point, Report, Holder, TaggedMember(Leaf, "is", "leaf")]
    assert [each for each in named if not has_name(each)] == []
    assert [each for each in (str, Token, Rights, Unrecognized[str], list[Reading], Command) if has_name(each)] == []


HOUSE = House(
    readings=(Reading(celsius=1.5), Reading(celsius=2, note="x")),
    limits={"low": 1.5},
    tags=("a",),
    sources=(Source.PROBE, Unrecognized("later")),
    source=Unrecognized("new"),
    token=Token("a"),
    command=SetMode(mode=Mode.AUTO),
    commands=(Identify(seconds=3),),
    extra={"a": [1, None]},
    gaps=(1, None),
)
AN_ID = UUID("123e4567-e89b-12d3-a456-426614174000")
SCALARS = Scalars(
    text="é",
    flag=True,
    count=2**63 - 1,
    ratio=1.5,
    blob=b"\x00",
    at=NOON,
    day=NOON.date(),
    lasts=timedelta(seconds=1.5),
    id=AN_ID,
    price=Decimal("1.10"),
)
WRITTEN: list[tuple[Any, object]] = [
    (House, HOUSE),
    (Scalars, SCALARS),
    (Formats, Formats(seen_at=NOON, ttl=timedelta(seconds=3))),
    (FinerFormats, FinerFormats(sent_at=NOON, began_at=NOON, took=timedelta(milliseconds=3))),
    (Blanks, Blanks(who=(1,))),
    (Limits, Limits(celsius=20.0)),
    (Kept, Kept(value=1, unknown_fields={"more": [1]})),
    (Node, Leaf(value=1)),
    (Tree, Tree(value=1, children=(Tree(value=2),))),
    (Holder, Holder(Sample(date(2026, 1, 31), Point(1)), {"celsius": 1.5})),
    (dict[str, set[int]], {"a": {1, 2}}),
    (tuple[int, str], (1, "a")),
]


@pytest.mark.parametrize(("type_", "value"), WRITTEN)
def test_what_is_written_fits_the_schema(type_: Any, value: object) -> None:
    schema = whole(type_)

    json.dumps(schema, allow_nan=False)
    assert problems(schema, encode(value, type_), schema["$defs"]) == []


def test_what_does_not_fit_would_be_found() -> None:
    document: Any = encode(HOUSE)
    schema = whole(House)

    changes: list[dict[str, object]] = [
        {"readings": [{"celsius": "warm"}]},
        {"readings": [{}]},
        {"limits": {"low": -1}},
        {"tags": ["A"]},
        {"command": {"kind": "set_mode", "mode": "later"}},
        {"gaps": [None, True]},
        {"kind": "tent"},
    ]
    for changed in changes:
        assert problems(schema, {**document, **changed}, schema["$defs"]) != [], changed


TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="an alias can hold itself by a `type` statement only")
def test_an_alias_that_holds_itself_is_described_under_its_name() -> None:
    made: dict[str, Any] = {"NewType": NewType}
    exec(
        "type Nested = int | list[Nested]\n"
        "type Rooms = dict[str, Room]\n"
        "type Room = list[Rooms] | None\n"
        "type Plain = list[Nested]\n"
        "type Again = tuple[Within, ...]\n"
        "Within = NewType('Within', Again)\n",
        made,
    )

    def reference(name: str) -> dict[str, str]:
        return {"$ref": f"#/$defs/{name}"}

    nested = {"anyOf": [INTEGER, {"type": "array", "items": reference("Nested")}]}
    assert whole(made["Nested"]) == {**reference("Nested"), "$defs": {"Nested": nested}}
    assert whole(made["Plain"]) == {"type": "array", "items": reference("Nested"), "$defs": {"Nested": nested}}
    assert whole(made["Rooms"])["$defs"] == {
        "Rooms": {"type": "object", "additionalProperties": reference("Room")},
        "Room": {"anyOf": [{"type": "array", "items": reference("Rooms")}, NULL]},
    }
    assert whole(made["Again"])["$defs"] == {"Again": {"type": "array", "items": reference("Again")}}


RULES: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, type_: TYPES[type_](value),
    "enum": lambda value, values: value in values,
    "const": lambda value, other: value == other,
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "pattern": lambda value, expression: re.search(expression, value) is not None,
    "minItems": lambda value, limit: len(value) >= limit,
    "maxItems": lambda value, limit: len(value) <= limit,
    "maxProperties": lambda value, limit: len(value) <= limit,
    "required": lambda value, names: set(names) <= value.keys(),
    "uniqueItems": lambda value, _: len(set(map(json.dumps, value))) == len(value),
}
TEXTS = {"title", "description", "format", "default", "discriminator", "contentEncoding", "deprecated", "$defs"}


def problems(schema: Mapping[str, Any], value: Any, definitions: Mapping[str, Any]) -> list[str]:
    """Return the keywords of a schema that a document breaks: as much of JSON Schema as is written."""

    def inner(schema: Mapping[str, Any], value: Any) -> list[str]:
        return problems(schema, value, definitions)

    found: list[str] = []
    for keyword, limit in schema.items():
        if keyword == "$ref":
            found += inner(definitions[limit.removeprefix("#/$defs/")], value)
        elif keyword in ("anyOf", "oneOf"):
            fitting = sum(not inner(each, value) for each in limit)
            found += [] if fitting == 1 or (fitting and keyword == "anyOf") else [keyword]
        elif keyword == "properties":
            found += [one for name, each in limit.items() if name in value for one in inner(each, value[name])]
        elif keyword == "additionalProperties":
            found += [one for each in value.values() for one in inner(limit, each)]
        elif keyword == "items":
            found += [one for each in value for one in inner(limit, each)]
        elif keyword == "prefixItems":
            found += [one for schema, each in zip(limit, value, strict=False) for one in inner(schema, each)]
        elif keyword not in TEXTS and not RULES[keyword](value, limit):
            return [*found, keyword]
    return found
