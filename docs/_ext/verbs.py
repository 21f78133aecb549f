"""Writes the page of the verbs out of the parsers that read their arguments: `<!-- verbs -->` becomes all of them."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator

from sphinx.application import Sphinx

from emitter_typed._cli.verbs import GROUPS, Verb

MARK = "<!-- verbs -->"
_LITERAL = re.compile(r"(?<![\w`])(--[a-z][\w-]*(?: [@A-Z]\w*)?|[A-Z]+_[A-Z_]+|@FILE|@-)(?![\w`])")


def page() -> str:
    """Return what stands in the place of the mark."""
    parts: list[str] = []
    for group, verbs in GROUPS.items():
        parts.append(f"## {group[0].upper()}{group[1:]}")
        for verb in verbs:
            parts += _verb(verb)
    return "\n\n".join(parts)


def _verb(verb: Verb) -> Iterator[str]:
    parser = verb.load().parser(verb.name)
    yield f"### `{verb.name}`"
    yield _literal(parser.description or "")
    if verb.extra is not None:
        yield f"It needs the extra `{verb.extra}`."
    yield f"```text\n{parser.format_usage()}```"
    if rows := list(_rows(parser)):
        yield "\n".join(["| argument | meaning |", "| --- | --- |", *rows])
    for paragraph in (parser.epilog or "").split("\n\n"):
        if paragraph.startswith("example: "):
            yield f"```text\n$ {paragraph.removeprefix('example: ')}\n```"
        elif paragraph:
            yield _literal(" ".join(paragraph.split()))


def _rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    formatter = parser._get_formatter()
    for group in parser._action_groups:
        for action in group._group_actions:
            if action.help in (None, argparse.SUPPRESS) or "--help" in action.option_strings:
                continue
            meaning = _literal(formatter._expand_help(action)).replace("|", "\\|")
            yield f"| `{formatter._format_action_invocation(action)}` | {meaning} |"


def _literal(text: str) -> str:
    return _LITERAL.sub(r"`\1`", text).replace("<", "\\<")


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    if MARK in content[0]:
        # argparse breaks lines by this.
        os.environ["COLUMNS"] = "88"
        content[0] = content[0].replace(MARK, page())


def setup(app: Sphinx) -> dict[str, bool]:
    """Is called by Sphinx."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
