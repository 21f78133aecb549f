"""A network that keeps to itself what a client sends on some topics, until a test lets it go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue

from emitter_typed._protocol.packets import OutboundPacket, Publish
from emitter_typed._transport import Endpoint, Transport, TransportSink, make_transport
from tests.helpers.loops import LIMIT_S


class Holding:
    """Makes transports that hold what is published on topics with a prefix; for the argument `transport`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.holds = True
        self.held: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def __call__(self, endpoint: Endpoint) -> Transport:
        return _HoldingTransport(make_transport(endpoint), self)

    async def one(self) -> Callable[[], None]:
        """Wait until something is held, and return what lets it go."""
        return await asyncio.to_thread(self.held.get, timeout=LIMIT_S)


class _HoldingTransport:
    def __init__(self, inner: Transport, holding: Holding) -> None:
        self._inner = inner
        self._holding = holding

    def start(self, sink: TransportSink) -> None:
        self._inner.start(sink)

    def send(self, packet: OutboundPacket) -> None:
        holding = self._holding
        if holding.holds and isinstance(packet, Publish) and packet.topic.startswith(holding.prefix):
            holding.held.put(lambda: self._inner.send(packet))
        else:
            self._inner.send(packet)

    @property
    def congested(self) -> bool:
        return self._inner.congested

    def close(self) -> None:
        self._inner.close()

    def abort(self) -> None:
        self._inner.abort()

    def join(self, timeout_s: float) -> bool:
        return self._inner.join(timeout_s)
