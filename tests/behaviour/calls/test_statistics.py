"""What a client counts: everything once, whatever happens to its connections."""

from __future__ import annotations

import asyncio
import gc
from queue import SimpleQueue
from threading import Thread

import pytest
from attrs.exceptions import FrozenInstanceError

from emitter_typed import (
    AsyncClient,
    Client,
    ConnectionLost,
    EmitterError,
    Key,
    Message,
    ReplyMissing,
    RequestCounts,
    RequestTimeout,
    Statistics,
    Unauthorized,
    Undecodable,
)
from emitter_typed._broker.connection import Connection
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected, received, texts
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.losing import came
from tests.helpers.real import fresh_channel


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwp")


def test_a_client_that_was_never_connected_has_done_nothing() -> None:
    for client in (Client(), AsyncClient()):
        statistics = client.statistics()

        assert statistics.connects == statistics.messages_in == statistics.pending == statistics.round_trips.count == 0
        assert statistics.requests == {}
        assert statistics.round_trips.min_s is statistics.round_trips.mean_s is statistics.round_trips.last_s is None


@pytest.mark.prefix_matching
@both_flavours
@in_loop
async def test_messages_and_their_bytes_are_counted_in_and_out(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/")
        await client.publish(key, "a/", "four")
        await client.publish(key, "a/b/", "seven..", qos=1)
        await client.publish(key, "a/", "silent", qos=1, echo=False)
        assert await texts(subscription, 1) == ["four"]

        await received(subscription)
        statistics = client.statistics()

        assert (statistics.messages_out_qos0, statistics.messages_out_qos1) == (1, 2)
        assert statistics.bytes_out == len("fourseven..silent")
        assert (statistics.messages_in, statistics.bytes_in) == (2, len("fourseven.."))


@both_flavours
@in_loop
async def test_what_is_fetched_from_storage_is_no_message_in(flavour: Flavour, broker: Broker) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "rwls")
    async with connected(flavour, broker) as client:
        for number in range(2):
            await client.publish(key, channel, str(number), ttl=60, qos=1)
        subscription = await client.subscribe(key, channel, last=2)
        assert await texts(subscription, 2) == ["0", "1"]
        assert [each.as_string() async for each in client.history(key, channel)] == ["0", "1"]
        assert client.statistics().messages_in == 0


@both_flavours
@in_loop
async def test_each_request_is_counted_by_its_name_and_how_it_ended(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        await client.me()
        await client.me()
        with pytest.raises(Unauthorized):
            await client.publish(key, "b/", "refused", qos=1)
        await client.publish(key, "a/", "unacknowledged")
        pending = client.publish_nowait(key, "a/", "hello")
        await pending.wait()
        subscription = await client.subscribe(key, "a/")
        await client.unsubscribe(key, "a/")
        assert subscription.ended

        assert client.statistics().requests == {
            "me": RequestCounts(answered=2),
            "publish": RequestCounts(refused=1),
            "publish_nowait": RequestCounts(answered=1),
            "subscribe": RequestCounts(answered=1),
            "unsubscribe": RequestCounts(answered=1),
        }


@both_flavours
@in_loop
async def test_what_timed_out_is_not_counted_again_when_its_answer_comes(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.withhold_replies()
        with pytest.raises(RequestTimeout):
            await client.me(timeout_s=0.01)
        assert client.statistics().requests == {"me": RequestCounts(timed_out=1)}

        broker.faults.release_replies()
        await client.me()

        assert client.statistics().requests == {"me": RequestCounts(answered=1, timed_out=1)}
        assert client.statistics().round_trips.count == 1


@both_flavours
@in_loop
async def test_round_trips_are_measured_in_seconds(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        for _ in range(3):
            await client.publish(key, "a/", "hello", qos=1)
        with pytest.raises(Unauthorized):
            await client.publish(key, "b/", "hello", qos=1)

        times = client.statistics().round_trips

        assert times.count == 4
        assert times.min_s is not None
        assert times.mean_s is not None
        assert times.max_s is not None
        assert times.last_s is not None
        assert 0 < times.min_s <= times.mean_s <= times.max_s < LIMIT_S
        assert times.min_s <= times.last_s <= times.max_s


@both_flavours
@in_loop
async def test_the_numbers_outlast_a_lost_connection(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        await client.me()
        broker.faults.refuse_connections()
        broker.faults.drop_connections()
        assert await called(lambda each: each.connection.wait("reconnecting", timeout_s=LIMIT_S), client)
        waiting = client.publish_nowait(key, "a/", "hello")
        assert client.statistics().messages_out_qos1 == 0
        broker.faults.accept_connections()
        await waiting.wait()

        statistics = client.statistics()

        assert statistics.connects == 2
        assert statistics.messages_out_qos1 == 1
        assert statistics.requests == {"me": RequestCounts(answered=1), "publish_nowait": RequestCounts(answered=1)}
        # It waited for a connection, so it tells nothing of the broker.
        assert statistics.round_trips.count == 1


@both_flavours
@in_loop
async def test_a_message_that_is_sent_again_counts_once(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.drop_inside("PUBACK")
        await client.publish(key, "a/", "hello", qos=1)

        statistics = client.statistics()

        assert (statistics.connects, statistics.messages_out_qos1, statistics.bytes_out) == (2, 1, len("hello"))
        assert statistics.requests == {"publish": RequestCounts(answered=1)}
        assert statistics.round_trips.count == 0


@both_flavours
@in_loop
async def test_a_request_that_was_cut_off_counts_as_lost(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        broker.faults.drop_inside("PUBACK")
        with pytest.raises(ConnectionLost):
            await client.me()

        assert client.statistics().requests == {"me": RequestCounts(lost=1)}


@both_flavours
@in_loop
async def test_a_page_that_fits_no_packet_counts_as_failed(flavour: Flavour, broker: Broker) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "wsl")
    async with connected(flavour, broker) as client:
        await client.publish(key, channel, b"x" * 60_000, ttl=60, qos=1)
        with pytest.raises(ReplyMissing):
            [message async for message in client.history(key, channel)]

        counts = client.statistics().requests["history"]

        assert counts == RequestCounts(failed=counts.failed)
        assert counts.failed > 0


@both_flavours
@in_loop
async def test_what_does_not_fit_is_counted_whoever_reads_it(flavour: Flavour, broker: Broker) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "rwsl")
    async with connected(flavour, broker) as client:
        read = await client.subscribe(key, channel, payload=int, last=0)
        told = await client.subscribe(key, channel, payload=int, last=0)
        plain = await client.subscribe(key, channel, last=0)
        for text in ("one", "2"):
            await client.publish(key, channel, text, ttl=60, qos=1)

        message = await read.get(timeout_s=LIMIT_S)
        assert message is not None
        assert (message.payload, client.statistics().undecodable) == (2, 1)
        assert isinstance(await anext(aiter(told.events())), Undecodable)
        assert client.statistics().undecodable == 2
        # It says of what type it is later, and to its caller alone.
        raw = await plain.get(timeout_s=LIMIT_S)
        assert raw is not None
        with pytest.raises(Undecodable):
            raw.as_object(int)
        assert client.statistics().undecodable == 2

        stored = await client.subscribe(key, channel, payload=int, last=2)
        message = await stored.get(timeout_s=LIMIT_S)
        assert message is not None
        assert (message.payload, client.statistics().undecodable) == (2, 3)


@both_flavours
@in_loop
async def test_what_does_not_fit_its_handler_is_counted(flavour: Flavour, broker: Broker, key: Key) -> None:
    handled: SimpleQueue[int] = SimpleQueue()
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        await client.subscribe(key, "a/", lambda message: handled.put(message.payload), payload=int)
        for text in ("one", "2"):
            await client.publish(key, "a/", text, qos=1)

        assert await came(handled) == 2
        error = await came(errors)
        assert isinstance(error, Undecodable)
        assert client.statistics().undecodable == 1


def nobody(connection: Connection) -> dict[str, object]:
    return {"id": 7, "username": connection.username}


@both_flavours
@in_loop
async def test_presence_events_that_do_not_fit_are_counted(
    flavour: Flavour, emitter_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = emitter_broker.keygen("a/#/", "rp")
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    async with connected(flavour, emitter_broker) as client, connected(flavour, emitter_broker) as other:
        client.on_error = errors.put
        await client.presence(key, "a/b/", changes=True)
        watch = await client.watch_presence(key, "a/c/")
        assert await watch.get(timeout_s=LIMIT_S) is not None
        monkeypatch.setattr(Connection, "who", nobody)
        for number, channel in enumerate(("a/b/", "a/c/"), start=1):
            await other.subscribe(key, channel)

            error = await came(errors)
            assert isinstance(error, Undecodable)
            assert (error.path, client.statistics().undecodable) == ("$.who.id", number)


def test_none_of_what_does_not_fit_is_missed_where_many_threads_read(broker: Broker, key: Key) -> None:
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = client.subscribe(key, "a/", payload=int, max_messages=1000)
        for _ in range(400):
            client.publish_nowait(key, "a/", "x")
        for _ in range(4):
            client.publish(key, "a/", "1", qos=1)
        threads = [Thread(target=subscription.get, args=(LIMIT_S,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)

        assert client.statistics().undecodable == 400


@both_flavours
@in_loop
async def test_close_and_connect_reset_nothing(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        await client.publish(key, "a/", "hello", qos=1)
        before = client.statistics()
        await client.close()
        assert client.statistics() == before

        await client.connect()
        await client.publish(key, "a/", "hello", qos=1)

        after = client.statistics()
        assert (before.connects, after.connects) == (1, 2)
        assert (before.messages_out_qos1, after.messages_out_qos1) == (1, 2)
        assert after.requests == {"publish": RequestCounts(answered=2)}


@both_flavours
@in_loop
async def test_what_waits_and_what_was_dropped_is_that_of_all_queues(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    async with connected(flavour, broker) as client:
        small = await client.subscribe(key, "a/small/", max_messages=1)
        other = await client.subscribe(key, "a/", max_messages=2)
        for _ in range(3):
            await client.publish(key, "a/small/", "hello", qos=1)

        assert (client.statistics().dropped, client.statistics().pending) == (2 + 1, 1 + 2)

        await texts(other, 1)
        assert client.statistics().pending == 2
        await small.close()
        assert client.statistics().pending == 2
        del small
        gc.collect()
        assert (client.statistics().dropped, client.statistics().pending) == (3, 1)


@both_flavours
@in_loop
async def test_what_is_returned_stays_as_it_was_and_cannot_be_changed(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        await client.me()
        statistics = client.statistics()

        with pytest.raises(FrozenInstanceError):
            statistics.connects = 7  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  frozen
        with pytest.raises(TypeError):
            statistics.requests["me"] = RequestCounts()  # type: ignore[index]  # pyright: ignore[reportIndexIssue]  read-only
        await client.me()

        assert statistics.requests == {"me": RequestCounts(answered=1)}


@both_flavours
@in_loop
async def test_a_handler_may_ask(flavour: Flavour, broker: Broker, key: Key) -> None:
    told: asyncio.Queue[Statistics] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    async with connected(flavour, broker) as client:

        def ask(_: Message) -> None:
            loop.call_soon_threadsafe(told.put_nowait, client.statistics())

        await client.subscribe(key, "a/", ask)
        await client.publish(key, "a/", "hello", qos=1)

        async with asyncio.timeout(LIMIT_S):
            assert (await told.get()).messages_in == 1


def test_nothing_is_missed_where_many_threads_call(broker: Broker, key: Key) -> None:
    calls = 50

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:

        def work() -> None:
            for _ in range(calls):
                client.publish(key, "a/", "x", qos=1)
                client.publish(key, "a/", "y")
                client.statistics()

        threads = [Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)

        statistics = client.statistics()

        assert statistics.messages_out_qos0 == statistics.messages_out_qos1 == statistics.round_trips.count == 4 * calls
        assert statistics.requests == {"publish": RequestCounts(answered=4 * calls)}
