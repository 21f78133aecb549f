"""The client's end of a WebSocket (RFC 6455), around a socket that does not block."""

from __future__ import annotations

import contextlib
import os
from typing import Final, Protocol

_CONTINUATION: Final = 0x0
_BINARY: Final = 0x2
_CLOSE: Final = 0x8
_PING: Final = 0x9
_PONG: Final = 0xA
_FIN: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_MAX_CONTROL_BYTES: Final = 125
_READ_BYTES: Final = 64 * 1024


class SocketLike(Protocol):
    """A socket, or TLS over one."""

    def recv(self, bufsize: int, /) -> bytes:
        """Read what there is."""
        ...

    def send(self, data: bytes | bytearray, /) -> int:
        """Write what there is room for."""
        ...

    def fileno(self) -> int:
        """Return the file descriptor."""
        ...

    def setblocking(self, flag: bool, /) -> None:
        """Block, or do not."""

    def shutdown(self, how: int, /) -> None:
        """End a direction, or both."""

    def close(self) -> None:
        """Close."""


class WebSocket:
    """Reads and writes payloads where a socket has frames. Its errors are those of the socket, and ConnectionError."""

    def __init__(self, sock: SocketLike, received: bytes) -> None:
        """Begin after the handshake.

        Args:
            sock: What carries the frames.
            received: What came with the answer to the handshake, and belongs to frames.
        """
        self._sock = sock
        self._raw = bytearray(received)
        self._payload = bytearray()
        self._frame_left = 0
        self._unsent = bytearray()
        self._reply = b""
        self._sending = False
        self._at_end = False
        self._parse()

    def recv(self, buffer_size: int) -> bytes:
        """Read payload, at most so many bytes; nothing at the end. Raises BlockingIOError if there is none now."""
        if not self._payload and not self._at_end:
            data = self._sock.recv(_READ_BYTES)
            self._at_end = not data
            self._raw += data
            self._parse()
        if not self._payload:
            if self._at_end:
                return b""
            raise BlockingIOError
        payload = bytes(self._payload[:buffer_size])
        del self._payload[:buffer_size]
        return payload

    def send(self, buffer: bytes | bytearray) -> int:
        """Write a frame. Raises BlockingIOError until all of it is written: come again with the same data."""
        if not self._sending:
            self._unsent += _frame(_BINARY, buffer)
            self._sending = True
        self._flush()
        self._sending = False
        return len(buffer)

    def pending(self) -> int:
        """Return how many bytes are here that the socket does not give any more."""
        in_tls = getattr(self._sock, "pending", None)
        return len(self._payload) + (0 if in_tls is None else int(in_tls()))

    def fileno(self) -> int:
        """Return the socket's file descriptor."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """Do nothing: the socket does not block."""

    def shutdown(self, how: int) -> None:
        """End the socket's directions."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _flush(self) -> None:
        while self._unsent or self._reply:
            if not self._unsent:
                self._unsent += self._reply
                self._reply = b""
            del self._unsent[: self._sock.send(self._unsent)]

    def _parse(self) -> None:
        """Move payload out of the frames that have come, and answer those that are for us."""
        raw = self._raw
        at = 0
        while not self._at_end:
            if self._frame_left:
                part = raw[at : at + self._frame_left]
                if not part:
                    break
                self._payload += part
                self._frame_left -= len(part)
                at += len(part)
                continue
            if len(raw) < at + 2:
                break
            first, size = raw[at], raw[at + 1]
            body = at + 2
            if size & _MASKED or first & _RESERVED:
                raise ConnectionError("it sent a WebSocket frame that a server must not send")
            if size > _MAX_CONTROL_BYTES:
                body += 2 if size == _MAX_CONTROL_BYTES + 1 else 8
                if len(raw) < body:
                    break
                size = int.from_bytes(raw[at + 2 : body], "big")
            code = first & 0xF
            if code in (_BINARY, _CONTINUATION):
                self._frame_left, at = size, body
                continue
            if code not in (_CLOSE, _PING, _PONG) or size > _MAX_CONTROL_BYTES or not first & _FIN:
                raise ConnectionError("it sent a WebSocket frame that is not for MQTT")
            if len(raw) < body + size:
                break
            at = body + size
            if code != _PONG:
                self._answer(_PONG if code == _PING else _CLOSE, raw[body:at])
            self._at_end = code == _CLOSE
        del raw[:at]

    def _answer(self, code: int, payload: bytes | bytearray) -> None:
        # Behind a frame that is half sent, never into the middle of it. Only the last ping asks for an answer.
        self._reply = _frame(code, payload)
        with contextlib.suppress(OSError):
            self._flush()


def _frame(code: int, data: bytes | bytearray) -> bytes:
    """Return a frame as a client sends it, masked."""
    size = len(data)
    if size <= _MAX_CONTROL_BYTES:
        header = bytes((_FIN | code, _MASKED | size))
    elif size < 65_536:
        header = bytes((_FIN | code, _MASKED | 126)) + size.to_bytes(2, "big")
    else:
        header = bytes((_FIN | code, _MASKED | 127)) + size.to_bytes(8, "big")
    key = os.urandom(4)
    mask = (key * (size // 4 + 1))[:size]
    masked = int.from_bytes(data, "little") ^ int.from_bytes(mask, "little")
    return header + key + masked.to_bytes(size, "little")
