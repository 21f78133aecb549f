"""Streams that the tasks of one event loop may read."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING

from emitter_typed._core.async_waiters import check_loop, wake_all
from emitter_typed._core.streams.stream import MessageT, Stream
from emitter_typed._on_use import asyncio
from emitter_typed.errors import EmitterError

if TYPE_CHECKING:
    from emitter_typed._protocol.receiving.feed import Item
    from emitter_typed._protocol.receiving.mailbox import Arrival


class AsyncStream(Stream[MessageT]):
    """A stream that the tasks of one event loop may read."""

    def _prepare(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    @property
    def _guard(self) -> AbstractContextManager[object]:
        # One loop has it all to itself.
        return nullcontext()

    def _wake(self) -> None:
        wake_all(self._changed)

    def offer(self, arrivals: Collection[Arrival]) -> None:
        """Take messages in."""
        self._put(arrivals)
        wake_all(self._changed)
        if self._ended or self._feed.cursor_is_old:
            self._go_on()

    def close(self) -> None:
        """End the stream in peace. Raises Closed in another loop, unless it has ended or its own loop has."""
        if not (self._ended or self._loop.is_closed()):
            check_loop(self._loop, "a subscription was closed", "close it in that loop")
        super().close()

    async def get(self, timeout_s: float | None) -> MessageT | None:
        """Wait for the next message; None at the end, or when the time is over. Raises what `take` raises."""
        try:
            async with asyncio.timeout(timeout_s):
                while (item := await self.take()) is not None:
                    if (message := self.message(item)) is not None:
                        return message
        except TimeoutError as error:
            if isinstance(error, EmitterError):
                raise
        return None

    async def take(self) -> Item | None:
        """Wait for what comes next; None at the end. Raises why it ended, and Closed in another loop."""
        while (item := self._feed.take()) is None:
            if self._feed.has_request:
                self._go_on()
            elif self._ended:
                self._finish()
                return None
            else:
                check_loop(self._loop, "a subscription was read", "read it in that loop, or make another client")
                page_s = self._page_limit_s()
                if self._fetch is not None and page_s is not None and page_s <= 0:
                    self._give_up_overdue(self._fetch)
                    continue
                self._changed.clear()
                if page_s is None:
                    await self._changed.wait()
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(page_s):
                        await self._changed.wait()
        return item
