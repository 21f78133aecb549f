"""What `docs/how-to/troubleshooting.md` quotes is what the package and mypy say."""

import re

import pytest

from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "how-to" / "troubleshooting.md").read_text("utf-8")


def quoted(heading: str) -> list[str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize("text", quoted("Error messages"))
def test_an_error_that_is_quoted_is_in_the_source(text: str) -> None:
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "codegen").rglob("*.py")]

    assert any(text in file.read_text("utf-8") for file in sources)


@pytest.mark.parametrize("text", quoted("Errors of type checkers"))
def test_an_error_of_mypy_that_is_quoted_is_one_that_it_prints(text: str) -> None:
    outputs = (ROOT / "tests" / "typing" / "bad").glob("*.mypy.txt")

    assert any(text in file.read_text("utf-8") for file in outputs)
