"""Keys: banned and allowed again, and those of private channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emitter_typed import BadRequest, InvalidArgument, Key, Permission, Unauthorized
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected, texts
from tests.helpers.loops import in_loop
from tests.helpers.real import RealBroker

KEY = "jTEZ-tsQIg5yq3D5qSFbZaxNLaK_X1XX"
LONGER = KEY + "x"

# What somebody does who mixes the arguments up. Any: the clients of both flavours, with arguments of any type.
MIXED_UP: dict[str, Callable[[Any], Any]] = {
    "the topic as the channel": lambda client: client.publish(KEY, KEY + "/chat/ x", "m"),
    "a key of another length": lambda client: client.publish(LONGER, LONGER + "/chat/ x", "m"),
    "a wildcard behind the key": lambda client: client.publish(KEY, KEY + "/+/", "m"),
    "the topic of a subscription": lambda client: client.subscribe(KEY, KEY + "//"),
    "the topic of a request": lambda client: client.keygen(KEY, KEY + "/chat/ x", "r"),
    "too many segments": lambda client: client.keygen(KEY, KEY + "/" + "a/" * 23, "r"),
    "the key as a duration": lambda client: client.keygen(KEY, "a/", "r", ttl=KEY),
    "the key as an option": lambda client: client.publish(KEY, "a/", "m", ttl=KEY),
    "the key as a choice": lambda client: client.publish(KEY, "a/", "m", qos=KEY),
    "the key as a link": lambda client: client.publish_with_link(KEY, "m"),
    "the key as the name of a link": lambda client: client.link(KEY, "a/", KEY),
    "the key as a group": lambda client: client.subscribe_with_group(KEY, "a/", KEY + "/"),
    "the key as permissions": lambda client: client.keygen(KEY, "a/", KEY),
}


SECRET = Key(KEY)

# A key where a text belongs that is sent, shown or matched. The second part of a name is the argument at fault.
OUT_OF_PLACE: dict[str, Callable[[Any], Any]] = {
    "publish: channel": lambda client: client.publish(SECRET, SECRET, "m"),
    "publish_nowait: channel": lambda client: client.publish_nowait(SECRET, SECRET, "m"),
    "publish_with_link: link": lambda client: client.publish_with_link(Key("zz"), "m"),
    "subscribe: channel": lambda client: client.subscribe(SECRET, SECRET),
    "a group's subscribe: channel": lambda client: client.subscribe_with_group(SECRET, SECRET, "g"),
    "subscribe_with_group: share_group": lambda client: client.subscribe_with_group(SECRET, "a/", SECRET),
    "unsubscribe: channel": lambda client: client.unsubscribe(SECRET, SECRET),
    "history: channel": lambda client: client.history(SECRET, SECRET),
    "keygen: channel": lambda client: client.keygen(SECRET, SECRET, "r"),
    "keygen: permissions": lambda client: client.keygen(SECRET, "a/", SECRET),
    "presence: channel": lambda client: client.presence(SECRET, SECRET),
    "watch_presence: channel": lambda client: client.watch_presence(SECRET, SECRET),
    "link: channel": lambda client: client.link(SECRET, SECRET, "x"),
}


@pytest.mark.parametrize("case", OUT_OF_PLACE)
@both_flavours
@in_loop
async def test_a_key_where_no_secret_belongs_is_refused_before_anything_is_sent(
    flavour: Flavour, broker: Broker, case: str
) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="a Key") as caught:
            await called(OUT_OF_PLACE[case], client)
        assert caught.value.argument == case.partition(": ")[2]


# As it is read from a file.
WITH_A_LINE_BREAK: dict[str, Callable[[Any], Any]] = {
    "keygen: key": lambda client: client.keygen(f"{SECRET.reveal()}\n", "a/", "r"),
    "keyban: target_key": lambda client: client.keyban(SECRET, f"{SECRET.reveal()}\n", True),
    "presence: key": lambda client: client.presence(f" {SECRET.reveal()}", "a/"),
    "publish: key": lambda client: client.publish(f"{SECRET.reveal()}\n", "a/", "x"),
}


@pytest.mark.parametrize("case", WITH_A_LINE_BREAK)
@both_flavours
@in_loop
async def test_a_key_with_a_line_break_is_refused_before_anything_is_sent(
    flavour: Flavour, broker: Broker, case: str
) -> None:
    """The broker would say that it does not know the key."""
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="pass it exactly as the broker issued it") as caught:
            await called(WITH_A_LINE_BREAK[case], client)
        assert caught.value.argument == case.partition(": ")[2]


@pytest.mark.parametrize("permissions", ["", Permission("")], ids=["text", "flags"])
@both_flavours
@in_loop
async def test_a_key_that_would_allow_nothing_is_not_asked_for(
    flavour: Flavour, broker: Broker, permissions: str | Permission
) -> None:
    """Emitter makes one."""
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match=r"^permissions: expected at least one letter of rwslpex$") as caught:
            await client.keygen(broker.master_key, "a/", permissions)
        assert caught.value.argument == "permissions"


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        ("a/+/", "a/#/"),
        ("a/+", "a/#/"),
        ("a/+/#/", "a/#/"),
        ("a/+/b/+/+/#/", "a/+/b/#/"),
        ("+/a/+/", "+/a/#/"),
        ("+/+/#", "#/"),
        ("$share/+/", "$share/#/"),
    ],
)
@both_flavours
@in_loop
async def test_a_key_that_would_open_nothing_is_not_asked_for(
    flavour: Flavour, broker: Broker, target: str, advice: str
) -> None:
    """Emitter makes one."""
    problem = f"channel: a key for {target} opens nothing: use {advice}"
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument) as caught:
            await client.keygen(broker.master_key, target, "rw")
        assert (caught.value.message, caught.value.argument) == (problem, "channel")
        assert client.statistics().requests == {}
    with pytest.raises(InvalidArgument) as caught:
        broker.keygen(target, "rw")
    assert caught.value.message == problem


@pytest.mark.parametrize("number", [-1, 0, 3, 1000])
@both_flavours
@in_loop
async def test_a_number_is_not_taken_for_permissions(
    flavour: Flavour, broker: Broker, number: Any
) -> None:  # Any: of another type
    """An enum of flags would take -1 for all of them."""
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match=r"^permissions: expected letters of rwslpex or a Permission, got an"):
            await client.keygen(broker.master_key, "a/", number)


@both_flavours
@in_loop
async def test_a_key_for_no_channel_is_not_asked_for(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match=r"^channel: '' has no segment"):
            await client.keygen(broker.master_key, "", "rw")


@both_flavours
@in_loop
async def test_key_and_channel_in_each_others_place_are_told_their_order(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="the order is key, channel"):
            await client.publish("chat/", KEY, "m")
        with pytest.raises(InvalidArgument) as caught:
            await client.publish("chat/", "chat/", "m")
        assert "order" not in str(caught.value)


@pytest.mark.parametrize("case", MIXED_UP)
@both_flavours
@in_loop
async def test_no_error_about_another_argument_shows_a_key(flavour: Flavour, broker: Broker, case: str) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument) as caught:
            await called(MIXED_UP[case], client)
    assert KEY not in f"{caught.value} {caught.value!r} {caught.value.value!r}"


@both_flavours
@in_loop
async def test_a_banned_key_opens_nothing_until_it_is_allowed_again(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "rw")).key

        banned = await client.keyban(broker.master_key, key, True)
        with pytest.raises(Unauthorized):
            await client.publish(key, "a/", "x", qos=1)
        allowed = await client.keyban(broker.master_key, key, ban=False)
        if not isinstance(broker, RealBroker):  # It takes a minute to show there.
            await client.publish(key, "a/", "x", qos=1)

        assert (banned.banned, allowed.banned) == (True, False)


@both_flavours
@in_loop
async def test_a_subscription_goes_on_after_its_key_was_banned(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        reading = (await client.keygen(broker.master_key, "a/", "r")).key
        writing = (await client.keygen(broker.master_key, "a/", "w")).key
        subscription = await client.subscribe(reading, "a/")

        await client.keyban(broker.master_key, reading, True)
        await client.publish(writing, "a/", "still here", qos=1)

        assert await texts(subscription, 1) == ["still here"]
        with pytest.raises(Unauthorized):
            await client.unsubscribe(reading, "a/")


@both_flavours
@in_loop
async def test_only_a_master_key_bans(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "rw")).key

        with pytest.raises(Unauthorized) as caught:
            await client.keyban(key, key, True)

        assert caught.value.operation == "keyban"


@both_flavours
@in_loop
async def test_a_key_that_extends_makes_private_channels_of_this_connection(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
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


@both_flavours
@in_loop
async def test_a_key_that_extends_opens_nothing_itself(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        extending = (await client.keygen(broker.master_key, "room/", "rwe")).key

        with pytest.raises(Unauthorized) as caught:
            await client.publish(extending, "room/", "x", qos=1)

        assert caught.value.message == "the security key with extend permission can only be used for private links"


@both_flavours
@in_loop
async def test_a_private_channel_has_no_free_segment(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        extending = (await client.keygen(broker.master_key, "room/#/", "rwe")).key

        with pytest.raises(BadRequest):
            await client.keygen(extending, "room/+/a/", "rw")
