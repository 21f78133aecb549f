"""How tasks wait for something that changes without a call of theirs."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable
from itertools import count
from typing import Final

_MANY: Final = 64


class AsyncWaiters:
    """The tasks of one event loop that wait until something is so."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        """Let all of them look again."""
        for future in self._waiting:
            wake(future)

    async def until(self, holds: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait until something is so, and tell whether that came in time.

        Args:
            holds: Tells whether it is so; asked at once, and at each `wake`.
            timeout_s: Seconds to wait; None: without limit.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not holds():
                    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting.add(future)
                    try:
                        await future
                    finally:
                        self._waiting.discard(future)
        except TimeoutError:
            return False
        return True


def wake(future: asyncio.Future[None]) -> None:
    """Let the task that awaits a future go on, unless it does already."""
    if not future.done():
        future.set_result(None)


class Alarms:
    """Wakes futures of one event loop when their time is over, with one timer of the loop for all.

    To set a timer of the loop for each, and to cancel it, takes many times as long. Most futures are done long before
    their time. These are forgotten when they may be half of what is kept.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin with none."""
        self._loop = loop
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._many = _MANY
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = math.inf

    def future(self, timeout_s: float) -> asyncio.Future[None]:
        """Return a future that is woken after so many seconds, unless it is done before."""
        future: asyncio.Future[None] = self._loop.create_future()
        due_s = self._loop.time() + timeout_s
        if len(self._waiting) >= self._many:
            self._waiting = [each for each in self._waiting if not each[2].done()]
            heapq.heapify(self._waiting)
            self._many = max(_MANY, 2 * len(self._waiting))
        heapq.heappush(self._waiting, (due_s, next(self._numbers), future))
        if due_s < self._timer_s:
            self._set(due_s)
        return future

    def _set(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_s = due_s
        self._timer = self._loop.call_at(due_s, self._ring)

    def _ring(self) -> None:
        # A loop may call a little early.
        now_s = max(self._timer_s, self._loop.time())
        self._timer, self._timer_s = None, math.inf
        waiting = self._waiting
        while waiting and (waiting[0][0] <= now_s or waiting[0][2].done()):
            wake(heapq.heappop(waiting)[2])
        if waiting:
            self._set(waiting[0][0])
