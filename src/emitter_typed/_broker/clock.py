"""The time that a broker lives by, which a test can move."""

from __future__ import annotations

import time
from datetime import timedelta
from types import NoneType

from emitter_typed._broker.arguments import check_kind
from emitter_typed.errors import InvalidArgument

# 2154-01-01 in Unix time: Emitter's clock ends a month later.
_END_S = 5_806_512_000


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
            InvalidArgument: It is not one of these, or leads to a time before 1970 or after 2153, where Emitter's own
                clock ends (docs: Emitter protocol, history).
        """
        check_kind("seconds", seconds, (int, float, timedelta), "a number or a timedelta")
        ahead_s = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        _check_time("seconds", self() + max(-_END_S, min(ahead_s, _END_S)))
        self._ahead_s += ahead_s


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
            InvalidArgument: It is not a number, or a time before 1970 or after 2153.
        """
        super().__init__()
        check_kind("now_s", now_s, (int, float, NoneType), "a number or None")
        self._now_s = _check_time("now_s", time.time() if now_s is None else now_s)

    def __call__(self) -> float:
        """Return the time that it shows.

        Returns:
            The Unix time in seconds.
        """
        return self._now_s + self._ahead_s


def _check_time(argument: str, now_s: float) -> float:
    if not 0 <= now_s < _END_S:
        raise InvalidArgument(
            f"{argument}: the clock must show a time from 1970 to 2153, in Unix seconds", argument=argument, value=None
        )
    return float(now_s)
