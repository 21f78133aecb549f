"""The connection of a client with threads, and how threads wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.connections import Connection, DirectSink, still_lost
from emitter_typed._core.outcomes import SyncOutcome
from emitter_typed._core.state import SyncStateKeeper
from emitter_typed._guards import GuardedCondition, depth, put_off
from emitter_typed._protocol.connection_machine import ConnectionMachine
from emitter_typed._protocol.packets import InboundPacket, OutboundPacket
from emitter_typed._transport.base import Endpoint, Reactor, Transport, TransportSink, WritingTransport
from emitter_typed._transport.reactors import ThreadReactor
from emitter_typed.errors import Closed, Congested, RequestTimeout

ResultT = TypeVar("ResultT")


class SyncConnection(Connection[SyncStateKeeper]):
    """A connection that any thread may use. One thread of its own carries its packets and makes its attempts."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        make_transport: Callable[[Endpoint, Reactor], Transport],
        machine: ConnectionMachine,
        state: SyncStateKeeper,
        tell_of_connection: Callable[[], None],
        tell_of_loss: Callable[[], None],
    ) -> None:
        """Prepare; `open` starts its thread. Raises OSError if there are too few file descriptors."""
        reactor = ThreadReactor()
        super().__init__(
            endpoints,
            lambda endpoint: make_transport(endpoint, reactor),
            machine,
            reactor,
            state,
            tell_of_connection,
            tell_of_loss,
        )
        self._thread = reactor
        self._room_to_send = GuardedCondition()
        self._over = threading.Event()
        self._asking = _Asking(self)
        # The thread that is about to wait for an answer. If it was interrupted, it writes what it sends next, too.
        self._asker: int | None = None
        self._writing: WritingTransport | None = None
        # The thread that takes in what a transport brings, while it does.
        self._receiver: int | None = None

    def open(self) -> None:
        """Start the thread, and make the first attempt to connect. Raises RuntimeError if there is no thread."""
        self._thread.start()
        super().open()

    def _make_sink(self, attempt: int, transport: Transport) -> TransportSink:
        self._writing = transport if isinstance(transport, WritingTransport) else None
        return DirectSink(self, attempt)

    @property
    def asking(self) -> AbstractContextManager[object]:
        """The lock, for a call that waits for the answer to what it sends: its own thread writes that, if it can."""
        return self._asking

    def begin_asking(self) -> None:
        """Let this thread write what it sends next."""
        self._asker = threading.get_ident()

    def send(self, packet: OutboundPacket) -> None:
        """Send a packet, for the session."""
        if (
            self._asker == threading.get_ident()
            and self._writing is not None
            and self._transport is not None
            # A signal handler may ask where its thread waits for a condition, and would wait for a write that is put
            # off until it has returned.
            and depth() == 1
        ):
            self._writing.queue(packet)
            put_off(self.write)
        else:
            super().send(packet)

    def write(self) -> None:
        """Write what is queued, by whichever thread can: also what a call that was interrupted has left there."""
        self._asker = None
        if self._writing is not None:
            self._writing.write()

    def wake(self) -> None:
        with self._room_to_send:
            self._room_to_send.notify_all()

    def _finished(self) -> None:
        self._thread.stop()
        self._over.set()

    def forked(self) -> None:
        """End, in a process that was forked, where nobody else holds what another thread held."""
        self._room_to_send = GuardedCondition()
        self._state.forked()
        super().forked()
        self._over.set()

    def end(self, *, abort: bool = False, timeout_s: float) -> bool:
        """Close, or abort, wait for the end of that and of the thread, and tell whether it was waited for.

        A signal handler may have stopped the thread that it runs in halfway through a call. Then nothing can end before
        that goes on, so that this does not wait, and the network thread closes as soon as it can.
        """
        if self._is_held_up:
            self._reactor.call_soon(lambda: self.close(abort=abort, timeout_s=timeout_s))
            return False
        self.close(abort=abort, timeout_s=timeout_s)
        if not self._reactor.is_here:
            deadline_s = monotonic() + timeout_s + 0.2
            if not self._over.wait(timeout_s + 0.2):
                self.close(abort=True)
            self._thread.join(max(0.1, deadline_s - monotonic()))
        return True

    def received(self, attempt: int, packets: Sequence[InboundPacket]) -> None:
        self._receiver = threading.get_ident()
        try:
            super().received(attempt, packets)
        finally:
            self._receiver = None

    @property
    def _is_receiving(self) -> bool:
        """Whether this is the thread that receives, where a handler of `logging` may run."""
        return self._reactor.is_here or self._receiver == threading.get_ident()

    @property
    def _is_held_up(self) -> bool:
        """Whether the thread that receives waits for this one: in a signal handler that has interrupted a call."""
        return self.lock.is_mine or self._thread.is_held_up

    def check_may_wait(self, operation: str) -> None:
        """Raise Closed where no answer would come."""
        if self._is_receiving:
            raise Closed(
                f"{operation} waits for the broker, and was called in the thread that receives what the broker sends",
                "call publish_nowait there, or hand over to another thread, as logging's QueueHandler does",
            )
        if self._is_held_up:
            raise Closed(
                f"{operation} waits for the broker, and was called in a signal handler or a finalizer that interrupted"
                " another call of this client",
                "set an event there, and let another thread wait for it and call the client",
            )

    def wait_until_open(self, operation: str, timeout_s: float) -> None:
        """Wait while the connection is being made again. Raises Closed, and ConnectionLost after the time limit."""
        if self.session.connected:
            return
        self.check_may_wait(operation)
        if not self._state.wait("connected", "closed", timeout_s=timeout_s):
            raise still_lost(operation, self._state.error, timeout_s)

    def answer(self, outcome: SyncOutcome[ResultT], deadline_s: float, limit_s: float) -> ResultT:
        """Wait for the end of an exchange, and return its result. Raises its error, and RequestTimeout."""
        try:
            return outcome.wait(deadline_s - monotonic(), limit_s)
        except RequestTimeout:
            with self.lock:
                outcome.timed_out()
            raise

    def wait_for_room(self, operation: str, timeout_s: float) -> None:
        """Wait until the transport is not congested any more. Raises Congested."""
        deadline_s = monotonic() + timeout_s
        # The thread that receives is the one that would make room.
        left_s = 0.0 if self._is_receiving or self._is_held_up else timeout_s
        with self._room_to_send:
            # Looked at under the lock: room that is made after a look wakes the wait that follows.
            while self.congested:
                if left_s <= 0:
                    raise Congested(operation, f"the network accepted too little data within {timeout_s:g} s")
                self._room_to_send.wait(left_s)
                left_s = deadline_s - monotonic()


class _Asking:
    """Enters and leaves the lock of a connection, and lets a thread write what it sends in between."""

    def __init__(self, connection: SyncConnection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.lock.__enter__()
        self._connection.begin_asking()

    def __exit__(self, kind: object, error: object, traceback: object, /) -> None:
        self._connection.lock.__exit__(kind, error, traceback)
