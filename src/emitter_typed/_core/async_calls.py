"""What generated code needs of a client with asyncio."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from emitter_typed._core.async_subscriptions import AsyncSubscription
from emitter_typed._core.callbacks import AsyncHandler
from emitter_typed._core.pending import AsyncPending
from emitter_typed._protocol.definition import EventDefinition, RequestDefinition
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.receiving.mailbox import QueueLimits
from emitter_typed._types.values import Option, Record, Secret
from emitter_typed.errors import EmitterError, Undecodable

if TYPE_CHECKING:
    # It loads what reads payloads, which not every program needs.
    from emitter_typed._core.arguments import PlainDecoder

MessageT = TypeVar("MessageT")
PayloadT = TypeVar("PayloadT")
ResponseT = TypeVar("ResponseT")
EventT = TypeVar("EventT")


class AsyncCalls(ABC):
    """What a client carries out for generated methods. The driver does."""

    @abstractmethod
    async def request(
        self,
        definition: RequestDefinition[ResponseT],
        request: Record,
        *,
        timeout_s: float | None,
        handler: AsyncHandler[EventT] | None = None,
    ) -> ResponseT:
        """Send a request and return its reply; the handler gets the events of the request's channel from now on."""

    @abstractmethod
    def publish(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> Awaitable[None]:
        """Publish; at QoS 1, return when the broker has acknowledged it."""

    @abstractmethod
    def publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
    ) -> AsyncPending:
        """Publish and return at once."""

    @abstractmethod
    async def subscribe(
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
        """Subscribe, and return when the broker has granted it; what `decode` makes None is not delivered."""

    @abstractmethod
    def fetch(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> AsyncIterator[StoredMessage]:
        """Check the call, and return what fetches the stored messages when it is iterated."""

    def fetch_decoded(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        decode: PlainDecoder[PayloadT],
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> AsyncIterator[StoredMessage[PayloadT]]:
        """Do the same, with payloads of a type."""
        fetched = self.fetch(operation, arguments, options, options_given, timeout_s=timeout_s)
        if decode.payload is None:
            return cast("AsyncIterator[StoredMessage[PayloadT]]", fetched)
        return self.decoded(fetched, decode.stored)

    async def decoded(
        self, fetched: AsyncIterator[StoredMessage], decode: Callable[[StoredMessage], MessageT | None]
    ) -> AsyncIterator[MessageT]:
        """Decode what is fetched. What does not fit is reported, and what `decode` makes None is left out."""
        async for stored in fetched:
            try:
                message = decode(stored)
            except Undecodable as problem:
                self.report(problem)
            else:
                if message is not None:
                    yield message

    @abstractmethod
    def report(self, error: EmitterError) -> None:
        """Hand an error that no call can raise to `on_error`, or log it."""

    @abstractmethod
    async def watch(
        self,
        definition: RequestDefinition[object],
        event: EventDefinition[EventT],
        request: Record,
        *,
        limits: QueueLimits,
        timeout_s: float | None,
    ) -> AsyncSubscription[EventT]:
        """Send a request that begins events, and return them, once the broker has answered."""

    @abstractmethod
    async def unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        """End every local subscription to a channel, and the broker's."""

    @abstractmethod
    def event_handler(self, event: EventDefinition[EventT]) -> AsyncHandler[EventT] | None:
        """Return the handler of an event."""

    @abstractmethod
    def set_event_handler(self, event: EventDefinition[EventT], handler: AsyncHandler[EventT] | None) -> None:
        """Set the handler of an event, or none."""


class AsyncCaller:
    """What generated methods stand on, in clients and in channels: it holds what carries out their calls."""

    _calls: AsyncCalls


class AsyncClientBase(AsyncCaller):
    """Base of generated clients."""
