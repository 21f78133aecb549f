"""MQTT 3.1.1 packets, written and read for the replayer alone.

It shares no code with the client's or the broker's codec: a fault that both had would not show.
Fields are named as MQTT names them and as the recordings write them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Literal

from attrs import frozen

PINGREQ = b"\xc0\x00"


@frozen
class Will:
    topic: str
    payload: bytes


@frozen
class Sent:
    """A packet to send, with its placeholders filled in."""

    type: str
    id: int = 0
    qos: int = 0
    retain: bool = False
    topic: str = ""
    payload: bytes = b""
    filters: tuple[tuple[str, int], ...] = ()
    client_id: str = ""
    clean: bool = True
    keepalive: int = 0
    username: str | None = None
    will: Will | None = None


def encode(packet: Sent) -> bytes:
    """Return the bytes of a packet."""
    match packet.type:
        case "CONNECT":
            return _framed(0x10, _connect(packet))
        case "PUBLISH":
            first = 0x30 | packet.qos << 1 | packet.retain
            identifier = _u16(packet.id) if packet.qos else b""
            return _framed(first, _text(packet.topic) + identifier + packet.payload)
        case "SUBSCRIBE":
            filters = b"".join(_text(topic) + bytes([qos]) for topic, qos in packet.filters)
            return _framed(0x82, _u16(packet.id) + filters)
        case "UNSUBSCRIBE":
            filters = b"".join(_text(topic) for topic, _ in packet.filters)
            return _framed(0xA2, _u16(packet.id) + filters)
        case "PINGREQ":
            return PINGREQ
        case "DISCONNECT":
            return b"\xe0\x00"
        case other:
            raise ValueError(f"the replayer cannot send {other}")


def _connect(packet: Sent) -> bytes:
    flags = 0x02 if packet.clean else 0
    payload = _text(packet.client_id)
    if packet.will is not None:
        flags |= 0x04
        payload += _text(packet.will.topic) + _u16(len(packet.will.payload)) + packet.will.payload
    if packet.username is not None:
        flags |= 0x80
        payload += _text(packet.username)
    return _text("MQTT") + bytes([4, flags]) + _u16(packet.keepalive) + payload


def _u16(number: int) -> bytes:
    return struct.pack(">H", number)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _u16(len(encoded)) + encoded


def _framed(first: int, body: bytes) -> bytes:
    length, header = len(body), bytearray([first])
    while True:
        length, low = divmod(length, 128)
        header.append(low | (0x80 if length else 0))
        if not length:
            return bytes(header) + body


Received = Mapping[str, object]
"""A packet that came; a PUBLISH holds its payload as bytes under `payload`."""

CLOSED: Received = {"type": "CLOSED"}

_ID_ONLY: dict[int, Literal["PUBACK", "UNSUBACK"]] = {4: "PUBACK", 11: "UNSUBACK"}


def decode_all(buffer: bytearray) -> list[Received]:
    """Take the complete packets off the front of a buffer."""
    packets: list[Received] = []
    while (framed := _first(buffer)) is not None:
        body_at, end = framed
        packets.append(_decode(buffer[0], bytes(buffer[body_at:end])))
        del buffer[:end]
    return packets


def _first(buffer: bytearray) -> tuple[int, int] | None:
    length = 0
    for place, byte in enumerate(buffer[1:5]):
        length += (byte & 0x7F) << 7 * place
        if byte < 0x80:
            body_at = place + 2
            return (body_at, body_at + length) if len(buffer) >= body_at + length else None
    return None


def _decode(first: int, body: bytes) -> Received:
    kind = first >> 4
    if kind == 3:
        topic_bytes = int.from_bytes(body[:2], "big")
        qos = first >> 1 & 3
        rest = body[2 + topic_bytes :]
        packet: dict[str, object] = {
            "type": "PUBLISH",
            "topic": body[2 : 2 + topic_bytes].decode(),
            "qos": qos,
            "retain": bool(first & 1),
        }
        if qos:
            packet["id"] = int.from_bytes(rest[:2], "big")
            rest = rest[2:]
        return {**packet, "payload": rest}
    assert first & 0x0F == 0, f"the flags of packet type {kind} are not 0 (MQTT 3.1.1, 2.2.2)"
    match kind:
        case 2:
            return {"type": "CONNACK", "session_present": bool(body[0] & 1), "return_code": body[1]}
        case 4 | 11:
            assert len(body) == 2
            return {"type": _ID_ONLY[kind], "id": int.from_bytes(body, "big")}
        case 9:
            return {"type": "SUBACK", "id": int.from_bytes(body[:2], "big"), "return_codes": list(body[2:])}
        case 13:
            assert not body
            return {"type": "PINGRESP"}
        case _:
            raise AssertionError(f"a broker does not send packet type {kind}")
