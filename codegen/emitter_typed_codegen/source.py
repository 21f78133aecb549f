"""YAML into nodes that know the place of every key and value. The only importer of the YAML library.

A scalar stays the text that its author typed: only the type that the language asks for says what it means.
The parser's events are taken as they come, so nothing is ever constructed, and no alias is ever followed.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

import yaml
from attrs import define, field
from yaml import events

from emitter_typed_codegen.problems import Problem, Rule, did_you_mean, quoted

MOST_BYTES = 1_000_000
"""The size up to which a file is read. Fifty channels with eighty types take about 60 kB."""

MOST_LEVELS = 64
"""How deep lists and maps may lie in one another."""

# The loader that is written in C is not in every build of PyYAML.
_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAK = re.compile("\r\n|\r|\n")
# What no YAML may hold, and besides: line breaks that editors do not count, and byte-order marks. What may stand there
# is by far the larger set, which would take 7 ms to compile.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_BRACKETED = re.compile(r"\w[\[{]$")
_SURROGATE = re.compile("[\ud800-\udfff]")

_QUOTE_COLON = "put the text in quotes if the colon belongs to it"
_QUOTE_TEXT = 'put the text in quotes, as in type: "[string]?"'
_SYNTAX = (
    ("mapping values are not allowed", "a colon stands where no key can be", _QUOTE_COLON),
    ("mapping keys are not allowed", "a question mark stands where no text can begin", _QUOTE_TEXT),
    ("cannot start any token", "a text cannot begin with this character", "put the text in quotes"),
    ("unexpected end of stream", "a quote is opened here and never closed", "close the quote"),
    ("could not find expected ':'", "this line is neither a key with a colon nor part of a text", ""),
    ("did not find expected ',' or ']'", "a list in brackets is not closed", "close it with ]"),
    ("expected ',' or ']'", "a list in brackets is not closed", "close it with ]"),
    ("did not find expected ',' or '}'", "a map in braces is not closed", "close it with }"),
    ("expected ',' or '}'", "a map in braces is not closed", "close it with }"),
    (
        "did not find expected key",
        "this is indented unlike the lines around it",
        "indent with the same spaces",
    ),
    ("expected <block end>", "this is indented unlike the lines around it", "indent with the same spaces"),
)


@define(eq=False)
class Text:
    """The text of one file, for the problems in it."""

    file: str
    lines: list[str] = field(factory=list[str], repr=False)

    def problem(self, line: int, column: int, end_column: int, rule: Rule, message: str, hint: str = "") -> Problem:
        """Make a problem at a place of this file, all counted from 1; line 0 is the file as a whole."""
        return Problem(
            file=self.file,
            line=line,
            column=column,
            end_column=end_column,
            rule=rule,
            message=message,
            hint=hint,
            excerpt=self.lines[line - 1] if 0 < line <= len(self.lines) else "",
        )


@define(eq=False)
class Placed:
    """Something at a place of a file, all counted from 1; line 0 is the file as a whole."""

    text: Text = field(repr=False)
    line: int
    column: int
    end_column: int

    def problem(self, rule: Rule, message: str, hint: str = "") -> Problem:
        """Make a problem at this node."""
        return self.text.problem(self.line, self.column, self.end_column, rule, message, hint)


@define(eq=False)
class ScalarNode(Placed):
    """A scalar, as the text that was typed."""

    value: str
    plain: bool
    """Whether it stands without quotes and is no block: only then can it be anything else than a text."""

    @property
    def is_null(self) -> bool:
        """Whether it says that there is nothing: `null`, `~`, or no text at all."""
        return self.plain and self.value in ("", "null", "~")

    def part(self, start: int, end: int) -> Place:
        """Return the place of some of its characters; the whole scalar if they are not in its line."""
        written = self.text.lines[self.line - 1][self.column - 1 : self.end_column - 1]
        offset = written.find(self.value)
        if offset < 0 or not self.value:
            return Place(self.text, self.line, self.column, self.end_column)
        first = self.column + offset
        return Place(self.text, self.line, first + start, first + max(end, start + 1))


@define(eq=False)
class ListNode(Placed):
    """A list."""

    items: list[Node]


@define(eq=False)
class MapNode(Placed):
    """A map; every key once, in the author's order."""

    pairs: list[tuple[ScalarNode, Node]]


@define(eq=False)
class BrokenNode(Placed):
    """What could not be read and has its problem already: whoever meets one says no more."""


@define(eq=False)
class Place(Placed):
    """A place that is no node: some characters of one, or the file as a whole."""


Node: TypeAlias = ScalarNode | ListNode | MapNode | BrokenNode


@define(kw_only=True)
class Document:
    """What was read from one file."""

    root: Node | None
    """None where nothing can be said about the content; there is a problem then."""
    whole: Place
    """The file as a whole."""
    digest: str
    """SHA-256 of the bytes, in hexadecimal; empty where they could not be read."""
    problems: list[Problem]


def read(path: Path) -> Document:
    """Read one file. What is wrong with it is among the problems of the document; nothing is raised."""
    text = Text(str(path))
    whole = Place(text, 0, 0, 0)
    content = _bytes(path, text)
    if isinstance(content, Problem):
        return Document(root=None, whole=whole, digest="", problems=[content])
    digest = hashlib.sha256(content).hexdigest()
    try:
        characters = content.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = _undecodable(text, content, error)
        return Document(root=None, whole=whole, digest=digest, problems=[problem])
    text.lines = _BREAK.split(characters)
    problems = list(_forbidden(text))
    root = None if problems else _Builder(text, problems).build(characters)
    return Document(root=root, whole=whole, digest=digest, problems=problems)


def _bytes(path: Path, text: Text) -> bytes | Problem:
    try:
        mode = path.stat().st_mode
        # Nobody knows when a pipe or a device ends.
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return text.problem(0, 0, 0, "not-readable", "this is no regular file", "save the schema as a file")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            return text.problem(0, 0, 0, "no-file", "this is a link to a file that does not exist")
        siblings = _siblings(path)
        return text.problem(0, 0, 0, "no-file", "there is no such file", did_you_mean(path.name, siblings))
    except IsADirectoryError:
        return text.problem(0, 0, 0, "not-readable", "this is a folder", "name a file in it")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return text.problem(0, 0, 0, "not-readable", f"the file cannot be read: {why}")
    if len(content) > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES:,} bytes, the most that is read"
        return text.problem(0, 0, 0, "too-large", message, "is it a schema at all?")
    return content


def _siblings(path: Path) -> list[str]:
    try:
        return [one.name for one in path.parent.iterdir() if one.suffix in (".yaml", ".yml")]
    except OSError:
        return []


def _undecodable(text: Text, content: bytes, error: UnicodeDecodeError) -> Problem:
    before = content[: error.start].decode("utf-8")
    text.lines = _BREAK.split(before + content[error.start :].decode("utf-8", "replace"))
    lines = _BREAK.split(before)
    column = len(lines[-1]) + 1
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return text.problem(0, 0, 0, "encoding", "the file is UTF-16", "save it as UTF-8")
    message = f"the byte 0x{content[error.start]:02x} is not UTF-8"
    return text.problem(len(lines), column, column + 1, "encoding", message, "save the file as UTF-8")


def _forbidden(text: Text) -> Iterator[Problem]:
    for number, line in enumerate(text.lines, start=1):
        found = _FORBIDDEN.search(line)
        if found is None:
            continue
        column, character = found.start() + 1, found.group()
        if character == "\ufeff" and (number, column) == (1, 1):
            message, hint = "the file begins with a byte-order mark", "save it as UTF-8 without one"
        else:
            message = f"the character U+{ord(character):04X} cannot stand in a schema"
            hint = f'write it as "\\u{ord(character):04x}", in double quotes, if it is meant'
        yield text.problem(number, column, column + 1, "bad-character", message, hint)


class _Mark(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


def _mark(mark: _Mark | None) -> _Mark:
    if mark is None:
        raise TypeError("the parser gave an event without a place")
    return mark


class _Stop(Exception):
    """Nothing more can be read; the problem is noted."""


class _Builder:
    """Makes nodes of the parser's events."""

    def __init__(self, text: Text, problems: list[Problem]) -> None:
        self._text = text
        self._problems = problems

    def build(self, characters: str) -> Node | None:
        try:
            return self._document(yaml.parse(characters, Loader=_LOADER))
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except yaml.YAMLError as error:
            self._problems.append(self._text.problem(0, 0, 0, "yaml-syntax", f"this is no YAML: {error}"))
        except _Stop:
            pass
        return None

    def _document(self, stream: Iterator[events.Event]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._note(
                        event,
                        "second-document",
                        "a second document begins here",
                        "write one schema to a file",
                    )
                    return root
                root = self._node(next(stream), stream, 0)
        if root is None or (isinstance(root, ScalarNode) and root.is_null):
            message, hint = "there is no schema in this file", "begin with the line: emitter-typed: 1"
            self._problems.append(self._text.problem(0, 0, 0, "empty-file", message, hint))
            return None
        return root

    def _node(self, event: events.Event, stream: Iterator[events.Event], level: int) -> Node:
        text, line, column, end_column = self._place(event)
        if isinstance(event, events.AliasEvent):
            self._note(event, "yaml-feature", "aliases are not part of the language", "write it out")
            return BrokenNode(text, line, column, end_column)
        self._refuse_features(event)
        if isinstance(event, events.ScalarEvent):
            value = event.value
            if _SURROGATE.search(value):
                message = "half a surrogate pair is no character"
                self._note(event, "bad-character", message, "write the whole character")
                return BrokenNode(text, line, column, end_column)
            return ScalarNode(text, line, column, end_column, value, not event.style)
        if level >= MOST_LEVELS:
            message = f"lists and maps lie more than {MOST_LEVELS} deep in one another"
            self._note(event, "too-deep", message)
            raise _Stop
        if isinstance(event, events.SequenceStartEvent):
            node = ListNode(text, line, column, end_column, [])
            while not isinstance(inner := next(stream), events.SequenceEndEvent):
                node.items.append(self._node(inner, stream, level + 1))
            self._close(node, inner)
            return node
        return self._map(MapNode(text, line, column, end_column, []), stream, level)

    def _map(self, node: MapNode, stream: Iterator[events.Event], level: int) -> MapNode:
        known: dict[str, int] = {}
        while not isinstance(event := next(stream), events.MappingEndEvent):
            key = self._node(event, stream, level + 1)
            value = self._node(next(stream), stream, level + 1)
            if isinstance(key, ListNode | MapNode):
                message = "a key is a text, not a list or a map"
                self._problems.append(key.problem("key-not-text", message, "put it in quotes"))
            elif isinstance(key, BrokenNode):
                pass
            elif key.plain and key.value == "<<":
                self._problems.append(
                    key.problem("yaml-feature", "merge keys are not part of the language", "write it out")
                )
            elif key.value in known:
                message = f"the key {quoted(key.value)} stands here twice, first in line {known[key.value]}"
                self._problems.append(key.problem("duplicate-key", message, "keep one of the two"))
            else:
                known[key.value] = key.line
                node.pairs.append((key, value))
        self._close(node, event)
        return node

    def _refuse_features(self, event: events.Event) -> None:
        for name, what in (("anchor", "anchors"), ("tag", "YAML's tags")):
            if getattr(event, name, None) is not None:
                self._note(event, "yaml-feature", f"{what} are not part of the language", "take it away")

    def _place(self, event: events.Event) -> tuple[Text, int, int, int]:
        start, end = _mark(event.start_mark), _mark(event.end_mark)
        line, column = start.line + 1, start.column + 1
        if end.line == start.line:
            return self._text, line, column, max(end.column + 1, column)
        return self._text, line, column, self._line_end(line, column)

    def _line_end(self, line: int, column: int) -> int:
        return max(len(self._text.lines[line - 1].rstrip()) + 1, column)

    def _close(self, node: ListNode | MapNode, event: events.Event) -> None:
        end = _mark(event.end_mark)
        one_line = end.line + 1 == node.line
        node.end_column = end.column + 1 if one_line else self._line_end(node.line, node.column)

    def _note(self, event: events.Event, rule: Rule, message: str, hint: str = "") -> None:
        text, line, column, end_column = self._place(event)
        self._problems.append(text.problem(line, column, end_column, rule, message, hint))

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        said = error.problem or ""
        mark = error.problem_mark
        written = "" if mark is None else self._text.lines[min(mark.line, len(self._text.lines) - 1)]
        goes_on = mark is not None and written[: mark.column].rstrip().endswith(("]", "}"))
        # In braces, a text ends before a bracket.
        bracketed = mark is not None and _BRACKETED.search(written[: mark.column + 1]) is not None
        # What was opened and never closed is worth more than the place where that came out.
        if said == "found unexpected end of stream" or (
            "flow" in (error.context or "") and not goes_on and not bracketed
        ):
            mark = error.context_mark or mark
        if mark is None:
            self._problems.append(self._text.problem(0, 0, 0, "yaml-syntax", f"this is no YAML: {said}"))
            return
        line = min(mark.line + 1, len(self._text.lines))
        written = self._text.lines[line - 1]
        column = min(mark.column, len(written)) + 1
        indent = written[: len(written) - len(written.lstrip())]
        if "\t" in indent:
            column = indent.index("\t") + 1
            problem = self._text.problem(
                line, column, column + 1, "tab", "a tab stands in the indentation", "indent with spaces"
            )
        elif bracketed:
            message, hint = (
                "a bracket stands in a text",
                "a list is written [string]; any other text with a bracket stands in quotes",
            )
            problem = self._text.problem(line, column, column + 1, "yaml-syntax", message, hint)
        elif goes_on:
            message = "a text goes on after a closing bracket or brace"
            problem = self._text.problem(
                line, column, column + 1, "yaml-syntax", message, "put the whole text in quotes"
            )
        else:
            message, hint = next(
                ((ours, hint) for theirs, ours, hint in _SYNTAX if theirs in said),
                (f"this is no YAML: {said}", ""),
            )
            problem = self._text.problem(line, column, column + 1, "yaml-syntax", message, hint)
        self._problems.append(problem)
