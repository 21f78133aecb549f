"""How tasks wait for something that changes without a call of theirs."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from emitter_typed._on_use import asyncio
from emitter_typed.errors import Closed

if TYPE_CHECKING:
    _AnyFuture: TypeAlias = asyncio.Future[Any]  # Any: of whatever a call returns


def check_loop(loop: asyncio.AbstractEventLoop, what: str, advice: str) -> None:
    """Raise Closed in any other place than the event loop that connected a client: nothing would wake a wait there.

    Args:
        loop: That loop.
        what: What was done, such as `a subscription was read`.
        advice: What to do instead.
    """
    try:
        here = asyncio.get_running_loop() is loop
    except RuntimeError:
        here = False
    if not here:
        raise Closed(f"{what} outside the event loop that connected the client", advice)


class AsyncWaiters:
    """The tasks that wait until something is so, in whatever event loops."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        """Let all of them look again."""
        for future in tuple(self._waiting):
            # A loop that is closed refuses.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(wake, future)

    async def until(self, holds: Callable[[], bool], timeout_s: float | None) -> bool:
        """Wait until something is so, and tell whether that came in time.

        Args:
            holds: Tells whether it is so; asked at once, and at each `wake`.
            timeout_s: Seconds to wait; None: without limit.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    # Before the look: in another thread it may become so just after that.
                    self._waiting.add(future)
                    try:
                        if holds():
                            return True
                        await future
                    finally:
                        self._waiting.discard(future)
        except TimeoutError:
            return False


def wake(future: _AnyFuture) -> None:
    """Let the task that awaits a future go on, unless it does already, or its event loop is closed."""
    if not future.done():
        with suppress(RuntimeError):
            future.set_result(None)


def wake_all(event: asyncio.Event) -> None:
    """Let the tasks that wait for an event go on, as `wake` does."""
    with suppress(RuntimeError):
        event.set()


class Alarms:
    """Ends futures of one event loop when their time is over, with one timer of the loop for all.

    To set a timer of the loop for each, and to cancel it, takes many times as long.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, offline: Callable[[], str | None] = lambda: None) -> None:
        """Begin with none.

        Args:
            loop: The event loop.
            offline: Tells why there is no connection, for the errors of calls whose time is over; None: there is one.
        """
        self._loop = loop
        self.offline: Callable[[], str | None] = offline
        # When each is due, and what ends it. Most have the same time limit, so that they stand in the order in which
        # they are due.
        self._due: dict[_AnyFuture, tuple[float, Callable[[_AnyFuture], None]]] = {}
        self._newest_s = 0.0
        self._in_order = True
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = math.inf

    def __len__(self) -> int:
        """Count the futures whose time is still to come."""
        return len(self._due)

    def future(self, timeout_s: float, late: Callable[[_AnyFuture], None] = wake) -> _AnyFuture:
        """Return a future for so many seconds; to be given to `forget` when it has ended.

        Args:
            timeout_s: Seconds until its time is over.
            late: Ends it then. Default: without an error.
        """
        loop = self._loop
        future: _AnyFuture = loop.create_future()
        due_s = loop.time() + timeout_s
        self._due[future] = due_s, late
        if due_s < self._newest_s:
            self._in_order = False
        self._newest_s = due_s
        if due_s < self._timer_s:
            self._set(due_s)
        return future

    def forget(self, future: _AnyFuture) -> None:
        """Learn that a future has ended, or that nobody waits for it any more."""
        self._due.pop(future, None)

    def _set(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_s = due_s
        self._timer = self._loop.call_at(due_s, self._ring)

    def _ring(self) -> None:
        # A loop may call a little early.
        now_s = max(self._timer_s, self._loop.time())
        self._timer, self._timer_s = None, math.inf
        if not self._in_order:
            self._due = dict(sorted(self._due.items(), key=lambda each: each[1][0]))
            self._newest_s = max((due_s for due_s, _ in self._due.values()), default=0.0)
            self._in_order = True
        for future, (due_s, late) in tuple(self._due.items()):
            if due_s > now_s:
                self._set(due_s)
                return
            del self._due[future]
            late(future)
