"""What both drivers share: the settings, where to connect, the counters."""

from __future__ import annotations

from abc import ABC, abstractmethod

from attrs import evolve

from emitter_typed._core.addresses import BrokerAddress
from emitter_typed._core.settings import Settings
from emitter_typed._core.state import AsyncConnectionState, ConnectionState
from emitter_typed._core.statistics import Mailboxes, Statistics, statistics
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.definition import ProtocolDefinition
from emitter_typed._transport import Endpoint, Transport, make_transport

DEFAULT_HOST = "api.emitter.io"
DEFAULT_PORT = 443
DEFAULT_KEEPALIVE_S = 30


class DriverBase(ABC):
    """Carries out the calls of a client, for any protocol. It lives as long as its client, over all connections."""

    def __init__(self, protocol: ProtocolDefinition, settings: Settings) -> None:
        """Begin without a connection."""
        envelope = evolve(protocol.envelope, max_packet_bytes=settings.max_packet_bytes)
        self.protocol: ProtocolDefinition = evolve(protocol, envelope=envelope)
        self.settings: Settings = settings
        self.address: BrokerAddress | None = None
        """Where `connect` without arguments connects to; None: Emitter's hosted service."""
        self._connected_to: BrokerAddress | None = None
        self._counters = ClientCounters()
        self._mailboxes = Mailboxes()

    @property
    @abstractmethod
    def state(self) -> ConnectionState | AsyncConnectionState:
        """The state of the connection."""

    @property
    def place(self) -> BrokerAddress | None:
        """Where it connects to; None as long as that is not known."""
        return self._connected_to or self.address

    def statistics(self) -> Statistics:
        """Return the client's numbers as they are now."""
        return statistics(self._counters, self._mailboxes, self.state.connects)

    def _endpoint(self, host: str, port: int, secure: bool, keepalive_s: int, username: str | None) -> Endpoint:
        """Return where `connect` connects to with these arguments. Raises InvalidArgument."""
        websocket_path: str | None = None
        if self.address is not None and (host, port, secure) == (DEFAULT_HOST, DEFAULT_PORT, True):
            host, port, secure = self.address.host, self.address.port, self.address.secure
            websocket_path = self.address.websocket_path
        return self.settings.endpoint(host, port, secure, keepalive_s, username, websocket_path)

    def _note_place(self, endpoint: Endpoint) -> None:
        """Remember where `connect` connects to."""
        self._connected_to = BrokerAddress(
            endpoint.host, endpoint.port, endpoint.tls is not None, endpoint.websocket_path
        )

    def _make_transport(self, endpoint: Endpoint) -> Transport:
        """Make what carries the packets of one connection."""
        return (self.settings.transport or make_transport)(endpoint)

    def _limit(self, timeout_s: float | None) -> float:
        """Return the time limit of a call: its own, or the client's. Raises InvalidArgument."""
        return self.settings.timeout_s if timeout_s is None else check_time_limit(timeout_s)
