"""Values of several types, which their kind in JSON tells apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from emitter_typed import InvalidArgument, Undecodable, Unrecognized, decode_json, encode_json
from emitter_typed._protocol.payloads import codec
from emitter_typed._types.frozen import FrozenMap
from emitter_typed.contract import Record
from tests.codegen.golden.several.expected import (
    Celsius,
    Defaults,
    Item,
    Mode,
    Order,
    Reading,
    Rights,
    Start,
    State,
    Token,
)
from tests.unit.protocol.payloads.documents import read, written

DOCUMENT: dict[str, Any] = {
    "value": 1.5, "measured": None, "held": 0.5, "names": [], "by_name": {}, "mode": "auto", "rights": 1.0,
    "token": True, "price": "0.10", "at": 1.0, "order": "later", "either": "x", "Blob": "AAEC",
}  # fmt: skip
READING = decode_json(json.dumps(DOCUMENT), Reading)

VALUES: list[tuple[str, object, object]] = [
    ("value", 1.5, 1.5),
    ("value", "on", "on"),
    ("value", False, False),
    ("level", 7, 7),
    ("level", "high", "high"),
    ("measured", 21.5, Celsius(21.5)),
    ("measured", True, True),
    ("measured", None, None),
    ("held", ["a", "b"], ("a", "b")),
    ("held", {"a": 1}, {"a": 1}),
    ("names", [1, "b"], (1, "b")),
    ("by_name", {"a": "auto", "b": "later", "c": 3}, {"a": Mode.AUTO, "b": Unrecognized("later"), "c": 3}),
    ("by_name", {"a": None}, {"a": None}),
    ("mode", "auto", Mode.AUTO),
    ("mode", 1, State.ON),
    ("mode", "later", Unrecognized("later")),
    ("mode", 9, Unrecognized(9)),
    ("rights", "rw", Rights("rw")),
    ("token", "hidden", Token("hidden")),
    ("token", False, False),
    ("price", "0.10", Decimal("0.10")),
    ("price", True, True),
    ("at", "2018-01-01T00:00:00Z", datetime(2018, 1, 1, tzinfo=UTC)),
    ("at", -1.5, -1.5),
    ("order", {"do": "start"}, Start()),
    ("order", "later", "later"),
    ("either", {"name": "a", "more": {"name": "b", "more": "c"}}, Item(name="a", more=Item(name="b", more="c"))),
    ("Blob", ["AAEC"], (b"\x00\x01\x02",)),
]


@pytest.mark.parametrize(("name", "value", "meant"), VALUES)
def test_the_kind_of_a_value_tells_its_type(name: str, value: object, meant: object) -> None:
    document = {**DOCUMENT, name: value}

    reading = decode_json(json.dumps(document), Reading)

    held: object = getattr(reading, name.lower())
    assert held == meant
    assert type(held) is (FrozenMap if isinstance(meant, dict) else type(meant))
    assert json.loads(encode_json(reading)) == document
    assert attrs.evolve(reading) == reading
    assert hash(reading) == hash(attrs.evolve(reading))


def test_an_integer_is_a_number_and_a_boolean_is_none() -> None:
    assert (read(1, float | str), type(read(1, float | str))) == (1.0, float)
    assert written(1, float | str) == 1.0
    assert read(True, float | bool) is True
    assert written(True, float | bool) is True
    with pytest.raises(Undecodable, match=r"at \$: expected a number or a text, got a boolean"):
        read(True, float | str)
    with pytest.raises(InvalidArgument, match="expected a text or a number, got a boolean"):
        codec.encode(True, float | str)


WRONG: list[tuple[str, object, str]] = [
    ("value", [1], "$.value: expected a boolean, a number or a text, got a list"),
    ("value", None, "$.value: expected a boolean, a number or a text, got null"),
    ("value", {}, "$.value: expected a boolean, a number or a text, got an object"),
    ("level", 1.5, "$.level: expected an integer or a text, got a float"),
    ("level", -1, "$.level: must be at least 0, not -1"),
    ("level", 2**63, "$.level: the integer needs more than 64 bits"),
    ("measured", "warm", "$.measured: expected a boolean or a number, got a text"),
    ("held", ["a", "b", "c"], "$.held: must have at most 2 items"),
    ("held", {"a": 1, "b": 2, "c": 3}, "$.held: must have at most 2 items"),
    ("held", {"a": -1}, "$.held['a']: must be at least 0, not -1"),
    ("held", ["a", 1], "$.held[1]: expected a text, got an integer"),
    ("names", ["a", -1], "$.names[1]: must be at least 0, not -1"),
    ("names", ["a", True], "$.names[1]: expected an integer or a text, got a boolean"),
    ("by_name", {"a": -1}, "$.by_name['a']: must be at least 0, not -1"),
    ("mode", None, "$.mode: expected an integer or a text, got null"),
    ("mode", True, "$.mode: expected an integer or a text, got a boolean"),
    ("rights", "x", "$.rights: "),
    ("token", "", "$.token: must not be empty"),
    ("at", "2018", "$.at: not a time of RFC 3339"),
    ("order", {"do": "sing"}, "$.order: do must be one of start, stop, got 'sing'"),
    ("either", {"name": "a"}, "$.either.more: is missing"),
    ("Blob", ["AAEC", "="], "$.Blob[1]: not base64 with padding"),
]


@pytest.mark.parametrize(("name", "value", "problem"), WRONG)
def test_a_wrong_value_is_told_with_all_kinds_that_it_may_be(name: str, value: object, problem: str) -> None:
    with pytest.raises(Undecodable) as caught:
        decode_json(json.dumps({**DOCUMENT, name: value}), Reading)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("level", -1, "level: must be at least 0, not -1"),
        ("held", -0.5, "held: must be at least 0.0, not -0.5"),
        ("held", ["a", "b", "c"], "held: must have at most 2 items"),
        ("held", {"a": -1}, "held['a']: must be at least 0, not -1"),
        ("names", (1, -1), "names[1]: must be at least 0, not -1"),
        ("by_name", {"a": -1}, "by_name['a']: must be at least 0, not -1"),
    ],
)
def test_limits_of_one_of_the_types_hold_where_an_object_is_created(field: str, value: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        attrs.evolve(READING, **{field: value})
    assert problem in str(caught.value)


def test_what_a_program_gives_cannot_be_changed_afterwards() -> None:
    names: Any = ["a"]
    counts: Any = {"a": 1}

    held: list[Any] = [attrs.evolve(READING, held=given) for given in (names, counts)]

    names.append("b")
    counts["b"] = 2
    assert [one.held for one in held] == [("a",), {"a": 1}]
    with pytest.raises(TypeError, match="read-only"):
        held[1].held["b"] = 2


def test_defaults_have_the_type_that_their_form_tells() -> None:
    defaults = Defaults()

    assert defaults == read({}, Defaults)
    assert (defaults.text, defaults.number, defaults.truth, defaults.nothing) == ("auto", 1.0, True, None)
    assert (defaults.names, defaults.counts, defaults.no_counts) == (("a",), {"a": 1}, {})
    assert (defaults.state, defaults.mode, defaults.price) == (State.ON, Mode.MANUAL, Decimal("0.10"))
    assert defaults.any_of == (1.0, Mode.AUTO)


@pytest.mark.parametrize("payload", [b'"auto"', b'"later"', b'{"do":"stop","after":true}'])
def test_a_payload_of_several_types_is_json(payload: bytes) -> None:
    type_: Any = Order | Mode | Unrecognized[str]

    assert codec.encode(codec.decode(payload, type_), type_) == payload


def test_a_text_alone_is_no_payload_of_several_types() -> None:
    with pytest.raises(Undecodable, match="not JSON"):
        codec.decode(b"auto", float | str)


@attrs.frozen(kw_only=True)
class Unused(Record):
    """A record that no other test reads or writes: what converts it is made when it is used."""

    value: int


@dataclass
class Held:
    """A class of a program."""

    leaf: Unused | str
    took: timedelta | Mapping[str, Unused] | None = None


def test_a_record_beside_other_types_is_written_before_one_is_read() -> None:
    held = Held(Unused(value=1), {"a": Unused(value=2)})

    assert written(held) == {"leaf": {"value": 1}, "took": {"a": {"value": 2}}}
    assert written(Held("none")) == {"leaf": "none"}
