"""Says whether a tag may become a release: `python -m tools.release_check v0.1.0`. Run by the release workflow."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from emitter_typed_codegen.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/how-to/installing.md", "docs/tutorial.md")

_DENIAL = re.compile(r"There is no release|\| on a package index \| not yet")


def problems(tag: str, version: str, changelog: str, pages: Mapping[str, str]) -> list[str]:
    """Return what keeps a tag from being the release of a version.

    Args:
        tag: The tag.
        version: The version of the package.
        changelog: The text of CHANGELOG.md.
        pages: The texts of the pages that tell how to install, by their names.
    """
    found: list[str] = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, and the package is version {version}: the tag must be v{version}")
    section = re.search(rf"^## \[{re.escape(version)}\] - (\S+)$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None:
        found.append(f"CHANGELOG.md has no section `## [{version}] - YYYY-MM-DD`")
    elif not re.fullmatch(r"\d{4}-\d{2}-\d{2}", section[1]):
        found.append(f"CHANGELOG.md gives {section[1]} as the date of {version}: write YYYY-MM-DD")
    elif "- " not in section[2]:
        found.append(f"CHANGELOG.md says nothing of {version}")
    for name, text in pages.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if _DENIAL.search(line):
                found.append(f"{name}:{number} says that there is no release: write how to install this one")
    return found


def main(arguments: list[str]) -> int:
    """Print what is wrong; 0 if nothing is, 1 otherwise, 2 for wrong usage."""
    if len(arguments) != 1:
        print("usage: python -m tools.release_check TAG", file=sys.stderr)
        return 2
    pages = {name: (ROOT / name).read_text("utf-8") for name in PAGES}
    found = problems(arguments[0], VERSION, (ROOT / "CHANGELOG.md").read_text("utf-8"), pages)
    for problem in found:
        print(f"release-check: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
