"""Who waits for a call and who receives, as the session knows them."""

from __future__ import annotations

from collections.abc import Collection

from emitter_typed._protocol.session.inflight import CallResult as AnyCallResult
from emitter_typed.errors import EmitterError


class CallResult:
    """Keeps how a call ended, each time that it did."""

    def __init__(self) -> None:
        self.ends: list[object] = []

    def resolve(self, result: object, /) -> None:
        self.ends.append(result)

    def reject(self, error: EmitterError, /) -> bool:
        self.ends.append(error)
        return True

    @property
    def error(self) -> object:
        """The only end, to look at what it says."""
        [end] = self.ends
        return end


class MessageSink:
    """Collects what a subscription gets."""

    def __init__(self, channel: str = "a/") -> None:
        self.channel = channel
        self.got: list[tuple[str, bytes]] = []
        self.without_echo: list[tuple[str, bytes]] = []
        self.ends: list[EmitterError | None] = []
        self.is_there = False

    def granted(self, call_result: AnyCallResult[None], /) -> None:
        assert not self.is_there
        assert not self.ends
        self.is_there = True
        call_result.resolve(None)

    def published_without_echo(self, channel: str, raw: bytes, /) -> None:
        self.without_echo.append((channel, raw))

    def lost(self) -> None:
        assert not self.ends
        self.is_there = False

    def restored(self) -> None:
        assert not self.ends
        self.is_there = True

    def offer(self, arrivals: Collection[tuple[str, bytes]], /) -> None:
        assert not self.ends
        self.got += arrivals

    def end(self, error: EmitterError | None, /) -> None:
        assert not self.ends
        self.ends.append(error)
