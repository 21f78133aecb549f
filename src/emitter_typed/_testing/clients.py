"""How the fixtures' clients reach the fixtures' broker."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from emitter_typed._async.client import AsyncClient
    from emitter_typed._sync.client import Client
    from emitter_typed.broker import Broker

ClientT = TypeVar("ClientT", "Client", "AsyncClient")

_NOWHERE = "mqtt://memory"


def load_all() -> None:
    """Load whatever a client and a broker load when something is first used."""
    from emitter_typed._core.extras import lacking
    from emitter_typed._protocol.payloads.conversion import conversions

    for module in ("emitter_typed._sync.client", "emitter_typed._async.client"):
        importlib.import_module(module)
    conversions()
    if lacking("broker", "the embedded broker") is None:
        importlib.import_module("emitter_typed.broker")


def client_of(kind: type[ClientT], broker: Broker) -> ClientT:
    """Make a client for a broker that runs: over TCP, as programs do, or in memory if it has no port.

    Args:
        kind: `Client` or `AsyncClient`.
        broker: The broker.

    Returns:
        The client, not connected yet.
    """
    from emitter_typed.errors import Closed

    try:
        url = broker.url
    except Closed:
        return kind.from_url(_NOWHERE, transport=broker.memory, matcher=broker.matcher)
    return kind.from_url(url, matcher=broker.matcher)
