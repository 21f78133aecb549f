"""A client for asyncio belongs to the event loop that it was connected in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from emitter_typed import AsyncClient, Closed, EmitterError
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S
from tests.helpers.samples import WRONG_KEY


def test_a_call_from_another_loop_says_so_at_once(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: client.me(),
        lambda: client.publish(WRONG_KEY, "a/", "x"),
        lambda: client.subscribe(WRONG_KEY, "a/"),
        lambda: client.unsubscribe(WRONG_KEY, "a/"),
    ]

    async def elsewhere() -> None:
        for call in calls:
            with pytest.raises(Closed, match="loop"):
                await call()
        with pytest.raises(Closed, match="loop"):
            client.publish_nowait(WRONG_KEY, "a/", "x")
        with pytest.raises(Closed, match="loop"):
            client.history(WRONG_KEY, "a/")

    asyncio.run(client.connect())
    asyncio.run(elsewhere())
    with pytest.raises(Closed, match="loop"):
        client.publish_nowait(WRONG_KEY, "a/", "x")
    asyncio.run(client.close())


def test_a_client_whose_loop_has_closed_can_be_closed_and_connected_in_another(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    seen: list[EmitterError] = []
    client.on_error = seen.append

    async def refused() -> int:
        async with client:
            await client.publish(WRONG_KEY, "a/", "x")
            await client.me()
        return len(seen)

    asyncio.run(client.connect())
    asyncio.run(client.close())
    assert asyncio.run(refused()) == 1
    assert asyncio.run(refused()) == 2


def test_a_loop_that_still_runs_keeps_its_client(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)

    async def close() -> None:
        with pytest.raises(Closed, match="loop"):
            await client.close()

    async def main() -> None:
        async with client:
            await asyncio.to_thread(asyncio.run, close())
            assert (await client.me()).id

    asyncio.run(main())
