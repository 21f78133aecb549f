"""One payload without a client: what is read and written, and what is said of what does not fit."""

from __future__ import annotations

import dataclasses
import json
import pickle
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypedDict

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed import (
    InvalidArgument,
    Json,
    Undecodable,
    Unrecognized,
    decode,
    decode_json,
    encode,
    encode_json,
)
from emitter_typed.contract import Record, minimum
from emitter_typed_codegen.names import attribute_name
from tests.codegen.golden.names.expected.types import Odd
from tests.helpers.records import (
    Command,
    House,
    Identify,
    Kept,
    Mode,
    Node,
    Reading,
    Rights,
    SetMode,
    Source,
    Token,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@attrs.frozen
class Place:
    latitude: float
    longitude: float


@dataclasses.dataclass
class Sample:
    at: datetime
    tags: list[str] = dataclasses.field(default_factory=list[str])


class Point(NamedTuple):
    x: int
    y: int = 0


class Report(TypedDict):
    celsius: float


Level = NewType("Level", int)

# A type, an object of it, and its document.
BOTH_WAYS: list[tuple[Any, object, object]] = [
    (Reading, Reading(celsius=1.5), {"celsius": 1.5, "source": "probe", "sensorId": "s1"}),
    (Command, SetMode(mode=Mode.AUTO), {"kind": "set_mode", "mode": "auto"}),
    (list[Command], [Identify(), Identify(seconds=3)], [{"kind": "identify"}, {"kind": "identify", "seconds": 3}]),
    (Mode, Mode.MANUAL, "manual"),
    (Source | Unrecognized[str], Unrecognized("later"), "later"),
    (Unrecognized[int], Unrecognized(3), 3),
    (Rights, Rights.READ | Rights.STORE, "rs"),
    (Token, Token("a"), "a"),
    (Place, Place(1.0, 2.0), {"latitude": 1.0, "longitude": 2.0}),
    (Sample, Sample(NOON, ["a"]), {"at": "2026-01-31T12:00:00Z", "tags": ["a"]}),
    (Point, Point(1, 2), [1, 2]),
    (Report, {"celsius": 1.5}, {"celsius": 1.5}),
    (Level, 3, 3),
    (Literal["on", 1], "on", "on"),
    (Literal["on", True], True, True),
    (Literal[Mode.AUTO, "on"], Mode.AUTO, "auto"),
    (list[Literal["on"] | Literal["off"]], ["on", "off", "on"], ["on", "off", "on"]),
    (Annotated[int, minimum(0)], 3, 3),
    (int | None, None, None),
    (None, None, None),
    (Mapping[str, Decimal], {"a": Decimal("1.10")}, {"a": "1.10"}),
    (dict[str, Place], {"a": Place(0.5, 0.5)}, {"a": {"latitude": 0.5, "longitude": 0.5}}),
    (tuple[int, str], (1, "é"), [1, "é"]),
    # As JSON, though a message's payload of these is what they are.
    (str, "text", "text"),
    (bytes, b"\x00\x01", "AAE="),
]


@pytest.mark.parametrize(("type_", "value", "document"), BOTH_WAYS)
def test_every_kind_of_type_is_written_and_read(type_: Any, value: object, document: object) -> None:
    raw = encode_json(value, type_)

    assert raw == json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    assert encode(value, type_) == document
    for given_raw in (raw, bytearray(raw), memoryview(raw), raw.decode()):
        assert decode_json(given_raw, type_) == value
    assert decode(document, type_) == value
    assert isinstance(decode(document, type_), type(value))


def test_objects_are_written_without_their_type() -> None:
    value = {"at": NOON, "of": [Place(0.5, 1.5), Reading(celsius=2.0)], "mode": Mode.AUTO, "new": Unrecognized("x")}

    assert encode(value) == {
        "at": "2026-01-31T12:00:00Z",
        "of": [{"latitude": 0.5, "longitude": 1.5}, {"celsius": 2.0, "source": "probe", "sensorId": "s1"}],
        "mode": "auto",
        "new": "x",
    }


def test_records_read_and_write_themselves() -> None:
    reading = Reading.from_json('{"celsius": 21.5}')

    assert type(reading) is Reading
    assert reading.to_json() == b'{"celsius":21.5,"source":"probe","sensorId":"s1"}'
    assert Reading.from_json(bytearray(reading.to_json())) == reading


def test_a_member_of_a_union_is_written_with_its_tag_where_the_union_is_given() -> None:
    assert SetMode(mode=Mode.AUTO).to_json() == b'{"mode":"auto"}'
    assert encode_json(SetMode(mode=Mode.AUTO), Command) == b'{"kind":"set_mode","mode":"auto"}'


def test_fields_that_are_called_as_the_methods_of_records_keep_their_names_in_json() -> None:
    needed = {"class": 1, "2fast": 2, "sensor-id": 3, "self": 4, "from_json": 5, "to_json": "6", "été": 7}
    odd = Odd.from_json(json.dumps(needed))

    assert odd.from_json_ == 5
    assert json.loads(odd.to_json()).items() >= needed.items()


def test_no_field_hides_what_a_record_has() -> None:
    assert [name for name in dir(Record) if attribute_name(name) == name] == []


@pytest.mark.parametrize(
    ("raw", "type_", "path", "text"),
    [
        (b'{"readings": [{"celsius": 1}, {"celsius": "x"}]}', House, "$.readings[1].celsius", "expected a number"),
        (b'{"readings": [{}]}', House, "$.readings[0].celsius", "is missing"),
        (b'{"celsius": -300}', Reading, "$.celsius", "must be at least -273.15, not -300.0"),
        (b'{"celsius": null}', Reading, "$.celsius", "expected a number, got null"),
        (b'{"kind": "no"}', Command, "$", "kind must be one of set_mode, identify, got 'no'"),
        (b"[1, 2", list[int], "$", "not JSON"),
        (b"NaN", float, "$", "not JSON (NaN is not a JSON number)"),
        (b'"\xff"', str, "$", "not UTF-8"),
        ('"\ud83d"', str, "$", "not UTF-8"),
        (b"", object, "$", "not JSON (it is empty)"),
        (b" \n", int, "$", "not JSON (it is empty)"),
        (b"[" * 100_000, object, "$", "nested too deeply"),
        (b"text", str, "$", "not JSON"),
    ],
)
def test_what_does_not_fit_is_said_of_the_document(raw: bytes | str, type_: Any, path: str, text: str) -> None:
    with pytest.raises(Undecodable) as caught:
        decode_json(raw, type_)

    error = caught.value
    assert str(error).startswith(f"the document does not fit at {path}: {text}")
    assert error.path == path
    assert error.raw == (raw.encode(errors="surrogatepass") if isinstance(raw, str) else raw)
    assert error.channel == ""
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_document_that_does_not_fit_has_no_bytes() -> None:
    with pytest.raises(Undecodable, match=r"^the document does not fit at \$\.at: expected a text, got a") as caught:
        decode({"at": NOON}, Sample)

    assert (caught.value.raw, caught.value.path) == (b"", "$.at")


@pytest.mark.parametrize("write", [encode, encode_json])
@pytest.mark.parametrize(
    ("value", "type_", "path", "text"),
    [
        ({"a": [float("nan")]}, None, "$.a[0]", "the number is not finite"),
        ({"at": NOON.replace(tzinfo=None)}, None, "$.at", "the datetime is naive"),
        (3, str, "$", "expected a text, got"),
        (90, timedelta, "$", "expected a timedelta, got an integer"),
        ([], Literal["on", 1], "$", "must be one of 'on', 1, got []"),
        (SetMode(mode=Mode.AUTO), Node, "$", "expected Leaf or Branch, got a"),
        (Place("x", 1.0), None, "$.latitude", "expected a number"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # what no checker has seen
        (Token("EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"), None, "$", "a Token is not sent unless the schema says so"),
        (object(), None, "$", "JSON cannot hold"),
    ],
)
def test_what_cannot_be_written_is_said_of_the_value(
    write: Any, value: object, type_: Any, path: str, text: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        write(value, type_)

    assert str(caught.value).startswith(f"value: does not fit at {path}: {text}")
    assert caught.value.argument == path
    assert "EckDAy" not in str(caught.value)


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(InvalidArgument, match="nested too deeply, or contains itself"):
        encode_json(endless)


@pytest.mark.parametrize("raw", [3, None, ["x"], {"celsius": 1}])
def test_what_is_neither_bytes_nor_a_text_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidArgument, match="raw: expected bytes or a text, got"):
        decode_json(raw, Reading)


def test_a_type_that_no_payload_can_have_is_refused_with_the_way_out() -> None:
    for call in (
        lambda: decode_json(b"{}", complex),
        lambda: decode({}, complex),
        lambda: encode_json({}, complex),
        lambda: encode({}, complex),
    ):
        with pytest.raises(InvalidArgument, match=r"^type: complex is not a type that a payload can have; give"):
            call()


def test_decimals_are_read_exactly() -> None:
    assert decode_json(b'{"a": 12345678901234567.89}', dict[str, Decimal]) == {"a": Decimal("12345678901234567.89")}
    assert decode({"a": 0.1}, dict[str, Decimal]) == {"a": Decimal("0.1")}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_comes_back_as_it_was_and_shares_nothing(document: Json) -> None:
    assert decode_json(encode_json(document), object) == document
    for made in (encode(document), decode(document, object)):
        assert made == document
        assert made is not document or not isinstance(document, list | dict)


@given(st.builds(Kept, value=st.integers(-(2**63), 2**63 - 1), unknown_fields=st.just({"more": [1, {"a": None}]})))
def test_unknown_fields_are_kept(kept: Kept) -> None:
    assert Kept.from_json(kept.to_json()) == kept
    assert type(encode(kept)["more"]) is list


@pytest.mark.parametrize("function", [decode, decode_json, encode, encode_json, Reading.from_json, Reading.to_json])
def test_hints_can_be_read(function: Any) -> None:
    assert "return" in typing.get_type_hints(function)
