"""The MQTT packets that cross the border between session and transport, as plain values (MQTT 3.1.1, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

PacketT = TypeVar("PacketT")


class Connack(NamedTuple):
    """The broker accepts (0) or refuses a connection."""

    return_code: int


class Delivery(NamedTuple):
    """An inbound PUBLISH. Emitter delivers with QoS 0, so it has no packet identifier."""

    topic: str
    payload: bytes


class Puback(NamedTuple):
    """The broker acknowledges a PUBLISH of QoS 1."""

    packet_id: int


class Suback(NamedTuple):
    """The broker answers a SUBSCRIBE, with a return code for each filter; 0x80 is a refusal."""

    packet_id: int
    return_codes: tuple[int, ...]


class Unsuback(NamedTuple):
    """The broker answers an UNSUBSCRIBE."""

    packet_id: int


class Publish(NamedTuple):
    """An outbound PUBLISH; at QoS 0 the packet identifier is 0 and is not sent."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    packet_id: int


class Subscribe(NamedTuple):
    """A SUBSCRIBE of one filter or more, at QoS 0, which is how Emitter delivers."""

    topics: tuple[str, ...]
    packet_id: int


class Unsubscribe(NamedTuple):
    """An UNSUBSCRIBE of one filter."""

    topic: str
    packet_id: int


if TYPE_CHECKING:

    def new_packet(cls: type[PacketT], fields: tuple[object, ...], /) -> PacketT:
        """Return a packet of a class, in half the time that the class takes for it: for those that come in numbers."""
        ...
else:
    new_packet = tuple.__new__

InboundPacket = Connack | Delivery | Puback | Suback | Unsuback
"""A packet that a transport hands to its client."""

OutboundPacket = Publish | Subscribe | Unsubscribe
"""A packet that a client hands to its transport."""
