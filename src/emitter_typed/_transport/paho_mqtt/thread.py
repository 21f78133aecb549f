"""The thread that drives paho."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections import deque
from typing import Final

import paho.mqtt.client as paho

from emitter_typed._clock import monotonic
from emitter_typed._guards import Guard, Log
from emitter_typed._protocol.packets import Connack, OutboundPacket, Publish, Subscribe
from emitter_typed._transport.base import Endpoint, TransportSink
from emitter_typed._transport.paho_mqtt.client import PahoClient
from emitter_typed._transport.paho_mqtt.direct import make_client
from emitter_typed._transport.reasons import is_permanent, is_permanent_code, words
from emitter_typed.errors import ConnectionLost, ConnectionRefused, EmitterError

_log = Log("emitter_typed")

_MAX_QUEUED_BYTES: Final = 1024 * 1024
_MAX_WRITE_BYTES: Final = 64 * 1024
_CLOSE_TIMEOUT_S: Final = 2.0
_LARGEST_WAIT_S: Final = 1.0


class PahoTransport:
    """Carries packets over TCP, TLS and WebSocket."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Prepare; `start` connects."""
        self._endpoint = endpoint
        self._outgoing: deque[OutboundPacket] = deque()
        self._queued_bytes = 0
        self._was_congested = False
        self._lock = Guard()
        self._waking = Guard()
        self._closing = False
        self._aborting = False
        self._wakeup_requested = False
        self._asleep = False
        self._over = False
        self._chores_at = 0.0
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="emitter-network", daemon=True)
        self._sink: TransportSink | None = None
        # Not select(): it cannot watch a descriptor of 1024 or more.
        self._selector = selectors.DefaultSelector()
        self._watched = selectors.EVENT_READ

    # What the Transport protocol promises

    def start(self, sink: TransportSink) -> None:
        """Begin to connect, in a thread."""
        self._sink = sink
        self._thread.start()

    def send(self, packet: OutboundPacket) -> None:
        """Queue a packet for the network thread."""
        with self._lock:
            if self._over or self._closing:
                return
            self._outgoing.append(packet)
            self._queued_bytes += _size(packet)
            asleep = self._request_wakeup()
        if asleep:
            self._wake()

    @property
    def congested(self) -> bool:
        """Whether more than a megabyte waits to be sent."""
        if self._queued_bytes <= _MAX_QUEUED_BYTES:
            # Asked for each packet, and hardly ever so: a look is enough.
            return False
        with self._lock:
            if self._queued_bytes > _MAX_QUEUED_BYTES and not self._over:
                self._was_congested = True
                return True
            return False

    def close(self) -> None:
        """Ask the thread to send what waits and a DISCONNECT."""
        with self._lock:
            self._closing = True
            asleep = self._request_wakeup()
        if asleep:
            self._wake()

    def abort(self) -> None:
        """Ask the thread to end now."""
        with self._lock:
            self._aborting = True
            asleep = self._request_wakeup()
        if asleep:
            self._wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end."""
        if self._thread is threading.current_thread() or self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _request_wakeup(self) -> bool:
        """Let the thread see what was asked for, and tell whether to wake it: awake, it looks before it sleeps."""
        asleep, self._asleep, self._wakeup_requested = self._asleep, False, True
        return asleep

    def _wake(self) -> None:
        # Not under the lock that the thread takes first, or it would wake only to wait for us.
        with self._waking:
            if not self._over:
                self._wake_writer.send(b"\0")

    # The network thread

    def _run(self) -> None:
        assert self._sink is not None
        error: EmitterError | None
        client = make_client(self._endpoint)
        try:
            client.open()
            error = self._converse(client, self._sink)
        except (OSError, ValueError) as failure:
            error = self._refusal(words(failure), permanent=is_permanent(failure))
            error.__cause__ = failure
        except Exception as failure:
            _log.error("transport.failed", exc_info=failure)
            error = ConnectionLost(f"the network thread failed with {type(failure).__name__}")
        with self._lock:
            self._over = True
            self._outgoing.clear()
        client.drop()
        self._selector.close()
        with self._waking:
            self._wake_reader.close()
            self._wake_writer.close()
        # A caller that waits for room to send must learn that there is nothing to wait for.
        self._sink.drained()
        self._sink.ended(error)

    def _refusal(self, message: str, *, permanent: bool, return_code: int | None = None) -> ConnectionRefused:
        return ConnectionRefused(
            message,
            host=self._endpoint.host,
            port=self._endpoint.port,
            return_code=return_code,
            permanent=permanent,
        )

    def _converse(self, client: PahoClient, sink: TransportSink) -> EmitterError | None:
        """Carry packets until the connection ends, and return why it did; None: as was asked for."""
        connected = False
        close_by: float | None = None
        connected_socket = client.socket()
        assert connected_socket is not None, "paho has a socket once connect() returns"
        self._selector.register(connected_socket, self._watched)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        while True:
            sock = client.socket()
            if sock is not None and not self._aborting:
                ready = self._wait(client, sock)
                if ready & selectors.EVENT_READ or client.holds_more():
                    client.receive()
                if ready & selectors.EVENT_WRITE and client.socket() is not None:
                    client.note(client.loop_write())
                self._pass_on(client, sink)
                self._do_chores(client)
            batch, client.arrived = client.arrived, []
            if batch:
                connected = connected or any(isinstance(packet, Connack) for packet in batch)
                sink.received(batch)
            if client.return_code:
                answer = paho.connack_string(client.return_code).removeprefix("Connection Refused: ").rstrip(".")
                return self._refusal(
                    f"the broker said: {answer}",
                    permanent=is_permanent_code(client.return_code),
                    return_code=client.return_code,
                )
            if self._aborting or (self._closing and client.socket() is None):
                return None
            if client.socket() is None:
                if connected:
                    return ConnectionLost(client.lost_because or "the broker closed it")
                if client.gibberish:
                    return self._refusal("what answered is no MQTT broker", permanent=True)
                reason = client.lost_because or "the broker closed it"
                return self._refusal(f"{reason} before it accepted the connection", permanent=False)
            if self._closing:
                close_by = self._go(client, close_by)

    def _wait(self, client: PahoClient, sock: paho.SocketLike) -> int:
        """Wait until the socket is ready, or somebody wakes us, and return what the socket is ready for."""
        full = client.want_write()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if full else 0)
        if self._watched != events:
            self._watched = events
            self._selector.modify(sock, events)
        holds_more = client.holds_more()
        with self._lock:
            self._asleep = not (self._wakeup_requested or holds_more or (self._outgoing and not full))
            wait_s = _LARGEST_WAIT_S if self._asleep else 0.0
        ready = 0
        for key, found in self._selector.select(wait_s):
            if key.fileobj is sock:
                ready = found
            else:
                with contextlib.suppress(BlockingIOError):
                    self._wake_reader.recv(64)
        # At worst somebody wakes a thread that is awake.
        self._asleep = False
        return ready

    def _go(self, client: PahoClient, close_by: float | None) -> float:
        """Send the DISCONNECT once all else has gone; give up on a peer that does not read."""
        now = monotonic()
        close_by = close_by or now + _CLOSE_TIMEOUT_S
        with self._lock:
            empty = not self._outgoing
        if now >= close_by:
            client.drop()
        elif empty and not client.want_write():
            # Its last byte makes paho close the socket.
            client.disconnect()
        return close_by

    def _do_chores(self, client: PahoClient) -> None:
        """Let paho send its pings, and miss their answers."""
        now = monotonic()
        if now >= self._chores_at:
            self._chores_at = now + _LARGEST_WAIT_S
            client.note(client.loop_misc())

    def _pass_on(self, client: PahoClient, sink: TransportSink) -> None:
        """Give paho what waits, a bounded amount at a time, as long as the socket takes it."""
        packets: list[OutboundPacket] = []
        with self._lock:
            # Whatever was asked for until now is looked at in this round.
            self._wakeup_requested = False
            full = client.socket() is None or client.want_write()
            room = 0 if full else _MAX_WRITE_BYTES
            while self._outgoing and room > 0:
                packet = self._outgoing.popleft()
                packets.append(packet)
                size = _size(packet)
                room -= size
                self._queued_bytes -= size
            drained = self._was_congested and self._queued_bytes <= _MAX_QUEUED_BYTES // 2
            if drained:
                self._was_congested = False
        if packets:
            client.send(packets)
        if drained:
            sink.drained()


def _size(packet: OutboundPacket) -> int:
    if isinstance(packet, Publish):
        return len(packet.topic) + len(packet.payload)
    return sum(map(len, packet.topics)) if isinstance(packet, Subscribe) else len(packet.topic)
