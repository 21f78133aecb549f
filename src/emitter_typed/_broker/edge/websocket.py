"""HTTP on the broker's port: MQTT over WebSocket on any path, and a page that tells that the broker is up."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

try:
    from websockets.frames import CloseCode, Frame, Opcode
    from websockets.http11 import Request
    from websockets.protocol import State
    from websockets.server import ServerProtocol
    from websockets.typing import Subprotocol
except ImportError as _missing:
    raise ImportError('the embedded broker needs websockets: pip install "emitter-typed[broker]"') from _missing

# Emitter's own order, whatever the client prefers; a client that offers none of them is welcome too.
_SUBPROTOCOLS = ("mqttv3.1", "mqttv3", "mqtt")
_MAX_FRAME_BYTES = 4 * 1024 * 1024
_DATA = (Opcode.BINARY, Opcode.TEXT, Opcode.CONT)
_HEALTHY = "This is emitter-typed's embedded broker, for development and tests. It is up.\n"
_LOST = (
    "Here is no page but / and /health. This port speaks MQTT, and MQTT over WebSocket on any path: "
    "point an Emitter client at it.\n"
)


class WebSocket:
    """The server's side of one HTTP connection. Its frames are a stream of bytes, however they are cut."""

    def __init__(self) -> None:
        """Wait for a request."""
        self.ended: bool = False
        self._protocol = ServerProtocol(select_subprotocol=_select, max_size=_MAX_FRAME_BYTES)

    def received(self, data: bytes) -> bytes:
        """Return the data of frames, text or binary. A plain request is answered with a page."""
        if self.ended:
            return b""
        found = bytearray()
        # Line by line up to the request: what follows it must not spoil its answer.
        pieces = data.splitlines(keepends=True) if self._protocol.state is State.CONNECTING else [data]
        for piece in pieces:
            self._protocol.receive_data(piece)
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._answer(event)
                elif isinstance(event, Frame) and event.opcode in _DATA:
                    found += event.data
            if self._protocol.eof_sent:
                break
        return bytes(found)

    def own(self) -> bytes:
        """Return handshakes, pages, pongs and closing frames."""
        written = self._protocol.data_to_send()
        # An empty one stands for the end of what is sent.
        if b"" in written:
            self.ended = True
        return b"".join(written)

    def wrapped(self, packets: Sequence[bytes]) -> bytes:
        """Return each packet in a binary frame of its own, as Emitter sends them."""
        if self._protocol.state is not State.OPEN:
            return b""
        for packet in packets:
            self._protocol.send_binary(packet)
        return self.own()

    def farewell(self) -> bytes:
        """Return a closing frame: going away (RFC 6455, 7.4.1)."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY)
        return self.own()

    def _answer(self, request: Request) -> None:
        path = request.path.partition("?")[0]
        if "Upgrade" in request.headers:
            response = self._protocol.accept(request)
        elif path in ("/", "/health"):
            response = self._protocol.reject(HTTPStatus.OK, _HEALTHY)
        else:
            response = self._protocol.reject(HTTPStatus.NOT_FOUND, _LOST)
        self._protocol.send_response(response)


def _select(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return next((Subprotocol(each) for each in _SUBPROTOCOLS if each in offered), None)
