"""What can go wrong with the embedded broker itself."""

from __future__ import annotations

from emitter_typed.errors import EmitterError


class CannotListen(EmitterError, OSError):
    """The broker cannot listen where it was told to; nothing was started."""

    host: str
    """The host that was tried."""
    port: int
    """The port that was tried."""

    def __init__(self, reason: str, advice: str, *, host: str, port: int) -> None:
        """Say why nobody can listen on host and port, and what to do."""
        super().__init__(f"the broker cannot listen on {host}:{port} ({reason})", advice)
        self.host = host
        self.port = port
