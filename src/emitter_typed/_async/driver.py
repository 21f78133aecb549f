"""What carries out the calls of a client with asyncio, whatever the protocol."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, TypeVar

from emitter_typed._async.connection import AsyncConnection
from emitter_typed._async.receiving import AsyncReceiving
from emitter_typed._core.connections import still_lost
from emitter_typed._core.pending import AsyncOutcome, AsyncPending, unacknowledged
from emitter_typed._core.settings import DEFAULT_HOST, DEFAULT_KEEPALIVE_S, DEFAULT_PORT
from emitter_typed._core.state import AsyncConnectionState
from emitter_typed._protocol.definition import ProtocolDefinition, RequestDefinition
from emitter_typed._protocol.operations import prepare
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.session.session import Session
from emitter_typed._transport import Endpoint
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.contract import AsyncHandler
from emitter_typed.errors import Closed, Congested, InvalidArgument, RequestTimeout

if TYPE_CHECKING:
    from typing import Self

ResponseT = TypeVar("ResponseT")
EventT = TypeVar("EventT")
MessageT = TypeVar("MessageT")

_log = logging.getLogger("emitter_typed")

_END_TIMEOUT_S = 5.0


class AsyncDriver(AsyncReceiving):
    """Carries out what a generated facade asks for, and lets the calling task wait for the answer.

    It knows no protocol by name: a client is this, a facade, and the facade's protocol.
    """

    _protocol: ClassVar[ProtocolDefinition]

    def _prepare(self) -> None:
        self._connection: AsyncConnection | None = None
        self._state = AsyncConnectionState()
        self._prepare_handlers()
        self._prepare_statistics()
        self._prepare_receiving()

    def __repr__(self) -> str:
        """Show where it connects to, once that is known, and how the connection stands."""
        return self._shown(self._state.status)

    async def connect(
        self,
        host: str = DEFAULT_HOST,
        port: int = DEFAULT_PORT,
        secure: bool = True,
        keepalive: int = DEFAULT_KEEPALIVE_S,
        username: str | None = None,
    ) -> None:
        """Connect, and return when the broker has accepted the connection.

        When the connection is lost later, the client connects again by itself, unless it was made with
        `reconnect=False`.

        Args:
            host: The broker's name or address. A client that was made for a URL connects there if neither host nor
                port nor `secure` are said.
            port: The broker's port.
            secure: Whether to connect with TLS.
            keepalive: Seconds without traffic after which the broker is asked for a sign of life; 1 to 119.
            username: The name that presence shows to others. Default: the constructor's.

        Raises:
            InvalidArgument: The client is connected already, or an argument makes no sense.
            ConnectionRefused: Nothing listens there, TLS failed, or the broker does not accept the connection. With
                `retry_connect`, what the last attempt met when `timeout_s` was over. Nothing is left open.
            RequestTimeout: The broker does not answer within the client's `timeout_s`. Nothing is left open.
        """
        endpoint = self._endpoint(host, port, secure, keepalive, username)
        outcome: AsyncOutcome[None] = AsyncOutcome("connect")
        self._check_not_connected(endpoint)
        await self.close()
        # Another task may have connected meanwhile.
        self._check_not_connected(endpoint)
        self._note_place(endpoint)
        connection = self._new_connection(endpoint)
        connection.session.connecting(outcome)
        self._connection = connection
        self._state.set("connecting")
        connection.open()
        try:
            await outcome.wait(self._settings.timeout_s)
        except BaseException as failure:
            # Why no attempt has succeeded tells more than that the time is over.
            refusal = self._state.error if isinstance(failure, RequestTimeout) else None
            if self._connection is connection:
                self._connection = None
            await connection.close(_END_TIMEOUT_S, abort=True, error=refusal)
            if refusal is not None:
                raise refusal from None
            raise
        _log.info("connection.opened host=%s port=%d", endpoint.host, endpoint.port)

    def _check_not_connected(self, endpoint: Endpoint) -> None:
        if self._connection is not None and self._state.status != "closed":
            raise InvalidArgument(
                "the client is connected already: close() it first", argument="host", value=endpoint.host
            )

    def _new_connection(self, endpoint: Endpoint) -> AsyncConnection:
        connection = AsyncConnection(
            partial(self._make_transport, endpoint),
            self._settings.backoff(),
            self._state,
            self._tell_of_connection,
            self._tell_of_loss,
            reconnect=self._settings.reconnect,
            retry_connect=self._settings.retry_connect,
        )
        connection.session = Session(
            self._protocol,
            matcher=self._settings.matcher,
            outbox=self._settings.outbox(),
            counters=self._counters,
            send=connection.send,
            report=self._report,
            emit=self._emit,
            unclaimed=self._take_unclaimed,
            opened=connection.opened,
        )
        return connection

    @property
    def connection(self) -> AsyncConnectionState:
        """Whether the client is connected, and why not: read it, or wait for it."""
        return self._state

    async def drain(self, timeout_s: float | None = None) -> None:
        """End in peace: let what is under way arrive and handlers finish, then close. May be called from a handler.

        From the moment of the call, subscriptions receive nothing new. Messages of QoS 1 are waited for until the
        broker has acknowledged them, and handlers until they have had what had arrived.

        Args:
            timeout_s: Seconds for all of that. Default: the client's `timeout_s`. After it, the client is closed all
                the same.

        Raises:
            InvalidArgument: `timeout_s` is no number of seconds, or not above 0.
            RequestTimeout: It took longer; `unacknowledged` and `handlers_running` count what was left, which is lost,
                as with `close`.
            ConnectionLost: The client was closed meanwhile, or has given up; what was left is lost.
        """
        limit_s = self._limit(timeout_s)
        connection = self._connection
        if connection is None:
            return
        deadline = monotonic() + limit_s
        settled: AsyncOutcome[None] = AsyncOutcome("drain")
        try:
            connection.session.drain(settled)
            over = False
            with suppress(RequestTimeout):
                await settled.wait(limit_s)
                over = await self._join_handlers(deadline)
            if not over:
                raise self._undrained(connection, limit_s)
        finally:
            await self.close()

    def _undrained(self, connection: AsyncConnection, limit_s: float) -> RequestTimeout:
        return RequestTimeout(
            "drain",
            limit_s,
            offline=connection.session.offline,
            unacknowledged=connection.session.unacknowledged,
            handlers_running=len(self._message_tasks - {asyncio.current_task()}),
        )

    async def disconnect(self) -> None:
        """Do what `close` does, by its old name."""
        await self.close()

    async def close(self) -> None:
        """Send what waits, disconnect, and end every subscription. May be called again, and from a handler.

        Messages that have arrived can still be read. Handlers that are running are waited for, up to 5 seconds each.
        Messages of QoS 1 that the broker has not acknowledged end with ConnectionLost. See `drain` for a gentler end
        and `abort` for a quicker one.
        """
        await self._end(abort=False)

    async def abort(self) -> None:
        """Drop the connection at once: nothing more is sent, not even that the client leaves.

        Calls that are under way end with ConnectionLost, and subscriptions in peace. May be called again, and from a
        handler.
        """
        await self._end(abort=True)

    async def _end(self, *, abort: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.orphaned():
            # The loop took its tasks along when it closed; handlers go on with the next.
            connection.abandon()
            self._message_tasks.clear()
            return
        if connection is not None:
            try:
                connection.check_loop("close")
            except Closed:
                self._connection = connection
                raise
            await connection.close(_END_TIMEOUT_S, abort=abort)
            _log.info("connection.closed")
        await self._join_handlers(monotonic() + _END_TIMEOUT_S)
        await self._stop_handlers()

    async def __aenter__(self) -> Self:
        if self._connection is None:
            await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # What a facade asks for

    def _present(self, operation: str) -> AsyncConnection:
        """Return the connection, be it lost at the moment. Raises Closed."""
        connection = self._connection
        if connection is None:
            raise Closed(
                f"{operation} needs a connection", "call connect(), or use the client in an async with statement"
            )
        connection.check_loop(operation)
        return connection

    async def _open(self, operation: str, timeout_s: float) -> AsyncConnection:
        """Return the connection, once there is one again. Raises Closed, ConnectionLost."""
        connection = self._present(operation)
        if self._settings.while_offline == "wait":
            await connection.wait_until_open(operation, timeout_s)
        return connection

    async def _request(
        self,
        definition: RequestDefinition[ResponseT],
        request: Record,
        *,
        timeout_s: float | None,
        handler: AsyncHandler[EventT] | None = None,
    ) -> ResponseT:
        limit_s = self._limit(timeout_s)
        payload = codec.encode(request)
        deadline = monotonic() + limit_s
        connection = await self._open(definition.name, limit_s)
        outcome: AsyncOutcome[ResponseT] = AsyncOutcome(definition.name, self._counters)
        if handler is not None:
            self._set_channel_handler(definition, request, handler)
        try:
            connection.session.request(definition, request, payload, outcome)
            return await connection.answer(outcome, deadline, limit_s)
        except BaseException:
            if handler is not None:
                self._set_channel_handler(definition, request, None)
            raise

    async def _publish(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> None:
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments, options, options_given)
        payload = codec.encode(message)
        deadline = monotonic() + limit_s
        # A message of QoS 1 may wait in the outbox.
        connection = await self._open(operation, limit_s) if not prepared.qos else self._present(operation)
        await connection.wait_for_room(operation, limit_s)
        outcome: AsyncOutcome[None] = AsyncOutcome(operation, self._counters if prepared.qos else None)
        connection.session.publish(operation, prepared, payload, outcome)
        try:
            await outcome.wait(deadline - monotonic(), limit_s)
        except RequestTimeout as error:
            if connection.session.withdraw(outcome):
                raise still_lost(operation, self._state.error, limit_s) from None
            outcome.timed_out()
            raise unacknowledged(error, connection.session) from None
        except asyncio.CancelledError:
            connection.session.withdraw(outcome)
            raise

    def _publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
    ) -> AsyncPending:
        prepared = prepare(self._protocol.operations[operation], arguments, options, options_given)
        payload = codec.encode(message)
        connection = self._present(operation)
        if connection.congested:
            raise Congested(operation, "more than a megabyte waits to be sent")
        outcome: AsyncOutcome[None] = AsyncOutcome(operation, self._counters if prepared.qos else None)
        pending = AsyncPending(outcome, connection.session, self._settings.timeout_s)
        connection.session.publish(operation, prepared, payload, outcome)
        return pending
