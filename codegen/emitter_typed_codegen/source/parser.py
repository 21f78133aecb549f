"""YAML into nodes.

A scalar stays the text that its author typed: only the type that the language asks for says what it means.
The parser's events are taken as they come, so nothing is ever constructed, and no alias is ever followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from emitter_typed_codegen.problems import Problem, Rule, quoted
from emitter_typed_codegen.source.loading import MarkedYAMLError, YAMLError, events, parsed
from emitter_typed_codegen.source.tree import BrokenNode, ListNode, MapNode, Node, ScalarNode, Text

MOST_LEVELS = 64
"""How deep lists and maps may lie in one another."""

_NO_PLACE = "the parser gave an event without a place"
_SURROGATE = "[\ud800-\udfff]"


def parse(characters: str, text: Text, problems: list[Problem]) -> Node | None:
    """Return the nodes of a document.

    Args:
        characters: The document.
        text: The same in lines, to which the nodes refer.
        problems: Where problems are added.

    Returns:
        The outermost node; None where nothing can be read. There is a problem for each part that cannot be.
    """
    before = len(problems)
    try:
        return _Builder(text, problems, frozenset()).build(parsed(characters))
    except YAMLError as error:
        del problems[before:]
        return _mended(text, problems, error)


def _mended(text: Text, problems: list[Problem], error: YAMLError) -> Node | None:
    """Return the nodes of what can be read of a text."""
    from emitter_typed_codegen.source.syntax import mend, syntax_problem

    mended = mend(text)
    problems += mended.problems
    if not mended.problems:
        if isinstance(error, MarkedYAMLError):
            problems.append(syntax_problem(text, error))
        else:
            problems.append(text.problem(0, 0, 0, "yaml-syntax", f"this cannot be read as YAML: {error}"))
        return None
    text.whole = mended.whole
    if not any(line.strip() for line in mended.lines):
        return None
    try:
        builder = _Builder(text, problems, frozenset(mended.broken))
        return builder.build(parsed("\n".join(mended.lines)))
    except YAMLError:
        return None


class _Stop(Exception):
    """Nothing more can be read; the problem is noted."""


class _Builder:
    """Makes nodes of the parser's events."""

    def __init__(self, text: Text, problems: list[Problem], broken: frozenset[int]) -> None:
        self._text = text
        self._problems = problems
        self._broken = broken

    def build(self, stream: Iterator[events.Event]) -> Node | None:
        try:
            return self._document(stream)
        except _Stop:
            return None

    def _document(self, stream: Iterator[events.Event]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    hint = "remove this line, or move what follows into a file of its own"
                    self._note(event, "second-document", "a second document begins here", hint)
                    return root
                root = self._node(next(stream), stream, 0)
        if root is None or (isinstance(root, ScalarNode) and root.is_null):
            message, hint = "the file is empty", "begin a schema with the line: emitter-typed: 1"
            self._problems.append(self._text.problem(0, 0, 0, "empty-file", message, hint))
            return None
        return root

    def _node(self, event: events.Event, stream: Iterator[events.Event], level: int) -> Node:
        text, line, column, end_column = self._place(event)
        if isinstance(event, events.AliasEvent):
            self._note(
                event,
                "yaml-feature",
                "this is an alias of YAML, which a schema cannot contain",
                "write out what it stands for, or put the text in quotes",
            )
            return BrokenNode(text, line, column, end_column)
        refused = self._refuse_features(event)
        if isinstance(event, events.ScalarEvent):
            value = event.value
            if not value and (refused or line in self._broken):
                return BrokenNode(text, line, column, end_column)
            if not value.isascii() and re.search(_SURROGATE, value):
                try:
                    # Libraries for JSON write one character as two escapes.
                    value = value.encode("utf-16", "surrogatepass").decode("utf-16")
                except UnicodeDecodeError:
                    message = "an escape in this text is half of a surrogate pair"
                    self._note(event, "bad-character", message, "write the whole character")
                    return BrokenNode(text, line, column, end_column)
            return ScalarNode(text, line, column, end_column, value, not event.style)
        if level >= MOST_LEVELS:
            message = f"lists and maps are nested more than {MOST_LEVELS} deep"
            self._note(event, "too-deep", message, "nest less: declare types for the inner parts")
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
            if isinstance(value, ScalarNode) and value.plain and not value.value:
                # The two parsers differ about where nothing is.
                value.line, value.column = key.line, key.end_column + 1
                value.end_column = value.column
            if isinstance(key, BrokenNode):
                pass
            elif not isinstance(key, ScalarNode):
                message = "a key must be a text, not a list or a map"
                self._problems.append(key.problem("key-not-text", message, "put it in quotes"))
            elif key.plain and key.value == "<<":
                # What it would bring is not missing.
                self._text.whole = False
                self._problems.append(
                    key.problem(
                        "yaml-feature",
                        "this is a merge key of YAML, which a schema cannot contain",
                        "write out the keys",
                    )
                )
            elif key.value in known:
                message = f"the key {quoted(key.value)} occurs twice, first in line {known[key.value]}"
                self._problems.append(key.problem("duplicate-key", message, "keep one of the two"))
            else:
                known[key.value] = key.line
                node.pairs.append((key, value))
        self._close(node, event)
        return node

    def _refuse_features(self, event: events.Event) -> bool:
        """Note an anchor or a tag, and tell whether there was one."""
        refused = False
        for name, what, sign in (("anchor", "an anchor", "&"), ("tag", "a tag", "!")):
            if getattr(event, name, None) is not None:
                message = f"this is {what} of YAML, which a schema cannot contain"
                hint = f"remove it, or put the text in quotes if the {sign} belongs to it"
                self._note(event, "yaml-feature", message, hint)
                refused = True
        return refused

    def _place(self, event: events.Event) -> tuple[Text, int, int, int]:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            raise TypeError(_NO_PLACE)
        line, column = start.line + 1, start.column + 1
        if end.line == start.line:
            return self._text, line, column, end.column + 1
        return self._text, line, column, self._line_end(line, column)

    def _line_end(self, line: int, column: int) -> int:
        return max(len(self._text.lines[line - 1].rstrip()) + 1, column)

    def _close(self, node: ListNode | MapNode, event: events.Event) -> None:
        end = event.end_mark
        if end is None:
            raise TypeError(_NO_PLACE)
        # Without brackets, the two parsers differ about where something ends.
        one_line = end.line + 1 == node.line and self._text.lines[end.line][end.column - 1 : end.column] in ("]", "}")
        node.end_column = end.column + 1 if one_line else self._line_end(node.line, node.column)

    def _note(self, event: events.Event, rule: Rule, message: str, hint: str = "") -> None:
        text, line, column, end_column = self._place(event)
        self._problems.append(text.problem(line, column, end_column, rule, message, hint))
