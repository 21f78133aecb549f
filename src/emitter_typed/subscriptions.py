"""Subscriptions: a queue of messages each, read by iterating or by a handler."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from emitter_typed.errors import EmitterError, SlowConsumer, Undecodable
from emitter_typed.pending import check_time_limit
from emitter_typed.protocol.mailbox import Mailbox
from emitter_typed.protocol.message import Message

if TYPE_CHECKING:
    from typing import Self

    # Only checkers need the default, so that a bare `Subscription` means one of `Message[bytes]`.
    from typing_extensions import TypeVar as DefaultTypeVar

    MessageT = DefaultTypeVar("MessageT", default=Message)
else:
    MessageT = TypeVar("MessageT")

_log = logging.getLogger("emitter_typed")


class _Queue(Generic[MessageT]):
    """What subscriptions of both colours share: the mailbox, the counters and the end."""

    def __init__(
        self,
        channel: str,
        mailbox: Mailbox,
        decode: Callable[[str, bytes], MessageT | None],
        report: Callable[[EmitterError], None],
    ) -> None:
        self.channel: str = channel
        """The channel that was subscribed to, without key and options."""
        self.delivered: int = 0
        """How many messages were handed to the reader so far."""
        self._mailbox = mailbox
        self._decode = decode
        self._report = report
        self._ended = False
        self._error: EmitterError | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more is coming; what waits in the queue can still be read."""
        return self._ended

    @property
    def dropped(self) -> int:
        """How many messages the queue has lost because it was full."""
        return self._mailbox.dropped

    @property
    def pending(self) -> int:
        """How many messages wait in the queue."""
        return len(self._mailbox)

    def _put(self, channel: str, raw: bytes) -> None:
        if self._ended or not self._mailbox.put((channel, raw)):
            return
        _log.warning(
            "subscription.overflow channel=%s overflow=%s dropped=%d",
            self.channel, self._mailbox.overflow, self._mailbox.dropped,
        )  # fmt: skip
        if self._mailbox.failed:
            self._error = SlowConsumer(
                self.channel, max_messages=self._mailbox.max_messages, max_bytes=self._mailbox.max_bytes
            )
            self._ended = True

    def _read(self, channel: str, raw: bytes) -> MessageT | None:
        """Decode one message; what does not fit is reported, and does not stop the stream."""
        try:
            message = self._decode(channel, raw)
        except Undecodable as problem:
            self._report(problem)
            return None
        if message is not None:
            self.delivered += 1
        return message


class Subscription(_Queue[MessageT]):
    """Messages of a channel. Iterate, or call `get`; `with` ends it.

    After the end, what still waits in the queue is given out; then iteration stops, or raises why it ended:
    ConnectionLost or SlowConsumer.
    """

    def __init__(
        self,
        channel: str,
        mailbox: Mailbox,
        decode: Callable[[str, bytes], MessageT | None],
        report: Callable[[EmitterError], None],
        close: Callable[[Subscription[MessageT]], None],
    ) -> None:
        """Clients make these."""
        super().__init__(channel, mailbox, decode, report)
        self._close = close
        self._changed = threading.Condition()

    def offer(self, channel: str, raw: bytes) -> None:
        """Take a message in; for clients."""
        with self._changed:
            self._put(channel, raw)
            if self._ended:
                # The overflow was the end, which is for everybody who waits.
                self._changed.notify_all()
            else:
                self._changed.notify()

    def end(self, error: EmitterError | None) -> None:
        """End the stream, for a reason or none; for clients."""
        with self._changed:
            if not self._ended:
                self._ended = True
                self._error = error
            self._changed.notify_all()

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
        while True:
            with self._changed:
                while (arrival := self._mailbox.take()) is None and not self._ended:
                    if not self._changed.wait(None if deadline is None else deadline - monotonic()):
                        return None
            if arrival is None:
                self._finish()
                return None
            message = self._read(*arrival)
            if message is not None:
                return message

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


class AsyncSubscription(_Queue[MessageT]):
    """Messages of a channel. Iterate with `async for`, or await `get`; `async with` ends it.

    After the end, what still waits in the queue is given out; then iteration stops, or raises why it ended:
    ConnectionLost or SlowConsumer.
    """

    def __init__(
        self,
        channel: str,
        mailbox: Mailbox,
        decode: Callable[[str, bytes], MessageT | None],
        report: Callable[[EmitterError], None],
        close: Callable[[AsyncSubscription[MessageT]], None],
    ) -> None:
        """Clients make these."""
        super().__init__(channel, mailbox, decode, report)
        self._close = close
        self._changed = asyncio.Event()

    def offer(self, channel: str, raw: bytes) -> None:
        """Take a message in; for clients."""
        self._put(channel, raw)
        self._changed.set()

    def end(self, error: EmitterError | None) -> None:
        """End the stream, for a reason or none; for clients."""
        if not self._ended:
            self._ended = True
            self._error = error
        self._changed.set()

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
                while True:
                    while (arrival := self._mailbox.take()) is None and not self._ended:
                        self._changed.clear()
                        await self._changed.wait()
                    if arrival is None:
                        self._finish()
                        return None
                    message = self._read(*arrival)
                    if message is not None:
                        return message
        except TimeoutError as error:
            if isinstance(error, EmitterError):
                raise
            return None

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
