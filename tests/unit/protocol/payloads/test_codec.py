"""Every rule of the wire for values, both ways: what is taken, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from attrs import field, make_class

from emitter_typed import Key
from emitter_typed._protocol.payloads import codec
from emitter_typed.contract import Unrecognized
from emitter_typed.errors import InvalidArgument, Undecodable
from tests.helpers.records import Command, House, Mode, Reading, Rights, Source, Token, Tree
from tests.unit.protocol.payloads.documents import read

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
AN_ID = UUID("123e4567-e89b-12d3-a456-426614174000")
BOTH_WAYS: list[tuple[type, object, object]] = [
    (int, 0, 0),
    (int, 2**63 - 1, 2**63 - 1),
    (int, -(2**63), -(2**63)),
    (float, 1.5, 1.5),
    (float, -0.0, -0.0),
    (bool, True, True),
    (bytes, b"\x00\xff", "AP8="),
    (bytes, b"", ""),
    (datetime, NOON, "2026-01-31T12:00:00Z"),
    (datetime, NOON.replace(microsecond=250_000), "2026-01-31T12:00:00.250000Z"),
    (datetime, datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    (date, date(2026, 1, 31), "2026-01-31"),
    (timedelta, timedelta(seconds=90), 90),
    (timedelta, timedelta(seconds=-1.5), -1.5),
    (Decimal, Decimal("1.10"), "1.10"),
    (UUID, AN_ID, str(AN_ID)),
    (Mode, Mode.AUTO, "auto"),
    (Rights, Rights.READ | Rights.STORE, "rs"),
    (Rights, Rights.READ & Rights.WRITE, ""),
]


def named(case: object) -> str:
    return getattr(case, "__name__", repr(case))


@pytest.mark.parametrize(("type_", "value", "document"), BOTH_WAYS, ids=named)
def test_a_value_is_written_and_read_as_the_language_says(type_: type, value: object, document: object) -> None:
    holder = make_class("Holder", {"it": field(type=type_)}, frozen=True)
    payload = codec.encode(holder(it=value))
    assert json.loads(payload) == {"it": document}
    again = codec.decode(payload, holder).it
    assert again == value
    assert type(again) is type(value)


READ_ONLY: list[tuple[object, type, object]] = [
    (1, float, 1.0),
    ("2026-01-31T13:00:00+01:00", datetime, NOON),
    ("2026-01-31t12:00:00z", datetime, NOON),
    ("2026-01-31 12:00:00.000000Z", datetime, NOON),
    (1.5, Decimal, Decimal("1.5")),
    (3, Decimal, Decimal(3)),
    (str(AN_ID).upper(), UUID, AN_ID),
]


@pytest.mark.parametrize(("document", "type_", "value"), READ_ONLY)
def test_other_spellings_are_read_too(document: object, type_: type, value: object) -> None:
    assert read(document, type_) == value


def test_a_time_keeps_the_offset_that_it_came_with() -> None:
    found = codec.decode(b'"2026-01-31T13:00:00+01:00"', datetime)
    assert found.utcoffset() == timedelta(hours=1)


NOT_READ: list[tuple[str, type]] = [
    ('"1.5"', float),
    ("true", float),
    ("null", float),
    ("1e400", float),
    ("-1e400", float),
    ("1" + "0" * 400, float),
    ("1.9", int),
    ("1.0", int),
    ("true", int),
    ('"1"', int),
    ("123456789012345678901234567890", int),
    (str(2**63), int),
    (str(-(2**63) - 1), int),
    ("1", bool),
    ('"true"', bool),
    ('"AP8"', bytes),
    ('"AAAA="', bytes),
    ('"A P8="', bytes),
    ('"_w=="', bytes),
    ('"é"', bytes),
    ("[0]", bytes),
    ('"2026-01-31T12:00:00"', datetime),
    ('"2026-01-31"', datetime),
    ('"2026-02-30T12:00:00Z"', datetime),
    ('"2026-01-31T25:00:00Z"', datetime),
    ('"20260131T120000Z"', datetime),
    ("1769860800", datetime),
    ('"2026-02-30"', date),
    ('"2026-01-31T12:00:00Z"', date),
    ('"90"', timedelta),
    ("1e300", timedelta),
    ("true", timedelta),
    ('"NaN"', Decimal),
    ('"Infinity"', Decimal),
    ('"1,5"', Decimal),
    ("true", Decimal),
    ('"123e4567e89b12d3a456426614174000"', UUID),
    ('"{123e4567-e89b-12d3-a456-426614174000}"', UUID),
    ('"Auto"', Mode),
    ("null", Mode),
    ('"rz"', Rights),
    ("3", Rights),
    ('""', Token),
    ("5", Token),
]


@pytest.mark.parametrize(("document", "type_"), NOT_READ)
def test_nothing_is_coerced(document: str, type_: type) -> None:
    with pytest.raises(Undecodable) as caught:
        codec.structure(codec.parse(document.encode()), type_, channel="a/", raw=document.encode())
    assert caught.value.path == "$"
    assert caught.value.channel == "a/"
    assert caught.value.raw == document.encode()


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", '{"a": [NaN]}'])
@pytest.mark.parametrize("type_", [float, object, House])
def test_what_json_does_not_know_is_not_read(constant: str, type_: type) -> None:
    with pytest.raises(Undecodable, match="JSON"):
        codec.decode(constant.encode(), type_)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":1}{}', b"\xef\xbb\xbf1", b"1" * 5000])
def test_what_is_no_json_is_undecodable(raw: bytes) -> None:
    with pytest.raises(Undecodable) as caught:
        codec.decode(raw, object, channel="a/")
    assert (caught.value.path, caught.value.raw) == ("$", raw)


@pytest.mark.parametrize(
    ("type_", "other"), [(Reading, b"[]"), (Command, b"[]"), (tuple[int, ...], b"{}"), (dict[str, int], b"[]")]
)
def test_another_shape_of_json_is_undecodable(type_: object, other: bytes) -> None:
    for raw in (b"null", b"5", b'"x"', other):
        with pytest.raises(Undecodable):
            codec.decode(raw, type_)


def test_a_lone_surrogate_is_refused_both_ways() -> None:
    with pytest.raises(Undecodable, match="surrogate"):
        codec.decode(b'"\\ud800"'.replace(b'"\\', b'["\\').replace(b'0"', b'0"]'), tuple[str, ...])
    with pytest.raises(Undecodable, match="surrogate"):
        codec.decode(b'{"\\udc00": 1}', dict[str, int])
    for value in ("\ud800", ["\ud800"], {"\ud800": 1}, Reading(celsius=1, note="\ud800")):
        with pytest.raises(InvalidArgument, match="surrogate"):
            codec.encode(value)


def test_text_and_bytes_are_payloads_as_they_are() -> None:
    class Name(str):
        pass

    assert codec.encode("né") == "né".encode()
    assert codec.encode(Name("x")) == b"x"
    assert codec.encode(b"\xff") == b"\xff"
    assert codec.encode(bytearray(b"\xff")) == b"\xff"
    assert codec.decode(b"n\xc3\xa9", str) == "né"
    assert codec.decode(b"\xff", bytes) == b"\xff"
    with pytest.raises(Undecodable, match="UTF-8"):
        codec.decode(b"\xff", str)


@pytest.mark.parametrize("raw", [b"auto", b'"auto"', b' "auto" '])
@pytest.mark.parametrize("type_", [Mode, Mode | Unrecognized[str]])
def test_a_payload_that_is_an_enum_comes_as_json_or_as_the_text_itself(type_: object, raw: bytes) -> None:
    assert codec.decode(raw, type_) is Mode.AUTO
    assert codec.encode(Mode.AUTO, type_) == b'"auto"'


@pytest.mark.parametrize("raw", [b"asleep", b'"asleep"', b"fast asleep", b"42x", "süß".encode()])
def test_any_text_is_a_payload_of_an_open_enum(raw: bytes) -> None:
    assert codec.decode(raw, Source | Unrecognized[str]) == Unrecognized(raw.decode().strip('"'))


@pytest.mark.parametrize(
    ("raw", "type_"),
    [
        (b"asleep", Mode),
        (b"", Mode),
        (b"", Mode | Unrecognized[str]),
        (b"42", Mode | Unrecognized[str]),
        (b"null", Mode | Unrecognized[str]),
        (b'"aut', Mode | Unrecognized[str]),
        (b'{"mode": "au', Mode | Unrecognized[str]),
        (b"\xff", Mode | Unrecognized[str]),
    ],
)
def test_other_json_and_half_of_it_is_no_payload_of_an_enum(raw: bytes, type_: object) -> None:
    with pytest.raises(Undecodable):
        codec.decode(raw, type_)


def test_a_text_that_an_enum_does_not_know_is_told_as_such() -> None:
    with pytest.raises(Undecodable, match=r"must be one of .*, got 'asleep'"):
        codec.decode(b"asleep", Mode)


def test_json_is_compact_and_keeps_letters() -> None:
    assert codec.encode({"é": [1, None, True, 1.5]}) == '{"é":[1,null,true,1.5]}'.encode()


NOT_WRITTEN: list[Callable[[], object]] = [
    lambda: math.nan,
    lambda: [math.inf],
    lambda: 2**63,
    lambda: {"a": datetime(2026, 1, 1)},  # noqa: DTZ001  # naive on purpose
    lambda: {1: 2},
    lambda: {"a": {(), 2j}},
    lambda: object(),
    lambda: [Key("a-key-that-nobody-may-see-0000000")],
    lambda: Key("a-key-that-nobody-may-see-0000000"),
    lambda: {"a": datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))},
    lambda: Decimal("NaN"),
    lambda: Reading(celsius=math.nan),
    lambda: Reading(celsius="warm"),  # type: ignore[arg-type]  # callers without a checker
    lambda: Tree(value=1, children=(5,)),  # type: ignore[arg-type]  # callers without a checker
]


@pytest.mark.parametrize("make", NOT_WRITTEN, ids=range(len(NOT_WRITTEN)))
def test_what_the_wire_cannot_hold_is_an_invalid_argument(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        codec.encode(make())
    assert "nobody-may-see" not in str(caught.value) + repr(caught.value) + repr(caught.value.value)


def test_a_list_that_holds_itself_ends_as_an_invalid_argument() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InvalidArgument):
        codec.encode(endless)


def test_a_typed_payload_is_refused_where_it_is_of_another_type() -> None:
    with pytest.raises(InvalidArgument, match="Reading"):
        codec.encode({"celsius": 1.5}, Reading)
    with pytest.raises(InvalidArgument, match=r"at \$: expected a text, got bytes"):
        codec.encode(b"x", str)
    with pytest.raises(InvalidArgument, match=r"at \$: expected bytes, got a text"):
        codec.encode("x", bytes)


@pytest.mark.parametrize(
    ("document", "path"),
    [('{"a": [1, "\\ud800"]}', "$.a[1]"), ("[1e999]", "$[0]"), ('{"a": 9223372036854775808}', "$.a")],
)
def test_json_of_no_type_keeps_the_rules_of_all_types(document: str, path: str) -> None:
    with pytest.raises(Undecodable) as caught:
        codec.decode(document.encode(), object)
    assert caught.value.path == path


def test_an_open_enum_keeps_what_it_does_not_know() -> None:
    house = House(sources=(Source.PROBE, Unrecognized("oracle")), source=Unrecognized("dream"))
    payload = codec.encode(house)
    assert b'"sources":["probe","oracle"]' in payload
    assert codec.decode(payload, House) == house
    with pytest.raises(Undecodable) as caught:
        read({"sources": ["probe", 5]}, House)
    assert caught.value.path == "$.sources[1]"


@pytest.mark.parametrize("wrong", [" 1", "1_0", "\u0661", "NaN", "Infinity", "", ".", "1e", "0x1", True, None, []])
def test_a_decimal_is_written_in_digits(wrong: object) -> None:
    with pytest.raises(Undecodable):
        read(wrong, Decimal)


@pytest.mark.parametrize("right", ["1", "-0", "+1.50", ".5", "1E+3", "0E-10", 3, 1.5])
def test_a_decimal_is_read_as_it_is_written(right: str | float) -> None:
    assert str(read(right, Decimal)) == str(Decimal(str(right)))
