"""What both drivers share: the settings, where to connect, the counters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from attrs import evolve

from emitter_typed._core.addresses import BrokerAddress
from emitter_typed._core.forks import OfOneProcess, end_in_child
from emitter_typed._core.settings import DEFAULT_HOST, DEFAULT_PORT, Settings
from emitter_typed._core.state import AsyncConnectionState, ConnectionState
from emitter_typed._core.statistics import Mailboxes, Statistics, statistics
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._protocol.connection_machine import ConnectionMachine
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.definition import ProtocolDefinition
from emitter_typed._protocol.receiving.stored_ids import KnownProcesses
from emitter_typed._transport import Endpoint, Reactor, Transport, make_transport
from emitter_typed._transport.reasons import words
from emitter_typed.errors import ConnectionRefused, EmitterError, RequestTimeout

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


class DriverBase(OfOneProcess, ABC):
    """Carries out the calls of a client, for any protocol. It lives as long as its client, over all connections."""

    def __init__(self, protocol: ProtocolDefinition, settings: Settings) -> None:
        """Begin without a connection."""
        envelope = evolve(protocol.envelope, max_packet_bytes=settings.max_packet_bytes)
        self.protocol: ProtocolDefinition = evolve(protocol, envelope=envelope)
        self.settings: Settings = settings
        self.addresses: tuple[BrokerAddress, ...] = ()
        """The brokers that `connect` without arguments tries in turn; empty: Emitter's hosted service."""
        self._counters = ClientCounters()
        self._known_processes = KnownProcesses()
        self._mailboxes = Mailboxes()
        end_in_child(self)

    @property
    @abstractmethod
    def state(self) -> ConnectionState | AsyncConnectionState:
        """The state of the connection."""

    @property
    @abstractmethod
    def begun(self) -> bool:
        """Whether `connect` was called, and the connection not closed since."""

    @abstractmethod
    def forked(self) -> None:
        """End its connection in a process that was forked, which has it from its parent."""

    @property
    def place(self) -> str:
        """Where it connects to, as URLs with spaces between; empty as long as that is not known."""
        return self.state.url or " ".join(map(str, self.addresses))

    def statistics(self) -> Statistics:
        """Return the client's numbers as they are now."""
        return statistics(self._counters, self._mailboxes, self.state.connects)

    def _endpoints(
        self, host: str, port: int, secure: bool, keepalive_s: int, username: str | None
    ) -> tuple[Endpoint, ...]:
        """Return where `connect` connects to with these arguments, in turn. Raises InvalidArgument."""
        if not self.addresses or host is not DEFAULT_HOST or (port, secure) != (DEFAULT_PORT, True):
            return (self.settings.endpoint(host, port, secure, keepalive_s, username),)
        if len(self.addresses) > 1:
            self._known_processes.several = True
        return tuple(
            self.settings.endpoint(
                each.host,
                each.port,
                each.secure,
                keepalive_s,
                username,
                each.websocket_path,
                brokers=len(self.addresses),
            )
            for each in self.addresses
        )

    def _make_transport(self, endpoint: Endpoint, reactor: Reactor) -> Transport:
        """Make what carries the packets of one connection."""
        if self.settings.transport is not None:
            return self.settings.transport(endpoint)
        return make_transport(endpoint, reactor)

    def _machine(self, brokers: int) -> ConnectionMachine:
        """Make what decides over the life of a connection to one of so many brokers."""
        return ConnectionMachine(
            self.settings.backoff(brokers),
            reconnect=self.settings.reconnect,
            retry_connect=self.settings.retry_connect,
            brokers=brokers,
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
