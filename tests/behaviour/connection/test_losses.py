"""A hundred connections are lost, inside packets too, while programs publish, ask and read.

Nothing hangs, nothing that was acknowledged is lost or out of order, and no request is carried out twice.

Seeds choose the losses, and a failure prints its own: EMITTER_FAULT_SEED repeats it, as far as threads let it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import TypedDict

import pytest

from emitter_typed import (
    AsyncClient,
    AsyncPending,
    AsyncSubscription,
    Client,
    ConnectionLost,
    Gap,
    Key,
    Message,
    Pending,
    Subscription,
    Undecodable,
)
from emitter_typed._broker.connection import Connection
from emitter_typed._broker.requests import Reply, Requests
from emitter_typed.broker import Broker, Limits
from emitter_typed.testing import BrokerOptions
from tests.behaviour.connection.arrivals import check_arrivals, check_complete
from tests.behaviour.connection.losses import LOSSES, READER, WRITER, Losses, seeds
from tests.helpers.loops import LIMIT_S, in_loop

PUBLISHERS = 4
IN_FLIGHT = 8
CHANNELS = ("a/", "a/+/", "a/0/", "a/3/")
END = "the end"


class Settings(TypedDict):
    timeout_s: float
    reconnect_max_s: float
    max_messages: int


SETTINGS: Settings = {"timeout_s": LIMIT_S, "reconnect_max_s": 0.02, "max_messages": 100_000}


@pytest.fixture
def emitter_broker_options() -> BrokerOptions:
    return {"limits": Limits(max_published_messages=100_000)}


@pytest.fixture
def broker(emitter_broker: Broker) -> Broker:
    """The embedded broker, wherever EMITTER_URL points: no other loses connections when it is told to."""
    return emitter_broker


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwslp")


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many times the broker made a key for each channel that a key was asked for."""
    counts: Counter[str] = Counter()
    answer = Requests.answer

    def counted(self: Requests, connection: Connection, name: str, payload: bytes) -> Reply:
        # Nothing else shows what a broker was asked.
        if name == "keygen/":
            counts[json.loads(payload)["channel"]] += 1
        return answer(self, connection, name, payload)

    monkeypatch.setattr(Requests, "answer", counted)
    return counts


class Progress:
    """What the clients have done so far, in whatever order."""

    def __init__(self) -> None:
        self.acknowledged = [0] * PUBLISHERS
        self.answered: list[str] = []
        self.received: dict[str, list[str]] = {channel: [] for channel in CHANNELS}
        self.gaps: list[Gap] = []
        self._changed = threading.Condition()

    def acknowledge(self, publisher: int) -> None:
        with self._changed:
            self.acknowledged[publisher] += 1
            self._changed.notify_all()

    def take(self, channel: str, event: Message | Gap | Undecodable) -> bool:
        """Take what a subscription gives, and tell whether more is to come."""
        match event:
            case Message():
                if event.as_string() == END:
                    return False
                self.received[channel].append(event.as_string())
            case Gap():
                self.gaps.append(event)
            case Undecodable():
                raise event
        return True

    def wait_for_more(self, count: int) -> None:
        """Wait until so many more messages were acknowledged."""
        with self._changed:
            wanted = sum(self.acknowledged) + count
            assert self._changed.wait_for(lambda: sum(self.acknowledged) >= wanted, LIMIT_S), "nothing goes on"


def check(progress: Progress, broker: Broker, key: Key, executed: Counter[str], *, losses: int) -> None:
    """Check what was published, stored, read and carried out."""
    with Client.from_url(broker.url) as late:
        stored = [message.as_string() for message in late.history(key, "a/")]
    assert stored == [text for message in broker.published if (text := message.as_string()) != END]
    for publisher, total in enumerate(progress.acknowledged):
        assert total > 0
        where = f"the broker, publisher {publisher}"
        numbers = _numbers(stored, publisher)
        check_arrivals(numbers, where=where, max_in_flight=IN_FLIGHT, max_losses=losses)
        check_complete(numbers, total, where=where)
        for channel in CHANNELS:
            if channel in ("a/", "a/+/", f"a/{publisher}/"):
                where = f"a subscription to {channel}, publisher {publisher}"
                numbers = _numbers(progress.received[channel], publisher)
                check_arrivals(numbers, where=where, max_in_flight=IN_FLIGHT, max_losses=losses)
                check_complete(numbers, total, where=where)
    assert [gap for gap in progress.gaps if not gap.recovered] == []
    assert sum(gap.count for gap in progress.gaps) > 0, "no subscription has missed anything"
    twice = {channel: times for channel, times in executed.items() if times > 1}
    assert not twice, f"requests that were carried out more than once: {twice}"
    assert set(progress.answered) <= executed.keys()


def _numbers(texts: list[str], publisher: int) -> list[int]:
    return [int(number) for who, _, number in (text.partition(":") for text in texts) if who == str(publisher)]


# In threads


def publish(client: Client, key: Key, publisher: int, progress: Progress, enough: threading.Event) -> None:
    pending: deque[Pending] = deque()
    for number in count():
        if len(pending) == IN_FLIGHT or enough.is_set():
            if not pending:
                return
            pending.popleft().wait()
            progress.acknowledge(publisher)
        if not enough.is_set():
            pending.append(client.publish_nowait(key, f"a/{publisher}/", f"{publisher}:{number}", ttl=600))


def ask(client: Client, master_key: str, progress: Progress, enough: threading.Event) -> None:
    for number in count():
        if enough.is_set():
            return
        with suppress(ConnectionLost):
            progress.answered.append(client.keygen(master_key, f"k/{number}/", "r").channel)


def read(subscription: Subscription, channel: str, progress: Progress) -> None:
    for event in subscription.events():
        if not progress.take(channel, event):
            return


@pytest.mark.parametrize("seed", seeds())
def test_threads_go_on_through_losses(broker: Broker, key: Key, executed: Counter[str], seed: int | None) -> None:
    progress, losses, enough = Progress(), Losses(broker, seed), threading.Event()
    with (
        Client.from_url(broker.url, username=WRITER, **SETTINGS) as writer,
        Client.from_url(broker.url, username=READER, **SETTINGS) as reader,
        ThreadPoolExecutor(PUBLISHERS + len(CHANNELS) + 1) as pool,
    ):
        readers = [pool.submit(read, reader.subscribe(key, each, recover=True), each, progress) for each in CHANNELS]
        writers = [pool.submit(publish, writer, key, each, progress, enough) for each in range(PUBLISHERS)]
        asker = pool.submit(ask, writer, broker.master_key, progress, enough)
        try:
            while writer.connection.connects + reader.connection.connects < LOSSES + 2:
                progress.wait_for_more(losses.messages_until_next())
                losses.lose()
        finally:
            broker.faults.clear()
            enough.set()
        for each in (*writers, asker):
            each.result(LIMIT_S)
        # Once it answers, its subscriptions are there again, and nothing is lost any more.
        while not answers(reader):
            pass
        for channel in ("a/0/", "a/3/"):
            writer.publish(key, channel, END)
        for each in readers:
            each.result(LIMIT_S)
        check(progress, broker, key, executed, losses=writer.connection.connects - 1)


def answers(client: Client) -> bool:
    try:
        return bool(client.me())
    except ConnectionLost:
        return False


# In asyncio


async def publish_async(
    client: AsyncClient, key: Key, publisher: int, progress: Progress, enough: threading.Event
) -> None:
    pending: deque[AsyncPending] = deque()
    for number in count():
        if len(pending) == IN_FLIGHT or enough.is_set():
            if not pending:
                return
            await pending.popleft().wait()
            progress.acknowledge(publisher)
        if not enough.is_set():
            pending.append(client.publish_nowait(key, f"a/{publisher}/", f"{publisher}:{number}", ttl=600))


async def ask_async(client: AsyncClient, master_key: str, progress: Progress, enough: threading.Event) -> None:
    for number in count():
        if enough.is_set():
            return
        with suppress(ConnectionLost):
            progress.answered.append((await client.keygen(master_key, f"k/{number}/", "r")).channel)


async def read_async(subscription: AsyncSubscription, channel: str, progress: Progress) -> None:
    async for event in subscription.events():
        if not progress.take(channel, event):
            return


@pytest.mark.parametrize("seed", seeds())
@in_loop
async def test_tasks_go_on_through_losses(broker: Broker, key: Key, executed: Counter[str], seed: int | None) -> None:
    progress, losses, enough = Progress(), Losses(broker, seed), threading.Event()
    async with (
        AsyncClient.from_url(broker.url, username=WRITER, **SETTINGS) as writer,
        AsyncClient.from_url(broker.url, username=READER, **SETTINGS) as reader,
        asyncio.TaskGroup() as readers,
    ):
        for channel in CHANNELS:
            readers.create_task(read_async(await reader.subscribe(key, channel, recover=True), channel, progress))
        async with asyncio.TaskGroup() as writers:
            for publisher in range(PUBLISHERS):
                writers.create_task(publish_async(writer, key, publisher, progress, enough))
            writers.create_task(ask_async(writer, broker.master_key, progress, enough))
            try:
                while writer.connection.connects + reader.connection.connects < LOSSES + 2:
                    await asyncio.to_thread(progress.wait_for_more, losses.messages_until_next())
                    losses.lose()
            finally:
                broker.faults.clear()
                enough.set()
        while not await answers_async(reader):
            pass
        for channel in ("a/0/", "a/3/"):
            await writer.publish(key, channel, END, qos=1)
    await asyncio.to_thread(check, progress, broker, key, executed, losses=writer.connection.connects - 1)


async def answers_async(client: AsyncClient) -> bool:
    try:
        return bool(await client.me())
    except ConnectionLost:
        return False
