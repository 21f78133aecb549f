"""Links: short names for a channel, its key and its options, of one connection."""

from __future__ import annotations

import asyncio

import pytest

from emitter_typed import BadRequest, Client, InvalidArgument, Message, Unauthorized
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected, received, texts
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.real import fresh_channel


@both_flavours
@in_loop
async def test_a_link_stands_for_key_channel_and_options(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        channel = fresh_channel()
        key = (await client.keygen(broker.master_key, channel, "rwsl")).key
        subscription = await client.subscribe(key, channel)

        link = await client.link(key, channel.removesuffix("/"), "L1", ttl=60, echo=False)
        await client.publish_with_link("L1", "through the link", qos=1)
        await client.publish(key, channel, "plain", qos=1)

        assert (link.name, link.channel) == ("L1", f"{channel}?ttl=60&me=0")
        assert await texts(subscription, 1) == ["plain"]
        stored = [message.as_string() async for message in client.history(key, channel)]
        assert stored == ["through the link"]


@both_flavours
@in_loop
async def test_a_link_takes_options_as_objects(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "w")).key

        link = await client.link(key, "a/", "l", False, {client.with_ttl(5), client.without_echo()})

        assert link.channel == "a/?ttl=5&me=0"


@both_flavours
@in_loop
async def test_links_are_listed_by_name(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "w")).key
        for name in ("b", "a", "A"):
            await client.link(key, "a/", name)

        assert list((await client.me()).links.items()) == [("A", "a/"), ("a", "a/"), ("b", "a/")]


@both_flavours
@in_loop
async def test_a_link_that_subscribes_brings_messages_to_on_message(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        loop = asyncio.get_running_loop()
        messages: asyncio.Queue[Message] = asyncio.Queue()

        def hand_over(message: Message) -> None:
            loop.call_soon_threadsafe(messages.put_nowait, message)

        client.on_message = hand_over
        key = (await client.keygen(broker.master_key, "a/#/", "rw")).key

        await client.link(key, "a/", "l", subscribe=True)
        await client.publish_with_link("l", "hello", qos=1)

        async with asyncio.timeout(LIMIT_S):
            message = await messages.get()
        assert (message.channel, message.as_string()) == ("a/", "hello")


@pytest.mark.prefix_matching
@both_flavours
@in_loop
async def test_a_link_of_the_same_name_is_replaced(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/#/", "rw")).key
        subscription = await client.subscribe(key, "a/")

        await client.link(key, "a/first/", "l")
        await client.link(key, "a/second/", "l")
        await client.publish_with_link("l", "x", qos=1)

        assert (await received(subscription)).channel == "a/second/"


@both_flavours
@in_loop
async def test_a_link_is_this_connections_own(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client, connected(flavour, broker) as other:
        key = (await client.keygen(broker.master_key, "a/", "w")).key
        await client.link(key, "a/", "l")

        with pytest.raises(BadRequest) as caught:
            await other.publish_with_link("l", "x", qos=1)

        assert caught.value.operation == "publish_with_link"


@both_flavours
@in_loop
async def test_the_key_of_a_link_is_checked_at_each_publish(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "r")).key

        await client.link(key, "a/", "l")

        with pytest.raises(Unauthorized):
            await client.publish_with_link("l", "x", qos=1)


@both_flavours
@pytest.mark.parametrize("name", ["", "abc", "é", "a/", "-"])
@in_loop
async def test_a_name_that_is_none_is_refused_before_anything_is_sent(
    flavour: Flavour, name: str, broker: Broker
) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.stall_reading()

        with pytest.raises(InvalidArgument, match="name"):
            await client.link("k" * 32, "a/", name)
        with pytest.raises(InvalidArgument, match="link"):
            await client.publish_with_link(name, "x", qos=1)

        broker.faults.resume_reading()


@both_flavours
@in_loop
async def test_what_no_link_can_have_is_refused_before_anything_is_sent(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.stall_reading()

        with pytest.raises(InvalidArgument, match="wildcard"):
            await client.link("k" * 32, "a/+/", "l")
        with pytest.raises(InvalidArgument, match="ttl: must be at least 0 s, not -1 s"):
            await client.link("k" * 32, "a/", "l", ttl=-1)
        with pytest.raises(InvalidArgument, match="link does not take retain; it takes ttl, echo"):
            await client.link("k" * 32, "a/", "l", options=[Client.with_retain()])

        broker.faults.resume_reading()


@both_flavours
@in_loop
async def test_a_connection_knows_its_id_and_its_links(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "rwp")).key
        before = await client.me()

        await client.link(key, "a/", "x", ttl=5)
        await client.link(key, "a/", "y")
        await client.subscribe(key, "a/")

        after = await client.me()
        who = (await client.presence(key, "a/", status=True)).who
        assert (before.links, after.links) == ({}, {"x": "a/?ttl=5", "y": "a/"})
        assert before.id == after.id == who[0].id
        assert len(after.id) == 26
