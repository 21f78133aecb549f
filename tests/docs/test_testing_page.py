"""The tests that the page about testing shows pass, and what it names exists."""

from __future__ import annotations

import re

import pytest

from emitter_typed._testing import pytest_plugin
from emitter_typed.broker import Faults
from tests.helpers.loops import PROGRAM_LIMIT_S
from tests.helpers.pages import blocks
from tests.helpers.tree import ROOT

pytest_plugins = ["pytester"]

PAGE = (ROOT / "docs" / "how-to" / "testing.md").read_text("utf-8")


@pytest.mark.parametrize("number", range(len(blocks(PAGE, "python"))))
def test_each_example_passes(number: int, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "examples" / "home"))
    pytester.makepyfile(blocks(PAGE, "python")[number])
    pytester.runpytest_subprocess("-p", "emitter_typed", "-W", "error", timeout=PROGRAM_LIMIT_S).assert_outcomes(
        passed=blocks(PAGE, "python")[number].count("def test_")
    )


def test_each_fixture_has_a_line() -> None:
    listed = re.findall(r"`(emitter_\w+)`", PAGE.partition("## Fixtures")[2].partition("\n## ")[0])
    assert sorted(set(listed)) == sorted(name for name in vars(pytest_plugin) if name.startswith("emitter_"))


def test_each_fault_that_is_named_exists() -> None:
    table = PAGE.partition("## What goes wrong")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)\(", table)) - {"restart", "kill", "start"}
    assert named <= set(vars(Faults))
    assert len(named) > 10
