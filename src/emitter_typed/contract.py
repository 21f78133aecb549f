"""What generated code may use, and the only module of the runtime that it imports.

Everything here is for code that `emitter-typed generate` wrote; what people call is re-exported by `emitter_typed`.
A change that breaks code generated earlier raises `CONTRACT`, and `check_contract` tells its users what to run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Generic, TypeAlias, TypeVar

from attrs import frozen

from emitter_typed.constraints import (
    Constraint,
    each,
    exclusive_maximum,
    exclusive_minimum,
    max_items,
    max_length,
    maximum,
    min_items,
    min_length,
    minimum,
    pattern,
)
from emitter_typed.errors import BrokerError, ContractMismatch, InvalidArgument
from emitter_typed.pending import AsyncPending, Pending
from emitter_typed.protocol import codec
from emitter_typed.protocol.address import Address
from emitter_typed.protocol.bounds import Bounds, Overflow
from emitter_typed.protocol.definition import (
    Envelope,
    EventDefinition,
    OperationDefinition,
    OptionDefinition,
    ProtocolDefinition,
    RequestDefinition,
)
from emitter_typed.protocol.message import ChannelMessage, Message
from emitter_typed.protocol.topics import validate_channel
from emitter_typed.subscriptions import AsyncSubscription, Subscription
from emitter_typed.values import Flags, Json, Option, Record, Secret, Tag, Unrecognized, Wire, wire

__all__ = [
    "CONTRACT",
    "Address",
    "AsyncChannel",
    "AsyncHandler",
    "AsyncHost",
    "AsyncPending",
    "AsyncSubscription",
    "Bounds",
    "BrokerError",
    "ChannelDefinition",
    "ChannelMessage",
    "Constraint",
    "Envelope",
    "EventDefinition",
    "Flags",
    "Handler",
    "Json",
    "KeySource",
    "Message",
    "OperationDefinition",
    "Option",
    "OptionDefinition",
    "Overflow",
    "Pending",
    "PlainDecoder",
    "ProtocolDefinition",
    "Record",
    "RequestDefinition",
    "Secret",
    "Subscription",
    "SyncChannel",
    "SyncHost",
    "Tag",
    "Unrecognized",
    "Wire",
    "check_contract",
    "duration",
    "each",
    "exclusive_maximum",
    "exclusive_minimum",
    "filter_name",
    "max_items",
    "max_length",
    "maximum",
    "min_items",
    "min_length",
    "minimum",
    "pattern",
    "wire",
]

CONTRACT = 1
"""The number of this contract. Generated code states the one that it was made for."""

T = TypeVar("T")
MessageT = TypeVar("MessageT")
PayloadT = TypeVar("PayloadT")
ParamsT = TypeVar("ParamsT")
ResponseT = TypeVar("ResponseT")
EventT = TypeVar("EventT")

Handler: TypeAlias = Callable[[T], None]
"""What a `Client` calls with each message or event, in a thread of its own."""

AsyncHandler: TypeAlias = Callable[[T], Awaitable[None] | None]
"""What an `AsyncClient` calls with each message or event, in a task of its own: a function or a coroutine function."""

KeySource: TypeAlias = str | Secret | Mapping[str, str | Secret] | Callable[[str], str | Secret]
"""The keys of a facade's channels: one for all, one for each by the channel's name, or a function of that name."""


def check_contract(package: str, contract: int, command: str) -> None:
    """Raise ContractMismatch, with the command to run, unless this runtime serves code of that contract."""
    if contract == CONTRACT:
        return
    newer = contract > CONTRACT
    raise ContractMismatch(
        f"{package} was generated for contract {contract}, and the installed emitter-typed serves {CONTRACT}",
        package=package,
        advice="install a newer emitter-typed: pip install --upgrade emitter-typed" if newer else f"run: {command}",
    )


def duration(value: float | timedelta) -> timedelta:
    """Take seconds or a timedelta as a timedelta."""
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


def filter_name(channel: str, *, max_segments: int | None = None) -> str:
    """Return the name of a channel, which may hold wildcards, with its last slash. Raises InvalidArgument."""
    name = validate_channel(channel, static=False)
    segments = name.count("/")
    if max_segments is not None and segments > max_segments:
        raise InvalidArgument(
            f"channel must have at most {max_segments} segments, not {segments}",
            argument="channel",
            value=channel,
        )
    return name


class SyncHost(ABC):
    """What a generated facade needs of a client."""

    @abstractmethod
    def _request(
        self,
        definition: RequestDefinition[ResponseT],
        request: Record,
        *,
        timeout_s: float | None,
        handler: Handler[EventT] | None = None,
    ) -> ResponseT:
        """Send a request and return its reply; the handler gets the events of the request's channel from now on."""

    @abstractmethod
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
        """Publish; at QoS 1, return when the broker has acknowledged it."""

    @abstractmethod
    def _publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        given: Mapping[str, object],
    ) -> Pending:
        """Publish and return at once."""

    @abstractmethod
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
        """Subscribe, and return when the broker has granted it; what `decode` makes None is not delivered."""

    @abstractmethod
    def _unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        """End every local subscription to a channel, and the broker's."""

    @abstractmethod
    def _event_handler(self, event: EventDefinition[EventT]) -> Handler[EventT] | None:
        """Return the handler of an event."""

    @abstractmethod
    def _set_event_handler(self, event: EventDefinition[EventT], handler: Handler[EventT] | None) -> None:
        """Set the handler of an event, or none."""


class AsyncHost(ABC):
    """What a generated facade needs of an asyncio client: `SyncHost` with await."""

    @abstractmethod
    async def _request(
        self,
        definition: RequestDefinition[ResponseT],
        request: Record,
        *,
        timeout_s: float | None,
        handler: AsyncHandler[EventT] | None = None,
    ) -> ResponseT:
        """Send a request and return its reply; the handler gets the events of the request's channel from now on."""

    @abstractmethod
    async def _publish(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> None:
        """Publish; at QoS 1, return when the broker has acknowledged it."""

    @abstractmethod
    def _publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        given: Mapping[str, object],
    ) -> AsyncPending:
        """Publish and return at once."""

    @abstractmethod
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
        allow_reserved: bool = False,
        timeout_s: float | None,
    ) -> AsyncSubscription[MessageT]:
        """Subscribe, and return when the broker has granted it; what `decode` makes None is not delivered."""

    @abstractmethod
    async def _unsubscribe(self, operation: str, arguments: Sequence[str | Secret], *, timeout_s: float | None) -> None:
        """End every local subscription to a channel, and the broker's."""

    @abstractmethod
    def _event_handler(self, event: EventDefinition[EventT]) -> AsyncHandler[EventT] | None:
        """Return the handler of an event."""

    @abstractmethod
    def _set_event_handler(self, event: EventDefinition[EventT], handler: AsyncHandler[EventT] | None) -> None:
        """Set the handler of an event, or none."""


@frozen
class PlainDecoder(Generic[PayloadT]):
    """Makes messages of a subscription to any channel."""

    payload: type[PayloadT] | None
    """The class of the payload; None: bytes, as they came."""

    def __call__(self, channel: str, raw: bytes) -> Message[PayloadT]:
        """Read one message. Raises Undecodable."""
        return Message(channel, codec.decode(raw, self.payload or bytes, channel=channel), raw)


@frozen(kw_only=True)
class ChannelDefinition(Generic[PayloadT, ParamsT]):
    """A channel of a user's schema."""

    name: str
    """The attribute's name in the facade."""
    address: Address
    """The channel's name, with a `{parameter}` in the place of some segments."""
    payload: object
    """The type of what is published there."""
    params: type[ParamsT] | None
    """The class that holds the address's parameters; None where it has none."""
    defaults: Mapping[str, object]
    """Values of options that a publish does not give."""

    def decode(self, channel: str, raw: bytes) -> ChannelMessage[PayloadT, ParamsT] | None:
        """Read one message; None where the channel is not of this address. Raises Undecodable."""
        texts = self.address.match(channel)
        if texts is None:
            return None
        params: ParamsT = codec.parameters(texts, self.params, channel=channel)
        payload: PayloadT = codec.decode(raw, self.payload, channel=channel)
        return ChannelMessage(channel, payload, raw, params)


def _key_for(keys: KeySource, channel: str) -> str | Secret:
    if isinstance(keys, str | Secret):
        return keys
    if callable(keys):
        return keys(channel)
    if channel not in keys:
        raise InvalidArgument(f"there is no key for the channel {channel}", argument="key", value=None)
    return keys[channel]


class _Channel(Generic[PayloadT, ParamsT]):
    """A typed channel of either colour: the definition, and those of its parameters that are known."""

    _definition: ChannelDefinition[PayloadT, ParamsT]
    _params: Mapping[str, object]

    def _narrowed(self, **params: object) -> dict[str, object]:
        known = {**self._params, **{name: value for name, value in params.items() if value is not None}}
        codec.check_parameters(known, self._definition.params)
        return known

    def _arguments(self, keys: KeySource, params: Mapping[str, object], *, static: bool) -> tuple[str | Secret, str]:
        texts = {name: codec.parameter_text(value) for name, value in params.items() if value is not None}
        address = self._definition.address
        channel = address.compose(texts) if static else address.filter(texts)
        return _key_for(keys, self._definition.name), channel

    def _encode(self, payload: PayloadT) -> bytes:
        return codec.encode(payload, self._definition.payload)

    def _given(self, given: Mapping[str, object]) -> dict[str, object]:
        # The schema's own defaults yield to what the call says.
        said = {name: value for name, value in given.items() if value is not None}
        return {**self._definition.defaults, **said}


class SyncChannel(_Channel[PayloadT, ParamsT]):
    """Base of the generated channels that a facade over a `Client` has."""

    def __init__(self, host: SyncHost, keys: KeySource, params: Mapping[str, object] | None = None) -> None:
        """Hold the client, the keys and those parameters that are known."""
        self._host = host
        self._keys = keys
        self._params = params or {}

    def _publish(
        self, operation: str, payload: PayloadT, given: Mapping[str, object], *, timeout_s: float | None
    ) -> None:
        arguments = self._arguments(self._keys, self._params, static=True)
        self._host._publish(operation, arguments, self._encode(payload), (), self._given(given), timeout_s=timeout_s)  # pyright: ignore[reportPrivateUsage]  # hosts serve facades

    def _publish_nowait(self, operation: str, payload: PayloadT, given: Mapping[str, object]) -> Pending:
        arguments = self._arguments(self._keys, self._params, static=True)
        return self._host._publish_nowait(operation, arguments, self._encode(payload), (), self._given(given))  # pyright: ignore[reportPrivateUsage]  # hosts serve facades

    def _subscribe(
        self,
        operation: str,
        handler: Handler[ChannelMessage[PayloadT, ParamsT]] | None,
        given: Mapping[str, object],
        *,
        bounds: Bounds,
        timeout_s: float | None,
    ) -> Subscription[ChannelMessage[PayloadT, ParamsT]]:
        arguments = self._arguments(self._keys, self._params, static=False)
        return self._host._subscribe(  # pyright: ignore[reportPrivateUsage]  # hosts serve facades
            operation,
            arguments,
            self._definition.decode,
            handler,
            (),
            given,
            bounds=bounds,
            timeout_s=timeout_s,
        )


class AsyncChannel(_Channel[PayloadT, ParamsT]):
    """Base of the generated channels that a facade over an `AsyncClient` has."""

    def __init__(self, host: AsyncHost, keys: KeySource, params: Mapping[str, object] | None = None) -> None:
        """Hold the client, the keys and those parameters that are known."""
        self._host = host
        self._keys = keys
        self._params = params or {}

    async def _publish(
        self, operation: str, payload: PayloadT, given: Mapping[str, object], *, timeout_s: float | None
    ) -> None:
        arguments = self._arguments(self._keys, self._params, static=True)
        await self._host._publish(  # pyright: ignore[reportPrivateUsage]  # hosts serve facades
            operation, arguments, self._encode(payload), (), self._given(given), timeout_s=timeout_s
        )

    def _publish_nowait(self, operation: str, payload: PayloadT, given: Mapping[str, object]) -> AsyncPending:
        arguments = self._arguments(self._keys, self._params, static=True)
        return self._host._publish_nowait(operation, arguments, self._encode(payload), (), self._given(given))  # pyright: ignore[reportPrivateUsage]  # hosts serve facades

    async def _subscribe(
        self,
        operation: str,
        handler: AsyncHandler[ChannelMessage[PayloadT, ParamsT]] | None,
        given: Mapping[str, object],
        *,
        bounds: Bounds,
        timeout_s: float | None,
    ) -> AsyncSubscription[ChannelMessage[PayloadT, ParamsT]]:
        arguments = self._arguments(self._keys, self._params, static=False)
        return await self._host._subscribe(  # pyright: ignore[reportPrivateUsage]  # hosts serve facades
            operation,
            arguments,
            self._definition.decode,
            handler,
            (),
            given,
            bounds=bounds,
            timeout_s=timeout_s,
        )
