"""Subscriptions: a queue of messages each, read by iterating or by a handler."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.streams.async_stream import AsyncStream
from emitter_typed._core.streams.stream import MessageT, Stream
from emitter_typed._core.streams.sync_stream import SyncStream
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._frames import hides_arguments
from emitter_typed._guards import recover
from emitter_typed._masking import hide_keys
from emitter_typed._on_use import asyncio
from emitter_typed._protocol.message import Gap
from emitter_typed.errors import EmitterError, Undecodable

StreamT = TypeVar("StreamT", bound=Stream[Any])  # Any: of whatever messages


class _SubscriptionBase(Generic[StreamT]):
    """What sync and async subscriptions share."""

    def __init__(self, stream: StreamT) -> None:
        self._stream = stream

    @property
    def channel(self) -> str:
        """The channel, without key and options."""
        return self._stream.channel

    @property
    def delivered(self) -> int:
        """Number of messages given to the reader so far."""
        return self._stream.delivered

    @property
    def dropped(self) -> int:
        """Number of messages that a full queue has dropped."""
        return self._stream.dropped

    @property
    def pending(self) -> int:
        """Number of messages in the queue.

        Stored messages that are still to be fetched are not counted.
        """
        return self._stream.pending

    @property
    def ended(self) -> bool:
        """True if no more messages arrive. Messages in the queue can still be read."""
        return self._stream.ended

    def __repr__(self) -> str:
        ended = ", ended" if self.ended else ""
        return f"<{type(self).__name__} {hide_keys(self.channel)} pending={self.pending}{ended}>"


@hides_arguments
class Subscription(_SubscriptionBase[SyncStream[MessageT]]):
    """Messages of a channel. Iterate, or call `get`; `with` ends it.

    After the end, messages in the queue can still be read. Then iteration stops, or raises the reason: ConnectionLost
    or SlowConsumer.
    """

    def __init__(self, stream: SyncStream[MessageT]) -> None:
        """Made by clients."""
        super().__init__(stream)

    def get(self, timeout_s: float | None = None) -> MessageT | None:
        """Return the next message.

        Args:
            timeout_s: Seconds to wait. 0: do not wait. Default: no limit.

        Returns:
            The message. None if none arrived in time, or if the subscription is closed and its queue empty.

        Raises:
            InvalidArgument: `timeout_s` is not a number, or is negative.
            ConnectionLost: The connection has ended for good, and the queue is empty.
            SlowConsumer: The queue was full, with `overflow="fail"`, and has been read to its end.
        """
        return self._next(None if timeout_s is None else monotonic() + check_time_limit(timeout_s, zero=True))

    def _next(self, deadline: float | None) -> MessageT | None:
        while (item := self._stream.take(deadline)) is not None:
            if (message := self._stream.message(item)) is not None:
                return message
        return None

    def events(self) -> Iterator[MessageT | Gap | Undecodable]:
        """Iterate over messages, gaps and messages that do not fit their type.

        It reads the same queue as `get` and plain iteration. Use one of them.

        Returns:
            An iterator over messages; an `Undecodable` for each that does not fit its type, instead of a call of
            `on_error`; and a `Gap` for each loss of the connection, once the subscription is restored. It ends with the
            subscription.

        Raises:
            ConnectionLost: The connection has ended for good, and the queue is empty.
            SlowConsumer: The queue was full, with `overflow="fail"`, and has been read to its end.
        """
        try:
            while (item := self._stream.take(None)) is not None:
                if (event := self._stream.event(item)) is not None:
                    yield event
        except BaseException:
            recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way
            raise

    def close(self) -> None:
        """End this subscription.

        The broker is told if no other subscription of this client needs the channel.

        Does not wait for the broker. May be called again. Messages in the queue can still be read.
        """
        self._stream.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MessageT:
        try:
            message = self._next(None)
        except BaseException:
            recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way
            raise
        if message is None:
            raise StopIteration
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


@hides_arguments
class AsyncSubscription(_SubscriptionBase[AsyncStream[MessageT]]):
    """Messages of a channel.

    Iterate with `async for`, or await `get`; `async with` ends it.

    After the end, messages in the queue can still be read. Then iteration stops, or raises the reason: ConnectionLost
    or SlowConsumer.

    It belongs to the event loop that connected its client: to wait for a message in another one raises Closed.
    """

    def __init__(self, stream: AsyncStream[MessageT]) -> None:
        """Made by clients."""
        super().__init__(stream)

    async def get(self, timeout_s: float | None = None) -> MessageT | None:
        """Return the next message.

        Args:
            timeout_s: Seconds to wait. 0: do not wait. Default: no limit.

        Returns:
            The message. None if none arrived in time, or if the subscription is closed and its queue empty.

        Raises:
            InvalidArgument: `timeout_s` is not a number, or is negative.
            ConnectionLost: The connection has ended for good, and the queue is empty.
            SlowConsumer: The queue was full, with `overflow="fail"`, and has been read to its end.
        """
        if timeout_s is not None:
            check_time_limit(timeout_s, zero=True)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._next()
        except TimeoutError as error:
            if isinstance(error, EmitterError):
                raise
        return None

    async def _next(self) -> MessageT | None:
        while (item := await self._stream.take()) is not None:
            if (message := self._stream.message(item)) is not None:
                return message
        return None

    async def events(self) -> AsyncIterator[MessageT | Gap | Undecodable]:
        """Iterate over messages, gaps and messages that do not fit their type.

        It reads the same queue as `get` and plain iteration. Use one of them.

        Returns:
            An iterator over messages; an `Undecodable` for each that does not fit its type, instead of a call of
            `on_error`; and a `Gap` for each loss of the connection, once the subscription is restored. It ends with the
            subscription.

        Raises:
            ConnectionLost: The connection has ended for good, and the queue is empty.
            SlowConsumer: The queue was full, with `overflow="fail"`, and has been read to its end.
        """
        while (item := await self._stream.take()) is not None:
            if (event := self._stream.event(item)) is not None:
                yield event

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
        while (item := stream.ready.popleft() if stream.ready else await stream.take()) is not None:
            if (message := stream.message(item)) is not None:
                return message
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
