"""No frame of a refused call holds a key in clear: tools that show tracebacks with locals show none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emitter_typed import Client, EmitterError, InvalidArgument, Key, KeySource
from emitter_typed.broker import Broker
from tests.behaviour.secrets.frames import shown
from tests.codegen.golden.channels.expected import AsyncHome, Home
from tests.codegen.golden.channels.expected.channels import TemperatureChannel
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.loops import in_loop

KEY = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"

# Any: a client of either flavour, as its counterpart for asyncio looks.
Call = Callable[[Any, str], object]

REFUSED_BY_THE_BROKER: dict[str, Call] = {
    "keygen": lambda client, key: client.keygen(key, "b/", "r"),
    "keyban": lambda client, key: client.keyban(key, key, True),
    "presence": lambda client, key: client.presence(key, "b/"),
    "watch_presence": lambda client, key: client.watch_presence(key, "b/"),
    "publish": lambda client, key: client.publish(key, "b/", "x", qos=1),
    "publish_nowait": lambda client, key: client.publish_nowait(key, "b/", "x").wait(),
    "subscribe": lambda client, key: client.subscribe(key, "b/"),
    "subscribe_with_group": lambda client, key: client.subscribe_with_group(key, "b/", "group"),
    "unsubscribe": lambda client, key: client.unsubscribe(key, "b/"),
    "history": lambda client, key: client.history(key, "b/"),
    "subscribe(last=)": lambda client, key: client.subscribe(key, "b/", last=1),
    "subscribe(recover=)": lambda client, key: client.subscribe(key, "b/", recover=True),
}
REFUSED_HERE: dict[str, Call] = {
    "a channel": lambda client, key: client.publish(key, "a b/", "x"),
    "a channel of a request": lambda client, key: client.presence(key, "a b/"),
    "a large message": lambda client, key: client.publish(key, "a/", "x" * 70_000),
    "a large message of QoS 1": lambda client, key: client.publish(key, "a/", "x" * 70_000, qos=1),
    "a large request": lambda client, key: client.presence(key, "x" * 70_000),
    "a large channel": lambda client, key: client.subscribe(key, "x" * 65_500),
    "a large channel to leave": lambda client, key: client.unsubscribe(key, "x" * 65_500),
    "an option": lambda client, key: client.publish(key, "a/", "x", ttl=-1),
    "a link's channel": lambda client, key: client.link(key, "a b/", "x", True),
    "a link's name": lambda client, key: client.link(key, "a/", None, True),
    "permissions": lambda client, key: client.keygen(key, "a/", "z"),
    "a time limit": lambda client, key: client.publish(key, "a/", "x", timeout_s=-1),
    "a key with a space": lambda client, key: client.publish(f"{key} ", "a/", "x"),
    "a key with a slash": lambda client, key: client.subscribe(f"{key}/", "a/"),
    "a key that is no ASCII": lambda client, key: client.history(f"{key}é", "a/"),
    "a handler": lambda client, key: client.subscribe(key, "a/", "no handler"),
    "a payload type": lambda client, key: client.subscribe(key, "a/", payload="no type"),
    "a key for a time limit": lambda client, key: client.publish(key, "a/", "x", timeout_s=Key(key)),
    "a reserved channel": lambda client, key: client.subscribe(key, "emitter/"),
    "a message that cannot be written": lambda client, key: client.publish(key, "a/", object()),
    "an overflow": lambda client, key: client.subscribe(key, "a/", overflow="no"),
    "a window": lambda client, key: client.history(key, "a/", since=5, until=1),
}


# Any: a facade of either flavour, over one key, one for each channel, or a function.
FACADES: dict[str, Call] = {
    "subscribe": lambda home, _: home.status.subscribe(),
    "history": lambda home, _: home.status.history(),
    "no key": lambda home, _: home.temperature.subscribe(),
    "parameters": lambda home, _: home.temperature(floor="attic", room="x"),
}
KEYS: dict[str, Callable[[str], KeySource]] = {
    "one": lambda key: key,
    "mapping": lambda key: {"status": key},
    "function": lambda key: {"status": key}.__getitem__,
}


async def failure(client: object, call: Call, key: str) -> EmitterError:
    try:
        result: Any = await called(lambda one: call(one, key), client)  # Any: whatever the call gives
        if hasattr(result, "__anext__"):
            [each async for each in result]
        elif hasattr(result, "__next__"):
            list(result)
    except EmitterError as error:
        return error
    pytest.fail("it was not refused")


@both_flavours
@pytest.mark.parametrize("name", REFUSED_BY_THE_BROKER)
@in_loop
async def test_what_the_broker_refuses_shows_no_key(broker: Broker, flavour: Flavour, name: str) -> None:
    key = broker.keygen("a/#/", "rw").reveal()

    async with connected(flavour, broker) as client:
        error = await failure(client, REFUSED_BY_THE_BROKER[name], key)

    assert shown(error, key) == []


@both_flavours
@pytest.mark.parametrize("name", REFUSED_HERE)
@in_loop
async def test_what_is_refused_here_shows_no_key(broker: Broker, flavour: Flavour, name: str) -> None:
    key = broker.keygen("a/#/", "rwlsp").reveal()

    async with connected(flavour, broker) as client:
        error = await failure(client, REFUSED_HERE[name], key)

    assert shown(error, key) == []


@both_flavours
@pytest.mark.parametrize("name", REFUSED_BY_THE_BROKER)
@in_loop
async def test_what_finds_no_connection_shows_no_key(broker: Broker, flavour: Flavour, name: str) -> None:
    key = broker.keygen("a/#/", "rwlsp").reveal()

    async with connected(flavour, broker) as client:
        await called(lambda one: one.close(), client)
        error = await failure(client, REFUSED_BY_THE_BROKER[name], key)

    assert shown(error, key) == []


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("name", FACADES)
@both_flavours
@in_loop
async def test_what_a_channel_of_a_facade_refuses_shows_no_key(
    broker: Broker, flavour: Flavour, name: str, keys: str
) -> None:
    key = broker.keygen("a/#/", "rw").reveal()

    async with connected(flavour, broker) as client:
        if flavour == "threads":
            home: object = Home(vars(client)["inner"], KEYS[keys](key))
        else:
            home = AsyncHome(client, KEYS[keys](key))
        error = await failure(home, FACADES[name], key)

    assert shown(error, key) == []


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("make", [Home, AsyncHome, TemperatureChannel])
def test_a_facade_that_is_refused_shows_no_key(make: Callable[..., object], keys: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        make("no client", KEYS[keys](KEY))

    assert shown(caught.value, KEY) == []


@pytest.mark.parametrize("keys", ["", None, 5, b"x", ["x"]])
def test_what_can_be_no_keys_is_refused_by_name(keys: object) -> None:
    with pytest.raises(InvalidArgument, match="a mapping from channel names to keys") as caught:
        Home(Client(), keys)  # type: ignore[arg-type]  # on purpose

    assert caught.value.argument == "key"


def test_what_is_given_for_the_key_of_a_channel_is_refused_by_name() -> None:
    home = Home(Client(), {"status": ""})

    with pytest.raises(InvalidArgument, match="expected a key for the channel status, got an empty text"):
        home.status.subscribe()


MASKED = "Key(…1f4w)"
MASKED_KEYS: dict[str, KeySource] = {"one": MASKED, "mapping": {"status": MASKED}, "function": lambda _: MASKED}


@pytest.mark.parametrize("keys", MASKED_KEYS.values(), ids=MASKED_KEYS)
def test_the_masked_form_of_a_key_is_refused_as_one(keys: KeySource) -> None:
    with pytest.raises(InvalidArgument, match=r"^key: this is the masked form of a key") as caught:
        Home(Client(), keys).status.subscribe()

    assert caught.value.argument == "key"
