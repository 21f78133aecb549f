"""Who is told of what: the handlers of a client, each in a task of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Literal, TypeVar, TypeVarTuple

from emitter_typed._clock import monotonic
from emitter_typed._core.async_workers import AsyncWaits, AsyncWorker
from emitter_typed._core.callbacks import AsyncHandler
from emitter_typed._core.handlers import EventHandlers, HandlerSlot
from emitter_typed._core.workers import check_async_handler
from emitter_typed._guards import Guard, Log
from emitter_typed._masking import hide_keys
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed._protocol.message import Message
from emitter_typed._types.values import Record
from emitter_typed.errors import EmitterError, HandlerFailed, Undecodable

EventT = TypeVar("EventT")
Ts = TypeVarTuple("Ts")

_log = Log("emitter_typed")


def _ignore(error: EmitterError) -> None:
    pass


class AsyncHandlers:
    """The handlers of a client, and what reaches them."""

    def __init__(self, protocol: ProtocolDefinition, counters: ClientCounters) -> None:
        """Begin without handlers."""
        self._protocol = protocol
        self._counters = counters
        self.lock: Guard = Guard()
        """Guards the handlers: in a client with threads, any thread may set them at any time."""
        self.waits: AsyncWaits = AsyncWaits()
        """Who waits for handlers."""
        # Any: each event has its own type.
        self._event_handlers: EventHandlers[AsyncWorker[Any]] = EventHandlers()
        self.errors: HandlerSlot[AsyncWorker[EmitterError]] = HandlerSlot("errors")
        self.messages: HandlerSlot[AsyncWorker[Message]] = HandlerSlot("messages")
        self.connects: HandlerSlot[AsyncWorker[()]] = HandlerSlot("on_connect", arguments=0)
        self.disconnects: HandlerSlot[AsyncWorker[()]] = HandlerSlot("on_disconnect", arguments=0)

    async def stop(self, deadline_s: float) -> None:
        """Let the handlers that are running finish, and wait for them; until a time of `monotonic` at most."""
        with self.lock:
            workers = self.workers()
        with self.waits.here() as waiting:
            for worker in workers:
                await worker.stop(max(0.0, deadline_s - monotonic()), waiting)

    def workers(self) -> list[AsyncWorker[Any] | AsyncWorker[()]]:
        """Return the workers of all handlers."""
        workers: list[AsyncWorker[Any] | AsyncWorker[()]] = list(self._event_handlers)
        # The last one is for errors, for the others report to it.
        for slot in (self.connects, self.disconnects, self.messages, self.errors):
            if slot.worker is not None:
                workers.append(slot.worker)
        return workers

    def forked(self) -> None:
        """Go on in a process that was forked: what runs, and what waits for it, is the parent's."""
        self.lock = Guard()
        self.waits.forget()
        for worker in self.workers():
            worker.forked()

    def get(self, slot: HandlerSlot[AsyncWorker[*Ts]]) -> Callable[[*Ts], Awaitable[None] | None] | None:
        """Return the handler of a slot."""
        worker = slot.worker
        return None if worker is None else worker.handler

    def set(self, slot: HandlerSlot[AsyncWorker[*Ts]], handler: Callable[[*Ts], Awaitable[None] | None] | None) -> None:
        """Set or remove the handler of a slot, and let the one before finish. Raises InvalidArgument."""
        # What an error handler itself raises is logged by its worker, and goes nowhere else.
        report = _ignore if slot is self.errors else self.report
        self._put(slot.put, slot.name, handler, arguments=slot.arguments, report=report)

    def _put(
        self,
        put: Callable[[AsyncWorker[*Ts] | None], AsyncWorker[*Ts] | None],
        name: str,
        handler: Callable[[*Ts], Awaitable[None] | None] | None,
        *,
        arguments: Literal[0, 1],
        report: Callable[[EmitterError], None],
    ) -> None:
        check_async_handler(name, handler, arguments=arguments)
        worker = None if handler is None else AsyncWorker(name, handler, report)
        with self.lock:
            before = put(worker)
        if before is not None:
            before.retire(self.waits)

    def _offer(self, slot: HandlerSlot[AsyncWorker[*Ts]], *item: *Ts) -> bool:
        """Queue an item for the handler of a slot, and tell whether there is one."""
        with self.lock:
            if slot.worker is not None:
                slot.worker.offer(*item)
            slot.missed = slot.worker is None
            return not slot.missed

    def tell_of_connection(self) -> None:
        """Call `on_connect`."""
        self._offer(self.connects)

    def tell_of_loss(self) -> None:
        """Call `on_disconnect`."""
        self.connects.missed = False
        self._offer(self.disconnects)

    def take_unclaimed(self, channel: str, raw: bytes) -> None:
        """Hand a message that no subscription claims to `on_message`, or log it."""
        if not self._offer(self.messages, Message(channel, raw, raw)):
            _log.debug("message.unclaimed channel=%s", hide_keys(channel))

    def report(self, error: EmitterError) -> None:
        """Hand an error that no call can raise to `on_error`, or log it."""
        if isinstance(error, Undecodable):
            self._counters.count_undecodable()
        # What a handler raised was logged by its worker, with the traceback.
        if not self._offer(self.errors, error) and not isinstance(error, HandlerFailed):
            _log.warning("error.unhandled error=%s", error)

    def event_handler(self, event: EventDefinition[EventT]) -> AsyncHandler[EventT] | None:
        """Return the handler of an event."""
        with self.lock:
            worker = self._event_handlers.get(event.name)
        return None if worker is None else worker.handler

    def set_event_handler(self, event: EventDefinition[EventT], handler: AsyncHandler[EventT] | None) -> None:
        """Set or remove the handler of an event. Raises InvalidArgument."""
        put = partial(self._event_handlers.set, event.name)
        self._put(put, event.name, handler, arguments=1, report=self.report)

    def set_channel_handler(
        self, definition: RequestDefinition[object], request: Record, handler: AsyncHandler[Any] | None
    ) -> None:
        """Set or remove the handler of the events of a request's channel. Raises InvalidArgument."""
        event, channel = self._protocol.handled(definition, request)
        put = partial(self._event_handlers.set_for_channel, event, channel)
        self._put(put, event, handler, arguments=1, report=self.report)

    def emit(self, event: EventDefinition[object], payload: object) -> None:
        """Hand an event to its handlers."""
        if not self._event_handlers:
            # Many replies are events, too, and the lock takes longer than this look.
            return
        with self.lock:
            for worker in self._event_handlers.find(event, payload):
                worker.offer(payload)
