"""Carries the packets of one connection over paho, on a reactor: nothing here waits."""

from __future__ import annotations

import math
import os
import socket
import sys
import threading
from collections import deque
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE
from typing import Final

import paho.mqtt.client as paho

from emitter_typed._clock import monotonic
from emitter_typed._guards import Log, recover
from emitter_typed._protocol.keepalive import KeepAlive
from emitter_typed._protocol.packets import Connack, OutboundPacket, Publish, Subscribe
from emitter_typed._protocol.refusals import is_refused_login
from emitter_typed._transport.base import CLOSE_TIMEOUT_S, Endpoint, Reactor, Timer, TransportSink
from emitter_typed._transport.connecting import Route, Steps, Wait, connect, find_routes, share
from emitter_typed._transport.frames import is_qos0
from emitter_typed._transport.paho_mqtt.client import PahoClient
from emitter_typed._transport.paho_mqtt.direct import make_client
from emitter_typed._transport.reactors import ThreadReactor
from emitter_typed._transport.reasons import is_permanent, is_permanent_code, refused_by_all, words
from emitter_typed.errors import ConnectionLost, ConnectionRefused, EmitterError

_log = Log("emitter_typed")

_MAX_QUEUED_BYTES: Final = 1024 * 1024
_MAX_WRITE_BYTES: Final = 64 * 1024
_NOTHING: Final = Wait(-1, 0, None)


class PahoTransport:
    """Carries packets over TCP, TLS and WebSocket.

    Its life is a generator, `_live`, which the reactor resumes when there is something to do. Other threads only append
    to a queue and set flags, and then have it resumed: no lock is taken, so that nobody waits for anybody.
    """

    def __init__(self, endpoint: Endpoint, reactor: Reactor | None = None) -> None:
        """Prepare; `start` connects. Without a reactor it has one of its own, as long as it lives."""
        self._endpoint = endpoint
        self._reactor = reactor
        self._own_reactor: ThreadReactor | None = None
        self._sink: TransportSink | None = None
        self._process = os.getpid()
        self._client: PahoClient | None = None
        self._outgoing: deque[OutboundPacket | bytes] = deque()
        # Each has one writer, so that the difference can be read without a lock.
        self._queued_bytes = 0
        self._passed_bytes = 0
        self._was_congested = False
        # The frame that a calling thread writes, and what the socket has taken of it.
        self._frame_here: bytes | None = None
        self._taken_bytes: deque[int] = deque()
        self._unwritten: list[OutboundPacket | bytes] = []
        self._last_handle: socket.socket | None = None
        self._resuming = False
        self._running = False
        self._closing = False
        self._close_by_s = math.inf
        self._aborting = False
        self._over = False
        self._told = threading.Event()
        self._accepted = False
        self._keepalive = KeepAlive(endpoint.keepalive_s, 0.0)
        self._steps: Steps[EmitterError | None] = self._live()
        self._begun = False
        self._watched = _NOTHING
        self._timer: Timer | None = None
        self._timer_s = 0.0

    # What the Transport protocol promises

    def start(self, sink: TransportSink) -> None:
        """Begin to connect. Raises OSError, or RuntimeError, if it needs a thread and there is none."""
        self._sink = sink
        if self._reactor is None:
            self._own_reactor = ThreadReactor()
            self._own_reactor.start()
            self._reactor = self._own_reactor
        self._resume_soon()

    def send(self, packet: OutboundPacket) -> None:
        """Queue a packet, and have the reactor write it. One thread at a time."""
        self.queue(packet)
        if not self._resuming:
            self._resume_soon()

    def queue(self, packet: OutboundPacket) -> None:
        """Queue a packet. One thread at a time."""
        if self._over or self._closing or self._aborting:
            return
        item = packet if self._client is None else self._client.encoded(packet)
        # Almost all that is sent is bytes by now.
        size = len(item) if isinstance(item, bytes) else _size(item)
        self._outgoing.append(item)
        self._queued_bytes += size

    def write(self) -> None:
        """Write here what is queued, if the thread of the reactor sleeps; if not, that writes it."""
        if self._outgoing and not self._resuming:
            reactor = self._reactor
            if isinstance(reactor, ThreadReactor):
                reactor.call_now(self._write_here)
            if self._outgoing:
                self._resume_soon()

    @property
    def congested(self) -> bool:
        """Whether more than a megabyte waits to be sent."""
        if self._queued_bytes - self._passed_bytes <= _MAX_QUEUED_BYTES:
            return False
        # Before the second look, so that room that is made meanwhile is told of.
        self._was_congested = True
        return self._queued_bytes - self._passed_bytes > _MAX_QUEUED_BYTES and not self._over

    def count_unsent(self) -> int:
        """Return how many messages of QoS 0 have not been written, or were not before the end."""
        return sum(map(_is_qos0, (*self._unwritten, *self._outgoing)))

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send what waits and a DISCONNECT, within so many seconds; the shortest limit counts."""
        self._close_by_s = min(self._close_by_s, monotonic() + timeout_s)
        self._closing = True
        # Whatever a signal handler has interrupted, this is looked at.
        self._resuming = False
        self._resume_soon()

    def abort(self) -> None:
        """End now."""
        self._aborting = True
        reactor = self._reactor
        if reactor is not None and reactor.is_here:
            self._resume()
        else:
            self._resume_soon()

    def join(self, timeout_s: float) -> bool:
        """Wait until the end has been told, and a thread of its own has ended."""
        if self._reactor is None or self._reactor.is_here:
            return True
        began_s = monotonic()
        if not self._told.wait(timeout_s):
            return False
        return self._own_reactor is None or self._own_reactor.join(timeout_s - (monotonic() - began_s))

    # What drives the steps

    def _resume_soon(self) -> None:
        reactor = self._reactor
        if reactor is not None and not self._resuming:
            try:
                self._resuming = True
                reactor.call_soon(self._resume_now)
            except BaseException:
                # A signal handler may have raised before it could take note.
                self._resuming = False
                raise

    def _write_here(self) -> None:
        """Write the one frame that waits, while the thread of the reactor sleeps.

        A signal handler may raise between any two steps in Python. `_settle` goes on from whatever was done by then.
        """
        client = self._client
        if client is None or not self._accepted or self._is_left or self._was_congested or client.want_write():
            return
        sock = client.plain_socket()
        if sock is None or self._frame_here is not None or len(self._outgoing) != 1:
            return
        frame = self._outgoing[0]
        if not isinstance(frame, bytes):
            return
        self._frame_here = frame
        with suppress(OSError):
            # One call of C: nothing comes between the socket and the note of what it has taken.
            self._taken_bytes.extend(map(sock.send, (frame,)))
        if self._taken_bytes and self._taken_bytes[0] == len(frame):
            self._settle(client)
            self._keepalive.wrote(monotonic(), all_of_it=True)

    def _settle(self, client: PahoClient) -> None:
        """Take out of the queue what a calling thread has written, however far it came."""
        frame = self._frame_here
        if frame is None:
            return
        if self._taken_bytes and self._outgoing and self._outgoing[0] is frame:
            if (taken := self._taken_bytes[0]) < len(frame):
                # Here is the thread of the reactor, which no signal handler interrupts.
                client.send((frame[taken:],))
            self._passed_bytes += len(frame)
            self._outgoing.popleft()
        self._taken_bytes.clear()
        self._frame_here = None

    def _resume_now(self) -> None:
        # First, so that what is asked for from now on is looked at in this round, or asks for another.
        self._resuming = False
        self._resume()

    def _due(self) -> None:
        self._timer = None
        self._resume()

    def _resume(self, ready: int = 0) -> None:
        """Go on until there is something to wait for. In the reactor only."""
        if self._over or self._running:
            return
        self._running = True
        error: EmitterError | None = None
        try:
            if not self._is_left:
                self._wait(self._step(ready))
        except StopIteration as stop:
            error = stop.value
        except Exception as failure:
            _log.error("transport.failed", exc_info=failure)
            error = ConnectionLost(f"it failed with {type(failure).__name__}")
        except BaseException as interruption:
            # A signal handler has raised in the event loop, or somebody ends the program. No step can follow this one.
            recover(sys._getframe())  # pyright: ignore[reportPrivateUsage]  # there is no public way
            self._end(None if self._is_left else ConnectionLost(f"{type(interruption).__name__} interrupted it"))
            raise
        else:
            if not self._is_left:
                self._running = False
                return
        self._end(None if self._is_left else error)

    @property
    def _is_left(self) -> bool:
        """Whether nothing is to be sent any more. A connection that is not made has nothing that could be."""
        return self._aborting or (self._closing and not self._accepted)

    def _step(self, ready: int) -> Wait:
        if self._begun:
            return self._steps.send(ready)
        self._begun = True
        return next(self._steps)

    def _wait(self, wait: Wait) -> None:
        """Arrange to be resumed."""
        assert self._reactor is not None, "it has started"
        try:
            if (wait.fd, wait.events) != self._watched[:2]:
                if wait.events:
                    self._reactor.watch(wait.fd, wait.events, self._resume)
                else:
                    self._unwatch()
            self._watched = wait
        except (OSError, RuntimeError) as failure:
            # There is no thread, or no room, to watch it: what waits for it has failed, and may have another way.
            self._wait(self._steps.throw(failure))
            return
        if wait.until_s is not None and (self._timer is None or wait.until_s < self._timer_s):
            # One that comes too early does no harm; most are never reached.
            if self._timer is not None:
                self._timer.cancel()
            self._timer_s = wait.until_s
            self._timer = self._reactor.call_later(max(0.0, wait.until_s - monotonic()), self._due)
        if wait.again:
            self._resume_soon()

    def _unwatch(self) -> None:
        watched, self._watched = self._watched, _NOTHING
        # A process that was forked shares what watches it with its parent.
        if watched.events and self._reactor is not None and os.getpid() == self._process:
            self._reactor.watch(watched.fd, 0, self._resume)

    def _end(self, error: EmitterError | None) -> None:
        self._over = True
        self._steps.close()
        self._unwatch()
        if self._timer is not None:
            self._timer.cancel()
        try:
            if self._sink is not None:
                # A caller that waits for room to send must learn that there is nothing to wait for.
                self._sink.drained()
                self._sink.ended(error)
        finally:
            self._told.set()
            if self._own_reactor is not None:
                self._own_reactor.stop()

    # The steps

    def _live(self) -> Steps[EmitterError | None]:
        """Connect, carry packets until the connection ends, and return why it did; None: as was asked for."""
        deadline_s = monotonic() + self._endpoint.connect_timeout_s
        try:
            routes = yield from find_routes(self._endpoint, deadline_s, self._resume_soon)
        except (OSError, ValueError, RuntimeError) as failure:
            return self._failed(failure)
        refusals: list[ConnectionRefused] = []
        for others, route in reversed(list(enumerate(reversed(routes)))):
            error = yield from self._live_at(route, share(deadline_s, others), hurry=others > 0)
            if self._accepted or not isinstance(error, ConnectionRefused) or is_refused_login(error):
                return error
            refusals.append(error)
        return refused_by_all(refusals)

    def _live_at(self, route: Route, deadline_s: float, *, hurry: bool) -> Steps[EmitterError | None]:
        """Do what `_live` does, at one address of the broker."""
        try:
            sock = yield from connect(self._endpoint, route, deadline_s, self._unwatch, hurry=hurry)
            self._client = client = make_client(self._endpoint, self._unwatch)
            try:
                client.open(sock)
                return (yield from self._converse(client, deadline_s))
            finally:
                client.drop()
                sock.close()
                if self._last_handle is not None:
                    self._unwatch()
                    self._last_handle.close()
        except (OSError, ValueError, RuntimeError) as failure:
            if self._accepted:
                raise
            return self._failed(failure)

    def _failed(self, failure: Exception) -> ConnectionRefused:
        error = self._refusal(words(failure), permanent=is_permanent(failure))
        error.__cause__ = failure
        return error

    def _refusal(self, message: str, *, permanent: bool, return_code: int | None = None) -> ConnectionRefused:
        return ConnectionRefused(
            message,
            host=self._endpoint.host,
            port=self._endpoint.port,
            return_code=return_code,
            permanent=permanent,
        )

    def _converse(self, client: PahoClient, deadline_s: float) -> Steps[EmitterError | None]:
        assert self._sink is not None, "it has started"
        self._keepalive = keepalive = KeepAlive(self._endpoint.keepalive_s, monotonic())
        bytes_in = bytes_out = ready = 0
        if (sock := client.socket()) is None:
            return self._end_of(client)
        fd = sock.fileno()
        while True:
            # A loop that was busy may come late: what has arrived meanwhile is looked at before the time.
            if ready & EVENT_READ or client.holds_more() or monotonic() >= keepalive.due_s:
                client.receive()
            if ready & EVENT_WRITE and client.socket() is not None:
                client.note(client.loop_write())
            batch, client.arrived = client.arrived, []
            if batch:
                self._accepted = self._accepted or any(isinstance(packet, Connack) for packet in batch)
                self._sink.received(batch)
            if self._is_left:
                return None
            self._pass_on(client)
            if client.socket() is None:
                if not self._closing:
                    return self._end_of(client)
                yield from self._wait_for_the_peer()
                return None
            now_s = monotonic()
            if client.bytes_out != bytes_out:
                bytes_out = client.bytes_out
                keepalive.wrote(now_s, all_of_it=not client.want_write())
            if client.bytes_in != bytes_in:
                bytes_in = client.bytes_in
                keepalive.read(now_s)
            if not self._accepted:
                if now_s >= deadline_s:
                    raise TimeoutError
                until_s = deadline_s
            else:
                asked = keepalive.look(now_s)
                if asked == "lost":
                    return ConnectionLost("no answer to a ping")
                if asked == "ping":
                    client.ping()
                    bytes_out = client.bytes_out
                    keepalive.wrote(now_s, all_of_it=not client.want_write())
                until_s = keepalive.due_s
            if self._closing:
                if now_s >= self._close_by_s:
                    return None
                if not self._outgoing and not client.want_write():
                    # Its last byte makes paho close the socket.
                    with suppress(OSError):
                        self._last_handle = socket.socket(fileno=socket.dup(fd))
                    client.disconnect()
                    if client.socket() is None:
                        yield from self._wait_for_the_peer()
                        return None
                until_s = min(until_s, self._close_by_s)
            full = client.want_write()
            events = EVENT_READ | (EVENT_WRITE if full else 0)
            again = client.holds_more() or (bool(self._outgoing) and not full)
            ready = yield Wait(fd, events, until_s, again)

    def _wait_for_the_peer(self) -> Steps[None]:
        """Say that nothing more comes, and read until the other side has closed, too.

        Who closes a socket with something unread makes the other side forget what it has not read yet.
        """
        handle = self._last_handle
        if handle is None:
            return
        with suppress(OSError):
            handle.shutdown(socket.SHUT_WR)
            while monotonic() < self._close_by_s:
                yield Wait(handle.fileno(), EVENT_READ, self._close_by_s)
                with suppress(BlockingIOError):
                    if not handle.recv(_MAX_WRITE_BYTES):
                        return

    def _end_of(self, client: PahoClient) -> EmitterError:
        """Return why paho has closed the socket."""
        if client.return_code:
            answer = paho.connack_string(client.return_code).removeprefix("Connection Refused: ").rstrip(".")
            return self._refusal(
                f"the broker said: {answer}",
                permanent=is_permanent_code(client.return_code),
                return_code=client.return_code,
            )
        if self._accepted:
            return ConnectionLost(client.lost_because or "the broker closed it")
        if client.gibberish:
            return self._refusal("the peer is not an MQTT broker", permanent=True)
        reason = client.lost_because or "the broker closed it"
        return self._refusal(f"{reason} before it accepted the connection", permanent=False)

    def _pass_on(self, client: PahoClient) -> None:
        """Give paho what waits, a bounded amount at a time, as long as the socket takes it."""
        self._settle(client)
        if client.socket() is None or client.want_write():
            return
        packets: list[OutboundPacket | bytes] = []
        room = _MAX_WRITE_BYTES
        while self._outgoing and room > 0:
            packet = self._outgoing.popleft()
            packets.append(packet)
            size = len(packet) if isinstance(packet, bytes) else _size(packet)
            room -= size
            self._passed_bytes += size
        if packets:
            client.send(packets)
        self._unwritten = packets if client.want_write() or client.socket() is None else []
        if self._was_congested and self._queued_bytes - self._passed_bytes <= _MAX_QUEUED_BYTES // 2:
            self._was_congested = False
            assert self._sink is not None, "it has started"
            self._sink.drained()


def _is_qos0(packet: OutboundPacket | bytes) -> bool:
    """Tell whether it is a message of QoS 0."""
    return is_qos0(packet) if isinstance(packet, bytes) else isinstance(packet, Publish) and not packet.qos


def _size(packet: OutboundPacket) -> int:
    if isinstance(packet, Publish):
        return len(packet.topic) + len(packet.payload)
    return sum(map(len, packet.topics)) if isinstance(packet, Subscribe) else len(packet.topic)
