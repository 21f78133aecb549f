"""Rules of requests, options and operations, each with what is right beside it."""

from pathlib import Path

import pytest

from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load

HEAD = """emitter-typed: 1
envelope: {reserved: own/, errors: own/error/, correlation: id, status: status, message: message, max_packet_bytes: 99}
types:
  Stored: {fields: {id: bytes, room: string, body: bytes}}
  Key: {alias: string, secret: true}
requests:
"""
LOOK = (
    "  look: {internal: true, topic: own/look/, request: {fields: {q: string, b: bytes?}}, "
    "response: {fields: {found: '[Stored]'}}}"
)
PAGES = "pages: {request: look, topic: q, after: b, items: found, size: most, id: id, channel: room, payload: body}"
FETCH = f'verb: fetch, topic: "{{key}}/{{room}}", params: {{key: Key, room: filter}}, {PAGES}'
TURNED = ("key: Key, room: filter", "room: filter, key: Key")
MOST = "options:\n  most: {type: int, applies: [look]}"
RIGHT = f"{LOOK}\noperations:\n  look: {{{FETCH}}}\n{MOST}"


def rules(folder: Path, text: str) -> list[str]:
    path = folder / "protocol.yaml"
    path.write_text(HEAD + text, "utf-8")
    try:
        load(path)
    except SchemaProblems as problems:
        return [problem.rule for problem in problems.problems]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RIGHT, []),
        # The definition of an internal request has a constant of its own.
        (
            f"{LOOK}\noperations:\n  look_request: {{{FETCH}}}\n{MOST.replace('look', 'look_request')}",
            ["name-collision"],
        ),
        (RIGHT.replace("internal: true, ", ""), ["name-collision"]),
        (RIGHT.replace(f", {PAGES}", ""), ["missing-key"]),
        (RIGHT.replace("verb: fetch", "verb: fetch, typed: true"), []),
        (RIGHT.replace("verb: fetch", "verb: fetch, typed: true").replace(*TURNED), ["typed-operation"]),
        (RIGHT.replace("q: string", "more: int, q: string"), ["fetch-pages"]),
        (RIGHT.replace("b: bytes?", "b: bytes?, more: int?"), []),
        (RIGHT.replace("'[Stored]'", "'[string]'"), ["fetch-pages"]),
        (RIGHT.replace("'[Stored]'", "'[Nothing]'"), ["unknown-type"]),
        (RIGHT.replace("size: most", "size: mots"), ["fetch-pages"]),
    ],
)
def test_a_fetch_says_where_everything_is(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert rules(tmp_path, text) == expected


ALIAS = (
    "  alias: {topic: own/alias/, request: {fields: {name: string, room: channel}}, "
    "response: {fields: {}}, options_in: room}"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ALIAS}\noptions:\n  keep: {{type: int, applies: [alias]}}", []),
        (f"{ALIAS.replace('channel', 'filter')}\noptions:\n  keep: {{type: int, applies: [alias]}}", []),
        (
            f"{ALIAS.replace('channel', 'channel?')}\noptions:\n  keep: {{type: int, applies: [alias]}}",
            ["request-options"],
        ),
        (f"{ALIAS}\noptions:\n  name: {{type: int, applies: [alias]}}", ["name-collision"]),
        (f"{ALIAS}\noptions:\n  qos: {{type: int, values: [1], carrier: header, applies: [alias]}}", ["header-option"]),
    ],
)
def test_a_request_takes_options_behind_its_channel(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert rules(tmp_path, text) == expected


NEWS = "  ask: {topic: own/ask/, response: {fields: {room: string}}, event: news}\nevents:\n  news: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", []),
        ("{doc: What was answered.}", []),
        ("{topic: own/ask/, payload: Stored, channel: room}", []),
        ("{topic: own/ask/}", ["missing-key"]),
        ("{payload: Stored}", ["missing-key"]),
        ("{channel: room}", ["missing-key", "missing-key"]),
        ("{}\n  more: {}", ["event-payload"]),
    ],
)
def test_an_event_has_topic_and_payload_or_is_the_reply_of_one_request(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert rules(tmp_path, NEWS + text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("verb: publish, ignores: [last]", []),
        ("verb: publish, ignores: [lost]", ["unknown-option"]),
        ("verb: publish, ignores: [last, last]", ["duplicate-value"]),
        ("verb: publish, ignores: [keep]", ["duplicate-value"]),
        ("verb: unsubscribe, ignores: [last]", ["option-not-taken"]),
    ],
)
def test_an_operation_may_ignore_options_that_it_does_not_take(tmp_path: Path, text: str, expected: list[str]) -> None:
    options = "options:\n  last: {type: int, applies: []}\n  keep: {type: int, applies: [send]}\n"
    operation = f'  send: {{{text}, topic: "{{key}}/{{room}}", params: {{key: Key, room: channel}}}}\n'

    assert rules(tmp_path, f"{ALIAS}\noperations:\n{operation}{options}") == expected


def test_the_class_of_options_that_only_requests_take_is_nobody_elses(tmp_path: Path) -> None:
    text = f"{ALIAS}\noptions:\n  keep: {{type: int, applies: [alias]}}\nerrors:\n  RequestOption: {{status: 400}}"

    assert rules(tmp_path, text) == ["reserved-name"]


@pytest.mark.parametrize(
    ("constraint", "expected"), [('pattern: "[a-z]+"', []), ("max_length: 3", []), ("max_segments: 3", ["unknown-key"])]
)
def test_a_parameter_of_an_operation_may_have_constraints(tmp_path: Path, constraint: str, expected: list[str]) -> None:
    text = f"""  me: {{topic: own/me/, response: {{fields: {{}}}}}}
operations:
  send: {{verb: publish, topic: "{{link}}", params: {{link: {{type: string, {constraint}}}}}}}
"""

    assert rules(tmp_path, text) == expected
