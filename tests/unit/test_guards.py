"""What is put off while a lock is held happens when the thread holds none, in order, and there alone."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emitter_typed import Unauthorized
from emitter_typed._core import outcomes
from emitter_typed._core.outcomes import SyncOutcome, acquire_in_moments
from emitter_typed._core.pending import Pending
from emitter_typed._guards import (
    Guard,
    GuardedCondition,
    Log,
    held,
    put_off,
    recover,
    wake_thread,
    wake_threads,
    wake_threads_late,
)
from tests.unit.protocol.session.test_session import Line

LIMIT_S = 20.0
LOG = Log("emitter_typed.guards")


class Lines(logging.Handler):
    """Notes what is logged, and how many locks were held then."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), held()))


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger = logging.getLogger("emitter_typed")
    handler = Lines()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_without_a_lock_a_call_happens_at_once() -> None:
    done: list[int] = []

    put_off(lambda: done.append(held()))

    assert done == [0]


def test_what_is_put_off_happens_when_the_last_lock_is_left_and_in_order() -> None:
    one, other = Guard(), Guard()
    done: list[str] = []

    with one:
        put_off(lambda: done.append("first"))
        with other, one:
            put_off(lambda: done.append("second"))
        assert (done, held()) == ([], 1)
    assert (done, held()) == (["first", "second"], 0)


def test_what_is_put_off_by_a_call_that_was_put_off_comes_after_the_others() -> None:
    guard = Guard()
    done: list[str] = []

    def first() -> None:
        with guard:
            put_off(lambda: done.append("third"))
        done.append("first")

    with guard:
        put_off(first)
        put_off(lambda: done.append("second"))

    # The inner guard lets go of everything that waits.
    assert sorted(done) == ["first", "second", "third"]
    assert done.index("second") < done.index("third")


def test_it_happens_although_the_block_failed() -> None:
    done: list[int] = []

    def fail() -> None:
        with Guard():
            put_off(lambda: done.append(held()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (done, held()) == ([0], 0)


def test_another_thread_holds_its_own_locks_alone() -> None:
    done: list[int] = []
    with Guard():
        thread = threading.Thread(target=lambda: put_off(lambda: done.append(held())))
        # Not under the guard: a start waits for the thread.
        put_off(thread.start)
    thread.join(LIMIT_S)
    assert done == [0]


def test_a_guard_keeps_other_threads_out_and_lets_its_own_in_again() -> None:
    guard = Guard()
    entered: list[bool] = []
    thread = threading.Thread(target=lambda: entered.append(guard.acquire(blocking=False)))

    guard.acquire()
    thread.start()
    thread.join(LIMIT_S)
    with guard:
        pass
    guard.release()

    assert entered == [False]


def test_a_wait_lets_others_in() -> None:
    changed = GuardedCondition()
    told: list[str] = []

    def tell() -> None:
        with changed:
            told.append("told")
            changed.notify()

    thread = threading.Thread(target=tell)
    with changed:
        put_off(thread.start)
    with changed:
        while not told:
            changed.wait(LIMIT_S)
    thread.join(LIMIT_S)
    assert held() == 0


def test_a_line_waits_until_no_lock_is_held(lines: Lines) -> None:
    with Guard():
        LOG.warning("lines.later error=%s", "now")
        assert lines.lines == []
    LOG.info("lines.done")

    assert lines.lines == [("lines.later error=now", 0), ("lines.done", 0)]


def test_a_line_says_where_it_was_asked_for(lines: Lines, caplog: pytest.LogCaptureFixture) -> None:
    with Guard():
        LOG.debug("lines.asked")

    [record] = caplog.records
    assert (record.filename, record.funcName) == ("test_guards.py", "test_a_line_says_where_it_was_asked_for")
    assert record.levelname == "DEBUG"


def test_a_line_below_the_level_is_not_made(lines: Lines) -> None:
    logging.getLogger("emitter_typed").setLevel(logging.ERROR)

    LOG.warning("lines.quiet")

    assert lines.lines == []


def test_an_error_has_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ZeroDivisionError("by hand")
    except ZeroDivisionError as error:
        with Guard():
            LOG.error("lines.failed", exc_info=error)

    assert "ZeroDivisionError: by hand" in caplog.text
    assert "Traceback" in caplog.text


class Broken(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise ZeroDivisionError("a broken handler")


@pytest.mark.parametrize("shows", [True, False])
def test_a_handler_that_fails_stops_nothing(
    shows: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", shows)
    logger, broken = logging.getLogger("emitter_typed"), Broken()
    logger.addHandler(broken)
    try:
        LOG.info("lines.lost")
    finally:
        logger.removeHandler(broken)

    assert ("a broken handler" in capsys.readouterr().err) is shows


class Connected:
    """A connection whose calls may wait anywhere."""

    def __init__(self) -> None:
        self.session = Line().session

    def check_may_wait(self, operation: str) -> None: ...


def failed_unseen() -> None:
    """Leave a message that failed, and that nobody has looked at, to the garbage collector."""
    outcome: SyncOutcome[None] = SyncOutcome("publish_nowait")
    pending = Pending(outcome, Connected(), LIMIT_S)
    outcome.reject(Unauthorized(401, "no", "publish_nowait"))
    cycle: list[object] = [pending]
    cycle.append(cycle)


def test_a_finalizer_that_runs_under_a_lock_logs_later(lines: Lines) -> None:
    gc.collect()
    failed_unseen()

    with Guard():
        gc.collect()
        assert lines.lines == []

    [(line, locks)] = lines.lines
    assert line.startswith("publish.failed_unseen")
    assert locks == 0


def test_guards_that_an_interrupted_call_has_not_left_are_left_when_it_fails() -> None:
    one, other = Guard(), Guard()
    done: list[int] = []
    one.__enter__()
    other.__enter__()
    other.__enter__()
    put_off(lambda: done.append(held()))

    recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way

    assert (held(), one.is_mine, other.is_mine, done) == (0, False, False, [0])


def test_they_are_not_left_as_long_as_our_own_code_has_called() -> None:
    guard = Guard()
    ours: dict[str, Any] = {"__name__": "emitter_typed._any"}
    exec("def call(function): function()", ours)

    def fail() -> None:
        recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way
        assert guard.is_mine

    with guard:
        ours["call"](fail)


def test_a_guard_that_was_left_in_another_order_is_not_taken_for_another() -> None:
    outer, inner = Guard(), Guard()
    with outer:
        inner.__enter__()
    assert (held(), outer.is_mine, inner.is_mine) == (1, False, True)

    recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way

    assert (held(), inner.is_mine) == (0, False)


@pytest.mark.parametrize("fault", [ValueError("broken"), SystemExit("at once"), KeyboardInterrupt()])
def test_whatever_a_handler_of_logging_raises_ends_no_other_thread(
    fault: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise fault

    went_on = threading.Event()

    def work() -> None:
        LOG.warning("something")
        went_on.set()

    handler = Failing()
    logging.getLogger("emitter_typed").addHandler(handler)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(LIMIT_S)
    finally:
        logging.getLogger("emitter_typed").removeHandler(handler)
    assert went_on.is_set()
    assert type(fault).__name__ in capsys.readouterr().err


def test_an_interruption_of_the_main_thread_is_not_kept_from_it() -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise KeyboardInterrupt

    handler = Failing()
    logging.getLogger("emitter_typed").addHandler(handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            LOG.warning("something")
    finally:
        logging.getLogger("emitter_typed").removeHandler(handler)


def test_entering_without_waiting_tells_whether_it_worked_and_leaves_nothing_if_not() -> None:
    guard, inside, done = Guard(), threading.Event(), threading.Event()

    def hold() -> None:
        guard.acquire()
        inside.set()
        done.wait(LIMIT_S)
        guard.release()

    other = threading.Thread(target=hold)
    other.start()
    assert inside.wait(LIMIT_S)
    assert not guard.try_enter()
    assert held() == 0
    done.set()
    other.join(LIMIT_S)
    assert guard.try_enter()
    assert held() == 1
    guard.__exit__(None, None, None)
    assert held() == 0


def test_a_thread_is_woken_when_the_one_that_wakes_it_holds_no_lock() -> None:
    guard, woken = Guard(), threading.Lock()
    woken.acquire()

    with guard:
        wake_thread(woken.release)
        assert woken.locked()
    assert not woken.locked()


def in_a_thread_that_wakes_late(call: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        wake_threads_late()
        try:
            call()
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(LIMIT_S)
    assert failures == []


def test_a_thread_that_wakes_late_wakes_others_before_it_sleeps_and_in_order() -> None:
    woken: list[str] = []

    def work() -> None:
        wake_thread(lambda: woken.append("first"))
        with Guard():
            wake_thread(lambda: woken.append("second"))
        assert woken == []
        wake_threads()
        assert woken == ["first", "second"]
        wake_threads()

    in_a_thread_that_wakes_late(work)
    assert woken == ["first", "second"]


def test_a_thread_that_wakes_late_wakes_others_before_it_writes_a_log_line(lines: Lines) -> None:
    woken: list[int] = []

    def work() -> None:
        wake_thread(lambda: woken.append(len(lines.lines)))
        LOG.warning("line")

    in_a_thread_that_wakes_late(work)
    assert woken == [0]
    assert [line for line, _ in lines.lines] == ["line"]


def test_a_lock_is_acquired_in_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a call waits on Windows, where Ctrl-C interrupts no thread that waits for a lock."""
    monkeypatch.setattr(outcomes, "LONGEST_WAIT_S", 0.01)
    lock = threading.Lock()
    assert acquire_in_moments(lock, 0.0)
    assert not acquire_in_moments(lock, 0.0)
    assert not acquire_in_moments(lock, 0.05)
    releasing = threading.Timer(0.05, lock.release)
    releasing.start()
    assert acquire_in_moments(lock, LIMIT_S)
    releasing.join()
    found: list[bool] = []
    other = threading.Thread(target=lambda: found.append(acquire_in_moments(lock, 0.02)))
    other.start()
    other.join()
    assert found == [False]
