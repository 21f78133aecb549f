"""`python -m tests.docs.keys_tables` writes the tables of keys in docs/reference/language.md anew."""

from __future__ import annotations

import re

from emitter_typed_codegen.language.limits import LIMITS
from emitter_typed_codegen.language.protocol import (
    ENVELOPE,
    ERROR,
    EVENT,
    OPERATION,
    OPTION,
    PAGES,
    PROTOCOL_KEYS,
    REQUEST,
)
from emitter_typed_codegen.language.shapes import Key, Shape
from emitter_typed_codegen.language.users import CHANNEL, FIELD, KINDS
from tests.helpers.tree import ROOT

PAGE = ROOT / "docs" / "reference" / "language.md"

SHAPES: dict[str, Shape] = {
    shape.name: shape for shape in (*KINDS, FIELD, CHANNEL, ENVELOPE, REQUEST, EVENT, OPERATION, PAGES, OPTION, ERROR)
}
"""The tables of the page, each below a comment with the name of its shape."""

_FORM = re.compile(r"^<!-- keys: ([a-z-]+) -->\n(?:\n(?:\|.*\n)*)?", re.MULTILINE)


def table(shape: Shape) -> str:
    """Return the table of the keys of a shape."""
    of = [", ".join(f"`{verb}`" for verb in key.verbs) or "all" for key in shape.keys]
    with_verbs = {*of} != {"all"}
    heads = ["key", "of", "meaning"] if with_verbs else ["key", "meaning"]
    lines = [heads, ["---"] * len(heads)]
    for key, verbs in zip(shape.keys, of, strict=True):
        if key.name not in LIMITS:
            lines.append([f"`{key.name}`", *([verbs] if with_verbs else []), _meaning(key)])
    if len(shape.keys) > len([key for key in shape.keys if key.name not in LIMITS]):
        lines.append(["limits", "[those of its type](#limits)"])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _meaning(key: Key) -> str:
    required = "Required. " if key.required else ""
    default = f" Default: `{key.default}`." if key.default else ""
    return f"{required}{key.doc}{default}".replace("|", "\\|")


def with_tables(page: str) -> str:
    """Return a page with the tables as they are now."""
    return _FORM.sub(lambda found: f"<!-- keys: {found[1]} -->\n\n{table(SHAPES[found[1]])}", page)


def every_key() -> set[str]:
    """Return the names of all keys that the page is to tell."""
    return {key.name for shape in SHAPES.values() for key in shape.keys} | {key.name for key in PROTOCOL_KEYS}


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
