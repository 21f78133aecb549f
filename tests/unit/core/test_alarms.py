"""Alarms wake what waits too long, each at its own time, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import TypeVarTuple

import pytest

from emitter_typed._core.async_waiters import Alarms

LONG_S = 60.0

Ts = TypeVarTuple("Ts")


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock a test sets."""

    now_s = 1_000.0
    timers = 0

    def time(self) -> float:
        return self.now_s

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when, callback, *args, context=context)


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


async def some_turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_each_is_woken_at_its_own_time_whatever_the_order_of_the_calls(loop: Loop) -> None:
    limits_s = (4.0, 2.0, 3.0, 1.0, 0.0, 4.0)

    async def run() -> None:
        alarms = Alarms(loop)
        futures = [alarms.future(limit_s) for limit_s in limits_s]
        for passed_s in range(5):
            await some_turns()
            assert [future.done() for future in futures] == [limit_s <= passed_s for limit_s in limits_s]
            loop.now_s += 1
        assert len(alarms) == 0

    loop.run_until_complete(run())


def test_one_that_comes_later_and_is_due_earlier_is_in_time(loop: Loop) -> None:
    async def run() -> None:
        alarms = Alarms(loop)
        first = alarms.future(10.0)
        loop.now_s += 9.5
        await some_turns()
        later, short = alarms.future(10.0), alarms.future(0.25)
        loop.now_s += 0.25
        await some_turns()
        assert [each.done() for each in (first, later, short)] == [False, False, True]
        loop.now_s += 0.25
        await some_turns()
        assert [each.done() for each in (first, later)] == [True, False]

    loop.run_until_complete(run())


def test_what_is_forgotten_is_not_kept_and_one_timer_is_enough(loop: Loop) -> None:
    async def run() -> None:
        alarms = Alarms(loop)
        for _ in range(100):
            future = alarms.future(LONG_S)
            future.set_result(None)
            alarms.forget(future)
        assert len(alarms) == 0

    loop.run_until_complete(run())
    assert loop.timers == 1
