"""An acknowledgement can be waited for by several at once, and by who waits again."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from emitter_typed._core.async_waiters import Alarms
from emitter_typed._core.outcomes import AsyncOutcome, SyncOutcome
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed.errors import EmitterError, RequestTimeout

LIMIT_S = 10.0


def test_all_threads_that_wait_get_the_result() -> None:
    outcome: SyncOutcome[str] = SyncOutcome("publish")
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(outcome.wait, LIMIT_S) for _ in range(8)]
        outcome.resolve("done")
        assert [each.result(LIMIT_S) for each in waiting] == ["done"] * 8
    assert outcome.wait(LIMIT_S) == "done"


def test_all_tasks_that_wait_get_the_error() -> None:
    async def run() -> None:
        outcome: AsyncOutcome[str] = AsyncOutcome("publish")
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(failure(outcome)) for _ in range(8)]
            await asyncio.sleep(0)
            outcome.reject(EmitterError("no"))
        assert {each.result() for each in waiting} == {"no"}

    async def failure(outcome: AsyncOutcome[str]) -> str:
        with pytest.raises(EmitterError) as caught:
            await outcome.wait(Alarms(asyncio.get_running_loop()), LIMIT_S)
        return caught.value.message

    asyncio.run(run())


def test_a_task_that_is_cancelled_takes_nothing_from_the_others() -> None:
    async def run() -> None:
        outcome: AsyncOutcome[str] = AsyncOutcome("publish")
        alarms = Alarms(asyncio.get_running_loop())
        cancelled, other = (asyncio.create_task(outcome.wait(alarms, LIMIT_S)) for _ in range(2))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        outcome.resolve("done")
        assert await other == "done"

    asyncio.run(run())


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, 0.001])
def test_who_gave_up_can_wait_again(timeout_s: float) -> None:
    outcome: SyncOutcome[str] = SyncOutcome("publish")
    with pytest.raises(RequestTimeout):
        outcome.wait(timeout_s)
    outcome.resolve("done")
    assert outcome.wait(timeout_s) == "done"


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, 0.001])
def test_a_task_that_gave_up_can_wait_again(timeout_s: float) -> None:
    async def run() -> None:
        outcome: AsyncOutcome[str] = AsyncOutcome("publish")
        alarms = Alarms(asyncio.get_running_loop())
        with pytest.raises(RequestTimeout):
            await outcome.wait(alarms, timeout_s)
        outcome.resolve("done")
        assert await outcome.wait(alarms, timeout_s) == "done"

    asyncio.run(run())


@pytest.mark.parametrize("ended_before", [True, False])
def test_who_alone_waits_for_an_answer_gets_it(ended_before: bool) -> None:
    async def run() -> None:
        alarms = Alarms(asyncio.get_running_loop())
        answered: AsyncOutcome[str] = AsyncOutcome("me")
        refused: AsyncOutcome[str] = AsyncOutcome("me")

        def end() -> None:
            answered.resolve("done")
            refused.reject(EmitterError("no"))

        if ended_before:
            end()
        waiting = [outcome.answer(alarms, LIMIT_S, LIMIT_S) for outcome in (answered, refused)]
        if not ended_before:
            end()
        assert await waiting[0] == "done"
        with pytest.raises(EmitterError, match="no"):
            await waiting[1]
        assert len(alarms) == 0

    asyncio.run(run())


def test_who_alone_waits_too_long_learns_of_the_lost_connection() -> None:
    async def run() -> None:
        counters = ClientCounters()
        outcome: AsyncOutcome[None] = AsyncOutcome("publish", counters)
        alarms = Alarms(asyncio.get_running_loop(), lambda: "the broker closed it")
        with pytest.raises(RequestTimeout, match="publish") as caught:
            await outcome.answer(alarms, 0.001, LIMIT_S)
        assert (caught.value.timeout_s, caught.value.offline) == (LIMIT_S, "the broker closed it")
        outcome.resolve(None)
        assert counters.endings == {("publish", "timed_out"): 1}

    asyncio.run(run())


def test_a_call_that_was_cancelled_is_still_counted_when_it_is_answered() -> None:
    async def run() -> None:
        counters = ClientCounters()
        calls: list[AsyncOutcome[None]] = [AsyncOutcome("publish", counters) for _ in range(2)]
        alarms = Alarms(asyncio.get_running_loop())
        for outcome, limit_s in zip(calls, (LIMIT_S, 0.001), strict=True):
            outcome.answer(alarms, limit_s, limit_s).cancel()
        with pytest.raises(RequestTimeout):
            # It is due after both.
            await AsyncOutcome[None]("me").answer(alarms, 0.002, LIMIT_S)
        for outcome in calls:
            outcome.resolve(None)
        assert counters.endings == {("publish", "answered"): 2}
        assert len(alarms) == 0

    asyncio.run(run())
