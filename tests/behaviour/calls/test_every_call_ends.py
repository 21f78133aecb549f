"""Every call ends, however calls of several threads or tasks meet, and one that was given up leaves nothing behind."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from queue import SimpleQueue
from typing import Any

import pytest

from emitter_typed import (
    AsyncClient,
    AsyncSubscription,
    Client,
    Closed,
    ConnectionLost,
    EmitterError,
    Gap,
    InvalidArgument,
    Key,
    Message,
    PresenceEvent,
    PresenceStatus,
    RequestTimeout,
    Subscription,
)
from emitter_typed._core.streams import stream
from emitter_typed._protocol.session.fetches import MAX_UNDER_WAY
from emitter_typed.broker import Broker
from tests.behaviour.calls.holding import Holding
from tests.helpers.flavours import Flavour, both_flavours, connected, texts
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.real import fresh_channel

HISTORY = "emitter/history/"


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwslp")


@asynccontextmanager
async def opened(
    flavour: Flavour, broker: Broker, holding: Holding | None = None, timeout_s: float = LIMIT_S
) -> AsyncGenerator[Client | AsyncClient]:
    """A connected client of a flavour, as it is."""
    if flavour == "threads":
        client = Client.from_url(
            broker.url, timeout_s=timeout_s, username=flavour, reconnect_max_s=0.02, transport=holding
        )
        client.connect()
        try:
            yield client
        finally:
            client.close()
    else:
        async with AsyncClient.from_url(
            broker.url, timeout_s=timeout_s, username=flavour, reconnect_max_s=0.02, transport=holding
        ) as async_client:
            yield async_client


def begin(call: Callable[[Any], Any], client: Client | AsyncClient) -> asyncio.Task[Any]:
    """Call a method in a thread or a task of its own."""
    if isinstance(client, Client):
        return asyncio.create_task(asyncio.to_thread(call, client))
    return asyncio.create_task(call(client))


def subscribing(*arguments: object, **options: object) -> Callable[[Any], Any]:
    return lambda client: client.subscribe(*arguments, **options)


def publishing(*arguments: object) -> Callable[[Any], Any]:
    return lambda client: client.publish(*arguments)


async def ended(call: asyncio.Task[Any]) -> Any:
    """Return the result of a call, well before its time limit."""
    async with asyncio.timeout(LIMIT_S / 2):
        return await call


def next_event(subscription: Subscription | AsyncSubscription) -> Any:
    """Return the next event, or what is to be awaited for it."""
    events = subscription.events()
    return next(events) if isinstance(events, Iterator) else anext(events)


# What was begun ends with what ends it


@both_flavours
@in_loop
async def test_unsubscribe_ends_a_subscribe_that_fetches(flavour: Flavour, broker: Broker, key: Key) -> None:
    holding = Holding(HISTORY)
    async with opened(flavour, broker, holding) as client:
        call = begin(lambda each: each.subscribe(key, "a/", last=5), client)
        await holding.one()
        await ended(begin(lambda each: each.unsubscribe(key, "a/"), client))
        subscription: Subscription | AsyncSubscription = await ended(call)
        assert subscription.ended


@both_flavours
@in_loop
async def test_drain_ends_a_subscribe_that_fetches(flavour: Flavour, broker: Broker, key: Key) -> None:
    holding = Holding(HISTORY)
    async with opened(flavour, broker, holding) as client:
        call = begin(lambda each: each.subscribe(key, "a/", last=5), client)
        await holding.one()
        await ended(begin(lambda each: each.drain(), client))
        subscription: Subscription | AsyncSubscription = await ended(call)
        assert subscription.ended


@both_flavours
@in_loop
async def test_close_ends_a_subscribe_that_fetches(flavour: Flavour, broker: Broker, key: Key) -> None:
    holding = Holding(HISTORY)
    async with opened(flavour, broker, holding) as client:
        call = begin(lambda each: each.subscribe(key, "a/", last=5), client)
        await holding.one()
        await ended(begin(lambda each: each.close(), client))
        with pytest.raises(ConnectionLost):
            await ended(call)


@both_flavours
@in_loop
async def test_close_ends_a_drain(flavour: Flavour, broker: Broker, key: Key) -> None:
    holding = Holding(str(key.reveal()))
    async with opened(flavour, broker, holding) as client:
        sending = begin(lambda each: each.publish(key, "a/", "never sent", qos=1), client)
        await holding.one()
        draining = begin(lambda each: each.drain(), client)
        # Two of them at once wait for the same.
        both = begin(lambda each: each.drain(), client)
        await ended(begin(lambda each: each.me(), client))
        await ended(begin(lambda each: each.close(), client))
        for call in (sending, draining, both):
            with pytest.raises(ConnectionLost):
                await ended(call)


@both_flavours
@in_loop
async def test_a_queue_that_overflows_while_it_fetches_ends_the_subscribe(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    holding = Holding(HISTORY)
    async with opened(flavour, broker, holding) as client, connected("asyncio", broker) as publisher:
        call = begin(lambda each: each.subscribe(key, "a/", last=5, max_messages=1, overflow="fail"), client)
        await holding.one()
        for _ in range(2):
            await publisher.publish(key, "a/", "live", qos=1)
        subscription: Subscription | AsyncSubscription = await ended(call)
        assert subscription.ended


@pytest.mark.usefixtures("endless_patience")
@both_flavours
@in_loop
async def test_two_handlers_may_close_at_once(flavour: Flavour, broker: Broker, key: Key) -> None:
    """Each waits for the handlers that run, but not for one that waits for it."""
    async with opened(flavour, broker) as client:
        both_run = threading.Barrier(2)
        entered = asyncio.Event()
        running = 0

        async def close(_: Message) -> None:
            nonlocal running
            if isinstance(client, Client):
                both_run.wait(LIMIT_S)
                client.close()
                return
            running += 1
            if running == 2:
                entered.set()
            await entered.wait()
            await client.close()

        def close_in_thread(message: Message) -> None:
            asyncio.run(close(message))

        handler = close_in_thread if isinstance(client, Client) else close
        for channel in ("a/b/", "a/c/"):
            await ended(begin(subscribing(key, channel, handler, last=0), client))
        for channel in ("a/b/", "a/c/"):
            await ended(begin(publishing(key, channel, "close"), client))
        await ended(begin(lambda each: each.connection.wait("closed", timeout_s=LIMIT_S), client))
        await ended(begin(lambda each: each.close(), client))


# What was given up leaves nothing behind


@in_loop
async def test_a_cancelled_watch_ends_at_the_broker(broker: Broker, key: Key) -> None:
    heard: asyncio.Queue[PresenceEvent] = asyncio.Queue()
    async with connected("asyncio", broker) as client, connected("asyncio", broker) as ann:
        client.on_presence = heard.put_nowait
        broker.faults.withhold_replies()
        watching = begin(lambda each: each.watch_presence(key, "a/"), client)
        await asyncio.sleep(0)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
        broker.faults.release_replies()
        await client.me()
        await client.me()
        await ann.subscribe(key, "a/")
        # A status asked for now would come after the change.
        await client.presence(key, "a/", status=True)
        statuses = [heard.get_nowait() for _ in range(heard.qsize())]
        assert [type(each) for each in statuses] == [PresenceStatus] * len(statuses)


@in_loop
async def test_a_cancelled_publish_that_waits_for_a_connection_is_not_sent(broker: Broker, key: Key) -> None:
    async with connected("asyncio", broker) as client, connected("threads", broker) as reader:
        subscription = await reader.subscribe(key, "a/", last=0)
        broker.faults.refuse_connections()
        broker.faults.drop_connections("asyncio")
        assert await client.connection.wait("reconnecting", timeout_s=LIMIT_S)
        sending = asyncio.create_task(client.publish(key, "a/", "cancelled", qos=1))
        await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        broker.faults.accept_connections()
        await client.publish(key, "a/", "sent", qos=1)
        assert await texts(subscription, 1) == ["sent"]


@in_loop
async def test_a_cancelled_request_leaves_no_handler(broker: Broker, key: Key) -> None:
    unheard: list[PresenceEvent] = []
    async with connected("asyncio", broker) as client:
        heard: asyncio.Queue[PresenceEvent] = asyncio.Queue()
        client.on_presence = heard.put_nowait
        broker.faults.withhold_replies()
        asking = begin(lambda each: each.presence(key, "a/", True, None, unheard.append), client)
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        broker.faults.release_replies()
        async with asyncio.timeout(LIMIT_S):
            await heard.get()
        assert not unheard


# Calls that meet


@both_flavours
@in_loop
async def test_a_watch_that_begins_while_another_ends_goes_on(flavour: Flavour, broker: Broker) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "rwp")
    async with connected(flavour, broker) as client, connected("asyncio", broker) as ann:
        for _ in range(3):
            watch = await client.watch_presence(key, channel)
            assert isinstance(await watch.get(timeout_s=LIMIT_S), PresenceStatus)
            await watch.close()
        watch = await client.watch_presence(key, channel)
        assert isinstance(await watch.get(timeout_s=LIMIT_S), PresenceStatus)
        subscription = await ann.subscribe(key, channel)
        assert await watch.get(timeout_s=LIMIT_S) is not None
        await subscription.close()


@both_flavours
@in_loop
async def test_of_two_connects_at_once_one_is_refused(flavour: Flavour, broker: Broker) -> None:
    client: Client | AsyncClient = (Client if flavour == "threads" else AsyncClient).from_url(broker.url)
    calls = [begin(lambda each: each.connect(), client) for _ in range(4)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(each) for each in results if each is not None] == [InvalidArgument] * 3
    await ended(begin(lambda each: each.close(), client))


@both_flavours
@in_loop
async def test_who_subscribes_twice_at_once_has_one_subscription(flavour: Flavour, broker: Broker, key: Key) -> None:
    heard: SimpleQueue[str] = SimpleQueue()

    def handle(message: Message) -> None:
        heard.put(message.as_string())

    async with opened(flavour, broker) as client, connected("asyncio", broker) as publisher:
        calls = [begin(lambda each: each.subscribe(key, "a/", handle, last=0), client) for _ in range(4)]
        assert len({id(await ended(call)) for call in calls}) == 1
        for text in ("1", "2"):
            await publisher.publish(key, "a/", text, qos=1)
        assert [await asyncio.to_thread(heard.get, timeout=LIMIT_S) for _ in range(2)] == ["1", "2"]


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Threads take turns many times as often, so that they meet where they rarely do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching_often")
def test_threads_that_subscribe_at_once_find_their_subscriptions_again(broker: Broker, key: Key) -> None:
    threads, rounds = 6, 15
    together = threading.Barrier(threads)
    made: dict[str, Subscription] = {}

    def handle(_: Message) -> None:
        pass

    with Client.from_url(broker.url) as client:

        def run(number: int) -> None:
            for each in range(rounds):
                channel = f"a/{number}/{each}/"
                together.wait(LIMIT_S)
                made[channel] = client.subscribe(key, channel, handle, last=0)

        running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        assert [each for each in made if client.subscribe(key, each, handle, last=0) is not made[each]] == []


# What is fetched


@both_flavours
@in_loop
async def test_an_answer_that_never_comes_is_a_gap_and_told_once(
    flavour: Flavour, broker: Broker, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection lives, and live messages go on."""
    holding = Holding(HISTORY)
    holding.holds = False
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    async with opened(flavour, broker, holding) as client, connected("asyncio", broker) as publisher:
        client.on_error = errors.put
        subscription = await ended(begin(lambda each: each.subscribe(key, "a/", recover=True, last=0), client))
        holding.holds = True
        # The clock of what a page may take: its time is over when it is looked at again.
        monkeypatch.setattr(stream, "monotonic", count(0.0, LIMIT_S).__next__)
        broker.faults.drop_connections(flavour)
        gap = await ended(begin(lambda _: next_event(subscription), client))
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count) == (False, 0)
        assert isinstance(await asyncio.to_thread(errors.get, timeout=LIMIT_S), RequestTimeout)
        # What comes too late is ignored.
        (await holding.one())()
        await ended(begin(lambda each: each.me(), client))
        await publisher.publish(key, "a/", "live", qos=1)
        message = await ended(begin(lambda _: next_event(subscription), client))
        assert message.as_string() == "live"
        assert errors.empty()
        assert client.statistics().requests["history"].timed_out == 1


@in_loop
async def test_fetching_leaves_the_broker_time_for_calls(broker: Broker, key: Key) -> None:
    """It rations its answers: what many subscriptions ask for must not stand before what a call asks for."""
    holding = Holding(HISTORY)
    async with opened("asyncio", broker, holding) as client:
        calls = [begin(subscribing(key, f"a/{number}/", last=5), client) for number in range(20)]
        await asyncio.sleep(0)
        # Asked for after all of them, so answered after all of them.
        await ended(begin(lambda each: each.me(), client))
        assert holding.held.qsize() == MAX_UNDER_WAY
        for _ in calls:
            (await holding.one())()
        for call in calls:
            await ended(call)
        assert holding.held.empty()
        assert client.statistics().requests["history"].answered == len(calls)


@in_loop
async def test_reading_in_another_loop_is_refused_where_it_would_wait(broker: Broker, key: Key) -> None:
    """What arrives there could not wake it."""
    async with connected("asyncio", broker) as client:
        subscription = await client.subscribe(key, "a/", last=0)
        await client.publish(key, "a/", "there", qos=1)
        await client.me()

        def read() -> Message | None:
            return asyncio.run(asyncio.wait_for(subscription.get(), LIMIT_S))

        message = await asyncio.to_thread(read)
        assert message is not None
        assert message.as_string() == "there"
        with pytest.raises(Closed):
            await asyncio.to_thread(read)
