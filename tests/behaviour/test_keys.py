"""Keys: banned and allowed again, and those of private channels."""

from __future__ import annotations

import pytest

from emitter_typed import BadRequest, Unauthorized
from emitter_typed.broker import Broker
from tests.behaviour.colours import Colour, both_colours, connected, texts
from tests.behaviour.loops import in_loop


@both_colours
@in_loop
async def test_a_banned_key_opens_nothing_until_it_is_allowed_again(colour: Colour, broker: Broker) -> None:
    async with connected(colour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "rw")).key

        banned = await client.keyban(broker.master_key, key, True)
        with pytest.raises(Unauthorized):
            await client.publish(key, "a/", "x", qos=1)
        allowed = await client.keyban(broker.master_key, key, ban=False)
        await client.publish(key, "a/", "x", qos=1)

        assert (banned.banned, allowed.banned) == (True, False)


@both_colours
@in_loop
async def test_a_subscription_goes_on_after_its_key_was_banned(colour: Colour, broker: Broker) -> None:
    async with connected(colour, broker) as client:
        reading = (await client.keygen(broker.master_key, "a/", "r")).key
        writing = (await client.keygen(broker.master_key, "a/", "w")).key
        subscription = await client.subscribe(reading, "a/")

        await client.keyban(broker.master_key, reading, True)
        await client.publish(writing, "a/", "still here", qos=1)

        assert await texts(subscription, 1) == ["still here"]
        with pytest.raises(Unauthorized):
            await client.unsubscribe(reading, "a/")


@both_colours
@in_loop
async def test_only_a_master_key_bans(colour: Colour, broker: Broker) -> None:
    async with connected(colour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "rw")).key

        with pytest.raises(Unauthorized) as caught:
            await client.keyban(key, key, True)

        assert caught.value.operation == "keyban"


@both_colours
@in_loop
async def test_a_key_that_extends_makes_private_channels_of_this_connection(colour: Colour, broker: Broker) -> None:
    async with connected(colour, broker) as client:
        extending = (await client.keygen(broker.master_key, "room/#/", "rwe")).key
        connection_id = (await client.me()).id

        private = await client.keygen(extending, "room/", "rw")
        below = await client.keygen(extending, "room/#/", "rw")

        assert private.channel == f"room/{connection_id}/"
        assert below.channel == f"room/{connection_id}/#/"
        subscription = await client.subscribe(private.key, private.channel)
        await client.publish(private.key, private.channel, "just us", qos=1)
        assert await texts(subscription, 1) == ["just us"]
        with pytest.raises(Unauthorized):
            await client.publish(private.key, "room/", "x", qos=1)


@both_colours
@in_loop
async def test_a_key_that_extends_opens_nothing_itself(colour: Colour, broker: Broker) -> None:
    async with connected(colour, broker) as client:
        extending = (await client.keygen(broker.master_key, "room/", "rwe")).key

        with pytest.raises(Unauthorized) as caught:
            await client.publish(extending, "room/", "x", qos=1)

        assert caught.value.message == "the security key with extend permission can only be used for private links"


@both_colours
@in_loop
async def test_a_private_channel_has_no_free_segment(colour: Colour, broker: Broker) -> None:
    async with connected(colour, broker) as client:
        extending = (await client.keygen(broker.master_key, "room/#/", "rwe")).key

        with pytest.raises(BadRequest):
            await client.keygen(extending, "room/+/", "rw")
