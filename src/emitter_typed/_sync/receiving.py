# @generated from _async/receiving.py by tools/derive_sync.py. Do not edit: run `make generate`.
"""How clients with threads receive: replies, subscriptions, watches and what is stored."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.callbacks import Handler
from emitter_typed._core.driver_base import DriverBase
from emitter_typed._core.handler_identity import HandledSubscriptions, HandlerIdentity
from emitter_typed._core.outcomes import SyncOutcome
from emitter_typed._core.settings import Settings
from emitter_typed._core.streams.stream import Stream
from emitter_typed._core.streams.sync_stream import SyncStream
from emitter_typed._core.sync_calls import SyncCalls
from emitter_typed._core.sync_subscriptions import Subscription
from emitter_typed._core.sync_workers import SyncReaders
from emitter_typed._core.workers import check_sync_handler
from emitter_typed._protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.operations import prepare, write
from emitter_typed._protocol.receiving.feed import Feed
from emitter_typed._protocol.receiving.history_query import HistoryQuery
from emitter_typed._protocol.receiving.mailbox import QueueLimits
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.session.session import Session
from emitter_typed._protocol.session.watches import event_reader, watched_channel
from emitter_typed._sync.connection import SyncConnection
from emitter_typed._sync.handlers import SyncHandlers
from emitter_typed._types.constraints import check_boolean
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.errors import EmitterError, ReplyMissing

EventT = TypeVar("EventT")
MessageT = TypeVar("MessageT")
ResponseT = TypeVar("ResponseT")


class SyncReceiving(DriverBase, SyncCalls):
    """Carries out the calls by which a client receives something; connecting and sending is the driver's."""

    def __init__(self, protocol: ProtocolDefinition, settings: Settings) -> None:
        """Begin without a connection and without handlers."""
        super().__init__(protocol, settings)
        self.handlers: SyncHandlers = SyncHandlers(protocol, self._counters)
        """The handlers of the client."""
        self._readers = SyncReaders()
        self._handled: HandledSubscriptions[Subscription[Any]] = HandledSubscriptions()

    @abstractmethod
    def _open(self, operation: str, timeout_s: float) -> SyncConnection:
        """Return the connection, once there is one again. Raises Closed, ConnectionLost."""

    @abstractmethod
    def _present(self, operation: str) -> SyncConnection:
        """Return the connection, be it lost at the moment. Raises Closed."""

    def _new_session(self, connection: SyncConnection) -> Session:
        return Session(
            self.protocol,
            matcher=self.settings.matcher,
            outbox=self.settings.outbox(),
            counters=self._counters,
            send=connection.send,
            report=self.handlers.report,
            emit=self.handlers.emit,
            unclaimed=self.handlers.take_unclaimed,
            opened=connection.opened,
        )

    def report(self, error: EmitterError) -> None:
        """Hand an error that no call can raise to `on_error`, or log it."""
        self.handlers.report(error)

    def event_handler(self, event: EventDefinition[EventT]) -> Handler[EventT] | None:
        """Return the handler of an event."""
        return self.handlers.event_handler(event)

    def set_event_handler(self, event: EventDefinition[EventT], handler: Handler[EventT] | None) -> None:
        """Set or remove the handler of an event. Raises InvalidArgument."""
        self.handlers.set_event_handler(event, handler)

    def _join_handlers(self, deadline_s: float) -> bool:
        """Wait until the handlers of subscriptions that have ended have had their messages; tell whether that came."""
        with self.handlers.waits.here() as waiting:
            return self._readers.join(deadline_s, waiting)

    def request(
        self,
        definition: RequestDefinition[ResponseT],
        request: Record,
        *,
        timeout_s: float | None,
        handler: Handler[EventT] | None = None,
    ) -> ResponseT:
        """Send a request and return its reply."""
        limit_s = self._limit(timeout_s)
        written = write(request)
        # A request for stored messages holds the key in its topic, which frames would show.
        del request
        deadline_s = monotonic() + limit_s
        connection = self._open(definition.name, limit_s)
        outcome: SyncOutcome[ResponseT] = SyncOutcome(definition.name, self._counters)
        if handler is not None:
            self.handlers.set_channel_handler(definition, written.record, handler)
        try:
            with connection.asking:
                connection.session.request(definition, written, outcome)
            return connection.answer(outcome, deadline_s, limit_s)
        except BaseException:
            if handler is not None:
                self.handlers.set_channel_handler(definition, written.record, None)
            raise

    def subscribe(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        decode: Callable[[str, bytes], MessageT | None],
        handler: Handler[MessageT] | None,
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        limits: QueueLimits,
        recover: bool = False,
        allow_reserved: bool = False,
        timeout_s: float | None,
    ) -> Subscription[MessageT]:
        """Subscribe, and return when the broker has granted it."""
        check_sync_handler(operation, handler)
        check_boolean("recover", recover)
        check_boolean("allow_reserved", allow_reserved)
        limit_s = self._limit(timeout_s)
        prepared = prepare(self.protocol.operations[operation], arguments, options, options_given)
        mailbox = self.settings.mailbox(limits)
        deadline_s = monotonic() + limit_s
        connection = self._open(operation, limit_s)
        handled_by = (
            handler if handler is not None or self.handlers.messages.worker is None else self._give_to_on_message
        )
        call, identity = (operation, prepared, recover, decode), HandlerIdentity(handled_by)
        if handled_by is not None and (there := self._handled.find(call, identity)) is not None:
            return there

        subscriptions = connection.session.subscriptions

        def leave(stream: Stream[MessageT]) -> None:
            with connection.lock:
                subscriptions.leave(operation, prepared.channel, stream, SyncOutcome(f"un{operation}"))

        query = HistoryQuery.of(
            self.protocol, operation, arguments, options, options_given,
            channel=prepared.channel, matcher=self.settings.matcher, recover=recover,
            shared=connection.shares(prepared.channel), known_processes=self._known_processes,
        )  # fmt: skip
        if query is not None:
            prepared = prepared.without_replay()
        stream = self._stream(connection, prepared.channel, Feed(mailbox, query), decode, leave)
        begin = partial(subscriptions.subscribe, operation, prepared, stream, allow_reserved=allow_reserved)
        subscription = self._begin(connection, operation, stream, begin, deadline_s, limit_s)
        if handled_by is not None:
            there = self._handled.add(call, identity, subscription)
            if there is not subscription:
                # Another thread did the same meanwhile.
                subscription.close()
                return there
            self._readers.start(subscription, handled_by, self.handlers.report)
        return subscription

    def _give_to_on_message(self, message: Any) -> Any:  # Any: a message of whatever payload the subscription has
        if (handler := self.handlers.get(self.handlers.messages)) is not None:
            return handler(message)
        return None

    def watch(
        self,
        definition: RequestDefinition[object],
        event: EventDefinition[EventT],
        request: Record,
        *,
        limits: QueueLimits,
        timeout_s: float | None,
    ) -> Subscription[EventT]:
        """Send a request that begins events, and return them, once the broker has answered."""
        limit_s = self._limit(timeout_s)
        mailbox = self.settings.mailbox(limits)
        deadline_s = monotonic() + limit_s
        connection = self._open(definition.name, limit_s)

        def leave(stream: Stream[EventT]) -> None:
            with connection.lock:
                connection.session.leave_watch(definition, request, stream)

        stream = self._stream(
            connection,
            watched_channel(definition, request),
            Feed(mailbox, None),
            event_reader(event),
            leave,
            log_gaps=False,  # What changed meanwhile comes as an event.
        )
        begin = partial(connection.session.watch, definition, request, stream)
        return self._begin(connection, definition.name, stream, begin, deadline_s, limit_s)

    def _stream(
        self,
        connection: SyncConnection,
        channel: str,
        feed: Feed,
        decode: Callable[[str, bytes], MessageT | None],
        leave: Callable[[Stream[MessageT]], None],
        *,
        log_gaps: bool = True,
    ) -> SyncStream[MessageT]:
        stream = SyncStream(
            channel,
            feed,
            decode,
            self.handlers.report,
            self._counters,
            connection,
            self.settings.timeout_s,
            leave,
            log_gaps=log_gaps,
        )
        self._mailboxes.add(stream, feed.mailbox)
        return stream

    def _begin(
        self,
        connection: SyncConnection,
        operation: str,
        stream: SyncStream[MessageT],
        begin: Callable[[SyncOutcome[None]], None],
        deadline_s: float,
        limit_s: float,
    ) -> Subscription[MessageT]:
        """Ask the broker for what a stream is to receive, and return when it has granted it."""
        outcome: SyncOutcome[None] = SyncOutcome(operation, self._counters)
        try:
            with connection.asking:
                begin(outcome)
            connection.answer(outcome, deadline_s, limit_s)
        except BaseException:
            stream.close()
            raise
        return Subscription(stream)

    def unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        """End every local subscription to a channel, and the broker's."""
        limit_s = self._limit(timeout_s)
        prepared = prepare(self.protocol.operations[operation], arguments)
        deadline_s = monotonic() + limit_s
        connection = self._open(operation, limit_s)
        outcome: SyncOutcome[None] = SyncOutcome(operation, self._counters)
        with connection.lock:
            connection.session.subscriptions.unsubscribe(operation, prepared, outcome)
        connection.answer(outcome, deadline_s, limit_s)

    def fetch(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> Iterator[StoredMessage]:
        """Check the call, and return what fetches the stored messages when it is iterated."""
        pager = Pager(
            self.protocol.operations[operation],
            arguments,
            options,
            options_given,
            max_packet_bytes=self.settings.max_packet_bytes,
            known_processes=self._known_processes,
        )
        self._present(operation)
        return self._pages(operation, pager, self._limit(timeout_s))

    def _pages(self, operation: str, pager: Pager, timeout_s: float) -> Iterator[StoredMessage]:
        while not pager.done:
            # Without a connection, the request waits for one, and not for the broker.
            connected, asked_at_s = self._present(operation).session.connected, monotonic()
            try:
                page = self.request(pager.definition, pager.request(), timeout_s=timeout_s)
                pager.take(page, took_s=monotonic() - asked_at_s if connected else 0.0)
            except ReplyMissing as error:
                pager.shrink(error)
            yield from pager.ready()
        pager.check(operation)
