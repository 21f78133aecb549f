"""Whether a client is connected, to read and to wait for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, Literal, TypeAlias, TypeVar, get_args

from emitter_typed._clock import monotonic
from emitter_typed._core.async_waiters import AsyncWaiters
from emitter_typed._core.forks import OfOneProcess
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._frames import hides_arguments
from emitter_typed._guards import GuardedCondition
from emitter_typed._masking import shown
from emitter_typed.errors import EmitterError, InvalidArgument

ConnectionStatus: TypeAlias = Literal["closed", "connecting", "connected", "reconnecting"]
"""`"closed"` also means that `connect` was never called, or that the client stopped reconnecting; `error` says why."""


def _wanted(statuses: tuple[ConnectionStatus, ...]) -> tuple[ConnectionStatus, ...]:
    """Return the states to wait for. Raises InvalidArgument: what is no state would be waited for for ever."""
    known = get_args(ConnectionStatus)
    for each in statuses:
        if each not in known:
            raise InvalidArgument(
                f"statuses: expected some of {', '.join(known)}, got {shown(each)}", argument="statuses", value=None
            )
    return statuses or ("connected",)


class StateKeeper(ABC):
    """The state of a client's connection. Clients change it, and users read it as a `ConnectionState`."""

    def __init__(self) -> None:
        """Begin closed."""
        self.status: ConnectionStatus = "closed"
        self.error: EmitterError | None = None
        self.url: str | None = None
        self.connects: int = 0
        # The connection that it is about: an earlier one may end late.
        self._owner: object = None

    def begin(self, owner: object, url: str) -> None:
        """Begin the state of another connection."""
        self._owner = owner
        self.set(owner, "connecting", url=url)

    @abstractmethod
    def set(
        self, owner: object, status: ConnectionStatus, error: EmitterError | None = None, url: str | None = None
    ) -> bool:
        """Change the state, and return True if it belongs to this owner."""

    def _set(self, status: ConnectionStatus, error: EmitterError | None, url: str | None) -> None:
        self.url = url or self.url
        self.status = status
        self.error = error
        self.connects += status == "connected"


class SyncStateKeeper(StateKeeper):
    """A state that threads can wait for."""

    def __init__(self) -> None:
        """Begin closed."""
        super().__init__()
        self._changed = GuardedCondition()

    def set(
        self, owner: object, status: ConnectionStatus, error: EmitterError | None = None, url: str | None = None
    ) -> bool:
        """Change the state, and return True if it belongs to this owner."""
        with self._changed:
            if owner is not self._owner:
                return False
            self._set(status, error, url)
            self._changed.notify_all()
        return True

    def forked(self) -> None:
        """Go on in a process that was forked, where nobody else holds what another thread held."""
        self._changed = GuardedCondition()

    def wait(self, *statuses: ConnectionStatus, timeout_s: float | None) -> bool:
        """Wait until it is one of these, and tell whether that came in time."""
        deadline_s = None if timeout_s is None else monotonic() + timeout_s
        with self._changed:
            while self.status not in statuses:
                left_s = None if deadline_s is None else deadline_s - monotonic()
                if left_s is not None and left_s <= 0:
                    return False
                self._changed.wait(left_s)
            return True


class AsyncStateKeeper(StateKeeper):
    """A state that tasks can wait for."""

    def __init__(self) -> None:
        """Begin closed."""
        super().__init__()
        self._waiters = AsyncWaiters()

    def set(
        self, owner: object, status: ConnectionStatus, error: EmitterError | None = None, url: str | None = None
    ) -> bool:
        """Change the state, and return True if it belongs to this owner."""
        if owner is not self._owner:
            return False
        self._set(status, error, url)
        self._waiters.wake()
        return True

    async def wait(self, *statuses: ConnectionStatus, timeout_s: float | None) -> bool:
        """Wait until it is one of these, and tell whether that came in time."""
        return await self._waiters.until(lambda: self.status in statuses, timeout_s)


KeeperT = TypeVar("KeeperT", bound=StateKeeper)


class _State(OfOneProcess, Generic[KeeperT]):
    """What both states tell."""

    def __init__(self, keeper: KeeperT) -> None:
        """Made by clients."""
        self._keeper = keeper

    @property
    def status(self) -> ConnectionStatus:
        """The state now."""
        return self._keeper.status

    @property
    def error(self) -> EmitterError | None:
        """Why the connection was last lost or could not be made.

        None while connected and after a close.
        """
        return self._keeper.error

    @property
    def url(self) -> str | None:
        """The URL of the broker that the client is connected to, or tries to reach.

        None before `connect`.

        It has a port and no path. While reconnecting: the broker of the next attempt. After the end: the last broker.
        """
        return self._keeper.url

    @property
    def connects(self) -> int:
        """Number of connections of this client that the broker has accepted."""
        return self._keeper.connects

    def __repr__(self) -> str:
        place = "" if self.url is None else f"{self.url} "
        return f"<{type(self).__name__} {place}{self.status}{f': {self.error}' if self.error is not None else ''}>"


@hides_arguments
class ConnectionState(_State[SyncStateKeeper]):
    """The state of a client's connection."""

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
        return self._keeper.wait(*_wanted(statuses), timeout_s=timeout_s)


@hides_arguments
class AsyncConnectionState(_State[AsyncStateKeeper]):
    """The state of an asyncio client's connection."""

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
        return await self._keeper.wait(*_wanted(statuses), timeout_s=timeout_s)
