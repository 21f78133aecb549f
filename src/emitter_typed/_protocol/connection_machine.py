"""The life of a connection as a state machine: which attempt is the current one, and what follows when it ends.

It does no I/O and knows no clock. A driver tells it what has happened, and does what it answers. What is told about an
attempt that is not the current one changes nothing, so that a transport that was given up may say what it likes.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.refusals import is_refused_login, together
from emitter_typed.errors import ConnectionLost, ConnectionRefused, EmitterError


class Phase(Enum):
    """Where a connection stands."""

    WAITING = "waiting to try"
    """No attempt is under way, and one is to follow: the first, or the next one after its delay."""
    CONNECTING = "connecting"
    """An attempt is under way, or accepted and not everything is there again."""
    CONNECTED = "connected"
    """The broker has accepted it, and what was asked for before is there again."""
    CLOSING = "closing"
    """It is to end, and what waits is being sent."""
    CLOSED = "closed"
    """It is over, and nothing follows."""


@frozen(kw_only=True)
class Accepted:
    """A connection is there."""

    first: bool
    """Whether it is the first one."""
    down_s: float
    """How long there was none, in seconds; 0 for the first."""
    attempts: int
    """How many attempts it took since the loss."""


@frozen(kw_only=True)
class Retry:
    """An attempt has ended, and another one is to follow."""

    error: EmitterError
    """Why it has ended."""
    delay_s: float
    """When the next one is to follow, in seconds."""
    lost: bool
    """Whether a connection was lost; False if none was made."""
    first: bool
    """Whether there never was a connection."""
    attempts: int
    """How many attempts have failed since the loss."""
    broker: int
    """Which broker the next attempt is for."""


@frozen(kw_only=True)
class Over:
    """The connection is over, and nothing follows."""

    error: EmitterError | None
    """Why; None: this side has closed it."""
    lost: bool
    """Whether there was a connection until now."""
    given_up: bool
    """Whether a connection that was accepted ends against the will of this side."""


class ConnectionMachine:
    """The states of one connection, from its first attempt to its end."""

    def __init__(self, backoff: Backoff, *, reconnect: bool, retry_connect: bool, brokers: int = 1) -> None:
        """Begin before the first attempt.

        Args:
            backoff: Says how long to wait before the next attempt.
            reconnect: Whether to try again once a connection was accepted and is lost.
            retry_connect: Whether to try again before one was.
            brokers: How many brokers take turns.
        """
        self._backoff = backoff
        self._brokers = brokers
        self._reconnect = reconnect
        self._retry_connect = retry_connect
        self.phase: Phase = Phase.WAITING
        """Where it stands."""
        self.attempt: int = 0
        """The number of the current attempt, or of the last one; 0: there was none."""
        self.broker: int = 0
        """Which broker the current attempt is for, or the next one if none is under way."""
        self.is_left: bool = False
        """Whether this side has closed it."""
        self._accepted_once = False
        self._was_connected = False
        self._accepted_s: float | None = None
        self._lost_s = 0.0
        self._failed_attempts = 0
        # What each broker has met since the last connection, by its number.
        self._failures: dict[int, EmitterError] = {}

    @property
    def is_over(self) -> bool:
        """Whether it is to end, or has ended."""
        return self.phase in (Phase.CLOSING, Phase.CLOSED)

    def is_current(self, attempt: int) -> bool:
        """Tell whether what an attempt says counts."""
        return attempt == self.attempt and self.phase in (Phase.CONNECTING, Phase.CONNECTED, Phase.CLOSING)

    def begin(self, after: int) -> int | None:
        """Begin an attempt.

        Args:
            after: The number of the attempt that it is to follow; 0: it is the first.

        Returns:
            Its number; None if it is not wanted any more.
        """
        if self.phase is not Phase.WAITING or after != self.attempt:
            return None
        self.attempt += 1
        self.phase = Phase.CONNECTING
        return self.attempt

    def accepted(self, now_s: float) -> Accepted | None:
        """Learn that the broker has accepted the current attempt, and everything is there again; None: too late."""
        if self.phase is not Phase.CONNECTING:
            return None
        self.phase = Phase.CONNECTED
        self._failures.clear()
        first, self._accepted_once = not self._accepted_once, True
        self._accepted_s = now_s
        return Accepted(first=first, down_s=0.0 if first else now_s - self._lost_s, attempts=self._failed_attempts + 1)

    def ended(self, attempt: int, error: EmitterError | None, now_s: float) -> Retry | Over | None:
        """Learn that an attempt, or the connection that it made, is over.

        Args:
            attempt: Its number.
            error: Why; None: somebody asked for it.
            now_s: The time, on any clock that only goes forward.

        Returns:
            What follows; None if the attempt is not the current one.
        """
        if not self.is_current(attempt):
            return None
        before = self.phase
        if before is Phase.CLOSING or error is None:
            return self._over(None, given_up=False)
        self._failures[self.broker] = error
        # One attempt of each broker is the first attempt of the client.
        first_round = not self._accepted_once and len(self._failures) < self._brokers
        wanted = first_round or (self._reconnect if self._accepted_once else self._retry_connect)
        if is_refused_login(error):
            # The others would ask for the same login.
            return self._over(error, given_up=self._accepted_once)
        if not wanted or self._is_permanent:
            # A first connection that fails is its caller's to know.
            return self._over(self._failure(error), given_up=self._accepted_once)
        # What shows is what this attempt has met, but permanent only if it is so for all.
        shown = _followed(self._failure(error) if _is_permanent(error) else error)
        self.phase = Phase.WAITING
        lost = before is Phase.CONNECTED
        lived_s = 0.0
        if lost and self._accepted_s is not None:
            lived_s = now_s - self._accepted_s
            self._lost_s, self._failed_attempts = now_s, 0
            self._backoff.ended(lived_s)
        else:
            self._failed_attempts += 1
        if lived_s < self._backoff.steady_s:
            # One that was steady has what was missed, and is tried first.
            self.broker = (self.broker + 1) % self._brokers
        return Retry(
            error=shown,
            delay_s=0.0 if first_round else self._backoff.next_s(),
            lost=lost,
            first=not self._accepted_once,
            attempts=self._failed_attempts,
            broker=self.broker,
        )

    @property
    def _is_permanent(self) -> bool:
        """Whether every broker would refuse this client again."""
        return len(self._failures) == self._brokers and all(map(_is_permanent, self._failures.values()))

    def _failure(self, error: EmitterError) -> EmitterError:
        """Return an error with what the other brokers have met, and whether it is permanent for all of them."""
        if not isinstance(error, ConnectionRefused) or self._brokers == 1:
            return error
        others = [each for broker, each in self._failures.items() if broker != self.broker]
        refusals = [each for each in others if isinstance(each, ConnectionRefused)]
        return together(error, refusals, permanent=self._is_permanent)

    def give_up(self, error: EmitterError) -> Over:
        """Be over for a reason that no other attempt could mend, whatever was to follow."""
        self.phase = Phase.CLOSED
        return Over(error=error, lost=self._accepted_once, given_up=self._accepted_once)

    def close(self, *, abort: bool, error: EmitterError | None = None) -> Over | None:
        """End the connection. May be called again, such as to abort one that takes too long to close.

        Args:
            abort: Whether nothing is to be sent any more. If not, a connection is closing until its transport ends.
            error: Why it ends, if this side does not just leave.

        Returns:
            The end; None if there is nothing to do yet, or any more.
        """
        self.is_left = True
        if self.phase is Phase.CLOSED:
            return None
        if not abort and self.phase in (Phase.CONNECTING, Phase.CONNECTED, Phase.CLOSING):
            self._was_connected = self._was_connected or self.phase is Phase.CONNECTED
            self.phase = Phase.CLOSING
            return None
        return self._over(error, given_up=False)

    def _over(self, error: EmitterError | None, *, given_up: bool) -> Over:
        lost = self.phase is Phase.CONNECTED or (self.phase is Phase.CLOSING and self._was_connected)
        self.phase = Phase.CLOSED
        return Over(error=error, lost=lost, given_up=given_up)


def _is_permanent(error: EmitterError) -> bool:
    return isinstance(error, ConnectionRefused) and error.permanent


def _followed(error: EmitterError) -> EmitterError:
    """Return the error of a connection that another one follows: its transport could not know."""
    if not isinstance(error, ConnectionLost):
        return error
    followed = ConnectionLost(error.message, reconnecting=True)
    followed.__cause__ = error.__cause__
    return followed
