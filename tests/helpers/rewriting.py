"""A transport in whose stream a test may change what the broker sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emitter_typed._protocol.packets import InboundPacket, OutboundPacket
from emitter_typed._transport.base import Endpoint, Transport, TransportFactory, TransportSink
from emitter_typed.errors import EmitterError

Rewrite = Callable[[Sequence[InboundPacket]], Sequence[InboundPacket]]


class Rewriter:
    """Makes such transports over another kind; `rewrite` may be set at any time, and holds for all of them."""

    def __init__(self, factory: TransportFactory) -> None:
        self._factory = factory
        self.rewrite: Rewrite = lambda packets: packets
        self.connections = 0

    def __call__(self, endpoint: Endpoint) -> Transport:
        self.connections += 1
        return _Rewriting(self._factory(endpoint), self)

    def change_once(self, change: Callable[[InboundPacket], InboundPacket | None]) -> None:
        """Change the first packet for which `change` gives another one."""

        def rewrite(packets: Sequence[InboundPacket]) -> Sequence[InboundPacket]:
            changed = list(packets)
            for place, packet in enumerate(changed):
                if (other := change(packet)) is not None:
                    changed[place] = other
                    self.rewrite = lambda packets: packets
                    break
            return changed

        self.rewrite = rewrite


class _Rewriting:
    def __init__(self, inner: Transport, rewriter: Rewriter) -> None:
        self._inner = inner
        self._rewriter = rewriter

    @property
    def congested(self) -> bool:
        return self._inner.congested

    def start(self, sink: TransportSink) -> None:
        self._inner.start(_Sink(sink, self._rewriter))

    def send(self, packet: OutboundPacket) -> None:
        self._inner.send(packet)

    def close(self) -> None:
        self._inner.close()

    def abort(self) -> None:
        self._inner.abort()

    def join(self, timeout_s: float) -> bool:
        return self._inner.join(timeout_s)


class _Sink:
    def __init__(self, inner: TransportSink, rewriter: Rewriter) -> None:
        self._inner = inner
        self._rewriter = rewriter

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        self._inner.received(self._rewriter.rewrite(packets))

    def drained(self) -> None:
        self._inner.drained()

    def ended(self, error: EmitterError | None, /) -> None:
        self._inner.ended(error)
