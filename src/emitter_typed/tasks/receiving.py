"""How clients with asyncio receive: subscriptions, watches and what is stored."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, TypeVar

from emitter_typed.contract import AsyncHandler, AsyncHost, Bounds
from emitter_typed.errors import ReplyMissing, hide_keys
from emitter_typed.pending import TaskOutcome
from emitter_typed.protocol.definition import EventDefinition, RequestDefinition
from emitter_typed.protocol.feeds.backlog import Backlog
from emitter_typed.protocol.feeds.feed import Feed
from emitter_typed.protocol.feeds.paging import Pager
from emitter_typed.protocol.message import StoredMessage
from emitter_typed.protocol.operations import prepare
from emitter_typed.protocol.watches import event_reader, watched_channel
from emitter_typed.sameness import SameHandler
from emitter_typed.settings import Configured
from emitter_typed.statistics import Counted
from emitter_typed.streams.stream import Stream
from emitter_typed.streams.task import TaskStream
from emitter_typed.subscriptions import AsyncSubscription
from emitter_typed.tasks.connection import TaskConnection
from emitter_typed.tasks.handlers import TaskHandlers
from emitter_typed.values import Option, Record, Secret
from emitter_typed.workers import check_handler, handle_in_task

EventT = TypeVar("EventT")
MessageT = TypeVar("MessageT")


class TaskReceiving(Configured, Counted, TaskHandlers, AsyncHost):
    """Carries out what a generated facade asks for to receive something.

    It knows no protocol by name, and leaves connecting and sending to the driver.
    """

    def _prepare_receiving(self) -> None:
        # The loop holds its tasks weakly; these must not be collected while their subscriptions live.
        self._message_tasks: set[asyncio.Task[None]] = set()
        self._handled: dict[object, AsyncSubscription[Any]] = {}

    @abstractmethod
    async def _open(self, operation: str, timeout_s: float) -> TaskConnection:
        """Return the connection, once there is one again. Raises Closed, ConnectionLost."""

    @abstractmethod
    def _present(self, operation: str) -> TaskConnection:
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
        given: Mapping[str, object],
        *,
        bounds: Bounds,
        recover: bool = False,
        allow_reserved: bool = False,
        timeout_s: float | None,
    ) -> AsyncSubscription[MessageT]:
        check_handler(operation, handler, awaits=True)
        limit_s = self._limit(timeout_s)
        prepared = prepare(self._protocol.operations[operation], arguments, options, given)
        mailbox = self._settings.mailbox(bounds)
        deadline = monotonic() + limit_s
        connection = await self._open(operation, limit_s)
        handled_by = handler if handler is not None or self.on_message is None else self._give_to_on_message
        same = (operation, prepared, recover, decode, SameHandler(handled_by))
        if handled_by is not None and (there := self._handled.get(same)) is not None and not there.ended:
            return there

        def leave(stream: Stream[MessageT]) -> None:
            connection.session.leave(operation, prepared.channel, stream, TaskOutcome(f"un{operation}"))

        backlog = Backlog.of(
            self._protocol, operation, arguments, options, given,
            channel=prepared.channel, matcher=self._settings.matcher, recover=recover,
            shared=connection.session.shares(prepared.channel),
        )  # fmt: skip
        if backlog is not None:
            prepared = prepared.quietly()
        stream = TaskStream(
            prepared.channel,
            Feed(mailbox, backlog),
            decode,
            self._report,
            connection,
            self._settings.timeout_s,
            leave,
        )
        self._queues.add(stream, mailbox)
        outcome: TaskOutcome[None] = TaskOutcome(operation, self._tally)
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
        bounds: Bounds,
        timeout_s: float | None,
    ) -> AsyncSubscription[EventT]:
        limit_s = self._limit(timeout_s)
        mailbox = self._settings.mailbox(bounds)
        deadline = monotonic() + limit_s
        connection = await self._open(definition.name, limit_s)

        def leave(stream: Stream[EventT]) -> None:
            connection.session.leave_watch(definition, request, stream)

        stream = TaskStream(
            watched_channel(definition, request),
            Feed(mailbox, None),
            event_reader(event),
            self._report,
            connection,
            self._settings.timeout_s,
            leave,
        )
        self._queues.add(stream, mailbox)
        outcome: TaskOutcome[None] = TaskOutcome(definition.name, self._tally)
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
        outcome: TaskOutcome[None] = TaskOutcome(operation, self._tally)
        connection.session.unsubscribe(operation, prepared, outcome)
        await connection.answer(outcome, deadline, limit_s)

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
