"""What MQTT is wrapped in: nothing, WebSocket, or TLS around either.

A layer knows nothing of sockets: bytes that arrived go in, MQTT comes out, and the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Layer(Protocol):
    """Takes the wrapping of one connection off, and puts it on."""

    ended: bool
    """Whether the other side, or the layer itself, has ended the conversation: close once `own` is sent."""

    def received(self, data: bytes) -> bytes:
        """Return the MQTT in what arrived; what is incomplete is kept for the next time."""
        ...

    def own(self) -> bytes:
        """Return what the layer itself has to say now, such as a handshake, a pong or a page."""
        ...

    def wrapped(self, packets: Sequence[bytes]) -> bytes:
        """Return packets as they are sent."""
        ...

    def farewell(self) -> bytes:
        """Return the last words before the connection is closed in good order."""
        ...


class Plain:
    """No wrapping: MQTT as it is."""

    ended = False

    def received(self, data: bytes) -> bytes:
        """Return the data."""
        return data

    def own(self) -> bytes:
        """Return nothing."""
        return b""

    def wrapped(self, packets: Sequence[bytes]) -> bytes:
        """Return the packets one after the other."""
        return b"".join(packets)

    def farewell(self) -> bytes:
        """Return nothing: MQTT 3.1.1 has no last word for a server."""
        return b""


def clear_layer_for(data: bytes) -> Layer:
    """Return the layer of a conversation that is not encrypted, by its first byte.

    Args:
        data: What arrived first; not empty.
    """
    # HTTP begins with a method, in capitals; no MQTT packet that a client may send first looks so.
    if 0x41 <= data[0] <= 0x5A:
        from emitter_typed._broker.edge.websocket import WebSocket  # Costs plain MQTT nothing.

        return WebSocket()
    return Plain()
