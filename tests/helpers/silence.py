"""Places that answer nothing: names that are looked up for ever, ports that let nobody in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.helpers.listeners import LIMIT_S

SLOW_NAME = "slow.example"


@contextmanager
def slow_names(monkeypatch: pytest.MonkeyPatch, *slow: str) -> Generator[list[str]]:
    """Let the look-up of a name take until the end, and give those that are being looked up. Default: `SLOW_NAME`."""
    over = threading.Event()
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:  # Any: whatever the real one takes and gives
        if host not in (slow or (SLOW_NAME,)):
            return look_up(host, *arguments, **named)
        asked.append(host)
        over.wait(LIMIT_S)
        raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        yield asked
    finally:
        over.set()


def names_with(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """Let every name have these addresses."""

    def getaddrinfo(*arguments: object, **named: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def go_elsewhere(monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]) -> None:
    """Let every attempt to connect go to an address."""
    connect = socket.socket.connect

    def connect_there(sock: socket.socket, _: object) -> None:
        connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect_there)


@contextmanager
def dead_port() -> Generator[int]:
    """Give a port of 127.0.0.1 that answers no attempt to connect, as a host behind a firewall."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        # What a full queue has no room for gets no answer.
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield server.getsockname()[1]
