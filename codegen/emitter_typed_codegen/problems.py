"""A problem in a schema: its place, its rule, what is wrong and what to do; and how problems are shown."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterable
from typing import Literal

from attrs import field

from emitter_typed_codegen.data import frozen

Format = Literal["text", "json", "github"]
"""How problems are written: for people, for programs, as annotations of a GitHub workflow."""

Level = Literal["error", "warning", "notice"]
"""How grave an annotation of a GitHub workflow is."""

Rule = Literal[
    "no-file", "not-readable", "too-large", "encoding", "bad-character", "empty-file",
    "yaml-syntax", "yaml-feature", "tab", "second-document", "duplicate-key", "key-not-text", "too-deep",
    "unknown-key", "missing-key", "wrong-shape", "language-version",
    "bad-name", "reserved-name", "name-collision", "wire-collision",
    "type-syntax", "unquoted-type", "unknown-type", "misplaced-type", "several-types", "secret-type",
    "distinct-type", "alias-cycle",
    "endless-record", "bad-import", "import-cycle",
    "bad-value", "bad-limit", "slow-pattern", "bad-default", "bad-format", "bad-blank", "bad-required",
    "parameter-order", "duplicate-value", "enum-number", "flag-letter", "union-member", "union-tag", "union-values",
    "union-present",
    "bad-topic", "topic-parameter", "unknown-event", "event-payload", "event-channel", "unknown-error",
    "bad-status", "duplicate-status", "unknown-operation", "typed-operation", "wait-publish",
    "no-replay-subscribe", "no-echo-publish", "stored-fetch", "lasting-request", "watch-request", "fetch-pages",
    "request-options", "unknown-option", "option-not-taken", "bad-option", "header-option", "needs-envelope",
    "bad-address", "reserved-channel", "address-parameter", "parameter-type", "overlap",
    "output",
]  # fmt: skip
"""The rules of the language, by the id that a problem names, and `output` for what speaks against writing."""

MOST_PROBLEMS = 1000
"""How many problems of a schema are told at once."""

_SHOWN_CHARACTERS = 60
_EXCERPT_WIDTH = 96
_CONTEXT_BEFORE = 40


@frozen(kw_only=True)
class Problem:
    """One rule of the language that a schema breaks, at one place."""

    file: str
    """The file as the caller named it."""
    line: int = 0
    """Counted from 1; 0 where the problem is the file as a whole."""
    column: int = 0
    """The first character that is meant, counted from 1; 0 where the problem is the file as a whole."""
    end_column: int = 0
    """The first character that is no longer meant, on the same line."""
    rule: Rule
    message: str
    """What is wrong, in one line."""
    hint: str = ""
    """What to do about it, in one line; empty if the message says it all."""
    excerpt: str = field(default="", repr=False)
    """The line of the file."""


class SchemaProblems(Exception):
    """A schema that breaks rules of the language. Nothing was made of it.

    Attributes:
        problems: All that was found in one pass, in the order of their places; never empty, and never more than a
            thousand, the first ones then.
    """

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Sort the problems by place, and hold them."""
        in_order = sorted(problems, key=lambda one: (one.file, one.line, one.column, one.rule))
        self.problems = tuple(in_order[:MOST_PROBLEMS])
        super().__init__(self.problems)

    def __str__(self) -> str:
        return render(self.problems, "text")


def quoted(text: str) -> str:
    """Return a text of the schema as a message shows it: in quotes, on one line, and short."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    if not shown.isprintable():
        # repr would double backslashes, which reads badly in patterns and channels.
        shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in shown)
    return f"'{shown}'"


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the name that is closest to a text, or nothing where none is close."""
    import difflib

    by_folded = {_folded(name): name for name in sorted(names)}
    # Ratio costs the product of the lengths: nobody misspells a name into a novel.
    wanted = _folded(text[:_SHOWN_CHARACTERS])
    alike = difflib.get_close_matches(wanted, by_folded, n=3, cutoff=0.6)
    # `Trip` and `string` have three letters in common, and no more.
    slips = {name: _slips(wanted, name) for name in alike}
    close = min(alike, key=lambda name: (slips[name], abs(len(name) - len(wanted))), default=None)
    if close is None or slips[close] > _most_slips(len(wanted)):
        return ""
    return f"did you mean {quoted(by_folded[close])}?"


def _folded(name: str) -> str:
    return name.casefold().translate({ord("-"): None, ord("_"): None})


def _slips(text: str, name: str) -> int:
    """Return how many letters are wrong, missing, too many or in the wrong order."""
    before: list[int] = []
    row = list(range(len(name) + 1))
    for n, letter in enumerate(text, start=1):
        before, last, row = row, before, [n]
        for m, other in enumerate(name, start=1):
            cost = min(before[m] + 1, row[m - 1] + 1, before[m - 1] + (letter != other))
            if n > 1 and m > 1 and letter == name[m - 2] and text[n - 2] == other:
                cost = min(cost, last[m - 2] + 1)
            row.append(cost)
    return row[-1]


def _most_slips(length: int) -> int:
    return 0 if length < 3 else 1 if length < 6 else 2 if length < 10 else 3


def render(problems: Iterable[Problem], format: Format) -> str:
    """Write problems in one of the formats, each ending in a line break.

    Args:
        problems: The problems, in the order in which they are to be written.
        format: `text` for people, `json` for one array of objects, `github` for workflow commands.

    Returns:
        The text; empty for no problems as text or for GitHub.
    """
    if format == "json":
        return json.dumps([_as_json(one) for one in problems], indent=2) + "\n"
    return "".join((_as_text if format == "text" else _as_github)(one) for one in problems)


def _as_json(problem: Problem) -> dict[str, str | int]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "end_column": problem.end_column,
        "rule": problem.rule,
        "message": problem.message,
        "hint": problem.hint,
    }


def _as_text(problem: Problem) -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    lines = [f"{place}: {problem.rule}: {problem.message}"]
    if problem.excerpt.strip():
        lines += _excerpt(problem)
    if problem.hint:
        lines.append(f"  hint: {problem.hint}")
    return "\n".join(lines) + "\n"


def _excerpt(problem: Problem) -> tuple[str, str]:
    start = problem.column - 1
    left = max(0, start - _CONTEXT_BEFORE) if len(problem.excerpt) > _EXCERPT_WIDTH else 0
    right = left + _EXCERPT_WIDTH
    shown = "".join(
        " " if char == "\t" else char if char.isprintable() else "·" for char in problem.excerpt[left:right]
    )
    marked = shown[start - left : max(problem.end_column - 1, problem.column) - left]
    before = "…" if left else ""
    after = "…" if right < len(problem.excerpt) else ""
    number = f"  {problem.line} | "
    gutter = " " * (len(number) - 2) + "| "
    indent = " " * (len(before) + _width(shown[: start - left]))
    return (
        f"{number}{before}{shown.rstrip()}{after}".rstrip(),
        f"{gutter}{indent}{'^' * max(1, _width(marked))}",
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _as_github(problem: Problem) -> str:
    body = f"{problem.message}\n{problem.hint}".rstrip("\n")
    place = problem.line, problem.column, problem.end_column
    return github_command("error", problem.file, *place, problem.rule, body)


def github_command(
    level: Level,
    file: str,
    line: int,
    column: int,
    end_column: int,
    title: str,
    body: str,
) -> str:
    """Return an annotation of a GitHub workflow, at a place of a file; line 0 is the file as a whole."""
    # Line 0 is no line of a file's page: the annotation goes to its top.
    places = f",line={line},col={column},endColumn={end_column}" if line else ""
    name = _escaped(file.replace(os.sep, "/")).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} file={name}{places},title={title}::{_escaped(body)}\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
