"""When to ask the other side for a sign of life, and when its silence is the end (MQTT 3.1.1, 3.1.2.10)."""

from __future__ import annotations

from typing import Literal


class KeepAlive:
    """Counts every byte that comes as a sign of life, and not only the answer to a ping: that may lie behind others.

    It knows no clock: times are seconds of any clock that only goes forward.
    """

    __slots__ = ("_interval_s", "_pinged_s", "_read_s", "_unsent", "_wrote_s")

    def __init__(self, interval_s: float, now_s: float) -> None:
        """Begin with a connection that has just been made.

        Args:
            interval_s: Seconds without traffic in a direction after which to ping, and after a ping to give up.
            now_s: The time.
        """
        self._interval_s = interval_s
        self._read_s = now_s
        self._wrote_s = now_s
        self._pinged_s: float | None = None
        self._unsent = False

    def read(self, now_s: float) -> None:
        """Note that something has come."""
        self._read_s = now_s
        # A ping that has not left yet is still to be answered.
        self._pinged_s = now_s if self._unsent else None

    def wrote(self, now_s: float, *, all_of_it: bool) -> None:
        """Note that the socket has taken something; all of it: nothing waits to be written any more."""
        self._wrote_s = now_s
        if self._unsent:
            # A ping that waits behind others has not been asked yet; that these leave shows that somebody takes them.
            self._pinged_s = now_s
            self._unsent = not all_of_it

    @property
    def due_s(self) -> float:
        """When to look again, if nothing comes or goes meanwhile."""
        since_s = min(self._read_s, self._wrote_s) if self._pinged_s is None else self._pinged_s
        return since_s + self._interval_s

    def look(self, now_s: float) -> Literal["wait", "ping", "lost"]:
        """Say what to do now; `read` was called for all that has come by now. A ping that this asks for counts as made.

        Args:
            now_s: The time.

        Returns:
            `"lost"` if a ping was sent and nothing has come since, for the whole interval.
        """
        if now_s < self.due_s:
            return "wait"
        if self._pinged_s is not None:
            return "lost"
        self._pinged_s = now_s
        self._unsent = True
        return "ping"
