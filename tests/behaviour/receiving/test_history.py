"""Stored messages: fetched page by page, whole, and in the order in which they were published."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import SimpleQueue

import pytest

import emitter_typed._async.receiving
import emitter_typed._sync.receiving
from emitter_typed import (
    AsyncClient,
    Client,
    Closed,
    EmitterError,
    HistoryIncomplete,
    InvalidArgument,
    Key,
    ReplyMissing,
    StoredMessage,
    Unauthorized,
    Undecodable,
)
from emitter_typed._protocol.receiving import node_watch
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed.broker import Broker, ManualClock
from tests.helpers.flavours import Flavour, as_awaited, both_flavours, connected
from tests.helpers.loops import in_loop
from tests.helpers.losing import came

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW.timestamp())


@pytest.fixture
def broker(clock: ManualClock) -> Iterator[Broker]:
    """A broker whose clock stands still: all that is stored is stored within one second."""
    with Broker(clock=clock) as running:
        yield running


async def storing(client: AsyncClient, broker: Broker, *messages: bytes | str) -> Key:
    """Store messages on a/, and return a key to fetch them with."""
    key = (await client.keygen(broker.master_key, "a/#/", "rwsl")).key
    for message in messages:
        await client.publish(key, "a/", message, ttl=3600, qos=1)
    return key


def texts(messages: list[StoredMessage]) -> list[str]:
    return [message.as_string() for message in messages]


@both_flavours
@in_loop
async def test_messages_of_one_second_come_in_the_order_of_publishing(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = await storing(client, broker, *map(str, range(30)))

        found = [message async for message in client.history(key, "a/")]

        assert texts(found) == [str(number) for number in range(30)]
        assert {(message.channel, message.stored_at) for message in found} == {("a/", NOW)}
        assert len({message.id for message in found}) == 30


@both_flavours
@in_loop
async def test_payloads_of_a_type_are_read_and_what_does_not_fit_is_reported_and_left_out(
    flavour: Flavour, broker: Broker
) -> None:
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    async with connected(flavour, broker) as client:
        client.on_error = errors.put
        key = await storing(client, broker, b"[1]", b"one", b"[2,3]")

        plain = [message async for message in client.history(key, "a/")]
        found = [message async for message in client.history(key, "a/", payload=list[int])]

        assert [message.payload for message in found] == [[1], [2, 3]]
        first, _, last = plain
        assert [(message.id, message.stored_at, message.as_binary()) for message in found] == [
            (message.id, message.stored_at, message.payload) for message in (first, last)
        ]
        error = await came(errors)
        assert isinstance(error, Undecodable)
        assert (error.channel, error.raw) == ("a/", b"one")
        assert client.statistics().undecodable == 1
        with pytest.raises(InvalidArgument, match="payload"):
            client.history(key, "a/", payload=complex)


@both_flavours
@in_loop
async def test_a_thousand_messages_come_whole_and_once(flavour: Flavour, broker: Broker, clock: ManualClock) -> None:
    async with connected(flavour, broker) as client:
        key = await storing(client, broker)
        wanted: list[str] = []
        for second in range(4):
            pending = [client.publish_nowait(key, "a/", f"{second}-{each}", ttl=3600) for each in range(250)]
            for one in pending:
                await one.wait()
            wanted += [f"{second}-{each}" for each in range(250)]
            clock.advance(1)

        found = [message async for message in client.history(key, "a/")]

        assert texts(found) == wanted


@both_flavours
@in_loop
async def test_any_amount_comes_lazily_in_bounded_memory(
    flavour: Flavour, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 3,000 messages no more are held than the bound and two pages, and what is published meanwhile stays out."""
    for receiving in (emitter_typed._sync.receiving, emitter_typed._async.receiving):
        monkeypatch.setattr(receiving, "Pager", partial(Pager, max_held_bytes=100_000))
    async with connected(flavour, broker) as client:
        key = await storing(client, broker)
        for first in range(0, 3_000, 500):
            pending = [client.publish_nowait(key, "a/", f"{first + each:0200}", ttl=3600) for each in range(500)]
            for one in pending:
                await one.wait()
        held: list[int] = []
        found: list[int] = []

        async for message in client.history(key, "a/"):
            found.append(int(message.payload))
            if len(found) % 500 == 1:
                held.append(sum(type(one) is StoredMessage for one in gc.get_objects()))
                await client.publish(key, "a/", b"-1", ttl=3600, qos=1)

        assert found == list(range(3_000))
        assert max(held) < 100_000 // 200 + 2 * 256


@both_flavours
@in_loop
async def test_pages_shrink_until_they_fit_a_packet(flavour: Flavour, broker: Broker) -> None:
    """A page of three such messages is within the broker's measure, and its base64 is larger than a packet."""
    async with connected(flavour, broker) as client:
        key = await storing(client, broker, *(bytes([each]) * 20_000 for each in range(12)))

        found = [message async for message in client.history(key, "a/")]

        assert [message.payload for message in found] == [bytes([each]) * 20_000 for each in range(12)]


@both_flavours
@in_loop
async def test_a_message_that_no_reply_can_hold_is_told(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = await storing(client, broker, b"small", b"x" * 60_000)

        messages = client.history(key, "a/")

        with pytest.raises(ReplyMissing):
            await anext(messages)


@both_flavours
@pytest.mark.parametrize(
    ("last", "wanted"), [(0, []), (1, ["4"]), (3, ["2", "3", "4"]), (99, ["0", "1", "2", "3", "4"])]
)
@in_loop
async def test_last_asks_for_the_newest_ones(flavour: Flavour, last: int, wanted: list[str], broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = await storing(client, broker, *map(str, range(5)))

        by_name = [message async for message in client.history(key, "a/", last=last)]
        as_object = [message async for message in client.history(key, "a/", {Client.with_last(last)})]

        assert texts(by_name) == texts(as_object) == wanted


@both_flavours
@in_loop
async def test_a_window_holds_both_of_its_ends(flavour: Flavour, broker: Broker, clock: ManualClock) -> None:
    async with connected(flavour, broker) as client:
        key = await storing(client, broker)
        for text in ("first", "second", "third"):
            await client.publish(key, "a/", text, ttl=3600, qos=1)
            clock.advance(10)
        middle = NOW + timedelta(seconds=10)

        async def found(since: datetime | None = None, until: datetime | None = None) -> list[str]:
            return texts([message async for message in client.history(key, "a/", since=since, until=until)])

        assert await found() == ["first", "second", "third"]
        assert await found(since=middle) == ["second", "third"]
        assert await found(until=middle) == ["first", "second"]
        assert await found(since=middle, until=middle) == ["second"]
        assert await found(since=NOW + timedelta(seconds=21)) == []


@both_flavours
@in_loop
async def test_an_empty_message_is_a_message(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = await storing(client, broker, b"", b"x")

        assert [message.payload async for message in client.history(key, "a/")] == [b"", b"x"]


@both_flavours
@in_loop
async def test_what_lies_below_a_channel_is_found_and_what_expired_is_not(
    flavour: Flavour, broker: Broker, clock: ManualClock
) -> None:
    async with connected(flavour, broker) as client:
        key = await storing(client, broker, "long")
        await client.publish(key, "a/b/", "short", ttl=5, qos=1)
        await client.publish(key, "a/b/", "below", retain=True, qos=1)
        clock.advance(6)

        found = [message async for message in client.history(key, "a/")]

        assert [(message.channel, message.as_string()) for message in found] == [("a/", "long"), ("a/b/", "below")]


@both_flavours
@in_loop
async def test_a_refusal_is_raised_where_one_iterates(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, "a/", "rw")).key

        messages = client.history(key, "a/")

        with pytest.raises(Unauthorized) as caught:
            await anext(messages)
        assert caught.value.operation == "history"


@both_flavours
@in_loop
async def test_a_call_that_makes_no_sense_is_refused_at_once(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="channel"):
            client.history("k" * 32, "a b/")
        with pytest.raises(InvalidArgument, match="last: must be at least 0, not -1"):
            client.history("k" * 32, "a/", last=-1)
        with pytest.raises(InvalidArgument, match="since: must be at least 2018-01-01"):
            client.history("k" * 32, "a/", since=datetime(2017, 1, 1, tzinfo=UTC))


@both_flavours
@in_loop
async def test_history_needs_a_connection(flavour: Flavour) -> None:
    client = AsyncClient() if flavour == "asyncio" else as_awaited(Client(), AsyncClient)

    with pytest.raises(Closed):
        client.history("k" * 32, "a/")


@both_flavours
@in_loop
async def test_a_page_that_waited_for_a_node_that_does_not_answer_is_told(
    flavour: Flavour, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_watch, "NODE_TIMEOUT_S", 0.05)
    async with connected(flavour, broker) as client:
        key = await storing(client, broker, "1", "2")
        broker.faults.delay_replies(0.06)
        found: list[StoredMessage] = []

        async def read() -> None:
            async for message in client.history(key, "a/"):
                found.append(message)

        with pytest.raises(HistoryIncomplete) as caught:
            await read()

        assert texts(found) == ["1", "2"]
        assert caught.value.node_missing
