"""Generated files, and only those, are marked so that hosts fold them in diffs."""

import subprocess

import pytest

from tests.helpers.tree import ROOT, has_banner


def test_the_marks_in_gitattributes_match_the_banners() -> None:
    """Asks git itself: a pattern that no longer matches anything looks right to every other reader."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    files = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")[:-1]
    present = [name for name in files if (ROOT / name).is_file()]
    answers = _git("check-attr", "-z", "--stdin", "linguist-generated", given="\0".join(present)).split("\0")
    marked = {name for name, value in zip(answers[0::3], answers[2::3], strict=False) if value == "set"}
    generated = {name for name in present if has_banner(_text(name))}

    assert generated, "no file with the banner: has the banner changed?"
    assert generated - marked == set(), "files with the banner that .gitattributes does not mark"
    # Data and empty files have no room for a banner.
    strays = {name for name in marked - generated if not name.endswith(".json") and _text(name)}
    assert strays == set(), "files that .gitattributes marks and that have no banner"


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8", errors="replace")


def _git(*arguments: str, given: str = "") -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60).stdout
