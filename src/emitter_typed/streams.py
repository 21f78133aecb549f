"""What subscriptions of both colours share."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from attrs import evolve

from emitter_typed.errors import EmitterError, SlowConsumer, Undecodable, hide_keys
from emitter_typed.protocol.definition import RequestDefinition
from emitter_typed.protocol.feed import Feed, Item
from emitter_typed.protocol.message import Gap, Message
from emitter_typed.protocol.waiter import Waiter
from emitter_typed.values import Record

if TYPE_CHECKING:
    # Only checkers need the default, so that a bare `Subscription` means one of `Message[bytes]`.
    from typing_extensions import TypeVar as DefaultTypeVar

    MessageT = DefaultTypeVar("MessageT", default=Message)
else:
    MessageT = TypeVar("MessageT")

_log = logging.getLogger("emitter_typed")


class Ask(Protocol):
    """Sends a request of the library's own; the waiter gets the response. Raises what a request raises."""

    def __call__(self, definition: RequestDefinition[Any], request: Record, waiter: Waiter[Any], /) -> None:
        """Send it."""


class _Answers:
    """Waits for the answers to what the feed asks for."""

    def __init__(
        self, answered: Callable[[object], None], failed: Callable[[EmitterError], None], go_on: Callable[[], None]
    ) -> None:
        self._answered = answered
        self._failed = failed
        self._go_on = go_on

    def resolve(self, response: object, /) -> None:
        self._answered(response)
        self._go_on()

    def reject(self, error: EmitterError, /) -> bool:
        self._failed(error)
        self._go_on()
        return True


class Stream(ABC, Generic[MessageT]):
    """A subscription without the waiting: its feed and what that asks for, its counters and its end."""

    def __init__(
        self,
        channel: str,
        feed: Feed,
        decode: Callable[[str, bytes], MessageT | None],
        report: Callable[[EmitterError], None],
        ask: Ask,
    ) -> None:
        self.channel: str = channel
        """The channel that was subscribed to, without key and options."""
        self.delivered: int = 0
        """How many messages were handed to the reader so far."""
        self._feed = feed
        self._decode = decode
        self._report = report
        self._ask = ask
        self._answers = _Answers(self._answered, self._failed, self._go_on)
        self._starting: Waiter[None] | None = None
        self._ended = False
        self._error: EmitterError | None = None

    @property
    @abstractmethod
    def _guard(self) -> AbstractContextManager[object]:
        """What to hold while the feed is touched. The session's own lock may be held then, and never taken."""

    @abstractmethod
    def _wake(self) -> None:
        """Let everybody who waits look again; the guard is held."""

    @property
    def ended(self) -> bool:
        """Whether nothing more is coming; what waits in the queue can still be read."""
        return self._ended

    @property
    def dropped(self) -> int:
        """How many messages the queue has lost because it was full."""
        return self._feed.mailbox.dropped

    @property
    def pending(self) -> int:
        """How many messages wait in the queue; those that are still to be fetched are not counted."""
        return self._feed.waiting

    # What the session tells

    def publish_silently(self, channel: str, raw: bytes) -> None:
        """Learn of a message of this client that the broker does not send back; for clients."""
        with self._guard:
            self._feed.publish_silently((channel, raw))

    def granted(self, waiter: Waiter[None]) -> None:
        """Learn that the broker has granted it, and who waits for its beginning; for clients."""
        with self._guard:
            self._starting = waiter
            self._feed.granted()
        self._go_on()

    def lost(self) -> None:
        """Learn that the connection is lost, and another one is to follow; for clients."""
        with self._guard:
            self._feed.lost(datetime.now(UTC))

    def restored(self) -> None:
        """Learn that it is there again on the next connection; for clients."""
        with self._guard:
            self._feed.restored(datetime.now(UTC))
            self._wake()

    def end(self, error: EmitterError | None) -> None:
        """End the stream, for a reason or none; for clients."""
        with self._guard:
            self._end(error)
            self._wake()

    # What is fetched

    def _answered(self, response: object) -> None:
        try:
            with self._guard:
                self._feed.answer(response)
                self._wake()
        except EmitterError as error:
            self._failed(error)

    def _failed(self, error: EmitterError) -> None:
        with self._guard:
            untold = self._feed.failed(error, datetime.now(UTC))
            self._wake()
        if untold is not None:
            self._report(untold)

    def _go_on(self) -> None:
        """Ask for what the feed needs next, and tell who waits for the beginning. The guard must not be held."""
        while True:
            with self._guard:
                wanted = self._feed.next_request()
                starting = self._starting if self._feed.started or self._feed.failure is not None else None
                self._starting = None if starting is not None else self._starting
            if starting is not None:
                if self._feed.failure is None:
                    starting.resolve(None)
                else:
                    starting.reject(self._feed.failure)
            if wanted is None:
                return
            try:
                self._ask(*wanted, self._answers)
            except EmitterError as error:
                self._failed(error)
            else:
                return

    # Inside; the guard is held

    def _put(self, channel: str, raw: bytes) -> None:
        if self._ended or not self._feed.put((channel, raw)):
            return
        mailbox = self._feed.mailbox
        _log.warning(
            "subscription.overflow channel=%s overflow=%s dropped=%d",
            hide_keys(self.channel), mailbox.overflow, mailbox.dropped,
        )  # fmt: skip
        if mailbox.failed:
            self._end(SlowConsumer(self.channel, max_messages=mailbox.max_messages, max_bytes=mailbox.max_bytes))

    def _end(self, error: EmitterError | None) -> None:
        if not self._ended:
            self._ended = True
            self._error = error
            self._feed.end()

    # Reading

    def _message(self, item: Item) -> MessageT | None:
        """Decode a message; what does not fit is reported, and does not stop the stream."""
        event = self._event(item)
        if isinstance(event, Undecodable):
            self._report(event)
            return None
        return None if isinstance(event, Gap) else event

    def _event(self, item: Item) -> MessageT | Gap | Undecodable | None:
        """Decode what comes next; None if it is not for this subscription."""
        if isinstance(item, Gap):
            return item
        stored_at: datetime | None = None
        if isinstance(item, tuple):
            channel, raw = item
        else:
            channel, raw, stored_at = item.channel, item.as_binary(), item.stored_at
        try:
            message = self._decode(channel, raw)
        except Undecodable as problem:
            return problem
        if message is None:
            return None
        self.delivered += 1
        if stored_at is None:
            return message
        made: Any = message  # Any: decoders make messages, which a type variable with a default cannot say
        stored: MessageT = evolve(made, stored_at=stored_at)
        return stored
