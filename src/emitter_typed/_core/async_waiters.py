"""How tasks wait for something that changes without a call of theirs."""

from __future__ import annotations

from collections.abc import Callable

from emitter_typed._on_use import asyncio


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
