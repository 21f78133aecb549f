"""What the page about payloads without a client shows is what happens; its service is tried by `tests/conformance`."""

import doctest
import sys

import pytest

from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

PAGE = "docs/how-to/payloads.md"


def test_the_examples_give_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "examples" / "home"), *sys.path])
    examples = "\n".join(blocks((ROOT / PAGE).read_text("utf-8"), "pycon"))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE, PAGE, 0)

    result = doctest.DocTestRunner(verbose=False).run(test)

    assert result.attempted >= 10
    assert result.failed == 0, "see the output above"
