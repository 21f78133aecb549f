"""The file of breaks that were meant: each by its rule and path, with a reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from emitter_typed_codegen.compare import RULES
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.language.shapes import listed
from emitter_typed_codegen.paths import unreadable
from emitter_typed_codegen.problems import did_you_mean, quoted

_KEYS = ("rule", "path", "reason", "schema")
_REQUIRED = ("rule", "path", "reason")
_ENTRY = re.compile(r"^\s*\[\[\s*accept\s*\]\]", re.MULTILINE)


class BadAccepted(Exception):
    """The file cannot be read, or an entry has a mistake. The text has a line for each, with its place.

    Attributes:
        entries: Those without a mistake.
    """

    entries: list[Accepted]

    def __init__(self, message: str, entries: Iterable[Accepted] = ()) -> None:
        """Hold the mistakes, and what is right."""
        super().__init__(message)
        self.entries = [*entries]


@frozen(kw_only=True)
class Accepted:
    """One break that was meant."""

    rule: str
    path: str
    reason: str
    schema: str | None
    """The schema that it is about, or the imported file that it is in, as a path from the file's folder; None: any."""
    line: int
    """The line where its entry begins, counted from 1."""


def read_accepted(path: Path) -> list[Accepted]:
    """Read a file of accepted breaks.

    Raises:
        BadAccepted: The file is missing, is not TOML, or an entry has a mistake.
    """
    file = path.as_posix()
    try:
        text = path.read_text("utf-8")
        held: dict[str, object] = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadAccepted(f"{file}: the file of accepted breaks {unreadable(error)}") from error
    mistakes = [f"{file}: unknown key {quoted(key)}: write [[accept]]" for key in held if key != "accept"]
    entries = held.get("accept", [])
    if not isinstance(entries, list):
        mistakes.append(f"{file}: accept must be a list of tables: write [[accept]] before each break")
        entries = []
    lines = [text.count("\n", 0, found.end()) + 1 for found in _ENTRY.finditer(text)]
    accepted: list[Accepted] = []
    for number, entry in enumerate(cast("list[object]", entries)):
        line = lines[number] if number < len(lines) else 0
        found = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
        wrong = list(_mistakes(found))
        mistakes += [f"{file}:{line}: {one}" for one in wrong]
        if not wrong:
            texts = cast("dict[str, str]", found)
            accepted.append(
                Accepted(
                    rule=texts["rule"],
                    path=texts["path"],
                    reason=texts["reason"],
                    schema=texts.get("schema"),
                    line=line,
                )
            )
    if mistakes:
        raise BadAccepted("\n".join(mistakes), accepted)
    return accepted


def _mistakes(entry: dict[str, object]) -> list[str]:
    found = [
        f"unknown key {quoted(key)}: {did_you_mean(key, _KEYS) or f'its keys are {listed(_KEYS)}'}"
        for key in entry
        if key not in _KEYS
    ]
    for key in _KEYS:
        value = entry.get(key)
        if value is None and key in _REQUIRED:
            found.append(f'{key} is missing: write {key} = "…"')
        elif value is not None and not (isinstance(value, str) and value.strip()):
            found.append(f"{key} must be a text that is not empty")
    rule = entry.get("rule")
    if isinstance(rule, str) and rule.strip():
        if rule not in RULES:
            hint = did_you_mean(rule, RULES) or "emitter-typed diff prints the rule of each break"
            found.append(f"unknown rule {quoted(rule)}: {hint}")
        elif not RULES[rule].breaking:
            found.append(f"{rule} breaks nothing, so it need not be accepted: remove the entry")
    return found
