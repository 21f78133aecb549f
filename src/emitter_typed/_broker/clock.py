"""The time that a broker lives by, which a test can move."""

from __future__ import annotations

import time
from datetime import timedelta
from types import NoneType

from emitter_typed._broker.arguments import check_kind
from emitter_typed.errors import InvalidArgument

# More than any time that can be written.
_FURTHEST_S = 1e15


class Clock:
    """The system's clock, which can be moved forward.

    A broker lets keys and messages expire by it.

    >>> clock = Clock()
    >>> before = clock()
    >>> clock.advance(3600)
    >>> clock() - before >= 3600
    True
    """

    def __init__(self) -> None:
        """Show the system's time."""
        self._ahead_s = 0.0

    def __call__(self) -> float:
        """Return the time that it shows. A broker calls it in its own thread.

        Returns:
            The Unix time in seconds.
        """
        return time.time() + self._ahead_s

    def advance(self, seconds: float | timedelta) -> None:
        """Move the clock forward. Keys and stored messages expire at once.

        May be called from any thread.

        Args:
            seconds: By how much, in seconds or as a timedelta. A negative one moves it back.

        Raises:
            InvalidArgument: It is not one of these, or not finite.
        """
        check_kind("seconds", seconds, (int, float, timedelta), "a number or a timedelta")
        self._ahead_s += seconds.total_seconds() if isinstance(seconds, timedelta) else _finite("seconds", seconds)


class NodeClock(Clock):
    """The clock of one node of a cluster: the cluster's, until it is moved apart."""

    def __init__(self, cluster: Clock) -> None:
        """Show the cluster's time."""
        super().__init__()
        self._cluster = cluster

    def __call__(self) -> float:
        """Return the Unix time in seconds."""
        return self._cluster() + self._ahead_s


class ManualClock(Clock):
    """A clock that stands still until it is moved.

    With it as a broker's `clock`, nothing expires by itself:

    >>> clock = ManualClock(1_700_000_000)
    >>> clock.advance(60)
    >>> clock()
    1700000060.0
    """

    def __init__(self, now_s: float | None = None) -> None:
        """Stand still.

        Args:
            now_s: The Unix time to begin at, in seconds. Default: the current time.

        Raises:
            InvalidArgument: It is not a number, or not finite.
        """
        super().__init__()
        check_kind("now_s", now_s, (int, float, NoneType), "a number or None")
        self._now_s = time.time() if now_s is None else _finite("now_s", now_s)

    def __call__(self) -> float:
        """Return the time that it shows.

        Returns:
            The Unix time in seconds.
        """
        return self._now_s + self._ahead_s


def _finite(argument: str, number: float) -> float:
    if not abs(number) < _FURTHEST_S:
        raise InvalidArgument(f"{argument}: must be a finite number of seconds", argument=argument, value=None)
    return float(number)
