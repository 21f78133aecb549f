"""Facts go to other processes by pickle. A connection does not, and says what to do instead."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import attrs
import pytest

from emitter_typed import AsyncClient, Client
from emitter_typed.broker import Broker
from tests.codegen.golden.channels.expected import Home
from tests.helpers.loops import LIMIT_S, in_loop

WAYS: list[Callable[[object], object]] = [pickle.dumps, copy.deepcopy, copy.copy]


@pytest.mark.parametrize("way", WAYS)
def test_what_belongs_to_a_connection_is_neither_pickled_nor_copied(
    way: Callable[[object], object], broker: Broker
) -> None:
    key = broker.keygen("a/", "rwp")
    with Client(broker.url) as client, client.subscribe(key, "a/") as subscription:
        pending = client.publish_nowait(key, "a/", "hello")
        for one in (client, client.connection, subscription, pending):
            with pytest.raises(TypeError, match=r"its connection stays in this process; make a client of its own"):
                way(one)
        pending.wait(timeout_s=LIMIT_S)
        assert (message := subscription.get(timeout_s=LIMIT_S)) is not None
        assert message.as_string() == "hello"


@pytest.mark.parametrize("way", WAYS)
@in_loop
async def test_the_same_holds_in_asyncio(way: Callable[[object], object], broker: Broker) -> None:
    key = broker.keygen("a/", "rwp")
    async with AsyncClient(broker.url) as client, await client.subscribe(key, "a/") as subscription:
        pending = client.publish_nowait(key, "a/", "hello")
        for one in (client, client.connection, subscription, pending):
            with pytest.raises(TypeError, match=r"its connection stays in this process; make a client of its own"):
                way(one)
        await pending.wait(timeout_s=LIMIT_S)


def test_neither_is_what_calls_a_client(broker: Broker) -> None:
    """What a program would give to a process: a method, or channels of its own."""
    client = Client(broker.url)
    for one in (client.me, Home(client, "key"), Home(client, "key").temperature):
        with pytest.raises(TypeError, match=r"make a client of its own in the other process"):
            pickle.dumps(one)


def test_statistics_are_pickled_copied_and_written_as_json(broker: Broker) -> None:
    with Client(broker.url) as client:
        client.keygen(broker.master_key, "a/", "r")
        statistics = client.statistics()
    assert pickle.loads(pickle.dumps(statistics)) == copy.deepcopy(statistics) == statistics  # our own
    written = json.loads(json.dumps(attrs.asdict(statistics)))
    assert written["requests"]["keygen"]["answered"] == 1
    with pytest.raises(TypeError, match="read-only"):
        statistics.requests["keygen"] = statistics.requests["keygen"]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]  # that it is read-only
