"""What a schema means: good text in, the model out."""

from itertools import pairwise
from pathlib import Path

import pytest

from emitter_typed_codegen.model import (
    Alias,
    Channel,
    Constraint,
    Enum,
    EnumValue,
    Field,
    Flags,
    List,
    Map,
    Named,
    Optional,
    Protocol,
    Record,
    Scalar,
    Schema,
    Secret,
    TypeRef,
    Union,
)
from emitter_typed_codegen.resolve import load
from tests.unit.codegen.schemas import rules, schema

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def emitter() -> Schema:
    return load(ROOT / "schema" / "emitter.yaml")


@pytest.fixture(scope="module")
def protocol(emitter: Schema) -> Protocol:
    assert emitter.protocol is not None
    return emitter.protocol


def test_the_protocol_of_emitter_is_written_in_the_language(emitter: Schema) -> None:
    requests = {request.name: request for request in emitter.requests}
    keygen, presence = requests["keygen"], requests["presence"]
    options = {option.name: option for option in emitter.options}

    assert [field.name for field in keygen.request.fields] == ["key", "channel", "permissions", "ttl"]
    assert keygen.request.name == "KeygenRequest"
    assert keygen.request.fields[2].wire == "type"
    assert keygen.request.fields[3].constraints == (Constraint("minimum", 0), Constraint("maximum", 2147483647))
    assert keygen.request.doc == keygen.doc
    assert presence.response.fields[0].blank == (0,)
    assert presence.response.fields[2].default == ()
    assert requests["link"].options_in == "channel"
    assert requests["me"].request.fields == ()
    assert options["echo"].encode == ((False, "0"), (True, None))
    assert options["since"].not_after == "until"
    assert options["since"].constraints[0] == Constraint("minimum", "2018-01-01T00:00:00Z")
    assert options["qos"].classic == (("with_at_most_once", True, 0), ("with_at_least_once", True, 1))
    assert options["ttl"].classic == (("with_ttl", False, None),)
    assert [one.defaults for one in emitter.operations if one.name == "publish_nowait"] == [(("qos", 1),)]


def test_an_internal_request_may_have_the_name_of_the_operation_that_makes_it(emitter: Schema) -> None:
    (request,) = [one for one in emitter.requests if one.internal]
    (operation,) = [one for one in emitter.operations if one.verb == "fetch"]

    assert request.name == operation.name == "history"
    assert operation.pages is not None
    assert (operation.pages.request, operation.pages.size) == ("history", "last")
    assert [option.name for option in emitter.options if "history" in option.applies] == ["last", "since", "until"]


def test_every_status_has_the_words_that_the_broker_says(emitter: Schema) -> None:
    assert [error.status for error in emitter.errors] == [400, 401, 402, 403, 404, 500, 501]
    assert all(error.messages for error in emitter.errors)
    assert "the link must be an alphanumeric string of 1 or 2 characters" in emitter.errors[0].messages


def test_a_small_schema_needs_little(tmp_path: Path) -> None:
    home = schema(
        tmp_path,
        """
        types:
          Reading:
            doc: >
              One sample
              of a sensor.
            fields:
              celsius: {type: float, unit: degrees Celsius, doc: Air temperature.}
              taken_at: datetime
        channels:
          temperature: {address: "home/{room}/temperature/", payload: Reading}
        """,
    )

    assert (home.name, home.source, home.version) == ("MyHome", "my-home.yaml", "")
    assert home.types == (
        Record(
            name="Reading",
            doc="One sample of a sensor.",
            fields=(
                Field(
                    name="celsius",
                    wire="celsius",
                    type=Scalar("float"),
                    doc="Air temperature.",
                    unit="degrees Celsius",
                ),
                Field(name="taken_at", wire="taken_at", type=Scalar("datetime")),
            ),
        ),
    )
    assert home.channels == (
        Channel(
            name="temperature",
            address="home/{room}/temperature/",
            params=(Field(name="room", wire="room", type=Scalar("string")),),
            payload=Named("Reading"),
        ),
    )
    assert home.by_name["Reading"] is home.types[0]


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("string", Scalar("string")),
        ("string?", Optional(Scalar("string"))),
        ('"[string]"', List(Scalar("string"))),
        ('"[string?]?"', Optional(List(Optional(Scalar("string"))))),
        ('"{string: [Other]}"', Map(List(Named("Other")))),
        ('" { string :int ? } "', Map(Optional(Scalar("int")))),
    ],
)
def test_a_type_nests_freely(text: str, ref: TypeRef, tmp_path: Path) -> None:
    home = schema(tmp_path, f"types:\n  Other: {{fields: {{}}}}\n  It: {{fields: {{it: {text}}}}}\n")

    declared = home.types[1]
    assert isinstance(declared, Record)
    assert declared.fields[0].type == ref


def test_every_kind_of_type_stays_in_the_authors_order(tmp_path: Path) -> None:
    home = schema(
        tmp_path,
        """
        types:
          Command: {union: [SetMode, Identify], tag: kind}
          SetMode: {fields: {mode: Mode}}
          Mode: {enum: {auto: The house decides., half-open: {name: ajar, doc: A little.}}, open: true}
          Identify: {fields: {blinks: int}}
          Right: {flags: {r: {name: read, doc: To read.}, w: To write.}}
          RoomId: {alias: string, pattern: "[a-z]+", distinct: true}
          Pin: {alias: string, secret: true, doc: Four digits.}
        """,
    )

    assert [declared.name for declared in home.types] == [
        "Command", "SetMode", "Mode", "Identify", "Right", "RoomId", "Pin",
    ]  # fmt: skip
    assert home.by_name["Command"] == Union(
        name="Command", tag="kind", members=(("set_mode", "SetMode"), ("identify", "Identify"))
    )
    assert home.by_name["Mode"] == Enum(
        name="Mode",
        values=(
            EnumValue(wire="auto", name="auto", doc="The house decides."),
            EnumValue(wire="half-open", name="ajar", doc="A little."),
        ),
        open=True,
    )
    assert home.by_name["Right"] == Flags(
        name="Right",
        values=(
            EnumValue(wire="r", name="read", doc="To read."),
            EnumValue(wire="w", name="w", doc="To write."),
        ),
    )
    assert home.by_name["RoomId"] == Alias(
        name="RoomId", type=Scalar("string"), constraints=(Constraint("pattern", "[a-z]+"),), distinct=True
    )
    assert home.by_name["Pin"] == Secret(name="Pin", doc="Four digits.")


def test_a_record_may_hold_itself(tmp_path: Path) -> None:
    text = """
        types:
          Tree: {fields: {left: Tree?, others: "[Tree]", named: "{string: Tree}"}}
        """

    assert rules(tmp_path, text) == []


def test_every_problem_is_found_in_one_pass_in_the_order_of_places(tmp_path: Path) -> None:
    text = """
        types:
          Reading:
            fields: {celsius: flaot, note: {type: string, minimun: 3}}
            fields: {}
        channels:
          temperature: {address: home, payload: Readng, direction: up}
          alarm: {payload: json, options: [a]}
        """

    assert rules(tmp_path, text) == [
        (4, "unknown-type"),
        (4, "unknown-key"),
        (5, "duplicate-key"),
        (7, "bad-address"),
        (7, "unknown-type"),
        (7, "bad-value"),
        (8, "missing-key"),
        (8, "wrong-shape"),
    ]


def test_a_broken_type_has_one_problem_however_often_it_is_used(tmp_path: Path) -> None:
    text = """
        types:
          RoomId: {alias: strin, pattern: a, min_items: 3}
          It: {fields: {it: {type: RoomId, default: 5, format: unix}}}
        channels:
          it: {address: "{room}/", payload: It, params: {room: RoomId}}
        """

    assert rules(tmp_path, text) == [(3, "unknown-type")]


def test_options_of_a_channel_are_those_of_publishing(tmp_path: Path, protocol: Protocol) -> None:
    text = "channels: {it: {address: it/, payload: json, options: {ttl: 3600, qos: 1, echo: false}}}\n"

    assert schema(tmp_path, text, protocol).channels[0].options == (("ttl", 3600), ("qos", 1), ("echo", False))


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("{tll: 3600}", "unknown-option"),
        ("{last: 5}", "option-not-taken"),
        ("{ttl: an hour}", "bad-value"),
        ("{ttl: -1}", "bad-value"),
        ("{qos: 2}", "bad-value"),
        ("{retain: 'true'}", "bad-value"),
    ],
)
def test_an_option_that_publishing_does_not_take_is_a_problem(
    options: str, rule: str, tmp_path: Path, protocol: Protocol
) -> None:
    text = f"channels: {{it: {{address: it/, payload: json, options: {options}}}}}\n"

    assert rules(tmp_path, text, protocol) == [(1, rule)]


def test_no_channel_begins_as_the_topics_of_an_operation_do(tmp_path: Path, protocol: Protocol) -> None:
    text = "channels:\n  a: {address: $share/g/a/, payload: text}\n  b: {address: $shared/a/, payload: text}\n"

    assert rules(tmp_path, text, protocol) == [(2, "reserved-channel")]
    assert rules(tmp_path, text) == []


def test_a_segment_that_looks_like_a_parameter_can_be_meant(tmp_path: Path) -> None:
    types = "types: {Room: {enum: [':room']}}\n"
    text = "channels: {a: {address: 'a/{room}/', params: {room: Room}, payload: text}}\n"

    assert rules(tmp_path, types + text) == []


def test_no_channel_lies_where_the_protocol_keeps_the_broker(tmp_path: Path, protocol: Protocol) -> None:
    text = "channels:\n  a: {address: emitter/a/, payload: text}\n  b: {address: emitters/a/, payload: text}\n"

    assert rules(tmp_path, text, protocol) == [(2, "reserved-channel")]
    assert rules(tmp_path, text) == []


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "true", "268435456"])
def test_a_packet_has_a_size_that_mqtt_can_write(tmp_path: Path, size: str) -> None:
    envelope = "envelope: {{reserved: a/, errors: a/b/, correlation: c, status: d, message: e, max_packet_bytes: {}}}"

    assert rules(tmp_path, envelope.format(size)) == [(1, "bad-value")]
    assert rules(tmp_path, envelope.format("268435455")) == []


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ("a/b/", "a/b/", True),
        ("a/b/", "a/c/", False),
        ("a/b/", "a/b/c/", False),
        ("a/{any}/", "a/b/", True),
        ("{any}/b/", "a/{other}/", True),
        ("{any}/b/", "{other}/c/", False),
        ("a/{mode}/", "a/auto/", True),
        ("a/{mode}/", "a/other/", False),
        ("a/{mode}/", "a/{any}/", True),
        ("a/{any}/", "a/{other}/", True),
        ("a/{any}/b/", "a/{other}/{more}/", True),
        ("a/{mode}/", "a/{other_mode}/", False),
        ("a/{word}/", "a/12/", False),
        ("a/{number}/", "a/12/", True),
        ("a/{number}/", "a/b/", False),
        ("a/{number}/", "a/{mode}/", False),
    ],
)
def test_channels_overlap_when_one_topic_can_be_of_both(first: str, second: str, overlap: bool, tmp_path: Path) -> None:
    kinds = {"mode": "Mode", "other_mode": "Other", "word": "Word", "number": "int"}
    params = {name: kind for name, kind in kinds.items() if f"{{{name}}}" in first + second}

    def channel(address: str, payload: str) -> str:
        declared = ", ".join(f"{name}: {kind}" for name, kind in params.items() if f"{{{name}}}" in address)
        return f"{{address: '{address}', payload: {payload}, params: {{{declared}}}"

    text = (
        "types:\n  Mode: {enum: [auto, manual]}\n  Other: {enum: [fast]}\n"
        "  Word: {alias: string, pattern: '[a-z]+'}\n"
        f"channels:\n  x: {channel(first, 'int')}}}\n  y: {channel(second, '%s')}%s}}\n"
    )

    assert rules(tmp_path, text % ("text", "")) == ([(7, "overlap")] if overlap else [])
    assert rules(tmp_path, text % ("text", ", overlaps: true")) == []
    assert rules(tmp_path, text % ("int", "")) == []


def test_other_names_of_a_field_are_read_and_taken(tmp_path: Path) -> None:
    read = schema(
        tmp_path, "types: {Reading: {fields: {room: {type: string, wire: roomId, also_read: [room, place]}}}}"
    )
    clash = """
        types:
          Reading: {fields: {room: {type: string, wire: roomId, also_read: [place]}, place: string}}
          Twice: {fields: {room: {type: string, also_read: [room]}}}
          Lamp: {fields: {room: {type: string, also_read: [kind]}}}
          Thing: {union: [Lamp], tag: kind}
    """

    (record,) = read.types
    assert isinstance(record, Record)
    assert record.fields[0].also_read == ("room", "place")
    assert rules(tmp_path, clash) == [(3, "wire-collision"), (4, "wire-collision"), (6, "union-tag")]


def test_at_most_sixteen_aliases_stand_in_a_row(tmp_path: Path) -> None:
    row = "".join(f"  A{number}: {{alias: A{number + 1}}}\n" for number in range(1, 16))
    last = "  A16: {alias: int}\n"

    assert rules(tmp_path, f"types:\n{row}{last}") == []
    assert rules(tmp_path, f"types:\n  A0: {{alias: A1}}\n{row}{last}") == [(2, "alias-cycle")]


def test_an_alias_is_at_most_256_types_with_its_aliases_written_out(tmp_path: Path) -> None:
    """Each level is 1 and twice the next one, so what is generated and what reads it would grow with the power."""
    nested = "".join(f"  A{n}: {{alias: 'int | [A{n + 1}] | {{string: A{n + 1}}}'}}\n" for n in range(1, 9))
    seven = f"{nested.partition('  A8')[0]}  A8: {{alias: string, max_length: 5}}\n"
    eight = f"types:\n{nested}  A9: {{alias: string, max_length: 5}}\n"
    ending = seven.replace("string, max_length: 5", "R")

    assert rules(tmp_path, f"types:\n{seven}") == []
    assert rules(tmp_path, eight) == [(2, "alias-cycle")]
    # What has it in it has no problem of its own.
    assert rules(tmp_path, f"{eight}  A0: {{alias: '[A1]'}}\n  B: {{alias: A0}}\n") == [(2, "alias-cycle")]
    # A record is one type, also if it leads back.
    assert rules(tmp_path, f"types:\n{ending}  R: {{fields: {{a: '[A1]'}}}}\n") == []


def test_aliases_of_other_files_are_written_out_too(tmp_path: Path) -> None:
    def nested(last: str) -> str:
        named = [*(f"A{n}" for n in range(4)), last]
        return "".join(f"  {one}: {{alias: 'int | [{two}] | {{string: {two}}}'}}\n" for one, two in pairwise(named))

    (tmp_path / "other.yaml").write_text(f"emitter-typed: 1\ntypes:\n{nested('string')}", "utf-8")

    assert rules(tmp_path, f"imports: {{o: ./other.yaml}}\ntypes:\n{nested('o.A1')}") == []
    assert rules(tmp_path, f"imports: {{o: ./other.yaml}}\ntypes:\n{nested('o.A0')}") == [(3, "alias-cycle")]
