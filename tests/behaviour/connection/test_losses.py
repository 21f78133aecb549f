"""A hundred connections are lost, inside packets too, while programs publish, ask and read.

Nothing hangs, nothing that was acknowledged is lost or out of order, and no request is carried out twice.

Each client reaches the broker through a proxy of its own, which cuts its connections. So any broker will do: the
embedded one, or with EMITTER_URL and EMITTER_MASTER_KEY the one there. Several URLs are the nodes of a cluster, over
which the clients are spread.

Seeds choose the losses, and a failure prints its own: EMITTER_FAULT_SEED repeats it, as far as threads let it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AsyncExitStack, ExitStack, suppress
from itertools import count, cycle
from typing import TypedDict

import pytest

from emitter_typed import (
    AsyncClient,
    AsyncPending,
    AsyncSubscription,
    Client,
    ConnectionLost,
    Gap,
    Message,
    Pending,
    Subscription,
    Undecodable,
)
from emitter_typed._broker.connection import Connection
from emitter_typed._broker.requests import Reply, Requests
from emitter_typed._protocol.receiving import node_watch
from emitter_typed._protocol.topics import Matcher
from emitter_typed.broker import Broker, Limits
from emitter_typed.testing import BrokerOptions
from tests.behaviour.connection.arrivals import arrivals, wrong
from tests.behaviour.connection.losses import LOSSES, Losses, seeds
from tests.helpers.loops import FOR_EVER_S, LIMIT_S, in_loop
from tests.helpers.proxy import CuttingProxy
from tests.helpers.real import URLS, RealBroker, fresh_channel

WRITERS = 2
PUBLISHERS = 4
IN_FLIGHT = 8
LONELY = (0, 3)
"""The publishers whose channels have subscriptions of their own."""
END = "the end"
# A cluster may still be telling its nodes who has come back.
END_AGAIN_S = 0.2


class Settings(TypedDict):
    timeout_s: float
    reconnect_max_s: float
    max_messages: int
    matcher: Matcher


@pytest.fixture
def emitter_broker_options() -> BrokerOptions:
    return {"limits": Limits(max_published_messages=100_000)}


@pytest.fixture
def scene(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    if not isinstance(broker, RealBroker):
        # A broker alone waits for no other node, however long a page takes on a busy machine.
        monkeypatch.setattr(node_watch, "NODE_TIMEOUT_S", FOR_EVER_S)
    with ExitStack() as stack:
        yield Scene(broker, stack)


class Scene:
    """Where it happens: a broker, or the nodes of a cluster, and proxies before them; a channel, and a key for it."""

    def __init__(self, broker: Broker, stack: ExitStack) -> None:
        self.broker = broker
        self.embedded = not isinstance(broker, RealBroker)
        self.is_cluster = not self.embedded and len(URLS) > 1
        # What several nodes store in one second may be more than can be read of it: 200 messages are not.
        self.pace_s = PUBLISHERS / 200 if self.is_cluster else 0.0
        urls = cycle((broker.url,) if self.embedded else URLS)
        self.writers = [stack.enter_context(CuttingProxy(next(urls))) for _ in range(WRITERS)]
        self.root = fresh_channel()
        everything = f"{self.root}#/" if broker.matcher == "mqtt" else self.root
        # With two nodes, publisher 0 is on another node than the subscription to its channel, and 3 on the same.
        self.channels = everything, f"{self.root}{LONELY[0]}/", f"{self.root}+/", f"{self.root}{LONELY[1]}/"
        self.readers = [stack.enter_context(CuttingProxy(next(urls))) for _ in self.channels]
        self.key = broker.keygen(f"{self.root}#/", "rwsl")
        self.settings: Settings = {
            "timeout_s": LIMIT_S,
            "reconnect_max_s": 0.02,
            "max_messages": 100_000,
            "matcher": broker.matcher,
        }

    def publishers_of(self, channel: str) -> list[int]:
        """Return the publishers whose messages a subscription receives."""
        last = channel.removeprefix(self.root).strip("/")
        return [int(last)] if last.isdigit() else list(range(PUBLISHERS))


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
        self.received: defaultdict[str, list[str | Gap]] = defaultdict(list)
        self.ends: defaultdict[str, set[str]] = defaultdict(set)
        self._changed = threading.Condition()

    def acknowledge(self, publisher: int) -> None:
        with self._changed:
            self.acknowledged[publisher] += 1
            self._changed.notify_all()

    def take(self, channel: str, event: Message | Gap | Undecodable) -> bool:
        """Take what a subscription gives, and tell whether more is to come."""
        match event:
            case Message():
                text = event.as_string()
                if not text.startswith(END):
                    self.received[channel].append(text)
                    return True
                # What one writer sent last says nothing of what others sent before.
                self.ends[channel].add(text)
                return len(self.ends[channel]) < WRITERS
            case Gap():
                self.received[channel].append(event)
            case Undecodable():
                raise event
        return True

    def wait_for_more(self, count: int) -> None:
        """Wait until so many more messages were acknowledged."""
        with self._changed:
            wanted = sum(self.acknowledged) + count
            assert self._changed.wait_for(lambda: sum(self.acknowledged) >= wanted, LIMIT_S), "nothing goes on"


def check(progress: Progress, scene: Scene, executed: Counter[str], *, losses: Sequence[int]) -> None:
    """Check what was published, stored, read and carried out.

    Args:
        progress: What the clients saw.
        scene: Where it was.
        executed: What the broker carried out, if it is embedded.
        losses: How many connections each writer lost.
    """
    places = [(f"a subscription to {each}", arrivals(progress.received[each]), each) for each in scene.channels]
    with Client.from_url(scene.broker.url, **scene.settings) as late:

        def stored(channel: str) -> list[str]:
            return [message.as_string() for message in late.history(scene.key, channel)]

        own = [f"{scene.root}{publisher}/" for publisher in range(PUBLISHERS)]
        places += ((f"what is stored for {each}", arrivals(stored(each)), each) for each in own)
        everything = stored(scene.root) if scene.embedded else []
    found: list[str] = []
    for place, seen, channel in places:
        for publisher in scene.publishers_of(channel):
            total, lost = progress.acknowledged[publisher], losses[publisher % WRITERS]
            assert total > 0
            faults = wrong(seen, publisher, count=total, max_in_flight=IN_FLIGHT, max_losses=lost)
            found += (f"{place}, {each}" for each in faults)
    gaps = [each for _, seen, _ in places for each in seen if isinstance(each, Gap)]
    print(  # noqa: T201  pytest shows it
        f"{sum(progress.acknowledged)} messages, {len(gaps)} gaps, of which {sum(not each.exact for each in gaps)} are"
        f" not exact and {sum(not each.recovered for each in gaps)} not recovered"
    )
    if not scene.is_cluster:
        found += (str(gap) for gap in gaps if not gap.recovered)
    assert not found, "\n".join(found)
    assert sum(gap.count for gap in gaps) > 0, "no subscription has missed anything"
    if scene.embedded:
        assert everything == [text for each in scene.broker.published if not (text := each.as_string()).startswith(END)]
        twice = {channel: times for channel, times in executed.items() if times > 1}
        assert not twice, f"requests that were carried out more than once: {twice}"
        assert set(progress.answered) <= executed.keys()


# In threads


def publish(client: Client, scene: Scene, publisher: int, progress: Progress, enough: threading.Event) -> None:
    pending: deque[Pending] = deque()
    for number in count():
        if len(pending) == IN_FLIGHT or enough.is_set():
            if not pending:
                return
            pending.popleft().wait()
            progress.acknowledge(publisher)
        if not enough.wait(scene.pace_s):
            pending.append(
                client.publish_nowait(scene.key, f"{scene.root}{publisher}/", f"{publisher}:{number}", ttl=600)
            )


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


def end(writers: Sequence[Client], scene: Scene, readers: Sequence[Future[None]]) -> None:
    """End what is read, once nothing is lost any more."""
    while wait(readers, END_AGAIN_S).not_done:
        for number, writer in enumerate(writers):
            for publisher in LONELY:
                writer.publish(scene.key, f"{scene.root}{publisher}/", f"{END} {number}", qos=1)


@pytest.mark.parametrize("seed", seeds())
def test_threads_go_on_through_losses(scene: Scene, executed: Counter[str], seed: int | None) -> None:
    progress, enough = Progress(), threading.Event()
    losses = Losses(scene.writers, scene.readers, seed)
    with (
        ThreadPoolExecutor(PUBLISHERS + len(scene.channels) + 1) as pool,
        # Closed before the pool waits for the threads that read: if something fails, nothing else ends these.
        ExitStack() as clients,
    ):

        def connect(proxy: CuttingProxy) -> Client:
            return clients.enter_context(Client.from_url(proxy.url, **scene.settings))

        writers, readers = [connect(each) for each in scene.writers], [connect(each) for each in scene.readers]
        reading = [
            pool.submit(read, reader.subscribe(scene.key, channel, recover=True), channel, progress)
            for reader, channel in zip(readers, scene.channels, strict=True)
        ]
        working = [
            *(
                pool.submit(publish, writers[each % WRITERS], scene, each, progress, enough)
                for each in range(PUBLISHERS)
            ),
            pool.submit(ask, writers[0], scene.broker.master_key, progress, enough),
        ]
        try:
            while sum(each.connection.connects - 1 for each in (*writers, *readers)) < LOSSES:
                progress.wait_for_more(losses.messages_until_next())
                losses.lose()
        finally:
            losses.clear()
            enough.set()
        for each in working:
            each.result(LIMIT_S)
        end(writers, scene, reading)
        for each in reading:
            each.result()
        lost = [each.connection.connects - 1 for each in writers]
    check(progress, scene, executed, losses=lost)


# In asyncio


async def publish_async(
    client: AsyncClient, scene: Scene, publisher: int, progress: Progress, enough: threading.Event
) -> None:
    pending: deque[AsyncPending] = deque()
    for number in count():
        if len(pending) == IN_FLIGHT or enough.is_set():
            if not pending:
                return
            await pending.popleft().wait()
            progress.acknowledge(publisher)
        await asyncio.sleep(scene.pace_s)
        if not enough.is_set():
            pending.append(
                client.publish_nowait(scene.key, f"{scene.root}{publisher}/", f"{publisher}:{number}", ttl=600)
            )


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


async def end_async(writers: Sequence[AsyncClient], scene: Scene, readers: Sequence[asyncio.Task[None]]) -> None:
    while (await asyncio.wait(readers, timeout=END_AGAIN_S))[1]:
        for number, writer in enumerate(writers):
            for publisher in LONELY:
                await writer.publish(scene.key, f"{scene.root}{publisher}/", f"{END} {number}", qos=1)


@pytest.mark.parametrize("seed", seeds())
@in_loop
async def test_tasks_go_on_through_losses(scene: Scene, executed: Counter[str], seed: int | None) -> None:
    progress, enough = Progress(), threading.Event()
    losses = Losses(scene.writers, scene.readers, seed)
    async with AsyncExitStack() as clients, asyncio.TaskGroup() as tasks:

        async def connect(proxy: CuttingProxy) -> AsyncClient:
            return await clients.enter_async_context(AsyncClient.from_url(proxy.url, **scene.settings))

        writers = [await connect(each) for each in scene.writers]
        readers = [await connect(each) for each in scene.readers]
        reading = [
            tasks.create_task(read_async(await reader.subscribe(scene.key, channel, recover=True), channel, progress))
            for reader, channel in zip(readers, scene.channels, strict=True)
        ]
        async with asyncio.TaskGroup() as working:
            for publisher in range(PUBLISHERS):
                writer = writers[publisher % WRITERS]
                working.create_task(publish_async(writer, scene, publisher, progress, enough))
            working.create_task(ask_async(writers[0], scene.broker.master_key, progress, enough))
            try:
                while sum(each.connection.connects - 1 for each in (*writers, *readers)) < LOSSES:
                    await asyncio.to_thread(progress.wait_for_more, losses.messages_until_next())
                    losses.lose()
            finally:
                losses.clear()
                enough.set()
        await end_async(writers, scene, reading)
        lost = [each.connection.connects - 1 for each in writers]
    await asyncio.to_thread(check, progress, scene, executed, losses=lost)
