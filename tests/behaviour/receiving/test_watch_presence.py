"""Who is there, comes and goes, to iterate over."""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from emitter_typed import (
    AsyncSubscription,
    Client,
    Gap,
    Key,
    PresenceEvent,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    ReplyMissing,
    Unauthorized,
)
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.losing import came, lose, return_


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("#/", "rwp")


def named(broker: Broker, username: str) -> Client:
    return Client.from_url(broker.url, username=username)


@pytest.fixture
def ann(broker: Broker) -> Iterator[Client]:
    with named(broker, "ann") as client:
        yield client


async def told(watch: AsyncSubscription[PresenceEvent]) -> PresenceEvent:
    event = await watch.get(timeout_s=LIMIT_S)
    assert event is not None, "nothing was told in time"
    return event


async def heard(seen: SimpleQueue[PresenceEvent]) -> PresenceEvent:
    return await came(seen)


@pytest.mark.prefix_matching
@both_flavours
@in_loop
async def test_it_begins_with_who_is_there_and_goes_on_with_who_comes_and_goes(
    flavour: Flavour, broker: Broker, key: Key, ann: Client
) -> None:
    chat = ann.subscribe(key, "chat/")
    async with connected(flavour, broker) as client:
        watch = await client.watch_presence(key, "chat/")
        match await told(watch):
            case PresenceStatus(who=(one,)):
                assert one.username == "ann"
            case other:
                raise AssertionError(other)
        room = ann.subscribe(key, "chat/room/")
        match await told(watch):
            case PresenceSubscribe(channel=channel, who=one):
                assert (channel, one.username) == ("chat/room/", "ann")
            case other:
                raise AssertionError(other)
        room.close()
        chat.close()
        assert isinstance(await told(watch), PresenceUnsubscribe)
        assert isinstance(await told(watch), PresenceUnsubscribe)
        ann.subscribe(key, "elsewhere/")
        ann.me()
        assert watch.pending == 0


@both_flavours
@in_loop
async def test_each_watch_and_each_handler_hears_of_everything(
    flavour: Flavour, broker: Broker, key: Key, ann: Client
) -> None:
    seen: SimpleQueue[PresenceEvent] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_presence = seen.put
        first = await client.watch_presence(key, "chat/")
        second = await client.watch_presence(key, "chat/room/")
        assert isinstance(await told(first), PresenceStatus)
        assert isinstance(await told(first), PresenceStatus)
        assert isinstance(await told(second), PresenceStatus)
        ann.subscribe(key, "chat/room/")
        assert isinstance(await told(first), PresenceSubscribe)
        assert isinstance(await told(second), PresenceSubscribe)
        all_heard = [await heard(seen) for _ in range(3)]
        assert isinstance(all_heard[-1], PresenceSubscribe)


@both_flavours
@in_loop
async def test_the_last_one_to_leave_ends_it_at_the_broker(
    flavour: Flavour, broker: Broker, key: Key, ann: Client
) -> None:
    seen: SimpleQueue[PresenceEvent] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_presence = seen.put
        first, second = await client.watch_presence(key, "chat/"), await client.watch_presence(key, "chat/")
        await first.close()
        assert isinstance(await heard(seen), PresenceStatus)
        assert isinstance(await heard(seen), PresenceStatus)
        ann.subscribe(key, "chat/")
        assert isinstance(await heard(seen), PresenceSubscribe)
        assert isinstance(await told(second), PresenceStatus)
        assert isinstance(await told(second), PresenceSubscribe)
        await second.close()
        await client.me()
        ann.unsubscribe(key, "chat/")
        # A status asked for now would come after the change.
        await client.presence(key, "chat/", status=True)
        assert isinstance(await heard(seen), PresenceStatus)
        assert await second.get() is None


@both_flavours
@in_loop
async def test_what_a_call_asked_for_outlives_the_watches(
    flavour: Flavour, broker: Broker, key: Key, ann: Client
) -> None:
    seen: SimpleQueue[PresenceEvent] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_presence = seen.put
        watch = await client.watch_presence(key, "chat/")
        assert isinstance(await heard(seen), PresenceStatus)
        await client.presence(key, "chat/", changes=True)
        await watch.close()
        ann.subscribe(key, "chat/")
        assert isinstance(await heard(seen), PresenceSubscribe)
        watch = await client.watch_presence(key, "chat/")
        await client.presence(key, "chat/", changes=False)
        assert isinstance(await told(watch), PresenceStatus)
        assert await watch.get(timeout_s=LIMIT_S) is None
        assert watch.ended


@both_flavours
@in_loop
async def test_after_a_loss_a_status_tells_what_changed_meanwhile(
    flavour: Flavour, broker: Broker, key: Key, ann: Client
) -> None:
    async with connected(flavour, broker) as client:
        watch = await client.watch_presence(key, "chat/")
        assert isinstance(await told(watch), PresenceStatus)
        await lose(client, broker, flavour)
        ann.subscribe(key, "chat/")
        await return_(client, broker)
        found: list[PresenceEvent | object] = []
        async for event in watch.events():
            found.append(event)
            if len(found) == 2:
                break
        gap, status = found
        assert isinstance(gap, Gap)
        assert not gap.recovered
        assert isinstance(status, PresenceStatus)
        assert [one.username for one in status.who] == ["ann"]
        ann.unsubscribe(key, "chat/")
        assert isinstance(await told(watch), PresenceUnsubscribe)


@both_flavours
@in_loop
async def test_it_goes_on_after_a_loss_though_the_status_fits_no_packet(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    errors: SimpleQueue[object] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        watch = await client.watch_presence(key, "chat/")
        assert isinstance(await told(watch), PresenceStatus)
        with named(broker, "a" * 40_000) as one, named(broker, "b" * 40_000) as other:
            for each in (one, other):
                each.subscribe(key, "chat/")
                assert isinstance(await told(watch), PresenceSubscribe)
            await lose(client, broker, flavour)
            await return_(client, broker)
            assert isinstance(await came(errors), ReplyMissing)
            one.unsubscribe(key, "chat/")
            assert isinstance(await told(watch), PresenceUnsubscribe)


@both_flavours
@in_loop
async def test_a_key_that_may_not_ask_is_refused_at_the_call(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(Unauthorized):
            await client.watch_presence(broker.keygen("chat/", "rw"), "chat/")


@both_flavours
@in_loop
async def test_it_ends_with_the_client(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        watch = await client.watch_presence(key, "chat/")
    assert isinstance(await told(watch), PresenceStatus)
    assert await watch.get() is None


@pytest.mark.parametrize(
    ("watched", "heard"),
    [("f/x/s/", False), ("f/+/s/", True), pytest.param("f/", True, marks=pytest.mark.prefix_matching)],
)
@both_flavours
@in_loop
async def test_who_subscribes_with_a_wildcard_is_told_where_the_wildcard_or_a_channel_above_is_watched(
    flavour: Flavour, broker: Broker, key: Key, ann: Client, watched: str, heard: bool
) -> None:
    """A status of the channel lists them all the same, and is an event of the watch."""
    async with connected(flavour, broker) as client:
        watch = await client.watch_presence(key, watched)
        assert isinstance(await told(watch), PresenceStatus)
        ann.subscribe(key, "f/+/s/")
        if heard:
            event = await told(watch)
            assert isinstance(event, PresenceSubscribe)
            assert event.channel == "f/+/s/"
        status = await client.presence(key, "f/x/s/", status=True)
        assert [each.username for each in status.who] == ["ann"]
        event = await told(watch)
        assert isinstance(event, PresenceStatus)
        assert (event.channel, event.who) == ("f/x/s/", status.who)
