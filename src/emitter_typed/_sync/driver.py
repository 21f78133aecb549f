"""Carries out the calls of a client with threads: it connects, sends, and ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from emitter_typed._clock import monotonic
from emitter_typed._core.addresses import address_of
from emitter_typed._core.connections import still_lost
from emitter_typed._core.driver_base import CONNECT_GRACE_S, Undrained
from emitter_typed._core.outcomes import SyncOutcome
from emitter_typed._core.pending import Pending, unacknowledged
from emitter_typed._core.settings import Settings
from emitter_typed._core.state import ConnectionState, SyncStateKeeper
from emitter_typed._core.workers import HANDLERS_TIMEOUT_S
from emitter_typed._guards import Guard, Log, is_inside
from emitter_typed._masking import hide_keys
from emitter_typed._protocol.definition import ProtocolDefinition
from emitter_typed._protocol.operations import prepare
from emitter_typed._protocol.payloads import codec
from emitter_typed._sync.connection import SyncConnection
from emitter_typed._sync.receiving import SyncReceiving
from emitter_typed._transport import Endpoint
from emitter_typed._transport.base import CLOSE_TIMEOUT_S
from emitter_typed._types.values import Option, Secret
from emitter_typed.errors import Closed, Congested, ConnectionRefused, InvalidArgument, RequestTimeout

_log = Log("emitter_typed")


class SyncDriver(SyncReceiving):
    """Carries out the calls of a client, for any protocol, and lets the calling thread wait for the answer."""

    def __init__(self, protocol: ProtocolDefinition, settings: Settings) -> None:
        """Begin without a connection."""
        super().__init__(protocol, settings)
        self._connection: SyncConnection | None = None
        self._connecting = Guard()
        self._keeper = SyncStateKeeper()
        self._state = ConnectionState(self._keeper)

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._state

    @property
    def begun(self) -> bool:
        """Whether `connect` was called, and the connection not closed since."""
        connection = self._connection
        return connection is not None and not connection.is_over

    def connect(self, host: str, port: int, secure: bool, keepalive: int, username: str | None) -> None:
        """Connect, and return when the broker has accepted the connection. See the client's `connect`."""
        endpoints = self._endpoints(host, port, secure, keepalive, username)
        outcome: SyncOutcome[None] = SyncOutcome("connect")
        with self._connecting:
            if self.begun:
                raise InvalidArgument(
                    "the client is already connected: call close() first",
                    argument="host",
                    value=hide_keys(endpoints[0].host),
                )
            try:
                connection = self._new_connection(endpoints)
            except OSError as failure:
                raise self._failure(failure, endpoints[0]) from failure
            connection.session.connecting(outcome)
            self._connection = connection
            self._keeper.begin(connection, str(address_of(endpoints[0])))
        deadline_s = monotonic() + self.settings.timeout_s + CONNECT_GRACE_S
        try:
            connection.open()
            outcome.wait(deadline_s - monotonic(), self.settings.timeout_s)
            with connection.lock:
                # What tells of the connection holds it until all is told.
                pass
        except BaseException as failure:
            reason = self._failure(failure, endpoints[0])
            connection.close(abort=True, error=reason if isinstance(reason, ConnectionRefused) else None)
            connection.end(abort=True, timeout_s=0.0)
            if reason is failure:
                raise
            raise reason from reason.__cause__
        endpoint = connection.endpoint
        _log.info("connection.opened host=%s port=%d", hide_keys(endpoint.host), endpoint.port)

    def _new_connection(self, endpoints: Sequence[Endpoint]) -> SyncConnection:
        connection = SyncConnection(
            endpoints,
            self._make_transport,
            self._machine(len(endpoints)),
            self._keeper,
            self.handlers.tell_of_connection,
            self.handlers.tell_of_loss,
        )
        connection.session = self._new_session(connection)
        return connection

    def drain(self, timeout_s: float | None) -> None:
        """Let what is under way arrive and handlers finish, then close. See the client's `drain`."""
        limit_s = self._limit(timeout_s)
        connection = self._connection
        if connection is None or connection.is_left or connection.is_elsewhere():
            self.end()
            return
        deadline_s = monotonic() + limit_s
        settled: SyncOutcome[None] = SyncOutcome("drain")
        left: Undrained | None = None
        over = False
        try:
            with connection.lock:
                connection.session.drain(settled)
            connection.write()
            with suppress(RequestTimeout):
                settled.wait(limit_s)
                over = self._join_handlers(deadline_s)
            if not over:
                left = self._undrained(connection)
        finally:
            self._end(connection, abort=not over, deadline_s=deadline_s)
        if left or connection.unsent:
            raise (left or Undrained()).error(limit_s, connection.unsent)

    def _undrained(self, connection: SyncConnection) -> Undrained:
        running = self._readers.running
        with connection.lock:
            return Undrained(connection.session.offline, connection.session.unacknowledged, running)

    def end(self, *, abort: bool = False) -> None:
        """End the connection and every subscription. See the client's `close` and `abort`."""
        self._end(self._connection, abort=abort, deadline_s=None)

    def _end(self, connection: SyncConnection | None, *, abort: bool, deadline_s: float | None) -> None:
        """End a connection and wait for handlers; a drain has a deadline for both."""
        if connection is not None:
            if connection.is_elsewhere():
                # It has ended with the fork, and is the parent's to close.
                return
            was_left = connection.is_left
            waited = connection.end(
                abort=abort, timeout_s=CLOSE_TIMEOUT_S if deadline_s is None else max(0.0, deadline_s - monotonic())
            )
            if not waited or is_inside():
                # A signal handler has interrupted a call: threads of handlers start and end when that goes on.
                return
            if not was_left:
                _log.info("connection.closed")
        drains = deadline_s is not None
        deadline_s = monotonic() + HANDLERS_TIMEOUT_S if deadline_s is None else deadline_s
        # A drain raises the number of those that are left.
        if not self._join_handlers(deadline_s) and not drains:
            _log.warning("handler.left_running count=%d", self._readers.running)
        self.handlers.stop(deadline_s)

    def forked(self) -> None:
        """End the connection in a process that was forked, where nobody else holds what another thread held."""
        self._connecting = Guard()
        self.handlers.forked()
        self._readers.forget()
        if self._connection is not None:
            self._connection.forked()

    # What generated methods ask for

    def _present(self, operation: str) -> SyncConnection:
        """Return the connection, be it lost at the moment. Raises Closed."""
        connection = self._connection
        if connection is not None and connection.is_usable:
            return connection
        if connection is not None:
            connection.check_process(operation)
        raise Closed(f"{operation} needs a connection", "call connect(), or use the client in a with statement")

    def _open(self, operation: str, timeout_s: float) -> SyncConnection:
        """Return the connection, once there is one again. Raises Closed, ConnectionLost."""
        connection = self._present(operation)
        connection.check_may_wait(operation)
        if self.settings.while_offline == "wait":
            connection.wait_until_open(operation, timeout_s)
        return connection

    def publish(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
        *,
        timeout_s: float | None,
    ) -> None:
        """Publish; at QoS 1, return when the broker has acknowledged it."""
        limit_s = self._limit(timeout_s)
        prepared = prepare(self.protocol.operations[operation], arguments, options, options_given)
        payload = codec.encode(message)
        deadline_s = monotonic() + limit_s
        connection = self._present(operation)
        if prepared.qos:
            # It may wait in the outbox.
            connection.check_may_wait(operation)
        elif not connection.session.connected and self.settings.while_offline == "wait":
            connection.wait_until_open(operation, limit_s)
        if connection.congested:
            connection.wait_for_room(operation, limit_s)
        if not prepared.qos:
            with connection.lock:
                connection.session.publish_once(operation, prepared, payload)
            return
        outcome: SyncOutcome[None] = SyncOutcome(operation, self._counters)
        with connection.asking:
            connection.session.publish(operation, prepared, payload, outcome)
        try:
            outcome.wait(deadline_s - monotonic(), limit_s)
        except RequestTimeout as error:
            with connection.lock:
                withdrawn = connection.session.outbox.withdraw(outcome)
                if not withdrawn:
                    outcome.timed_out()
            if withdrawn:
                raise still_lost(operation, self._keeper.error, limit_s) from None
            raise unacknowledged(error, connection.session) from None

    def publish_nowait(
        self,
        operation: str,
        arguments: Sequence[str | Secret],
        message: object,
        options: Iterable[Option],
        options_given: Mapping[str, object],
    ) -> Pending:
        """Publish and return at once."""
        prepared = prepare(self.protocol.operations[operation], arguments, options, options_given)
        payload = codec.encode(message)
        connection = self._present(operation)
        if connection.congested:
            raise Congested(operation, "more than a megabyte waits to be sent")
        outcome: SyncOutcome[None] = SyncOutcome(operation, self._counters if prepared.qos else None)
        pending = Pending(outcome, connection, self.settings.timeout_s)
        with connection.lock:
            if prepared.qos:
                connection.session.publish(operation, prepared, payload, outcome)
            else:
                connection.session.publish_once(operation, prepared, payload)
        if not prepared.qos:
            outcome.resolve(None)
        return pending
