"""What both drivers share: the settings, where to connect, the counters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from attrs import evolve

from emitter_typed._core.addresses import BrokerAddress
from emitter_typed._core.forks import end_in_child
from emitter_typed._core.settings import Settings
from emitter_typed._core.state import AsyncConnectionState, ConnectionState
from emitter_typed._core.statistics import Mailboxes, Statistics, statistics
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._protocol.connection_machine import ConnectionMachine
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.definition import ProtocolDefinition
from emitter_typed._transport import Endpoint, Reactor, Transport, make_transport
from emitter_typed._transport.reasons import words
from emitter_typed.errors import ConnectionRefused, EmitterError, RequestTimeout

DEFAULT_HOST = "api.emitter.io"
DEFAULT_PORT = 443
DEFAULT_KEEPALIVE_S = 30
CONNECT_GRACE_S = 0.1
"""For how long `connect` outwaits its attempt, which has the same limit and says more of why it failed, in seconds."""


class Undrained(NamedTuple):
    """What a drain has left when its time was over."""

    offline: str | None = None
    """Why there was no connection; None: there was one."""
    unacknowledged: int = 0
    """How many messages of QoS 1 were not acknowledged."""
    handlers_running: int = 0
    """How many handlers of subscriptions had not had what had arrived."""

    def error(self, limit_s: float, unsent: int) -> RequestTimeout:
        """Return the error of that drain, with the number of messages of QoS 0 that were not written."""
        return RequestTimeout("drain", limit_s, **self._asdict(), unsent=unsent)


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
        end_in_child(self)

    @property
    @abstractmethod
    def state(self) -> ConnectionState | AsyncConnectionState:
        """The state of the connection."""

    @abstractmethod
    def forked(self) -> None:
        """End its connection in a process that was forked, which has it from its parent."""

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

    def _make_transport(self, endpoint: Endpoint, reactor: Reactor) -> Transport:
        """Make what carries the packets of one connection."""
        if self.settings.transport is not None:
            return self.settings.transport(endpoint)
        return make_transport(endpoint, reactor)

    def _machine(self) -> ConnectionMachine:
        """Make what decides over a connection's life."""
        return ConnectionMachine(
            self.settings.backoff(), reconnect=self.settings.reconnect, retry_connect=self.settings.retry_connect
        )

    def _failure(self, failure: BaseException, endpoint: Endpoint) -> BaseException:
        """Return what `connect` raises where this was met."""
        if isinstance(failure, RequestTimeout):
            # Why an attempt has failed tells more than that the time is over.
            error = self.state.error
            return failure if error is None or isinstance(error.__cause__, TimeoutError) else error
        if isinstance(failure, ConnectionRefused) and isinstance(failure.__cause__, TimeoutError):
            timeout = RequestTimeout("connect", self.settings.timeout_s)
            timeout.__cause__ = failure
            return timeout
        if isinstance(failure, OSError | RuntimeError) and not isinstance(failure, EmitterError):
            refusal = ConnectionRefused(words(failure), host=endpoint.host, port=endpoint.port)
            refusal.__cause__ = failure
            return refusal
        return failure

    def _limit(self, timeout_s: float | None) -> float:
        """Return the time limit of a call: its own, or the client's. Raises InvalidArgument."""
        return self.settings.timeout_s if timeout_s is None else check_time_limit(timeout_s)
