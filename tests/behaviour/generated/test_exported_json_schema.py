"""The exported JSON Schema says what generated packages read, and so all that they write."""

import copy
import json
import re
import textwrap
from collections.abc import Iterator
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emitter_typed import Unrecognized
from emitter_typed._protocol.payloads import codec, json_schema
from emitter_typed._protocol.payloads.json_schema import TaggedMember
from emitter_typed._protocol.payloads.unfit import Unfit
from emitter_typed_codegen.export.documents import export
from emitter_typed_codegen.export.examples import Examples
from emitter_typed_codegen.model import Enum, Named
from emitter_typed_codegen.resolve import load
from tests.behaviour.conftest import Generated
from tests.behaviour.generated.wire_oracle import ABSENT, JSON, Oracle

DECLARED = """
    types:
      Mode: {enum: {auto: "", "half on": "", class: "", "": {name: none}, " ": {name: blank}}}
      Open: {enum: {on: "", off: ""}, open: true}
      Rights: {flags: {r: "", w: "", x: ""}}
      Token: {alias: string, secret: true}
      Level: {alias: int, minimum: -5}
      Mine: {alias: Level, distinct: true}
      Tree: {fields: {value: int, left: Tree?, leaves: "[Tree]", named: "{string: Tree}"}}
      Kept: {unknown: keep, fields: {mode: Mode, class: {type: string?, wire: Class}}}
      Empty: {fields: {}}
      Either: {union: [Tree, Kept, Empty], tag: kind, values: [tree, "", empty]}
      Told: {union: [Tree, Kept, Graded], present: [value, mode, level]}
      Graded: {unknown: keep, fields: {level: Level}}
      Opened: {union: [Kept, Graded], present: [mode, level], open: true}
      Deep: {fields: {either: Either, more: "[Either?]", by: "{string: [Either]}"}}
      Scalars:
        fields:
          string: string
          int: int
          float: float
          bool: bool
          bytes: bytes
          datetime: datetime
          date: date
          duration: duration
          uuid: uuid
          decimal: decimal
          json: json
          open: Open
          rights: Rights
          token: Token
      Formats:
        fields:
          seen: {type: datetime, format: unix, wire: seen-at}
          last: {type: "datetime?", format: unix, blank: [0, ""]}
          lasts: {type: duration, format: seconds}
          sent: {type: datetime, format: unix_ms}
          began: {type: datetime, format: unix_float}
          took: {type: duration, format: milliseconds}
          old: {type: Mode, default: auto, deprecated: use open}
          list: {type: "[int]", default: [1], max_items: 2, blank: [null]}
          limited: {type: "[Level]", default: []}
          mine: Mine?
      Value: {alias: float | string | bool}
      Several:
        fields:
          value: {type: Value, default: "1"}
          level: Level | string?
          trees: "Tree | [Tree] | bool"
          open: "Open | float | {string: Rights}"
          either: Either | Token
          price: {type: decimal | bool, default: 0.10}
          at: {type: "datetime | [Level | string]", default: [1, a]}
      Renamed:
        fields:
          id: {type: int, also_read: [ID, number]}
          name: {type: string?, wire: called, also_read: [label]}
          count: {type: int, default: 1, blank: [0, ""], also_read: [Count, n]}
"""
LIMITED = """
    types:
      Word: {alias: string, pattern: "[a-z]{1,3}(-[0-9])?"}
      Words: {alias: "[Word]", min_items: 1}
      Price: {alias: decimal, exclusive_minimum: 0}
      Tip: {alias: "int?", minimum: 1}
      Span: {alias: duration, minimum: 0.5, maximum: 90}
      Moment: {alias: "datetime?", minimum: 2020-01-01T00:00:00Z}
      Prices: {fields: {price: {type: decimal, minimum: 1}, paid: {type: "Price?", maximum: 10}}}
      Limits:
        fields:
          int: {type: int, minimum: 1, exclusive_maximum: 10}
          float: {type: "float?", exclusive_minimum: -1, maximum: 2.5}
          lasts: {type: duration, minimum: 0, maximum: 90, default: 1}
          whole: {type: duration, format: seconds, exclusive_minimum: 0, default: 1}
          since: {type: datetime, format: unix, minimum: 2020-01-01T00:00:00Z, default: 2020-01-01T00:00:00Z}
          sent: {type: datetime, format: unix_ms, minimum: 2020-01-01T00:00:00Z, default: 2020-01-01T00:00:00.5Z}
          began: {type: datetime, format: unix_float, maximum: 2020-01-01T00:00:00.5Z, default: 2020-01-01T00:00:00.5Z}
          took: {type: duration, format: milliseconds, minimum: 0.001, maximum: 1.001, default: 1}
          span: {type: Span, format: milliseconds, minimum: 0.002, default: 1}
          spans: {type: "Span?", format: seconds}
          moment: {type: Moment, format: unix_ms, also_read: [when]}
          text: {type: string, min_length: 2, max_length: 4, default: abc}
          both: {type: Word, max_length: 2, default: a}
          words: Words?
          tip: {type: Tip, maximum: 3, default: null}
          few: {type: "{string: int}", max_items: 1, default: {}}
"""
NAMES = [
    *("Mode", "Open", "Rights", "Token", "Tree", "Kept", "Empty", "Either", "Deep", "Scalars"),
    *("Formats", "Renamed", "Several"),
]
Document: TypeAlias = "bool | int | float | str | list[Document] | dict[str, Document] | None"
RECORDS = [*NAMES, "Limits", "Prices"]
ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, -6, 3, 10, 99, 2**31, 2**63 - 1, 2**63, -(2**63), 1.5, -0.5, 1e300, "", " ", "x"),
    *("rw", "rr", "q", "auto", "on", "tree", "abc", "a-1", "toolong", "AAEC", "AA==", "AA=", "====", "AAAA=="),
    *("2026-01-31", "2026-13-01", "0000-01-01", "20260131", "2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5+02:00"),
    *("2026-01-31 12:00:00z", "2026-01-31T24:00:00Z", "2026-01-31T12:00:60Z", "2026-01-31T12:00:00", "12:00:00Z"),
    *("01234567-89ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcdef", "1.50", "-.5e3", "1.", "NaN", "1_0"),
    *([], {}, [1], ["a"], {"a": 1}, {"kind": "tree"}, {"kind": ""}, {"kind": "empty"}),
]  # fmt: skip
RENAMED: list[dict[str, object]] = [
    {"id": 1}, {"ID": 1}, {"number": 1}, {}, {"id": "x"}, {"id": 1, "ID": "x"}, {"ID": "x"}, {"ID": "x", "number": 1},
    {"ID": 1, "number": "x"}, {"id": None, "ID": 1}, {"id": 1, "called": "a", "label": 1}, {"id": 1, "label": 1},
    {"id": 1, "label": None}, {"id": 1, "count": 0, "Count": 2}, {"id": 1, "count": 0, "Count": "x"},
    {"id": 1, "count": "", "Count": 0, "n": 3}, {"id": 1, "count": "", "Count": 0, "n": "x"},
    {"id": 1, "count": 5, "Count": "x"}, {"id": 1, "count": None}, {"id": 1, "count": False}, {"id": 1, "n": ""},
]  # fmt: skip
TREE: dict[str, object] = {"value": 1, "leaves": [], "named": {}}
TOLD: list[object] = [
    TREE, {"mode": "auto"}, {"level": 1}, {**TREE, "mode": "auto"}, {**TREE, "mode": "x"}, {**TREE, "level": "x"},
    {"mode": "auto", "level": 1}, {"mode": "x", "level": 1}, {"mode": "auto", "level": None}, {"level": -6}, {"x": 1},
    {}, [], None, {"value": None}, {"level": 1, "more": {"mode": 1}},
]  # fmt: skip
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]
_ORACLES: dict[Path, tuple[Oracle, dict[str, Any]]] = {}


def prepared(generated: Generated, folder: Path, schema: str) -> tuple[Oracle, dict[str, Any]]:
    """Return the pairs of a schema, and its JSON Schema."""
    if folder not in _ORACLES:
        package = generated(schema)
        path = folder / "again.yaml"
        path.write_text("emitter-typed: 1\n" + textwrap.dedent(schema), "utf-8")
        loaded = load(path)
        _ORACLES[folder] = Oracle(loaded, package), json.loads(export(loaded, "jsonschema"))
    return _ORACLES[folder]


def validator(document: dict[str, Any], name: str) -> Any:
    return jsonschema.Draft202012Validator({**document, "$ref": f"#/$defs/{name}"})


def examples(oracle: Oracle, name: str) -> list[Any]:
    return [one.value for one in Examples(oracle.schema).several(Named(name))]


def class_of(oracle: Oracle, name: str) -> Any:
    cls = getattr(oracle.package, name)
    declared = oracle.schema.by_name[name]
    return cls | Unrecognized[str] if isinstance(declared, Enum) and declared.open else cls


def is_read(raw: bytes, cls: Any) -> bool:
    try:
        codec.json_reader(cls)(raw)
    except Unfit:
        return False
    return True


def is_impossible_day(text: str) -> bool:
    if re.match(r"\d{4}-\d\d-\d\d", text) is None:
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return True
    return False


def plain(document: Document) -> Document:
    """Return a document with integers as JSON may have them also where they are floats."""
    match document:
        case dict():
            return {name: plain(each) for name, each in document.items()}
        case list():
            return [*map(plain, document)]
        case float() if document.is_integer() and abs(document) < 2**63:
            return int(document)
        case _:
            return document


def beyond(document: Document) -> bool:
    """Tell whether a document holds what JSON Schema cannot judge as the language does."""
    match document:
        case dict():
            return any(beyond(each) or beyond(name) for name, each in document.items())
        case list():
            return any(map(beyond, document))
        case float():
            # To JSON Schema, 1.0 is an integer, and equal to 1.
            return document.is_integer()
        case int() if not isinstance(document, bool):
            # Within `json` and unknown fields, an integer has 64 bits; 1e300 may stand there, and is an integer to it.
            return not -(2**63) <= document < 2**63
        case str():
            return (
                # Python's `$` stands before the last line break as well; ECMA's does not.
                document.endswith("\n")
                # No pattern knows how many days a month has, and an offset may lead out of the years of Python.
                or is_impossible_day(document)
                or re.match("(0001|9999)-.*T", document) is not None
                # A Decimal has at most so many digits in its exponent.
                or re.search(r"[eE][+-]?\d{4,}", document) is not None
                # The masked form of a secret.
                or "…" in document
            )
        case _:
            return False


def places(document: Document, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(document, dict):
        for name, each in document.items():
            yield from places(each, (*at, name))
    elif isinstance(document, list):
        for number, each in enumerate(document):
            yield from places(each, (*at, number))


def replaced(document: Any, at: tuple[Any, ...], value: object) -> Any:
    """Return a document with another value at a place; with ABSENT, without what is there."""
    if not at:
        return value
    made: Any = copy.deepcopy(document)
    *way, last = at
    holder = made
    for step in way:
        holder = holder[step]
    if value is ABSENT:
        del holder[last]
    else:
        holder[last] = value
    return made


def value_at(document: Any, at: tuple[Any, ...]) -> Any:
    for step in at:
        document = document[step]
    return document


def same(near: Any, judge: Any, cls: Any) -> None:
    read, valid = is_read(json.dumps(near).encode(), cls), judge.is_valid(near)
    assert read == valid or beyond(near), f"read: {read}, valid: {valid}: {json.dumps(near)}"


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("schema", [DECLARED, LIMITED], ids=["declared", "limited"])
def test_it_judges_what_is_near_an_example_as_a_reader_does(
    schema: str, step: int, generated: Generated, tmp_path: Path
) -> None:
    """Each odd value at every fourth place; the values of one place are others than those of the next."""
    oracle, document = prepared(generated, tmp_path, schema)
    first = cycle(range(step))
    for name in RECORDS:
        if name not in oracle.schema.by_name:
            continue
        cls, judge = class_of(oracle, name), validator(document, name)
        for example in examples(oracle, name):
            same(example, judge, cls)
            assert judge.is_valid(example)
            for at in places(example):
                for value in [*ODD[next(first) :: step], *([ABSENT] if at else [])]:
                    # Of a decimal in a text, JSON Schema knows no limits.
                    if name != "Prices" or not isinstance(value, str):
                        same(replaced(example, at, value), judge, cls)


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("schema", [DECLARED, LIMITED], ids=["declared", "limited"])
def test_the_json_schema_that_classes_have_takes_what_the_exported_one_does(
    schema: str, step: int, generated: Generated, tmp_path: Path
) -> None:
    """Two modules know what types are in JSON, since the compiler cannot import the runtime: neither may forget a rule.

    That of a class does not show names that are read too, blank values, and what only a reader knows. The odd values
    take turns as above.
    """
    oracle, document = prepared(generated, tmp_path, schema)
    first = cycle(range(step))
    for name in ("Tree", "Kept", "Empty", "Either", "Scalars", "Several", "Limits", "Prices"):
        if name in oracle.schema.by_name:
            exported = validator(document, name)
            of_class: Any = jsonschema.Draft202012Validator(schema_of_class(class_of(oracle, name)))
            for example in examples(oracle, name):
                for at in places(example):
                    for value in ODD[next(first) :: step]:
                        near = replaced(example, at, value)
                        if exported.is_valid(near):
                            of_class.validate(near)


def schema_of_class(cls: Any) -> dict[str, Any]:
    described: dict[str, Any] = {}

    def refer(type_: Any) -> dict[str, Any]:
        name = type_.name if isinstance(type_, TaggedMember) else type_.__name__
        if name not in described:
            described[name] = {}
            described[name] |= json_schema.described(type_, refer)
        return {"$ref": f"#/$defs/{name}"}

    return {**json_schema.schema_of(cls, refer), "$defs": described}


def test_members_that_their_fields_tell_are_judged_as_a_reader_does(generated: Generated, tmp_path: Path) -> None:
    oracle, document = prepared(generated, tmp_path, DECLARED)
    for name in ("Told", "Opened"):
        cls = class_of(oracle, name)
        of_class: Any = jsonschema.Draft202012Validator(schema_of_class(cls))
        for told in [*TOLD, *examples(oracle, name)]:
            same(told, validator(document, name), cls)
            # A class says of no record that its integers have a limit.
            assert of_class.is_valid(told) == is_read(json.dumps(told).encode(), cls), told


def test_names_that_are_read_too_and_blank_values_are_judged_as_a_reader_does(
    generated: Generated, tmp_path: Path
) -> None:
    oracle, document = prepared(generated, tmp_path, DECLARED)
    for renamed in RENAMED:
        same(renamed, validator(document, "Renamed"), class_of(oracle, "Renamed"))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, suppress_health_check=SLOW, deadline=None)
@given(data=st.data())
def test_it_takes_what_is_written_and_judges_what_was_changed_there_as_a_reader_does(
    name: str, data: st.DataObject, generated: Generated, tmp_path: Path
) -> None:
    oracle, document = prepared(generated, tmp_path, DECLARED)
    value, written = data.draw(oracle.declared(name, 2))
    cls, judge = class_of(oracle, name), validator(document, name)
    assert json.loads(codec.json_writer(cls)(value)) == written
    assert judge.is_valid(written), "it refuses what is written"
    near = plain(written)
    every = list(places(near))
    at, other = data.draw(st.sampled_from(every)), data.draw(st.sampled_from(every))
    same(replaced(near, at, value_at(near, other)), judge, cls)
    same(replaced(near, at, data.draw(JSON)), judge, cls)
