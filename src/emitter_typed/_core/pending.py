"""What `publish_nowait` returns: a message on its way, whose acknowledgement can be waited for."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from emitter_typed._core.async_waiters import Alarms
from emitter_typed._core.forks import OfOneProcess
from emitter_typed._core.outcomes import AsyncOutcome, Outcome, SyncOutcome
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._frames import clear_frames, hides_arguments
from emitter_typed.errors import RequestTimeout

OutcomeT = TypeVar("OutcomeT", bound=Outcome[None, Any])  # Any: whatever waits for it
ConnectionT = TypeVar("ConnectionT")


class MayBeOffline(Protocol):
    """What is asked of a session."""

    @property
    def offline(self) -> str | None:
        """Why there is no connection now; None if there is one, or none will come."""


class OfThreads(Protocol):
    """What is asked of the connection of a client with threads."""

    @property
    def session(self) -> MayBeOffline:
        """Its session."""
        ...

    def check_may_wait(self, operation: str, /) -> None:
        """Raise Closed where no answer would come."""


class OfLoop(Protocol):
    """What is asked of the connection of a client with asyncio."""

    alarms: Alarms

    @property
    def session(self) -> MayBeOffline:
        """Its session."""
        ...

    def check_loop(self, operation: str, /) -> None:
        """Raise Closed in any other place than the event loop that connected."""


def unacknowledged(error: RequestTimeout, session: MayBeOffline) -> RequestTimeout:
    """Return the error of a message of QoS 1 that was waited for too long: it says if there is no connection."""
    offline = session.offline
    return error if offline is None else RequestTimeout(error.operation, error.timeout_s, offline=offline)


class _PendingBase(OfOneProcess, Generic[OutcomeT, ConnectionT]):
    """What both flavours share."""

    __slots__ = ("__weakref__", "_connection", "_outcome", "_timeout_s")

    def __init__(self, outcome: OutcomeT, connection: ConnectionT, timeout_s: float) -> None:
        """Made by clients."""
        try:
            self._outcome = outcome
            self._connection = connection
            self._timeout_s = timeout_s
            outcome.is_held = True
        except BaseException:
            del outcome, connection, timeout_s
            clear_frames()
            raise

    def __del__(self) -> None:
        # A signal handler may have raised before it was made.
        if hasattr(self, "_outcome"):
            self._outcome.forgotten()

    def __repr__(self) -> str:
        """Show the operation, and whether and how it has ended."""
        return f"<{type(self).__name__} {self._outcome}>"

    @property
    def done(self) -> bool:
        """True if it has ended, with success or failure.

        A message of QoS 0 ends when it is handed to the network.
        """
        return self._outcome.done


@hides_arguments
class Pending(_PendingBase[SyncOutcome[None], OfThreads]):
    """A message in flight.

    Wait for the broker's acknowledgement, or ask whether it has arrived.

    Waiting is optional: if nobody keeps the `Pending`, a refusal goes to `on_error`.
    """

    __slots__ = ()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the broker has acknowledged the message.

        Several threads or tasks may wait.

        Args:
            timeout_s: Seconds to wait. Default: the client's `timeout_s`.

        Raises:
            InvalidArgument: `timeout_s` is not a number, or is negative.
            BrokerError: The broker refused the message. The subclass says why.
            RequestTimeout: No acknowledgement arrived in time; it may still arrive. If there is no connection,
                `offline` says why, and the message waits for the next one.
            ConnectionLost: The connection was lost first. The message may have been delivered.
            Closed: It was called where no acknowledgement can arrive: in the thread that receives, where handlers of
                `logging` run, in a signal handler that interrupted another call, or in another event loop.
        """
        try:
            limit_s = self._timeout_s if timeout_s is None else check_time_limit(timeout_s, zero=True)
            if not self._outcome.done:
                self._connection.check_may_wait("Pending.wait")
            try:
                self._outcome.wait(limit_s)
            except RequestTimeout as error:
                raise unacknowledged(error, self._connection.session) from None
        except BaseException:
            del timeout_s
            clear_frames()
            raise


@hides_arguments
class AsyncPending(_PendingBase[AsyncOutcome[None], OfLoop]):
    """A message in flight.

    Wait for the broker's acknowledgement, or ask whether it has arrived.

    Waiting is optional: if nobody keeps the `AsyncPending`, a refusal goes to `on_error`.
    """

    __slots__ = ()

    async def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the broker has acknowledged the message.

        Several threads or tasks may wait.

        Args:
            timeout_s: Seconds to wait. Default: the client's `timeout_s`.

        Raises:
            InvalidArgument: `timeout_s` is not a number, or is negative.
            BrokerError: The broker refused the message. The subclass says why.
            RequestTimeout: No acknowledgement arrived in time; it may still arrive. If there is no connection,
                `offline` says why, and the message waits for the next one.
            ConnectionLost: The connection was lost first. The message may have been delivered.
            Closed: It was called where no acknowledgement can arrive: in the thread that receives, where handlers of
                `logging` run, in a signal handler that interrupted another call, or in another event loop.
        """
        try:
            limit_s = self._timeout_s if timeout_s is None else check_time_limit(timeout_s, zero=True)
            if not self._outcome.done:
                self._connection.check_loop("AsyncPending.wait")
            try:
                await self._outcome.wait(self._connection.alarms, limit_s)
            except RequestTimeout as error:
                raise unacknowledged(error, self._connection.session) from None
        except BaseException:
            del timeout_s
            clear_frames()
            raise
