"""An event loop that cannot watch sockets for others, as asyncio's default on Windows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


class UnwatchingLoop(asyncio.SelectorEventLoop):
    """A loop without `add_reader` and its like."""

    def add_reader(self, fd: object, callback: object, *args: object) -> NoReturn:
        raise NotImplementedError

    def remove_reader(self, fd: object) -> NoReturn:
        raise NotImplementedError

    def add_writer(self, fd: object, callback: object, *args: object) -> NoReturn:
        raise NotImplementedError

    def remove_writer(self, fd: object) -> NoReturn:
        raise NotImplementedError


def run_unwatching(main: Coroutine[Any, Any, T]) -> T:
    """Do what asyncio.run does, in such a loop."""
    with asyncio.Runner(loop_factory=UnwatchingLoop) as runner:
        return runner.run(main)
