"""A transport over paho-mqtt. The only importer of paho."""

from __future__ import annotations

from emitter_typed._transport.paho_mqtt.transport import PahoTransport

__all__ = ["PahoTransport"]
