"""Draws what an editor shows: the tutorial's display, with the answers of pyright's language server at one place.

`python -m tools.editor_picture` writes docs/_static/editor.svg. With `--check` it writes nothing, and ends with 1
if the picture would change.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]  # options of all lexers

from tests.docs.page_runner import noted_blocks
from tests.docs.tutorial import PAGE
from tools.language_server import Pyright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "_static" / "editor.svg"
# Where the cursor stands: before this name, which is not typed yet.
NAME = "celsius"

WIDTH, LINE, LEFT, TOP = 700, 21, 24, 52
CHARACTER = 7.83
ENTRIES = 4
STYLE = """\
svg { color-scheme: light dark; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.window { fill: #ffffff; stroke: #d0d4da; } .bar, .chosen { fill: #e8edf5; } .card { fill: #f6f7f9; stroke: #c2c8d0; }
text { fill: #24292f; white-space: pre; }
.keyword { fill: #8250df; } .text { fill: #0a6640; } .number { fill: #0550ae; }
.name { fill: #24292f; } .comment, .soft { fill: #6a737d; } .cursor { stroke: #24292f; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  .window { fill: #16191f; stroke: #3b424d; } .bar, .chosen { fill: #2a3240; } .card { fill: #20252d; stroke: #48505c; }
  text, .name { fill: #d7dce3; } .keyword { fill: #c8a5ff; } .text { fill: #8fd6a8; } .number { fill: #8cc4ff; }
  .comment, .soft { fill: #98a2ae; } .cursor { stroke: #d7dce3; }
}"""
COLOURS = {
    "Token.Keyword": "keyword",
    "Token.Operator.Word": "keyword",
    "Token.Literal.Number": "number",
    "Token.Literal.String": "text",
}
KINDS = {2: "method", 5: "field", 6: "field", 7: "class", 10: "property"}


def main(arguments: list[str]) -> int:
    """Draw the picture, or compare it."""
    (program,) = (block.code for block in noted_blocks(PAGE) if block.file == "display.py")
    drawn = draw(program)
    if "--check" in arguments:
        if PICTURE.read_text("utf-8") != drawn:
            print(f"{PICTURE.relative_to(ROOT)} would change: run python -m tools.editor_picture", file=sys.stderr)
            return 1
        return 0
    PICTURE.write_text(drawn, "utf-8")
    return 0


def draw(program: str) -> str:
    """Return the picture of a program with the completions and the text that belong to its place."""
    # The first line is the name of the file, which is the picture's title.
    program = program.partition("\n")[2]
    lines = program.splitlines()
    ((row, column),) = ((row, line.index(NAME)) for row, line in enumerate(lines) if NAME in line)
    with tempfile.TemporaryDirectory(prefix="emitter-typed-editor-") as name:
        folder = Path(name).resolve()
        shutil.copytree(ROOT / "examples" / "home" / "home_api", folder / "home_api")
        path = folder / "display.py"
        path.write_text(program, "utf-8")
        with Pyright(folder) as server:
            uri = server.open(path)
            items = [item for item in server.complete(uri, row, column) if not item.label.startswith("_")]
            hover = server.hover(uri, row, column)
    body = list(_program([*lines[:row], lines[row][:column]]))
    x, y = LEFT + column * CHARACTER, TOP + row * LINE
    body.append(f'<path class="cursor" d="M{x:.1f} {y - 14} v18"/>')
    y += 12
    x -= CHARACTER
    body.append(f'<rect class="card" x="{x:.1f}" y="{y}" width="160" height="{ENTRIES * LINE + 10}" rx="5"/>')
    for index, item in enumerate(items[:ENTRIES]):
        if item.label == NAME:
            chosen = f'x="{x + 1:.1f}" y="{y + 1 + index * LINE}" width="158" height="{LINE + 6}" rx="4"'
            body.append(f'<rect class="chosen" {chosen}/>')
        at = y + 19 + index * LINE
        body.append(f'<text x="{x + 10:.1f}" y="{at}">{html.escape(item.label)}</text>')
        kind = KINDS.get(item.kind, "")
        body.append(f'<text class="soft" x="{x + 150:.1f}" y="{at}" text-anchor="end">{kind}</text>')
    told = _plain(hover)
    width = max(map(len, told)) * CHARACTER + 20
    left = x - width - 6
    body.append(
        f'<rect class="card" x="{left:.1f}" y="{y}" width="{width:.1f}" height="{len(told) * LINE + 10}" rx="5"/>'
    )
    for index, line in enumerate(told):
        kind = "keyword" if index == 0 else "name"
        at = y + 19 + index * LINE
        body.append(f'<text class="{kind}" x="{left + 10:.1f}" y="{at}">{html.escape(line)}</text>')
    height = y + max(ENTRIES, len(told)) * LINE + 28
    return _picture(height, body)


def _picture(height: int, body: list[str]) -> str:
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">',
        '<title id="title">An editor completes the fields of a message, and shows the unit and limits of one</title>',
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="window" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        f'<path class="bar" d="M1 28V8q0-7 7-7h{WIDTH - 16}q7 0 7 7v20z"/>',
        '<text class="soft" x="24" y="19">display.py</text>',
    )
    return "\n".join([*head, *body, "</svg>\n"])


def _program(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a program, with a colour for each kind of word."""
    lexer = get_lexer_by_name("python", ensurenl=False, stripnl=False)
    for row, line in enumerate(lines):
        spans: list[str] = []
        for token, text in lexer.get_tokens(line):
            kind = next((kind for kinds, kind in COLOURS.items() if str(token).startswith(kinds)), "")
            spans.append(f'<tspan class="{kind}">{html.escape(text)}</tspan>' if kind else html.escape(text))
        if line:
            yield f'<text xml:space="preserve" x="{LEFT}" y="{TOP + row * LINE}">{"".join(spans)}</text>'


def _plain(markdown: str) -> list[str]:
    """Return the lines of what a server shows, without the signs of Markdown."""
    lines = [line for line in markdown.splitlines() if line and line != "---" and not line.startswith("```")]
    return [re.sub(r"\\(.)", r"\1", line) for line in lines]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
