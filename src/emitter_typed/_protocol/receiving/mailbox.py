"""A bounded queue of messages as they arrived, which says what it dropped. It locks nothing: its owner does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Literal

from attrs import frozen

Overflow = Literal["drop_oldest", "drop_newest", "fail"]
"""What a full queue does: lose its oldest messages, lose the new one, or end the subscription with SlowConsumer."""


@frozen(kw_only=True)
class QueueLimits:
    """The limits of one subscription's queue. None: the client's own setting."""

    max_messages: int | None = None
    """How many messages may wait."""
    max_bytes: int | None = None
    """How many bytes of payload may wait."""
    overflow: Overflow | None = None
    """What happens to a message that does not fit."""


Arrival = tuple[str, bytes]
"""A channel and the payload's bytes."""


class Mailbox:
    """Holds at most so many messages and so many bytes of payload.

    A message that is larger than the byte bound by itself is dropped under every policy.
    """

    __slots__ = (
        "_arrivals",
        "_bytes",
        "dropped",
        "dropping",
        "failed",
        "max_bytes",
        "max_messages",
        "overflow",
        "received",
    )

    def __init__(self, *, max_messages: int, max_bytes: int, overflow: Overflow) -> None:
        """Begin empty."""
        self.max_messages: int = max_messages
        self.max_bytes: int = max_bytes
        self.overflow: Overflow = overflow
        self.dropped: int = 0
        """How many messages were lost so far."""
        self.dropping: bool = False
        """Whether the queue has been dropping since it last was empty: one episode."""
        self.failed: bool = False
        """Whether a queue with `overflow="fail"` has overflowed; it takes no more."""
        self.received: int = 0
        """How many messages were taken in so far: the place of the next one among all."""
        self._arrivals: deque[Arrival] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        """Count the messages that wait."""
        return len(self._arrivals)

    def put(self, arrival: Arrival) -> bool:
        """Take a message in, dropping by the policy, and tell whether that begins an episode of dropping."""
        if self.failed:
            return False
        size = len(arrival[1])
        dropped = self.dropped
        fits = size <= self.max_bytes
        if self.overflow == "drop_oldest" and fits:
            while self._arrivals and self._full(size):
                self._bytes -= len(self._arrivals.popleft()[1])
                self.dropped += 1
        if fits and not self._full(size):
            self._arrivals.append(arrival)
            self._bytes += size
            self.received += 1
        else:
            self.dropped += 1
            self.failed = self.overflow == "fail"
        begins = self.dropped > dropped and not self.dropping
        self.dropping = self.dropping or begins
        return begins

    def _full(self, size: int) -> bool:
        return len(self._arrivals) >= self.max_messages or self._bytes + size > self.max_bytes

    def take(self) -> Arrival | None:
        """Return the oldest message, or None if there is none."""
        if not self._arrivals:
            return None
        arrival = self._arrivals.popleft()
        self._bytes -= len(arrival[1])
        if not self._arrivals:
            self.dropping = False
        return arrival

    def insert(self, place: int, arrival: Arrival) -> None:
        """Put a message at a place that nobody has read, whether there is room for it or not."""
        self._arrivals.insert(place - self.place, arrival)
        self._bytes += len(arrival[1])
        self.received += 1

    @property
    def place(self) -> int:
        """The place of the oldest message that waits, or of the next one, among all that were taken in."""
        return self.received - len(self._arrivals)

    def since(self, place: int) -> list[Arrival]:
        """Return the messages that wait from a place on, without taking them."""
        return list(islice(self._arrivals, max(0, place - self.place), None))

    def filter_before(self, place: int, keep: Callable[[Arrival], bool]) -> None:
        """Take out of the messages before a place those that are not to be kept; they count as neither read nor lost.

        What was taken out moves the places of those that stay up to the next one.
        """
        count = max(0, place - self.place)
        kept = [arrival for index, arrival in enumerate(self._arrivals) if index >= count or keep(arrival)]
        self._arrivals = deque(kept)
        self._bytes = sum(len(raw) for _, raw in kept)
