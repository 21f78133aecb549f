"""Runs a small test suite in a pytest of its own, with the plugins that it asks for and no others."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.helpers.loops import PROGRAM_LIMIT_S

# What is left when all tests and fixtures are over: threads of ours, and tasks in a loop that is about to close.
CONFTEST = """\
import asyncio, threading

close = asyncio.Runner.close

def close_without_tasks(runner):
    # In anyio's loop runs a task that is anyio's own.
    left = [one for one in asyncio.all_tasks(runner.get_loop()) if "TestRunner" not in repr(one)]
    close(runner)
    assert not left, left

asyncio.Runner.close = close_without_tasks

def pytest_configure(config):
    config.addinivalue_line("markers", "asyncio: of a plugin that may not be there")
    config.addinivalue_line("markers", "anyio: of a plugin that may not be there")

def pytest_unconfigure(config):
    others = [one.name for one in threading.enumerate() if one.name.startswith(("emitter", "paho"))]
    assert not others, others
"""

Suite = Callable[..., pytest.RunResult]


def run(pytester: pytest.Pytester, test: str, *arguments: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
    """Run one module of tests with warnings as errors, in development mode.

    Args:
        pytester: Where to.
        test: The module's source.
        *arguments: For pytest.
        plugins: The entry points of the plugins to load besides ours.
    """
    pytester.makepyfile(test_it=test)
    named = [word for plugin in ("emitter_typed", *plugins) for word in ("-p", plugin)]
    # What pytest-asyncio wants to be told, lest it warns.
    scope = ["-o", "asyncio_default_fixture_loop_scope=function"] if "asyncio" in plugins else []
    command = [sys.executable, "-X", "dev", "-m", "pytest", "-W", "error", *named, *scope, *arguments]
    return pytester.run(*command, timeout=PROGRAM_LIMIT_S)
