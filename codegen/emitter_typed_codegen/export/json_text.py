"""JSON as these documents have it, and names as they may stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from emitter_typed_codegen.texts import HIDDEN

Json = dict[str, object]
"""An object of JSON."""


def json_text(document: Json) -> str:
    """Return a document whose first entry is the banner, as text.

    What does not show in it, or changes how its neighbours show, is escaped.
    """
    text = visible_json(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
    # The banner is in the first line, as in every file that is generated.
    return text.replace("{\n  ", "{ ", 1) + "\n"


def visible_json(text: str) -> str:
    """Return a text of JSON in which everything shows as it is."""
    return "\n".join(re.sub(HIDDEN, _escaped, line) for line in text.split("\n"))


def plain_number(value: int | float | str) -> int | float | str:
    """Return a number without a fraction that is none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def keys(names: Iterable[str]) -> dict[str, str]:
    """Return for each name a key that may stand in a reference: of ASCII letters, digits, `.`, `-` and `_`."""
    found: dict[str, str] = {}
    for name in names:
        key = re.sub(r"[^A-Za-z0-9._-]", lambda one: f"_u{ord(one[0]):x}_", name)
        while key in found.values():
            key += "_"
        found[name] = key
    return found
