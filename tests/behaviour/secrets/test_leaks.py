"""The search that every test goes through finds a key wherever one is shown."""

import pytest

from tests.helpers.tree import ROOT

pytest_plugins = ("pytester",)

PROGRAM = """
import logging
import pytest
from emitter_typed import EmitterError
from tests.conftest import *

def test_that_logs_a_key(broker):
    logging.getLogger("emitter_typed.anything").debug("topic=%s/a/", broker.keygen("a/", "r").reveal())

def test_that_prints_a_key(broker):
    print("x" + broker.keygen("a/", "r").reveal())

def test_that_raises_a_key(broker):
    with pytest.raises(EmitterError):
        raise EmitterError("no " + broker.master_key)

def test_that_shows_none(broker):
    print(broker.keygen("a/", "r"))
"""


def test_a_test_that_shows_a_key_fails(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.checks"]')
    pytester.makepyfile(PROGRAM)
    done = pytester.runpytest_subprocess("-o", f"pythonpath={ROOT}", "-p", "no:xdist", "-p", "no:asyncio")
    done.assert_outcomes(passed=4, errors=3)
    for name in ("logs", "prints", "raises"):
        done.stdout.fnmatch_lines([f"ERROR *test_that_{name}_a_key - keys*"])
