"""What a schema means: good text in, the model out."""

from pathlib import Path
from textwrap import dedent

import pytest

from emitter_typed_codegen.model import (
    Alias,
    Channel,
    Enum,
    EnumValue,
    Field,
    Flags,
    Limit,
    List,
    Literal_,
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
from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load

ROOT = Path(__file__).parents[3]


def schema(folder: Path, text: str, protocol: Protocol | None = None) -> Schema:
    path = folder / "my-home.yaml"
    path.write_text("emitter-typed: 1\n" + dedent(text), "utf-8")
    return load(path, protocol)


def rules(folder: Path, text: str, protocol: Protocol | None = None) -> list[tuple[int, str]]:
    """Return line (the first line of the text is 1) and rule of every problem; none if there is no problem."""
    try:
        schema(folder, text, protocol)
    except SchemaProblems as problems:
        return [(problem.line - 1, problem.rule) for problem in problems.problems]
    return []


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
    assert keygen.request.fields[3].limits == (Limit("minimum", 0), Limit("maximum", 2147483647))
    assert keygen.request.doc == keygen.doc
    assert presence.response.fields[0].blank == (0,)
    assert presence.response.fields[2].default == ()
    assert requests["link"].options_in == "channel"
    assert requests["me"].request.fields == ()
    assert options["echo"].encode == ((False, "0"), (True, None))
    assert options["since"].limits[0] == Limit("minimum", "2018-01-01T00:00:00Z")
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
        name="RoomId", type=Scalar("string"), limits=(Limit("pattern", "[a-z]+"),), distinct=True
    )
    assert home.by_name["Pin"] == Secret(name="Pin", doc="Four digits.")


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("string", "no", "no"),
        ("string", "1e3", "1e3"),
        ("string", '"null"', "null"),
        ("string?", "null", None),
        ("int", "-9223372036854775808", -(2**63)),
        ("float", "1e3", 1000.0),
        ("float", "-0.5", -0.5),
        ("bool", "false", False),
        ("bytes", "aGVsbG8=", "aGVsbG8="),
        ("datetime", "2018-01-01T00:00:00+01:00", "2018-01-01T00:00:00+01:00"),
        ("date", "2018-01-01", "2018-01-01"),
        ("duration", "90", 90),
        ("duration", "0.5", 0.5),
        ("decimal", "0.10", "0.10"),
        ("uuid", "01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
        ("json", "{a: [1, no, true, null, 0.5, '1']}", (("a", (1, "no", True, None, 0.5, "1")),)),
        ('"[int]"', "[1, 2]", (1, 2)),
        ('"{string: bool}"', "{a: true}", (("a", True),)),
        ("Mode", "auto", "auto"),
    ],
)
def test_a_default_is_read_as_its_type(type: str, text: str, value: Literal_, tmp_path: Path) -> None:
    home = schema(
        tmp_path,
        f"types:\n  Mode: {{enum: [auto]}}\n  It: {{fields: {{it: {{type: {type}, default: {text}}}}}}}\n",
    )

    declared = home.types[1]
    assert isinstance(declared, Record)
    assert declared.fields[0].has_default
    assert (declared.fields[0].default, declared.fields[0].default.__class__) == (value, value.__class__)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("int", "9223372036854775808"),
        ("int", "1.0"),
        ("int", "007"),
        ("int", "1_000"),
        ("int", "٣"),
        ("float", ".inf"),
        ("float", "1e999"),
        ("bool", "yes"),
        ("bool", "'true'"),
        ("bytes", "aGVsbG8"),
        ("datetime", "2018-01-01T00:00:00"),
        ("datetime", "2018-02-30T00:00:00Z"),
        ("date", "2018-02-30"),
        ("duration", "1e300"),
        ("duration", "5m"),
        ("decimal", "NaN"),
        ("uuid", "0123"),
        ("Mode", "null"),
        ("Mode?", "AUTO"),
        ('"[int]"', "1"),
        ("It?", "{}"),
        ("Pin", "1234"),
    ],
)
def test_a_default_that_is_not_of_its_type_is_a_problem(type: str, text: str, tmp_path: Path) -> None:
    found = rules(
        tmp_path,
        "types: {Mode: {enum: [auto]}, Pin: {alias: string, secret: true},\n"
        f"  It: {{fields: {{it: {{type: {type}, default: {text}}}}}}}}}\n",
    )

    assert found == [(2, "bad-default")]


def test_limits_of_aliases_hold_for_defaults_and_through_optional(tmp_path: Path) -> None:
    text = """
        types:
          Inner: {alias: int, minimum: 3}
          Outer: {alias: Inner?, maximum: 5}
          It: {fields: {it: {type: Outer, default: %s}}}
        """

    assert rules(tmp_path, text % "2") == [(5, "bad-default")]
    assert rules(tmp_path, text % "6") == [(5, "bad-default")]
    assert rules(tmp_path, text % "4") == []
    assert rules(tmp_path, text % "null") == []


def test_a_pattern_that_could_take_for_ever_is_not_tried(tmp_path: Path) -> None:
    field = f"{{type: string, pattern: '(a+)+$', default: {'a' * 64}!}}"

    assert rules(tmp_path, f"types: {{It: {{fields: {{it: {field}}}}}}}\n") == []


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
        said = ", ".join(f"{name}: {kind}" for name, kind in params.items() if f"{{{name}}}" in address)
        return f"{{address: '{address}', payload: {payload}, params: {{{said}}}"

    text = (
        "types:\n  Mode: {enum: [auto, manual]}\n  Other: {enum: [fast]}\n"
        "  Word: {alias: string, pattern: '[a-z]+'}\n"
        f"channels:\n  x: {channel(first, 'int')}}}\n  y: {channel(second, '%s')}%s}}\n"
    )

    assert rules(tmp_path, text % ("text", "")) == ([(7, "overlap")] if overlap else [])
    assert rules(tmp_path, text % ("text", ", overlaps: true")) == []
    assert rules(tmp_path, text % ("int", "")) == []
