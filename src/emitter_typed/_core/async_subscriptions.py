"""Subscriptions of a client with asyncio."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from emitter_typed._core.streams.async_stream import AsyncStream
from emitter_typed._core.streams.stream import MessageT
from emitter_typed._core.subscriptions import SubscriptionBase
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._frames import hides_arguments
from emitter_typed._guards import recover
from emitter_typed._protocol.message import Gap
from emitter_typed.errors import Undecodable

if TYPE_CHECKING:
    from emitter_typed._protocol.receiving.feed import Item


@hides_arguments
class AsyncSubscription(SubscriptionBase[AsyncStream[MessageT]]):
    """Messages of a channel.

    Iterate with `async for`, or call `await get()`. The end of `async with`, or `close()`, ends it.

    After the end, messages in the queue can still be read. Then iteration stops, or raises the reason: ConnectionLost,
    SlowConsumer, or a BrokerError such as Unauthorized if its key had expired when a lost connection was restored.

    With asyncio, it belongs to the event loop that connected its client: waiting for a message in another one raises
    Closed, and so does closing it there.
    """

    async def get(self, timeout_s: float | None = None) -> MessageT | None:
        """Return the next message.

        Args:
            timeout_s: Seconds to wait. 0: do not wait. Default: no limit.

        Returns:
            The message. None if none arrived in time, or if the subscription is closed and its queue empty.

        Raises:
            InvalidArgument: `timeout_s` is not a number, or is negative.
            BrokerError: After a lost connection, the broker refused the key, and the queue is empty.
            ConnectionLost: The connection has ended for good, and the queue is empty.
            SlowConsumer: The queue was full, with `overflow="fail"`, and has been read to its end.
        """
        if timeout_s is not None:
            check_time_limit(timeout_s, zero=True)
        return await self._stream.get(timeout_s)

    async def events(self) -> AsyncIterator[MessageT | Gap | Undecodable]:
        """Iterate over messages, gaps and messages that do not fit their type.

        It reads the same queue as `get` and plain iteration. Use one of them.

        Returns:
            An iterator over messages; an `Undecodable` for each that does not fit its type, instead of a call of
            `on_error`; and a `Gap` for each loss of the connection, once the subscription is restored. It ends with the
            subscription.

        Raises:
            BrokerError: After a lost connection, the broker refused the key, and the queue is empty.
            ConnectionLost: The connection has ended for good, and the queue is empty.
            SlowConsumer: The queue was full, with `overflow="fail"`, and has been read to its end.
        """
        try:
            while (item := await self._stream.take()) is not None:
                if (event := self._stream.event(item)) is not None:
                    yield event
        except BaseException:
            recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way
            raise

    async def close(self) -> None:
        """End this subscription.

        The broker is told if no other subscription of this client needs the channel.

        Does not wait for the broker. May be called again. Messages in the queue can still be read.
        """
        self._stream.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MessageT:
        stream = self._stream
        try:
            while True:
                # Another thread may be faster, so that a look beforehand would not do.
                try:
                    item: Item | None = stream.ready.popleft()
                except IndexError:
                    item = None
                if item is None and (item := await stream.take()) is None:
                    break
                if (message := stream.message(item)) is not None:
                    return message
        except BaseException:
            recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way
            raise
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
