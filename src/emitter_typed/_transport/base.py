"""The border between a session and what carries its packets, with the promises of both sides."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from emitter_typed._masking import hide_keys
from emitter_typed._protocol.packets import InboundPacket, OutboundPacket
from emitter_typed._protocol.will import Will
from emitter_typed._transport.proxy import Proxy
from emitter_typed.errors import EmitterError

CLOSE_TIMEOUT_S = 2.0
"""For how long `close` sends what waits, in seconds."""


@frozen(kw_only=True)
class Endpoint:
    """Where to connect to, and how."""

    host: str = field(repr=hide_keys)
    """The broker's name or address."""
    port: int
    """The broker's port."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """The context of a TLS connection. None: no TLS."""
    websocket_path: str | None = None
    """The path of the WebSocket, such as `/`. None: MQTT without WebSocket."""
    proxy: Proxy | None = None
    """The proxy. None: the one in the environment variable `mqtt_proxy`, if it is set."""
    will: Will | None = None
    """The message that the broker publishes when the connection has ended. None: no message."""
    username: str | None = None
    """The username of the CONNECT, which presence shows to others."""
    keepalive_s: int = 30
    """Seconds without traffic after which a PINGREQ is sent. Emitter drops a connection after 120 seconds of
    silence."""
    max_packet_bytes: int = 65_536
    """Maximum remaining length of a packet. If the broker sends a longer one, the connection must end."""
    connect_timeout_s: float = 10.0
    """Seconds for all of connecting: name look-up, TCP, proxy, TLS, WebSocket and the broker's CONNACK."""


class TransportSink(Protocol):
    """Receives what a transport reads.

    It is called from one thread at a time, and never from `send`.
    """

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        """Called with the packets of one read, in order.

        The first packet of a connection is its CONNACK.

        Args:
            packets: The packets.
        """

    def drained(self) -> None:
        """Called when a congested transport can send again."""

    def ended(self, error: EmitterError | None, /) -> None:
        """Called once, when the connection has ended. Nothing is called after it.

        Args:
            error: The reason. None if `close` or `abort` was called.
        """


class Transport(Protocol):
    """Carries the packets of one connection. Each attempt needs a new transport.

    No method blocks on the network. Each may be called from any thread.
    """

    def start(self, sink: TransportSink) -> None:
        """Begin to connect.

        The sink receives a CONNACK, or its end with ConnectionRefused.

        Args:
            sink: Receives packets and the end.

        Raises:
            Exception: It could not begin, for example without a free file descriptor or thread. The sink is not called,
                and the caller treats it as a failed attempt.
        """

    def send(self, packet: OutboundPacket) -> None:
        """Send a packet, in order. After the end it is dropped.

        Args:
            packet: The packet.
        """

    @property
    def congested(self) -> bool:
        """True if the caller should wait for `TransportSink.drained` before it sends more."""
        ...

    def close(self) -> None:
        """Send waiting packets, then DISCONNECT, and end. May be called again."""

    def abort(self) -> None:
        """End now, without a DISCONNECT. Unsent packets are lost. May be called again."""

    def join(self, timeout_s: float) -> bool:
        """Wait until `TransportSink.ended` was called and no thread is left.

        Args:
            timeout_s: Seconds to wait.

        Returns:
            Whether that came in time.
        """
        ...


@runtime_checkable
class FlushingTransport(Transport, Protocol):
    """What a transport of our own can do beyond `Transport`: take its time to send, and say what it has not sent."""

    def close(self, timeout_s: float = ...) -> None:
        """Do what `Transport.close` does, and give up on a peer that does not read after so many seconds."""

    def count_unsent(self) -> int:
        """Return how many messages of QoS 0 have not been written; after the end, how many were lost so."""
        ...


@runtime_checkable
class WritingTransport(Transport, Protocol):
    """What a transport can do, so that a thread that waits for an answer writes what asks for it by itself."""

    def queue(self, packet: OutboundPacket) -> None:
        """Do what `send` does, but leave the writing to `write`, which is called next."""

    def write(self) -> None:
        """Write what was queued: in this thread, if nobody else writes. Never inside a guard."""


@runtime_checkable
class PausingTransport(Transport, Protocol):
    """What a transport with a thread of its own can do, so that a busy event loop is not given more than it takes."""

    def pause(self) -> None:
        """Read no more until `resume`. May be called again, and from any thread."""

    def resume(self) -> None:
        """Read on. May be called again, and from any thread."""


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Call nothing, unless it is too late for that. May be called again."""


class Reactor(Protocol):
    """Watches sockets and clocks, and calls back, one call at a time: an event loop, or a thread of its own."""

    def watch(self, fd: int, events: int, ready: Callable[[int], None], /) -> None:
        """Call `ready` with what a socket is ready for, each time that it is; in the reactor only.

        Args:
            fd: Its file descriptor. It is to be watched no more before it is closed.
            events: `selectors.EVENT_READ`, `EVENT_WRITE` or both; 0: watch it no more.
            ready: Is called with those that have come.

        Raises:
            OSError: The system can watch no more sockets, or not this one.
            RuntimeError: There is no thread that could watch it.
        """

    def call_soon(self, call: Callable[[], None], /) -> None:
        """Call soon, in the reactor. May be called from any thread, and does nothing once the reactor has ended."""

    def call_later(self, delay_s: float, call: Callable[[], None], /) -> Timer:
        """Call once so many seconds have passed, in the reactor. May be called where `call_soon` may."""
        ...

    @property
    def is_here(self) -> bool:
        """Whether the caller is called by this reactor now, or runs in its loop."""
        ...


TransportFactory = Callable[[Endpoint], Transport]
"""Makes the transport of one connection attempt."""
