"""Bytes to packets and back, for the server's side of MQTT 3.1.1; the only module that knows the codec.

For clients in the same process there is the other side too: what they send, as bytes, and what they receive.

The codec is zmqtt's. It is not a public interface, so its versions are pinned, and everything that it could
change under us is named here. It is lenient where Emitter is: packet identifier 0, flags. CONNECT, SUBSCRIBE and
UNSUBSCRIBE are read here, and a PUBLISH mended; PUBLISH and PUBACK are written here, which is faster.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from attrs import frozen

try:
    from zmqtt._internal.packets import (
        ConnAck,
        Connect,
        Disconnect,
        PingReq,
        PingResp,
        PubAck,
        Publish,
        SubAck,
        SubscriptionRequest,
        UnsubAck,
        Unsubscribe,
        Will,
    )
    from zmqtt._internal.packets import Subscribe as CodecSubscribe
    from zmqtt._internal.packets.codec import AnyPacket as CodecPacket
    from zmqtt._internal.packets.codec import decode, encode
    from zmqtt._internal.types.qos import QoS
except ImportError as _missing:
    raise ImportError('the embedded broker needs zmqtt: pip install "emitter-typed[broker]"') from _missing

from emitter_typed._protocol import packets
from emitter_typed._protocol.will import Will as LastWill

__all__ = [
    "DISCONNECT",
    "MAX_REMAINING_BYTES",
    "PINGRESP",
    "AnyPacket",
    "Connect",
    "Decoder",
    "Disconnect",
    "PingReq",
    "Publish",
    "Subscribe",
    "Unsubscribe",
    "Will",
    "WireError",
    "encode_connack",
    "encode_connect",
    "encode_outbound",
    "encode_puback",
    "encode_publish",
    "encode_suback",
    "encode_unsuback",
    "inbound",
]

MAX_REMAINING_BYTES = 65_536
"""The largest remaining length of a packet, both ways. (docs: Emitter protocol, transport)"""

_CONNECT, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE, _RESERVED = 1, 3, 8, 10, 15
_QOS_3, _QOS_BIT = 0x06, 0x02
# A space: no channel may hold it.
_NO_CHANNEL = 0x20


class WireError(Exception):
    """Bytes that are no packet, or a packet over the limit: nothing after them can be read."""


@frozen
class Subscribe:
    """A SUBSCRIBE, whatever quality of service it asks for."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]
    """Topic filters, each with its byte of QoS."""


AnyPacket = CodecPacket | Subscribe

_WITHOUT_BODY: dict[int, AnyPacket] = {12: PingReq(), 13: PingResp(), 14: Disconnect()}


class Decoder:
    """Takes the bytes of one connection, however they are cut, and gives its packets."""

    def __init__(self) -> None:
        """Start at the beginning of a connection."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[AnyPacket]:
        """Add bytes and yield the packets that are complete now.

        What was yielded is consumed, also when the iteration is given up early. Feed again only after it.

        Args:
            data: What one read brought.

        Raises:
            WireError: what follows the last yielded packet is malformed, or larger than a packet may be. What
                the decoder holds is of no use any more.
        """
        self._buffer += data
        consumed = 0
        try:
            while (size := _packet_bytes(self._buffer[consumed : consumed + 5])) is not None:
                if consumed + size > len(self._buffer):
                    break
                packet = _decode(bytes(self._buffer[consumed : consumed + size]))
                consumed += size
                yield packet
        finally:
            del self._buffer[:consumed]


def _packet_bytes(header: bytearray) -> int | None:
    """Return the size of a packet, or None if its fixed header is not complete (MQTT 3.1.1, 2.2.3)."""
    remaining = 0
    for place, byte in enumerate(header[1:]):
        remaining |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if header[0] >> 4 in _WITHOUT_BODY:
                # To Emitter, what follows the header is the next packet, whatever length the header says.
                return 2 + place
            if remaining > MAX_REMAINING_BYTES:
                raise WireError(f"a packet of {remaining} bytes is over the limit of {MAX_REMAINING_BYTES}")
            return 2 + place + remaining
    if len(header) == 5:
        raise WireError("the remaining length has more than four bytes")
    return None


def _decode(packet: bytes) -> AnyPacket:
    kind = packet[0] >> 4
    if kind in _WITHOUT_BODY:
        return _WITHOUT_BODY[kind]
    if kind == _RESERVED:
        # MQTT 5 has a packet of this type, and the codec reads it.
        raise WireError(f"packet type {kind} is reserved")
    try:
        if kind == _CONNECT:
            return _read_connect(_Reader(_body(packet)))
        if kind == _SUBSCRIBE:
            return _read_subscribe(_Reader(_body(packet)))
        if kind == _UNSUBSCRIBE:
            return _read_unsubscribe(_Reader(_body(packet)))
        if kind != _PUBLISH:
            decoded = decode(packet, version="3.1.1")
        else:
            if packet[0] & _QOS_3 == _QOS_3:
                # To Emitter, QoS 3 is as good as 2.
                packet = bytes([packet[0] ^ _QOS_BIT]) + packet[1:]
            try:
                decoded = decode(packet, version="3.1.1")
            except UnicodeDecodeError:
                decoded = decode(_mended(packet), version="3.1.1")
    # Malformed input comes out of the codec as any of these; UnicodeDecodeError is a ValueError.
    except (ValueError, IndexError, struct.error) as error:
        raise WireError(str(error)) from error
    if decoded is None:
        raise WireError("a packet is shorter than it says")
    return decoded[0]


def _body(packet: bytes) -> bytes:
    return packet[next(place for place in range(1, 5) if packet[place] < 0x80) + 1 :]


class _Reader:
    """Takes the fields off the front of a packet's body."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._body)

    def take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if self._at > len(self._body):
            raise WireError("a field is shorter than it says")
        return self._body[start : self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def data(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        return self.data().decode("utf-8", "replace")


def _read_connect(reader: _Reader) -> Connect:
    """Read any CONNECT as one of MQTT 3.1.1 (3.1.2, 3.1.3), as Emitter does.

    It looks neither at the name and level of the protocol, nor at reserved flags, the QoS of the will, or what
    follows the last field. The codec would refuse these.
    """
    reader.data()
    _, flags = reader.take(2)
    keepalive, client_id = reader.number(), reader.text()
    will = None
    if flags & 0x04:
        topic, payload = reader.text(), reader.data()
        will = Will(topic=topic, payload=payload, qos=QoS.AT_MOST_ONCE, retain=bool(flags & 0x20))
    username = reader.text() if flags & 0x80 else None
    password = reader.data() if flags & 0x40 else None
    return Connect(
        client_id=client_id,
        clean_session=bool(flags & 0x02),
        keepalive=keepalive,
        username=username,
        password=password,
        will=will,
    )


def _read_subscribe(reader: _Reader) -> Subscribe:
    """Read a SUBSCRIBE as Emitter does, which grants the QoS that was asked for, even if there is none such."""
    packet_id, filters = reader.number(), list[tuple[str, int]]()
    while reader:
        filters.append((reader.text(), reader.take(1)[0]))
    return Subscribe(packet_id, tuple(filters))


def _read_unsubscribe(reader: _Reader) -> Unsubscribe:
    packet_id, topic_filters = reader.number(), list[str]()
    while reader:
        topic_filters.append(reader.text())
    return Unsubscribe(packet_id=packet_id, topic_filters=tuple(topic_filters))


def _mended(packet: bytes) -> bytes:
    """Return a PUBLISH whose topic is no text, which the codec insists on, with one that is.

    To Emitter any bytes are a topic, if a wrong one.
    """
    start = len(packet) - len(_body(packet)) + 2
    end = start + int.from_bytes(packet[start - 2 : start], "big")
    topic = bytes(byte if byte < 0x80 else _NO_CHANNEL for byte in packet[start:end])
    return packet[:start] + topic + packet[end:]


PINGRESP = encode(PingResp(), version="3.1.1")


def encode_connack(return_code: int = 0) -> bytes:
    """Return a CONNACK, by default an accepting one; no session is ever present, since none is kept."""
    return encode(ConnAck(session_present=False, return_code=return_code), version="3.1.1")


def encode_puback(packet_identifier: int) -> bytes:
    """Return the PUBACK for a packet identifier (MQTT 3.1.1, 3.4)."""
    return b"\x40\x02" + packet_identifier.to_bytes(2, "big")


def encode_suback(packet_identifier: int, return_codes: Sequence[int]) -> bytes:
    """Return the SUBACK with one return code a filter (MQTT 3.1.1, 3.9.3)."""
    return encode(SubAck(packet_id=packet_identifier, return_codes=tuple(return_codes)), version="3.1.1")


def encode_unsuback(packet_identifier: int) -> bytes:
    """Return the UNSUBACK for a packet identifier."""
    return encode(UnsubAck(packet_id=packet_identifier), version="3.1.1")


def encode_publish(topic: str, payload: bytes) -> bytes | None:
    """Return a PUBLISH as the broker sends it: QoS 0, retain 0 (MQTT 3.1.1, 3.3).

    None if it does not fit a packet, in which case the broker drops it without a word.
    """
    name = topic.encode()
    remaining = 2 + len(name) + len(payload)
    if remaining > MAX_REMAINING_BYTES or len(name) > 0xFFFF:
        return None
    return b"\x30" + _length(remaining) + len(name).to_bytes(2, "big") + name + payload


def _length(remaining: int) -> bytes:
    """Return a remaining length as it is written (MQTT 3.1.1, 2.2.3)."""
    written = b""
    while remaining >= 0x80:
        written += bytes([remaining & 0x7F | 0x80])
        remaining >>= 7
    return written + bytes([remaining])


DISCONNECT = encode(Disconnect(), version="3.1.1")


def encode_connect(username: str | None = None, will: LastWill | None = None) -> bytes:
    """Return the CONNECT of a client without keep-alive."""
    last = (
        None if will is None else Will(topic=will.topic, payload=will.payload, qos=QoS.AT_MOST_ONCE, retain=will.retain)
    )
    packet = Connect(client_id="", clean_session=True, keepalive=0, username=username, will=last)
    return encode(packet, version="3.1.1")


def encode_outbound(packet: packets.OutboundPacket) -> bytes:
    """Return what a client sends, as bytes."""
    match packet:
        case packets.Publish(topic, payload, qos, retain, packet_id):
            message = Publish(
                topic=topic, payload=payload, qos=QoS(qos), retain=retain, dup=False, packet_id=packet_id or None
            )
            return encode(message, version="3.1.1")
        case packets.Subscribe(topics, packet_id):
            wishes = tuple(SubscriptionRequest(topic_filter=topic, qos=QoS.AT_MOST_ONCE) for topic in topics)
            return encode(CodecSubscribe(packet_id=packet_id, subscriptions=wishes), version="3.1.1")
        case packets.Unsubscribe(topic, packet_id):
            return encode(Unsubscribe(packet_id=packet_id, topic_filters=(topic,)), version="3.1.1")


def inbound(packet: AnyPacket) -> packets.InboundPacket | None:
    """Return what a client receives, as a client's session takes it; None: a packet that is not for it."""
    match packet:
        case ConnAck():
            return packets.Connack(packet.return_code)
        case Publish():
            return packets.Delivery(packet.topic, packet.payload)
        case PubAck():
            return packets.Puback(packet.packet_id)
        case SubAck():
            return packets.Suback(packet.packet_id, packet.return_codes)
        case UnsubAck():
            return packets.Unsuback(packet.packet_id)
        case _:
            return None
