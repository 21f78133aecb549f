"""How a call ends, and how the caller waits for that: in a thread, or in a task."""

from __future__ import annotations

import sys
import threading
from typing import Any, ClassVar, Generic, TypeVar

from emitter_typed._clock import monotonic
from emitter_typed._core.async_waiters import Alarms, wake
from emitter_typed._guards import LONGEST_WAIT_S, Log, wake_thread
from emitter_typed._on_use import asyncio
from emitter_typed._protocol.counters import ClientCounters, Ending, ending_of
from emitter_typed.errors import ConnectionLost, EmitterError, RequestTimeout

ResultT = TypeVar("ResultT")
WaitersT = TypeVar("WaitersT")

_log = Log("emitter_typed")


class Outcome(Generic[ResultT, WaitersT]):
    """How an operation ended: not yet, with a result or with an error. It ends once; what comes later is ignored."""

    __slots__ = (
        "_abandoned",
        "_connection",
        "_counters",
        "_error",
        "_result",
        "_started_s",
        "_waiting",
        "done",
        "is_held",
        "operation",
        "seen",
    )

    _result: ResultT
    _nobody: ClassVar[type[Any]]
    """The class of what holds those who wait."""

    def __init__(self, operation: str, counters: ClientCounters | None = None) -> None:
        """Begin without an end. Errors name the operation; with counters, its end is counted."""
        self._counters = counters
        if counters is not None:
            self._connection = counters.accepted
            self._started_s = monotonic()
        self.operation: str = operation
        self.done: bool = False
        self.seen: bool = False
        self.is_held: bool | None = None
        """Whether the Pending that was made of it is still there; None: there never was one."""
        self._abandoned = False
        self._error: EmitterError | None = None
        self._waiting: WaitersT = self._nobody()

    def __str__(self) -> str:
        """Name the operation, and tell how it stands."""
        if not self.done:
            return f"{self.operation} under way"
        return f"{self.operation} {'done' if self._error is None else f'failed with {type(self._error).__name__}'}"

    def resolve(self, result: ResultT) -> None:
        """End well."""
        if not self.done:
            self._result = result
            if self._counters is not None:
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
        return self.is_held is not False

    def timed_out(self) -> None:
        """Count that nobody waits any more, if it has not ended by now."""
        self._count("timed_out")

    def _count(self, ending: Ending) -> None:
        counters, self._counters = self._counters, None
        if counters is None:
            return
        counters.count(self.operation, ending)
        # What waited for another connection, or was sent again on it, tells nothing of how long the broker takes.
        if self._connection == counters.accepted and (ending == "answered" or ending == "refused"):
            counters.measure(monotonic() - self._started_s)

    def _end(self) -> None:
        """Be done, and wake who waits."""
        raise NotImplementedError

    def end_wait(self, limit_s: float) -> ResultT:
        """Return the result or raise the error; RequestTimeout if it has not ended within so many seconds."""
        if not self.done:
            # A Pending can be waited for again, so it gives nothing up.
            self._abandoned = self.is_held is None
            raise RequestTimeout(self.operation, limit_s)
        self.seen = True
        if self._error is not None:
            # Without what it went through for others who waited, and where it was made.
            raise self._error.with_traceback(None)
        return self._result

    def forgotten(self) -> None:
        """Learn that the Pending is gone, and log an error that nobody has seen."""
        self.is_held = False
        if self._error is not None and not self.seen:
            _log.warning("publish.failed_unseen operation=%s error=%s", self.operation, self._error)


def acquire_in_moments(lock: threading.Lock, timeout_s: float) -> bool:
    """Acquire a lock, in the main thread by many short waits; for Windows, where Ctrl-C interrupts none of them."""
    if threading.current_thread() is not threading.main_thread():
        return lock.acquire(timeout=timeout_s)
    deadline_s = monotonic() + timeout_s
    while (left_s := deadline_s - monotonic()) > LONGEST_WAIT_S:
        if lock.acquire(timeout=LONGEST_WAIT_S):
            return True
    return lock.acquire(timeout=max(left_s, 0.0))


class SyncOutcome(Outcome[ResultT, list[threading.Lock]]):
    """An outcome that threads can wait for."""

    __slots__ = ()

    _nobody = list

    def _end(self) -> None:
        self.done = True
        for held in tuple(self._waiting):
            wake_thread(held.release)

    def wait(self, timeout_s: float, limit_s: float | None = None) -> ResultT:
        """Wait for the end, return the result or raise the error.

        Args:
            timeout_s: Seconds to wait; what is not above 0 is a look.
            limit_s: The limit that these seconds are the rest of. Default: the same.

        Raises:
            RequestTimeout: It has not ended in time.
        """
        if not self.done:
            # An Event would do the same, and costs many times as much to make.
            held = threading.Lock()
            held.acquire()
            self._waiting.append(held)
            try:
                # After the append: what ends it sets `done` before it looks at who waits.
                if not self.done:
                    wait_s = min(max(timeout_s, 0.0), threading.TIMEOUT_MAX)
                    if sys.platform == "win32":
                        acquire_in_moments(held, wait_s)
                    else:
                        held.acquire(timeout=wait_s)
            finally:
                self._waiting.remove(held)
        return self.end_wait(timeout_s if limit_s is None else limit_s)


class AsyncOutcome(Outcome[ResultT, "tuple[asyncio.Future[None], ...] | asyncio.Future[Any]"]):
    """An outcome that tasks of one event loop can wait for."""

    __slots__ = ("_alarms", "_limit_s")

    _nobody = tuple

    def answer(self, alarms: Alarms, timeout_s: float, limit_s: float) -> asyncio.Future[ResultT]:
        """Return what gets the result or raises the error, for who is the only one to wait.

        A coroutine that does so would take as long as all that is done here.

        Args:
            alarms: Those of the event loop.
            timeout_s: Seconds until it raises RequestTimeout.
            limit_s: The limit that these seconds are the rest of.
        """
        self._alarms = alarms
        self._limit_s = limit_s
        future = self._waiting = alarms.future(timeout_s, self._late)
        if self.done:
            self._end()
        return future

    def _late(self, future: asyncio.Future[ResultT]) -> None:
        # One that was cancelled may still be answered.
        if not future.done():
            self._abandoned = True
            self.timed_out()
            _raise_in(future, RequestTimeout(self.operation, self._limit_s, offline=self._alarms.offline()))

    def _end(self) -> None:
        self.done = True
        waiting = self._waiting
        if isinstance(waiting, tuple):
            for future in waiting:
                wake(future)
            return
        self._alarms.forget(waiting)
        if waiting.done():
            return
        try:  # for each of the calls that come in numbers, `suppress` would take longer than all of this
            if self._error is None:
                waiting.set_result(self._result)
            else:
                # Without what it went through for others who waited, and where it was made.
                _raise_in(waiting, self._error.with_traceback(None))
        except RuntimeError:
            # Its event loop is closed.
            pass

    async def wait(self, alarms: Alarms, timeout_s: float, limit_s: float | None = None) -> ResultT:
        """Wait for the end, return the result or raise the error.

        Args:
            alarms: Those of the event loop.
            timeout_s: Seconds to wait; what is not above 0 is a look.
            limit_s: The limit that these seconds are the rest of. Default: the same.

        Raises:
            RequestTimeout: It has not ended in time.
        """
        if not self.done:
            future = alarms.future(timeout_s)
            self._waiting = (*self._others, future)
            try:
                await future
            finally:
                alarms.forget(future)
                self._waiting = tuple(each for each in self._others if each is not future)
        return self.end_wait(timeout_s if limit_s is None else limit_s)

    @property
    def _others(self) -> tuple[asyncio.Future[None], ...]:
        assert isinstance(self._waiting, tuple), "who asks for an answer is the only one to wait"
        return self._waiting


def _raise_in(future: asyncio.Future[ResultT], error: EmitterError) -> None:
    """Let a future raise an error, or nothing, and no warning either, where nobody awaits it any more."""
    future.set_exception(error)
    future.exception()
