"""Packets come out of what arrived as they went in, however it was cut."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emitter_typed._broker.wire import encode_outbound, encode_publish
from emitter_typed._protocol.packets import Delivery, InboundPacket, Puback, Publish
from emitter_typed._transport.frames import Frames, PacketTooLarge, publish_frame

TOPICS = st.text(min_size=1, max_size=300).filter(lambda topic: topic.isprintable() and not {"#", "+"} & set(topic))
PAYLOADS = st.binary(max_size=20_000) | st.binary(max_size=5)
SUBACK = b"\x90\x03\x00\x07\x00"


def delivery(topic: str, payload: bytes) -> tuple[bytes, InboundPacket]:
    raw = encode_publish(topic, payload)
    assert raw is not None
    return raw, Delivery(topic, payload)


PACKETS = st.lists(
    st.builds(delivery, TOPICS, PAYLOADS)
    | st.integers(0, 65_535).map(lambda number: (b"\x40\x02" + number.to_bytes(2, "big"), Puback(number)))
    | st.just((SUBACK, None)),
    max_size=8,
)

# What a packet of MQTT may have at most (MQTT 3.1.1, 2.2.3).
LARGEST = 268_435_455


@given(packets=PACKETS, sizes=st.lists(st.integers(1, 40_000), min_size=1))
def test_packets_are_told_apart_wherever_they_were_cut(
    packets: list[tuple[bytes, InboundPacket | None]], sizes: list[int]
) -> None:
    stream = b"".join(raw for raw, _ in packets)
    frames = Frames(LARGEST)
    found: list[InboundPacket | bytes] = []
    while stream:
        frames.feed(stream[: sizes[0]])
        stream, sizes = stream[sizes[0] :], [*sizes[1:], sizes[0]]
        into: list[InboundPacket] = []
        while (other := frames.take(into, known=True)) is not None:
            found += [*into, other]
            into = []
        found += into
    assert found == [raw if packet is None else packet for raw, packet in packets]
    assert frames.rest() == b""


@given(data=st.binary(max_size=200), size=st.integers(1, 50))
@example(data=b"\xff" * 64, size=7)
@example(data=b"\x30\x02\x00\x00", size=4)
@example(data=b"\x30\x05\x00\x09abc", size=7)
@example(data=b"\x30\x04\x00\x02\xff\xff", size=6)
@example(data=b"\x40\x03\x00\x00\x00", size=5)
def test_no_byte_is_lost_or_made_up(data: bytes, size: int) -> None:
    frames = Frames(LARGEST)
    found = b""
    for start in range(0, len(data), size):
        frames.feed(data[start : start + size])
        into: list[InboundPacket] = []
        while (other := frames.take(into, known=False)) is not None:
            assert other
            found += other
        assert not into
    assert found + frames.rest() == data


@given(topic=TOPICS, payload=PAYLOADS, qos=st.sampled_from([0, 1]), retain=st.booleans(), number=st.integers(1, 65_535))
def test_a_publish_is_written_as_another_codec_writes_it(
    topic: str, payload: bytes, qos: int, retain: bool, number: int
) -> None:
    packet = Publish(topic, payload, qos, retain, number if qos else 0)
    assert publish_frame(packet) == encode_outbound(packet)


def test_what_is_broken_is_handed_on_whole() -> None:
    broken = [b"\x30\x02\x00\x00", b"\x30\x05\x00\x09abc", b"\x30\x04\x00\x02\xff\xff", b"\x40\x03\x00\x00\x00"]
    for packet in broken:
        frames = Frames(LARGEST)
        frames.feed(packet + b"\x40\x02\x00\x01")
        into: list[InboundPacket] = []
        assert frames.take(into, known=True) == packet
        assert frames.take(into, known=True) is None
        assert into == [Puback(1)]


def test_topics_that_are_remembered_are_bounded() -> None:
    frames = Frames(LARGEST)
    into: list[InboundPacket] = []
    for number in range(10_000):
        raw, _ = delivery(f"a/{number}/", b"")
        frames.feed(raw)
        assert frames.take(into, known=True) is None
    assert [packet.topic for packet in into if isinstance(packet, Delivery)] == [f"a/{n}/" for n in range(10_000)]
    assert len(frames._topics) <= 4096  # pyright: ignore[reportPrivateUsage]  # nothing public shows it


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kind", [b"\x30", b"\x90"])
def test_a_packet_that_is_too_large_is_refused_once_its_size_is_known(kind: bytes, known: bool) -> None:
    frames = Frames(1_024)
    frames.feed(b"\x40\x02\x00\x01" + kind + b"\x81\x08")
    into: list[InboundPacket] = []

    before = b"" if known else frames.take(into, known=known)

    with pytest.raises(PacketTooLarge, match="1025 bytes, and max_packet_bytes is 1024"):
        frames.take(into, known=known)
    assert (into, before) == (([Puback(1)], b"") if known else ([], b"\x40\x02\x00\x01"))


def test_a_packet_of_just_the_bound_is_taken() -> None:
    frames = Frames(1_024)
    frames.feed(b"\x30\x80\x08" + b"\x00\x01a" + b"x" * 1_021)
    into: list[InboundPacket] = []

    assert frames.take(into, known=True) is None
    assert into == [Delivery("a", b"x" * 1_021)]


def test_a_large_packet_is_put_together_once_however_many_pieces_it_comes_in() -> None:
    payload = b"x" * 2_000_000
    raw = publish_frame(Publish("chat/", payload, 0, False, 0))
    pieces = [raw[at : at + 10_000] for at in range(0, len(raw), 10_000)]
    frames = Frames(LARGEST)
    arrived: list[InboundPacket] = []

    tracemalloc.start()
    try:
        copied = 0
        for piece in pieces:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            frames.feed(piece)
            assert frames.take(arrived, known=True) is None
            copied += tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

    assert arrived == [Delivery("chat/", payload)]
    # Each piece that is copied along with all that came before would make 200 MB of it.
    assert copied < 10 * len(raw)
