"""The client for programs with threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.sync_api import SyncApi
from emitter_typed.connections import ThreadConnection
from emitter_typed.contract import Bounds, Handler, Message, SyncHost
from emitter_typed.errors import BrokerError, Closed, Congested, EmitterError, InvalidArgument, ReplyMissing
from emitter_typed.pending import Pending, ThreadOutcome
from emitter_typed.protocol import codec
from emitter_typed.protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed.protocol.handlers import EventHandlers
from emitter_typed.protocol.message import StoredMessage
from emitter_typed.protocol.operations import prepare
from emitter_typed.protocol.paging import Pager
from emitter_typed.protocol.session import Session
from emitter_typed.settings import DEFAULT_HOST, DEFAULT_KEEPALIVE_S, DEFAULT_PORT, Configured
from emitter_typed.subscriptions import Subscription
from emitter_typed.values import Option, Record, Secret
from emitter_typed.workers import ThreadWorker, check_handler, handle_in_thread

if TYPE_CHECKING:
    from typing import Self

ResponseT = TypeVar("ResponseT")
EventT = TypeVar("EventT")
MessageT = TypeVar("MessageT")

_log = logging.getLogger("emitter_typed")

_END_TIMEOUT_S = 5.0


class ThreadDriver(Configured, SyncHost):
    """Carries out what a generated facade asks for, and lets the calling thread wait for the answer.

    It knows no protocol by name: a client is this, a facade, and the facade's protocol.
    """

    _protocol: ClassVar[ProtocolDefinition]

    def _prepare(self) -> None:
        self._connection: ThreadConnection | None = None
        self._handlers_lock = threading.Lock()
        # Any: each event has its own type.
        self._event_handlers: EventHandlers[ThreadWorker[Any]] = EventHandlers()
        self._error_worker: ThreadWorker[EmitterError] | None = None
        self._message_worker: ThreadWorker[Message] | None = None
        self._message_threads: list[threading.Thread] = []

    def connect(
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
        self.close()
        transport = self._make_transport(endpoint)
        session = Session(
            self._protocol,
            matcher=self._settings.matcher,
            send=transport.send,
            report=self._report,
            emit=self._emit,
            unclaimed=self._take_unclaimed,
        )
        connection = ThreadConnection(transport, session)
        outcome: ThreadOutcome[None] = ThreadOutcome("connect")
        session.connecting(outcome)
        self._connection = connection
        transport.start(connection)
        try:
            outcome.wait(self._settings.timeout_s)
        except BaseException:
            self._connection = None
            connection.transport.abort()
            connection.transport.join(_END_TIMEOUT_S)
            raise
        _log.info("connection.opened host=%s port=%d", endpoint.host, endpoint.port)

    def close(self) -> None:
        """Send what waits, disconnect, and end every subscription. May be called again, and from a handler.

        Messages that have arrived can still be read. Handlers that are running are waited for, up to 5 seconds each.
        Pending publishes that the broker has not acknowledged end with ConnectionLost.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.transport.close()
            if not connection.transport.join(_END_TIMEOUT_S):
                connection.transport.abort()
                connection.ended(None)
            _log.info("connection.closed")
        with self._handlers_lock:
            threads, self._message_threads = self._message_threads, []
            workers: list[ThreadWorker[Any]] = list(self._event_handlers)
            # The errors' last: the others report to it.
            workers += [worker for worker in (self._message_worker, self._error_worker) if worker is not None]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(_END_TIMEOUT_S)
        for worker in workers:
            worker.stop(_END_TIMEOUT_S)

    def __enter__(self) -> Self:
        if self._connection is None:
            self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # Handlers

    @property
    def on_message(self) -> Handler[Message] | None:
        """Receives the messages that no other handler and no queue gets.

        Those are the messages of subscriptions that were made while it was set and without a handler of their own, and
        those that arrive without a subscription of this client, such as a link's that subscribes.
        """
        with self._handlers_lock:
            return None if self._message_worker is None else self._message_worker.handler

    @on_message.setter
    def on_message(self, handler: Handler[Message] | None) -> None:
        worker = None if handler is None else ThreadWorker("messages", handler, self._report)
        with self._handlers_lock:
            before, self._message_worker = self._message_worker, worker
        if before is not None:
            before.stop(_END_TIMEOUT_S)

    def _take_unclaimed(self, channel: str, raw: bytes) -> None:
        with self._handlers_lock:
            worker = self._message_worker
        if worker is None:
            _log.debug("message.unclaimed channel=%s", channel)
        else:
            worker.offer(Message(channel, raw, raw))

    @property
    def on_error(self) -> Handler[EmitterError] | None:
        """Receives what no call can raise: refused QoS 0 publishes, undecodable messages, what handlers raise.

        Without one, they are logged as warnings under `emitter_typed`.
        """
        return None if self._error_worker is None else self._error_worker.handler

    @on_error.setter
    def on_error(self, handler: Handler[EmitterError] | None) -> None:
        # What an error handler itself raises is logged by its worker, and goes nowhere else.
        worker = None if handler is None else ThreadWorker("errors", handler, lambda _: None)
        with self._handlers_lock:
            before, self._error_worker = self._error_worker, worker
        if before is not None:
            before.stop(_END_TIMEOUT_S)

    def _report(self, error: EmitterError) -> None:
        with self._handlers_lock:
            worker = self._error_worker
        if worker is None:
            _log.warning("error.unhandled error=%s", error)
        else:
            worker.offer(error)

    def _event_handler(self, event: EventDefinition[EventT]) -> Handler[EventT] | None:
        with self._handlers_lock:
            worker = self._event_handlers.get(event.name)
        return None if worker is None else worker.handler

    def _set_event_handler(self, event: EventDefinition[EventT], handler: Handler[EventT] | None) -> None:
        worker = None if handler is None else ThreadWorker(event.name, handler, self._report)
        with self._handlers_lock:
            before = self._event_handlers.set(event.name, worker)
        if before is not None:
            before.stop(_END_TIMEOUT_S)

    def _set_channel_handler(
        self, definition: RequestDefinition[object], request: Record, handler: Handler[Any] | None
    ) -> None:
        event, channel = self._protocol.handled(definition, request)
        worker = None if handler is None else ThreadWorker(event, handler, self._report)
        with self._handlers_lock:
            before = self._event_handlers.set_for_channel(event, channel, worker)
        if before is not None:
            before.stop(_END_TIMEOUT_S)

    def _emit(self, event: EventDefinition[object], payload: object) -> None:
        with self._handlers_lock:
            workers = self._event_handlers.find(event, payload)
        for worker in workers:
            worker.offer(payload)

    # What a facade asks for

    def _connected(self, operation: str) -> ThreadConnection:
        connection = self._connection
        if connection is None:
            raise Closed(f"{operation} needs a connection", "call connect(), or use the client in a with statement")
        return connection

    def _request(
        self,
        definition: RequestDefinition[ResponseT],
        request: Record,
        *,
        timeout_s: float | None,
        handler: Handler[EventT] | None = None,
    ) -> ResponseT:
        limit_s = self._limit(timeout_s)
        payload = codec.encode(request)
        connection = self._connected(definition.name)
        outcome: ThreadOutcome[ResponseT] = ThreadOutcome(definition.name)
        if handler is not None:
            self._set_channel_handler(definition, request, handler)
        with connection.lock:
            connection.session.request(definition, payload, outcome)
        try:
            return outcome.wait(limit_s)
        except BrokerError:
            if handler is not None:
                self._set_channel_handler(definition, request, None)
            raise

    def _publish(
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
        connection.wait_for_room(operation, limit_s)
        outcome: ThreadOutcome[None] = ThreadOutcome(operation)
        with connection.lock:
            connection.session.publish(operation, prepared, payload, outcome)
        outcome.wait(limit_s)

    def _publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        given: Mapping[str, object],
    ) -> Pending:
        prepared = prepare(self._protocol.operations[operation], arguments, options, given)
        payload = codec.encode(message)
        connection = self._connected(operation)
        if connection.transport.congested:
            raise Congested(operation, "more than a megabyte waits to be sent")
        outcome: ThreadOutcome[None] = ThreadOutcome(operation)
        pending = Pending(outcome, self._settings.timeout_s)
        with connection.lock:
            connection.session.publish(operation, prepared, payload, outcome)
        return pending

    def _subscribe(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        decode: Callable[[str, bytes], MessageT | None],
        handler: Handler[MessageT] | None,
        options: Iterable[Option],
        given: Mapping[str, object],
        *,
        bounds: Bounds,
        allow_reserved: bool = False,
        timeout_s: float | None,
    ) -> Subscription[MessageT]:
        check_handler(operation, handler)
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments, options, given)
        connection = self._connected(operation)

        def leave(subscription: Subscription[MessageT]) -> None:
            with connection.lock:
                connection.session.leave(operation, prepared.channel, subscription, ThreadOutcome(f"un{operation}"))

        subscription = Subscription(prepared.channel, self._settings.mailbox(bounds), decode, self._report, leave)
        outcome: ThreadOutcome[None] = ThreadOutcome(operation)
        with connection.lock:
            connection.session.subscribe(operation, prepared, subscription, outcome, allow_reserved=allow_reserved)
        try:
            outcome.wait(limit_s)
        except BaseException:
            subscription.close()
            raise
        if handler is not None:
            self._handle(subscription, handler)
        elif self.on_message is not None:
            self._handle(subscription, self._give_to_on_message)
        return subscription

    def _give_to_on_message(self, message: Any) -> None:  # Any: a message of whatever payload the subscription has
        if (handler := self.on_message) is not None:
            handler(message)

    def _handle(self, subscription: Subscription[MessageT], handler: Handler[MessageT]) -> None:
        thread = handle_in_thread(subscription, handler, self._report)
        with self._handlers_lock:
            self._message_threads = [each for each in self._message_threads if each.is_alive()]
            self._message_threads.append(thread)

    def _unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments)
        connection = self._connected(operation)
        outcome: ThreadOutcome[None] = ThreadOutcome(operation)
        with connection.lock:
            connection.session.unsubscribe(operation, prepared, outcome)
        outcome.wait(limit_s)

    def _fetch(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> Iterator[StoredMessage]:
        pager = Pager(self._protocol.operations[operation], arguments, options, given)
        self._connected(operation)
        return self._pages(pager, self._limit(timeout_s))

    def _pages(self, pager: Pager, timeout_s: float) -> Iterator[StoredMessage]:
        while not pager.done:
            try:
                pager.take(self._request(pager.definition, pager.request(), timeout_s=timeout_s))
            except ReplyMissing as error:
                pager.shrink(error)
        yield from pager.messages


class Client(ThreadDriver, SyncApi):
    """A connection to Emitter for programs with threads. Every method may be called from any thread.

    Each call returns its own answer or raises what the broker says against it. Handlers run in threads of their own,
    one message after the other, and may call every method.

    >>> from emitter_typed import Client
    >>> from emitter_typed.broker import Broker
    >>> with Broker() as broker, Client.from_url(broker.url) as client:
    ...     key = client.keygen(broker.master_key, "chat/#/", "rw").key
    ...     with client.subscribe(key, "chat/") as subscription:
    ...         client.publish(key, "chat/ann/", "hello", qos=1)
    ...         message = subscription.get(timeout_s=5)
    >>> message.channel, message.as_string()
    ('chat/ann/', 'hello')
    """

    _protocol = PROTOCOL
