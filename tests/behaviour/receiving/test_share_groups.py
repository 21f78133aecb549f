"""Share groups: each message goes to one member, and the key must open the group itself."""

from __future__ import annotations

import pytest

from emitter_typed import AsyncClient, AsyncSubscription, InvalidArgument, Key, Unauthorized
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected, received, texts
from tests.helpers.loops import LIMIT_S, in_loop


async def until_the_end(subscription: AsyncSubscription) -> list[str]:
    """Return the messages before one that says it is the last."""
    found: list[str] = []
    while (text := (await received(subscription)).as_string()) != "end":
        found.append(text)
    return found


@both_flavours
@in_loop
async def test_the_members_share_and_everybody_else_has_all(flavour: Flavour, broker: Broker) -> None:
    async with (
        connected(flavour, broker) as one,
        connected(flavour, broker) as two,
        connected(flavour, broker) as three,
    ):
        key = (await one.keygen(broker.master_key, "#/", "rw")).key
        members = [await client.subscribe_with_group(key, "a/", "workers") for client in (one, two)]
        plain = await three.subscribe(key, "a/")
        wanted = [str(number) for number in range(40)]

        for text in wanted:
            await three.publish(key, "a/", text, qos=1)
        # What is published to the group by its own name reaches every member, on the plain channel.
        await three.publish(key, "$share/workers/a/", "end", qos=1)

        shared = [await until_the_end(member) for member in members]
        assert sorted([*shared[0], *shared[1]], key=int) == wanted
        assert await texts(plain, 40) == wanted


@pytest.mark.prefix_matching
@both_flavours
@in_loop
async def test_a_message_arrives_on_the_plain_channel_as_its_type(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "$share/g/a/#/", "r")).key
        sender = (await client.keygen(broker.master_key, "a/#/", "w")).key
        subscription = await client.subscribe_with_group(key, "a/", "g", payload=str)

        await client.publish(sender, "a/b/", "hello", qos=1)

        message = await subscription.get(timeout_s=LIMIT_S)
        assert message is not None
        assert (message.channel, message.payload) == ("a/b/", "hello")


@both_flavours
@pytest.mark.parametrize("target", ["$share/g/a/", "$share/+/a/", "$share/#/", "#/"])
@in_loop
async def test_a_key_for_the_group_opens_it(flavour: Flavour, target: str, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, target, "r")).key
        sender = (await client.keygen(broker.master_key, "a/", "w")).key

        subscription = await client.subscribe_with_group(key, "a/", "g")

        await client.publish(sender, "a/", "hello", qos=1)
        assert await texts(subscription, 1) == ["hello"]


@both_flavours
@pytest.mark.parametrize("target", ["a/", "a/#/", "$share/other/a/"])
@in_loop
async def test_a_key_for_the_channel_does_not_open_the_group(flavour: Flavour, target: str, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, target, "r")).key

        with pytest.raises(Unauthorized) as caught:
            await client.subscribe_with_group(key, "a/", "g")

        assert caught.value.operation == "subscribe_with_group"


@both_flavours
@pytest.mark.parametrize("group", ["", "a/b", "+", "#", "é", "a b", "*", "%"])
@in_loop
async def test_a_group_that_is_none_is_refused_before_anything_is_sent(
    flavour: Flavour, group: str, broker: Broker
) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.stall_reading()

        with pytest.raises(InvalidArgument):
            await client.subscribe_with_group("k" * 32, "a/", group)

        broker.faults.resume_reading()


SEPARABLE = [
    ("a/", "g", "b/", None),
    ("a/b/", "g", "a/c/", None),
    ("a/", "g", "b/", "h"),
    ("a/", "g", "a/b/", "g"),
    ("a/", "g", "a/", "g"),
]
INSEPARABLE = [
    ("a/", "g", "a/", None),
    ("a/b/", "g", "a/", None),
    ("a/", "g", "a/b/", None),
    ("a/+/c/", "g", "a/b/", None),
    ("a/", "g", "a/", "h"),
    ("a/", "g", "a/b/", "h"),
]


async def subscribe(client: AsyncClient, key: Key, channel: str, group: str | None) -> AsyncSubscription:
    """Subscribe as a member of a group, or plainly."""
    return await (client.subscribe(key, channel) if group is None else client.subscribe_with_group(key, channel, group))


@both_flavours
@pytest.mark.parametrize(("one", "group", "other", "other_group"), SEPARABLE)
@in_loop
async def test_a_group_stands_beside_what_no_message_matches_too(
    flavour: Flavour, one: str, group: str, other: str, other_group: str | None, broker: Broker
) -> None:
    async with connected(flavour, broker) as client:
        key = broker.keygen("#/", "rw")
        subscriptions = [
            await subscribe(client, key, one, group),
            await subscribe(client, key, other, other_group),
        ]

        for subscription, channel in zip(subscriptions, (one, other), strict=True):
            await client.publish(key, channel, "hello", qos=1)
            assert (await received(subscription)).channel == channel


@both_flavours
@pytest.mark.parametrize(("one", "group", "other", "other_group"), INSEPARABLE)
@pytest.mark.parametrize("turned", [False, True])
@in_loop
async def test_a_group_that_shares_copies_with_another_subscription_is_refused_before_anything_is_sent(
    flavour: Flavour, turned: bool, one: str, group: str, other: str, other_group: str | None, broker: Broker
) -> None:
    asked: list[tuple[str, str | None]] = [(one, group), (other, other_group)]
    first, second = reversed(asked) if turned else asked
    async with connected(flavour, broker) as client:
        key = broker.keygen("#/", "rw")
        there = await subscribe(client, key, *first)
        broker.faults.stall_reading()

        with pytest.raises(InvalidArgument, match="use a second client") as refused:
            await subscribe(client, key, *second)

        broker.faults.resume_reading()
        assert (refused.value.argument, refused.value.value) == ("channel", second[0])
        assert repr(one) in str(refused.value)
        assert repr(other) in str(refused.value)
        # What is there goes on, and gives room when it ends.
        await client.publish(key, first[0].replace("+", "b"), "hello", qos=1)
        assert await texts(there, 1) == ["hello"]
        await there.close()
        await subscribe(client, key, *second)


@both_flavours
@in_loop
async def test_the_overlap_is_the_brokers_matchers(flavour: Flavour) -> None:
    with Broker(matcher="mqtt") as broker:
        async with connected(flavour, broker, matcher="mqtt") as client:
            key = broker.keygen("#/", "rw")
            await client.subscribe_with_group(key, "a/+/", "g")
            await client.subscribe(key, "a/")

            with pytest.raises(InvalidArgument, match="use a second client"):
                await client.subscribe(key, "a/b/")
