"""The state of one connection: who it is, what it set up, and what waits to be sent to it."""

from __future__ import annotations

import secrets
from base64 import b32encode

from emitter_typed.broker.held import HeldFilters
from emitter_typed.broker.wire import Decoder, Will
from emitter_typed.protocol.topics import Topic


def new_connection_id() -> str:
    """Return the id of a connection: 26 characters that a channel may hold."""
    return b32encode(secrets.token_bytes(16)).decode().rstrip("=")


class Connection:
    """One connection, from when it is made to when it is gone. It knows nothing of sockets."""

    def __init__(self, waiting: dict[Connection, None], *, max_queued_bytes: int) -> None:
        """Make a connection that has said nothing yet.

        Args:
            waiting: Where the connection puts itself when it has something to be sent.
            max_queued_bytes: The bound of what waits to be sent; beyond it the connection is cut off.
        """
        self.id = new_connection_id()
        self.decoder = Decoder()
        self.username: str | None = None
        self.will: Will | None = None
        self.links: dict[str, Topic] = {}
        self.subscriptions = HeldFilters()
        self.watched = HeldFilters()
        self.closing = False
        """Nothing more is read; the connection ends when what is queued has been sent."""
        self.overrun = False
        """Its reader is too slow: the connection ends now."""
        self._waiting = waiting
        self._max_queued_bytes = max_queued_bytes
        self._queue: list[bytes] = []
        self._queued_bytes = 0

    def queue(self, packet: bytes) -> None:
        """Add a packet to what waits to be sent, in order."""
        if self.overrun:
            return
        self._queue.append(packet)
        self._queued_bytes += len(packet)
        if self._queued_bytes > self._max_queued_bytes:
            self.overrun = self.closing = True
            self.take()
        self._waiting[self] = None

    def close(self) -> None:
        """End the connection when what is queued has been sent."""
        self.closing = True
        self._waiting[self] = None

    def take(self) -> bytes:
        """Return what waits to be sent, and forget it."""
        output = b"".join(self._queue)
        self._queue.clear()
        self._queued_bytes = 0
        return output

    def who(self) -> dict[str, object]:
        """Return the connection as presence shows it."""
        return {"id": self.id} if not self.username else {"id": self.id, "username": self.username}
