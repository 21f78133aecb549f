"""What a broker may hold at most, so that no client makes it grow without end."""

from __future__ import annotations

import logging

from attrs import fields, frozen

from emitter_typed._broker.refusals import Refusal, Refused
from emitter_typed._protocol.topics import segments
from emitter_typed.errors import InvalidArgument

_log = logging.getLogger("emitter_typed.broker")

_MIB = 1024 * 1024
# About what a node of the subscriptions' trie takes, with its place in the parent.
_SEGMENT_BYTES = 512


@frozen(kw_only=True)
class Limits:
    """The resource limits of a broker. Each is a number above 0.

    Raises:
        InvalidArgument: a limit is not a number above 0.
    """

    max_connections: int = 10_000
    """Maximum number of open connections. A further one is closed at once."""
    max_unsent_bytes: int = 8 * _MIB
    """Maximum number of bytes that wait to be sent to one connection. A slower reader is disconnected."""
    max_total_unsent_bytes: int = 64 * _MIB
    """Maximum number of bytes that wait to be sent to all slow readers. Beyond it, the slowest one is
    disconnected."""
    max_state_bytes: int = 32 * _MIB
    """Approximate limit in bytes for the subscriptions, links, watches and will of one connection. Beyond it, requests
    are refused with 403."""
    max_total_state_bytes: int = 256 * _MIB
    """The same for all connections together."""
    max_stored_messages: int = 100_000
    """Maximum number of stored messages. Beyond it, the oldest are deleted."""
    max_stored_bytes: int = 64 * _MIB
    """Maximum number of bytes of stored messages. Beyond it, the oldest are deleted."""
    max_published_messages: int = 10_000
    """Maximum number of messages in `published`. Beyond it, the oldest are removed."""
    max_published_bytes: int = 16 * _MIB
    """Maximum number of bytes of the messages in `published`. Beyond it, the oldest are removed."""

    def __attrs_post_init__(self) -> None:
        """Refuse what is no bound."""
        for each in fields(Limits):
            value: object = getattr(self, each.name)
            if type(value) is not int or value <= 0:
                raise InvalidArgument(
                    f"{each.name}: must be an integer above 0, not {value!r}", argument=each.name, value=value
                )


class Budget:
    """What one connection may make the broker keep in mind, as a part of what all of them may."""

    def __init__(self, max_bytes: int, whole: Budget | None = None) -> None:
        """Start with nothing taken.

        Args:
            max_bytes: How much may be taken at once.
            whole: The budget that this one is a part of.
        """
        self._max_bytes = max_bytes
        self._whole = whole
        self.taken_bytes: int = 0

    def take(self, size_bytes: int) -> None:
        """Take some of it.

        Raises:
            Refused: there is not so much left, here or in the whole. Nothing was taken.
        """
        if self.taken_bytes + size_bytes > self._max_bytes:
            _log.warning("limit.reached max_bytes=%d", self._max_bytes)
            raise Refused(Refusal.FORBIDDEN)
        if self._whole is not None:
            self._whole.take(size_bytes)
        self.taken_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Give back what was taken."""
        self.taken_bytes -= size_bytes
        if self._whole is not None:
            self._whole.give_back(size_bytes)


def weight_bytes(channel: str) -> int:
    """Return about what it takes to keep a channel in mind."""
    return len(channel) + _SEGMENT_BYTES * len(segments(channel))
