"""How clients with threads receive: subscriptions, watches and what is stored."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, TypeVar

from emitter_typed._core.handler_identity import HandlerIdentity
from emitter_typed._core.pending import SyncOutcome
from emitter_typed._core.settings import Configured
from emitter_typed._core.statistics import Counted
from emitter_typed._core.streams.stream import Stream
from emitter_typed._core.streams.sync_stream import SyncStream
from emitter_typed._core.subscriptions import Subscription
from emitter_typed._core.workers import check_handler, handle_in_thread
from emitter_typed._protocol.definition import EventDefinition, RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.operations import prepare
from emitter_typed._protocol.receiving.feed import Feed
from emitter_typed._protocol.receiving.history_query import HistoryQuery
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.session.watches import event_reader, watched_channel
from emitter_typed._sync.connection import SyncConnection
from emitter_typed._sync.handlers import SyncHandlers
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.contract import Handler, QueueLimits, SyncClientBase
from emitter_typed.errors import ReplyMissing

EventT = TypeVar("EventT")
MessageT = TypeVar("MessageT")


class SyncReceiving(Configured, Counted, SyncHandlers, SyncClientBase):
    """Carries out what a generated facade asks for to receive something.

    It knows no protocol by name, and leaves connecting and sending to the driver.
    """

    def _prepare_receiving(self) -> None:
        self._message_threads: list[threading.Thread] = []
        self._handled: dict[object, Subscription[Any]] = {}

    @abstractmethod
    def _open(self, operation: str, timeout_s: float) -> SyncConnection:
        """Return the connection, once there is one again. Raises Closed, ConnectionLost."""

    @abstractmethod
    def _present(self, operation: str) -> SyncConnection:
        """Return the connection, be it lost at the moment. Raises Closed."""

    def _join_handlers(self, deadline: float) -> bool:
        """Wait until the handlers of subscriptions that have ended have had their messages; tell whether that came."""
        with self._waiting_for_handlers() as waiting:
            with self._handlers_lock:
                threads = [each for each in self._message_threads if each not in waiting]
            for thread in threads:
                thread.join(max(0.0, deadline - monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _subscribe(
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
        check_handler(operation, handler)
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments, options, options_given)
        mailbox = self._settings.mailbox(limits)
        deadline = monotonic() + limit_s
        connection = self._open(operation, limit_s)
        handled_by = handler if handler is not None or self.on_message is None else self._give_to_on_message
        same = (operation, prepared, recover, decode, HandlerIdentity(handled_by))
        if handled_by is not None and (there := self._handled.get(same)) is not None and not there.ended:
            return there

        def leave(stream: Stream[MessageT]) -> None:
            with connection.lock:
                connection.session.leave(operation, prepared.channel, stream, SyncOutcome(f"un{operation}"))

        backlog = HistoryQuery.of(
            self._protocol, operation, arguments, options, options_given,
            channel=prepared.channel, matcher=self._settings.matcher, recover=recover,
            shared=connection.shares(prepared.channel),
        )  # fmt: skip
        if backlog is not None:
            prepared = prepared.without_replay()
        stream = SyncStream(
            prepared.channel, Feed(mailbox, backlog), decode, self._report, connection, self._settings.timeout_s, leave
        )
        self._queues.add(stream, mailbox)
        outcome: SyncOutcome[None] = SyncOutcome(operation, self._counters)
        with connection.lock:
            connection.session.subscribe(operation, prepared, stream, outcome, allow_reserved=allow_reserved)
        try:
            connection.answer(outcome, deadline, limit_s)
        except BaseException:
            stream.close()
            raise
        subscription = Subscription(stream)
        if handled_by is not None:
            with self._handlers_lock:
                self._handled = {each: one for each, one in self._handled.items() if not one.ended}
                there = self._handled.setdefault(same, subscription)
            if there is not subscription:
                # Another thread did the same meanwhile.
                subscription.close()
                return there
            self._handle(subscription, handled_by)
        return subscription

    def _give_to_on_message(self, message: Any) -> None:  # Any: a message of whatever payload the subscription has
        if (handler := self.on_message) is not None:
            handler(message)

    def _handle(self, subscription: Subscription[MessageT], handler: Handler[MessageT]) -> None:
        thread = handle_in_thread(subscription, handler, self._report)
        with self._handlers_lock:
            self._message_threads = [each for each in self._message_threads if each.is_alive()]
            self._message_threads.append(thread)

    def _watch(
        self,
        definition: RequestDefinition[object],
        event: EventDefinition[EventT],
        request: Record,
        *,
        limits: QueueLimits,
        timeout_s: float | None,
    ) -> Subscription[EventT]:
        limit_s = self._limit(timeout_s)
        mailbox = self._settings.mailbox(limits)
        deadline = monotonic() + limit_s
        connection = self._open(definition.name, limit_s)

        def leave(stream: Stream[EventT]) -> None:
            with connection.lock:
                connection.session.leave_watch(definition, request, stream)

        stream = SyncStream(
            watched_channel(definition, request),
            Feed(mailbox, None),
            event_reader(event),
            self._report,
            connection,
            self._settings.timeout_s,
            leave,
        )
        self._queues.add(stream, mailbox)
        outcome: SyncOutcome[None] = SyncOutcome(definition.name, self._counters)
        with connection.lock:
            connection.session.watch(definition, request, stream, outcome)
        try:
            connection.answer(outcome, deadline, limit_s)
        except BaseException:
            stream.close()
            raise
        return Subscription(stream)

    def _unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments)
        deadline = monotonic() + limit_s
        connection = self._open(operation, limit_s)
        outcome: SyncOutcome[None] = SyncOutcome(operation, self._counters)
        with connection.lock:
            connection.session.unsubscribe(operation, prepared, outcome)
        connection.answer(outcome, deadline, limit_s)

    def _fetch(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> Iterator[StoredMessage]:
        pager = Pager(self._protocol.operations[operation], arguments, options, options_given)
        self._present(operation)
        return self._pages(pager, self._limit(timeout_s))

    def _pages(self, pager: Pager, timeout_s: float) -> Iterator[StoredMessage]:
        while not pager.done:
            try:
                pager.take(self._request(pager.definition, pager.request(), timeout_s=timeout_s))
            except ReplyMissing as error:
                pager.shrink(error)
            yield from pager.ready()
