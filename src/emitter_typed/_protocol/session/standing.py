"""How a session stands: whether there is a connection, and what to tell a call that needs one."""

from __future__ import annotations

from emitter_typed.errors import Closed, ConnectionLost, EmitterError


class Standing:
    """Begins without a connection; then come and go connections, until it is over."""

    def __init__(self) -> None:
        """Begin before the first connection."""
        self.connected: bool = False
        """Whether the broker has accepted a connection, and it has not ended."""
        self.over: bool = False
        """Whether no connection follows."""
        self._error: EmitterError | None = None

    def accepted(self) -> None:
        """Learn that there is a connection."""
        self.connected = True

    def lost(self, error: EmitterError) -> None:
        """Learn that the connection is lost, and another one is to follow."""
        self.connected = False
        self._error = error

    def ended(self, error: EmitterError | None) -> None:
        """Learn that no connection follows, for a reason or because this side wants none."""
        self.connected = False
        self.over = True
        self._error = error

    @property
    def offline(self) -> str | None:
        """Why there is no connection at the moment; None if there is one, or none follows."""
        return None if self.connected or self.over else self._reason

    def check_open(self, operation: str) -> None:
        """Raise Closed or ConnectionLost, which say why, if there is no connection."""
        if self.connected:
            return
        self.check_not_over(operation)
        raise ConnectionLost(self._reason, operation=operation, reconnecting=True)

    def check_not_over(self, operation: str) -> None:
        """Raise Closed or ConnectionLost if no connection follows."""
        if self.over and isinstance(self._error, ConnectionLost):
            raise ConnectionLost(self._error.message, operation=operation)
        if self.over:
            raise Closed(f"{operation} needs a connection", "call connect(), or use the client in a with statement")

    @property
    def _reason(self) -> str:
        return "there is none yet" if self._error is None else self._error.message
