"""Records, unions and what is within them on the wire, and where an error says that it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
import typing_extensions
from attrs import field, frozen, make_class

from emitter_typed._protocol.payloads import codec
from emitter_typed.contract import Json, Record, Secret, Unrecognized, UnrecognizedMember, minimum, wire
from emitter_typed.errors import InvalidArgument, Undecodable
from tests.helpers.records import (
    Blanks,
    Branch,
    Command,
    Done,
    Failed,
    FinerFormats,
    Formats,
    Frames,
    House,
    Identify,
    Keeping,
    Kept,
    Lamp,
    Later,
    Leaf,
    Log,
    Mode,
    Node,
    Numbered,
    Outcome,
    Outcomes,
    Present,
    Reading,
    SetMode,
    Signal,
    Stage,
    Strength,
    Token,
    Told,
    Tree,
)
from tests.unit.protocol.payloads.documents import read, written

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@frozen(kw_only=True)
class Renamed(Record):
    """Its fields had other names on the wire."""

    room: str = field(metadata=wire("roomId", also_read=("room", "place")))
    floor: int = field(default=-1, metadata=wire(also_read=("level",), blank=(0,)))
    rest: dict[str, Json] = field(factory=dict[str, Json], metadata=wire(rest=True))


# Named so that no checker reads an alias that is made at run time.
type_alias: Any = getattr(typing_extensions, "TypeAliasType")  # noqa: B009
MaybeReading: Any = type_alias("MaybeReading", Reading | None)
MaybeTime: Any = type_alias("MaybeTime", datetime | None)
Noted: Any = Annotated[int | None, "a text"]
AtLeastThree: Any = type_alias("AtLeastThree", Annotated[int | None, minimum(3)])


# Optional fields whose types do not say so themselves.
Aliased: Any = make_class(
    "Aliased",
    {
        "reading": field(type=MaybeReading, default=None),
        "at": field(type=MaybeTime, default=None, metadata=wire(format="unix")),
        "count": field(type=AtLeastThree, default=None),
        "number": field(type=Noted, default=None),
    },
)


def test_an_optional_that_is_none_is_left_out_and_a_default_is_written() -> None:
    assert written(Reading(celsius=1)) == {"celsius": 1.0, "source": "probe", "sensorId": "s1"}
    assert read({"celsius": 1, "note": None}, Reading) == Reading(celsius=1)
    assert read({"celsius": 1, "unknown": [1]}, Reading) == Reading(celsius=1)
    with pytest.raises(Undecodable):
        read({"celsius": 1, "source": None}, Reading)


def test_an_optional_under_another_name_is_left_out_too() -> None:
    whole = Aliased(reading=Reading(celsius=1), at=NOON, count=3, number=0)
    assert written(Aliased()) == {}
    assert written(whole) == {"reading": written(Reading(celsius=1)), "at": 1769860800, "count": 3, "number": 0}
    assert read(written(whole), Aliased) == whole
    assert read(dict.fromkeys(("reading", "at", "count", "number")), Aliased) == Aliased()
    with pytest.raises(InvalidArgument, match=r"does not fit at \$\.count: must be at least 3"):
        written(Aliased(count=2))
    with pytest.raises(Undecodable, match=r"does not fit at \$\.count: must be at least 3"):
        read({"count": 2}, Aliased)


def test_a_field_that_is_never_absent_is_null_where_it_is_none() -> None:
    nothing = {"rssi": None, "note": None, "seenAt": None, "last": None, "modes": None}
    none = Present(rssi=None, note=None, seen_at=None, last=None, modes=None)
    assert written(none) == nothing
    assert read(nothing, Present) == none

    document = {"rssi": 1, "note": "a", "seenAt": 0, "last": nothing, "modes": [None, "auto"]}
    present = Present(rssi=1, note="a", seen_at=datetime(1970, 1, 1, tzinfo=UTC), last=none, modes=(None, Mode.AUTO))
    assert written(present) == document
    assert read(document, Present) == present

    for name in nothing:
        with pytest.raises(Undecodable, match=rf"at \$\.{name}: is missing"):
            read({key: value for key, value in nothing.items() if key != name}, Present)
    with pytest.raises(Undecodable, match=r"at \$\.last\.rssi: is missing"):
        read({**nothing, "last": {}}, Present)
    with pytest.raises(Undecodable, match=r"at \$\.note"):
        read({**nothing, "note": "A"}, Present)


def test_what_a_record_keeps_is_written_back_as_it_came() -> None:
    raw = (
        b'{"value":1,"Named":"n","named":[true],"unknown_fields":{"a":null},"\\u0000rest":1.5,'
        b'"long":123456789012345678901234567890}'
    )
    value = codec.decode(raw, Kept)

    assert (value.value, value.named) == (1, "n")
    assert [*value.unknown_fields] == ["named", "unknown_fields", "\0rest", "long"]
    assert codec.encode(value) == raw
    assert read({"value": 1, "Named": ""}, Kept) == Kept(value=1)


def test_the_tag_of_a_union_is_not_kept_by_its_members() -> None:
    value = read([{"is": "kept", "value": 1, "more": 2}], tuple[Keeping, ...])

    assert value == (Kept(value=1, unknown_fields={"more": 2}),)
    assert written(value, tuple[Keeping, ...]) == [{"is": "kept", "value": 1, "more": 2}]
    with pytest.raises(InvalidArgument, match=r"\$\[0\]: contains 'is'"):
        codec.encode((Kept(value=1, unknown_fields={"is": "leaf"}),), tuple[Keeping, ...])


def test_a_member_that_an_open_union_does_not_know_is_kept() -> None:
    document = {
        "told": [{"kind": "later", "a": [1, {"b": None}], "big": 2**70}, {"kind": "identify"}],
        "last": {"kind": ""},
        "by_name": {"x": {"kind": "é", "tag": 1}},
    }

    log = read(document, Log)

    assert isinstance(log, Log)
    assert log.told == (
        UnrecognizedMember(tag="later", unknown_fields={"a": [1, {"b": None}], "big": 2**70}),
        Identify(),
    )
    assert log.last == UnrecognizedMember(tag="")
    assert log.by_name["x"] == UnrecognizedMember(tag="é", unknown_fields={"tag": 1})
    assert written(log) == document
    assert codec.decode(b'{"a":1,"kind":"x"}', Told) == UnrecognizedMember(tag="x", unknown_fields={"a": 1})
    assert codec.encode(UnrecognizedMember(tag="x", unknown_fields={"a": 1}), Told) == b'{"kind":"x","a":1}'


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{}", "kind must be a text, got nothing"),
        ('{"kind": 1}', "kind must be a text, got 1"),
        ('{"kind": null}', "kind must be a text, got None"),
        ('{"kind": "set_mode"}', "is missing"),
        ('{"kind": "x", "a": 1e999}', r"at \$.a"),
        ('{"kind": "\\ud800"}', r"at \$.kind"),
        ("[]", "expected an object, got a list"),
    ],
)
def test_what_is_no_member_of_an_open_union_is_refused(document: str, problem: str) -> None:
    with pytest.raises(Undecodable, match=problem):
        codec.decode(document.encode(), Told)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (UnrecognizedMember(tag="set_mode"), "the tag 'set_mode' is that of SetMode: create a SetMode"),
        (UnrecognizedMember(tag="x", unknown_fields={"kind": 1}), r"at \$\.unknown_fields: contains 'kind'"),
        (UnrecognizedMember(tag="x", unknown_fields={"a": [float("nan")]}), r"at \$\.unknown_fields\.a\[0\]"),
        (Leaf(value=1), "expected SetMode, Identify or UnrecognizedMember, got a Leaf"),
    ],
)
def test_what_an_open_union_cannot_write_is_refused(value: object, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        codec.encode(value, Told)


def test_a_tag_may_be_a_number() -> None:
    document = {
        "numbered": [{"op": 0, "mode": "auto"}, {"op": 1}],
        "signal": {"op": 7, "a": [1]},
        "by_name": {"x": {"op": -2}, "y": {"op": -(2**63), "tag": "x"}},
    }
    frames = Frames(
        numbered=(SetMode(mode=Mode.AUTO), Identify()),
        signal=UnrecognizedMember(tag=7, unknown_fields={"a": [1]}),
        by_name={"x": Identify(), "y": UnrecognizedMember(tag=-(2**63), unknown_fields={"tag": "x"})},
    )

    assert read(document, Frames) == frames
    assert written(frames) == document
    assert codec.encode(SetMode(mode=Mode.AUTO), Signal) == b'{"op":1,"mode":"auto"}'


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ('{"op": true, "mode": "auto"}', "op must be one of 0, 1, got True"),
        ('{"op": 1.0}', r"op must be one of 0, 1, got 1\.0"),
        ('{"op": "1"}', "op must be one of 0, 1, got '1'"),
        ('{"op": 2}', "op must be one of 0, 1, got 2"),
        ("{}", "op must be one of 0, 1, got nothing"),
    ],
)
def test_what_is_no_number_of_a_member_is_refused(document: str, problem: str) -> None:
    with pytest.raises(Undecodable, match=problem):
        codec.decode(document.encode(), Numbered)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ('{"op": true, "mode": "auto"}', "op must be an integer, got True"),
        ('{"op": 1.0}', r"op must be an integer, got 1\.0"),
        ('{"op": "1"}', "op must be an integer, got '1'"),
        ("{}", "op must be an integer, got nothing"),
        ('{"op": 9223372036854775808}', r"at \$\.op: the integer needs more than 64 bits"),
        ('{"op": 1}', "is missing"),
    ],
)
def test_what_is_no_number_of_an_open_union_is_refused(document: str, problem: str) -> None:
    with pytest.raises(Undecodable, match=problem):
        codec.decode(document.encode(), Signal)


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        (1, "the tag 1 is that of SetMode: create a SetMode"),
        (True, r"at \$\.tag: expected an integer, got a boolean"),
        ("x", r"at \$\.tag: expected an integer, got a text"),
        (1.0, r"at \$\.tag: expected an integer"),
        (2**63, r"at \$\.tag: the integer needs more than 64 bits"),
    ],
)
def test_an_unknown_member_has_a_number_where_tags_are_numbers(tag: int, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        codec.encode(UnrecognizedMember(tag=tag), Signal)


def test_the_field_that_is_there_tells_a_member() -> None:
    document = {
        "outcomes": [{"result": None, "id": 1}, {"Error": "late", "id": None, "more": {"result": 1}}],
        "last": {"pending": [2**70]},
        "by_name": {"x": {"result": {"Error": 1}, "id": 2}, "y": {}},
    }
    outcomes = Outcomes(
        outcomes=(
            Done(result=None, id=1),
            Failed(error="late", id=None, unknown_fields={"more": {"result": 1}}),
        ),
        last=UnrecognizedMember(tag=None, unknown_fields={"pending": [2**70]}),
        by_name={"x": Done(result={"Error": 1}, id=2), "y": UnrecognizedMember(tag=None)},
    )

    assert read(document, Outcomes) == outcomes
    assert written(outcomes) == document
    assert codec.decode(b'{"id":1,"more":2,"result":[]}', Outcome) == Done(result=[], id=1)
    assert codec.encode(Done(result=[], id=1), Outcome) == b'{"result":[],"id":1}'


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ('{"result": null, "Error": "late", "id": 1}', "must have exactly one of the fields .*, got result and Error"),
        ('{"result": 1}', r"at \$\.id: is missing"),
        ('{"Error": 1, "id": 1}', r"at \$\.Error: expected a text, got an integer"),
        ("[]", "expected an object, got a list"),
    ],
)
def test_what_does_not_fit_the_member_that_a_field_tells_is_refused(document: str, problem: str) -> None:
    for union in (Outcome, Later):
        with pytest.raises(Undecodable, match=problem):
            codec.decode(document.encode(), union)


def test_an_object_without_a_field_that_tells_is_refused_unless_the_union_is_open() -> None:
    with pytest.raises(Undecodable, match=r"must have exactly one of the fields result, Error, got none"):
        codec.decode(b'{"error": "late", "id": 1}', Outcome)
    with pytest.raises(Undecodable, match=r"at \$\.a"):
        codec.decode(b'{"a": 1e999}', Later)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            Failed(error="", id=1, unknown_fields={"result": 1}),
            "among its unknown fields, but that is the field of Done",
        ),
        (UnrecognizedMember(tag=None, unknown_fields={"Error": 1}), r"at \$\.unknown_fields: .* create a Failed"),
        (UnrecognizedMember(tag="x"), r"at \$\.tag: must be None"),
        (Leaf(value=1), "expected Done, Failed or UnrecognizedMember, got a Leaf"),
    ],
)
def test_what_no_field_would_tell_when_it_is_read_is_not_written(value: object, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        codec.encode(value, Later)


def test_an_unknown_member_is_json_only_in_its_union() -> None:
    member = UnrecognizedMember(tag="x")
    with pytest.raises(InvalidArgument, match="only as a member of its union"):
        codec.encode(member)
    with pytest.raises(InvalidArgument, match="only as a member of its union"):
        codec.decode(b"{}", UnrecognizedMember)
    with pytest.raises(InvalidArgument, match="expected SetMode or Identify, got an UnrecognizedMember"):
        codec.encode(member, Command)


def test_an_unknown_member_cannot_be_changed() -> None:
    given: dict[str, Json] = {"a": 1}
    member = UnrecognizedMember(tag="x", unknown_fields=given)
    given["a"] = 2

    assert member.unknown_fields == {"a": 1}
    assert hash(member) == hash(UnrecognizedMember(tag="x", unknown_fields={"a": 1}))
    with pytest.raises(TypeError, match="read-only"):
        member.unknown_fields["a"] = 3  # type: ignore[index]  # pyright: ignore[reportIndexIssue]  # as without a checker
    with pytest.raises(TypeError, match="cannot be hashed: its item 'a' is a list"):
        hash(UnrecognizedMember(tag="x", unknown_fields={"a": []}))


@pytest.mark.parametrize(
    "kept", [{"Named": 1}, {"value": 2}, {"x": float("nan")}, {"x": [{"y": "\ud800"}]}, {"\ud800": 1}, {"x": object()}]
)
def test_what_cannot_be_written_among_the_rest_is_refused(kept: dict[str, Json]) -> None:
    with pytest.raises(InvalidArgument, match="unknown_fields"):
        codec.encode(Kept(value=1, unknown_fields=kept))


def test_values_of_an_enum_may_be_numbers() -> None:
    lamp = Lamp(
        stage=Stage.BROKEN,
        strength=Unrecognized(11),
        before=(Stage.LOW, None),
        by_room={"a": Strength.STRONG},
        asked=None,
    )
    document = {"stage": -1, "strength": 11, "before": [1, None], "by_room": {"a": 20}}

    assert written(lamp) == document
    assert read(document, Lamp) == lamp
    assert read({"strength": 10, "asked": -1}, Lamp) == Lamp(strength=Strength.WEAK)
    assert (codec.encode(Stage.LOW), codec.decode(b"1", Stage)) == (b"1", Stage.LOW)
    assert codec.decode(b"11", Strength | Unrecognized[int]) == Unrecognized(11)


@pytest.mark.parametrize(
    ("field", "document", "problem"),
    [
        ("stage", "2", "must be one of 0, 1, -1, got 2"),
        ("stage", "1.0", "must be one of 0, 1, -1, got 1.0"),
        ("stage", "true", "must be one of 0, 1, -1, got True"),
        ("stage", '"1"', "must be one of 0, 1, -1, got '1'"),
        ("strength", "10.0", "expected an integer, got a float"),
        ("strength", "true", "expected an integer, got a boolean"),
        ("strength", "9223372036854775808", "the integer needs more than 64 bits"),
        ("strength", "null", "expected an integer, got null"),
    ],
)
def test_what_is_no_number_of_an_enum_is_refused(field: str, document: str, problem: str) -> None:
    with pytest.raises(Undecodable, match=problem) as caught:
        codec.decode(f'{{"strength": 10, "{field}": {document}}}'.encode(), Lamp)
    assert caught.value.path == f"$.{field}"


def test_formats_are_whole_seconds() -> None:
    value = Formats(seen_at=NOON, ttl=timedelta(minutes=1))
    assert written(value) == {"seenAt": int(NOON.timestamp()), "ttl": 60}
    assert read({"seenAt": int(NOON.timestamp()), "ttl": 60, "lastAt": 0}, Formats) == value
    with pytest.raises(InvalidArgument, match=r"\$\.ttl"):
        codec.encode(Formats(seen_at=NOON, ttl=timedelta(seconds=1.5)))
    for name, wrong in [("seenAt", 1.5), ("seenAt", "1"), ("seenAt", 10**15), ("seenAt", True), ("ttl", 1.5)]:
        with pytest.raises(Undecodable) as caught:
            read({"seenAt": 1, "ttl": 1, name: wrong}, Formats)
        assert caught.value.path == f"$.{name}"


def test_formats_may_be_milliseconds_or_have_fractions() -> None:
    since_1970 = NOON.timestamp()
    value = FinerFormats(
        sent_at=NOON + timedelta(milliseconds=5),
        began_at=NOON + timedelta(microseconds=250),
        took=timedelta(seconds=-1.5),
    )
    document = {"sentAt": int(since_1970) * 1000 + 5, "beganAt": since_1970 + 0.00025, "took": -1500}
    assert written(value) == document
    assert read(document, FinerFormats) == value


def test_finer_formats_take_whole_numbers_and_cut_off_times() -> None:
    assert read({"sentAt": -1, "beganAt": 5}, FinerFormats) == FinerFormats(
        sent_at=datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        began_at=datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC),
    )
    cut_off = FinerFormats(sent_at=NOON + timedelta(microseconds=1999), began_at=NOON)
    assert written(cut_off) == {"sentAt": int(NOON.timestamp()) * 1000 + 1, "beganAt": int(NOON.timestamp())}
    with pytest.raises(InvalidArgument, match=r"\$\.took: must be whole milliseconds, not 0\.5"):
        codec.encode(FinerFormats(sent_at=NOON, took=timedelta(microseconds=500)))
    with pytest.raises(InvalidArgument, match=r"\$\.began_at: the datetime is naive"):
        codec.encode(FinerFormats(sent_at=NOON, began_at=NOON.replace(tzinfo=None)))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *[("sentAt", each) for each in (1.0, "1", True, 10**18, -(10**18), None)],
        *[("beganAt", each) for each in ("1", True, 1e300, -1e12, 10**15)],
        *[("took", each) for each in (1.5, "1", True, 2**62)],
    ],
)
def test_what_is_no_number_of_a_format_is_refused_at_its_place(name: str, wrong: object) -> None:
    with pytest.raises(Undecodable) as caught:
        read({"sentAt": 1, name: wrong}, FinerFormats)
    assert caught.value.path == f"$.{name}"


def test_blank_values_read_as_absent_and_nothing_that_merely_equals_them() -> None:
    assert read({"name": "", "who": None}, Blanks) == Blanks()
    assert read({"seenAt": 0, "ttl": 1, "lastAt": 0}, Formats) == Formats(
        seen_at=datetime(1970, 1, 1, tzinfo=UTC), ttl=timedelta(seconds=1)
    )
    with pytest.raises(Undecodable):
        read({"seenAt": 0, "ttl": 1, "lastAt": False}, Formats)


def test_a_field_is_read_by_all_of_its_names_and_written_by_the_first() -> None:
    assert read({"roomId": "a", "room": "b"}, Renamed) == Renamed(room="a")
    assert read({"place": "c", "room": "b", "level": 2}, Renamed) == Renamed(room="b", floor=2)
    assert read({"place": "c", "floor": 0, "level": 2}, Renamed) == Renamed(room="c", floor=2)
    assert read({"place": "c", "floor": 0, "level": 0}, Renamed) == Renamed(room="c", floor=-1)
    assert written(read({"place": "c", "level": 2, "x": 1}, Renamed)) == {"roomId": "c", "floor": 2, "x": 1}


@pytest.mark.parametrize(
    ("document", "path"),
    [({"level": 1}, "$.roomId"), ({"place": 1}, "$.place"), ({"room": "a", "level": "x"}, "$.level")],
)
def test_an_error_names_a_field_as_the_document_does(document: object, path: str) -> None:
    with pytest.raises(Undecodable) as raised:
        read(document, Renamed)

    assert raised.value.path == path


def test_members_of_a_union_are_told_by_their_tag() -> None:
    payload = codec.encode(House(commands=(Identify(), SetMode(mode=Mode.AUTO))))
    assert b'"commands":[{"kind":"identify"},{"kind":"set_mode","mode":"auto"}]' in payload
    assert b'"command":' not in payload
    assert codec.decode(b'{"kind":"set_mode","mode":"manual"}', Command) == SetMode(mode=Mode.MANUAL)
    assert codec.encode(Identify(seconds=3), Command) == b'{"kind":"identify","seconds":3}'
    for wrong in ('{"mode":"auto"}', '{"kind":"other"}', '{"kind":null}', '{"kind":["set_mode"]}'):
        with pytest.raises(Undecodable, match="kind must be one of set_mode, identify"):
            codec.decode(wrong.encode(), Command)


def test_a_secret_is_written_in_its_own_field_and_nowhere_else() -> None:
    house = House(token=Token("s3cret-s3cret-s3cret"))
    assert b'"token":"s3cret-s3cret-s3cret"' in codec.encode(house)
    assert codec.decode(codec.encode(house), House) == house
    with pytest.raises(InvalidArgument, match="reveal"):
        codec.encode(House(extra={"a": Token("s3cret-s3cret-s3cret")}))  # type: ignore[dict-item]  # on purpose
    assert not isinstance(house.token, str)
    assert isinstance(house.token, Secret)


PATHS: list[tuple[object, object, str]] = [
    ({}, Reading, "$.celsius"),
    ({"celsius": "x"}, Reading, "$.celsius"),
    ({"celsius": -300}, Reading, "$.celsius"),
    ({"celsius": 1, "sensorId": "A"}, Reading, "$.sensorId"),
    ({"celsius": 1, "sensorId": 5}, Reading, "$.sensorId"),
    ({"readings": [{"celsius": 1}, {"celsius": None}]}, House, "$.readings[1].celsius"),
    ({"readings": [{"celsius": 1}] * 4}, House, "$.readings"),
    ({"limits": {"a b": "x"}}, House, "$.limits['a b']"),
    ({"limits": {"low": -1}}, House, "$.limits['low']"),
    ({"tags": ["a", "B"]}, House, "$.tags[1]"),
    ({"command": {"kind": "set_mode", "mode": 5}}, House, "$.command.mode"),
    ({"commands": [{"kind": "identify"}, {"kind": "x"}]}, House, "$.commands[1]"),
    ({"gaps": [1, None, 1.5]}, House, "$.gaps[2]"),
    ({"kind": "hut"}, House, "$.kind"),
    ({"value": 1, "children": [{"value": 2, "children": [{"value": "x"}]}]}, Tree, "$.children[0].children[0].value"),
]


@pytest.mark.parametrize(("document", "type_", "path"), PATHS)
def test_an_error_tells_the_place(document: object, type_: object, path: str) -> None:
    with pytest.raises(Undecodable) as caught:
        read(document, type_)
    assert caught.value.path == path
    assert path in str(caught.value)


def test_an_error_of_writing_tells_the_attribute() -> None:
    with pytest.raises(InvalidArgument) as caught:
        codec.encode(House(readings=(Reading(celsius=1), _broken())))
    assert caught.value.argument == "$.readings[1].sensor_id"


def _broken() -> Reading:
    reading = Reading(celsius=1)
    object.__setattr__(reading, "sensor_id", 5)
    return reading


def test_a_union_of_its_own_members_keeps_their_tags() -> None:
    branch = Branch(nodes=(Leaf(value=1), Branch(first=Leaf(value=2))), by_name={"a": Leaf(value=3)})
    document = written(branch, Node)
    assert document == {
        "is": "branch",
        "nodes": [
            {"is": "leaf", "value": 1},
            {"is": "branch", "nodes": [], "by_name": {}, "first": {"is": "leaf", "value": 2}},
        ],
        "by_name": {"a": {"is": "leaf", "value": 3}},
    }
    assert read(document, Node) == branch


@pytest.mark.parametrize("depth", [10, 100])
def test_nested_records_are_read(depth: int) -> None:
    assert isinstance(codec.decode(nested(depth), Tree), Tree)


@pytest.mark.parametrize("depth", [2_000, 20_000])
def test_nesting_without_end_is_undecodable(depth: int) -> None:
    with pytest.raises(Undecodable):
        codec.decode(nested(depth), Tree)


def nested(depth: int) -> bytes:
    return b'{"value":1,"children":[' * depth + b'{"value":1}' + b"]}" * depth
