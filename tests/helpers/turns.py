"""How often event loops and network threads look for something to do."""

from __future__ import annotations

import selectors
from collections.abc import Generator
from contextlib import contextmanager

import pytest


@contextmanager
def counted_turns() -> Generator[list[float | None]]:
    """Collect the time limits of all waits of this process. However busy the machine is, what spins adds thousands."""
    waits: list[float | None] = []
    select = selectors.DefaultSelector.select

    def counted(
        self: selectors.DefaultSelector, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        waits.append(timeout)
        return select(self, timeout)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(selectors.DefaultSelector, "select", counted)
        yield waits
