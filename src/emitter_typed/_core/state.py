"""Whether a client is connected, to read and to wait for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, TypeAlias, get_args

from emitter_typed._clock import monotonic
from emitter_typed._core.async_waiters import AsyncWaiters
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._frames import hides_arguments
from emitter_typed._guards import GuardedCondition
from emitter_typed._masking import shown
from emitter_typed.errors import EmitterError, InvalidArgument

ConnectionStatus: TypeAlias = Literal["closed", "connecting", "connected", "reconnecting"]
"""`"closed"` also where `connect` was never called, or the client has given up; `error` then says why."""


def _wanted(statuses: tuple[ConnectionStatus, ...]) -> tuple[ConnectionStatus, ...]:
    """Return the states to wait for. Raises InvalidArgument: what is no state would be waited for for ever."""
    known = get_args(ConnectionStatus)
    for each in statuses:
        if each not in known:
            raise InvalidArgument(
                f"statuses: expected some of {', '.join(known)}, got {shown(each)}", argument="statuses", value=None
            )
    return statuses or ("connected",)


class _State(ABC):
    """What both states share."""

    def __init__(self) -> None:
        """Begin closed."""
        self._status: ConnectionStatus = "closed"
        self._error: EmitterError | None = None
        self._connects = 0
        self._url: str | None = None
        # The connection that it is about: an earlier one may end late.
        self._owner: object = None

    @property
    def status(self) -> ConnectionStatus:
        """The state now."""
        return self._status

    @property
    def error(self) -> EmitterError | None:
        """Why the connection was last lost or could not be made.

        None while connected and after a close.
        """
        return self._error

    @property
    def url(self) -> str | None:
        """The URL of the broker that the client is connected to, or tries to reach.

        None before `connect`.

        It has a port and no path. While reconnecting: the broker of the next attempt. After the end: the last broker.
        """
        return self._url

    @property
    def connects(self) -> int:
        """Number of connections of this client that the broker has accepted."""
        return self._connects

    def __repr__(self) -> str:
        place = "" if self._url is None else f"{self._url} "
        return f"<{type(self).__name__} {place}{self._status}{f': {self._error}' if self._error is not None else ''}>"

    def _set(self, status: ConnectionStatus, error: EmitterError | None, url: str | None) -> None:
        self._url = url or self._url
        self._status = status
        self._error = error
        self._connects += status == "connected"

    @abstractmethod
    def set(
        self, owner: object, status: ConnectionStatus, error: EmitterError | None = None, url: str | None = None
    ) -> bool:
        """Change the state, and return True if it belongs to this owner. For the clients' own use."""

    def begin(self, owner: object, url: str) -> None:
        """Begin the state of another connection. For the clients' own use."""
        self._owner = owner
        self.set(owner, "connecting", url=url)


@hides_arguments
class ConnectionState(_State):
    """The state of a client's connection."""

    def __init__(self) -> None:
        """Made by clients."""
        super().__init__()
        self._changed = GuardedCondition()

    def set(
        self, owner: object, status: ConnectionStatus, error: EmitterError | None = None, url: str | None = None
    ) -> bool:
        """Change the state, and return True if it belongs to this owner. For the clients' own use."""
        with self._changed:
            if owner is not self._owner:
                return False
            self._set(status, error, url)
            self._changed.notify_all()
        return True

    def forked(self) -> None:
        """Go on in a forked process, without the locks of its parent's threads. For the clients' own use."""
        self._changed = GuardedCondition()

    def wait(self, *statuses: ConnectionStatus, timeout_s: float | None = None) -> bool:
        """Wait until the connection is in a state.

        Args:
            statuses: The states to wait for; any of them ends the wait. Default: `"connected"`.
            timeout_s: Seconds to wait. Default: without limit.

        Returns:
            True if the state was reached in time.

        Raises:
            InvalidArgument: A status does not exist, or `timeout_s` is not a number, or is negative.
        """
        if timeout_s is not None:
            check_time_limit(timeout_s, zero=True)
        wanted = _wanted(statuses)
        deadline = None if timeout_s is None else monotonic() + timeout_s
        with self._changed:
            while self._status not in wanted:
                left_s = None if deadline is None else deadline - monotonic()
                if left_s is not None and left_s <= 0:
                    return False
                self._changed.wait(left_s)
            return True


@hides_arguments
class AsyncConnectionState(_State):
    """The state of an asyncio client's connection."""

    def __init__(self) -> None:
        """Made by clients."""
        super().__init__()
        self._waiters = AsyncWaiters()

    def set(
        self, owner: object, status: ConnectionStatus, error: EmitterError | None = None, url: str | None = None
    ) -> bool:
        """Change the state, and return True if it belongs to this owner. For the clients' own use."""
        if owner is not self._owner:
            return False
        self._set(status, error, url)
        self._waiters.wake()
        return True

    def forked(self) -> None:
        """Go on in a process that was forked; for clients."""

    async def wait(self, *statuses: ConnectionStatus, timeout_s: float | None = None) -> bool:
        """Wait until the connection is in a state.

        Args:
            statuses: The states to wait for; any of them ends the wait. Default: `"connected"`.
            timeout_s: Seconds to wait. Default: without limit.

        Returns:
            True if the state was reached in time.

        Raises:
            InvalidArgument: A status does not exist, or `timeout_s` is not a number, or is negative.
        """
        if timeout_s is not None:
            check_time_limit(timeout_s, zero=True)
        wanted = _wanted(statuses)
        return await self._waiters.until(lambda: self._status in wanted, timeout_s)
