"""Connections without a socket, for clients in the broker's own process."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from emitter_typed._broker.connection import Connection
from emitter_typed._broker.edge.peers import Host
from emitter_typed._broker.wire import DISCONNECT, Decoder, encode_connect, encode_outbound, inbound
from emitter_typed._guards import Guard
from emitter_typed._protocol.packets import Connack, OutboundPacket
from emitter_typed._transport.base import Endpoint, TransportSink
from emitter_typed._transport.reasons import is_permanent_code
from emitter_typed.errors import ConnectionLost, ConnectionRefused, EmitterError

_log = logging.getLogger("emitter_typed.broker")

_MAX_QUEUED_BYTES = 1024 * 1024


class MemoryTransport:
    """Carries the packets of one connection between a client and a broker, as bytes but without a socket.

    The broker's event loop does all the work: a client hands packets over, and its sink is called from there. It has no
    thread of its own and, since no network can fail, sends no PINGREQ.
    """

    def __init__(self, endpoint: Endpoint, host: Host, loop: asyncio.AbstractEventLoop | None) -> None:
        """Prepare; `start` connects.

        Args:
            endpoint: Its username and will are used.
            host: The broker.
            loop: The broker's event loop; None: the broker is not running, and the client is turned away.
        """
        self._endpoint = endpoint
        self._host = host
        self._loop = loop
        self._sink: TransportSink | None = None
        self._connection: Connection | None = None
        self._decoder = Decoder()
        self._accepted = False
        self._closing = False
        self._reading = True
        self._bringing = True
        self._over = threading.Event()
        self._lock = Guard()
        self._work: deque[Callable[[], None]] = deque()
        self._woken = False
        self._outgoing: deque[bytes] = deque()
        self._outgoing_bytes = 0
        self._was_congested = False

    # What the Transport protocol promises. Any thread may call these.

    def start(self, sink: TransportSink) -> None:
        """Connect, in the broker's event loop."""
        self._sink = sink
        if self._loop is None:
            self._end(self._refusal("the broker is not running"))
        else:
            self._hand_over(self._open)

    def send(self, packet: OutboundPacket) -> None:
        """Queue a packet for the broker."""
        data = encode_outbound(packet)
        with self._lock:
            self._outgoing.append(data)
            self._outgoing_bytes += len(data)
        self._hand_over(self._take)

    @property
    def congested(self) -> bool:
        """Whether more than a megabyte waits for the broker."""
        with self._lock:
            if self._outgoing_bytes > _MAX_QUEUED_BYTES and not self._over.is_set():
                self._was_congested = True
                return True
            return False

    def close(self) -> None:
        """Let the broker take what waits, then a DISCONNECT."""
        self._hand_over(self._disconnect)

    def abort(self) -> None:
        """End now, without a DISCONNECT; what waits is lost."""
        self._hand_over(self._abort)

    def join(self, timeout_s: float) -> bool:
        """Wait until the end has been told."""
        return self._over.wait(timeout_s)

    def pause(self) -> None:
        """Bring nothing more until `resume`; what comes meanwhile waits in the broker, within its bound."""
        self._hand_over(partial(self._bring, on=False))

    def resume(self) -> None:
        """Bring what waits, and what comes."""
        self._hand_over(partial(self._bring, on=True))

    def _hand_over(self, work: Callable[[], None]) -> None:
        """Let the event loop do something; one wake-up for all that has been handed over since the last."""
        if self._loop is None or self._over.is_set():
            return
        with self._lock:
            self._work.append(work)
            if self._woken:
                return
            self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._work_off)
        except RuntimeError:
            # The loop is closed, and its broker was not stopped: there is nobody left to tell.
            self._connection = None
            self.lost("the broker's event loop is closed")

    # In the broker's event loop

    def _work_off(self) -> None:
        while True:
            with self._lock:
                if not self._work:
                    self._woken = False
                    return
                work = self._work.popleft()
            work()

    def _open(self) -> None:
        self._connection = self._host.joined(_MemoryPeer(self))
        if self._connection is None:
            self.lost("the broker refused it")
        else:
            self._host.arrived(self._connection, encode_connect(self._endpoint.username, self._endpoint.will))

    def _take(self) -> None:
        if self._connection is None or not self._reading:
            return
        with self._lock:
            data = b"".join(self._outgoing)
            self._outgoing.clear()
            self._outgoing_bytes = 0
            drained, self._was_congested = self._was_congested, False
        if data:
            self._host.arrived(self._connection, data)
        if drained and self._sink is not None:
            self._sink.drained()

    def _disconnect(self) -> None:
        self._closing = True
        self._take()
        if self._connection is not None and self._reading:
            self._host.arrived(self._connection, DISCONNECT)
        self._end(None)

    def _abort(self) -> None:
        self._closing = True
        self._end(None)

    def _bring(self, *, on: bool) -> None:
        self._bringing = on
        if on and self._connection is not None:
            self.bring(self._connection)

    # What the broker's end of it calls, in the broker's event loop

    def bring(self, connection: Connection) -> None:
        """Give the client what the broker has for it, and end if the broker does."""
        if not self._bringing and not connection.overrun:
            return
        self.deliver(connection.take())
        if connection.overrun:
            _log.warning("reader.too_slow connection=%s", connection.id)
        if connection.closing:
            self.lost("the broker closed it")

    def deliver(self, packets: Sequence[bytes]) -> None:
        """Give the client what the broker has sent."""
        if self._sink is None:
            return
        # What is cut on purpose stays in the decoder for ever, as it would in a client's.
        batch = [each for packet in self._decoder.feed(b"".join(packets)) if (each := inbound(packet)) is not None]
        if not batch:
            return
        first = batch[0]
        if isinstance(first, Connack) and first.return_code:
            self._end(self._refusal("the broker does not accept this client", first.return_code))
            return
        self._accepted = True
        self._sink.received(batch)

    def read(self, *, on: bool) -> None:
        """Go on or stop to take what the client sends."""
        self._reading = on
        if on:
            self._take()

    def lost(self, reason: str) -> None:
        """End, since the broker has ended the connection."""
        if self._closing:
            self._end(None)
        else:
            self._end(ConnectionLost(reason) if self._accepted else self._refusal(reason))

    def _end(self, error: EmitterError | None) -> None:
        if self._over.is_set() or self._sink is None:
            return
        connection, self._connection = self._connection, None
        if connection is not None:
            self._host.left(connection)
        # A caller that waits for room must learn that there is nothing to wait for.
        self._sink.drained()
        self._sink.ended(error)
        self._over.set()

    def _refusal(self, message: str, return_code: int | None = None) -> ConnectionRefused:
        return ConnectionRefused(
            message,
            host=self._endpoint.host,
            port=self._endpoint.port,
            return_code=return_code,
            permanent=return_code is not None and is_permanent_code(return_code),
        )


class _MemoryPeer:
    """The broker's end of a connection without a socket."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._transport = transport

    def send(self, connection: Connection) -> None:
        self._transport.bring(connection)

    def read(self, *, on: bool) -> None:
        self._transport.read(on=on)

    def close(self) -> None:
        self._transport.lost("the broker closed it")

    def abort(self) -> None:
        self._transport.lost("the broker cut it off")
