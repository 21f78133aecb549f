"""Finds what must not happen while a lock of the library is held: a log line, and whatever may wait."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

import pytest

from tests.helpers.tree import ROOT

SOURCE = str(ROOT / "src")


class LockSentinel(logging.Handler):
    """Notes every log line that is written, and every wait that begins, in a thread that is inside a guard."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._found: list[str] = []

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Look at every wait from now on."""
        from emitter_typed._guards import GuardedCondition

        self._look_before(monkeypatch, threading.Thread, "start")
        self._look_before(monkeypatch, threading.Thread, "join")
        self._look_before(monkeypatch, threading.Event, "wait")
        # Its own guard, which it lets go.
        self._look_before(monkeypatch, GuardedCondition, "wait", allowed=1)

    def _look_before(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, *, allowed: int = 0) -> None:
        method: Callable[..., object] = getattr(owner, name)

        def looking(*args: object, **named: object) -> object:
            self.look(f"{owner.__name__}.{name}", allowed=allowed)
            return method(*args, **named)

        monkeypatch.setattr(owner, name, looking)

    def look(self, what: str, *, allowed: int = 0) -> None:
        """Note that something happens here, if this thread is inside more guards than it may be."""
        from emitter_typed._guards import held

        if held() > allowed:
            self._found.append(f"{what} {_place()}")

    def emit(self, record: logging.LogRecord) -> None:
        """Take what is logged."""
        self.look(f"log line {record.msg!r}")

    def take(self) -> list[str]:
        """Return what was found since the last time."""
        found, self._found = self._found, []
        return found


def _place() -> str:
    """Say where in the library a thread is."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]  # as tracebacks are made
    while not frame.f_code.co_filename.startswith(SOURCE) or frame.f_code.co_filename.endswith("_guards.py"):
        if frame.f_back is None:
            return "outside the library"
        frame = frame.f_back
    return f"in {frame.f_code.co_filename.removeprefix(SOURCE)}:{frame.f_code.co_name}"
