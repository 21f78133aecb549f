"""What is written is read as it was, and whatever arrives is an object or Undecodable."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given

from emitter_typed import Permission, PresenceEvent, PresenceInfo, PresenceResponse, PresenceStatus, PresenceSubscribe
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.payloads.conversion import conversion_of
from emitter_typed.contract import Unrecognized
from emitter_typed.errors import Undecodable
from tests.helpers.records import (
    Command,
    Formats,
    House,
    Identify,
    Kept,
    Mode,
    Reading,
    Rights,
    Scalars,
    SetMode,
    Source,
    Token,
    Tree,
)

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001  # bounds are naive
SECONDS = TIMES.map(lambda time: time.replace(microsecond=0).astimezone(UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# What a float holds exactly, as JSON carries it.
DURATIONS = st.integers(-(2**40), 2**40).map(lambda halves: timedelta(seconds=halves / 2))
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
SCALARS = st.builds(
    Scalars,
    text=TEXTS,
    flag=st.booleans(),
    count=INTEGERS,
    ratio=NUMBERS,
    blob=st.binary(max_size=20),
    at=TIMES,
    day=st.dates(),
    lasts=DURATIONS,
    id=st.uuids(),
    price=st.decimals(allow_nan=False, allow_infinity=False),
)
FORMATS = st.builds(
    Formats,
    seen_at=SECONDS,
    ttl=st.integers(0, 2**31).map(lambda seconds: timedelta(seconds=seconds)),
    last_at=st.none() | SECONDS.filter(lambda time: time.timestamp() != 0),
)
READINGS = st.builds(
    Reading,
    celsius=st.floats(-273.15, 1e6),
    note=st.none() | TEXTS,
    source=TEXTS,
    sensor_id=st.text("ab1", min_size=1, max_size=4),
)
COMMANDS = st.builds(SetMode, mode=st.sampled_from(Mode)) | st.builds(Identify, seconds=st.none() | INTEGERS)
SOURCES = st.sampled_from(Source) | TEXTS.filter(lambda text: text not in ("probe", "guess")).map(Unrecognized)
HOUSES = st.builds(
    House,
    readings=st.lists(READINGS, max_size=3).map(tuple),
    limits=st.dictionaries(TEXTS, st.floats(0, 1e9), max_size=3),
    tags=st.lists(st.text("ab", min_size=1, max_size=3), max_size=3).map(tuple),
    sources=st.lists(SOURCES, max_size=3).map(tuple),
    source=st.none() | SOURCES,
    rights=st.text("rws").map(Rights),
    token=st.none() | TEXTS.filter(bool).map(Token),
    command=st.none() | COMMANDS,
    commands=st.lists(COMMANDS, max_size=3).map(tuple),
    kind=st.sampled_from(["house", "flat"]),
    extra=JSON,
    gaps=st.lists(st.none() | INTEGERS, max_size=4).map(tuple),
)
TREES = st.recursive(
    st.builds(Tree, value=INTEGERS),
    lambda inner: st.builds(Tree, value=INTEGERS, children=st.lists(inner, max_size=2).map(tuple)),
    max_leaves=6,
)
PEOPLE = st.builds(PresenceInfo, id=TEXTS, username=st.none() | TEXTS)
EVENTS = st.builds(
    PresenceStatus, time=SECONDS, channel=TEXTS, who=st.lists(PEOPLE, max_size=3).map(tuple)
) | st.builds(PresenceSubscribe, time=SECONDS, channel=TEXTS, who=PEOPLE)


@given(SCALARS | FORMATS | READINGS | HOUSES | TREES)
def test_a_record_comes_back_as_it_was(record: object) -> None:
    assert codec.decode(codec.encode(record), type(record)) == record


@given(SCALARS | FORMATS | READINGS | HOUSES | TREES)
def test_the_text_of_a_record_is_that_of_its_document(record: object) -> None:
    document = conversion_of(type(record)).now("write")(record)
    assert codec.encode(record) == json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@given(COMMANDS)
def test_a_member_of_a_union_comes_back_as_it_was(command: object) -> None:
    assert codec.decode(codec.encode(command, Command), Command) == command


@given(EVENTS)
def test_an_event_of_the_protocol_comes_back_as_it_was(event: object) -> None:
    assert codec.decode(codec.encode(event, PresenceEvent), PresenceEvent) == event


@given(JSON)
def test_json_comes_back_as_it_was(document: object) -> None:
    # A text and nothing else is a payload as it is.
    assert codec.decode(codec.encode([document]), object) == [document]


@given(st.text("rwslpex"))
def test_flags_come_back_in_the_order_of_the_schema(letters: str) -> None:
    assert set(Permission(letters).letters) == set(letters)
    assert Permission(Permission(letters).letters) == Permission(letters)


ANY_TYPE = st.sampled_from([Scalars, Formats, House, Command, Tree, PresenceEvent, PresenceResponse, object])
# Documents that have the names of fields, so that the reading goes deep.
NAMES = st.sampled_from(["at", "children", "command", "count", "event", "kind", "limits", "mode", "readings"]) | (
    st.sampled_from(["gaps", "seenAt", "time", "ttl", "value", "who"])
)
SIMILAR = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(["auto", "status"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@given(st.binary(max_size=60) | SIMILAR.map(lambda document: json.dumps(document).encode()), ANY_TYPE)
def test_any_bytes_are_an_object_or_undecodable(raw: bytes, type_: object) -> None:
    try:
        codec.decode(raw, type_, channel="a/")
    except Undecodable as error:
        problem = error
    else:
        return
    assert (problem.channel, problem.raw) == ("a/", raw)
    assert problem.path.startswith("$")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(), max_size=4), ANY_JSON, max_size=4))
def test_what_a_record_keeps_of_a_document_can_be_written(document: dict[str, object]) -> None:
    raw = json.dumps({"value": 1, **document}).replace("Infinity", "1e999").encode()
    try:
        kept = codec.decode(raw, Kept)
    except Undecodable:
        return
    assert codec.decode(codec.encode(kept), Kept) == kept


@given(st.integers(min_value=2**63) | st.integers(max_value=-(2**63) - 1))
def test_no_integer_beyond_64_bits_is_read(number: int) -> None:
    with pytest.raises(Undecodable):
        codec.decode(str(number).encode(), int)
