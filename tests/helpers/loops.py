"""Tests that are coroutines, each in an event loop of its own."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")

LIMIT_S = 20.0


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a coroutine function as a test; pytest sees its parameters."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def limited() -> None:
            # For tests that take long; others end before, by pytest's own limit.
            async with asyncio.timeout(10 * LIMIT_S):
                await test(*args, **kwargs)
            # Whoever leaves a task behind leaves it to the loop's end, where nobody looks.
            left = [each.get_name() for each in asyncio.all_tasks() if each is not asyncio.current_task()]
            assert left == []

        asyncio.run(limited())

    return run
