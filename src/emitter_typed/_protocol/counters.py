"""What a client counts, over all its connections: whoever counts holds what guards the session, but for one number."""

from __future__ import annotations

from typing import Literal

from emitter_typed._guards import Guard
from emitter_typed.errors import BrokerError, ConnectionLost, EmitterError, RequestTimeout

Ending = Literal["answered", "refused", "timed_out", "lost", "failed"]
"""How what was asked of the broker ended."""


class ClientCounters:
    """The numbers as they stand; others read them at any time."""

    __slots__ = (
        "_reading",
        "accepted",
        "bytes_in",
        "bytes_out",
        "endings",
        "last_s",
        "max_s",
        "messages_in",
        "messages_out_qos0",
        "messages_out_qos1",
        "min_s",
        "round_trips",
        "total_s",
        "undecodable",
    )

    def __init__(self) -> None:
        """Begin with nothing."""
        self.accepted: int = 0
        """How many connections the broker has accepted: which of them is in use."""
        self.messages_in: int = 0
        self.bytes_in: int = 0
        self.messages_out_qos0: int = 0
        self.messages_out_qos1: int = 0
        self.bytes_out: int = 0
        self.endings: dict[tuple[str, Ending], int] = {}
        """How often each operation ended in each way."""
        self.round_trips: int = 0
        self.min_s: float = float("inf")
        self.max_s: float = 0.0
        self.last_s: float = 0.0
        self.total_s: float = 0.0
        self.undecodable: int = 0
        # A signal handler may read messages in the middle of this.
        self._reading = Guard()

    def count(self, operation: str, ending: Ending) -> None:
        """Count an end."""
        key = operation, ending
        self.endings[key] = self.endings.get(key, 0) + 1

    def count_undecodable(self) -> None:
        """Count what did not fit. Any thread may be the reader that finds it."""
        with self._reading:
            self.undecodable += 1

    def measure(self, duration_s: float) -> None:
        """Take in how long an answer took."""
        self.last_s = duration_s
        self.total_s += duration_s
        # Not min and max, which take many times as long: this is done for each message that is acknowledged.
        if duration_s < self.min_s:
            self.min_s = duration_s
        if duration_s > self.max_s:
            self.max_s = duration_s
        # Last, so that who reads a number of them finds all that they need.
        self.round_trips += 1


def ending_of(error: EmitterError | None) -> Ending:
    """Name the end that an error is; None is an answer."""
    if error is None:
        return "answered"
    if isinstance(error, BrokerError):
        return "refused"
    if isinstance(error, RequestTimeout):
        return "timed_out"
    return "lost" if isinstance(error, ConnectionLost) else "failed"
