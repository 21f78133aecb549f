"""Decisions about Python that a look at one line of the output settles."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from emitter_typed_codegen._emitter import PROTOCOL
from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.render import render
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.view import FileView, banner, package
from emitter_typed_codegen.view.methods import ASYNC, SYNC, MethodsView
from emitter_typed_codegen.view.protocol.api import api_view
from emitter_typed_codegen.view.protocol.bases import bases_view

Generate = Callable[[str], Mapping[str, str]]


@pytest.fixture
def generate(tmp_path: Path) -> Generate:
    def files(text: str) -> Mapping[str, str]:
        (tmp_path / "home.yaml").write_text(f"emitter-typed: 1\n{text}", "utf-8")
        schema = load(tmp_path / "home.yaml", PROTOCOL)
        return render(package(schema, PROTOCOL, "the command"), banner(schema, "the command"))

    return files


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("string", "    x: str\n"),
        ("int?", "    x: int | None = None\n"),
        ('"[float]"', "    x: tuple[float, ...]\n"),
        ('"{string: bool}"', "    x: Mapping[str, bool]\n"),
        ("datetime", "    x: datetime\n"),
        ("date", "    x: date\n"),
        ("duration", "    x: timedelta\n"),
        ("uuid", "    x: UUID\n"),
        ("decimal", "    x: Decimal\n"),
        ("bytes", "    x: bytes\n"),
        ("json", "    x: Json\n"),
        ("{type: int, default: 3}", "    x: int = 3\n"),
        ("{type: float, default: 3}", "    x: float = 3.0\n"),
        ("{type: float, default: 1e+300}", "    x: float = 1e300\n"),
        ("{type: float, default: 0.0000001}", "    x: float = 1e-07\n"),
        ("{type: string, wire: xX}", '    x: str = field(metadata=wire("xX"))\n'),
        ("{type: datetime, format: unix}", '    x: datetime = field(metadata=wire(format="unix"))\n'),
        ("{type: int, minimum: 0}", "    x: int = field(validator=minimum(0))\n"),
        ("{type: duration, minimum: 0}", "    x: timedelta = field(validator=minimum(timedelta(0)))\n"),
        ("{type: bytes, default: AAEC}", '    x: bytes = b"\\x00\\x01\\x02"\n'),
    ],
)
def test_a_field_is_what_one_would_write(generate: Generate, field: str, line: str) -> None:
    text = generate(f"types: {{T: {{fields: {{x: {field}}}}}}}\n")["types.py"]

    assert line in text


def test_a_type_stands_after_those_that_its_statement_needs(generate: Generate) -> None:
    text = generate(
        "types:\n"
        "  U: {union: [A, B], tag: kind}\n"
        "  A: {fields: {e: {type: E, default: x}}}\n"
        "  B: {fields: {u: U?}}\n"
        "  E: {enum: [x]}\n"
    )["types.py"]

    found = re.findall(r"^(?:class )?(\w)(?:\(| =)", text, re.MULTILINE)
    assert found == ["E", "A", "B", "U"]


def test_the_constraints_of_an_alias_hold_where_it_is_used(generate: Generate) -> None:
    text = generate(
        "types:\n"
        "  Level: {alias: int, minimum: 1}\n"
        "  T: {fields: {x: {type: Level, maximum: 9}, y: '{string: Level}'}}\n"
    )["types.py"]

    assert "x: Level = field(validator=[minimum(1), maximum(9)])" in text
    assert "y: Mapping[str, Level] = field(validator=each(minimum(1)))" in text
    assert '    """At least 1, at most 9."""\n' in text


def test_a_field_is_told_what_its_name_does_not_tell(generate: Generate) -> None:
    text = generate(
        "types:\n"
        "  T: {fields: {taken_at: datetime, unit: {type: string, default: m}, value: {type: int, doc: What it was.}}}\n"
    )["types.py"]

    assert "    taken_at: datetime\n    unit: str" in text
    assert '    """Default: `m`."""\n' in text
    assert '    """What it was."""\n' in text


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("{type: duration, minimum: 0.5, maximum: 60}", "At least 0.5 seconds, at most 60 seconds."),
        ("{type: duration, maximum: 60, format: milliseconds}", "At most 60 seconds."),
        ("{type: duration, default: 1}", "Default: 1 second."),
        ("{type: duration | string, default: 5}", "Default: 5 seconds."),
        ("{type: duration, unit: seconds, maximum: 60, default: 5}", "Unit: seconds. At most 60. Default: 5."),
        ("{type: Wait, unit: minutes of play}", "Unit: minutes of play. At most 60 seconds."),
        ("{type: datetime, minimum: 2018-01-01T00:00:00Z, format: unix}", "At least 2018-01-01T00:00:00Z."),
        ('"[Wait]"', "Each item: at most 60 seconds."),
        ('{type: "[Percent]", min_items: 1}', "At least 1 item. Each item: at least 0, at most 100."),
        ('"{string: [Wait]}"', "Each value, each item: at most 60 seconds."),
        ("Percent | string", "If `Percent`: at least 0, at most 100."),
        ("{type: Value?, default: 5}", "If `Percent`: at least 0, at most 100. If `Tag`: matching `x+`. Default: 5."),
        ('"bool | [Wait]"', "If `tuple[Wait, ...]`, each item: at most 60 seconds."),
    ],
)
def test_limits_are_told_with_their_unit_and_with_what_they_hold_for(generate: Generate, field: str, told: str) -> None:
    text = generate(
        "types:\n"
        "  Percent: {alias: int, minimum: 0, maximum: 100}\n"
        "  Wait: {alias: duration, maximum: 60}\n"
        "  Tag: {alias: string, pattern: x+}\n"
        "  Value: {alias: Percent | Tag}\n"
        f"  Z: {{fields: {{x: {field}}}}}\n"
    )["types.py"]

    assert f'    """{told}"""\n' in text


def test_an_alias_tells_its_limits(generate: Generate) -> None:
    text = generate(
        "types: {Wait: {alias: duration, maximum: 60}, Waits: {alias: '[Wait]', doc: All., max_items: 2}}\n"
    )["types.py"]

    assert 'Wait = timedelta\n"""At most 60 seconds."""\n' in text
    assert '"""All.\n\nAt most 2 items. Each item: at most 60 seconds.\n"""\n' in text


CHANNEL = "channels: {{lamp: {{address: 'lamp/{{id}}/', payload: text, direction: {}}}}}\n"


@pytest.mark.parametrize(
    ("direction", "one", "every"),
    [
        ("publish", {"Publish"}, {"Sync"}),
        ("subscribe", {"Subscribe"}, {"Subscribe"}),
        ("both", {"Publish", "Subscribe"}, {"Subscribe"}),
    ],
)
def test_a_channel_has_the_verbs_of_its_direction(
    generate: Generate, direction: str, one: set[str], every: set[str]
) -> None:
    text = generate(CHANNEL.format(direction))["channels.py"]

    assert _bases(text, "LampChannel") == {f"{verb}Channel" for verb in one}
    assert _bases(text, "LampChannels") == {f"{verb}Channel" for verb in every}
    assert ("def where(" in text) == (direction != "publish")


def _bases(text: str, name: str) -> set[str]:
    (derived,) = re.findall(rf"^class {name}\((.*?)\):$", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"(\w+)\[", derived))


def test_both_flavours_have_the_same_channels_and_docs(generate: Generate) -> None:
    """The one template is not trusted: what differs must be await and the names of the classes."""
    text = generate(CHANNEL.format("both"))["channels.py"]

    _assert_alike(text, "LampChannel")


def test_both_flavours_of_channels_can_do_the_same() -> None:
    _assert_alike(_emitter(bases_view), "PublishChannel")


def _assert_alike(text: str, first: str) -> None:
    halves = re.split(rf"(?:@\w+\n)*class Async{first}\(", text)
    sync = halves[0][halves[0].index(f"class {first}(") + len(f"class {first}(") :]

    # Its last line is the decorator of the other one.
    assert _without_flavour(halves[1]) == _without_flavour(sync).removesuffix("@hides_arguments")


def test_both_facades_of_a_protocol_are_alike() -> None:
    texts = [_emitter(partial(api_view, flavour=flavour)).split("\nclass ")[1] for flavour in (SYNC, ASYNC)]

    assert _without_flavour(texts[1]) == _without_flavour(texts[0])


def test_what_channels_can_do_stands_with_the_protocol(generate: Generate) -> None:
    """With every option, and for any payload: a channel's own package is a few lines."""
    text = _emitter(bases_view)

    assert set(re.findall(r"^class (\w+)\(", text, re.MULTILINE)) == {
        "PublishChannel", "SubscribeChannel", "AsyncPublishChannel", "AsyncSubscribeChannel",
    }  # fmt: skip
    assert text.count("payload: PayloadT,") == 4
    assert text.count(" def history(") == 2
    assert text.count("ttl: float | timedelta | None = None,") == 4
    assert "def publish" not in generate(CHANNEL.format("both"))["channels.py"]


def _emitter(view: Callable[[Schema], MethodsView]) -> str:
    schema = load(Path(__file__).resolve().parents[4] / "schema" / "emitter.yaml")
    file = FileView("methods.py", "methods.py.jinja", view(schema))
    return render([file], banner(schema, ""))[file.path]


def _without_flavour(text: str) -> str:
    plain = re.sub(r"\b(async|await) |\b(Async|Sync)(?=[A-Z])", "", text)
    # Where lines break depends on the length of names.
    return re.sub(r",(?=[)\]])", "", re.sub(r"\s+", "", plain))


def test_defaults_of_a_channel_are_in_the_signatures_of_its_publishes(generate: Generate) -> None:
    text = generate("channels: {lamp: {address: lamp/, payload: json, options: {ttl: 60, retain: true, qos: 1}}}\n")
    heads = re.findall(r"        ((?:async )?def \w+)\((.*?)\) -> (\w+): \.\.\.", text["channels.py"], re.DOTALL)
    options = "ttl: float | timedelta | None = 60, echo: bool | None = None, retain: bool | None = True,"
    taken = f"self, payload: Json, *, {options} qos: Literal[0, 1] | None = 1,"

    assert [(name, " ".join(parameters.split()), returned) for name, parameters, returned in heads] == [
        ("def publish", f"{taken} timeout_s: float | None = None,", "None"),
        ("def publish_nowait", taken, "Pending"),
        ("async def publish", f"{taken} timeout_s: float | None = None,", "None"),
        ("def publish_nowait", taken, "AsyncPending"),
    ]


@pytest.mark.parametrize(
    "channel",
    ["{address: lamp/, payload: json}", "{address: lamp/, payload: json, options: {ttl: 60}, direction: subscribe}"],
)
def test_a_channel_without_defaults_of_its_own_has_no_signatures(generate: Generate, channel: str) -> None:
    assert "TYPE_CHECKING" not in generate(f"channels: {{lamp: {channel}}}\n")["channels.py"]


def test_defaults_of_a_channel_are_in_its_definition_and_its_docs(generate: Generate) -> None:
    text = generate("channels: {lamp: {address: lamp/, payload: json, options: {ttl: 60}}}\n")
    plain = " ".join(text["channels.py"].split())

    assert 'defaults={"ttl": 60}' in plain
    assert "Unless the call says otherwise: ttl=60." in plain
    assert "`lamp/`" in text["facade.py"]


def test_the_package_exports_what_users_need(generate: Generate) -> None:
    text = generate("name: Home\ntypes: {T: {fields: {x: int}}}\n" + CHANNEL.format("both"))["__init__.py"]

    for name in ("Home", "AsyncHome", "T", "LampParams", "LampChannelMessage"):
        assert f'    "{name}",\n' in text


def test_every_file_says_whose_it_is(generate: Generate) -> None:
    for text in generate(CHANNEL.format("both")).values():
        head = text.split("\n")[:4]
        assert "@generated" in head[0]
        assert "Do not edit" in head[0]
        assert head[1] == "# Schema: home.yaml"
        assert head[2] == "# Regenerate with: the command"
