"""TLS around MQTT or WebSocket, in memory, so that the port that speaks it may speak plainly as well."""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Sequence

from emitter_typed._broker.edge.layers import Layer, clear_layer_for

_log = logging.getLogger("emitter_typed.broker")

_READ_BYTES = 64 * 1024


class Tls:
    """The server's side of one TLS connection. What it holds inside shows once it is deciphered."""

    def __init__(self, context: ssl.SSLContext) -> None:
        """Wait for the handshake of a client."""
        self.ended: bool = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._greeted = False
        self._inner: Layer | None = None

    def received(self, data: bytes) -> bytes:
        """Return the MQTT in what was deciphered. A failed handshake is an end, with an alert as the last word."""
        self._incoming.write(data)
        clear = self._deciphered()
        if not clear:
            return b""
        if self._inner is None:
            self._inner = clear_layer_for(clear)
        return self._inner.received(clear)

    def own(self) -> bytes:
        """Return the handshake's next words, and what the layer inside has to say."""
        if self._inner is None:
            return self._outgoing.read()
        words = self._ciphered(self._inner.own())
        self.ended = self.ended or self._inner.ended
        return words

    def wrapped(self, packets: Sequence[bytes]) -> bytes:
        """Return the packets in cipher."""
        return b"" if self._inner is None else self._ciphered(self._inner.wrapped(packets))

    def farewell(self) -> bytes:
        """Return the last word of the layer inside, and a close_notify (RFC 8446, 6.1)."""
        last = b"" if self._inner is None else self._ciphered(self._inner.farewell())
        if self._greeted:
            # The other side's own close_notify has not come; ours is written all the same.
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
        return last + self._outgoing.read()

    def _deciphered(self) -> bytes:
        clear = bytearray()
        try:
            if not self._greeted:
                self._tls.do_handshake()
                self._greeted = True
            while part := self._tls.read(_READ_BYTES):
                clear += part
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.ended = True
            if not isinstance(error, ssl.SSLZeroReturnError):
                _log.info("tls.failed reason=%s", error.reason or type(error).__name__)
        return bytes(clear)

    def _ciphered(self, clear: bytes) -> bytes:
        if clear and not self.ended:
            self._tls.write(clear)
        return self._outgoing.read()
