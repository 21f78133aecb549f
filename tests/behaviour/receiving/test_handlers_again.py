"""Who subscribes again, drains without a connection, or enters a client that is connected, gets what he expects."""

from __future__ import annotations

import asyncio
from queue import SimpleQueue

from emitter_typed import AsyncClient, Client, Message
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import LIMIT_S, in_loop


@both_flavours
@in_loop
async def test_a_handler_whose_subscription_has_ended_gets_another_one(broker: Broker, flavour: Flavour) -> None:
    key = broker.keygen("a/", "rw")
    got: SimpleQueue[Message] = SimpleQueue()

    async with connected(flavour, broker) as client:
        first = await client.subscribe(key, "a/", got.put)
        same = await client.subscribe(key, "a/", got.put)
        await first.close()
        assert same.ended, "it is the one that there was"
        await client.unsubscribe(key, "a/")
        again = await client.subscribe(key, "a/", got.put)
        assert not again.ended
        await client.publish(key, "a/", "x", qos=1)
        message = await asyncio.to_thread(got.get, timeout=LIMIT_S)

    assert message.as_string() == "x"
    assert got.empty()


def test_without_a_connection_a_drain_returns_at_once() -> None:
    client = Client()
    client.drain()
    client.drain(timeout_s=0.001)
    assert client.connection.status == "closed"


@in_loop
async def test_without_a_connection_a_drain_of_an_asyncio_client_returns_at_once() -> None:
    client = AsyncClient()
    await client.drain()
    await client.drain(timeout_s=0.001)
    assert client.connection.status == "closed"


def test_with_uses_the_connection_that_there_is(broker: Broker) -> None:
    client = Client.from_url(broker.url, timeout_s=LIMIT_S)
    client.connect()
    with client as entered:
        assert entered is client
        client.me()
    assert (client.connection.connects, client.connection.status) == (1, "closed")


@in_loop
async def test_async_with_uses_the_connection_that_there_is(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    await client.connect()
    async with client as entered:
        assert entered is client
        await client.me()
    assert (client.connection.connects, client.connection.status) == (1, "closed")
