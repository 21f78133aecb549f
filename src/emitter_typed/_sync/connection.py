"""The connection of a client with threads: one session, one transport after the other, and what brings the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.connections import Connection, still_lost
from emitter_typed._core.outcomes import SyncOutcome
from emitter_typed._core.state import ConnectionState, ConnectionStatus
from emitter_typed._guards import Guard, GuardedCondition, put_off
from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.packets import InboundPacket, OutboundPacket
from emitter_typed._protocol.session.fetches import Fetch
from emitter_typed._transport.base import Transport
from emitter_typed.errors import Closed, Congested, EmitterError, RequestTimeout

ResultT = TypeVar("ResultT")


class SyncConnection(Connection):
    """A connection that any thread may use. The lock guards the session."""

    def __init__(
        self,
        make_transport: Callable[[], Transport],
        backoff: Backoff,
        state: ConnectionState,
        tell_of_connection: Callable[[], None],
        tell_of_loss: Callable[[], None],
        *,
        reconnect: bool,
        retry_connect: bool,
    ) -> None:
        """Prepare; `open` makes the first attempt, for the session that is set by then."""
        super().__init__(make_transport, backoff, reconnect=reconnect, retry_connect=retry_connect)
        self._tell_of_connection = tell_of_connection
        self._tell_of_loss = tell_of_loss
        # A subscription that takes in an answer asks for the next page.
        self.lock: Guard = Guard()
        self._state = state
        self._room_to_send = GuardedCondition()
        # Guards which transport there is; taken before `lock`, where both are.
        self._switching = Guard()
        self._transport: Transport | None = None
        self._sink: _SyncSink | None = None
        self._timer: threading.Timer | None = None
        # The thread that takes in what a transport brings, while it does.
        self._receiver: int | None = None

    def send(self, packet: OutboundPacket) -> None:
        """Send a packet, for the session."""
        if self._transport is not None:
            self._transport.send(packet)

    def fetch(self, fetch: Fetch) -> None:
        """Ask for a page when its turn comes. Raises what a request raises."""
        with self.lock:
            self.session.fetches.add(fetch)

    def give_up(self, fetch: Fetch, error: EmitterError) -> None:
        """End a fetch with an error, unless it has ended."""
        with self.lock:
            fetch.reject(error)

    def shares(self, channel: str) -> bool:
        """Tell whether others of this client may receive what the broker sends to a new subscriber of a channel."""
        with self.lock:
            return self.session.subscriptions.shares(channel)

    def open(self) -> None:
        """Make an attempt to connect, unless the connection was closed meanwhile."""
        with self._switching:
            if not self._closing:
                self._transport = self._make_transport()
                self._sink = _SyncSink(self)
                put_off(partial(self._start, self._transport, self._sink))

    def _start(self, transport: Transport, sink: _SyncSink) -> None:
        if not self._closing:
            transport.start(sink)

    def opened(self) -> None:
        """Learn, from the session, that the broker has accepted a connection."""
        self._accepted()
        self._state.set("connected")
        self._tell_of_connection()

    def ended(self, sink: _SyncSink, error: EmitterError | None) -> None:
        """Learn that a transport has ended, and come back if that is wanted."""
        with self._switching:
            if sink is not self._sink:
                return
            self._sink = None
            if error is None or not self._goes_on(error):
                self._finish(error)
                return
            error = self._followed(error)
            with self.lock:
                given_up = self._tell_lost(error)
            if given_up is not None:
                self._finish(given_up)
                return
            self._leave_for("reconnecting" if self._accepted_once else "connecting", error)
            self._timer = threading.Timer(self._delay_s(error), self.open)
            self._timer.daemon = True
            self._timer.name = "emitter-reconnect"
            put_off(self._timer.start)
        self.drained()

    def received(self, sink: _SyncSink, packets: Sequence[InboundPacket]) -> None:
        """Take in what a transport brings."""
        self._receiver = threading.get_ident()
        try:
            with self.lock:
                if sink is not self._sink:
                    return
                transport, error = self._transport, self._take_in(packets)
        finally:
            self._receiver = None
        if error is not None:
            self.ended(sink, error)
            if transport is not None:
                transport.abort()

    def drained(self) -> None:
        """Let those who wait for room go on."""
        with self._room_to_send:
            self._room_to_send.notify_all()

    def close(self, timeout_s: float, *, abort: bool = False, error: EmitterError | None = None) -> None:
        """Send what waits, disconnect, and come back no more; abort: drop the connection at once; error: why."""
        with self._switching:
            self._closing = True
            if error is not None:
                # Before an attempt that is under way ends for a reason of its own.
                self._finish(error)
            transport, timer = self._transport, self._timer
        if timer is not None:
            timer.cancel()
            if timer is not threading.current_thread() and timer.is_alive():
                timer.join(timeout_s)
        if transport is not None:
            if abort:
                transport.abort()
            else:
                transport.close()
            if not transport.join(timeout_s):
                transport.abort()
                transport.join(timeout_s)
        with self._switching:
            self._sink = None
            self._finish(None)

    def _finish(self, error: EmitterError | None) -> None:
        with self.lock:
            self.session.ended(error)
        self._leave_for("closed", error)
        self.drained()

    def _leave_for(self, status: ConnectionStatus, error: EmitterError | None) -> None:
        before = self._state.status
        if before != "closed":
            self._state.set(status, error)
        if before == "connected":
            self._tell_of_loss()

    def check_may_wait(self, operation: str) -> None:
        """Raise Closed in the thread that receives, where a handler of `logging` may run: no answer would come."""
        if self._receiver == threading.get_ident():
            raise Closed(
                f"{operation} waits for the broker, and was called in the thread that receives what the broker sends",
                "call publish_nowait there, or hand over to another thread, as logging's QueueHandler does",
            )

    def wait_until_open(self, operation: str, timeout_s: float) -> None:
        """Wait while the connection is being made again. Raises Closed, and ConnectionLost after the time limit."""
        if not self.session.connected and not self._state.wait("connected", "closed", timeout_s=timeout_s):
            raise still_lost(operation, self._state.error, timeout_s)

    def answer(self, outcome: SyncOutcome[ResultT], deadline: float, limit_s: float) -> ResultT:
        """Wait for the end of an exchange, and return its result. Raises its error, and RequestTimeout."""
        try:
            return outcome.wait(deadline - monotonic(), limit_s)
        except RequestTimeout:
            with self.lock:
                outcome.timed_out()
            raise

    def wait_for_room(self, operation: str, timeout_s: float) -> None:
        """Wait until the transport is not congested any more. Raises Congested."""
        if not self.congested:
            return
        deadline = monotonic() + timeout_s
        # The thread that receives is the one that would make room.
        left_s = 0.0 if self._receiver == threading.get_ident() else timeout_s
        with self._room_to_send:
            # Looked at under the lock: room that is made after a look wakes the wait that follows.
            while self.congested:
                if left_s <= 0:
                    raise Congested(operation, f"the network has taken too little for {timeout_s:g} s")
                self._room_to_send.wait(left_s)
                left_s = deadline - monotonic()

    @property
    def congested(self) -> bool:
        """Whether so much waits for the network that nothing should be added."""
        transport = self._transport
        return transport is not None and self.session.connected and transport.congested


class _SyncSink:
    """Takes what one transport brings."""

    def __init__(self, connection: SyncConnection) -> None:
        self._connection = connection

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        self._connection.received(self, packets)

    def drained(self) -> None:
        self._connection.drained()

    def ended(self, error: EmitterError | None, /) -> None:
        self._connection.ended(self, error)
