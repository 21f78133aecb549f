"""What sync and async subscriptions share: a queue of messages each, read by iterating or by a handler."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from emitter_typed._core.forks import OfOneProcess
from emitter_typed._core.streams.stream import Stream
from emitter_typed._frames import hides_arguments
from emitter_typed._masking import hide_keys

StreamT = TypeVar("StreamT", bound=Stream[Any], covariant=True)  # Any: of whatever messages


@hides_arguments
class SubscriptionBase(OfOneProcess, Generic[StreamT]):
    """What a subscription tells of its queue."""

    def __init__(self, stream: StreamT) -> None:
        """Made by clients."""
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
