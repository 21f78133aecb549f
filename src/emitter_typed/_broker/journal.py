"""What was published to a broker so far, for tests to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import field, frozen

from emitter_typed._protocol.topics import matches
from emitter_typed.errors import Undecodable


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
        try:
            return self.payload.decode()
        except UnicodeDecodeError as error:
            raise Undecodable(f"not UTF-8 ({error})", channel=self.channel, raw=self.payload) from error


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
        """Call all listeners."""
        for listener in tuple(self._listeners):
            listener()

    def matching(self, channel: str | None) -> tuple[Published, ...]:
        """Return what was published, oldest first; with a channel, only there and below."""
        return tuple(each for each in self._messages if channel is None or matches(channel, each.channel, "emitter"))

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function after each message that is added, and when the broker stops."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call it no more."""
        self._listeners.remove(listener)


def _size(message: Published) -> int:
    return len(message.payload) + len(message.channel)
