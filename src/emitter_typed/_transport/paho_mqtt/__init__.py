"""A transport over paho-mqtt, driven by a thread of its own. The only importer of paho."""

from __future__ import annotations

from emitter_typed._transport.paho_mqtt.thread import PahoTransport

__all__ = ["PahoTransport"]
