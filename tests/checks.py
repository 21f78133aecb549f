"""What every test lives with, also those of the examples: no thread left behind, no key shown, no wait and no log line
under a lock, examples of Hypothesis that CI can repeat.

A run of the tests with the marker `tools` ends with a list of those that were skipped.
"""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.examples import ALL, EXAMPLES
from tests.helpers.leaks import Leaks
from tests.helpers.locks import LockSentinel
from tests.helpers.threads import left_behind
from tests.helpers.tree import ROOT

# A shell ignores Ctrl-C for what it starts in the background, and so would the programs that the tests start and end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast examples come says more about the machine than about the code.
settings.register_profile(
    "dev", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=EXAMPLES // 5
)
# The same examples in every run: a change is judged by what it changes; new examples are found at the desk.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, database=None, print_blob=True)
USUAL = "ci" if os.environ.get("CI") else "dev"
settings.load_profile(USUAL)
# `make test-long` asks for it by `--hypothesis-profile`.
settings.register_profile(ALL, settings.get_profile(USUAL), max_examples=EXAMPLES)

# Most threads are gone at once; this is how long a busy machine may take.
PATIENCE_S = 30.0
LONG_S = 1_200.0


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fails the test that started a thread and did not see it off."""
    before = set(threading.enumerate())
    yield
    left = left_behind(before, PATIENCE_S)
    if left:
        pytest.fail(f"threads left behind: {', '.join(one.name for one in left)}", pytrace=False)


_leaks = pytest.StashKey[Leaks]()
_locks = pytest.StashKey[LockSentinel]()


@pytest.fixture(scope="session")
def leaks() -> Iterator[Leaks]:
    """Keeps what is logged, raised and made of keys, by this process and its brokers."""
    found = Leaks()
    with pytest.MonkeyPatch.context() as monkeypatch:
        found.watch(monkeypatch)
        yield found


@pytest.fixture(scope="session")
def locks() -> Iterator[LockSentinel]:
    """Keeps what was logged and waited for in this process with a lock of the library held."""
    sentinel = LockSentinel()
    with pytest.MonkeyPatch.context() as monkeypatch:
        sentinel.watch(monkeypatch)
        yield sentinel


@pytest.fixture(autouse=True)
def everything_logged(request: pytest.FixtureRequest, leaks: Leaks, locks: LockSentinel) -> Iterator[None]:
    """Logs everything, so that `pytest_runtest_makereport` fails the test that showed a key, or logged under a lock."""
    logger = logging.getLogger("emitter_typed")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(leaks)
    logger.addHandler(locks)
    request.node.stash[_leaks] = leaks
    request.node.stash[_locks] = locks
    yield
    logger.removeHandler(leaks)
    logger.removeHandler(locks)
    logger.setLevel(level)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Take one worker more than there are cores: some tests wait for seconds and compute nothing."""
    cores = yield
    return cores if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") else cores + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage in modules and tests: they stay, and each look at them takes long."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the tests with the marker `long` the time that they may take on a busy machine; skip what Windows lacks.

    The property tests have that marker in a run that draws all their examples.
    """
    draws_all = config.getoption("--hypothesis-profile") == ALL
    for item in items:
        if draws_all and item.path.is_relative_to(ROOT / "tests" / "property"):
            item.add_marker(pytest.mark.long)
        if sys.platform == "win32" and item.get_closest_marker("posix") is not None:
            item.add_marker(pytest.mark.skip(reason="Windows has other signals, permissions, pipes and shells"))
        if item.get_closest_marker("long") is not None and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONG_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "teardown" and (leaks := item.stash.get(_leaks, None)) is not None:
        leaks.search(report.capstdout)
        leaks.search(report.capstderr)
        if shown := leaks.take():
            report.outcome = "failed"
            report.longrepr = f"keys were logged, printed or raised in clear, those that end with {', '.join(shown)}"
    if report.when == "teardown" and (locks := item.stash.get(_locks, None)) is not None and (found := locks.take()):
        report.outcome = "failed"
        report.longrepr = f"this happened under a lock: {'; '.join(sorted(set(found)))}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests with the marker `tools` that were skipped: what they need could not be had."""
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    lines = [f"{each.nodeid}: {_reason(each)}" for each in skipped if "tools" in each.keywords]
    if lines:
        terminalreporter.section(f"tools: not run: {len(lines)}")
        for line in sorted(lines):
            terminalreporter.write_line(line)


def _reason(skipped: pytest.TestReport) -> str:
    assert isinstance(skipped.longrepr, tuple)
    _, _, reason = skipped.longrepr
    return reason.removeprefix("Skipped: ")
