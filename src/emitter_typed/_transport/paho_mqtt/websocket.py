"""paho's WebSocket, mended."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
from http import HTTPStatus
from typing import Final

from paho.mqtt.client import _WebsocketWrapper  # pyright: ignore[reportPrivateUsage]  # what is mended

from emitter_typed._clock import monotonic
from emitter_typed._transport.base import Endpoint
from emitter_typed._transport.reasons import HandshakeRefused

_MAX_RESPONSE_BYTES: Final = 16 * 1024
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# A proxy answers so while the broker behind it is away, or too busy.
_PASSING: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


class WebSocket(_WebsocketWrapper):
    """The client's end of a WebSocket (RFC 6455), with four methods of paho's replaced.

    paho masks byte by byte in a loop, does not mask its pongs at all, puts them into the middle of a frame that is half
    sent, loses a packet that the socket takes half of, and does not tell what a refused handshake was answered with.
    """

    def __init__(self, sock: socket.socket | ssl.SSLSocket, endpoint: Endpoint) -> None:
        """Shake hands. Raises HandshakeRefused, or OSError."""
        self._endpoint = endpoint
        self._wire = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  # paho does not type it well
            socket=sock,
            host=endpoint.host,
            port=endpoint.port,
            is_ssl=endpoint.tls is not None,
            path=endpoint.websocket_path or "/",
            extra_headers=None,
        )

    def _do_handshake(self, extra_headers: object) -> None:
        endpoint = self._endpoint
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        secure = endpoint.tls is not None
        where = host if endpoint.port == (443 if secure else 80) else f"{host}:{endpoint.port}"
        key = base64.b64encode(os.urandom(16))
        lines = (
            f"GET {self._path} HTTP/1.1",
            f"Host: {where}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Origin: {'https' if secure else 'http'}://{where}",
            f"Sec-WebSocket-Key: {key.decode()}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: mqtt",
        )
        self._wire.sendall("\r\n".join((*lines, "", "")).encode())
        status, headers = self._response()
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
        if status != HTTPStatus.SWITCHING_PROTOCOLS:
            raise HandshakeRefused(
                f"it answered the WebSocket handshake with HTTP {status}", permanent=status not in _PASSING
            )
        if headers.get("sec-websocket-accept") != accept:
            raise HandshakeRefused("its answer to the WebSocket handshake is none", permanent=True)
        self.connected = True

    def _response(self) -> tuple[int, dict[str, str]]:
        """Read the response up to its end and no further: what follows is the first frame."""
        response = bytearray()
        end_by = monotonic() + self._endpoint.connect_timeout_s
        while not response.endswith(b"\r\n\r\n"):
            byte = self._wire.recv(1)
            if not byte and not response:
                raise ConnectionError("the connection was closed before the WebSocket handshake was answered")
            response += byte
            if not byte or len(response) > _MAX_RESPONSE_BYTES or not b"HTTP/1.".startswith(response[:7]):
                raise HandshakeRefused("what answered is no WebSocket server", permanent=True)
            if monotonic() > end_by:
                raise TimeoutError
        first, *lines = response.decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) < 2 or not parts[1].isdecimal():
            raise HandshakeRefused("what answered is no WebSocket server", permanent=True)
        pairs = (line.partition(":") for line in lines)
        return int(parts[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _create_frame(self, opcode: int, data: bytes | bytearray, do_masking: int = 1) -> bytearray:
        size = len(data)
        if size < 126:
            header = bytes((0x80 | opcode, 0x80 | size))
        elif size < 65_536:
            header = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
        else:
            header = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
        key = os.urandom(4)
        mask = (key * (size // 4 + 1))[:size]
        masked = int.from_bytes(data, "little") ^ int.from_bytes(mask, "little")
        frame = bytearray(header + key + masked.to_bytes(size, "little"))
        if opcode != self.OPCODE_BINARY and self._sendbuffer:
            # A frame is half sent: what is said in between, such as a pong, follows it.
            self._sendbuffer += frame
            return bytearray()
        return frame

    def _recv_impl(self, length: int) -> bytes:
        # paho 2.1 gives a bytearray.
        return bytes(super()._recv_impl(length))

    def _send_impl(self, data: bytes | bytearray) -> int:
        sent = super()._send_impl(data)
        if data and not sent:
            # paho takes 0 for sent; this makes it come again with the same data.
            raise BlockingIOError
        return sent
