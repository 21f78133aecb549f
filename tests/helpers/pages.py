"""The pages of the repository, and the blocks of code in them."""

import re
import textwrap

from tests.helpers.tree import ROOT

_FOLDERS = ("*.md", "docs/**/*.md", "examples/*.md", "examples/*/*.md", "schema/*.md", "tests/*.md")
PAGES = sorted(page for pattern in _FOLDERS for page in ROOT.glob(pattern))
README = (ROOT / "README.md").read_text("utf-8")

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w{}-]*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of a language, in their order; `sh` are commands."""
    found = _BLOCK.finditer(page)
    return [textwrap.dedent(block["code"]) for block in found if block["language"] == language]
