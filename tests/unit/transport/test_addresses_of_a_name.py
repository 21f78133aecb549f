"""A name with several addresses: each is tried up to the broker's answer, and counts for whether waiting may help."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from emitter_typed import Client
from emitter_typed.broker import Broker
from emitter_typed.errors import ConnectionRefused
from tests.helpers.listeners import LIMIT_S, listener
from tests.helpers.loops import in_loop, with_enough_time

ADDRESSES = ("127.0.0.2", "127.0.0.3")


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `cluster.test` have two addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in ADDRESSES]
    ask = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> object:  # Any: whatever the real one takes
        return found if host == "cluster.test" else ask(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        with socket.create_server((ADDRESSES[0], 0)):
            pass
    except OSError:
        pytest.skip("this machine has one loopback address")


def answer(data: bytes) -> Callable[[socket.socket], None]:
    """Answer a CONNECT with this."""

    def serve(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(data)

    return serve


NO_MQTT = answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")
BUSY = answer(b"\x20\x02\x00\x03")
LOGIN = answer(b"\x20\x02\x00\x05")


@contextmanager
def serving(*serve: Callable[[socket.socket], None] | None) -> Generator[int]:
    """Answer so at each address, on one port."""
    with ExitStack() as stack:
        port = 0
        for address, each in zip(ADDRESSES, serve, strict=False):
            port = stack.enter_context(listener(each, address, port))
        yield port


def refusal(port: int) -> ConnectionRefused:
    with pytest.raises(ConnectionRefused) as caught:
        Client(f"mqtt://cluster.test:{port}", timeout_s=LIMIT_S).connect()
    return caught.value


@pytest.mark.parametrize("first", [NO_MQTT, BUSY, None], ids=["no broker", "busy", "silent"])
@in_loop
async def test_an_address_that_does_not_take_the_client_is_followed_by_the_next(
    first: Callable[[socket.socket], None] | None,
) -> None:
    with Broker(host=ADDRESSES[1]) as broker, listener(first, ADDRESSES[0], broker.port):

        async def connect(timeout_s: float) -> Client:
            client = Client(f"mqtt://cluster.test:{broker.port}", timeout_s=timeout_s)
            client.connect()
            return client

        (await with_enough_time(connect)).close()


def test_a_refused_login_is_not_tried_at_the_next_address() -> None:
    with Broker(host=ADDRESSES[1]) as broker, listener(LOGIN, ADDRESSES[0], broker.port):
        error = refusal(broker.port)
    assert (error.return_code, error.permanent) == (5, True)


def test_a_refusal_is_permanent_if_every_address_refuses_so() -> None:
    with serving(NO_MQTT, NO_MQTT) as port:
        assert refusal(port).permanent


@pytest.mark.parametrize("others", [(BUSY,), ()], ids=["busy", "nobody"])
def test_a_refusal_is_not_permanent_if_another_address_may_accept_later(
    others: tuple[Callable[[socket.socket], None], ...],
) -> None:
    with serving(NO_MQTT, *others) as port:
        error = refusal(port)
    assert not error.permanent
    assert "not an MQTT broker" in error.reason
