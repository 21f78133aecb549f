"""What sync and async connections share: when another attempt follows, and when nothing was sent.

A transport that was given up may still tell something. Each has a sink of its own, so that nobody listens to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from emitter_typed._clock import monotonic
from emitter_typed._guards import Log
from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.packets import InboundPacket
from emitter_typed._protocol.session.session import Session
from emitter_typed._transport.base import Transport
from emitter_typed.errors import Closed, ConnectionLost, ConnectionRefused, EmitterError

_log = Log("emitter_typed")


class Connection:
    """What both share: whether an end is to be followed by another attempt."""

    session: Session

    def __init__(
        self, make_transport: Callable[[], Transport], backoff: Backoff, *, reconnect: bool, retry_connect: bool
    ) -> None:
        self._make_transport = make_transport
        self._backoff = backoff
        self._reconnect = reconnect
        self._retry_connect = retry_connect
        self._process = os.getpid()
        self._accepted_once = False
        self._accepted_at_s: float | None = None
        self._lost_at_s = 0.0
        self._failed_attempts = 0
        self._closing = False

    def _take_in(self, packets: Sequence[InboundPacket]) -> ConnectionLost | None:
        """Give packets to the session; return why the connection must end, if they cannot be taken in."""
        try:
            self.session.received(packets)
        except ConnectionLost as broken:
            return broken
        except Exception as failure:
            return _own_fault(failure)
        return None

    def _tell_lost(self, error: EmitterError) -> ConnectionLost | None:
        """Tell the session that the connection is lost; return why no other one can follow, if it fails."""
        try:
            self.session.lost(error)
        except Exception as failure:
            return _own_fault(failure)
        return None

    def _goes_on(self, error: EmitterError | None) -> bool:
        if error is None or self._closing:
            return False
        wanted = self._reconnect if self._accepted_once else self._retry_connect
        goes_on = wanted and not (isinstance(error, ConnectionRefused) and error.permanent)
        # A first connection that fails is its caller's to know.
        if not goes_on and self._accepted_once:
            _log.warning("connection.given_up reason=%s", error)
        return goes_on

    def _followed(self, error: EmitterError) -> EmitterError:
        """Return the error of a connection that another one follows: its transport could not know."""
        if not isinstance(error, ConnectionLost):
            return error
        followed = ConnectionLost(error.message, reconnecting=True)
        followed.__cause__ = error.__cause__
        return followed

    def _delay_s(self, error: EmitterError) -> float:
        if self._accepted_at_s is None:
            self._failed_attempts += 1
            delay_s = self._backoff.next_s()
            _log.warning(
                "connection.attempt_failed delay_s=%.2f attempt=%d reason=%s", delay_s, self._failed_attempts, error
            )
            return delay_s
        self._lost_at_s, self._failed_attempts = monotonic(), 0
        self._backoff.ended(self._lost_at_s - self._accepted_at_s)
        self._accepted_at_s = None
        delay_s = self._backoff.next_s()
        _log.warning("connection.lost delay_s=%.2f reason=%s", delay_s, error)
        return delay_s

    def _accepted(self) -> None:
        if self._accepted_once:
            down_s = monotonic() - self._lost_at_s
            _log.info("connection.restored down_s=%.2f attempts=%d", down_s, self._failed_attempts + 1)
        self._accepted_once = True
        self._accepted_at_s = monotonic()

    def check_process(self, operation: str) -> None:
        """Raise Closed in a process that was forked: its parent has the connection."""
        if os.getpid() != self._process:
            raise Closed(
                f"{operation} was called in a process that was forked after this client connected",
                "make a client of its own in the child process",
            )


def _own_fault(failure: Exception) -> ConnectionLost:
    _log.error("session.failed", exc_info=failure)
    lost = ConnectionLost(f"the client failed with {type(failure).__name__}, which is a fault of its own")
    lost.__cause__ = failure
    return lost


def still_lost(operation: str, error: EmitterError | None, timeout_s: float) -> ConnectionLost:
    """Return the error of a call that found no connection within its time limit."""
    reason = "there is none" if error is None else error.message
    return ConnectionLost(f"{reason}; nothing was sent within {timeout_s:g} s", operation=operation, reconnecting=True)
