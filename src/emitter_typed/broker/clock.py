"""Time that a test can move."""

from __future__ import annotations

import time


class ManualClock:
    """A clock that stands still until it is told to move.

    Give it to a broker as `clock`, and keys and stored messages expire without waiting:

    >>> clock = ManualClock(1_700_000_000)
    >>> clock.advance(60)
    >>> clock()
    1700000060.0
    """

    def __init__(self, now_s: float | None = None) -> None:
        """Start at a Unix time in seconds. Default: the present."""
        self._now_s = float(time.time() if now_s is None else now_s)

    def __call__(self) -> float:
        """Return the Unix time in seconds."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move forward by some seconds. May be called from any thread."""
        self._now_s += seconds
