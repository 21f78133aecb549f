"""Makes links between pages work in the site as they do in the repository.

Some pages outside of docs/ are pages of the site, too: a file of docs/project/ or docs/examples/ stands for each. A
link to a file that is not in the site becomes plain text.
"""

import os.path
import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# A page of the site that stands for one of the root.
MIRRORED = {
    "examples/index": "examples/README.md",
    **{f"examples/{page.parent.name}": str(page.relative_to(ROOT)) for page in ROOT.glob("examples/*/README.md")},
    "project/architecture": "ARCHITECTURE.md",
    "project/changelog": "CHANGELOG.md",
    "project/contributing": "CONTRIBUTING.md",
    "project/security": "SECURITY.md",
    "project/tests": "tests/README.md",
}

_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])+)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def _in_site(text: str, file: Path, docname: str) -> str:
    """Return a page with its relative links as they are in the site."""
    pages = {ROOT / source: DOCS / f"{name}.md" for name, source in MIRRORED.items()}

    def linked(match: re.Match[str]) -> str:
        words, path, anchor = match.groups()
        target = Path(os.path.normpath(file.parent / path))
        if target.is_dir() and (target / "README.md").exists():
            target /= "README.md"
        target = pages.get(target, target)
        if not target.is_relative_to(DOCS):
            return words
        return f"[{words}]({os.path.relpath(target, (DOCS / docname).parent)}{anchor or ''})"

    return _LINK.sub(linked, text)


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    file = ROOT / MIRRORED[docname] if docname in MIRRORED else DOCS / f"{docname}.md"
    if docname in MIRRORED:
        app.env.note_dependency(str(file))
        content[0] = file.read_text("utf-8")
    content[0] = _in_site(content[0], file, docname)
    if docname == "decisions/README":
        content[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n[0-9]*\n```\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Is called by Sphinx."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
