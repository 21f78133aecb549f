from __future__ import annotations

import asyncio
import json

from emitter_typed import AsyncClient, Key

from events import events
from web_api import AsyncBikes, Station


async def test_a_browser_receives_stored_messages_and_live_ones(
    emitter_async_client: AsyncClient, emitter_key: Key
) -> None:
    station = AsyncBikes(emitter_async_client, emitter_key).station
    await station(name="harbour").publish(Station(bikes=3, docks=2), qos=1)
    subscription = await station.subscribe(last=10)
    stream = events(subscription)
    async with asyncio.timeout(10):
        stored = await anext(stream)
        await station(name="market").publish(Station(bikes=0, docks=9))
        live = await anext(stream)
    await subscription.close()

    assert [json.loads(event.removeprefix(b"data: ")) for event in (stored, live)] == [
        {"name": "harbour", "station": {"bikes": 3, "docks": 2}},
        {"name": "market", "station": {"bikes": 0, "docks": 9}},
    ]
    assert [event async for event in stream] == []
