"""What is no YAML is told where it is, in the words of whoever wrote it, and hides little else."""

from pathlib import Path

import pytest

from emitter_typed_codegen.problems import SchemaProblems
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.source import MapNode, read
from emitter_typed_codegen.source.syntax import value_at

LINES = [
    ("{address: home/{room}/, payload: A}", "home/{room}/", "a text with brackets or braces", 'write "home/{room}/"'),
    ("{address: {room}/b/, payload: A}", "{room}/b/", "text follows a closing bracket", 'write "{room}/b/"'),
    ("{room}/b/", "{room}/b/", "text follows a closing bracket", 'write "{room}/b/"'),
    ("{doc: It's: fine}", "It's: fine", "a text with a colon", 'write "It\'s: fine"'),
    ("It's: fine", "It's: fine", "a text with a colon", 'write "It\'s: fine"'),
    ('say "no": never', 'say "no": never', "a text with a colon", "write 'say \"no\": never'"),
    ("{type: int minimum: 0}", "int minimum: 0", "a text with a colon", "a comma before 'minimum'"),
    ("{doc: see [1], type: int}", "see [1]", "a text with brackets or braces", 'write "see [1]"'),
    ("{type: string[], doc: b}", "string[]", "a text with brackets or braces", 'a list type is written "[string]"'),
    ("{type: list[int]}", "list[int]", "a text with brackets or braces", 'a list type is written "[int]"'),
    ("[string]?", "?", "the question mark", 'write "[string]?"'),
    ("{doc: a: {b}, c: d}", "a: {b}", "a text with a colon", 'write "a: {b}"'),
    ('"abc', '"', "this quote is not closed", "the same quote"),
    ("'abc", "'", "this quote is not closed", "the same quote"),
    ('{pattern: "\\d+"}', "\\d", "a backslash in double quotes", "write '\\d+'"),
    ('"it\'s \\q"', "\\q", "a backslash in double quotes", "write 'it''s \\q'"),
    ("@home", "@", "a text without quotes cannot begin with @", 'write "@home"'),
    ("{doc: `code` of, type: int}", "`", "a text without quotes cannot begin with `", 'write "`code` of"'),
    ("%d", "%", "a text without quotes cannot begin with %", 'write "%d"'),
    ("*bold* text", "*", "a text without quotes cannot begin with *", 'write "*bold* text"'),
    ("& more", "&", "a text without quotes cannot begin with &", 'write "& more"'),
    ("> 5", ">", "a text without quotes cannot begin with >", 'write "> 5"'),
    ("{a: >-}", ">", "a text without quotes cannot begin with >", "put the text in quotes, or write the map"),
    ('"a" b', "b", "text follows the closing quote", "write '\"a\" b'"),
    ("'It's fine'", "s fine'", "text follows the closing quote", 'write "It\'s fine"'),
    ("[a, b", "[", "the bracket of this list is not closed", "close it with ]"),
    ("{a: b", "{", "the brace of this map is not closed", "close it with }"),
    ("{a: [b}", "[", "the bracket of this list is not closed", "close it with ]"),
    ("{a: b}}", "}", "there is no open bracket or brace", "remove it"),
    ("[a,, b]", ",", "a value is missing here", "remove the comma"),
    ("{a: :b}", ":", "a value is missing here", 'write ":b"'),
]
"""Values, the part that the problem marks (its first character), the message and the hint."""

BLOCKS = [
    ("a: b\nc:d\ne: f\n", (2, 2), "the space after the colon is missing", "write c: d"),
    ("a:b\nc: d\n", (1, 2), "the space after the colon is missing", "write a: b"),
    ("a:\u00a0b\nc: d\n", (1, 2), "the space after the colon is missing", "write a: b"),
    ("a: b\nc:\u200bd\n", (2, 2), "the space after the colon is missing", "write c: d"),
    ("a: b\nc\nd: e\n", (2, 1), "no key and no colon", "write a key"),
    ("a:\n  b: c\nd\n  e: f\n", (3, 1), "the colon after 'd' is missing", "write d:"),
    ("a: b\n  c: d\n", (2, 4), "indented deeper than the one above", "the same number of spaces"),
    ("a:\n    b: c\n   d: e\n", (3, 4), "indented differently", "the same number of spaces"),
    ("a:\n  b: c\n - d\n", (3, 2), "indented differently", "the same number of spaces"),
    ("a:\n  b: c\n  - d\n", (3, 3), "a list with dashes cannot begin in this line", "below the key"),
    ("a: - b\n", (1, 4), "a list with dashes cannot begin in this line", "below the key"),
    ("a: b\n\tc: d\n", (2, 1), "indented with a tab", "indent with spaces"),
    ("a:\n\tb\n", (2, 1), "indented with a tab", "indent with spaces"),
    ("a:\n  b: [c,\n  d: e\nf: g\n", (2, 6), "the bracket of this list is not closed", "close it"),
    ("a: {b: c,\nd: e\n", (1, 4), "the brace of this map is not closed", "close it"),
]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(("value", "marked", "message", "hint"), LINES)
def test_a_line_that_is_no_yaml_is_told_with_what_to_write(
    value: str, marked: str, message: str, hint: str, tmp_path: Path
) -> None:
    line = f"  key: {value}"
    path = tmp_path / "home.yaml"
    path.write_text(f"above: 1\nmap:\n{line}\n  after: 2\nbelow: 3\n", "utf-8")
    document = read(path)
    (problem,) = document.problems

    assert problem.line == 3
    assert line[problem.column - 1 :].startswith(marked)
    assert message in problem.message
    assert hint in problem.hint
    assert isinstance(document.root, MapNode)
    assert [key.value for key, _ in document.root.pairs] == ["above", "map", "below"]
    inner = document.root.pairs[1][1]
    assert isinstance(inner, MapNode)
    assert [key.value for key, _ in inner.pairs] == ["key", "after"]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(("content", "place", "message", "hint"), BLOCKS)
def test_lines_that_do_not_fit_each_other_are_told_where_that_shows(
    content: str, place: tuple[int, int], message: str, hint: str, tmp_path: Path
) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(content, "utf-8")
    problem = read(path).problems[0]

    assert (problem.line, problem.column) == place
    assert message in problem.message
    assert hint in problem.hint


BROKEN = """\
emitter-typed: 1
types:
  Reading:
    doc: It's: fine
    fields:
      celsius: flaot
      tags: [string
      room: {type: RoomId, doc: see [1], wire: a}
      place:Place
  RoomId: {alias: string, pattern: "\\d+"}
  Mode:
    enum: [auto, auto]
channels:
  reading: {address: home/{room}/, payload: Reading}
  mode:
    address: {room}/mode/
    payload: Mood
"""


@pytest.mark.usefixtures("loader")
def test_all_that_is_wrong_is_told_at_once_and_nothing_that_is_not(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(BROKEN, "utf-8")

    with pytest.raises(SchemaProblems) as caught:
        load(path)

    assert [(one.line, one.rule) for one in caught.value.problems] == [
        (4, "yaml-syntax"),
        (6, "unknown-type"),
        (7, "yaml-syntax"),
        (8, "yaml-syntax"),
        (9, "yaml-syntax"),
        (10, "yaml-syntax"),
        (12, "duplicate-value"),
        (14, "yaml-syntax"),
        (16, "yaml-syntax"),
        (17, "unknown-type"),
    ]


@pytest.mark.usefixtures("loader")
def test_nothing_is_missed_where_its_key_could_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(
        "emitter-typed: 1\ntypes:\n  @Room: {fields: {a: int}}\n  Mode: {enum: [a, a]}\n"
        "channels:\n  c: {address: a/, payload: Room}\n",
        "utf-8",
    )

    with pytest.raises(SchemaProblems) as caught:
        load(path)

    assert [(one.line, one.rule) for one in caught.value.problems] == [(3, "yaml-syntax"), (4, "duplicate-value")]


@pytest.mark.parametrize(
    ("line", "at", "text"),
    [
        ("a: b c # d", 4, "b c"),
        ("{a: b, c: d}", 10, "d"),
        ("{a: b/{c}/, d: e}", 6, "b/{c}/"),
        ("{a: {b: c}/d, e: f}", 10, "{b: c}/d"),
        ("{a: [b, c], d: e}", 8, "c"),
        ("- a: b", 5, "b"),
        ("{a: 'b, c', d: e}", 6, "'b, c'"),
        ("a: b: c", 4, "b: c"),
    ],
)
def test_the_text_that_was_meant_ends_where_a_value_does(line: str, at: int, text: str) -> None:
    span = value_at(line, at)

    assert span is not None
    assert line[slice(*span)] == text


@pytest.mark.usefixtures("loader")
def test_a_section_whose_only_entry_cannot_be_read_is_not_told_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text("emitter-typed: 1\ntypes:\n  Reading\n    fields: {celsius: float}\n", "utf-8")

    with pytest.raises(SchemaProblems) as caught:
        load(path)

    assert [(one.line, one.rule) for one in caught.value.problems] == [(3, "yaml-syntax")]
