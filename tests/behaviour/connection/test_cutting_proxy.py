"""The proxy that tests put before a broker cuts where it is told to."""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from emitter_typed import Client, ConnectionLost
from emitter_typed.broker import Broker
from tests.helpers.listeners import exactly
from tests.helpers.loops import LIMIT_S
from tests.helpers.packets import PINGREQ, Sent, encode
from tests.helpers.proxy import CuttingProxy

CONNECT = encode(Sent("CONNECT"))
CONNACK = b"\x20\x02\x00\x00"
PINGRESP = b"\xd0\x00"


@pytest.fixture
def proxy(broker: Broker) -> Iterator[CuttingProxy]:
    with CuttingProxy(broker.url) as proxy:
        yield proxy


@contextmanager
def dialled(proxy: CuttingProxy) -> Generator[socket.socket]:
    address = urlsplit(proxy.url)
    with socket.create_connection((address.hostname, address.port), timeout=LIMIT_S) as connection:
        yield connection


@contextmanager
def connected(proxy: CuttingProxy) -> Generator[socket.socket]:
    with dialled(proxy) as connection:
        connection.sendall(CONNECT)
        assert exactly(connection, len(CONNACK)) == CONNACK
        yield connection


def rest(connection: socket.socket) -> bytes:
    """Return what still comes, until the connection ends."""
    data = b""
    try:
        while part := connection.recv(1 << 16):
            data += part
    except ConnectionResetError:
        pass
    return data


def test_cuts_what_is_open_and_carries_what_comes_next(proxy: CuttingProxy) -> None:
    with connected(proxy) as one, connected(proxy) as other:
        proxy.cut()
        assert (rest(one), rest(other)) == (b"", b"")
    with connected(proxy) as connection:
        connection.sendall(PINGREQ)
        assert exactly(connection, len(PINGRESP)) == PINGRESP


@pytest.mark.parametrize("count", [1, 2, 3])
def test_lets_exactly_so_many_bytes_through_to_the_client(proxy: CuttingProxy, count: int) -> None:
    with connected(proxy) as connection:
        proxy.cut_after(to_client_bytes=count)
        connection.sendall(2 * PINGREQ)
        assert rest(connection) == (2 * PINGRESP)[:count]


def test_lets_exactly_so_many_bytes_through_to_the_broker(proxy: CuttingProxy) -> None:
    # The connection ends as soon as the last of them has left, so the answer to the first PINGREQ is waited for.
    with connected(proxy) as connection:
        proxy.cut_after(to_broker_bytes=len(PINGREQ) + 1)
        connection.sendall(PINGREQ)
        assert exactly(connection, len(PINGRESP)) == PINGRESP
        connection.sendall(PINGREQ)
        assert rest(connection) == b""


def test_cuts_the_next_connection_inside_its_first_packet(proxy: CuttingProxy) -> None:
    proxy.cut_next_after(to_client_bytes=3)
    with dialled(proxy) as connection:
        connection.sendall(CONNECT)
        assert rest(connection) == CONNACK[:3]
    with connected(proxy):
        pass


def test_refuses_so_many_connections(proxy: CuttingProxy) -> None:
    proxy.refuse(2)
    for _ in range(2):
        with dialled(proxy) as connection:
            assert rest(connection) == b""
    with connected(proxy):
        pass


def test_hands_on_what_was_held(proxy: CuttingProxy) -> None:
    with connected(proxy) as connection:
        proxy.hold()
        connection.sendall(PINGREQ)
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(LIMIT_S)
        proxy.clear()
        assert exactly(connection, len(PINGRESP)) == PINGRESP


def test_loses_what_was_held_at_a_cut(proxy: CuttingProxy) -> None:
    with connected(proxy) as connection:
        proxy.hold()
        connection.sendall(PINGREQ)
        proxy.cut()
        assert rest(connection) == b""


def test_a_broker_that_does_not_listen_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with CuttingProxy(f"mqtt://127.0.0.1:{port}") as proxy, dialled(proxy) as connection:
        assert rest(connection) == b""


def test_carries_a_client_over_websocket(broker: Broker) -> None:
    with (
        CuttingProxy(broker.url.replace("mqtt://", "ws://")) as proxy,
        Client.from_url(proxy.url, timeout_s=LIMIT_S, reconnect=False) as client,
    ):
        assert client.me().id
        proxy.cut()
        with pytest.raises(ConnectionLost):
            client.me()
