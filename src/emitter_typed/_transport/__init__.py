"""What carries packets to a broker and back."""

from __future__ import annotations

from emitter_typed._transport.base import Endpoint, Reactor, Transport, TransportFactory, TransportSink
from emitter_typed._transport.proxy import parse_proxy

__all__ = [
    "Endpoint",
    "Reactor",
    "Transport",
    "TransportFactory",
    "TransportSink",
    "make_transport",
    "parse_proxy",
]


def make_transport(endpoint: Endpoint, reactor: Reactor | None = None) -> Transport:
    """Make the transport for an endpoint: over TCP, and TLS, WebSocket or a proxy where it says so.

    Args:
        endpoint: Where to connect to, and how.
        reactor: What it runs on. Default: a thread of its own.

    Returns:
        The transport, not started.
    """
    # Imported here so that a program pays for paho only once it connects.
    from emitter_typed._transport.paho_mqtt import PahoTransport

    return PahoTransport(endpoint, reactor)
