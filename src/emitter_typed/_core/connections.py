"""What sync and async connections share: one session, one transport after the other, and what brings the next.

`ConnectionMachine` decides; this carries it out. The lock guards the machine and the session. Nothing that takes time,
or that may call us again, happens under it: transports start and end, lines are logged and others are told after it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from os import getpid
from typing import Any, Generic

from emitter_typed._clock import monotonic
from emitter_typed._core.addresses import address_of
from emitter_typed._core.state import KeeperT
from emitter_typed._guards import Guard, Log
from emitter_typed._masking import hide_keys
from emitter_typed._protocol.connection_machine import ConnectionMachine, Over, Phase, Retry
from emitter_typed._protocol.packets import InboundPacket, OutboundPacket
from emitter_typed._protocol.session.fetches import Fetch
from emitter_typed._protocol.session.session import Session
from emitter_typed._transport.base import (
    CLOSE_TIMEOUT_S,
    Endpoint,
    FlushingTransport,
    Reactor,
    Timer,
    Transport,
    TransportSink,
)
from emitter_typed._transport.reasons import words
from emitter_typed.errors import Closed, ConnectionLost, ConnectionRefused, EmitterError

_log = Log("emitter_typed")

_CLOSE_GRACE_S = 0.1
_FORKED = "make a client of its own in the child process"


class Connection(ABC, Generic[KeeperT]):
    """A connection of a client, from `connect` until it is closed, over all its attempts."""

    session: Session

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        make_transport: Callable[[Endpoint], Transport],
        machine: ConnectionMachine,
        reactor: Reactor,
        state: KeeperT,
        tell_of_connection: Callable[[], None],
        tell_of_loss: Callable[[], None],
    ) -> None:
        """Prepare; `open` makes the first attempt, for the session that is set by then.

        Args:
            endpoints: The brokers that take turns.
            make_transport: Makes the transport of an attempt.
            machine: Decides what follows.
            reactor: Calls when the next attempt is due.
            state: What the client shows; only the connection that it was given to last may change it.
            tell_of_connection: Is called when the broker has accepted a connection.
            tell_of_loss: Is called when that is over.
        """
        self._endpoints = endpoints
        self._make_transport = make_transport
        self._machine = machine
        self._reactor = reactor
        # Reentrant, for a subscription that takes in an answer asks for the next page.
        self.lock: Guard = Guard()
        """Guards the session; for callers of its methods."""
        self._state = state
        self._tell_of_connection = tell_of_connection
        self._tell_of_loss = tell_of_loss
        self._transport: Transport | None = None
        self._timer: Timer | None = None
        self._close_by_s = math.inf
        # The end, where a call was interrupted before everybody was told.
        self._untold: tuple[Over, Transport | None] | None = None
        self._process = getpid()
        self.unsent: int = 0
        """How many messages of QoS 0 were not written by the end."""

    # What waits for it

    @abstractmethod
    def _make_sink(self, attempt: int, transport: Transport) -> TransportSink:
        """Return what takes what the transport of an attempt brings."""

    @abstractmethod
    def wake(self) -> None:
        """Let those who wait for room to send look again."""

    @abstractmethod
    def _finished(self) -> None:
        """Let those who wait for the end go on, and leave the reactor."""

    # For the session

    def send(self, packet: OutboundPacket) -> None:
        """Send a packet, for the session."""
        transport = self._transport
        if transport is not None:
            transport.send(packet)

    def opened(self) -> None:
        """Learn, from the session, that the broker has accepted a connection and everything is there again."""
        accepted = self._machine.accepted(monotonic())
        if accepted is None:
            return
        if not accepted.first:
            _log.info(
                "connection.restored host=%s port=%d down_s=%.2f attempts=%d",
                hide_keys(self.endpoint.host), self.endpoint.port, accepted.down_s, accepted.attempts,
            )  # fmt: skip
        if self._state.set(self, "connected"):
            self._tell_of_connection()

    def fetch(self, fetch: Fetch) -> None:
        """Ask for a page when its turn comes. Raises what a request raises."""
        with self.lock:
            self.session.fetches.add(fetch)

    def give_up(self, fetch: Fetch, error: EmitterError) -> None:
        """End a fetch with an error, unless it has ended."""
        with self.lock:
            fetch.reject(error)

    def shares(self, channel: str) -> bool:
        """Tell whether others of this client may receive what the broker sends to a new subscriber of a channel."""
        with self.lock:
            return self.session.subscriptions.shares(channel)

    # For drivers

    @property
    def asking(self) -> AbstractContextManager[object]:
        """The lock, for a call that waits for the answer to what it sends."""
        return self.lock

    @property
    def endpoint(self) -> Endpoint:
        """The broker of the current attempt, or of the next one if none is under way."""
        return self._endpoints[self._machine.broker]

    @property
    def is_left(self) -> bool:
        """Whether this side has closed it."""
        return self._machine.is_left

    @property
    def is_over(self) -> bool:
        """Whether it is closing, or has ended for whatever reason."""
        return self._machine.is_over

    @property
    def congested(self) -> bool:
        """Whether so much waits for the network that nothing should be added."""
        transport = self._transport
        return transport is not None and self.session.connected and transport.congested

    def open(self) -> None:
        """Make the first attempt to connect."""
        self._attempt(0)

    def close(
        self, *, abort: bool = False, timeout_s: float = CLOSE_TIMEOUT_S, error: EmitterError | None = None
    ) -> None:
        """End the connection; it does not wait, and may be called again, also to shorten its limit.

        Args:
            abort: Whether to drop it at once. If not, what waits is sent first.
            timeout_s: For how long to send, in seconds.
            error: Why it ends; None: the client leaves.
        """
        over, transport = None, None
        try:
            with self.lock:
                transport = self._transport
                over = self._machine.close(abort=abort or not self.session.connected, error=error)
                if self._untold is not None and self._machine.phase is Phase.CLOSED:
                    (over, transport), self._untold = self._untold, None
                is_shown = over is not None and self._end(over)
            if over is not None:
                if transport is not None:
                    self._drop(transport)
                self._tell_the_end(over, is_shown=is_shown)
            elif transport is not None and (close_by_s := monotonic() + timeout_s) < self._close_by_s:
                # Transports that are not ours may take as long as they like.
                self._call_later(timeout_s + _CLOSE_GRACE_S, partial(self.close, abort=True))
                if isinstance(transport, FlushingTransport):
                    transport.close(timeout_s)
                else:
                    transport.close()
                self._close_by_s = close_by_s
        except BaseException:
            # A signal handler has raised: the next call does it again.
            self._untold = over or Over(error=error, lost=False, given_up=False), transport
            raise

    @property
    def is_usable(self) -> bool:
        """Whether calls may use it: this side has not closed it, nor was this process forked since."""
        return not self._machine.is_left

    def is_elsewhere(self) -> bool:
        """Tell whether this is a process that was forked after the connection was made: its parent has it."""
        return getpid() != self._process

    def check_process(self, operation: str) -> None:
        """Raise Closed in a process that was forked."""
        if self.is_elsewhere():
            raise _forked(operation)

    def forked(self) -> None:
        """End, in a process that was forked, without a word to the broker: the connection is the parent's."""
        self.lock = Guard()
        error = Closed("this process was forked after the client connected, and its parent has the connection", _FORKED)
        self._machine.close(abort=True)
        self._transport = None
        with suppress(Exception):
            self.session.ended(error)
        self._state.set(self, "closed", error)

    # Attempts

    def _attempt(self, after: int) -> None:
        """Make the attempt that follows another one, if it is still wanted."""
        with self.lock:
            attempt = self._machine.begin(after)
        if attempt is None:
            return
        transport, endpoint = None, self.endpoint
        try:
            transport = self._make_transport(endpoint)
            with self.lock:
                if not self._machine.is_current(attempt):
                    return
                self._transport = transport
            transport.start(self._make_sink(attempt, transport))
        except Exception as failure:
            if not isinstance(failure, OSError | RuntimeError | EmitterError):
                _log.error("transport.failed", exc_info=failure)
            if transport is not None:
                self._drop(transport)
            self.ended(attempt, _refused(failure, endpoint))
            return
        if not self._machine.is_current(attempt):
            # It was closed between, maybe before the transport could take note of that.
            self._drop(transport)

    def _drop(self, transport: Transport) -> None:
        try:
            transport.abort()
        except Exception as failure:
            _log.error("transport.failed", exc_info=failure)
        if isinstance(transport, FlushingTransport):
            self.unsent = transport.count_unsent()

    def received(self, attempt: int, packets: Sequence[InboundPacket]) -> None:
        """Take in what an attempt brings."""
        with self.lock:
            if not self._machine.is_current(attempt):
                return
            transport, error = self._transport, None
            try:
                self.session.received(packets)
            except ConnectionLost as broken:
                error = broken
            except Exception as failure:
                error = _own_fault(failure)
        if error is not None:
            self.ended(attempt, error)
            if transport is not None:
                self._drop(transport)

    def ended(self, attempt: int, error: EmitterError | None) -> None:
        """Learn that an attempt is over, and do what follows."""
        with self.lock:
            follows = self._machine.ended(attempt, error, monotonic())
            if follows is None:
                return
            transport, self._transport = self._transport, None
            if isinstance(transport, FlushingTransport):
                self.unsent = transport.count_unsent()
            if isinstance(follows, Retry):
                try:
                    self.session.lost(follows.error)
                except Exception as failure:
                    # What is left of the session is of no use to another connection.
                    follows = self._machine.give_up(_own_fault(failure))
            is_shown = self._end(follows) if isinstance(follows, Over) else self._show(follows)
        if isinstance(follows, Over):
            self._tell_the_end(follows, is_shown=is_shown)
        else:
            self._come_back(attempt, follows, is_shown=is_shown)

    # What follows: first with the lock, and tell whether this is still the client's connection; then without it

    def _show(self, retry: Retry) -> bool:
        return self._state.set(
            self, "connecting" if retry.first else "reconnecting", retry.error, str(address_of(self.endpoint))
        )

    def _come_back(self, attempt: int, retry: Retry, *, is_shown: bool) -> None:
        self._call_later(retry.delay_s, partial(self._attempt, attempt))
        self.wake()
        if retry.lost:
            _log.warning("connection.lost delay_s=%.2f reason=%s", retry.delay_s, retry.error)
            if is_shown:
                self._tell_of_loss()
        else:
            _log.warning(
                "connection.attempt_failed delay_s=%.2f attempt=%d reason=%s",
                retry.delay_s, retry.attempts, retry.error,
            )  # fmt: skip

    def _end(self, over: Over) -> bool:
        self._transport = None
        self.session.ended(over.error)
        return self._state.set(self, "closed", over.error)

    def _tell_the_end(self, over: Over, *, is_shown: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.wake()
        self._finished()
        if over.given_up:
            _log.warning("connection.given_up reason=%s", over.error)
        if over.lost and is_shown:
            self._tell_of_loss()

    def _call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        # One at a time: each is for a state that the next one ends.
        self._timer = self._reactor.call_later(delay_s, call)


class DirectSink:
    """Takes what the transport of one attempt brings, from the thread or the loop that the connection lives in."""

    def __init__(self, connection: Connection[Any], attempt: int) -> None:  # Any: whatever keeps its state
        """Take what an attempt of a connection brings."""
        self._connection = connection
        self._attempt = attempt

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        """Take packets in."""
        self._connection.received(self._attempt, packets)

    def drained(self) -> None:
        """Let those who wait for room go on."""
        self._connection.wake()

    def ended(self, error: EmitterError | None, /) -> None:
        """End the attempt."""
        self._connection.ended(self._attempt, error)


def _refused(failure: Exception, endpoint: Endpoint) -> EmitterError:
    if isinstance(failure, EmitterError):
        return failure
    error = ConnectionRefused(words(failure), host=endpoint.host, port=endpoint.port)
    error.__cause__ = failure
    return error


def _own_fault(failure: Exception) -> ConnectionLost:
    _log.error("session.failed", exc_info=failure)
    lost = ConnectionLost(
        f"the client failed with {type(failure).__name__}, which is a bug in emitter-typed: please report it"
    )
    lost.__cause__ = failure
    return lost


def still_lost(operation: str, error: EmitterError | None, timeout_s: float) -> ConnectionLost:
    """Return the error of a call that found no connection within its time limit."""
    reason = "none has been made yet" if error is None else error.message
    return ConnectionLost(f"{reason}; nothing was sent within {timeout_s:g} s", operation=operation, reconnecting=True)


def _forked(operation: str) -> Closed:
    return Closed(f"{operation} was called in a process that was forked after this client connected", _FORKED)
