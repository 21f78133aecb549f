"""How clients with asyncio receive: subscriptions, watches and what is stored."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, TypeVar

from emitter_typed._async.connection import AsyncConnection
from emitter_typed._async.handlers import AsyncHandlers
from emitter_typed._core.handler_identity import HandlerIdentity
from emitter_typed._core.pending import AsyncOutcome
from emitter_typed._core.settings import Configured
from emitter_typed._core.statistics import Counted
from emitter_typed._core.streams.async_stream import AsyncStream
from emitter_typed._core.streams.stream import Stream
from emitter_typed._core.subscriptions import AsyncSubscription
from emitter_typed._core.workers import check_handler, handle_in_task
from emitter_typed._protocol.definition import EventDefinition, RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.operations import prepare
from emitter_typed._protocol.receiving.feed import Feed
from emitter_typed._protocol.receiving.history_query import HistoryQuery
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.session.watches import event_reader, watched_channel
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.contract import AsyncClientBase, AsyncHandler, QueueLimits
from emitter_typed.errors import ReplyMissing, hide_keys

EventT = TypeVar("EventT")
MessageT = TypeVar("MessageT")


class AsyncReceiving(Configured, Counted, AsyncHandlers, AsyncClientBase):
    """Carries out what a generated facade asks for to receive something.

    It knows no protocol by name, and leaves connecting and sending to the driver.
    """

    def _prepare_receiving(self) -> None:
        # The loop holds its tasks weakly; these must not be collected while their subscriptions live.
        self._message_tasks: set[asyncio.Task[None]] = set()
        self._handled: dict[object, AsyncSubscription[Any]] = {}

    @abstractmethod
    async def _open(self, operation: str, timeout_s: float) -> AsyncConnection:
        """Return the connection, once there is one again. Raises Closed, ConnectionLost."""

    @abstractmethod
    def _present(self, operation: str) -> AsyncConnection:
        """Return the connection, be it lost at the moment. Raises Closed."""

    async def _join_handlers(self, deadline: float) -> bool:
        """Wait until the handlers of subscriptions that have ended have had their messages; tell whether that came."""
        with self._waiting_for_handlers() as waiting:
            tasks = {task for task in self._message_tasks if task not in waiting}
            if not tasks:
                return True
            _, late = await asyncio.wait(tasks, timeout=max(0.0, deadline - monotonic()))
            return not late

    async def _subscribe(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        decode: Callable[[str, bytes], MessageT | None],
        handler: AsyncHandler[MessageT] | None,
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        limits: QueueLimits,
        recover: bool = False,
        allow_reserved: bool = False,
        timeout_s: float | None,
    ) -> AsyncSubscription[MessageT]:
        check_handler(operation, handler, awaits=True)
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments, options, options_given)
        mailbox = self._settings.mailbox(limits)
        deadline = monotonic() + limit_s
        connection = await self._open(operation, limit_s)
        handled_by = handler if handler is not None or self.on_message is None else self._give_to_on_message
        same = (operation, prepared, recover, decode, HandlerIdentity(handled_by))
        if handled_by is not None and (there := self._handled.get(same)) is not None and not there.ended:
            return there

        def leave(stream: Stream[MessageT]) -> None:
            connection.session.leave(operation, prepared.channel, stream, AsyncOutcome(f"un{operation}"))

        backlog = HistoryQuery.of(
            self._protocol, operation, arguments, options, options_given,
            channel=prepared.channel, matcher=self._settings.matcher, recover=recover,
            shared=connection.session.shares(prepared.channel),
        )  # fmt: skip
        if backlog is not None:
            prepared = prepared.without_replay()
        stream = AsyncStream(
            prepared.channel,
            Feed(mailbox, backlog),
            decode,
            self._report,
            connection,
            self._settings.timeout_s,
            leave,
        )
        self._queues.add(stream, mailbox)
        outcome: AsyncOutcome[None] = AsyncOutcome(operation, self._counters)
        connection.session.subscribe(operation, prepared, stream, outcome, allow_reserved=allow_reserved)
        try:
            await connection.answer(outcome, deadline, limit_s)
        except BaseException:
            stream.close()
            raise
        subscription = AsyncSubscription(stream)
        if handled_by is not None:
            self._handled = {each: one for each, one in self._handled.items() if not one.ended}
            there = self._handled.setdefault(same, subscription)
            if there is not subscription:
                # Another task did the same meanwhile.
                await subscription.close()
                return there
            self._handle(subscription, handled_by)
        return subscription

    def _give_to_on_message(self, message: Any) -> Any:  # Any: a message of whatever payload the subscription has
        handler = self.on_message
        return None if handler is None else handler(message)

    def _handle(self, subscription: AsyncSubscription[MessageT], handler: AsyncHandler[MessageT]) -> None:
        task = asyncio.create_task(
            handle_in_task(subscription, handler, self._report), name=f"emitter-{hide_keys(subscription.channel)}"
        )
        self._message_tasks.add(task)
        task.add_done_callback(self._message_tasks.discard)

    async def _watch(
        self,
        definition: RequestDefinition[object],
        event: EventDefinition[EventT],
        request: Record,
        *,
        limits: QueueLimits,
        timeout_s: float | None,
    ) -> AsyncSubscription[EventT]:
        limit_s = self._limit(timeout_s)
        mailbox = self._settings.mailbox(limits)
        deadline = monotonic() + limit_s
        connection = await self._open(definition.name, limit_s)

        def leave(stream: Stream[EventT]) -> None:
            connection.session.leave_watch(definition, request, stream)

        stream = AsyncStream(
            watched_channel(definition, request),
            Feed(mailbox, None),
            event_reader(event),
            self._report,
            connection,
            self._settings.timeout_s,
            leave,
        )
        self._queues.add(stream, mailbox)
        outcome: AsyncOutcome[None] = AsyncOutcome(definition.name, self._counters)
        connection.session.watch(definition, request, stream, outcome)
        try:
            await connection.answer(outcome, deadline, limit_s)
        except BaseException:
            stream.close()
            raise
        return AsyncSubscription(stream)

    async def _unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments)
        deadline = monotonic() + limit_s
        connection = await self._open(operation, limit_s)
        outcome: AsyncOutcome[None] = AsyncOutcome(operation, self._counters)
        connection.session.unsubscribe(operation, prepared, outcome)
        await connection.answer(outcome, deadline, limit_s)

    def _fetch(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> AsyncIterator[StoredMessage]:
        pager = Pager(self._protocol.operations[operation], arguments, options, options_given)
        self._present(operation)
        return self._pages(pager, self._limit(timeout_s))

    async def _pages(self, pager: Pager, timeout_s: float) -> AsyncIterator[StoredMessage]:
        while not pager.done:
            try:
                pager.take(await self._request(pager.definition, pager.request(), timeout_s=timeout_s))
            except ReplyMissing as error:
                pager.shrink(error)
            for message in pager.ready():
                yield message
