"""Sockets for the fixtures' own broker and clients, where a test may open none: they never leave the machine."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager

# What a test may not use (pytest-socket says so) is replaced in the module or in the class of sockets. These are as
# they are before: pytest loads this before it runs a test.
_CLASS = socket.socket
_IN_MODULE = {name: getattr(socket, name) for name in ("socket", "getaddrinfo", "gethostbyname", "create_connection")}
_IN_CLASS = {"connect": socket.socket.connect}


@contextmanager
def real_sockets() -> Generator[None]:
    """Let sockets be opened and connected, whatever the test forbids."""
    replaced = [
        (owner, name, getattr(owner, name), real)
        for owner, names in ((socket, _IN_MODULE), (_CLASS, _IN_CLASS))
        for name, real in names.items()
    ]
    for owner, name, _, real in replaced:
        setattr(owner, name, real)
    try:
        yield
    finally:
        for owner, name, guarded, _ in replaced:
            setattr(owner, name, guarded)
