"""Which connections a broker has."""

from __future__ import annotations

from time import monotonic, sleep

from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S


def live_connections(broker: Broker) -> int:
    """Return how many connections a broker has now."""
    return len(broker._hub.connections())  # pyright: ignore[reportPrivateUsage]  # no public name tells


def left_connections(broker: Broker, expected: int = 0) -> int:
    """Return how many connections a broker has once those that end have had the time for it."""
    deadline = monotonic() + LIMIT_S
    while live_connections(broker) != expected and monotonic() < deadline:
        sleep(0.005)
    return live_connections(broker)
