"""What carries packets to a broker and back."""

from __future__ import annotations

from emitter_typed.transport.base import Endpoint, Transport


def make_transport(endpoint: Endpoint) -> Transport:
    """Make the transport for an endpoint."""
    # Imported here so that a program pays for paho only once it connects.
    from emitter_typed.transport.paho_mqtt import PahoTransport

    return PahoTransport(endpoint)
