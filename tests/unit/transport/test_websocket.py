"""MQTT in WebSocket frames: what the other end reads, what is read of its frames, and which of them are not for us."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed._transport.websocket import WebSocket
from tests.helpers.listeners import LIMIT_S, exactly

BINARY, CLOSE, PING, PONG = 0x2, 0x8, 0x9, 0xA


def frame(code: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A frame as a server sends it (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        length = bytes((size,))
    elif size < 65_536:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes((0x80 * fin | code,)) + length + payload


def read_frame(peer: socket.socket) -> tuple[int, bytes]:
    """Read a frame as a client sends it."""
    code, size = exactly(peer, 2)
    assert size & 0x80, "a client masks"
    size &= 0x7F
    if size == 126:
        size = int.from_bytes(exactly(peer, 2), "big")
        assert size > 125, "a length is as short as it can be"
    elif size == 127:
        size = int.from_bytes(exactly(peer, 8), "big")
        assert size > 65_535, "a length is as short as it can be"
    mask = exactly(peer, 4)
    return code & 0xF, bytes(byte ^ mask[place % 4] for place, byte in enumerate(exactly(peer, size)))


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our socket, and the server's."""
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.setblocking(False)
        peer.settimeout(LIMIT_S)
        yield ours, peer


def read_all(web: WebSocket) -> bytes:
    data = b""
    while True:
        try:
            part = web.recv(65_536)
        except BlockingIOError:
            return data
        if not part:
            return data
        data += part


@pytest.mark.parametrize("size", [0, 1, 124, 125, 126, 127, 65_535, 65_536, 70_000])
def test_payloads_around_every_border_of_the_length_travel_both_ways(
    pair: tuple[socket.socket, socket.socket], size: int
) -> None:
    ours, peer = pair
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    web = WebSocket(ours, b"")
    assert web.send(payload) == size
    assert read_frame(peer) == (BINARY, payload)
    peer.sendall(frame(BINARY, payload))
    assert read_all(web) == payload


@given(
    payloads=st.lists(st.binary(max_size=300), max_size=8),
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=8),
    first=st.integers(0, 20),
)
def test_frames_are_told_apart_wherever_they_were_cut(payloads: list[bytes], sizes: list[int], first: int) -> None:
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.setblocking(False)
        stream = b"".join(frame(BINARY if number % 2 else 0, each) for number, each in enumerate(payloads))
        web = WebSocket(ours, stream[:first])
        read, at, turn = read_all(web), first, 0
        while at < len(stream):
            peer.sendall(stream[at : at + sizes[turn % len(sizes)]])
            at += sizes[turn % len(sizes)]
            turn += 1
            read += read_all(web)
        assert read == b"".join(payloads)


def test_a_ping_is_answered_and_is_no_payload(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = pair
    web = WebSocket(ours, b"")
    peer.sendall(frame(PING, b"are you there?") + frame(PONG, b"") + frame(BINARY, b"x"))
    assert read_all(web) == b"x"
    assert read_frame(peer) == (PONG, b"are you there?")


def test_a_close_is_answered_after_what_came_before_it_was_read(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = pair
    web = WebSocket(ours, frame(BINARY, b"last") + frame(CLOSE, b"\x03\xe8") + frame(BINARY, b"too late"))
    assert web.recv(100) == b"last"
    assert web.recv(100) == b""
    assert read_frame(peer) == (CLOSE, b"\x03\xe8")


@pytest.mark.parametrize(
    "raw",
    [
        frame(0x1, b"a text"),
        b"\x82\x81\x00\x00\x00\x00x",
        b"\xc2\x01x",
        frame(0x3, b""),
        frame(PING, b"x" * 126),
        frame(PING, b"x", fin=False),
    ],
    ids=["text", "masked", "compressed", "unknown", "long-ping", "cut-ping"],
)
def test_a_frame_that_no_mqtt_server_sends_ends_the_connection(
    pair: tuple[socket.socket, socket.socket], raw: bytes
) -> None:
    ours, peer = pair
    web = WebSocket(ours, b"")
    peer.sendall(raw)
    with pytest.raises(ConnectionError):
        web.recv(100)


def test_a_frame_of_any_size_may_be_announced_and_takes_no_memory(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = pair
    web = WebSocket(ours, b"")
    peer.sendall(b"\x82\x7f" + (2**62).to_bytes(8, "big") + b"begun")
    assert web.recv(100) == b"begun"
    with pytest.raises(BlockingIOError):
        web.recv(100)


def test_what_the_socket_takes_in_parts_is_one_frame_and_answers_wait_behind_it(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, peer = pair
    web = WebSocket(ours, b"")
    payload = b"y" * 4_000_000
    with pytest.raises(BlockingIOError):
        web.send(payload)
    peer.sendall(frame(PING, b"?"))
    with pytest.raises(BlockingIOError):
        web.recv(100)
    received = b""
    while True:
        received += peer.recv(1_000_000)
        try:
            sent = web.send(payload)
        except BlockingIOError:
            continue
        break
    assert sent == len(payload)
    ours.close()
    while part := peer.recv(1_000_000):
        received += part
    size, mask = int.from_bytes(received[2:10], "big"), received[10:14]
    assert (received[0], size) == (0x82, len(payload))
    assert received[14:18] == bytes(byte ^ mask[place] for place, byte in enumerate(b"yyyy"))
    assert received[14 + size] == 0x80 | PONG


def test_what_was_parsed_and_not_read_is_pending(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, peer = pair
    web = WebSocket(ours, b"")
    peer.sendall(frame(BINARY, b"abc"))
    assert web.pending() == 0
    assert web.recv(1) == b"a"
    assert web.pending() == 2
