"""The connection of a client with asyncio, and how tasks wait for it."""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.async_waiters import Alarms, AsyncWaiters, check_loop, wake_all
from emitter_typed._core.connections import Connection, DirectSink, still_lost
from emitter_typed._core.outcomes import AsyncOutcome
from emitter_typed._core.state import AsyncStateKeeper
from emitter_typed._protocol.connection_machine import ConnectionMachine
from emitter_typed._protocol.packets import Delivery, InboundPacket
from emitter_typed._transport.base import Endpoint, PausingTransport, Reactor, Transport, TransportSink
from emitter_typed._transport.reactors import LoopReactor
from emitter_typed.errors import Congested, EmitterError

ResultT = TypeVar("ResultT")

_MAX_WAITING_BYTES: Final = 1024 * 1024
# What a packet takes beside its payload.
_PACKET_BYTES: Final = 200


class AsyncConnection(Connection[AsyncStateKeeper]):
    """A connection that one event loop uses. Only the loop touches it, and carries its packets."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        make_transport: Callable[[Endpoint, Reactor], Transport],
        machine: ConnectionMachine,
        state: AsyncStateKeeper,
        tell_of_connection: Callable[[], None],
        tell_of_loss: Callable[[], None],
        *,
        foreign: bool,
    ) -> None:
        """Prepare; foreign: its transports have threads of their own."""
        self._loop = asyncio.get_running_loop()
        reactor = LoopReactor(self._loop)
        super().__init__(
            endpoints,
            lambda endpoint: make_transport(endpoint, reactor),
            machine,
            reactor,
            state,
            tell_of_connection,
            tell_of_loss,
        )
        self.alarms: Alarms = Alarms(self._loop, lambda: self.session.offline)
        """Ends waits for answers that take too long."""
        self._foreign = foreign
        self._waiters = AsyncWaiters()
        self._over = asyncio.Event()

    def _make_sink(self, attempt: int, transport: Transport) -> TransportSink:
        sink = DirectSink(self, attempt)
        return _HandingOver(self._reactor.call_soon, sink, transport) if self._foreign else sink

    def wake(self) -> None:
        self._waiters.wake()

    def _finished(self) -> None:
        wake_all(self._over)

    async def end(self, *, abort: bool = False, timeout_s: float) -> None:
        """Close, or abort, and wait for the end. One who is cancelled here leaves a connection that ends in time."""
        self.close(abort=abort, timeout_s=timeout_s)
        # It is bounded by a timer of its own.
        await self._over.wait()

    def abandon(self) -> None:
        """End without the loop, which is closed: nothing can reach the session any more."""
        self.close(abort=True)

    @property
    def is_usable(self) -> bool:
        """Whether calls may use it: as everywhere, and this is the event loop that connected."""
        try:
            return get_running_loop() is self._loop and not self._machine.is_left
        except RuntimeError:
            return False

    def check_loop(self, operation: str) -> None:
        """Raise Closed in any other place than the event loop that connected."""
        check_loop(
            self._loop, f"{operation} was called", "use it in the loop that connected it, or make another client"
        )

    def orphaned(self) -> bool:
        """Tell whether the event loop that connected is closed, so that nothing can reach the session any more."""
        return self._loop.is_closed()

    async def wait_until_open(self, operation: str, timeout_s: float) -> None:
        """Wait while the connection is being made again. Raises Closed, and ConnectionLost after the time limit."""
        if not self.session.connected and not await self._state.wait("connected", "closed", timeout_s=timeout_s):
            raise still_lost(operation, self._state.error, timeout_s)

    def answer(self, outcome: AsyncOutcome[ResultT], deadline_s: float, limit_s: float) -> Awaitable[ResultT]:
        """Wait for the end of an exchange, and return its result. Raises its error, and RequestTimeout."""
        return outcome.answer(self.alarms, deadline_s - monotonic(), limit_s)

    async def wait_for_room(self, operation: str, timeout_s: float) -> None:
        """Wait until the transport is not congested any more. Raises Congested."""
        if self.congested and not await self._waiters.until(lambda: not self.congested, timeout_s):
            raise Congested(operation, f"the network accepted too little data within {timeout_s:g} s")


class _HandingOver:
    """Takes what one transport brings in a thread of its own, and hands it over to the event loop.

    A transport that can pause does so while more than a megabyte waits for the loop.
    """

    def __init__(
        self, call_soon: Callable[[Callable[[], None]], None], sink: TransportSink, transport: Transport
    ) -> None:
        self._call_soon = call_soon
        self._sink = sink
        self._transport = transport if isinstance(transport, PausingTransport) else None
        # Each has one writer, so that the difference can be read without a lock.
        self._brought_bytes = 0
        self._taken_bytes = 0
        self._paused = False

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        size = sum(_PACKET_BYTES + (len(each.payload) if isinstance(each, Delivery) else 0) for each in packets)
        self._brought_bytes += size
        self._call_soon(partial(self._take, packets, size))
        if self._transport is not None and self._waiting_bytes > _MAX_WAITING_BYTES and not self._paused:
            self._paused = True
            self._transport.pause()
            # The loop may have taken the last of it meanwhile, and has nothing left to come back for.
            self._resume()

    def drained(self) -> None:
        self._call_soon(self._sink.drained)

    def ended(self, error: EmitterError | None, /) -> None:
        self._call_soon(partial(self._sink.ended, error))

    @property
    def _waiting_bytes(self) -> int:
        return self._brought_bytes - self._taken_bytes

    def _take(self, packets: Sequence[InboundPacket], size: int) -> None:
        self._taken_bytes += size
        self._resume()
        self._sink.received(packets)

    def _resume(self) -> None:
        if self._transport is not None and self._paused and self._waiting_bytes <= _MAX_WAITING_BYTES // 2:
            self._paused = False
            self._transport.resume()
