"""What was published to a broker so far, for tests to look at."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from attrs import field, frozen

from emitter_typed._broker.arguments import check_kind
from emitter_typed._broker.errors import NotPublished, not_running
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.topics import matches, validate_channel
from emitter_typed.errors import InvalidArgument


def _short(payload: bytes) -> str:
    return repr(payload) if len(payload) <= 80 else f"{payload[:80]!r}… ({len(payload)} bytes)"


@frozen
class Published:
    """A published message that the broker accepted."""

    channel: str
    """The channel with its last slash, without key and options."""
    payload: bytes = field(repr=_short)
    """The payload in bytes."""
    ttl_s: int
    """Seconds for which it is to be stored. 0: not at all. It does not tell whether the key may store."""
    username: str | None
    """The username of the connection that published it."""

    def as_string(self) -> str:
        """Return the payload as text.

        Returns:
            The text, decoded from UTF-8.

        Raises:
            Undecodable: the payload is not UTF-8.
        """
        return codec.text(self.payload, self.channel)


class Journal:
    """The last messages that were published, in order, bounded by number and size."""

    def __init__(self, *, max_messages: int, max_bytes: int, whole: Journal | None = None) -> None:
        """Start with none.

        Args:
            max_messages: How many are remembered at most.
            max_bytes: How many bytes of channels and payloads are remembered at most.
            whole: The journal of the cluster, which gets each message too.
        """
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._whole = whole
        self._bytes = 0
        self._messages: deque[Published] = deque()
        self._listeners: list[Callable[[], None]] = []

    def add(self, message: Published) -> None:
        """Remember a message, and forget the oldest ones for which there is no room."""
        self._messages.append(message)
        self._bytes += _size(message)
        while len(self._messages) > self._max_messages or self._bytes > self._max_bytes:
            self._bytes -= _size(self._messages.popleft())
        if self._whole is not None:
            self._whole.add(message)
        self.wake()

    def wake(self) -> None:
        """Let all who wait look again: after each message that is added, and when the broker stops."""
        for listener in tuple(self._listeners):
            listener()

    def matching(self, channel: str | None) -> tuple[Published, ...]:
        """Return what was published, oldest first; with a channel, only there and below."""
        return tuple(each for each in self._messages if channel is None or matches(channel, each.channel, "emitter"))

    async def until(
        self, count: int, channel: str | None, timeout_s: float, *, is_running: Callable[[], bool]
    ) -> tuple[Published, ...]:
        """Wait until so many messages were published, and return them: see `AsyncBroker.wait_published`.

        Args:
            count: The number of messages.
            channel: Count only what was published there or below; None: everything.
            timeout_s: Seconds to wait.
            is_running: Tells whether there may be more messages.

        Raises:
            NotPublished: fewer were published in time.
            InvalidArgument: an argument is not valid.
            Closed: nothing is running, or it was stopped meanwhile.
        """
        check_kind("count", count, int, "an integer")
        check_time_limit(timeout_s, zero=True)
        if count < 1:
            raise InvalidArgument(f"count: must be 1 or more, not {count}", argument="count", value=count)
        wanted = None if channel is None else validate_channel(channel, static=False)
        over = asyncio.Event()

        def look() -> None:
            if len(self.matching(wanted)) >= count or not is_running():
                over.set()

        look()
        self._listeners.append(look)
        try:
            async with asyncio.timeout(timeout_s):
                await over.wait()
        except TimeoutError:
            found = self.matching(wanted)
            raise NotPublished(wanted=count, found=len(found), channel=wanted, timeout_s=timeout_s) from None
        finally:
            self._listeners.remove(look)
        found = self.matching(wanted)
        if len(found) < count:
            raise not_running()
        return found


def _size(message: Published) -> int:
    return len(message.payload) + len(message.channel)
