from __future__ import annotations

import pytest

from emitter_typed._broker import wire
from tests.helpers.packets import Sent, Will, encode

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
        b"\x82\x01\x00",
        b"\x82\x05\x00\x01\x00\x09a",
        b"\x10\x00",
        b"\x10\x02\x00\x04",
        b"\x10\x07\x00\x04MQTT\x04",
        b"\x10\x0c\x00\x04MQTT\x04\x04\x00\x00\x00\x00",
        b"\x10\x0f\x00\x04MQTT\x04\x82\x00\x00\x00\x01a\x00\x09",
    ],
    ids=bytes.hex,
)
def test_every_kind_of_malformed_input_is_one_error(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        list(wire.Decoder().feed(data))


def connect_body(protocol: bytes, *, flags: int = 0x82, fields: bytes = b"\x00\x01a\x00\x03ann") -> bytes:
    body = protocol + bytes([flags]) + b"\x00\x3c" + fields
    return b"\x10" + bytes([len(body)]) + body


@pytest.mark.parametrize(
    "packet",
    [
        connect_body(b"\x00\x04MQTT\x04"),
        connect_body(b"\x00\x06MQIsdp\x03"),
        connect_body(b"\x00\x04MQTT\x09"),
        connect_body(b"\x00\x02\xff\xfe\x00"),
    ],
    ids=["3.1.1", "3.1", "unknown level", "unknown name"],
)
def test_neither_name_nor_level_of_the_protocol_matters(packet: bytes) -> None:
    (connect,) = wire.Decoder().feed(packet)
    assert isinstance(connect, wire.Connect)
    assert (connect.client_id, connect.username, connect.keepalive) == ("a", "ann", 60)


def test_a_connect_of_mqtt_5_is_read_as_one_of_3_1_1() -> None:
    # No properties, and a client id and a user name that are then in the wrong place.
    (connect,) = wire.Decoder().feed(connect_body(b"\x00\x04MQTT\x05", fields=b"\x00\x00\x00\x00\x03ann"))
    assert isinstance(connect, wire.Connect)
    assert (connect.client_id, connect.username) == ("", "")


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (0x03, b"\x00\x00"),
        (0x1A, b"\x00\x00"),
        (0x1E, b"\x00\x00\x00\x02k/\x00\x01x"),
        (0x42, b"\x00\x00\x00\x01p"),
        (0x02, b"\x00\x01\xff"),
        (0x02, b"\x00\x01aand more"),
    ],
    ids=["reserved flag", "qos of no will", "qos 3 of a will", "password alone", "no utf-8", "more than it says"],
)
def test_a_connect_is_read_leniently(flags: int, fields: bytes) -> None:
    (connect,) = wire.Decoder().feed(connect_body(b"\x00\x04MQTT\x04", flags=flags, fields=fields))
    assert isinstance(connect, wire.Connect)


@pytest.mark.parametrize("topic", [b"\xff\xfe", b"key/a\xff/"])
def test_a_topic_that_is_no_text_is_read_as_one_that_no_channel_can_be(topic: bytes) -> None:
    (publish,) = wire.Decoder().feed(bytes([0x30, 4 + len(topic), 0, len(topic)]) + topic + b"\xff\xfe")
    assert isinstance(publish, wire.Publish)
    assert publish.topic == topic.replace(b"\xff", b" ").replace(b"\xfe", b" ").decode()
    assert publish.payload == b"\xff\xfe"


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


@pytest.mark.parametrize("qos", [0, 2, 3, 255])
def test_a_subscribe_may_ask_for_any_qos(qos: int) -> None:
    (packet,) = wire.Decoder().feed(encode(Sent("SUBSCRIBE", id=7, filters=(("a/", qos), ("b/", 0)))))
    assert packet == wire.Subscribe(7, (("a/", qos), ("b/", 0)))


def test_qos_3_is_read_as_qos_2() -> None:
    two, three = (list(wire.Decoder().feed(encode(Sent("PUBLISH", topic="a", id=7, qos=qos)))) for qos in (2, 3))
    assert two == three


def test_a_filter_that_is_no_text_is_read_as_one_that_is_none() -> None:
    (packet,) = wire.Decoder().feed(b"\xa2\x05\x00\x07\x00\x01\xff")
    assert isinstance(packet, wire.Unsubscribe)
    assert packet.topic_filters == ("\ufffd",)


def test_a_subscribe_without_its_last_qos_is_no_packet() -> None:
    with pytest.raises(wire.WireError):
        list(wire.Decoder().feed(b"\x82\x05\x00\x07\x00\x01a"))


@pytest.mark.parametrize("payload_bytes", [0, 1, 122, 123, 124, 16_378, 16_379, 16_380, 65_531])
def test_a_message_is_written_as_it_is_read(payload_bytes: int) -> None:
    payload = b"x" * payload_bytes
    packet = wire.encode_publish("ä/", payload)
    assert packet == encode(Sent("PUBLISH", topic="ä/", payload=payload))


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x00", b"\x18\x00", b"abcd"])
def test_a_packet_of_the_reserved_type_15_is_malformed_whatever_it_holds(body: bytes) -> None:
    for flags in range(16):
        with pytest.raises(wire.WireError):
            list(wire.Decoder().feed(bytes([0xF0 | flags, len(body)]) + body))


@pytest.mark.parametrize("kind", [0xC0, 0xD0])
def test_what_a_ping_holds_is_the_next_packet(kind: int) -> None:
    """To Emitter a ping ends with its header (measured)."""
    [ping, inside] = wire.Decoder().feed(bytes([kind, len(PING)]) + PING)
    assert type(ping) is type(next(wire.Decoder().feed(bytes([kind, 0]))))
    assert isinstance(inside, wire.PingReq)
