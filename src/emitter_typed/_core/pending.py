"""What `publish_nowait` returns: a message on its way, whose acknowledgement can be waited for."""

from __future__ import annotations

from typing import Protocol

from emitter_typed._core.outcomes import AsyncOutcome, SyncOutcome
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed.errors import RequestTimeout


class MayBeOffline(Protocol):
    """What is asked of a session."""

    @property
    def offline(self) -> str | None:
        """Why there is no connection now; None if there is one, or none will come."""


def unacknowledged(error: RequestTimeout, session: MayBeOffline) -> RequestTimeout:
    """Return the error of a message of QoS 1 that was waited for too long: it says if there is no connection."""
    offline = session.offline
    return error if offline is None else RequestTimeout(error.operation, error.timeout_s, offline=offline)


class Pending:
    """A message on its way: wait for the broker's acknowledgement, or look whether it has come.

    Nobody has to wait: a refusal of a message whose `Pending` is gone is reported to `on_error`.
    """

    __slots__ = ("__weakref__", "_outcome", "_session", "_timeout_s")

    def __init__(self, outcome: SyncOutcome[None], session: MayBeOffline, timeout_s: float) -> None:
        """Clients make these."""
        self._outcome = outcome
        self._session = session
        self._timeout_s = timeout_s
        outcome.is_held = True

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

    def __init__(self, outcome: AsyncOutcome[None], session: MayBeOffline, timeout_s: float) -> None:
        """Clients make these."""
        self._outcome = outcome
        self._session = session
        self._timeout_s = timeout_s
        outcome.is_held = True

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
            limit_s = self._timeout_s if timeout_s is None else check_time_limit(timeout_s, zero=True)
            await self._outcome.wait(self._outcome.alarms, limit_s)
        except RequestTimeout as error:
            raise unacknowledged(error, self._session) from None
