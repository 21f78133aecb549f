"""Tests that are coroutines, each in an event loop of its own."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from emitter_typed import RequestTimeout

P = ParamSpec("P")
T = TypeVar("T")

LIMIT_S = 20.0
# For a program that a test starts: that alone takes seconds on a busy machine.
PROGRAM_LIMIT_S = 5 * LIMIT_S
# Longer than any test may take, by pytest's own limit: what waits so long hangs.
FOR_EVER_S = 10 * LIMIT_S


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a coroutine function as a test; pytest sees its parameters."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def limited() -> None:
            # For tests that take long; others end before, by pytest's own limit.
            async with asyncio.timeout(FOR_EVER_S):
                await test(*args, **kwargs)
            # Whoever leaves a task behind leaves it to the loop's end, where nobody looks.
            left = [each.get_name() for each in asyncio.all_tasks() if each is not asyncio.current_task()]
            assert left == []

        asyncio.run(limited())

    return run


async def with_enough_time(call: Callable[[float], Awaitable[T]]) -> T:
    """Make a call with longer and longer time limits until one is enough, for a call that is to lose a part of it.

    What loses all of it never ends well; and on a busy machine, the rest may be too short at first.
    """
    for timeout_s in (0.5, 2.0, 8.0):
        with suppress(RequestTimeout):
            return await call(timeout_s)
    return await call(LIMIT_S)
