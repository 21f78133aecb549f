"""How a test suite chooses its broker."""

from __future__ import annotations

import ssl
from typing import TypedDict

from emitter_typed._broker.clock import Clock
from emitter_typed._broker.limits import Limits
from emitter_typed._protocol.topics import Matcher


class BrokerOptions(TypedDict, total=False):
    """The type of the fixture `emitter_broker_options`: arguments of `Broker`."""

    host: str
    """The address to listen on."""
    port: int | None
    """The TCP port; None: no port, and the fixtures' clients connect in memory."""
    matcher: Matcher
    """`"emitter"` or `"mqtt"`; the fixtures' clients follow it."""
    master_key: str | None
    """The key that makes keys."""
    clock: Clock | None
    """The time that the broker lives by."""
    tls: ssl.SSLContext | None
    """The context of TLS connections. What trusts its certificate, only you know: make the clients yourself then."""
    limits: Limits | None
    """What the broker may hold at most."""


class ClusterOptions(TypedDict, total=False):
    """The type of the fixture `emitter_cluster_options`: arguments of `Cluster`."""

    size: int
    """How many nodes."""
    host: str
    """The address to listen on."""
    port: int | None
    """0: each node has a port of its own; None: no ports, and clients connect in memory."""
    matcher: Matcher
    """`"emitter"` or `"mqtt"`; give it to the clients too."""
    master_key: str | None
    """The key that makes keys."""
    clock: Clock | None
    """The time that all nodes live by."""
    tls: ssl.SSLContext | None
    """The context of TLS connections."""
    limits: Limits | None
    """What each node may hold at most."""
