"""Generated files, and only those, are marked so that hosts fold them in diffs."""

import subprocess

import pytest

from tests.architecture.tree import ROOT, has_banner


def test_the_marks_in_gitattributes_match_the_banners() -> None:
    """Asks git itself: a pattern that no longer matches anything looks right to every other reader."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    files = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")[:-1]
    present = [name for name in files if (ROOT / name).is_file()]
    answers = _git("check-attr", "-z", "--stdin", "linguist-generated", given="\0".join(present)).split("\0")
    marked = {name for name, value in zip(answers[0::3], answers[2::3], strict=False) if value == "set"}
    # The manifest is data and has no room for a comment; it lists what the compiler owns, itself left out.
    generated = {name for name in present if has_banner(_text(name)) or name.endswith("/manifest.json")}

    assert generated, "no file with the banner: has the banner changed?"
    assert marked == generated


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8", errors="replace")


def _git(*arguments: str, given: str = "") -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60).stdout
