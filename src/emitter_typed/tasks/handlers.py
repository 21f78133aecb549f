"""Who is told of what, in programs with asyncio: each handler in a task of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from emitter_typed.contract import AsyncHandler, Message
from emitter_typed.errors import EmitterError
from emitter_typed.hosts import AsyncCallback
from emitter_typed.protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed.protocol.handlers import EventHandlers
from emitter_typed.values import Record
from emitter_typed.workers import TaskWorker, check_handler

EventT = TypeVar("EventT")

_log = logging.getLogger("emitter_typed")

_END_TIMEOUT_S = 5.0


class TaskHandlers:
    """The handlers of an asyncio client, and what reaches them."""

    _protocol: ClassVar[ProtocolDefinition]

    def _prepare_handlers(self) -> None:
        # Any: each event has its own type.
        self._event_handlers: EventHandlers[TaskWorker[Any]] = EventHandlers()
        self._error_worker: TaskWorker[EmitterError] | None = None
        self._message_worker: TaskWorker[Message] | None = None
        self._connect_handler: AsyncCallback | None = None
        self._connect_worker: TaskWorker[None] | None = None
        self._disconnect_handler: AsyncCallback | None = None
        self._disconnect_worker: TaskWorker[None] | None = None

    async def _stop_handlers(self) -> None:
        """Let the handlers that are running finish, and wait for them."""
        workers: list[TaskWorker[Any] | None] = list(self._event_handlers)
        # The errors' last: the others report to it.
        workers += [self._connect_worker, self._disconnect_worker, self._message_worker, self._error_worker]
        for worker in workers:
            if worker is not None:
                await worker.stop(_END_TIMEOUT_S)

    @property
    def on_connect(self) -> AsyncCallback | None:
        """Called, without arguments, each time that the broker has accepted a connection; the first one included.

        Subscriptions are there again by then. To subscribe again in it does no harm: a subscription with the
        same key, channel, options and handler is the one that there is.
        """
        return self._connect_handler

    @on_connect.setter
    def on_connect(self, handler: AsyncCallback | None) -> None:
        before = self._connect_worker
        self._connect_worker = _without_arguments("on_connect", handler, self._report)
        self._connect_handler = handler
        if before is not None:
            before.retire()

    @property
    def on_disconnect(self) -> AsyncCallback | None:
        """Called, without arguments, each time that a connection has ended; `client.connection` says why."""
        return self._disconnect_handler

    @on_disconnect.setter
    def on_disconnect(self, handler: AsyncCallback | None) -> None:
        before = self._disconnect_worker
        self._disconnect_worker = _without_arguments("on_disconnect", handler, self._report)
        self._disconnect_handler = handler
        if before is not None:
            before.retire()

    def _tell_of_connection(self) -> None:
        if self._connect_worker is not None:
            self._connect_worker.offer(None)

    def _tell_of_loss(self) -> None:
        if self._disconnect_worker is not None:
            self._disconnect_worker.offer(None)

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


def _without_arguments(
    name: str, handler: AsyncCallback | None, report: Callable[[EmitterError], None]
) -> TaskWorker[None] | None:
    if handler is None:
        return None
    check_handler(name, handler, arguments=0)
    return TaskWorker(name, lambda _: handler(), report)
