"""Carries out the calls of a client with asyncio: it connects, sends, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import cast

from emitter_typed._async.connection import AsyncConnection
from emitter_typed._async.receiving import AsyncReceiving
from emitter_typed._clock import monotonic
from emitter_typed._core.addresses import address_of
from emitter_typed._core.connections import still_lost
from emitter_typed._core.driver_base import CONNECT_GRACE_S, Undrained
from emitter_typed._core.outcomes import AsyncOutcome
from emitter_typed._core.pending import AsyncPending, unacknowledged
from emitter_typed._core.settings import Settings
from emitter_typed._core.state import AsyncConnectionState, AsyncStateKeeper
from emitter_typed._core.workers import HANDLERS_TIMEOUT_S
from emitter_typed._guards import Log
from emitter_typed._masking import hide_keys
from emitter_typed._protocol.definition import ProtocolDefinition
from emitter_typed._protocol.operations import Prepared, prepare
from emitter_typed._protocol.payloads import codec
from emitter_typed._transport import Endpoint
from emitter_typed._transport.base import CLOSE_TIMEOUT_S
from emitter_typed._types.values import Option, Secret
from emitter_typed.errors import Closed, Congested, ConnectionRefused, InvalidArgument, RequestTimeout

_log = Log("emitter_typed")


class _Done:
    def __await__(self) -> Iterator[None]:
        return iter(())


# Nothing is left to wait for. A coroutine would have to be made for each message.
_DONE = cast("Awaitable[None]", _Done())


class AsyncDriver(AsyncReceiving):
    """Carries out the calls of a client, for any protocol, and lets the calling task wait for the answer."""

    def __init__(self, protocol: ProtocolDefinition, settings: Settings) -> None:
        """Begin without a connection."""
        super().__init__(protocol, settings)
        self._connection: AsyncConnection | None = None
        self._keeper = AsyncStateKeeper()
        self._state = AsyncConnectionState(self._keeper)

    @property
    def state(self) -> AsyncConnectionState:
        """The state of the connection."""
        return self._state

    @property
    def begun(self) -> bool:
        """Whether `connect` was called, and the connection not closed since."""
        connection = self._connection
        return connection is not None and not connection.is_over

    async def connect(self, host: str, port: int, secure: bool, keepalive: int, username: str | None) -> None:
        """Connect, and return when the broker has accepted the connection. See the client's `connect`."""
        endpoints = self._endpoints(host, port, secure, keepalive, username)
        outcome: AsyncOutcome[None] = AsyncOutcome("connect")
        if self._connection is not None and self._connection.orphaned():
            await self.end()
        if self.begun:
            raise InvalidArgument(
                "the client is already connected: call close() first",
                argument="host",
                value=hide_keys(endpoints[0].host),
            )
        connection = self._new_connection(endpoints)
        connection.session.connecting(outcome)
        self._connection = connection
        self._keeper.begin(connection, str(address_of(endpoints[0])))
        try:
            connection.open()
            await outcome.wait(connection.alarms, self.settings.timeout_s + CONNECT_GRACE_S, self.settings.timeout_s)
        except BaseException as failure:
            reason = self._failure(failure, endpoints[0])
            connection.close(abort=True, error=reason if isinstance(reason, ConnectionRefused) else None)
            if reason is failure:
                raise
            raise reason from reason.__cause__
        endpoint = connection.endpoint
        _log.info("connection.opened host=%s port=%d", hide_keys(endpoint.host), endpoint.port)

    def _new_connection(self, endpoints: Sequence[Endpoint]) -> AsyncConnection:
        connection = AsyncConnection(
            endpoints,
            self._make_transport,
            self._machine(len(endpoints)),
            self._keeper,
            self.handlers.tell_of_connection,
            self.handlers.tell_of_loss,
            foreign=self.settings.transport is not None,
        )
        connection.session = self._new_session(connection)
        return connection

    async def drain(self, timeout_s: float | None) -> None:
        """Let what is under way arrive and handlers finish, then close. See the client's `drain`."""
        limit_s = self._limit(timeout_s)
        connection = self._connection
        if connection is None or connection.is_left or connection.is_elsewhere():
            await self.end()
            return
        if not connection.orphaned():
            connection.check_loop("drain")
        deadline_s = monotonic() + limit_s
        settled: AsyncOutcome[None] = AsyncOutcome("drain")
        left: Undrained | None = None
        over = False
        try:
            with connection.lock:
                connection.session.drain(settled)
            with suppress(RequestTimeout):
                await settled.wait(connection.alarms, limit_s)
                over = await self._join_handlers(deadline_s)
            if not over:
                left = self._undrained(connection)
        finally:
            await self._end(connection, abort=not over, deadline_s=deadline_s)
        if left or connection.unsent:
            raise (left or Undrained()).error(limit_s, connection.unsent)

    def _undrained(self, connection: AsyncConnection) -> Undrained:
        return Undrained(
            connection.session.offline,
            connection.session.unacknowledged,
            self._readers.running,
        )

    async def end(self, *, abort: bool = False) -> None:
        """End the connection and every subscription. See the client's `close` and `abort`."""
        await self._end(self._connection, abort=abort, deadline_s=None)

    async def _end(self, connection: AsyncConnection | None, *, abort: bool, deadline_s: float | None) -> None:
        """End a connection and wait for handlers; a drain has a deadline for both."""
        if connection is not None:
            if connection.is_elsewhere():
                # It has ended with the fork, and is the parent's to close.
                return
            if connection.orphaned():
                # The loop took its tasks along when it closed; handlers go on with the next.
                if not connection.is_over:
                    _log.warning("connection.loop_closed")
                self.handlers.waits.forget()
                for worker in self.handlers.workers():
                    worker.abandon()
                self._readers.forget()
                connection.abandon()
                self._connection = None
                return
            was_left = connection.is_left
            if not connection.is_over:
                connection.check_loop("abort" if abort else "close")
            await connection.end(
                abort=abort, timeout_s=CLOSE_TIMEOUT_S if deadline_s is None else max(0.0, deadline_s - monotonic())
            )
            if not was_left:
                _log.info("connection.closed")
        drains = deadline_s is not None
        deadline_s = monotonic() + HANDLERS_TIMEOUT_S if deadline_s is None else deadline_s
        # A drain raises the number of those that are left.
        if not await self._join_handlers(deadline_s) and not drains:
            _log.warning("handler.left_running count=%d", self._readers.running)
        await self.handlers.stop(deadline_s)

    def forked(self) -> None:
        """End the connection in a process that was forked, where no task goes on."""
        self.handlers.forked()
        self._readers.forget()
        if self._connection is not None:
            self._connection.forked()

    # What generated methods ask for

    def _present(self, operation: str) -> AsyncConnection:
        """Return the connection, be it lost at the moment. Raises Closed."""
        connection = self._connection
        if connection is not None and connection.is_usable:
            return connection
        if connection is not None:
            connection.check_process(operation)
            if not connection.is_left:
                connection.check_loop(operation)
        raise Closed(f"{operation} needs a connection", "call connect(), or use the client in an async with statement")

    async def _open(self, operation: str, timeout_s: float) -> AsyncConnection:
        """Return the connection, once there is one again. Raises Closed, ConnectionLost."""
        connection = self._present(operation)
        if not connection.session.connected and self.settings.while_offline == "wait":
            await connection.wait_until_open(operation, timeout_s)
        return connection

    def publish(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> Awaitable[None]:
        """Publish; at QoS 1, return when the broker has acknowledged it."""
        limit_s = self._limit(timeout_s)
        prepared = prepare(self.protocol.operations[operation], arguments, options, options_given)
        payload = codec.encode(message)
        connection = self._present(operation)
        if connection.congested or not (prepared.qos or connection.session.connected):
            return self._publish_later(connection, operation, prepared, payload, limit_s)
        return self._publish(connection, operation, prepared, payload, limit_s, limit_s)

    async def _publish_later(
        self,
        connection: AsyncConnection,
        operation: str,
        prepared: Prepared,
        payload: bytes,
        limit_s: float,
    ) -> None:
        deadline_s = monotonic() + limit_s
        # A message of QoS 1 may wait in the outbox.
        if not prepared.qos and self.settings.while_offline == "wait":
            await connection.wait_until_open(operation, limit_s)
        await connection.wait_for_room(operation, limit_s)
        await self._publish(connection, operation, prepared, payload, deadline_s - monotonic(), limit_s)

    def _publish(
        self,
        connection: AsyncConnection,
        operation: str,
        prepared: Prepared,
        payload: bytes,
        left_s: float,
        limit_s: float,
    ) -> Awaitable[None]:
        session = connection.session
        if not prepared.qos:
            with connection.lock:
                session.publish_once(operation, prepared, payload)
            return _DONE
        outcome: AsyncOutcome[None] = AsyncOutcome(operation, self._counters)
        with connection.lock:
            session.publish(operation, prepared, payload, outcome)
        if outcome in session.outbox.waiting:
            return self._acknowledged(connection, outcome, left_s, limit_s)
        return outcome.answer(connection.alarms, left_s, limit_s)

    async def _acknowledged(
        self, connection: AsyncConnection, outcome: AsyncOutcome[None], left_s: float, limit_s: float
    ) -> None:
        """Wait for the acknowledgement of a message that is not sent yet, and is not to be if the wait ends before."""
        session = connection.session
        try:
            await outcome.wait(connection.alarms, left_s, limit_s)
        except RequestTimeout as error:
            if session.outbox.withdraw(outcome):
                raise still_lost(outcome.operation, self._keeper.error, limit_s) from None
            outcome.timed_out()
            raise unacknowledged(error, session) from None
        except asyncio.CancelledError:
            session.outbox.withdraw(outcome)
            raise

    def publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
    ) -> AsyncPending:
        """Publish and return at once."""
        prepared = prepare(self.protocol.operations[operation], arguments, options, options_given)
        payload = codec.encode(message)
        connection = self._present(operation)
        if connection.congested:
            raise Congested(operation, "more than a megabyte waits to be sent")
        outcome: AsyncOutcome[None] = AsyncOutcome(operation, self._counters if prepared.qos else None)
        pending = AsyncPending(outcome, connection, self.settings.timeout_s)
        with connection.lock:
            if prepared.qos:
                connection.session.publish(operation, prepared, payload, outcome)
            else:
                connection.session.publish_once(operation, prepared, payload)
        if not prepared.qos:
            outcome.resolve(None)
        return pending
