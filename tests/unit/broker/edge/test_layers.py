"""What MQTT is wrapped in is taken off and put on, however the bytes are cut. No socket, no broker."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence

import pytest

from emitter_typed._broker.edge.layers import Layer, Plain
from emitter_typed._broker.edge.sockets import layer_for
from emitter_typed._broker.edge.tls import Tls
from emitter_typed._broker.edge.websocket import WebSocket
from tests.helpers.certificates import client_context, server_context

BINARY, TEXT, CONTINUATION, CLOSE, PING, PONG = 2, 1, 0, 8, 9, 10


def request(path: str = "/", *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def handshake(path: str = "/", *protocols: str) -> bytes:
    return request(
        path,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        *(f"Sec-WebSocket-Protocol: {each}" for each in protocols),
    )


def framed(payload: bytes, opcode: int = BINARY, *, final: bool = True) -> bytes:
    """Write a frame as a client does: masked (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes([(0x80 if final else 0) | opcode]) + length + mask + masked


def opened(*protocols: str) -> WebSocket:
    layer = WebSocket()
    assert layer.received(handshake("/", *protocols)) == b""
    assert layer.own().startswith(b"HTTP/1.1 101 ")
    return layer


def feed(layer: Layer, pieces: Sequence[bytes]) -> bytes:
    return b"".join(map(layer.received, pieces))


def one_by_one(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


@pytest.mark.parametrize(
    ("first", "tls", "kind"),
    [
        (b"\x10", True, Plain),
        (b"\xc0", False, Plain),
        (b"\x16", True, Tls),
        (b"\x16", False, Plain),
        (b"G", False, WebSocket),
        (b"P", True, WebSocket),
    ],
)
def test_the_first_byte_tells_what_is_spoken(first: bytes, tls: bool, kind: type) -> None:
    assert type(layer_for(first, server_context() if tls else None)) is kind


def test_plain_mqtt_passes_as_it_is() -> None:
    layer = Plain()
    assert layer.received(b"abc") == b"abc"
    assert layer.wrapped([b"a", b"bc"]) == b"abc"
    assert layer.own() == layer.farewell() == b""


# WebSocket


@pytest.mark.parametrize("path", ["/", "/mqtt", "/health", "/any/where?x=1"])
def test_any_path_is_websocket_where_the_client_asks_for_it(path: str) -> None:
    layer = WebSocket()
    layer.received(handshake(path))
    assert layer.own().startswith(b"HTTP/1.1 101 ")
    assert not layer.ended


@pytest.mark.parametrize(
    ("offered", "selected"),
    [
        ([], None),
        (["mqtt"], "mqtt"),
        (["mqttv3.1"], "mqttv3.1"),
        (["mqttv3"], "mqttv3"),
        (["mqtt, mqttv3.1"], "mqttv3.1"),
        (["mqttv3.1, mqtt"], "mqttv3.1"),
        (["mqtt, mqttv3"], "mqttv3"),
        (["foo, mqtt"], "mqtt"),
        (["foo"], None),
        (["MQTT"], None),
    ],
    ids=str,
)
def test_the_subprotocol_is_the_one_that_emitter_selects(offered: list[str], selected: str | None) -> None:
    layer = WebSocket()
    layer.received(handshake("/", *offered))
    answer = layer.own().decode()
    assert answer.startswith("HTTP/1.1 101 ")
    lines = [line for line in answer.splitlines() if line.lower().startswith("sec-websocket-protocol:")]
    assert lines == ([] if selected is None else [f"Sec-WebSocket-Protocol: {selected}"])


def test_frames_are_a_stream_of_bytes_text_or_binary_whole_or_in_pieces() -> None:
    data = (
        framed(b"ab")
        + framed(b"cd", TEXT)
        + framed(b"e", final=False)
        + framed(b"f", CONTINUATION, final=False)
        + framed(b"", CONTINUATION)
        + framed(b"g" * 70_000)
    )
    expected = b"abcdef" + b"g" * 70_000
    assert opened().received(data) == expected
    assert feed(opened(), [*one_by_one(data[:40]), data[40:]]) == expected


def test_the_handshake_may_come_byte_by_byte_and_be_followed_at_once() -> None:
    layer = WebSocket()
    assert feed(layer, one_by_one(handshake() + framed(b"ab"))) == b"ab"
    assert layer.own().startswith(b"HTTP/1.1 101 ")


def test_each_packet_is_sent_in_a_frame_of_its_own() -> None:
    assert opened().wrapped([b"ab", b"c"]) == b"\x82\x02ab\x82\x01c"


def test_a_ping_is_answered_and_a_pong_ignored() -> None:
    layer = opened()
    assert layer.received(framed(b"hello", PING) + framed(b"", PONG) + framed(b"x")) == b"x"
    assert layer.own() == b"\x8a\x05hello"


def test_a_closing_frame_is_answered_and_ends_it() -> None:
    layer = opened()
    assert layer.received(framed((1000).to_bytes(2, "big"), CLOSE)) == b""
    assert layer.own() == b"\x88\x02\x03\xe8"
    assert layer.ended
    assert layer.wrapped([b"late"]) == b""


def test_a_broker_that_stops_says_that_it_goes_away() -> None:
    assert opened().farewell() == b"\x88\x02\x03\xe9"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x82\x01a",
        framed(b"x", 3),
        framed(b"x", CONTINUATION),
        framed(b"x" * 200, PING),
        b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04",
    ],
    ids=["unmasked", "opcode", "continuation", "long-ping", "endless"],
)
def test_frames_that_break_the_rules_end_it_with_a_closing_frame(nonsense: bytes) -> None:
    layer = opened()
    assert layer.received(nonsense) == b""
    assert layer.own()[:1] == b"\x88"
    assert layer.ended
    assert layer.received(framed(b"more")) == b""


# HTTP


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/health", 200), ("/health?x", 200), ("/nothing", 404), ("/health/", 404)]
)
def test_a_plain_request_gets_a_page_and_its_connection_ends(path: str, status: int) -> None:
    layer = WebSocket()
    assert layer.received(request(path)) == b""
    answer = layer.own()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"embedded" in answer or b"MQTT" in answer
    assert layer.ended


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        request("/", "Upgrade: websocket"),
        handshake().replace(b"Version: 13", b"Version: 8"),
        b"A" * 20_000,
    ],
    ids=["line", "header", "half", "version", "endless"],
)
def test_what_is_no_request_ends_it(nonsense: bytes) -> None:
    layer = WebSocket()
    assert layer.received(nonsense) == b""
    assert not layer.own().startswith(b"HTTP/1.1 101 ")
    assert layer.ended


# TLS


class TlsClient:
    """A client's side of TLS, without a socket."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def greet(self, layer: Layer) -> bytes:
        """Go through the handshake, and return what the layer found in it."""
        found = b""
        for _ in range(5):
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            found += feed(layer, one_by_one(self.outgoing.read()))
            self.incoming.write(layer.own())
        return found


def test_mqtt_and_websocket_are_found_in_tls_byte_by_byte() -> None:
    for said, found, answer in (
        (b"\x10\x00\xc0\x00", b"\x10\x00\xc0\x00", b"packet"),
        (handshake() + framed(b"ab"), b"ab", b"HTTP/1.1 101 Switching Protocols"),
    ):
        layer = Tls(server_context())
        client = TlsClient(client_context())
        assert client.greet(layer) == b""
        client.tls.write(said)
        assert feed(layer, one_by_one(client.outgoing.read())) == found
        client.incoming.write(layer.own() + layer.wrapped([b"packet"]))
        assert client.tls.read(1000).startswith(answer)


def test_a_page_comes_in_tls_before_the_connection_ends() -> None:
    layer = Tls(server_context())
    client = TlsClient(client_context())
    client.greet(layer)
    client.tls.write(request("/health"))
    layer.received(client.outgoing.read())
    client.incoming.write(layer.own())
    assert client.tls.read(1000).startswith(b"HTTP/1.1 200 ")
    assert layer.ended


def test_a_client_that_says_goodbye_ends_it() -> None:
    layer = Tls(server_context())
    client = TlsClient(client_context())
    client.greet(layer)
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert layer.received(client.outgoing.read()) == b""
    assert layer.ended


def test_a_broker_that_stops_says_goodbye() -> None:
    layer = Tls(server_context())
    client = TlsClient(client_context())
    client.greet(layer)
    client.incoming.write(layer.farewell())
    assert client.tls.read(1000) == b""


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x00\x05hello", b"\x16" + b"\xff" * 100], ids=["hello", "ff"])
def test_a_handshake_that_is_none_ends_it_with_an_alert_at_most(garbage: bytes) -> None:
    layer = Tls(server_context())
    assert layer.received(garbage) == b""
    assert layer.ended
    # Content type 21 is an alert (RFC 8446, 6).
    assert layer.own()[:1] in (b"", b"\x15")
    assert layer.wrapped([b"late"]) == b""
    assert layer.farewell() == b""


@pytest.mark.parametrize("second", [request(), request("/health"), handshake(), b"junk", b"G"])
def test_what_follows_the_request_for_a_page_goes_unread(second: bytes) -> None:
    layer = WebSocket()
    assert layer.received(request() + second) == b""
    page = layer.own()
    assert page.startswith(b"HTTP/1.1 200 ")
    assert page.count(b"HTTP/1.1") == 1
    assert layer.ended
    assert layer.received(second) == b""
    assert layer.own() == b""
