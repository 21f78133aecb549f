"""A call that goes on after its time limit is found by the turns of its loop, and one that ends with it is not."""

from __future__ import annotations

import asyncio

import pytest

from tests.helpers.loops import in_loop
from tests.helpers.turns import in_time


@in_loop
async def test_a_call_that_ends_with_its_time_limit_is_in_time() -> None:
    assert await in_time(asyncio.sleep(0.01, "its result"), 0.01) == "its result"


@in_loop
async def test_an_error_of_the_call_is_raised() -> None:
    with pytest.raises(TimeoutError):
        await in_time(asyncio.wait_for(asyncio.sleep(1.0), 0.01), 0.01)


@in_loop
async def test_a_call_that_goes_on_is_late() -> None:
    async def go_on() -> None:
        for _ in range(1_000):
            await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="turns of the loop after 0 s"):
        await in_time(go_on(), 0)
