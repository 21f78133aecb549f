"""Every way to a broker carries packets alike, with and without the short ways past paho, and says why it failed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import pytest

from emitter_typed import Client, InvalidArgument
from emitter_typed._protocol.packets import (
    Connack,
    Delivery,
    InboundPacket,
    OutboundPacket,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emitter_typed._transport import Endpoint, make_transport, parse_proxy
from emitter_typed._transport.base import WritingTransport
from emitter_typed._transport.paho_mqtt import direct
from emitter_typed.broker import Broker
from emitter_typed.errors import ConnectionLost, ConnectionRefused
from tests.helpers.certificates import client_context, server_context
from tests.helpers.listeners import LIMIT_S, Notes, listener, read_packet
from tests.unit.transport.socks_proxy import socks_proxy


@pytest.fixture(params=["short", "public"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways through paho: the short ones, and the public ones of a paho that nobody knows."""
    if request.param == "public":
        monkeypatch.setattr(direct, "_KNOWN", ())
    return str(request.param)


@pytest.fixture
def secure_broker() -> Iterator[Broker]:
    """A broker that speaks everything on its port."""
    with Broker(tls=server_context()) as running:
        yield running


def end_of(endpoint: Endpoint) -> ConnectionRefused:
    """Try to connect, and return why that failed."""
    notes = Notes()
    transport = make_transport(endpoint)
    transport.start(notes)
    error = notes.end()
    assert transport.join(LIMIT_S)
    assert isinstance(error, ConnectionRefused)
    return error


def to(port: int, **more: object) -> Endpoint:
    return Endpoint(host="127.0.0.1", port=port, connect_timeout_s=LIMIT_S, **more)  # type: ignore[arg-type]  # of an Endpoint


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("path", [None, "/", "/mqtt"], ids=["tcp", "websocket", "path"])
@pytest.mark.parametrize("by", ["reactor", "caller"])
def test_packets_of_every_kind_and_size_travel(secure_broker: Broker, tls: bool, path: str | None, by: str) -> None:
    notes = Notes()
    transport = make_transport(to(secure_broker.port, tls=client_context() if tls else None, websocket_path=path))
    transport.start(notes)
    assert notes.next() == Connack(0)
    key = secure_broker.keygen("a/#/", "rw").reveal()

    def send(packet: OutboundPacket) -> None:
        if by == "reactor":
            transport.send(packet)
        else:
            assert isinstance(transport, WritingTransport)
            transport.queue(packet)
            transport.write()

    def answer(packet: OutboundPacket) -> InboundPacket:
        send(packet)
        return notes.next()

    assert answer(Subscribe((f"{key}/a/", f"{key}/a/b/"), 7)) == Suback(7, (0, 0))
    for size in (0, 1, 125, 126, 127, 60_000):
        payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
        assert answer(Publish(f"{key}/a/", payload, 1, False, size + 1)) == Delivery("a/", payload)
        assert notes.next() == Puback(size + 1)
    for number in range(500):
        send(Publish(f"{key}/a/", b"%d" % number, 0, False, 0))
    assert [notes.next() for _ in range(500)] == [Delivery("a/", b"%d" % number) for number in range(500)]
    assert answer(Unsubscribe(f"{key}/a/", 9)) == Unsuback(9)
    transport.close()
    assert notes.end() is None
    assert transport.join(LIMIT_S)


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts", "ws", "wss"])
def test_a_client_goes_where_its_url_says(secure_broker: Broker, scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{secure_broker.port}"
    with Client.from_url(url, username="ann", tls=client_context(), timeout_s=LIMIT_S) as client:
        assert client.me().id


def test_what_the_broker_cuts_off_is_lost_over_websocket_too(broker: Broker) -> None:
    notes = Notes()
    transport = make_transport(to(broker.port, websocket_path="/"))
    transport.start(notes)
    assert notes.next() == Connack(0)
    broker.faults.drop_connections()
    assert isinstance(notes.end(), ConnectionLost)
    assert transport.join(LIMIT_S)


@pytest.mark.parametrize("path", [None, "/"], ids=["tcp", "websocket"])
def test_a_certificate_that_nobody_vouches_for_is_refused_for_good(secure_broker: Broker, path: str | None) -> None:
    error = end_of(to(secure_broker.port, tls=ssl.create_default_context(), websocket_path=path))
    assert error.permanent
    assert "certificate" in str(error)


def test_a_certificate_of_another_host_is_refused_for_good() -> None:
    with Broker(host="127.0.0.2", tls=server_context()) as elsewhere:
        error = end_of(Endpoint(host="127.0.0.2", port=elsewhere.port, tls=client_context(), connect_timeout_s=LIMIT_S))
    assert error.permanent
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)


def test_a_client_verifies_certificates_without_being_told_to() -> None:
    settings = Client()._driver.settings  # pyright: ignore[reportPrivateUsage]  # what it connects with
    context = settings.endpoint("localhost", 443, True, 30, None).tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", True),
        (b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: wrong\r\n\r\n", True),
        (b"SSH-2.0-OpenSSH_9\r\n", True),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", False),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"", False),
    ],
    ids=["page", "forbidden", "wrong", "ssh", "gateway", "unavailable", "nothing"],
)
def test_a_refused_websocket_says_whether_to_try_again(answer: bytes, permanent: bool) -> None:
    def serve(connection: socket.socket) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += connection.recv(4096)
        connection.sendall(answer)

    with listener(serve) as port:
        error = end_of(to(port, websocket_path="/"))
    assert error.permanent is permanent


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (b"\x20\x02\x00\x01", True),
        (b"\x20\x02\x00\x02", True),
        (b"\x20\x02\x00\x03", False),
        (b"\x20\x02\x00\x04", True),
        (b"\x20\x02\x00\x05", True),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True),
        (b"\x30\x05\x00\x03a/bx", True),
        (b"\xff" * 16, True),
        (b"\x20", False),
        (b"", False),
    ],
)
def test_an_answer_that_is_no_welcome_says_whether_to_try_again(answer: bytes, permanent: bool) -> None:
    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(answer)

    with listener(serve) as port:
        error = end_of(to(port))
    assert error.permanent is permanent


def test_tls_where_none_is_spoken_is_refused_for_good() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listener(serve) as port:
        assert end_of(to(port, tls=ssl.create_default_context())).permanent


def test_where_nothing_listens_another_attempt_may_succeed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not end_of(to(port)).permanent


def test_a_name_that_is_unknown_may_be_known_later() -> None:
    assert not end_of(Endpoint(host="broker.invalid", port=1, connect_timeout_s=LIMIT_S)).permanent


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts", "wss"])
def test_a_proxy_is_asked_for_the_broker_by_name(secure_broker: Broker, scheme: str) -> None:
    with socks_proxy(password="secret") as proxy:
        client = Client.from_url(
            f"{scheme}://localhost:{secure_broker.port}",
            proxy=f"socks5://ann:secret@127.0.0.1:{proxy.port}",
            tls=client_context(),
            timeout_s=LIMIT_S,
        )
        with client:
            assert client.me().id
    assert (proxy.username, proxy.target) == ("ann", ("localhost", secure_broker.port))


def test_a_wrong_password_of_a_proxy_is_refused() -> None:
    with socks_proxy(password="secret") as proxy:
        error = end_of(to(1, proxy=parse_proxy(f"socks5://ann:wrong@127.0.0.1:{proxy.port}")))
    assert "wrong" not in str(error)


@pytest.mark.parametrize(
    "url", ["", "localhost:1080", "ftp://hunter2", "socks5://", "http://ann:hunter2@h/x", "http://h:0"]
)
def test_what_is_no_proxy_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Client(proxy=url)
    assert caught.value.argument == "proxy"
    assert "hunter2" not in f"{caught.value!r} {caught.value.value!r}"
