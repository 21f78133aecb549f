"""Transports on each kind of reactor, for tests that run in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from emitter_typed._transport import Endpoint, Transport, make_transport
from emitter_typed._transport.reactors import LoopReactor
from tests.helpers.listeners import LIMIT_S
from tests.helpers.unwatching import UnwatchingLoop

KINDS = ["thread", "loop", "unwatching"]


@contextmanager
def making(kind: str) -> Generator[Callable[[Endpoint], Transport]]:
    """Make transports on a thread of their own, on an event loop, or on one that cannot watch sockets."""
    if kind == "thread":
        yield make_transport
        return
    loop = UnwatchingLoop() if kind == "unwatching" else asyncio.SelectorEventLoop()
    thread = threading.Thread(target=loop.run_forever, name="loop")
    thread.start()
    try:
        reactor = LoopReactor(loop)
        yield lambda endpoint: make_transport(endpoint, reactor)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LIMIT_S)
        loop.close()
