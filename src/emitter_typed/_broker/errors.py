"""What can go wrong with the embedded broker itself."""

from __future__ import annotations

from emitter_typed.errors import Closed, EmitterError


class CannotListen(EmitterError, OSError):
    """The broker cannot listen on its host and port. Nothing was started."""

    host: str
    """The host that was tried."""
    port: int
    """The port that was tried."""

    def __init__(self, reason: str, advice: str, *, host: str, port: int) -> None:
        """Say why it cannot listen on host and port, and what to do.

        Args:
            reason: The reason, as the system has it.
            advice: What to do about it.
            host: The host that was tried.
            port: The port that was tried.
        """
        super().__init__(f"the broker cannot listen on {host}:{port} ({reason})", advice)
        self.host = host
        self.port = port


class NotPublished(EmitterError, TimeoutError):
    """Fewer messages than expected were published in time. Read them from `published`."""

    wanted: int
    """Number of messages that the call waited for."""
    found: int
    """Number of messages that were published in time."""
    channel: str | None
    """The channel that the call waited for. None: any."""

    def __init__(self, *, wanted: int, found: int, channel: str | None, timeout_s: float) -> None:
        """Say how many are missing on which channel.

        Args:
            wanted: Number of messages that the call waited for.
            found: Number of messages that were published in time.
            channel: The channel that the call waited for. None: any.
            timeout_s: The limit that ran out, in seconds.
        """
        where = "" if channel is None else f" to {channel}"
        super().__init__(
            f"{found} of {wanted} messages were published{where} within {timeout_s:g} s",
            "a message that the broker refuses does not count: publish with qos=1 to have the refusal raised",
        )
        self.wanted = wanted
        self.found = found
        self.channel = channel


def not_running() -> Closed:
    """Return the error of a call that only a running broker can carry out."""
    return Closed("the broker is not running", "call start(), or use it in a with statement")
