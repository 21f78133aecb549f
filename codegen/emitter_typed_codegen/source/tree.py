"""Nodes that know their places in a file, and what a file was read into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from attrs import field

from emitter_typed_codegen.data import define
from emitter_typed_codegen.problems import Problem, Rule


@define(eq=False)
class Text:
    """The text of one file, for the problems in it."""

    file: str
    lines: list[str] = field(factory=list[str], repr=False)
    whole: bool = True
    """Whether every key of it could be read: only then is something missing that is not there."""

    def problem(self, line: int, column: int, end_column: int, rule: Rule, message: str, hint: str = "") -> Problem:
        """Make a problem at a place of this file, all counted from 1; line 0 is the file as a whole."""
        hint = " ".join(hint.split("\n"))
        # What to write may hold a text of the schema. One with characters that nobody sees cannot be copied.
        return Problem(
            file=self.file,
            line=line,
            column=column,
            end_column=end_column,
            rule=rule,
            message=message,
            hint=hint if hint.isprintable() else "",
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
    """What could not be read and has its problem already: no more problems are noted of it."""


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
    problems: list[Problem]


def written_imports(root: Node | None) -> Iterator[str]:
    """Yield the paths that a schema imports, as they are written, whatever else it says."""
    for key, value in root.pairs if isinstance(root, MapNode) else ():
        if key.value == "imports" and isinstance(value, MapNode):
            yield from (
                node.value for _, node in value.pairs if isinstance(node, ScalarNode) and "\0" not in node.value
            )
