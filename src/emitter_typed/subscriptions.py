"""Subscriptions: a queue of messages each, read by iterating or by a handler."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING

from emitter_typed.errors import Closed, EmitterError, Undecodable
from emitter_typed.pending import check_time_limit
from emitter_typed.protocol.feed import Feed, Item
from emitter_typed.protocol.message import Gap
from emitter_typed.streams import MessageT, Pages, Stream

if TYPE_CHECKING:
    from typing import Self


class Subscription(Stream[MessageT]):
    """Messages of a channel. Iterate, or call `get`; `with` ends it.

    After the end, what still waits in the queue is given out; then iteration stops, or raises why it ended:
    ConnectionLost or SlowConsumer.
    """

    def __init__(
        self,
        channel: str,
        feed: Feed,
        decode: Callable[[str, bytes], MessageT | None],
        report: Callable[[EmitterError], None],
        pages: Pages,
        timeout_s: float,
        close: Callable[[Subscription[MessageT]], None],
    ) -> None:
        """Clients make these."""
        super().__init__(channel, feed, decode, report, pages, timeout_s)
        self._close = close
        self._changed = threading.Condition()

    @property
    def _guard(self) -> AbstractContextManager[object]:
        return self._changed

    def _wake(self) -> None:
        self._changed.notify_all()

    def offer(self, channel: str, raw: bytes) -> None:
        """Take a message in; for clients."""
        with self._changed:
            self._put(channel, raw)
            if self._ended:
                # The overflow was the end, which is for everybody who waits.
                self._changed.notify_all()
            else:
                self._changed.notify()
        if self._ended or self._feed.trail_is_long:
            self._go_on()

    def get(self, timeout_s: float | None = None) -> MessageT | None:
        """Return the next message.

        Args:
            timeout_s: Seconds to wait for it; 0 looks without waiting. Default: without limit.

        Returns:
            The message; None if none came in time, or if the subscription was closed and its queue is empty.

        Raises:
            InvalidArgument: `timeout_s` is no number of seconds, or negative.
            ConnectionLost: The connection ended, and the queue is empty.
            SlowConsumer: The queue of a subscription with `overflow="fail"` was full, and is empty now.
        """
        deadline = None if timeout_s is None else monotonic() + check_time_limit(timeout_s, zero=True)
        while (item := self._take(deadline)) is not None:
            if (message := self._message(item)) is not None:
                return message
        return None

    def events(self) -> Iterator[MessageT | Gap | Undecodable]:
        """Iterate over everything that happens: messages, gaps, and messages that do not fit.

        What it gives, it takes from the same queue as `get` and plain iteration do: use one of them.

        Returns:
            An iterator over messages; `Undecodable` for one that does not fit its type, which is then not reported to
            `on_error`; and `Gap` where the connection was lost, once the subscription is there again. It ends with the
            subscription.

        Raises:
            ConnectionLost: The connection ended, and the queue is empty.
            SlowConsumer: The queue of a subscription with `overflow="fail"` was full, and is empty now.
        """
        while (item := self._take(None)) is not None:
            if (event := self._event(item)) is not None:
                yield event

    def _take(self, deadline: float | None) -> Item | None:
        """Wait for what comes next; None at the end, or when the time is over."""
        while True:
            with self._changed:
                left_s = None if deadline is None else deadline - monotonic()
                in_time, overdue = True, None
                while (item := self._feed.take()) is None and not self._feed.has_request:
                    page_s = self._page_limit_s()
                    if page_s is not None and page_s <= 0:
                        overdue = self._fetch
                    if self._ended or overdue is not None:
                        break
                    if not in_time:
                        return None
                    self._changed.wait(_sooner(left_s, page_s))
                    # Whoever is too late looks once more: it may have been woken, and nobody else for the same message.
                    left_s = None if deadline is None else deadline - monotonic()
                    in_time = left_s is None or left_s > 0
                ended = item is None and self._ended
            if item is not None:
                return item
            if ended:
                self._finish()
                return None
            if overdue is not None:
                self._give_up_overdue(overdue)
            self._go_on()

    def _finish(self) -> None:
        """Raise why the stream ended, if not in peace; a reader that was too slow leaves the broker's too."""
        if self._error is not None:
            self._close(self)
            raise self._error

    def close(self) -> None:
        """End this subscription; the broker is told if no other one of this client needs the channel.

        Does not wait for the broker, and may be called again. What waits in the queue can still be read.
        """
        self.end(None)
        self._close(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MessageT:
        message = self.get()
        if message is None:
            raise StopIteration
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncSubscription(Stream[MessageT]):
    """Messages of a channel. Iterate with `async for`, or await `get`; `async with` ends it.

    After the end, what still waits in the queue is given out; then iteration stops, or raises why it ended:
    ConnectionLost or SlowConsumer.

    It belongs to the event loop that connected its client: to wait for a message in another one raises Closed.
    """

    def __init__(
        self,
        channel: str,
        feed: Feed,
        decode: Callable[[str, bytes], MessageT | None],
        report: Callable[[EmitterError], None],
        pages: Pages,
        timeout_s: float,
        close: Callable[[AsyncSubscription[MessageT]], None],
    ) -> None:
        """Clients make these."""
        super().__init__(channel, feed, decode, report, pages, timeout_s)
        self._close = close
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    @property
    def _guard(self) -> AbstractContextManager[object]:
        # One loop has it all to itself.
        return nullcontext()

    def _wake(self) -> None:
        self._changed.set()

    def offer(self, channel: str, raw: bytes) -> None:
        """Take a message in; for clients."""
        self._put(channel, raw)
        self._changed.set()
        if self._ended or self._feed.trail_is_long:
            self._go_on()

    async def get(self, timeout_s: float | None = None) -> MessageT | None:
        """Return the next message.

        Args:
            timeout_s: Seconds to wait for it; 0 looks without waiting. Default: without limit.

        Returns:
            The message; None if none came in time, or if the subscription was closed and its queue is empty.

        Raises:
            InvalidArgument: `timeout_s` is no number of seconds, or negative.
            ConnectionLost: The connection ended, and the queue is empty.
            SlowConsumer: The queue of a subscription with `overflow="fail"` was full, and is empty now.
        """
        if timeout_s is not None:
            check_time_limit(timeout_s, zero=True)
        try:
            async with asyncio.timeout(timeout_s):
                while (item := await self._take()) is not None:
                    if (message := self._message(item)) is not None:
                        return message
        except TimeoutError as error:
            if isinstance(error, EmitterError):
                raise
        return None

    async def events(self) -> AsyncIterator[MessageT | Gap | Undecodable]:
        """Iterate over everything that happens: messages, gaps, and messages that do not fit.

        What it gives, it takes from the same queue as `get` and plain iteration do: use one of them.

        Returns:
            An iterator over messages; `Undecodable` for one that does not fit its type, which is then not reported to
            `on_error`; and `Gap` where the connection was lost, once the subscription is there again. It ends with the
            subscription.

        Raises:
            ConnectionLost: The connection ended, and the queue is empty.
            SlowConsumer: The queue of a subscription with `overflow="fail"` was full, and is empty now.
        """
        while (item := await self._take()) is not None:
            if (event := self._event(item)) is not None:
                yield event

    async def _take(self) -> Item | None:
        """Wait for what comes next; None at the end."""
        while (item := self._feed.take()) is None:
            if self._feed.has_request:
                self._go_on()
            elif self._ended:
                self._finish()
                return None
            elif asyncio.get_running_loop() is not self._loop:
                raise Closed(
                    "a subscription was read outside the event loop that connected its client",
                    "read it in that loop, or make another client",
                )
            else:
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

    def _finish(self) -> None:
        """Raise why the stream ended, if not in peace; a reader that was too slow leaves the broker's too."""
        if self._error is not None:
            self._close(self)
            raise self._error

    async def close(self) -> None:
        """End this subscription; the broker is told if no other one of this client needs the channel.

        Does not wait for the broker, and may be called again. What waits in the queue can still be read.
        """
        self.end(None)
        self._close(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MessageT:
        message = await self.get()
        if message is None:
            raise StopAsyncIteration
        return message

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def _sooner(one_s: float | None, other_s: float | None) -> float | None:
    return other_s if one_s is None or (other_s is not None and other_s < one_s) else one_s
