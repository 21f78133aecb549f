"""What becomes of calls while there is no connection."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from emitter_typed import (
    AsyncClient,
    Client,
    Congested,
    ConnectionLost,
    Key,
    PresenceEvent,
    PresenceSubscribe,
    RequestTimeout,
)
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected, texts
from tests.helpers.loops import in_loop
from tests.helpers.losing import came, lose, return_, until


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwslp")


@both_flavours
@in_loop
async def test_a_message_of_qos_1_that_finds_no_connection_goes_out_once_in_its_order(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    async with connected(flavour, broker) as client:
        await lose(client, broker)
        pending = [client.publish_nowait(key, "a/", str(number)) for number in range(100)]
        assert not pending[0].done
        await return_(client, broker)
        for each in pending:
            await each.wait()
        await client.publish(key, "a/", "last", qos=1)
    assert [message.as_string() for message in broker.published] == [*map(str, range(100)), "last"]


@both_flavours
@in_loop
async def test_a_message_that_was_not_acknowledged_is_sent_once_more(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.withhold_replies()
        pending = [client.publish_nowait(key, "a/", text) for text in ("one", "two")]
        await asyncio.to_thread(broker.wait_published, 2)
        await lose(client, broker)
        pending.append(client.publish_nowait(key, "a/", "three"))
        broker.faults.release_replies()
        await return_(client, broker)
        for each in pending:
            await each.wait()
    assert [message.as_string() for message in broker.published] == ["one", "two", "one", "two", "three"]


@both_flavours
@in_loop
async def test_a_request_under_way_ends_with_an_unknown_outcome_and_is_not_sent_again(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    events: SimpleQueue[PresenceEvent] = SimpleQueue()
    with Client.from_url(broker.url) as watcher:
        watcher.on_presence = events.put
        watcher.presence(key, "a/", changes=True)
        async with connected(flavour, broker) as client:
            broker.faults.withhold_replies()
            ask = _asker(client, key) if flavour == "threads" else client.link(key, "a/", "l", subscribe=True)
            asking = asyncio.ensure_future(ask)
            joined = await came(events)
            assert isinstance(joined, PresenceSubscribe)
            broker.faults.drop_connections(username=flavour)
            broker.faults.release_replies()
            with pytest.raises(ConnectionLost) as lost:
                await asking
            assert lost.value.operation == "link"
            await until(client, "connected")
            assert (await client.me()).links == {}


async def _asker(client: AsyncClient, key: Key) -> None:
    inner: Client = client.__dict__["inner"]
    await asyncio.to_thread(inner.link, key, "a/", "l", subscribe=True)


@both_flavours
@in_loop
async def test_other_calls_wait_for_the_connection(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        await lose(client, broker)
        threading.Timer(0, broker.faults.accept_connections).start()
        subscription = await client.subscribe(key, "a/")
        await client.publish(key, "a/", "x")
        assert await texts(subscription, 1) == ["x"]


@both_flavours
@in_loop
async def test_a_call_that_finds_no_connection_in_time_says_that_nothing_was_sent(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    async with connected(flavour, broker) as client:
        await lose(client, broker)
        calls: list[Callable[[AsyncClient], object]] = [
            lambda each: each.me(timeout_s=0.01),
            lambda each: each.publish(key, "a/", "x", timeout_s=0.01),
            lambda each: each.publish(key, "a/", "x", qos=1, timeout_s=0.01),
            lambda each: each.subscribe(key, "a/", timeout_s=0.01),
            lambda each: each.unsubscribe(key, "a/", timeout_s=0.01),
        ]
        for call in calls:
            with pytest.raises(ConnectionLost, match=r"nothing was sent within 0\.01 s"):
                await called(call, client)
        await return_(client, broker)
        await client.me()
    assert broker.published == ()


@both_flavours
@in_loop
async def test_waiting_for_a_message_that_has_no_connection_says_why_and_that_it_goes_out(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.withhold_replies()
        with pytest.raises(RequestTimeout) as unanswered:
            await client.publish_nowait(key, "a/", "sent").wait(timeout_s=0.01)
        assert unanswered.value.offline is None
        await lose(client, broker)
        pending = client.publish_nowait(key, "a/", "unsent")
        with pytest.raises(RequestTimeout, match=r"no connection .* the message is kept and sent") as offline:
            await pending.wait(timeout_s=0.01)
        assert offline.value.offline
        assert offline.value.offline in str(offline.value)
        assert "Emitter broker" not in str(offline.value)
        broker.faults.release_replies()
        await return_(client, broker)
        await pending.wait()


@both_flavours
@in_loop
async def test_calls_raise_at_once_where_that_is_wanted(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker, while_offline="raise") as client:
        await lose(client, broker)
        calls: list[Callable[[AsyncClient], object]] = [
            lambda each: each.me(),
            lambda each: each.publish(key, "a/", "x"),
            lambda each: each.subscribe(key, "a/"),
        ]
        for call in calls:
            with pytest.raises(ConnectionLost):
                await called(call, client)
        with pytest.raises(ConnectionLost):
            client.publish_nowait(key, "a/", "x", qos=0)


@both_flavours
@in_loop
async def test_the_outbox_is_bounded(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker, outbox_max_messages=2) as client:
        await lose(client, broker)
        pending = [client.publish_nowait(key, "a/", text) for text in ("one", "two")]
        with pytest.raises(Congested, match="2 messages"):
            client.publish_nowait(key, "a/", "three")
        await return_(client, broker)
        for each in pending:
            await each.wait()


@both_flavours
@in_loop
async def test_the_outbox_is_bounded_in_bytes_of_payload(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker, outbox_max_bytes=10) as client:
        await lose(client, broker)
        pending = [client.publish_nowait(key, "a/", text) for text in ("123456", "1234")]
        with pytest.raises(Congested, match="2 messages of 10 bytes"):
            client.publish_nowait(key, "a/", "1")
        await return_(client, broker)
        for each in pending:
            await each.wait()
        # What has left makes room.
        await lose(client, broker)
        again = client.publish_nowait(key, "a/", "1234567890")
        await return_(client, broker)
        await again.wait()
