"""What was stored while the connection was lost is delivered afterwards, and every gap is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import pytest
from attrs import frozen

from emitter_typed import (
    AsyncSubscription,
    Client,
    EmitterError,
    Gap,
    InvalidArgument,
    Key,
    Message,
    ReplyMissing,
    Unauthorized,
    Undecodable,
)
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected, texts
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.losing import lose, return_
from tests.helpers.real import fresh_channel


@frozen
class Reading:
    celsius: float


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwsl")


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Client]:
    """Somebody whose connection lasts, and who stores what other tests would find if the broker were theirs too."""
    assert broker.faults is not None
    with Client.from_url(broker.url, username="publisher") as client:
        yield client


def store(publisher: Client, key: Key, *messages: str) -> None:
    for message in messages:
        publisher.publish(key, "a/", message, ttl=3600, qos=1)


async def events(subscription: AsyncSubscription[Message[object]], count: int) -> list[str | Gap | Undecodable]:
    found: list[str | Gap | Undecodable] = []
    stream: AsyncIterator[Message[object] | Gap | Undecodable] = subscription.events()
    async for event in stream:
        found.append(event.as_string() if isinstance(event, Message) else event)
        if len(found) == count:
            return found
    raise AssertionError(f"it ended after {found}")


@both_flavours
@in_loop
async def test_what_was_stored_meanwhile_comes_before_what_is_live(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", recover=True)
        store(publisher, key, "before")
        assert await texts(subscription, 1) == ["before"]
        for number in range(3):
            await lose(client, broker, flavour)
            store(publisher, key, f"missed {number}", f"missed, too {number}")
            await return_(client, broker)
            store(publisher, key, f"live {number}")
            assert await texts(subscription, 3) == [
                f"missed {number}",
                f"missed, too {number}",
                f"live {number}",
            ]


@both_flavours
@in_loop
async def test_what_was_missed_comes_though_the_window_of_what_comes_first_has_ended(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    store(publisher, key, "not wanted")
    async with connected(flavour, broker) as client:
        until = datetime.now(UTC) - timedelta(minutes=5)
        subscription = await client.subscribe(key, "a/", until=until, recover=True, payload=object)
        await lose(client, broker, flavour)
        store(publisher, key, '"missed"')
        await return_(client, broker)
        store(publisher, key, '"live"')
        gap, *rest = await events(subscription, 3)
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact) == (True, 1, True)
        assert rest == ['"missed"', '"live"']


@both_flavours
@in_loop
async def test_a_gap_says_what_was_recovered_and_when(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    async with connected(flavour, broker) as client:
        recovering = await client.subscribe(key, "a/", recover=True, payload=object)
        plain = await client.subscribe(key, "a/", last=0, payload=object)
        await lose(client, broker, flavour)
        store(publisher, key, '"missed"')
        await return_(client, broker)
        store(publisher, key, '"live"')
        gap, *rest = await events(recovering, 3)
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact) == (True, 1, True)
        assert gap.since <= gap.until
        assert rest == ['"missed"', '"live"']
        gap, *rest = await events(plain, 2)
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact) == (False, 0, False)
        assert rest == ['"live"']


@both_flavours
@pytest.mark.parametrize("recover", [True, False])
@in_loop
async def test_a_gap_that_was_not_read_before_the_end_is_told(
    flavour: Flavour, recover: bool, broker: Broker, key: Key, publisher: Client
) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", recover=recover, last=0)
        other = await client.subscribe(key, "a/", last=0)
        store(publisher, key, "before")
        assert await texts(other, 1) == ["before"]
        await lose(client, broker, flavour)
        store(publisher, key, "missed")
        await return_(client, broker)
        store(publisher, key, "live")
        assert await texts(other, 1) == ["live"]
        # By its reply, both subscriptions have what came before it.
        await client.me()
        await subscription.close()
        before, gap, live = [
            each.as_string() if isinstance(each, Message) else each async for each in subscription.events()
        ]
        assert (before, live) == ("before", "live")
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact) == (False, 0, False)


@both_flavours
@in_loop
async def test_what_does_not_fit_is_an_event_and_not_reported(flavour: Flavour, broker: Broker) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "rw")
    errors: list[EmitterError] = []
    async with connected(flavour, broker) as client:
        client.on_error = errors.append
        subscription = await client.subscribe(key, channel, payload=Reading)
        await client.publish(key, channel, {"celsius": "warm"})
        await client.publish(key, channel, Reading(21.5))
        found: list[Message[Reading] | Gap | Undecodable] = []
        async for event in subscription.events():
            found.append(event)
            if len(found) == 2:
                break
        problem, message = found
        assert isinstance(problem, Undecodable)
        assert (problem.channel, problem.raw, problem.path) == (channel, b'{"celsius":"warm"}', "$.celsius")
        assert isinstance(message, Message)
        assert message.payload == Reading(21.5)
    assert not errors


@both_flavours
@in_loop
async def test_nobody_who_may_not_load_can_recover(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(Unauthorized):
            await client.subscribe(broker.keygen("a/", "rw"), "a/", recover=True)
        with pytest.raises(InvalidArgument, match="begins with a wildcard"):
            await client.subscribe(broker.keygen("#/", "rwl"), "+/a/", recover=True)


@both_flavours
@in_loop
async def test_a_key_that_may_fetch_no_more_is_told_and_live_messages_go_on(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    banned = broker.keygen("a/#/", "rwsl")
    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        subscription = await client.subscribe(banned, "a/", recover=True, payload=object)
        # Shares what the broker is asked for, with a key that stays good.
        await client.subscribe(key, "a/", last=0)
        await lose(client, broker, flavour)
        store(publisher, key, "1")
        publisher.keyban(broker.master_key, banned, True)
        await return_(client, broker)
        store(publisher, key, "2")
        gap, live = await events(subscription, 2)
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, live) == (False, 0, "2")
        assert isinstance(await asyncio.to_thread(errors.get, timeout=LIMIT_S), Unauthorized)


@both_flavours
@in_loop
async def test_what_the_client_published_for_others_alone_does_not_come_back(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", recover=True)
        await client.publish(key, "a/", "own", ttl=3600, qos=1, echo=False)
        await client.publish(key, "a/", "own, too", {Client.with_ttl(3600), Client.without_echo()})
        await client.me()
        await lose(client, broker, flavour)
        pending = client.publish_nowait(key, "a/", "own, waiting", ttl=3600, echo=False)
        store(publisher, key, "missed")
        await return_(client, broker)
        await pending.wait()
        store(publisher, key, "live")
        assert await texts(subscription, 2) == ["missed", "live"]
        await lose(client, broker, flavour)
        store(publisher, key, "missed, too")
        await return_(client, broker)
        assert await texts(subscription, 1) == ["missed, too"]


@both_flavours
@in_loop
async def test_a_message_that_no_reply_can_hold_is_a_gap_and_what_is_newer_comes(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        subscription = await client.subscribe(key, "a/", recover=True, payload=object)
        await lose(client, broker, flavour)
        store(publisher, key, "1", "2" * 60_000, "3", "4")
        await return_(client, broker)
        store(publisher, key, "5")
        gap, *rest = await events(subscription, 4)
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact) == (False, 2, False)
        assert rest == ["3", "4", "5"]
        assert isinstance(await asyncio.to_thread(errors.get, timeout=LIMIT_S), ReplyMissing)
        await lose(client, broker, flavour)
        store(publisher, key, "6")
        await return_(client, broker)
        gap, *rest = await events(subscription, 2)
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact, rest) == (True, 1, True, ["6"])


@both_flavours
@in_loop
async def test_a_reader_that_is_late_gets_everything_in_order(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", recover=True)
        expected: list[str] = []
        for number in range(4):
            names = [f"{kind} {number}" for kind in ("live", "missed", "missed, too")]
            store(publisher, key, names[0])
            await lose(client, broker, flavour)
            store(publisher, key, *names[1:])
            await return_(client, broker)
            expected += names
        assert await texts(subscription, len(expected)) == expected
        assert subscription.pending == 0


@both_flavours
@in_loop
async def test_much_that_was_missed_is_fetched_as_it_is_read(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    """More than the queue holds, so that none of it can have been dropped there."""
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", recover=True, max_messages=10)
        await lose(client, broker, flavour)
        pending = [publisher.publish_nowait(key, "a/", f"{number:04}", ttl=3600) for number in range(2_000)]
        for each in pending:
            each.wait()
        await return_(client, broker)
        assert await texts(subscription, 2_000) == [f"{number:04}" for number in range(2_000)]
        assert subscription.dropped == 0


@both_flavours
@in_loop
async def test_a_loss_in_the_middle_of_recovering_loses_nothing(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", recover=True)
        await lose(client, broker, flavour)
        store(publisher, key, "0", "1")
        broker.faults.drop_inside("PUBLISH")
        await return_(client, broker)
        # The page that it asks for now is cut short.
        assert await texts(subscription, 2) == ["0", "1"]
        assert client.connection.connects == 3


@both_flavours
@in_loop
async def test_recovering_goes_on_after_many_messages(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    """So many that the client forgets what it received first: it has asked meanwhile where it stands."""
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", recover=True, payload=object)
        for start in range(0, 5_000, 1_000):
            pending = [publisher.publish_nowait(key, "a/", start + each, ttl=3600) for each in range(1_000)]
            for each in pending:
                each.wait()
            assert await events(subscription, 1_000) == [str(start + each) for each in range(1_000)]
        await lose(client, broker, flavour)
        store(publisher, key, '"missed"')
        await return_(client, broker)
        gap, *rest = await events(subscription, 2)
        assert isinstance(gap, Gap)
        assert (gap.count, gap.exact) == (1, True)
        assert rest == ['"missed"']


@both_flavours
@in_loop
async def test_retained_messages_are_recovered_as_those_with_a_ttl_are(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/", last=0, recover=True)
        publisher.publish(key, "a/", "before", retain=True, qos=1)
        assert await texts(subscription, 1) == ["before"]
        await lose(client, broker, flavour)
        publisher.publish(key, "a/", "missed", retain=True, qos=1)
        publisher.publish(key, "a/", "missed, with a ttl", ttl=60, qos=1)
        await return_(client, broker)
        publisher.publish(key, "a/", "live", retain=True, qos=1)
        gap = await anext(subscription.events())
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact) == (True, 2, True)
        assert await texts(subscription, 3) == ["missed", "missed, with a ttl", "live"]
        late = await client.subscribe(key, "a/", None, last=2)
        assert await texts(late, 2) == ["missed, with a ttl", "live"]


@both_flavours
@in_loop
async def test_subscriptions_that_overlap_over_many_channels_recover_each_on_its_own(
    flavour: Flavour, broker: Broker, key: Key, publisher: Client
) -> None:
    """What one has received, or fetched, is nothing that another one has."""
    channels = [f"a/{number}/{'x/' if number % 2 else ''}" for number in range(200)]

    def publish(word: str) -> list[tuple[str, str]]:
        for pending in [publisher.publish_nowait(key, each, word, ttl=60) for each in channels]:
            pending.wait()
        return [(each, word) for each in channels]

    async def received(subscription: AsyncSubscription, wanted: list[tuple[str, str]]) -> None:
        for expected in wanted:
            message = await subscription.get(timeout_s=LIMIT_S)
            assert message is not None
            assert (message.channel, message.as_string()) == expected

    async with connected(flavour, broker) as client:
        subscriptions = {
            filter_: await client.subscribe(key, filter_, last=0, recover=True)
            for filter_ in ("a/", "a/+/x/", *(f"a/{number}/" for number in range(0, 200, 20)))
        }
        before = publish("before")
        await lose(client, broker, flavour)
        missed = publish("missed")
        await return_(client, broker)
        everything = before + missed + publish("live")
        for filter_, subscription in subscriptions.items():
            ends = "/x/" if "+" in filter_ else ""
            prefix = filter_.partition("+")[0]
            await received(
                subscription, [each for each in everything if each[0].startswith(prefix) and each[0].endswith(ends)]
            )
            assert subscription.pending == 0, filter_
