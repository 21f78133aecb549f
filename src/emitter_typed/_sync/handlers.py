"""Who is told of what, in programs with threads: each handler in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Literal, TypeVar, TypeVarTuple

from emitter_typed._core.client_base import Callback
from emitter_typed._core.handlers import EventHandlers, HandlerSlot
from emitter_typed._core.workers import SyncWorker, check_handler
from emitter_typed._protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed._types.values import Record
from emitter_typed.contract import Handler, Message
from emitter_typed.errors import EmitterError, HandlerFailed, hide_keys

EventT = TypeVar("EventT")
Ts = TypeVarTuple("Ts")

_log = logging.getLogger("emitter_typed")

_END_TIMEOUT_S = 5.0


class SyncHandlers:
    """The handlers of a client, and what reaches them. Any thread may set them at any time."""

    _protocol: ClassVar[ProtocolDefinition]

    def _prepare_handlers(self) -> None:
        self._handlers_lock = threading.Lock()
        self._waiting_threads: set[threading.Thread] = set()
        # Any: each event has its own type.
        self._event_handlers: EventHandlers[SyncWorker[Any]] = EventHandlers()
        self._errors: HandlerSlot[SyncWorker[EmitterError]] = HandlerSlot()
        self._messages: HandlerSlot[SyncWorker[Message]] = HandlerSlot()
        self._connects: HandlerSlot[SyncWorker[()]] = HandlerSlot()
        self._disconnects: HandlerSlot[SyncWorker[()]] = HandlerSlot()
        self._untold_of_connection = False

    def _stop_handlers(self) -> None:
        """Let the handlers that are running finish, and wait for them."""
        with self._handlers_lock:
            workers: list[SyncWorker[Any] | SyncWorker[()] | None] = list(self._event_handlers)
            workers += [self._connects.worker, self._disconnects.worker, self._messages.worker]
            # The last, for the others report to it.
            workers.append(self._errors.worker)
        with self._waiting_for_handlers() as waiting:
            for worker in workers:
                if worker is not None:
                    worker.stop(_END_TIMEOUT_S, waiting)

    @contextmanager
    def _waiting_for_handlers(self) -> Generator[Collection[threading.Thread]]:
        """Note that this thread waits for handlers, and say for which threads it must not, for they may wait for it."""
        this = threading.current_thread()
        with self._handlers_lock:
            self._waiting_threads.add(this)
            waiting = frozenset(self._waiting_threads)
        try:
            yield waiting
        finally:
            with self._handlers_lock:
                self._waiting_threads.discard(this)

    def _set_handler(
        self,
        put: Callable[[SyncWorker[*Ts] | None], SyncWorker[*Ts] | None],
        name: str,
        handler: Callable[[*Ts], None] | None,
        *,
        arguments: Literal[0, 1] = 1,
        report: Callable[[EmitterError], None] | None = None,
    ) -> None:
        """Put a handler in its place, and let the one before finish."""
        check_handler(name, handler, arguments=arguments)
        worker = None if handler is None else SyncWorker(name, handler, report or self._report)
        with self._handlers_lock:
            before = put(worker)
        if before is not None:
            with self._waiting_for_handlers() as waiting:
                before.stop(_END_TIMEOUT_S, waiting)

    def _offer(self, place: HandlerSlot[SyncWorker[*Ts]], *item: *Ts) -> bool:
        """Queue an item for the handler of a place, and tell whether there is one."""
        with self._handlers_lock:
            if place.worker is not None:
                place.worker.offer(*item)
            return place.worker is not None

    @property
    def on_connect(self) -> Callback | None:
        """Called, without arguments, each time that the broker has accepted a connection; the first one included.

        Subscriptions are there again by then. To subscribe again in it does no harm: a subscription with the
        same key, channel, options and handler is the one that there is, also where the handler is a function that the
        same code makes anew.
        """
        worker = self._connects.worker
        return None if worker is None else worker.handler

    @on_connect.setter
    def on_connect(self, handler: Callback | None) -> None:
        self._set_handler(self._connects.put, "on_connect", handler, arguments=0)

    @property
    def on_disconnect(self) -> Callback | None:
        """Called, without arguments, each time that a connection has ended; `client.connection` says why."""
        worker = self._disconnects.worker
        return None if worker is None else worker.handler

    @on_disconnect.setter
    def on_disconnect(self, handler: Callback | None) -> None:
        self._set_handler(self._disconnects.put, "on_disconnect", handler, arguments=0)

    def _tell_of_connection(self) -> None:
        self._untold_of_connection = not self._offer(self._connects)

    def _tell_late_of_connection(self) -> None:
        with self._handlers_lock:
            worker = self._connects.worker
            if self._untold_of_connection and worker is not None:
                self._untold_of_connection = False
                worker.offer()

    def _tell_of_loss(self) -> None:
        self._untold_of_connection = False
        self._offer(self._disconnects)

    @property
    def on_message(self) -> Handler[Message] | None:
        """Receives the messages that no other handler and no queue gets.

        Those are the messages of subscriptions that were made while it was set and without a handler of their own, and
        those that arrive without a subscription of this client, such as a link's that subscribes.
        """
        worker = self._messages.worker
        return None if worker is None else worker.handler

    @on_message.setter
    def on_message(self, handler: Handler[Message] | None) -> None:
        self._set_handler(self._messages.put, "messages", handler)

    def _take_unclaimed(self, channel: str, raw: bytes) -> None:
        if not self._offer(self._messages, Message(channel, raw, raw)):
            _log.debug("message.unclaimed channel=%s", hide_keys(channel))

    @property
    def on_error(self) -> Handler[EmitterError] | None:
        """Receives what no call can raise: refused QoS 0 publishes, undecodable messages, what handlers raise.

        Without one, they are logged as warnings under `emitter_typed`; what handlers raise is logged in any case.
        """
        worker = self._errors.worker
        return None if worker is None else worker.handler

    @on_error.setter
    def on_error(self, handler: Handler[EmitterError] | None) -> None:
        # What an error handler itself raises is logged by its worker, and goes nowhere else.
        self._set_handler(self._errors.put, "errors", handler, report=lambda _: None)

    def _report(self, error: EmitterError) -> None:
        # What a handler raised was logged by its worker, with the traceback.
        if not self._offer(self._errors, error) and not isinstance(error, HandlerFailed):
            _log.warning("error.unhandled error=%s", error)

    def _event_handler(self, event: EventDefinition[EventT]) -> Handler[EventT] | None:
        with self._handlers_lock:
            worker = self._event_handlers.get(event.name)
        return None if worker is None else worker.handler

    def _set_event_handler(self, event: EventDefinition[EventT], handler: Handler[EventT] | None) -> None:
        self._set_handler(partial(self._event_handlers.set, event.name), event.name, handler)

    def _set_channel_handler(
        self, definition: RequestDefinition[object], request: Record, handler: Handler[Any] | None
    ) -> None:
        event, channel = self._protocol.handled(definition, request)
        self._set_handler(partial(self._event_handlers.set_for_channel, event, channel), event, handler)

    def _emit(self, event: EventDefinition[object], payload: object) -> None:
        with self._handlers_lock:
            for worker in self._event_handlers.find(event, payload):
                worker.offer(payload)
