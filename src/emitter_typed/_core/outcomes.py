"""How a call ends, and how the caller waits for that: in a thread, or in a task."""

from __future__ import annotations

import threading
import weakref
from typing import Generic, TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.async_waiters import wake
from emitter_typed._guards import Log
from emitter_typed._on_use import asyncio
from emitter_typed._protocol.counters import ClientCounters, Ending, ending_of
from emitter_typed.errors import ConnectionLost, EmitterError, RequestTimeout

ResultT = TypeVar("ResultT")

_log = Log("emitter_typed")


class Outcome(Generic[ResultT]):
    """How an operation ended: not yet, with a result or with an error. It ends once; what comes later is ignored."""

    __slots__ = (
        "_abandoned",
        "_connection",
        "_counters",
        "_error",
        "_result",
        "_started_s",
        "done",
        "holder",
        "operation",
        "seen",
    )

    _result: ResultT

    def __init__(self, operation: str, counters: ClientCounters | None = None) -> None:
        """Begin without an end; the operation is named in errors, and its end counted where there is a counters."""
        self._counters = counters
        if counters is not None:
            self._connection = counters.accepted
            self._started_s = monotonic()
        self.operation: str = operation
        self.done: bool = False
        self.seen: bool = False
        self.holder: weakref.ref[object] | None = None
        self._abandoned = False
        self._error: EmitterError | None = None

    def __str__(self) -> str:
        """Name the operation, and tell how it stands."""
        if not self.done:
            return f"{self.operation} under way"
        return f"{self.operation} {'done' if self._error is None else f'failed with {type(self._error).__name__}'}"

    def resolve(self, result: ResultT) -> None:
        """End well."""
        if not self.done:
            self._result = result
            self._count("answered")
            self._end()

    def reject(self, error: EmitterError) -> bool:
        """End with an error, and tell whether somebody may still see it."""
        if self.done:
            return True
        self._error = error
        self._count(ending_of(error))
        self._end()
        if self._abandoned:
            # Who waited was told that no answer came in time. A refusal that comes now is news, a loss is not.
            return isinstance(error, ConnectionLost)
        return self.holder is None or self.holder() is not None

    def timed_out(self) -> None:
        """Count that nobody waits any more, if it has not ended by now."""
        self._count("timed_out")

    def _count(self, ending: Ending) -> None:
        counters, self._counters = self._counters, None
        if counters is None:
            return
        counters.count(self.operation, ending)
        # What waited for another connection, or was sent again on it, tells nothing of how long the broker takes.
        if ending in ("answered", "refused") and self._connection == counters.accepted:
            counters.measure(monotonic() - self._started_s)

    def _give_up(self) -> None:
        """Note that a call waits no more. A Pending can be waited for again, so it gives nothing up."""
        self._abandoned = self.holder is None

    def _end(self) -> None:
        self.done = True

    def result(self) -> ResultT:
        """Return the result, or raise the error, of what has ended."""
        self.seen = True
        if self._error is not None:
            # Without what it went through for others who waited, and where it was made.
            raise self._error.with_traceback(None)
        return self._result

    def forgotten(self) -> None:
        """Log an error that nobody has seen, when nobody can any more."""
        if self._error is not None and not self.seen:
            _log.warning("publish.failed_unseen operation=%s error=%s", self.operation, self._error)


class SyncOutcome(Outcome[ResultT]):
    """An outcome that threads can wait for."""

    __slots__ = ("_under_way",)

    def __init__(self, operation: str, counters: ClientCounters | None = None) -> None:
        """Begin without an end."""
        super().__init__(operation, counters)
        # Held until the end. An Event would do the same, and costs many times as much to make.
        self._under_way = threading.Lock()
        self._under_way.acquire()

    def _end(self) -> None:
        super()._end()
        self._under_way.release()

    def wait(self, timeout_s: float, limit_s: float | None = None) -> ResultT:
        """Wait for the end, return the result or raise the error.

        Args:
            timeout_s: Seconds to wait; what is not above 0 is a look.
            limit_s: The limit that these seconds are the rest of. Default: the same.

        Raises:
            RequestTimeout: It has not ended in time.
        """
        if not self.done and self._under_way.acquire(timeout=min(max(timeout_s, 0.0), threading.TIMEOUT_MAX)):
            # Others may wait too.
            self._under_way.release()
        if not self.done:
            self._give_up()
            raise RequestTimeout(self.operation, timeout_s if limit_s is None else limit_s)
        return self.result()


class AsyncOutcome(Outcome[ResultT]):
    """An outcome that tasks of one event loop can wait for."""

    __slots__ = ("_waiting",)

    def __init__(self, operation: str, counters: ClientCounters | None = None) -> None:
        """Begin without an end."""
        super().__init__(operation, counters)
        self._waiting: list[asyncio.Future[None]] = []

    def _end(self) -> None:
        super()._end()
        for future in self._waiting:
            wake(future)

    async def wait(self, timeout_s: float, limit_s: float | None = None) -> ResultT:
        """Wait for the end, return the result or raise the error.

        Args:
            timeout_s: Seconds to wait; what is not above 0 is a look.
            limit_s: The limit that these seconds are the rest of. Default: the same.

        Raises:
            RequestTimeout: It has not ended in time.
        """
        if not self.done:
            # Less than half of what asyncio.timeout and an Event take.
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.append(future)
            timer = loop.call_later(timeout_s, wake, future)
            try:
                await future
            finally:
                timer.cancel()
                self._waiting.remove(future)
        if not self.done:
            self._give_up()
            raise RequestTimeout(self.operation, timeout_s if limit_s is None else limit_s)
        return self.result()
