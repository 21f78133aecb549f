"""A refusal tells which call it was of: the operation, and the channel where the broker lets that be known."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from emitter_typed import BrokerError, EmitterError, Key, Unauthorized
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.loops import LIMIT_S, in_loop

STRANGER = Key("0123456789abcdefghijklmnopqrstuv")


async def _fetched(client: Any) -> None:  # Any: the client of either flavour
    async for _ in client.history(STRANGER, "village/"):
        pass


# Any: the clients of both flavours. The name is what the text begins with.
REFUSED: dict[str, Callable[[Any], Any]] = {
    "publish to village/": lambda client: client.publish(STRANGER, "village", "x", qos=1, ttl=5),
    "publish_nowait to village/": lambda client: client.publish_nowait(STRANGER, "village/", "x").wait(),
    "subscribe to village/": lambda client: client.subscribe(STRANGER, "village/", last=1),
    "subscribe_with_group to $share/g/village/": lambda client: client.subscribe_with_group(STRANGER, "village/", "g"),
    "unsubscribe for village/": lambda client: client.unsubscribe(STRANGER, "village/"),
    "keygen for village/": lambda client: client.keygen(STRANGER, "village/", "r"),
    "presence for village/": lambda client: client.presence(STRANGER, "village/", status=True),
    "history for village/": _fetched,
}


@pytest.mark.parametrize("about", REFUSED)
@both_flavours
@in_loop
async def test_a_refused_call_names_its_channel(flavour: Flavour, broker: Broker, about: str) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(Unauthorized) as caught:
            await called(REFUSED[about], client)
    assert str(caught.value).startswith(f"{about} was refused with 401 (")
    assert caught.value.channel == about.rpartition(" ")[2]


@both_flavours
@in_loop
async def test_what_has_no_channel_names_none(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(BrokerError) as caught:
            await client.publish_with_link("zz", "x", qos=1)
    assert caught.value.channel is None
    assert str(caught.value).startswith("publish_with_link was refused with 400 (")
    assert "a link must exist" in str(caught.value)


@both_flavours
@in_loop
async def test_a_refusal_at_qos_0_says_that_nobody_knows_which_message_it_was(flavour: Flavour, broker: Broker) -> None:
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        await client.publish(STRANGER, "village/", "x")
        await client.me()
    error = errors.get(timeout=LIMIT_S)
    assert isinstance(error, Unauthorized)
    assert error.channel is None
    assert "at QoS 0 the broker does not tell which message it was" in str(error)


SWAPPED: dict[str, Callable[[Any], Any]] = {
    "publish": lambda client: client.publish("chat", STRANGER.reveal(), "x", qos=1),
    "subscribe": lambda client: client.subscribe("chat", STRANGER.reveal()),
    "keygen": lambda client: client.keygen("chat/", STRANGER.reveal(), "r"),
}


@pytest.mark.parametrize("operation", SWAPPED)
@both_flavours
@in_loop
async def test_key_and_channel_in_each_others_place_are_told_their_order(
    flavour: Flavour, broker: Broker, operation: str
) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(Unauthorized, match="the order is key, channel") as caught:
            await called(SWAPPED[operation], client)
    assert caught.value.channel == "…/"
    assert STRANGER.reveal() not in f"{caught.value} {vars(caught.value)}"
