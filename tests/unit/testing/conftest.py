"""A small test suite in a pytest of its own."""

from __future__ import annotations

from functools import partial

import pytest

from tests.unit.testing.suites import CONFTEST, Suite, run


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Runs a module of tests with our plugin, with those that it names, and with no others."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest(CONFTEST)
    return partial(run, pytester)
