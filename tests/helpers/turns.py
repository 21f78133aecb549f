"""How often event loops and network threads look for something to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

# A call has set its time limit by then.
TURNS_TO_BEGIN = 3
# What ends a call takes fewer than that; a wait of a tenth of a second takes thousands in a loop without work.
TURNS_TO_END = 20


@contextmanager
def counted_turns() -> Generator[list[float | None]]:
    """Collect the time limits of all waits of this process. However busy the machine is, what spins adds thousands."""
    waits: list[float | None] = []
    select = selectors.DefaultSelector.select

    def counted(
        self: selectors.DefaultSelector, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        waits.append(timeout)
        return select(self, timeout)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(selectors.DefaultSelector, "select", counted)
        yield waits


async def in_time(call: Coroutine[Any, Any, T], limit_s: float) -> T:
    """Await a call that ends after `limit_s` seconds at most, and fail if it takes longer.

    However busy the machine is: a timer of the same loop, which is set later for the same time, tells when that is
    over. The loop does not sleep from then on, and a call that waits for anything more takes thousands of turns.
    """
    loop, turns = asyncio.get_running_loop(), 0
    following: asyncio.Handle

    def turn() -> None:
        nonlocal turns, following
        turns += 1
        following = loop.call_soon(turn)

    calling = asyncio.create_task(call)
    for _ in range(TURNS_TO_BEGIN):
        await asyncio.sleep(0)
    following = loop.call_later(limit_s, turn)
    await asyncio.wait([calling])
    following.cancel()
    assert turns < TURNS_TO_END, f"it went on for {turns} turns of the loop after {limit_s:g} s"
    return calling.result()
