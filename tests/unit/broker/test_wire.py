from __future__ import annotations

import pytest

from emitter_typed.broker import wire
from tests.conformance.packets import Sent, Will, encode

PING = encode(Sent("PINGREQ"))


def publish(payload_bytes: int) -> bytes:
    """Return a PUBLISH of so many bytes of remaining length."""
    return encode(Sent("PUBLISH", topic="t", payload=b"x" * (payload_bytes - 3)))


def test_packets_come_out_however_their_bytes_are_cut() -> None:
    stream = encode(Sent("CONNECT", client_id="a")) + publish(300) + PING
    decoder = wire.Decoder()
    one_by_one = [packet for byte in stream for packet in decoder.feed(bytes([byte]))]
    assert one_by_one == list(wire.Decoder().feed(stream))
    assert [type(packet).__name__ for packet in one_by_one] == ["Connect", "Publish", "PingReq"]


def test_what_follows_a_packet_stays_when_the_reader_stops_early() -> None:
    decoder = wire.Decoder()
    assert isinstance(next(decoder.feed(publish(10) + PING)), wire.Publish)
    assert [type(packet).__name__ for packet in decoder.feed(b"")] == ["PingReq"]


def test_the_limit_is_65536_bytes_of_remaining_length() -> None:
    assert len(list(wire.Decoder().feed(publish(65_536)))) == 1
    with pytest.raises(wire.WireError, match="65537"):
        list(wire.Decoder().feed(publish(65_537)))


def test_a_packet_over_the_limit_is_refused_by_its_header_alone() -> None:
    with pytest.raises(wire.WireError):
        list(wire.Decoder().feed(publish(65_537)[:5]))


def test_packets_before_a_malformed_one_are_read() -> None:
    packets = wire.Decoder().feed(PING + b"\x30\x02\x00\x09")
    assert isinstance(next(packets), wire.PingReq)
    with pytest.raises(wire.WireError):
        next(packets)


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\xff\xff\xff\xff",
        b"\x00\x00",
        b"\x30\x00",
        b"\x36\x03\x00\x01t",
        b"\x30\x04\x00\x02\xff\xfe",
        b"\x82\x01\x00",
        b"\x82\x05\x00\x01\x00\x09a",
        b"\x10\x00",
        b"\x10\x02\x00\x04",
        b"\x10\x07\x00\x04MQTT\x04",
        b"\x10\x0c\x00\x04MQTT\x04\x04\x00\x00\x00\x00",
    ],
    ids=bytes.hex,
)
def test_every_kind_of_malformed_input_is_one_error(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        list(wire.Decoder().feed(data))


def connect_body(protocol: bytes, *, after: bytes = b"") -> bytes:
    body = protocol + b"\x82\x00\x3c" + after + b"\x00\x01a\x00\x03ann"
    return b"\x10" + bytes([len(body)]) + body


@pytest.mark.parametrize(
    "packet",
    [
        connect_body(b"\x00\x04MQTT\x04"),
        connect_body(b"\x00\x06MQIsdp\x03"),
        connect_body(b"\x00\x04MQTT\x09"),
        connect_body(b"\x00\x04MQTT\x05", after=b"\x00"),
    ],
    ids=["3.1.1", "3.1", "unknown level", "5"],
)
def test_neither_name_nor_level_of_the_protocol_matters(packet: bytes) -> None:
    (connect,) = wire.Decoder().feed(packet)
    assert isinstance(connect, wire.Connect)
    assert (connect.client_id, connect.username, connect.keepalive) == ("a", "ann", 60)


def test_a_will_is_read_from_an_old_connect() -> None:
    packet = encode(Sent("CONNECT", will=Will("key/a/", b"gone"))).replace(b"\x00\x04MQTT\x04", b"\x00\x06MQIsdp\x03")
    (connect,) = wire.Decoder().feed(packet[:1] + bytes([len(packet) - 2]) + packet[2:])
    assert isinstance(connect, wire.Connect)
    assert connect.will is not None
    assert (connect.will.topic, connect.will.payload) == ("key/a/", b"gone")


def test_a_publish_that_does_not_fit_a_packet_is_not_encoded() -> None:
    assert wire.encode_publish("a/", b"x" * (65_536 - 4)) is not None
    assert wire.encode_publish("a/", b"x" * (65_536 - 3)) is None
    assert wire.encode_publish("a" * 70_000, b"") is None


def test_answers_are_the_bytes_that_mqtt_prescribes() -> None:
    assert wire.encode_connack() == b"\x20\x02\x00\x00"
    assert wire.encode_puback(258) == b"\x40\x02\x01\x02"
    assert wire.encode_suback(1, [0, 2, 0x80]) == b"\x90\x05\x00\x01\x00\x02\x80"
    assert wire.encode_suback(1, []) == b"\x90\x02\x00\x01"
    assert wire.encode_unsuback(1) == b"\xb0\x02\x00\x01"
    assert wire.PINGRESP == b"\xd0\x00"
    assert wire.encode_publish("a/", b"hi") == b"\x30\x06\x00\x02a/hi"
