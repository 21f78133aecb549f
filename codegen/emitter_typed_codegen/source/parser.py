"""YAML into nodes. The only importer of the YAML library.

A scalar stays the text that its author typed: only the type that the language asks for says what it means.
The parser's events are taken as they come, so nothing is ever constructed, and no alias is ever followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

import yaml
from yaml import events

from emitter_typed_codegen.problems import Problem, Rule, quoted
from emitter_typed_codegen.source.tree import BrokenNode, ListNode, MapNode, Node, ScalarNode, Text

MOST_LEVELS = 64
"""How deep lists and maps may lie in one another."""

# The loader that is written in C is not in every build of PyYAML.
_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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


def parse(characters: str, text: Text, problems: list[Problem]) -> Node | None:
    """Return the nodes of a document.

    Args:
        characters: The document.
        text: The same in lines, to which the nodes refer.
        problems: Where problems are added.

    Returns:
        The outermost node; None where it cannot be read, for which there is a problem then.
    """
    return _Builder(text, problems).build(characters)


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
        wording = error.problem or ""
        mark = error.problem_mark
        written = "" if mark is None else self._text.lines[min(mark.line, len(self._text.lines) - 1)]
        goes_on = mark is not None and written[: mark.column].rstrip().endswith(("]", "}"))
        # In braces, a text ends before a bracket.
        bracketed = mark is not None and _BRACKETED.search(written[: mark.column + 1]) is not None
        # What was opened and never closed is worth more than the place where that came out.
        if wording == "found unexpected end of stream" or (
            "flow" in (error.context or "") and not goes_on and not bracketed
        ):
            mark = error.context_mark or mark
        if mark is None:
            self._problems.append(self._text.problem(0, 0, 0, "yaml-syntax", f"this is no YAML: {wording}"))
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
                ((ours, hint) for theirs, ours, hint in _SYNTAX if theirs in wording),
                (f"this is no YAML: {wording}", ""),
            )
            problem = self._text.problem(line, column, column + 1, "yaml-syntax", message, hint)
        self._problems.append(problem)
