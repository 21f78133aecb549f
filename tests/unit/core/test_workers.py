"""Items wait for a handler in a bounded queue, and the oldest are lost with one warning an episode."""

from __future__ import annotations

import asyncio
import threading

import pytest

from emitter_typed._core.async_workers import AsyncWorker
from emitter_typed._core.sync_workers import SyncWorker
from tests.helpers.loops import LIMIT_S, in_loop

MOST = 10_000


def test_a_thread_that_is_slow_loses_the_oldest_and_says_so_once_an_episode(caplog: pytest.LogCaptureFixture) -> None:
    begun, go_on = threading.Event(), threading.Event()
    got: list[int] = []

    def handler(item: int) -> None:
        begun.set()
        assert go_on.wait(LIMIT_S)
        got.append(item)

    worker: SyncWorker[int] = SyncWorker("items", handler, lambda error: None)
    worker.offer(0)
    assert begun.wait(LIMIT_S)
    for number in range(1, MOST + 1):
        worker.offer(number)
    assert "handler.overflow" not in caplog.text
    for number in range(MOST + 1, MOST + 4):
        worker.offer(number)
    assert caplog.text.count(f"handler.overflow handler=items waiting={MOST}") == 1
    go_on.set()
    worker.stop(LIMIT_S, ())
    assert got == [0, *range(4, MOST + 4)]


@in_loop
async def test_a_task_that_is_slow_loses_the_oldest_and_says_so_once_an_episode(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_on = asyncio.Event()
    got: list[int] = []

    async def handler(item: int) -> None:
        await go_on.wait()
        got.append(item)

    worker: AsyncWorker[int] = AsyncWorker("items", handler, lambda error: None)
    for number in range(MOST + 3):
        worker.offer(number)
    assert caplog.text.count(f"handler.overflow handler=items waiting={MOST}") == 1
    go_on.set()
    await worker.stop(LIMIT_S, ())
    assert got == [*range(3, MOST + 3)]

    # Its task has ended; another one takes what comes later, and another episode has a warning of its own.
    go_on.clear()
    for number in range(MOST + 1):
        worker.offer(number)
    assert caplog.text.count("handler.overflow") == 2
    go_on.set()
    await worker.stop(LIMIT_S, ())


def test_a_worker_that_was_stopped_begins_again_with_the_next_item() -> None:
    got: list[int] = []
    worker: SyncWorker[int] = SyncWorker("items", got.append, lambda error: None)

    for number in range(3):
        worker.offer(number)
        worker.stop(LIMIT_S, ())
        assert got == [*range(number + 1)]
