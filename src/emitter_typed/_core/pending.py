"""Acknowledgements to wait for: what `publish_nowait` returns, and what every call waits on."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from emitter_typed._protocol.counters import ClientCounters, Ending, ending_of
from emitter_typed.errors import EmitterError, InvalidArgument, RequestTimeout, kind_of

if TYPE_CHECKING:
    from emitter_typed._protocol.session.session import Session

ResultT = TypeVar("ResultT")

_log = logging.getLogger("emitter_typed")


def check_time_limit(timeout_s: object, *, zero: bool = False, name: str = "timeout_s") -> float:
    """Return a time limit in seconds. Raises InvalidArgument for what cannot be waited for; zero may be a look."""
    if not isinstance(timeout_s, int | float) or isinstance(timeout_s, bool):
        # Not shown: a text in the place of a number may be a key.
        raise InvalidArgument(
            f"{name}: expected a number of seconds, got {kind_of(timeout_s)}", argument=name, value=None
        )
    if not (0 < timeout_s <= threading.TIMEOUT_MAX or (zero and timeout_s == 0)):
        raise InvalidArgument(
            f"{name} must be {'at least' if zero else 'more than'} 0 seconds and finite, not {timeout_s!r}",
            argument=name,
            value=timeout_s,
        )
    return timeout_s


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
        return not self._abandoned and (self.holder is None or self.holder() is not None)

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
            raise self._error
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
            _wake(future)

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
            timer = loop.call_later(timeout_s, _wake, future)
            try:
                await future
            finally:
                timer.cancel()
                self._waiting.remove(future)
        if not self.done:
            self._give_up()
            raise RequestTimeout(self.operation, timeout_s if limit_s is None else limit_s)
        return self.result()


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def unacknowledged(error: RequestTimeout, session: Session) -> RequestTimeout:
    """Return the error of a message of QoS 1 that was waited for too long: it says if there is no connection."""
    offline = session.offline
    return error if offline is None else RequestTimeout(error.operation, error.timeout_s, offline=offline)


class Pending:
    """A message on its way: wait for the broker's acknowledgement, or look whether it has come.

    Nobody has to wait: a refusal of a message whose `Pending` is gone is reported to `on_error`.
    """

    __slots__ = ("__weakref__", "_outcome", "_session", "_timeout_s")

    def __init__(self, outcome: SyncOutcome[None], session: Session, timeout_s: float) -> None:
        """Clients make these."""
        self._outcome = outcome
        self._session = session
        self._timeout_s = timeout_s
        outcome.holder = weakref.ref(self)

    def __del__(self) -> None:
        self._outcome.forgotten()

    def __repr__(self) -> str:
        """Show the operation, and whether and how it has ended."""
        return f"<{type(self).__name__} {self._outcome}>"

    @property
    def done(self) -> bool:
        """Whether it has ended, well or badly. A message at QoS 0 has as soon as it is on its way."""
        return self._outcome.done

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the broker has acknowledged the message. May be called again, and by several at once.

        Args:
            timeout_s: Seconds to wait. Default: the client's `timeout_s`.

        Raises:
            InvalidArgument: `timeout_s` is no number of seconds, or negative.
            BrokerError: The broker refused the message; the class says why.
            RequestTimeout: No acknowledgement came in time; it may still come. Without a connection, `offline` says
                why there is none, and the message waits for the next.
            ConnectionLost: The connection ended first; the message may have been delivered.
        """
        try:
            self._outcome.wait(self._timeout_s if timeout_s is None else check_time_limit(timeout_s, zero=True))
        except RequestTimeout as error:
            raise unacknowledged(error, self._session) from None


class AsyncPending:
    """A message on its way: wait for the broker's acknowledgement, or look whether it has come.

    Nobody has to wait: a refusal of a message whose `AsyncPending` is gone is reported to `on_error`.
    """

    __slots__ = ("__weakref__", "_outcome", "_session", "_timeout_s")

    def __init__(self, outcome: AsyncOutcome[None], session: Session, timeout_s: float) -> None:
        """Clients make these."""
        self._outcome = outcome
        self._session = session
        self._timeout_s = timeout_s
        outcome.holder = weakref.ref(self)

    def __del__(self) -> None:
        self._outcome.forgotten()

    def __repr__(self) -> str:
        """Show the operation, and whether and how it has ended."""
        return f"<{type(self).__name__} {self._outcome}>"

    @property
    def done(self) -> bool:
        """Whether it has ended, well or badly. A message at QoS 0 has as soon as it is on its way."""
        return self._outcome.done

    async def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the broker has acknowledged the message. May be called again, and by several at once.

        Args:
            timeout_s: Seconds to wait. Default: the client's `timeout_s`.

        Raises:
            InvalidArgument: `timeout_s` is no number of seconds, or negative.
            BrokerError: The broker refused the message; the class says why.
            RequestTimeout: No acknowledgement came in time; it may still come. Without a connection, `offline` says
                why there is none, and the message waits for the next.
            ConnectionLost: The connection ended first; the message may have been delivered.
        """
        try:
            await self._outcome.wait(self._timeout_s if timeout_s is None else check_time_limit(timeout_s, zero=True))
        except RequestTimeout as error:
            raise unacknowledged(error, self._session) from None
