"""Looking names up, without waiting: nothing can stop a lookup that has begun, so it has a daemon thread of its own.

There is at most one for a host name in the process. Who asks while it runs gets the same answer, so that a thousand
clients of a broker, and attempts that give up and come again, cost one thread.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from copy import copy
from typing import Final, TypeAlias, cast

from emitter_typed._guards import Guard

_SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
Address: TypeAlias = tuple[int, _SocketAddress]
"""The family of an address, and what `socket.connect` takes."""

_lock = Guard()
_running: dict[str, Lookup] = {}
_FAMILIES: Final = (socket.AF_INET, socket.AF_INET6)


class Lookup:
    """The lookup of one name."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._waiting: list[Callable[[], None]] = []
        self._addresses: list[Address] = []
        self._error: Exception | None = None
        self.done: bool = False
        """Whether there is an answer."""

    def addresses(self, port: int) -> list[Address]:
        """Return where a port of the host is, best first; once it is done. Raises OSError, ValueError, RuntimeError."""
        if self._error is not None:
            # Many may raise it, and each adds to its traceback.
            raise copy(self._error)
        return [(family, _with_port(address, port)) for family, address in self._addresses]

    def forget(self, answered: Callable[[], None]) -> None:
        """Call somebody no more."""
        with _lock:
            if answered in self._waiting:
                self._waiting.remove(answered)

    def _run(self) -> None:
        try:
            found = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
            # Types name what sockets of any family may have.
            pairs: list[Address] = [(family, cast("_SocketAddress", address)) for family, *_, address in found]
            self._addresses = [pair for pair in pairs if pair[0] in _FAMILIES]
            if not self._addresses:
                raise OSError("its name has no address")
        except Exception as error:
            self._error = error
        self._end()

    def _end(self) -> None:
        with _lock:
            self.done = True
            if _running.get(self._host) is self:
                del _running[self._host]
            waiting, self._waiting = self._waiting, []
        for answered in waiting:
            answered()

    def start(self) -> None:
        """Begin, in a thread; without one, that is the answer."""
        try:
            threading.Thread(target=self._run, name="emitter-lookup", daemon=True).start()
        except RuntimeError as error:
            self._error = error
            self._end()

    def wait(self, answered: Callable[[], None]) -> None:
        """Have somebody called when it is done, from whatever thread; at once if it is."""
        with _lock:
            if not self.done:
                self._waiting.append(answered)
                return
        answered()

    def known(self, family: int) -> Lookup:
        """End at once: the name is an address."""
        self._addresses = [(family, (self._host, 0) if family == socket.AF_INET else (self._host, 0, 0, 0))]
        self.done = True
        return self


def look_up(host: str) -> Lookup:
    """Look a name up, or join in where somebody does already.

    Args:
        host: The name, or an address, which is its own answer.

    Returns:
        The lookup.
    """
    for family in _FAMILIES:
        if _is_address(family, host):
            return Lookup(host).known(family)
    with _lock:
        lookup = _running.get(host)
        if lookup is not None:
            return lookup
        lookup = _running[host] = Lookup(host)
    lookup.start()
    return lookup


def _with_port(address: _SocketAddress, port: int) -> _SocketAddress:
    return (address[0], port) if len(address) == 2 else (address[0], port, address[2], address[3])


def _is_address(family: int, host: str) -> bool:
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return False
    return True


def _forget_all() -> None:
    # The threads stayed with the parent, and the lock may be one of theirs.
    global _lock
    _lock = Guard()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
