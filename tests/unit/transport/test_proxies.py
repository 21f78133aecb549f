"""Through proxies of each kind, and what is said of those that refuse or are none."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest

from emitter_typed import InvalidArgument
from emitter_typed._protocol.packets import Connack
from emitter_typed._transport import Endpoint, make_transport, parse_proxy
from emitter_typed.errors import ConnectionRefused
from tests.helpers.listeners import LIMIT_S, Notes, exactly, listener, read_packet

CONNACK = b"\x20\x02\x00\x00"


def until_blank_line(connection: socket.socket) -> bytes:
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += connection.recv(1)
    return request


def be_a_broker(connection: socket.socket) -> None:
    assert read_packet(connection)[0] == 0x10
    connection.sendall(CONNACK)
    read_packet(connection)


def through(url: str, serve: Callable[[socket.socket], None], host: str = "broker.example") -> ConnectionRefused | None:
    """Connect through a proxy; return why that failed, or None."""
    with listener(serve) as port:
        notes = Notes()
        transport = make_transport(
            Endpoint(host=host, port=8080, proxy=parse_proxy(url.format(port)), connect_timeout_s=LIMIT_S)
        )
        transport.start(notes)
        if not notes.over.wait(0.0) and _connected(notes):
            transport.close()
            assert notes.end() is None
            return None
        error = notes.end()
        assert transport.join(LIMIT_S)
    assert isinstance(error, ConnectionRefused)
    assert "hunter2" not in str(error)
    return error


def _connected(notes: Notes) -> bool:
    while not notes.over.is_set():
        if not notes.packets.empty():
            return notes.next() == Connack(0)
        notes.over.wait(0.005)
    return False


def test_http_connects_to_the_name_and_logs_in() -> None:
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        asked.append(until_blank_line(connection))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
        be_a_broker(connection)

    assert through("http://ann:hunter2@127.0.0.1:{}", serve) is None
    [request] = asked
    assert request.split(b"\r\n") == [
        b"CONNECT broker.example:8080 HTTP/1.1",
        b"Host: broker.example:8080",
        b"Proxy-Authorization: Basic YW5uOmh1bnRlcjI=",
        b"",
        b"",
    ]


def test_http_names_an_address_of_ipv6_in_brackets() -> None:
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        asked.append(until_blank_line(connection))
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        be_a_broker(connection)

    assert through("http://127.0.0.1:{}", serve, host="::1") is None
    assert asked[0].startswith(b"CONNECT [::1]:8080 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", True),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", True),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", False),
        (b"SSH-2.0-OpenSSH_9\r\n", True),
        (b"HTTP/1.1 twohundred\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 4_000, True),
        (b"", False),
    ],
    ids=["login", "forbidden", "gateway", "ssh", "words", "endless", "nothing"],
)
def test_an_http_proxy_that_refuses_says_whether_to_try_again(answer: bytes, permanent: bool) -> None:
    def serve(connection: socket.socket) -> None:
        until_blank_line(connection)
        connection.sendall(answer)

    error = through("http://ann:hunter2@127.0.0.1:{}", serve)
    assert error is not None
    assert error.permanent is permanent


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("broker.example", b"\x03\x0ebroker.example"),
        ("192.0.2.7", b"\x01\xc0\x00\x02\x07"),
        ("2001:db8::7", b"\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x07"),
    ],
)
@pytest.mark.parametrize("bound", [b"\x01" + bytes(4), b"\x04" + bytes(16), b"\x03\x03abc"], ids=["v4", "v6", "name"])
def test_socks5_is_given_a_name_or_an_address(host: str, address: bytes, bound: bytes) -> None:
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        assert exactly(connection, 3) == b"\x05\x01\x00"
        connection.sendall(b"\x05\x00")
        asked.append(exactly(connection, 3 + len(address) + 2))
        connection.sendall(b"\x05\x00\x00" + bound + b"\x00\x00")
        be_a_broker(connection)

    assert through("socks5://127.0.0.1:{}", serve, host=host) is None
    assert asked == [b"\x05\x01\x00" + address + (8080).to_bytes(2, "big")]


@pytest.mark.parametrize(
    ("answers", "permanent", "says"),
    [
        ([b"\x05\xff"], True, "another way to log in"),
        ([b"\x04\x00"], True, "not a SOCKS proxy"),
        ([b"\x05\x02", b"\x01\x01"], True, "does not accept the username"),
        ([b"\x05\x00", b"\x05\x05\x00\x01"], False, "SOCKS code 5"),
        ([b"\x05\x00", b"\x05\x02\x00\x01"], True, "SOCKS code 2"),
        ([b"\x05"], False, "closed"),
    ],
    ids=["method", "version", "password", "refused", "rules", "cut"],
)
def test_a_socks5_proxy_that_refuses_says_whether_to_try_again(
    answers: list[bytes], permanent: bool, says: str
) -> None:
    def serve(connection: socket.socket) -> None:
        for answer in answers:
            connection.recv(1024)
            connection.sendall(answer)

    error = through("socks5://ann:hunter2@127.0.0.1:{}", serve)
    assert error is not None
    assert error.permanent is permanent
    assert says in str(error)


def test_socks4_is_given_the_name() -> None:
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        asked.append(exactly(connection, 8 + 4 + 15))
        connection.sendall(b"\x00\x5a" + bytes(6))
        be_a_broker(connection)

    assert through("socks4://ann@127.0.0.1:{}", serve) is None
    assert asked == [b"\x04\x01\x1f\x90\x00\x00\x00\x01ann\x00broker.example\x00"]


@pytest.mark.parametrize(("code", "permanent"), [(0x5B, False), (0x5C, True), (0x5D, True)])
def test_a_socks4_proxy_that_refuses_says_whether_to_try_again(code: int, permanent: bool) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(bytes((0, code)) + bytes(6))

    error = through("socks4://127.0.0.1:{}", serve)
    assert error is not None
    assert error.permanent is permanent


def test_a_proxy_that_is_silent_is_left_in_time() -> None:
    with listener() as port:
        notes = Notes()
        transport = make_transport(
            Endpoint(
                host="broker.example", port=1, proxy=parse_proxy(f"http://127.0.0.1:{port}"), connect_timeout_s=0.1
            )
        )
        transport.start(notes)
        error = notes.end()
    assert isinstance(error, ConnectionRefused)
    assert "the proxy did not answer in time" in str(error)


@pytest.mark.parametrize(("host", "why"), [("127.0.0.1", "Connection refused|actively refused"), ("proxy.invalid", "")])
def test_a_proxy_that_cannot_be_reached_is_named(host: str, why: str) -> None:
    with listener() as free:
        port = free
    notes = Notes()
    proxy = parse_proxy(f"http://ann:hunter2@{host}:{port}")
    make_transport(Endpoint(host="broker.example", port=1, proxy=proxy)).start(notes)
    error = notes.end()
    assert isinstance(error, ConnectionRefused)
    assert re.search(rf"the proxy {host}:{port} cannot be reached \(.*({why})", error.reason)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("scheme", ["http", "socks", "socks5"])
def test_the_environment_names_a_proxy(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        asked.append(connection.recv(1024))

    with listener(serve) as port:
        monkeypatch.setenv("mqtt_proxy", f"{scheme}://127.0.0.1:{port}")
        notes = Notes()
        make_transport(Endpoint(host="broker.example", port=1)).start(notes)
        assert isinstance(notes.end(), ConnectionRefused)
    assert asked[0].startswith(b"CONNECT" if scheme == "http" else b"\x05")


def test_the_environment_excepts_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(connection: socket.socket) -> None:
        be_a_broker(connection)

    monkeypatch.setenv("mqtt_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with listener(serve) as port:
        notes = Notes()
        transport = make_transport(Endpoint(host="127.0.0.1", port=port))
        transport.start(notes)
        assert notes.next() == Connack(0)
        transport.close()
        assert notes.end() is None


def test_a_proxy_of_the_environment_that_is_none_is_a_refused_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("mqtt_proxy", "ftp://hunter2@127.0.0.1")
    notes = Notes()
    make_transport(Endpoint(host="broker.example", port=1)).start(notes)
    error = notes.end()
    assert isinstance(error, ConnectionRefused)
    assert "mqtt_proxy" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("login", ["x" * 256, f"ann:{'x' * 256}"])
def test_a_login_that_does_not_fit_is_refused(login: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_proxy(f"socks5://{login}@127.0.0.1")
    assert "xxx" not in str(caught.value)
    assert parse_proxy(f"socks5://{login.replace('x', '', 1)}@127.0.0.1").username


@pytest.mark.parametrize(("scheme", "port"), [("socks4", 1080), ("socks5", 1080), ("http", 8080)])
def test_a_proxy_has_the_usual_port_unless_its_url_says_one(scheme: str, port: int) -> None:
    assert parse_proxy(f"{scheme}://proxy.example").port == port
    assert parse_proxy(f"{scheme}://proxy.example:81").port == 81


def test_what_no_proxy_url_is_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="expected a text"):
        parse_proxy(7)  # type: ignore[arg-type]  # what callers without a checker give
