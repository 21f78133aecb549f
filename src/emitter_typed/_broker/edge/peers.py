"""The border between a broker and what carries the bytes of its connections, with what each side asks of the other."""

from __future__ import annotations

from typing import Protocol

from emitter_typed._broker.connection import Connection


class Peer(Protocol):
    """The other end of one connection."""

    def send(self, connection: Connection) -> None:
        """Send what the connection has queued, and end it if it is to be ended."""
        ...

    def read(self, *, on: bool) -> None:
        """Go on or stop to take in what the client sends."""
        ...

    def close(self) -> None:
        """End the connection in good order: what was sent arrives."""
        ...

    def abort(self) -> None:
        """End the connection at once, as a network that fails."""
        ...


class Host(Protocol):
    """What a peer asks of the broker. It is called in the broker's event loop."""

    def joined(self, peer: Peer) -> Connection | None:
        """Take a new connection in. None: it is turned away, and nothing more is asked."""
        ...

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Handle the MQTT that one read brought, then send all that it caused, to whomever."""
        ...

    def left(self, connection: Connection) -> None:
        """Forget a connection that is gone. May be called again."""
        ...
