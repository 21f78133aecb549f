"""What is stored comes first: in the order of publishing, joined to what is live, and to nobody twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import pytest

from emitter_typed import Client, EmitterError, Key, Message, ReplyMissing
from emitter_typed._protocol.topics import Matcher
from emitter_typed.broker import Broker, ManualClock
from tests.helpers.flavours import Flavour, both_flavours, connected, received, texts
from tests.helpers.loops import LIMIT_S, in_loop

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def matcher() -> Matcher:
    return "emitter"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW.timestamp())


@pytest.fixture
def broker(clock: ManualClock, matcher: Matcher) -> Iterator[Broker]:
    """A broker whose clock stands still: all that is stored is stored within one second, which it gives reversed."""
    with Broker(clock=clock, matcher=matcher) as running:
        yield running


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwsl")


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Client]:
    with Client.from_url(broker.url, username="publisher") as client:
        yield client


def store(publisher: Client, key: Key, *messages: str, channel: str = "a/") -> None:
    for message in messages:
        publisher.publish(key, channel, message, ttl=3600, qos=1)


@both_flavours
@in_loop
async def test_stored_messages_come_in_the_order_of_publishing_with_their_time(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    store(publisher, key, *map(str, range(30)))
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", last=20)
        store(publisher, key, "live")
        stored = [await received(subscription) for _ in range(20)]
        assert [each.as_string() for each in stored] == [str(number) for number in range(10, 30)]
        assert {each.stored_at for each in stored} == {NOW}
        live = await received(subscription)
        assert (live.as_string(), live.stored_at) == ("live", None)


@both_flavours
@in_loop
async def test_any_number_of_them_comes(flavour: Flavour, broker: Broker, key: Key, publisher: Client) -> None:
    for number in range(1_000):
        publisher.publish_nowait(key, "a/", f"{number} {'x' * 500}", ttl=3600)
    store(publisher, key, "last")
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", last=1_000)
        found = await texts(subscription, 1_000)
        assert [each.partition(" ")[0] for each in found] == [*map(str, range(1, 1_000)), "last"]
        assert subscription.dropped == 0


@both_flavours
@in_loop
async def test_a_window_of_time_is_all_that_was_stored_in_it(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client, clock: ManualClock
) -> None:
    for minute in range(10):
        store(publisher, key, str(minute))
        clock.advance(60)
    async with connected(flavour, broker) as client:
        since, until = NOW + timedelta(minutes=3), NOW + timedelta(minutes=6)
        subscription = await client.subscribe(key, "a/", since=since, until=until)
        store(publisher, key, "live")
        assert await texts(subscription, 5) == ["3", "4", "5", "6", "live"]
        bounded = await client.subscribe(key, "a/", since=since, until=until, last=2)
        assert await texts(bounded, 2) == ["5", "6"]


@both_flavours
@in_loop
async def test_without_a_word_the_newest_one_comes_and_to_the_new_subscription_alone(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    store(publisher, key, "0", "1")
    async with connected(flavour, broker) as client:
        first = await client.subscribe(key, "a/")
        assert await texts(first, 1) == ["1"]
        others = [await client.subscribe(key, channel) for channel in ("a/", "a/b/", "a/+/")]
        store(publisher, key, "2")
        assert await texts(first, 1) == ["2"]
        assert await texts(others[0], 2) == ["1", "2"]
        assert first.pending == others[1].pending == others[2].pending == 0


@both_flavours
@in_loop
async def test_a_key_that_may_not_load_gets_none_as_the_broker_has_it(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    store(publisher, key, "stored")
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(broker.keygen("a/", "r"), "a/", last=5)
        store(publisher, key, "live")
        assert await texts(subscription, 1) == ["live"]


@both_flavours
@in_loop
async def test_last_0_is_none(flavour: Flavour, broker: Broker, key: Key, publisher: Client) -> None:
    store(publisher, key, "stored")
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", last=0)
        store(publisher, key, "live")
        assert await texts(subscription, 1) == ["live"]


@both_flavours
@in_loop
async def test_classic_options_do_the_same(flavour: Flavour, broker: Broker, key: Key, publisher: Client) -> None:
    store(publisher, key, "0", "1", "2")
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a", None, {Client.with_last(2)})
        assert await texts(subscription, 2) == ["1", "2"]


@both_flavours
@in_loop
async def test_a_message_that_no_reply_can_hold_hides_those_before_it_and_nothing_else(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    store(publisher, key, "before", "x" * 60_000)
    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        subscription = await client.subscribe(key, "a/", last=5)
        assert isinstance(await asyncio.to_thread(errors.get, timeout=LIMIT_S), ReplyMissing)
        store(publisher, key, "after")
        assert await texts(subscription, 1) == ["after"]
        another = await client.subscribe(key, "a/", last=5)
        assert isinstance(await asyncio.to_thread(errors.get, timeout=LIMIT_S), ReplyMissing)
        assert await texts(another, 1) == ["after"]
        assert errors.empty()


@both_flavours
@in_loop
async def test_a_handler_gets_stored_messages_first(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    store(publisher, key, "0", "1")
    seen: SimpleQueue[str] = SimpleQueue()

    def handle(message: Message) -> None:
        seen.put(message.as_string())

    async with connected(flavour, broker) as client:
        await client.subscribe(key, "a/", handle, last=2)
        store(publisher, key, "2")
        assert [await asyncio.to_thread(seen.get, timeout=LIMIT_S) for _ in range(3)] == ["0", "1", "2"]


@both_flavours
@in_loop
async def test_what_was_fetched_can_be_read_after_the_end(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    store(publisher, key, "0", "1")
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", last=2)
    assert await texts(subscription, 2) == ["0", "1"]
    assert await subscription.get() is None


@both_flavours
@pytest.mark.parametrize("matcher", ["mqtt"])
@in_loop
async def test_under_the_mqtt_matcher_what_is_stored_below_the_channel_does_not_come(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    store(publisher, key, "below", channel="a/b/")
    store(publisher, key, "here")
    store(publisher, key, "below", channel="a/c/")
    async with connected(flavour, broker, matcher="mqtt") as client:
        subscription = await client.subscribe(key, "a/", last=10)
        store(publisher, key, "live")
        assert await texts(subscription, 2) == ["here", "live"]
        everything = await client.subscribe(key, "a/#/", last=10)
        assert await texts(everything, 2) == ["below", "below"]


@both_flavours
@in_loop
async def test_what_arrives_while_it_is_fetched_comes_once(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    """Live messages flow all the time; every one is stored too, and those before come from there."""
    errors: list[EmitterError] = []
    pending = [publisher.publish_nowait(key, "a/", str(number), ttl=3600) for number in range(400)]
    async with connected(flavour, broker) as client:
        client.on_error = errors.append
        subscription = await client.subscribe(key, "a/", last=1_000)
        pending += [publisher.publish_nowait(key, "a/", str(number), ttl=3600) for number in range(400, 800)]
        found = await texts(subscription, 800)
        assert found == [str(number) for number in range(800)]
        for each in pending:
            each.wait()
        assert not errors


@pytest.mark.parametrize("recover", [False, True])
@both_flavours
@in_loop
async def test_a_subscribe_that_loses_its_connection_while_it_fetches_begins_again(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client, recover: bool
) -> None:
    store(publisher, key, "1", "2", "3")
    async with connected(flavour, broker) as client:
        # The first page. All else that is sent until then is an acknowledgement.
        broker.faults.drop_inside("PUBLISH")
        subscription = await client.subscribe(key, "a/", last=2, recover=recover)
        store(publisher, key, "live")
        assert await texts(subscription, 3) == ["2", "3", "live"]
        assert client.connection.connects == 2
