"""The client for asyncio programs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from emitter_typed._generated.async_api import AsyncApi
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed.connections import TaskConnection
from emitter_typed.contract import AsyncHandler, AsyncHost, Bounds, Message
from emitter_typed.errors import BrokerError, Closed, Congested, EmitterError, InvalidArgument, ReplyMissing
from emitter_typed.pending import AsyncPending, TaskOutcome
from emitter_typed.protocol import codec
from emitter_typed.protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed.protocol.handlers import EventHandlers
from emitter_typed.protocol.message import StoredMessage
from emitter_typed.protocol.operations import prepare
from emitter_typed.protocol.paging import Pager
from emitter_typed.protocol.session import Session
from emitter_typed.settings import DEFAULT_HOST, DEFAULT_KEEPALIVE_S, DEFAULT_PORT, Configured
from emitter_typed.subscriptions import AsyncSubscription
from emitter_typed.values import Option, Record, Secret
from emitter_typed.workers import TaskWorker, check_handler, handle_in_task

if TYPE_CHECKING:
    from typing import Self

ResponseT = TypeVar("ResponseT")
EventT = TypeVar("EventT")
MessageT = TypeVar("MessageT")

_log = logging.getLogger("emitter_typed")

_END_TIMEOUT_S = 5.0


class TaskDriver(Configured, AsyncHost):
    """Carries out what a generated facade asks for, and lets the calling task wait for the answer.

    It knows no protocol by name: a client is this, a facade, and the facade's protocol.
    """

    _protocol: ClassVar[ProtocolDefinition]

    def _prepare(self) -> None:
        self._connection: TaskConnection | None = None
        # Any: each event has its own type.
        self._event_handlers: EventHandlers[TaskWorker[Any]] = EventHandlers()
        self._error_worker: TaskWorker[EmitterError] | None = None
        self._message_worker: TaskWorker[Message] | None = None
        # The loop holds its tasks weakly; these must not be collected while their subscriptions live.
        self._message_tasks: set[asyncio.Task[None]] = set()

    async def connect(
        self,
        host: str = DEFAULT_HOST,
        port: int = DEFAULT_PORT,
        secure: bool = True,
        keepalive: int = DEFAULT_KEEPALIVE_S,
        username: str | None = None,
    ) -> None:
        """Connect, and return when the broker has accepted the connection.

        Args:
            host: The broker's name or address. A client that was made for a URL connects there if neither host nor
                port nor `secure` are said.
            port: The broker's port.
            secure: Whether to connect with TLS.
            keepalive: Seconds without traffic after which the broker is asked for a sign of life; 1 to 119.
            username: The name that presence shows to others. Default: the constructor's.

        Raises:
            InvalidArgument: The client is connected already, or an argument makes no sense.
            ConnectionRefused: Nothing listens there, TLS failed, or the broker does not accept the connection.
            RequestTimeout: The broker does not answer within the client's `timeout_s`. Nothing is left open.
        """
        endpoint = self._endpoint(host, port, secure, keepalive, username)
        if self._connection is not None and self._connection.session.connected:
            raise InvalidArgument(
                "the client is connected already: close() it first", argument="host", value=endpoint.host
            )
        await self.close()
        transport = self._make_transport(endpoint)
        session = Session(
            self._protocol,
            matcher=self._settings.matcher,
            send=transport.send,
            report=self._report,
            emit=self._emit,
            unclaimed=self._take_unclaimed,
        )
        connection = TaskConnection(transport, session)
        outcome: TaskOutcome[None] = TaskOutcome("connect")
        session.connecting(outcome)
        self._connection = connection
        transport.start(connection)
        try:
            await outcome.wait(self._settings.timeout_s)
        except BaseException:
            self._connection = None
            connection.transport.abort()
            await self._end(connection)
            raise
        _log.info("connection.opened host=%s port=%d", endpoint.host, endpoint.port)

    async def close(self) -> None:
        """Send what waits, disconnect, and end every subscription. May be called again, and from a handler.

        Messages that have arrived can still be read. Handlers that are running are waited for, up to 5 seconds each.
        Pending publishes that the broker has not acknowledged end with ConnectionLost.
        """
        if self._connection is not None and self._connection.orphaned():
            # The loop took its tasks along when it closed; handlers go on with the next.
            self._connection.transport.abort()
            self._connection.end(None)
            self._connection = None
            self._message_tasks.clear()
            return
        if self._connection is not None:
            self._connection.check_loop("close")
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.transport.close()
            await self._end(connection)
            _log.info("connection.closed")
        tasks = {task for task in self._message_tasks if task is not asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=_END_TIMEOUT_S)
        workers: list[TaskWorker[Any]] = list(self._event_handlers)
        # The errors' last: the others report to it.
        workers += [worker for worker in (self._message_worker, self._error_worker) if worker is not None]
        for worker in workers:
            await worker.stop(_END_TIMEOUT_S)

    async def _end(self, connection: TaskConnection) -> None:
        """Wait until the transport has ended, and its thread with it."""
        try:
            async with asyncio.timeout(_END_TIMEOUT_S):
                await connection.over.wait()
        except TimeoutError:
            connection.transport.abort()
            connection.end(None)
            return
        # The end is the last thing that the thread tells, so this takes no time worth a thread of its own.
        connection.transport.join(_END_TIMEOUT_S)

    async def __aenter__(self) -> Self:
        if self._connection is None:
            await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # Handlers

    @property
    def on_message(self) -> AsyncHandler[Message] | None:
        """Receives the messages that no other handler and no queue gets.

        Those are the messages of subscriptions that were made while it was set and without a handler of their own, and
        those that arrive without a subscription of this client, such as a link's that subscribes.
        """
        return None if self._message_worker is None else self._message_worker.handler

    @on_message.setter
    def on_message(self, handler: AsyncHandler[Message] | None) -> None:
        before = self._message_worker
        self._message_worker = None if handler is None else TaskWorker("messages", handler, self._report)
        if before is not None:
            before.retire()

    def _take_unclaimed(self, channel: str, raw: bytes) -> None:
        if self._message_worker is None:
            _log.debug("message.unclaimed channel=%s", channel)
        else:
            self._message_worker.offer(Message(channel, raw, raw))

    @property
    def on_error(self) -> AsyncHandler[EmitterError] | None:
        """Receives what no call can raise: refused QoS 0 publishes, undecodable messages, what handlers raise.

        Without one, they are logged as warnings under `emitter_typed`.
        """
        return None if self._error_worker is None else self._error_worker.handler

    @on_error.setter
    def on_error(self, handler: AsyncHandler[EmitterError] | None) -> None:
        before = self._error_worker
        # What an error handler itself raises is logged by its worker, and goes nowhere else.
        self._error_worker = None if handler is None else TaskWorker("errors", handler, lambda _: None)
        if before is not None:
            before.retire()

    def _report(self, error: EmitterError) -> None:
        if self._error_worker is None:
            _log.warning("error.unhandled error=%s", error)
        else:
            self._error_worker.offer(error)

    def _event_handler(self, event: EventDefinition[EventT]) -> AsyncHandler[EventT] | None:
        worker = self._event_handlers.get(event.name)
        return None if worker is None else worker.handler

    def _set_event_handler(self, event: EventDefinition[EventT], handler: AsyncHandler[EventT] | None) -> None:
        worker = None if handler is None else TaskWorker(event.name, handler, self._report)
        before = self._event_handlers.set(event.name, worker)
        if before is not None:
            before.retire()

    def _set_channel_handler(
        self, definition: RequestDefinition[object], request: Record, handler: AsyncHandler[Any] | None
    ) -> None:
        event, channel = self._protocol.handled(definition, request)
        worker = None if handler is None else TaskWorker(event, handler, self._report)
        before = self._event_handlers.set_for_channel(event, channel, worker)
        if before is not None:
            before.retire()

    def _emit(self, event: EventDefinition[object], payload: object) -> None:
        for worker in self._event_handlers.find(event, payload):
            worker.offer(payload)

    # What a facade asks for

    def _connected(self, operation: str) -> TaskConnection:
        connection = self._connection
        if connection is None:
            raise Closed(
                f"{operation} needs a connection", "call connect(), or use the client in an async with statement"
            )
        connection.check_loop(operation)
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
        connection = self._connected(definition.name)
        outcome: TaskOutcome[ResponseT] = TaskOutcome(definition.name)
        if handler is not None:
            self._set_channel_handler(definition, request, handler)
        connection.session.request(definition, payload, outcome)
        try:
            return await outcome.wait(limit_s)
        except BrokerError:
            if handler is not None:
                self._set_channel_handler(definition, request, None)
            raise

    async def _publish(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> None:
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments, options, given)
        payload = codec.encode(message)
        connection = self._connected(operation)
        await connection.wait_for_room(operation, limit_s)
        outcome: TaskOutcome[None] = TaskOutcome(operation)
        connection.session.publish(operation, prepared, payload, outcome)
        await outcome.wait(limit_s)

    def _publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        given: Mapping[str, object],
    ) -> AsyncPending:
        prepared = prepare(self._protocol.operations[operation], arguments, options, given)
        payload = codec.encode(message)
        connection = self._connected(operation)
        if connection.transport.congested:
            raise Congested(operation, "more than a megabyte waits to be sent")
        outcome: TaskOutcome[None] = TaskOutcome(operation)
        pending = AsyncPending(outcome, self._settings.timeout_s)
        connection.session.publish(operation, prepared, payload, outcome)
        return pending

    async def _subscribe(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        decode: Callable[[str, bytes], MessageT | None],
        handler: AsyncHandler[MessageT] | None,
        options: Iterable[Option],
        given: Mapping[str, object],
        *,
        bounds: Bounds,
        allow_reserved: bool = False,
        timeout_s: float | None,
    ) -> AsyncSubscription[MessageT]:
        check_handler(operation, handler)
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments, options, given)
        connection = self._connected(operation)

        def leave(subscription: AsyncSubscription[MessageT]) -> None:
            connection.session.leave(operation, prepared.channel, subscription, TaskOutcome(f"un{operation}"))

        subscription = AsyncSubscription(prepared.channel, self._settings.mailbox(bounds), decode, self._report, leave)
        outcome: TaskOutcome[None] = TaskOutcome(operation)
        connection.session.subscribe(operation, prepared, subscription, outcome, allow_reserved=allow_reserved)
        try:
            await outcome.wait(limit_s)
        except BaseException:
            await subscription.close()
            raise
        if handler is not None:
            self._handle(subscription, handler)
        elif self.on_message is not None:
            self._handle(subscription, self._give_to_on_message)
        return subscription

    def _give_to_on_message(self, message: Any) -> Any:  # Any: a message of whatever payload the subscription has
        handler = self.on_message
        return None if handler is None else handler(message)

    def _handle(self, subscription: AsyncSubscription[MessageT], handler: AsyncHandler[MessageT]) -> None:
        task = asyncio.create_task(
            handle_in_task(subscription, handler, self._report), name=f"emitter-{subscription.channel}"
        )
        self._message_tasks.add(task)
        task.add_done_callback(self._message_tasks.discard)

    async def _unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments)
        connection = self._connected(operation)
        outcome: TaskOutcome[None] = TaskOutcome(operation)
        connection.session.unsubscribe(operation, prepared, outcome)
        await outcome.wait(limit_s)

    def _fetch(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> AsyncIterator[StoredMessage]:
        pager = Pager(self._protocol.operations[operation], arguments, options, given)
        self._connected(operation)
        return self._pages(pager, self._limit(timeout_s))

    async def _pages(self, pager: Pager, timeout_s: float) -> AsyncIterator[StoredMessage]:
        while not pager.done:
            try:
                pager.take(await self._request(pager.definition, pager.request(), timeout_s=timeout_s))
            except ReplyMissing as error:
                pager.shrink(error)
        for message in pager.messages:
            yield message


class AsyncClient(TaskDriver, AsyncApi):
    """A connection to Emitter for asyncio programs: `Client` with await. Use it in the event loop that connected it.

    Each call returns its own answer or raises what the broker says against it. Handlers run in tasks of their own, one
    message after the other; they may be functions or coroutine functions, and may call every method.

    >>> import asyncio
    >>> from emitter_typed import AsyncClient
    >>> from emitter_typed.broker import Broker
    >>> async def main(broker: Broker) -> str:
    ...     async with AsyncClient.from_url(broker.url) as client:
    ...         key = (await client.keygen(broker.master_key, "chat/#/", "rw")).key
    ...         async with await client.subscribe(key, "chat/") as subscription:
    ...             await client.publish(key, "chat/ann/", "hello", qos=1)
    ...             async for message in subscription:
    ...                 return message.as_string()
    ...     return ""
    >>> with Broker() as broker:
    ...     asyncio.run(main(broker))
    'hello'
    """

    _protocol = PROTOCOL
