"""Threads are woken by turns: every one of them, whatever becomes of those before it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from emitter_typed._core import outcomes, sync_waiters
from emitter_typed._core.outcomes import SyncOutcome
from emitter_typed._core.sync_waiters import Sleeper, Turns
from emitter_typed._guards import Guard
from emitter_typed.errors import RequestTimeout

LIMIT_S = 20.0
LONG_S = 60.0


def in_thread(call: Callable[[], Sleeper]) -> Sleeper:
    made: Future[Sleeper] = Future()
    thread = threading.Thread(target=lambda: made.set_result(call()))
    thread.start()
    thread.join(LIMIT_S)
    return made.result(LIMIT_S)


def woken(sleepers: list[Sleeper]) -> list[bool]:
    return [each.sleep(0.0) for each in sleepers]


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def sleepers() -> list[Sleeper]:
    return [in_thread(Sleeper) for _ in range(3)]


def test_one_is_woken_when_the_guards_are_left_and_wakes_the_next(turns: Turns, sleepers: list[Sleeper]) -> None:
    with Guard():
        for each in sleepers:
            turns.wake(each)
        assert woken(sleepers) == [False, False, False]
    assert woken(sleepers) == [True, False, False]
    turns.leave(sleepers[0])
    assert woken(sleepers) == [False, True, False]
    turns.leave(sleepers[1])
    assert woken(sleepers) == [False, False, True]


def test_one_that_has_gone_takes_no_turn(turns: Turns, sleepers: list[Sleeper]) -> None:
    with Guard():
        for each in sleepers:
            turns.wake(each)
        sleepers[0].is_gone = True
    assert woken(sleepers) == [False, True, False]


def test_the_main_thread_is_woken_and_not_waited_for(turns: Turns, sleepers: list[Sleeper]) -> None:
    mine = Sleeper()
    with Guard():
        for each in (mine, *sleepers):
            turns.wake(each)
    assert woken([mine, *sleepers]) == [True, True, False, False]


def test_a_forked_process_forgets_threads_that_it_has_not(turns: Turns, sleepers: list[Sleeper]) -> None:
    with Guard():
        turns.wake(sleepers[0])
        turns.forked()
    turns.wake(sleepers[1])
    assert woken(sleepers) == [False, True, False]


def test_many_threads_get_their_results_although_some_wait_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    monkeypatch.setattr(outcomes, "turns", turns)
    calls: list[SyncOutcome[int]] = [SyncOutcome("me") for _ in range(50)]
    guard = Guard()
    with ThreadPoolExecutor(100) as pool:
        patient = [pool.submit(one.wait, LONG_S) for one in calls]
        hasty = [pool.submit(one.wait, 0.001) for one in calls]
        for each in hasty:
            assert isinstance(each.exception(LIMIT_S), RequestTimeout)
        with guard:
            for number, one in enumerate(calls):
                one.resolve(number)
        assert [each.result(LIMIT_S) for each in patient] == list(range(50))


def test_a_thread_that_nobody_wakes_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Turns):
        def wake(self, sleeper: Sleeper) -> None:
            pass

    monkeypatch.setattr(outcomes, "turns", Interrupted())
    monkeypatch.setattr(sync_waiters, "_LONGEST_SLEEP_S", 0.01)
    outcome: SyncOutcome[str] = SyncOutcome("me")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(outcome.wait, LONG_S)
        outcome.resolve("done")
        assert waiting.result(LIMIT_S) == "done"
