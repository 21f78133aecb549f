"""Who is told of what, in programs with threads: each handler in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from emitter_typed.contract import Handler, Message
from emitter_typed.errors import EmitterError
from emitter_typed.hosts import Callback
from emitter_typed.protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed.protocol.handlers import EventHandlers
from emitter_typed.values import Record
from emitter_typed.workers import ThreadWorker, check_handler

EventT = TypeVar("EventT")

_log = logging.getLogger("emitter_typed")

_END_TIMEOUT_S = 5.0


class ThreadHandlers:
    """The handlers of a client, and what reaches them. Any thread may set them at any time."""

    _protocol: ClassVar[ProtocolDefinition]

    def _prepare_handlers(self) -> None:
        self._handlers_lock = threading.Lock()
        # Any: each event has its own type.
        self._event_handlers: EventHandlers[ThreadWorker[Any]] = EventHandlers()
        self._error_worker: ThreadWorker[EmitterError] | None = None
        self._message_worker: ThreadWorker[Message] | None = None
        self._connect_handler: Callback | None = None
        self._connect_worker: ThreadWorker[None] | None = None
        self._disconnect_handler: Callback | None = None
        self._disconnect_worker: ThreadWorker[None] | None = None

    def _stop_handlers(self) -> None:
        """Let the handlers that are running finish, and wait for them."""
        with self._handlers_lock:
            workers: list[ThreadWorker[Any] | None] = list(self._event_handlers)
            # The errors' last: the others report to it.
            workers += [self._connect_worker, self._disconnect_worker, self._message_worker, self._error_worker]
        for worker in workers:
            if worker is not None:
                worker.stop(_END_TIMEOUT_S)

    @property
    def on_connect(self) -> Callback | None:
        """Called, without arguments, each time that the broker has accepted a connection; the first one included.

        Subscriptions are there again by then. To subscribe again in it does no harm: a subscription with the
        same key, channel, options and handler is the one that there is.
        """
        return self._connect_handler

    @on_connect.setter
    def on_connect(self, handler: Callback | None) -> None:
        worker = _without_arguments("on_connect", handler, self._report)
        with self._handlers_lock:
            before, self._connect_worker = self._connect_worker, worker
            self._connect_handler = handler
        if before is not None:
            before.stop(_END_TIMEOUT_S)

    @property
    def on_disconnect(self) -> Callback | None:
        """Called, without arguments, each time that a connection has ended; `client.connection` says why."""
        return self._disconnect_handler

    @on_disconnect.setter
    def on_disconnect(self, handler: Callback | None) -> None:
        worker = _without_arguments("on_disconnect", handler, self._report)
        with self._handlers_lock:
            before, self._disconnect_worker = self._disconnect_worker, worker
            self._disconnect_handler = handler
        if before is not None:
            before.stop(_END_TIMEOUT_S)

    def _tell_of_connection(self) -> None:
        if (worker := self._connect_worker) is not None:
            worker.offer(None)

    def _tell_of_loss(self) -> None:
        if (worker := self._disconnect_worker) is not None:
            worker.offer(None)

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


def _without_arguments(
    name: str, handler: Callback | None, report: Callable[[EmitterError], None]
) -> ThreadWorker[None] | None:
    if handler is None:
        return None
    check_handler(name, handler, arguments=0)
    return ThreadWorker(name, lambda _: handler(), report)
