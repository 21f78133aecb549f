"""Every call ends, however calls of several threads or tasks meet, and one that was given up leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from emitter_typed import (
    AsyncClient,
    AsyncSubscription,
    Client,
    ConnectionLost,
    InvalidArgument,
    Key,
    Message,
    PresenceEvent,
    PresenceStatus,
    RequestTimeout,
    Subscription,
)
from emitter_typed.broker import Broker
from tests.behaviour.colours import Colour, both_colours, connected, texts
from tests.behaviour.holding import Holding
from tests.behaviour.loops import LIMIT_S, in_loop

HISTORY = "emitter/history/"


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwslp")


@asynccontextmanager
async def opened(
    colour: Colour, broker: Broker, holding: Holding | None = None
) -> AsyncGenerator[Client | AsyncClient]:
    """A connected client of a colour, as it is."""
    if colour == "threads":
        client = Client.from_url(broker.url, timeout_s=LIMIT_S, username=colour, reconnect_max_s=0.02, transport=holding)
        client.connect()
        try:
            yield client
        finally:
            client.close()
    else:
        async with AsyncClient.from_url(
            broker.url, timeout_s=LIMIT_S, username=colour, reconnect_max_s=0.02, transport=holding
        ) as async_client:
            yield async_client


def begin(call: Callable[[Any], Any], client: Client | AsyncClient) -> asyncio.Task[Any]:
    """Call a method in a thread or a task of its own."""
    if isinstance(client, Client):
        return asyncio.create_task(asyncio.to_thread(call, client))
    return asyncio.create_task(call(client))


async def ended(call: asyncio.Task[Any]) -> Any:
    """Return the result of a call, well before its time limit."""
    async with asyncio.timeout(LIMIT_S / 2):
        return await call


# What was begun ends with what ends it


@both_colours
@in_loop
async def test_unsubscribe_ends_a_subscribe_that_fetches(colour: Colour, broker: Broker, key: Key) -> None:
    holding = Holding(HISTORY)
    async with opened(colour, broker, holding) as client:
        subscribing = begin(lambda each: each.subscribe(key, "a/", last=5), client)
        await holding.one()
        await ended(begin(lambda each: each.unsubscribe(key, "a/"), client))
        subscription: Subscription | AsyncSubscription = await ended(subscribing)
        assert subscription.ended


@both_colours
@in_loop
async def test_drain_ends_a_subscribe_that_fetches(colour: Colour, broker: Broker, key: Key) -> None:
    holding = Holding(HISTORY)
    async with opened(colour, broker, holding) as client:
        subscribing = begin(lambda each: each.subscribe(key, "a/", last=5), client)
        await holding.one()
        await ended(begin(lambda each: each.drain(), client))
        subscription: Subscription | AsyncSubscription = await ended(subscribing)
        assert subscription.ended


@both_colours
@in_loop
async def test_close_ends_a_subscribe_that_fetches(colour: Colour, broker: Broker, key: Key) -> None:
    holding = Holding(HISTORY)
    async with opened(colour, broker, holding) as client:
        subscribing = begin(lambda each: each.subscribe(key, "a/", last=5), client)
        await holding.one()
        await ended(begin(lambda each: each.close(), client))
        with pytest.raises(ConnectionLost):
            await ended(subscribing)


@both_colours
@in_loop
async def test_close_ends_a_drain(colour: Colour, broker: Broker, key: Key) -> None:
    holding = Holding(str(key.reveal()))
    async with opened(colour, broker, holding) as client:
        publishing = begin(lambda each: each.publish(key, "a/", "never sent", qos=1), client)
        await holding.one()
        draining = begin(lambda each: each.drain(), client)
        # Two of them at once wait for the same.
        both = begin(lambda each: each.drain(), client)
        await ended(begin(lambda each: each.me(), client))
        await ended(begin(lambda each: each.close(), client))
        for call in (publishing, draining, both):
            with pytest.raises(ConnectionLost):
                await ended(call)
