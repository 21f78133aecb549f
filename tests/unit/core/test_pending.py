"""An acknowledgement can be waited for by several at once, and by who waits again."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from emitter_typed._core.async_waiters import Alarms
from emitter_typed._core.outcomes import AsyncOutcome, SyncOutcome
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
