"""The file of breaks that were meant: each by its rule and path, with a reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import cast

from emitter_typed_codegen.compare import RULES
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.problems import did_you_mean, quoted

_KEYS = ("rule", "path", "reason", "schema")
_REQUIRED = ("rule", "path", "reason")
_ENTRY = re.compile(r"^\s*\[\[\s*accept\s*\]\]", re.MULTILINE)


class BadAccepted(Exception):
    """The file cannot be read, or an entry has a mistake. The text has a line for each, with its place."""


@frozen(kw_only=True)
class Accepted:
    """One break that was meant."""

    rule: str
    path: str
    reason: str
    schema: str | None
    """The schema that it is about, as a path from the file's folder; None: any."""
    line: int
    """The line where its entry begins, counted from 1."""


def read_accepted(path: Path) -> list[Accepted]:
    """Read a file of accepted breaks.

    Raises:
        BadAccepted: The file is missing, is not TOML, or an entry has a mistake.
    """
    try:
        text = path.read_text("utf-8")
        held: dict[str, object] = tomllib.loads(text)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadAccepted(f"{path}: cannot be read: {why}") from error
    mistakes = [f"{path}: there is no key {quoted(key)}: write [[accept]]" for key in held if key != "accept"]
    entries = held.get("accept", [])
    if not isinstance(entries, list):
        mistakes.append(f"{path}: write [[accept]], once for each break")
        entries = []
    lines = [text.count("\n", 0, found.end()) + 1 for found in _ENTRY.finditer(text)]
    accepted: list[Accepted] = []
    for number, entry in enumerate(cast("list[object]", entries)):
        line = lines[number] if number < len(lines) else 0
        found = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
        wrong = list(_mistakes(found))
        mistakes += [f"{path}:{line}: {one}" for one in wrong]
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
        raise BadAccepted("\n".join(mistakes))
    return accepted


def _mistakes(entry: dict[str, object]) -> list[str]:
    found = [
        "; ".join(filter(None, (f"there is no key {quoted(key)}", did_you_mean(key, _KEYS))))
        for key in entry
        if key not in _KEYS
    ]
    for key in _KEYS:
        value = entry.get(key)
        if value is None and key in _REQUIRED:
            found.append(f'it needs {key} = "…"')
        elif value is not None and not (isinstance(value, str) and value.strip()):
            found.append(f"{key} is a text that is not empty")
    rule = entry.get("rule")
    if isinstance(rule, str) and rule.strip():
        if rule not in RULES:
            found.append("; ".join(filter(None, (f"there is no rule {quoted(rule)}", did_you_mean(rule, RULES)))))
        elif not RULES[rule].breaking:
            found.append(f"{rule} breaks nothing: remove the entry")
    return found
