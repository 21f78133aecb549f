"""A bounded queue of messages as they arrived, which says what it dropped. It locks nothing: its owner does.

What is ready may be taken without the owner's lock: it only ever gets shorter between two calls of `take`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from itertools import islice
from typing import Literal

from attrs import frozen

_MAX_READY = 1_024

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
        "_dropping",
        "_ready_bytes",
        "_ready_counted",
        "dropped",
        "failed",
        "max_bytes",
        "max_messages",
        "overflow",
        "ready",
        "received",
    )

    def __init__(self, *, max_messages: int, max_bytes: int, overflow: Overflow) -> None:
        """Begin empty."""
        self.max_messages: int = max_messages
        self.max_bytes: int = max_bytes
        self.overflow: Overflow = overflow
        self.dropped: int = 0
        """How many messages were lost so far."""
        self.failed: bool = False
        """Whether a queue with `overflow="fail"` has overflowed; it takes no more."""
        self.received: int = 0
        """How many messages were taken in so far: the place of the next one among all."""
        self.ready: deque[Arrival] = deque()
        """The oldest messages that wait: whoever reads may take from its left at any time, without a lock."""
        # Whether it has been dropping since it last was empty: one episode.
        self._dropping = False
        # Those behind the ones that are ready.
        self._arrivals: deque[Arrival] = deque()
        self._bytes = 0
        # At least as many as are ready, and just as many if nobody has taken any since they were counted.
        self._ready_bytes = 0
        self._ready_counted = 0

    def __len__(self) -> int:
        """Count the messages that wait."""
        return len(self.ready) + len(self._arrivals)

    def put_all(self, arrivals: Collection[Arrival]) -> bool:
        """Take messages in if there certainly is room for all of them, and tell whether; if not, none is taken in."""
        size = sum([len(raw) for _, raw in arrivals])
        if (
            self.failed
            or len(self) + len(arrivals) > self.max_messages
            or self._ready_bytes + self._bytes + size > self.max_bytes
        ):
            return False
        if self._dropping and not self:
            self._dropping = False
        self._arrivals.extend(arrivals)
        self._bytes += size
        self.received += len(arrivals)
        return True

    def put(self, arrival: Arrival) -> bool:
        """Take a message in, dropping by the policy, and tell whether that begins an episode of dropping."""
        if self.failed:
            return False
        size = len(arrival[1])
        if self._dropping and not self:
            self._dropping = False
        dropped = self.dropped
        fits = size <= self.max_bytes
        if self.overflow == "drop_oldest" and fits:
            while self._full(size) and self._drop_oldest():
                self.dropped += 1
        if fits and not self._full(size):
            self._arrivals.append(arrival)
            self._bytes += size
            self.received += 1
        else:
            self.dropped += 1
            self.failed = self.overflow == "fail"
        begins = self.dropped > dropped and not self._dropping
        self._dropping = self._dropping or begins
        return begins

    def _full(self, size: int) -> bool:
        if len(self) >= self.max_messages:
            return True
        if self._ready_bytes + self._bytes + size <= self.max_bytes:
            return False
        if len(self.ready) != self._ready_counted:
            ready = self.ready.copy()
            self._ready_bytes, self._ready_counted = sum([len(raw) for _, raw in ready]), len(ready)
        return self._ready_bytes + self._bytes + size > self.max_bytes

    def _drop_oldest(self) -> bool:
        """Drop a message, and tell whether there was one; of those that are ready, somebody else may be faster."""
        try:
            self.ready.popleft()
        except IndexError:
            if not self._arrivals:
                return False
            self._bytes -= len(self._arrivals.popleft()[1])
        return True

    def take(self, up_to: int | None = None) -> Arrival | None:
        """Return the oldest message, or None if there is none, and make those behind it ready.

        Args:
            up_to: The place of the first one that must not be ready yet. Default: all may be.
        """
        ready, arrivals = self.ready, self._arrivals
        try:
            return ready.popleft()
        except IndexError:
            pass
        count = min(len(arrivals) if up_to is None else up_to - self.place, _MAX_READY)
        if count <= 0:
            return None
        made = [arrivals.popleft() for _ in range(count)]
        size = sum([len(raw) for _, raw in made])
        self._bytes -= size
        self._ready_bytes, self._ready_counted = size - len(made[0][1]), count - 1
        ready.extend(made[1:])
        return made[0]

    def insert(self, place: int, arrival: Arrival) -> None:
        """Put a message at a place that nobody has read and that is not ready, whether there is room for it or not."""
        self._arrivals.insert(place - self.place, arrival)
        self._bytes += len(arrival[1])
        self.received += 1

    @property
    def place(self) -> int:
        """The place of the oldest message that is not ready, or of the next one, among all that were taken in."""
        return self.received - len(self._arrivals)

    def since(self, place: int) -> list[Arrival]:
        """Return the messages that wait from a place on and are not ready, without taking them."""
        return list(islice(self._arrivals, max(0, place - self.place), None))

    def filter_before(self, place: int, keep: Callable[[Arrival], bool]) -> None:
        """Take out of the messages before a place those that are not to be kept; they count as neither read nor lost.

        Those that are ready stay.

        What was taken out moves the places of those that stay up to the next one.
        """
        count = max(0, place - self.place)
        kept = [arrival for index, arrival in enumerate(self._arrivals) if index >= count or keep(arrival)]
        self._arrivals = deque(kept)
        self._bytes = sum(len(raw) for _, raw in kept)
