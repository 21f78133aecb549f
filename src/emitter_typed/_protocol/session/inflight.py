"""What a packet identifier is in use for, and who waits for the end of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Protocol, TypeVar

from attrs import define, field, fields

from emitter_typed._masking import look_swapped
from emitter_typed._protocol.definition import RequestDefinition
from emitter_typed._protocol.operations import Prepared
from emitter_typed._types.values import Record, Secret
from emitter_typed.errors import BrokerError, Congested, EmitterError

ResultT = TypeVar("ResultT", contravariant=True)

_MAX_PACKET_ID = 65_535
_MAX_PUBLICATIONS = 60_000


class CallResult(Protocol[ResultT]):
    """Who waits for the end of a call."""

    def resolve(self, result: ResultT, /) -> None:
        """End well."""

    def reject(self, error: EmitterError, /) -> bool:
        """End with an error, and tell whether somebody may still see it."""
        ...


class IgnoreResult:
    """Waits for nothing, and learns of nothing."""

    def resolve(self, result: object, /) -> None:
        """End well."""

    def reject(self, error: EmitterError, /) -> bool:
        """End with an error that nobody needs."""
        return True


class MessageSink(Protocol):
    """Who receives the messages of a subscription."""

    def offer(self, arrivals: Collection[tuple[str, bytes]], /) -> None:
        """Take messages in, each a channel and the payload's bytes, in the order in which they arrived."""

    def published_without_echo(self, channel: str, raw: bytes, /) -> None:
        """Learn of a message of this client that the broker does not send back."""

    def granted(self, call_result: CallResult[None], /) -> None:
        """Learn that the broker has granted it; `call_result` gets None once the first message is known."""

    def lost(self) -> None:
        """Learn that the connection is lost, and another one is to follow."""

    def restored(self) -> None:
        """Learn that it is there again on the next connection."""

    def end(self, error: EmitterError | None, /) -> None:
        """Learn that no more will come, and why."""

    def __hash__(self) -> int: ...


@define(eq=False)
class InflightCall:
    """A packet that the broker will acknowledge: one of the kinds below."""

    operation: str
    call_result: CallResult[Any]  # Any: of None, but for a request of its response
    errors: tuple[EmitterError, ...] = ()
    """What was said against it before the acknowledgement."""
    doubtful: bool = field(default=False, kw_only=True)
    """Whether some of what was said may have come from anybody."""

    @property
    def about(self) -> str | None:
        """The channel that it is about; None where there is none, or more than one."""
        return None

    @property
    def swapped(self) -> bool:
        """Whether key and channel look as if each was given in the place of the other."""
        return False

    def refusal(
        self, status: int, message: str = "the broker gave no reason", made: type[BrokerError] = BrokerError
    ) -> BrokerError:
        """Return the error, of a class, that says of this that the broker refuses it."""
        return made(status, message, self.operation, channel=self.about, swapped=self.swapped)


@define(eq=False)
class Publication(InflightCall):
    """A PUBLISH of QoS 1 of the user's, which is sent again if the connection is lost before its acknowledgement."""

    prepared: Prepared = field(kw_only=True)
    payload: bytes = field(kw_only=True, repr=False)
    sent: bool = field(default=False, kw_only=True)
    """Whether it has been sent, on whatever connection."""

    @property
    def about(self) -> str | None:
        """The channel; None of what is published through a link."""
        return self.prepared.channel or None

    @property
    def swapped(self) -> bool:
        """Whether key and channel look so."""
        return self.prepared.swapped

    def begin_again(self) -> None:
        """Learn that it is sent again. What was said on an earlier connection, and who said it, does not count."""
        self.errors = ()
        self.doubtful = False


def _no_replies() -> dict[bytes, dict[str, object]]:
    # To call `dict[…]` takes many times as long.
    return {}


@define(eq=False)
class Request(InflightCall):
    """A request and the replies that came for it."""

    topic: str = field(kw_only=True)
    """Where it was sent, and where the reply is to arrive."""
    definition: RequestDefinition[object] = field(kw_only=True)
    record: Record = field(kw_only=True, repr=False)
    """What was asked."""
    watching: tuple[MessageSink, ...] = field(default=(), kw_only=True)
    """Those who watched at the call what it may end: who begins while it is under way is not meant."""
    replies: dict[bytes, dict[str, object]] = field(factory=_no_replies, kw_only=True)
    """Those that differ from one another, each as it came and as it was read."""

    @property
    def about(self) -> str | None:
        """The channel, if it says one."""
        return self._address[1] or None

    @property
    def swapped(self) -> bool:
        """Whether key and channel look so."""
        return look_swapped(*self._address)

    @property
    def _address(self) -> tuple[str, str]:
        """The key, or nothing where that cannot be told, and the channel without options."""
        definition = self.definition
        if definition.whole_topic is not None:
            whole: str = getattr(self.record, definition.whole_topic)
            key, _, channel = whole.partition("/")
        elif definition.channel is not None:
            channel = getattr(self.record, definition.channel)
            values = (getattr(self.record, each.name) for each in fields(type(self.record)))  # type: ignore[arg-type]  # each subclass of Record is an attrs class
            key = next((value.reveal() for value in values if isinstance(value, Secret)), "")
        else:
            return "", ""
        return key, channel.partition("?")[0]


@define(eq=False)
class Subscribing(InflightCall):
    """A SUBSCRIBE."""

    prepared: Prepared = field(kw_only=True)
    sink: MessageSink = field(kw_only=True)

    @property
    def about(self) -> str | None:
        """The channel."""
        return self.prepared.channel

    @property
    def swapped(self) -> bool:
        """Whether key and channel look so."""
        return self.prepared.swapped


@define(eq=False)
class Resubscribing(InflightCall):
    """A SUBSCRIBE of many filters, which the broker granted on an earlier connection."""

    subscriptions: tuple[Prepared, ...] = field(kw_only=True)
    sinks: tuple[tuple[MessageSink, ...], ...] = field(kw_only=True)
    """Those of each: who subscribes while it is under way has a SUBSCRIBE of his own."""


@define(eq=False)
class Unsubscribing(InflightCall):
    """An UNSUBSCRIBE."""

    channel: str = field(kw_only=True)
    sinks: tuple[MessageSink, ...] = field(kw_only=True)
    """Those that there were at the call: who subscribes while it is under way is not meant."""

    @property
    def about(self) -> str | None:
        """The channel."""
        return self.channel


class InflightCalls:
    """The calls by packet identifier (MQTT 3.1.1, 2.3.1). An identifier in use is never given again."""

    def __init__(self) -> None:
        """Begin with none in use."""
        self._by_packet_id: dict[int, InflightCall] = {}
        self._last_packet_id = 0

    @property
    def full(self) -> bool:
        """Whether no identifier is free for a message; some are kept for requests and subscriptions."""
        return len(self._by_packet_id) >= _MAX_PUBLICATIONS

    @property
    def publications(self) -> Iterator[Publication]:
        """The messages that wait for their acknowledgement."""
        # Of a copy, as below: a signal handler may begin a call meanwhile.
        return (each for each in list(self._by_packet_id.values()) if isinstance(each, Publication))

    def is_unsubscribing(self, channel: str) -> bool:
        """Tell whether an UNSUBSCRIBE of a channel is under way."""
        calls = list(self._by_packet_id.values())
        return any(isinstance(each, Unsubscribing) and each.channel == channel for each in calls)

    def begin(self, call: InflightCall) -> int:
        """Give a call the next identifier that is free. Raises Congested if none is."""
        packet_id = self._last_packet_id % _MAX_PACKET_ID + 1
        # In one step: a signal handler that interrupts this may begin a call of its own.
        while self._by_packet_id.setdefault(packet_id, call) is not call:
            if len(self._by_packet_id) >= _MAX_PACKET_ID:
                raise Congested(call.operation, f"all {_MAX_PACKET_ID:,} packet identifiers are in use")
            packet_id = packet_id % _MAX_PACKET_ID + 1
        self._last_packet_id = packet_id
        return packet_id

    def get(self, packet_id: object) -> InflightCall | None:
        """Return the call that uses an identifier; True and 1.0 are none."""
        return self._by_packet_id.get(packet_id) if type(packet_id) is int else None

    def end(self, packet_id: int) -> InflightCall | None:
        """Free an identifier, and return what it was in use for."""
        return self._by_packet_id.pop(packet_id, None)

    def forget(self, call: InflightCall) -> None:
        """Free the identifier of a call, if it has one, wherever `begin` was interrupted."""
        for packet_id, each in list(self._by_packet_id.items()):
            if each is call:
                del self._by_packet_id[packet_id]

    def end_all(self) -> list[InflightCall]:
        """Free all identifiers, and return what they were in use for."""
        ended, self._by_packet_id = self._by_packet_id, {}
        return list(ended.values())
