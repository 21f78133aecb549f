"""MQTT 3.1.1 as bytes, for what comes and goes in numbers: a PUBLISH of QoS 0 and a PUBACK in, a PUBLISH out."""

from __future__ import annotations

from struct import Struct
from typing import Final

from emitter_typed._protocol.packets import Delivery, InboundPacket, Puback, Publish, new_packet

_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_MAX_TOPICS: Final = 4096
_MAX_TOPIC_BYTES: Final = 256

_short_header: Final = Struct(">BBH").pack


class PacketTooLarge(Exception):
    """A packet is announced that is larger than a packet may be."""

    def __init__(self, size_bytes: int, max_packet_bytes: int) -> None:
        """Say how large it is, and the bound."""
        super().__init__(
            f"the broker announced a packet of {size_bytes} bytes, and max_packet_bytes is {max_packet_bytes}"
        )


class Frames:
    """Cuts what arrives into packets, however it was cut on its way."""

    def __init__(self, max_packet_bytes: int) -> None:
        """Begin at the border of two packets; none may have a larger remaining length."""
        self._max_packet_bytes = max_packet_bytes
        self._data = b""
        self._at = 0
        self._later = bytearray()
        self._wanted = 0
        self._topics: dict[bytes, str] = {}

    def feed(self, data: bytes) -> None:
        """Take in what arrived; `take` has been called until it gave None."""
        if self._later:
            # A large packet comes in many pieces: it is put together once.
            self._later += data
            if len(self._later) < self._wanted:
                return
            data = bytes(self._later)
            self._later.clear()
        self._data = data
        self._at = 0

    def begins_with(self, kind: int) -> bool:
        """Tell whether what was fed last is, or goes on with, a packet that begins with this byte."""
        return (self._data[self._at : self._at + 1] or self._later[:1]) == bytes((kind,))

    def rest(self) -> bytes:
        """Return what is left: the beginning of a packet, or nothing."""
        return bytes(self._later)

    def take(self, into: list[InboundPacket], *, known: bool) -> bytes | None:
        """Take packets out, up to the first one that is of another kind or broken.

        Args:
            into: Gets the packets.
            known: Whether to decode those that are known here; if not, every packet counts as of another kind.

        Returns:
            That packet as it came; None if nothing whole is left.

        Raises:
            PacketTooLarge: One is announced that is larger than it may be.
        """
        data, start = self._data, self._at
        topics, max_packet_bytes = self._topics, self._max_packet_bytes
        end = len(data)
        while True:
            # The fixed header: a byte for the kind, and the size in one to four (MQTT 3.1.1, 2.2).
            body, size = start + 2, 0
            if body > end:
                break
            size = data[start + 1]
            if size & 0x80:
                size &= 0x7F
                for place in (7, 14, 21):
                    if body >= end:
                        break
                    byte = data[body]
                    body += 1
                    size |= (byte & 0x7F) << place
                    if byte < 0x80:
                        break
                else:
                    return self._give(start, end)
                if data[body - 1] & 0x80:
                    size = 0
                    break
            stop = body + size
            if size > max_packet_bytes:
                raise PacketTooLarge(size, max_packet_bytes)
            if stop > end:
                break
            kind = data[start]
            # Whether it is a repetition or a retained one, it is delivered alike.
            if known and kind & 0xF6 == _PUBLISH and size > 2:
                begin = body + 2
                border = begin + (data[body] << 8 | data[body + 1])
                if begin == border or border > stop:
                    return self._give(start, stop)
                raw = data[begin:border]
                topic = topics.get(raw)
                if topic is None:
                    topic = self._topic(raw)
                if topic is None:
                    return self._give(start, stop)
                into.append(new_packet(Delivery, (topic, data[border:stop])))
            elif known and kind == _PUBACK and size == 2:
                into.append(new_packet(Puback, (data[body] << 8 | data[body + 1],)))
            else:
                return self._give(start, stop)
            start = stop
        if start < end:
            # If not, the packet that waits for its other pieces is still the same.
            self._later += data[start:]
            self._wanted = body + size - start
        self._data, self._at = b"", 0
        return None

    def _give(self, start: int, stop: int) -> bytes:
        self._at = stop
        return self._data[start:stop]

    def _topic(self, raw: bytes) -> str | None:
        """Return a topic that was not seen before as a text, or None if it is none."""
        try:
            topic = raw.decode()
        except UnicodeDecodeError:
            return None
        if len(raw) <= _MAX_TOPIC_BYTES:
            if len(self._topics) >= _MAX_TOPICS:
                self._topics.clear()
            self._topics[raw] = topic
        return topic


def is_qos0(frame: bytes) -> bool:
    """Tell whether a frame is a PUBLISH of QoS 0."""
    return frame[0] & 0xF6 == _PUBLISH


def publish_frame(packet: Publish) -> bytes:
    """Return a PUBLISH as it is sent (MQTT 3.1.1, 3.3)."""
    topic, payload, qos, retain, packet_id = packet
    name = topic.encode()
    number = packet_id.to_bytes(2, "big") if qos else b""
    size = 2 + len(name) + len(number) + len(payload)
    kind = _PUBLISH | qos << 1 | retain
    if size < 0x80:
        return _short_header(kind, size, len(name)) + name + number + payload
    header = bytearray((kind,))
    while size > 0x7F:
        header.append(size & 0x7F | 0x80)
        size >>= 7
    header.append(size)
    return b"".join((header, len(name).to_bytes(2, "big"), name, number, payload))
