"""The connection of a client with asyncio: one session, one transport after the other, and what brings the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.connections import Connection, still_lost
from emitter_typed._core.outcomes import AsyncOutcome
from emitter_typed._core.state import AsyncConnectionState, ConnectionStatus
from emitter_typed._guards import Guard, Log
from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.packets import InboundPacket, OutboundPacket
from emitter_typed._protocol.session.fetches import Fetch
from emitter_typed._transport.base import Transport
from emitter_typed.errors import Closed, Congested, EmitterError, RequestTimeout

ResultT = TypeVar("ResultT")

_log = Log("emitter_typed")


class AsyncConnection(Connection):
    """A connection that one event loop uses. Only the loop touches the session."""

    def __init__(
        self,
        make_transport: Callable[[], Transport],
        backoff: Backoff,
        state: AsyncConnectionState,
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
        # Only this loop takes it, so that nobody ever waits for it: what is logged inside waits until it is left.
        self.lock: Guard = Guard()
        self._state = state
        self._room_to_send = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Callable[[], None]] = deque()
        self._woken = False
        self._transport: Transport | None = None
        self._sink: _AsyncSink | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()

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
        return self.session.subscriptions.shares(channel)

    def open(self) -> None:
        """Make an attempt to connect, unless the connection was closed meanwhile."""
        if not self._closing:
            self._over.clear()
            self._transport = self._make_transport()
            self._sink = _AsyncSink(self)
            self._transport.start(self._sink)

    def opened(self) -> None:
        """Learn, from the session, that the broker has accepted a connection."""
        self._accepted()
        self._state.set("connected")
        self._tell_of_connection()

    def ended(self, sink: _AsyncSink, error: EmitterError | None) -> None:
        """Learn that a transport has ended, and come back if that is wanted."""
        if sink is not self._sink:
            return
        self._sink = None
        self._over.set()
        if error is None or not self._goes_on(error):
            self.finish(error)
            return
        error = self._followed(error)
        with self.lock:
            given_up = self._tell_lost(error)
        if given_up is not None:
            self.finish(given_up)
            return
        self._leave_for("reconnecting" if self._accepted_once else "connecting", error)
        self._timer = self._loop.call_later(self._delay_s(error), self.open)
        self._room_to_send.set()

    def received(self, sink: _AsyncSink, packets: Sequence[InboundPacket]) -> None:
        """Take in what a transport brings."""
        if sink is not self._sink:
            return
        with self.lock:
            error = self._take_in(packets)
        if error is not None:
            transport = self._transport
            self.ended(sink, error)
            if transport is not None:
                transport.abort()

    def drained(self) -> None:
        """Let those who wait for room go on."""
        self._room_to_send.set()

    async def close(self, timeout_s: float, *, abort: bool = False, error: EmitterError | None = None) -> None:
        """Send what waits, disconnect, and come back no more; abort: drop the connection at once; error: why."""
        self._closing = True
        if error is not None:
            # Before an attempt that is under way ends for a reason of its own.
            self.finish(error)
        if self._timer is not None:
            self._timer.cancel()
        transport = self._transport
        if transport is not None and self._sink is not None:
            if abort:
                transport.abort()
            else:
                transport.close()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._over.wait()
            except TimeoutError:
                transport.abort()
            # The end is the last thing that its thread tells, so this takes no time worth a thread of its own.
            transport.join(timeout_s)
        self._sink = None
        self.finish(None)

    def abandon(self) -> None:
        """End without the loop, which is closed: nothing can reach the session any more."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
        self._sink = None
        self.finish(None)

    def finish(self, error: EmitterError | None) -> None:
        """End the session, for a reason or none."""
        with self.lock:
            self.session.ended(error)
        self._leave_for("closed", error)
        self._room_to_send.set()

    def _leave_for(self, status: ConnectionStatus, error: EmitterError | None) -> None:
        before = self._state.status
        if before != "closed":
            self._state.set(status, error)
        if before == "connected":
            self._tell_of_loss()

    def check_loop(self, operation: str) -> None:
        """Raise Closed in any other place than the event loop that connected: no answer would reach it."""
        self.check_process(operation)
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if not here:
            raise Closed(
                f"{operation} was called outside the event loop that connected this client",
                "use it in the loop that connected it, or make another client",
            )

    def orphaned(self) -> bool:
        """Tell whether the event loop that connected is closed, so that nothing can reach the session any more."""
        return self._loop.is_closed()

    async def wait_until_open(self, operation: str, timeout_s: float) -> None:
        """Wait while the connection is being made again. Raises Closed, and ConnectionLost after the time limit."""
        if not self.session.connected and not await self._state.wait("connected", "closed", timeout_s=timeout_s):
            raise still_lost(operation, self._state.error, timeout_s)

    async def answer(self, outcome: AsyncOutcome[ResultT], deadline: float, limit_s: float) -> ResultT:
        """Wait for the end of an exchange, and return its result. Raises its error, and RequestTimeout."""
        try:
            return await outcome.wait(deadline - monotonic(), limit_s)
        except RequestTimeout:
            with self.lock:
                outcome.timed_out()
            raise

    async def wait_for_room(self, operation: str, timeout_s: float) -> None:
        """Wait until the transport is not congested any more. Raises Congested."""
        deadline = self._loop.time() + timeout_s
        while self.congested:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._room_to_send.wait()
            except TimeoutError:
                raise Congested(operation, f"the network has taken too little for {timeout_s:g} s") from None
            # Before the next look, so that room made after it is not missed.
            self._room_to_send.clear()

    @property
    def congested(self) -> bool:
        """Whether so much waits for the network that nothing should be added."""
        transport = self._transport
        return transport is not None and self.session.connected and transport.congested

    # Called by the network thread: one wake-up of the loop for all that has come since the last.

    def hand_over(self, call: Callable[[], None]) -> None:
        """Let the event loop do something."""
        self._inbox.append(call)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._take_over)
            except RuntimeError:
                _log.warning("connection.loop_closed calls=%d", len(self._inbox))
                if self._transport is not None:
                    self._transport.abort()

    def _take_over(self) -> None:
        # Before the calls are taken out: one that comes after the last is taken must wake the loop again.
        self._woken = False
        while self._inbox:
            self._inbox.popleft()()


class _AsyncSink:
    """Takes what one transport brings, and hands it over to the event loop."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        self._connection.hand_over(partial(self._connection.received, self, packets))

    def drained(self) -> None:
        self._connection.hand_over(self._connection.drained)

    def ended(self, error: EmitterError | None, /) -> None:
        self._connection.hand_over(partial(self._connection.ended, self, error))
