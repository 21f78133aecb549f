"""Alarms wake what waits too long, each at its own time, and nothing else."""

from __future__ import annotations

import asyncio

from emitter_typed._core.async_waiters import Alarms

LONG_S = 60.0


def test_each_is_woken_in_the_order_of_its_limit_whatever_the_order_of_the_calls() -> None:
    woken: list[float] = []

    async def run() -> None:
        alarms = Alarms(asyncio.get_running_loop())

        async def wait(limit_s: float) -> None:
            await alarms.future(limit_s)
            woken.append(limit_s)

        await asyncio.gather(*map(wait, (0.04, 0.02, 0.03, 0.01, 0.0)))

    asyncio.run(run())
    assert woken == [0.0, 0.01, 0.02, 0.03, 0.04]


def test_a_short_limit_among_long_ones_is_kept() -> None:
    async def run() -> list[bool]:
        alarms = Alarms(asyncio.get_running_loop())
        long = [alarms.future(LONG_S) for _ in range(3)]
        short = alarms.future(0.01)
        later = alarms.future(LONG_S)
        await short
        return [future.done() for future in (*long, later)]

    assert asyncio.run(run()) == [False] * 4


def test_what_is_forgotten_is_not_kept_and_one_timer_is_enough() -> None:
    class Loop(asyncio.SelectorEventLoop):
        timers = 0

        def call_at(self, *arguments: object, **named: object) -> asyncio.TimerHandle:  # type: ignore[override]
            self.timers += 1
            return super().call_at(*arguments, **named)  # type: ignore[arg-type]

    async def run() -> None:
        alarms = Alarms(asyncio.get_running_loop())
        for _ in range(100):
            future = alarms.future(LONG_S)
            future.set_result(None)
            alarms.forget(future)
        assert len(alarms) == 0

    loop = Loop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    assert loop.timers == 1
