"""Connections over TCP, with whatever MQTT is wrapped in there."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import cast

from emitter_typed._broker.connection import Connection
from emitter_typed._broker.edge.layers import Layer, clear_layer_for
from emitter_typed._broker.edge.peers import Host
from emitter_typed._broker.edge.tls import Tls
from emitter_typed._broker.limits import Limits

_log = logging.getLogger("emitter_typed.broker")

IDLE_LIMIT_S = 120.0
"""After how many seconds of silence a connection is closed, whatever keep-alive it asked for."""

_SLOW_BYTES = 64 * 1024
_TLS_HANDSHAKE = 0x16


class Backlog:
    """The sockets whose clients read more slowly than they are sent to, and how much waits for them."""

    def __init__(self, limits: Limits) -> None:
        """Start with none; the limits say how much may wait."""
        self._limits = limits
        self._slow: set[Socket] = set()

    def add(self, sock: Socket) -> None:
        """Learn that something waits for a socket's client."""
        self._slow.add(sock)

    def discard(self, sock: Socket) -> None:
        """Learn that nothing waits any more."""
        self._slow.discard(sock)

    def check(self, sock: Socket) -> None:
        """Cut a socket off for which too much waits, or the slowest if it is too much for all together."""
        if sock.unsent_bytes > self._limits.max_unsent_bytes:
            sock.cut_off()
        elif sock in self._slow:
            while sum(each.unsent_bytes for each in self._slow) > self._limits.max_total_unsent_bytes:
                max(self._slow, key=lambda each: each.unsent_bytes).cut_off()


def layer_for(data: bytes, tls: ssl.SSLContext | None) -> Layer:
    """Return the layer of a connection by its first byte.

    Args:
        data: What arrived first; not empty.
        tls: The context of TLS connections; None: TLS is not spoken.
    """
    return Tls(tls) if tls is not None and data[0] == _TLS_HANDSHAKE else clear_layer_for(data)


class Socket(asyncio.Protocol):
    """One TCP connection."""

    _transport: asyncio.Transport
    _idle: asyncio.TimerHandle

    def __init__(self, host: Host, backlog: Backlog, tls: ssl.SSLContext | None) -> None:
        """Wait for the connection to be made.

        Args:
            host: The broker.
            backlog: Where what waits to be sent is counted.
            tls: The context of TLS connections; None: TLS is not spoken.
        """
        self._host = host
        self._backlog = backlog
        self._tls = tls
        self._layer: Layer | None = None
        self._connection: Connection | None = None
        self._loop = asyncio.get_running_loop()
        self._heard_at_s = self._loop.time()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_SLOW_BYTES)
        self._idle = self._loop.call_later(IDLE_LIMIT_S, self._check_idle)
        self._connection = self._host.joined(self)
        if self._connection is None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take the wrapping off and hand the MQTT on."""
        self._heard_at_s = self._loop.time()
        if self._connection is None:
            return
        if self._layer is None:
            self._layer = layer_for(data, self._tls)
        clear = self._layer.received(data)
        self._write(self._layer.own())
        if clear and not self._transport.is_closing():
            self._host.arrived(self._connection, clear)
        if self._layer.ended:
            self._transport.close()

    def pause_writing(self) -> None:
        """Learn that the client reads slowly."""
        self._backlog.add(self)

    def resume_writing(self) -> None:
        """Learn that the client has caught up."""
        self._backlog.discard(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the broker."""
        self._idle.cancel()
        self._backlog.discard(self)
        if self._connection is not None:
            self._host.left(self._connection)

    # What the broker calls

    @property
    def unsent_bytes(self) -> int:
        """How much waits to be sent."""
        return self._transport.get_write_buffer_size()

    def send(self, connection: Connection) -> None:
        """Send what the connection has queued, and end it if it is to be ended."""
        if self._transport.is_closing():
            return
        if self._layer is not None and (packets := connection.take()):
            self._write(self._layer.wrapped(packets))
        if connection.overrun:
            self.cut_off()
        elif connection.closing:
            self._transport.close()

    def read(self, *, on: bool) -> None:
        """Go on or stop to read."""
        if self._transport.is_closing():
            return
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def close(self) -> None:
        """Say goodbye, and close once it is sent."""
        if self._layer is not None:
            self._write(self._layer.farewell())
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def cut_off(self) -> None:
        """Close at once, since the client reads too slowly."""
        self._backlog.discard(self)
        if self._connection is not None:
            _log.warning("reader.too_slow connection=%s", self._connection.id)
        self._transport.abort()

    def _write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)
            # Whatever it is: a client can ask for pongs of WebSocket as fast as for answers.
            self._backlog.check(self)

    def _check_idle(self) -> None:
        silent_s = self._loop.time() - self._heard_at_s
        if silent_s >= IDLE_LIMIT_S:
            self._transport.close()
        else:
            self._idle = self._loop.call_later(IDLE_LIMIT_S - silent_s, self._check_idle)
