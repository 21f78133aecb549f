"""A key that is given in the place of something else shows in no text, field or cause of the error."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from emitter_typed import Client, ConnectionRefused, EmitterError, Key
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.loops import in_loop

# Any: a client of either flavour, and arguments of any type.
CALLS: dict[str, Callable[[Any, Any], object]] = {
    "a payload": lambda client, key: client.subscribe("key", "a/", payload=key),
    "an overflow": lambda client, key: client.subscribe("key", "a/", overflow=key),
    "a handler": lambda client, key: client.subscribe("key", "a/", key),
    "max_messages": lambda client, key: client.subscribe("key", "a/", max_messages=key),
    "a host": lambda client, key: client.connect(key),
    "a port": lambda client, key: client.connect("localhost", key),
    "a username": lambda client, key: client.connect("localhost", 8080, False, 30, key),
    "a time limit": lambda client, key: client.publish("key", "a/", "x", timeout_s=key),
    "an option": lambda client, key: client.publish("key", "a/", "x", ttl=key),
    "options": lambda client, key: client.publish("key", "a/", "x", key),
    "permissions": lambda client, key: client.keygen("key", "a/", key),
    "a share group": lambda client, key: client.subscribe_with_group("key", "a/", f"{key} "),
    "a link": lambda client, key: client.publish_with_link(key, "x"),
    "max_packet_bytes": lambda _, key: Client(max_packet_bytes=key),
    "matcher": lambda _, key: Client(matcher=key),
    "while_offline": lambda _, key: Client(while_offline=key),
    "a setting's overflow": lambda _, key: Client(overflow=key),
    "a long username": lambda _, key: Client(username=key * 3_000),
    "a proxy": lambda _, key: Client(proxy=key),
    "a URL": lambda _, key: Client.from_url(key),
    "a URL's password": lambda _, key: Client.from_url(f"mqtt://user:{key}@localhost"),
}


@pytest.mark.parametrize("name", CALLS)
@both_flavours
@in_loop
async def test_it_does_not_show(broker: Broker, flavour: Flavour, name: str) -> None:
    key = broker.keygen("a/#/", "rw").reveal()

    async with connected(flavour, broker) as client:
        for given in (key, Key(key)):
            if isinstance(given, Key) and name == "a long username":
                continue
            with pytest.raises(EmitterError) as caught:
                await called(lambda one, given=given: CALLS[name](one, given), client)  # type: ignore[misc]  # a default
            assert_hidden(caught.value, key)


def assert_hidden(error: BaseException, key: str) -> None:
    assert key not in "".join(traceback.format_exception(error))
    assert all(key not in f"{value} {value!r}" for value in vars(error).values())


def test_a_key_in_the_place_of_the_host_is_not_shown_by_who_cannot_connect(broker: Broker) -> None:
    key = broker.keygen("a/#/", "rw").reveal()
    # A name that nobody has, so that no lookup leaves the machine.
    client = Client(timeout_s=20)

    with pytest.raises(ConnectionRefused) as caught:
        client.connect(f"{key}.localhost", 1, secure=False)

    assert_hidden(caught.value, key)
    assert key not in repr(client)
