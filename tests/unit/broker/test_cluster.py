"""Brokers that form a cluster, on real ports and in memory: starting, killing, and coming back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from emitter_typed import AsyncClient, Client, Key, PresenceSubscribe, PresenceUnsubscribe, StoredMessage
from emitter_typed.broker import AsyncBroker, AsyncCluster, Broker, Cluster, ManualClock, NotPublished
from emitter_typed.errors import Closed, InvalidArgument
from tests.helpers.dialling import LIMIT_S, Dialled, greeted
from tests.helpers.packets import Sent, Will
from tests.helpers.threads import begun_since

NOW_S = 1_700_000_000


def texts(messages: list[StoredMessage]) -> list[str]:
    return [message.as_string() for message in messages]


def test_a_cluster_shows_its_nodes_and_leaves_no_thread_behind() -> None:
    before = threading.enumerate()
    with Cluster(3) as cluster:
        assert len(set(cluster.urls)) == 3
        assert repr(cluster) == f"<Cluster {', '.join(f'<Broker {url}>' for url in cluster.urls)}>"
        assert [each.name for each in begun_since(before)] == ["emitter-typed-broker"]
        for node, url in zip(cluster.nodes, cluster.urls, strict=True):
            assert (node.url, node.is_running, node.master_key) == (url, True, cluster.master_key)
    assert begun_since(before) == []
    assert repr(cluster).count("not running") == 3


def test_a_cluster_that_was_stopped_starts_again_at_the_same_addresses() -> None:
    cluster = Cluster()
    with cluster:
        urls = cluster.urls
    with cluster:
        assert cluster.urls == urls
        for node in cluster.nodes:
            greeted(node).socket.close()


@pytest.mark.parametrize("size", [0, -1])
def test_a_cluster_has_at_least_one_node(size: int) -> None:
    for kind in (Cluster, AsyncCluster):
        with pytest.raises(InvalidArgument, match="1 or more nodes") as refused:
            kind(size)
        assert refused.value.argument == "size"


WRONG: list[tuple[str, object]] = [
    (argument, value)
    for argument in ("size", "host", "port", "matcher", "master_key", "clock", "tls", "limits")
    for value in ("2" if argument in {"size", "port"} else 3, (), True)
]


@pytest.mark.parametrize(("argument", "value"), WRONG)
def test_an_argument_of_another_kind_is_refused(argument: str, value: object) -> None:
    for kind in (Broker, AsyncBroker, Cluster, AsyncCluster):
        if argument == "size" and kind in (Broker, AsyncBroker):
            continue
        with pytest.raises(InvalidArgument) as refused:
            kind(**{argument: value})  # type: ignore[arg-type]  # what a program without a checker gives
        assert refused.value.argument == argument


@pytest.mark.parametrize(("argument", "value"), [("channel", 3), ("permissions", 3), ("ttl", "3"), ("ttl", True)])
def test_an_argument_of_keygen_of_another_kind_is_refused(argument: str, value: object) -> None:
    for maker in (Broker(), Cluster()):
        with pytest.raises(InvalidArgument) as refused:
            maker.keygen(**{"channel": "a/", "permissions": "r", argument: value})  # type: ignore[arg-type]  # the same
        assert refused.value.argument == argument


def test_a_key_that_would_allow_nothing_is_refused_as_by_a_client() -> None:
    for maker in (Broker(), AsyncBroker(), Cluster(), AsyncCluster()):
        with pytest.raises(InvalidArgument, match=r"^permissions: expected at least one letter of rwslpex$") as refused:
            maker.keygen("a/", "")
        assert refused.value.argument == "permissions"


def test_times_may_be_timedeltas() -> None:
    clock = ManualClock(0)
    for maker in (Broker(clock=clock), Cluster(clock=clock)):
        maker.keygen("a/", "r", ttl=timedelta(minutes=1))
        with pytest.raises(InvalidArgument, match=r"ttl: must be whole seconds, not 0\.5"):
            maker.keygen("a/", "r", ttl=timedelta(seconds=0.5))
    clock.advance(timedelta(minutes=1, seconds=0.5))
    assert clock() == 60.5


def test_a_clock_is_moved_by_a_number_or_a_timedelta() -> None:
    clock = ManualClock(1)
    with pytest.raises(InvalidArgument, match="seconds: expected a number or a timedelta, got a text"):
        clock.advance("3")  # type: ignore[arg-type]  # what a program without a checker gives
    with pytest.raises(InvalidArgument, match="now_s: expected a number or None, got a text"):
        ManualClock("3")  # type: ignore[arg-type]  # the same
    for wrong in (float("nan"), float("inf"), -2, 10**400, -(10**400), 1_700_000_000_000):
        with pytest.raises(InvalidArgument, match="seconds: the clock must show a time from 1970 to 2153"):
            clock.advance(wrong)
        with pytest.raises(InvalidArgument, match="now_s: the clock must show a time from 1970 to 2153"):
            ManualClock(wrong)
    assert clock() == 1


def test_nodes_cannot_share_a_port() -> None:
    with pytest.raises(InvalidArgument, match="cannot share") as refused:
        Cluster(port=8080)
    assert refused.value.argument == "port"


def test_in_memory_nodes_share_messages_too() -> None:
    with Cluster(port=None, matcher="mqtt") as cluster, ExitStack() as stack:
        one, other = (stack.enter_context(Client(transport=node.memory, matcher="mqtt")) for node in cluster.nodes)
        key = cluster.keygen("#/", "rw")
        subscription = one.subscribe(key, "a/")
        other.publish(key, "a/b/", "below", qos=1)
        other.publish(key, "a/", "there", qos=1)
        message = subscription.get(timeout_s=LIMIT_S)
        assert message is not None
        assert message.as_string() == "there"
        with pytest.raises(Closed):
            _ = cluster.urls


class Pair:
    """A cluster of two nodes whose time stands still, with a client at each."""

    def __init__(self, stack: ExitStack) -> None:
        self.clock = ManualClock(NOW_S)
        self.cluster = stack.enter_context(Cluster(clock=self.clock))
        self.one, self.other = self.cluster.nodes
        self.key: Key = self.cluster.keygen("#/", "rwslp")
        self.at_one = stack.enter_context(Client.from_url(self.one.url, reconnect_max_s=0.05))
        self.at_other = stack.enter_context(Client.from_url(self.other.url, reconnect_max_s=0.05))

    def store(self, client: Client, *words: str) -> None:
        for word in words:
            client.publish(self.key, "a/", word, ttl=60, qos=1)

    def stored(self, client: Client) -> list[StoredMessage]:
        return list(client.history(self.key, "a/"))


@pytest.fixture
def pair() -> Iterator[Pair]:
    with ExitStack() as stack:
        yield Pair(stack)


def test_a_node_that_is_killed_takes_its_messages_along_unless_they_lie_on_a_disk(pair: Pair) -> None:
    pair.store(pair.at_one, "one")
    pair.store(pair.at_other, "other")
    assert sorted(texts(pair.stored(pair.at_one))) == ["one", "other"]
    pair.other.kill()
    assert not pair.other.is_running
    assert texts(pair.stored(pair.at_one)) == ["one"]
    pair.other.start(keep_stored=True)
    assert sorted(texts(pair.stored(pair.at_one))) == ["one", "other"]
    pair.other.kill()
    pair.other.start()
    assert texts(pair.stored(pair.at_one)) == ["one"]


def test_a_node_that_is_killed_says_nothing_and_the_others_hear_who_is_gone(pair: Pair) -> None:
    will = Will(f"{pair.key.reveal()}/will/", b"gone")
    with (
        Dialled(pair.other) as zoe,
        pair.at_one.watch_presence(pair.key, "a/") as watch,
        pair.at_one.subscribe(pair.key, "will/") as wills,
    ):
        zoe.send(Sent("CONNECT", username="zoe", will=will))
        assert zoe.types(1) == ["CONNACK"]
        events = iter(watch)
        next(events)
        zoe.subscribe(f"{pair.key.reveal()}/a/")
        assert zoe.types(1) == ["SUBACK 1"]
        assert isinstance(next(events), PresenceSubscribe)
        pair.other.kill()
        assert zoe.next() is None
        gone = next(events)
        assert isinstance(gone, PresenceUnsubscribe)
        assert gone.who.username == "zoe"
        assert wills.get(timeout_s=0) is None


def test_a_node_that_comes_back_is_a_part_of_the_cluster_again(pair: Pair) -> None:
    pair.other.kill()
    pair.other.start()
    with (
        Client.from_url(pair.other.url) as back,
        back.subscribe(pair.key, "a/") as there,
        pair.at_one.subscribe(pair.key, "a/") as here,
    ):
        for client in (pair.at_one, back):
            client.publish(pair.key, "a/", "hello", qos=1)
            for subscription in (here, there):
                message = subscription.get(timeout_s=LIMIT_S)
                assert message is not None
                assert message.as_string() == "hello"


def test_each_start_is_a_process_of_its_own_that_counts_from_the_beginning(pair: Pair) -> None:
    pair.store(pair.at_other, "first", "second")
    pair.other.restart(keep_stored=True)
    pair.store(pair.at_other, "third")
    pair.store(pair.at_one, "elsewhere")
    found = {message.as_string(): message for message in pair.stored(pair.at_one)}
    first, second, third, elsewhere = (found[word] for word in ("first", "second", "third", "elsewhere"))
    assert first.id[12:16] == second.id[12:16]
    assert len({each.id[12:16] for each in (first, third, elsewhere)}) == 3
    # In one second, the count of the new process says nothing about the order.
    assert first.id[4:12] == third.id[4:12] > second.id[4:12]


def test_the_clock_of_a_node_can_be_moved_apart(pair: Pair) -> None:
    pair.other.clock.advance(2)
    pair.store(pair.at_one, "now")
    pair.store(pair.at_other, "ahead")
    pair.clock.advance(1)
    pair.store(pair.at_one, "later")
    times = {each.as_string(): each.stored_at for each in pair.stored(pair.at_one)}
    seconds = {word: time.timestamp() - NOW_S for word, time in times.items()}
    assert seconds == {"now": 0, "ahead": 2, "later": 1}


def test_what_was_published_is_told_for_each_node_and_for_all(pair: Pair) -> None:
    pair.store(pair.at_one, "one")
    pair.store(pair.at_other, "other")
    assert [each.as_string() for each in pair.one.published] == ["one"]
    assert [each.as_string() for each in pair.cluster.published] == ["one", "other"]
    assert len(pair.cluster.wait_published(2, channel="a/")) == 2
    with pytest.raises(NotPublished, match="2 of 3"):
        pair.cluster.wait_published(3, timeout_s=0)
    pair.one.stop()
    assert len(pair.cluster.wait_published(2)) == 2
    pair.cluster.stop()
    assert len(pair.cluster.published) == 2
    with pytest.raises(Closed):
        pair.cluster.wait_published(3)


def test_a_cluster_runs_in_the_loop_of_its_user_and_leaves_no_task() -> None:
    async def scenario() -> None:
        async with AsyncCluster(3) as cluster:
            first, _, third = cluster.nodes
            key = cluster.keygen("a/", "rw")
            async with AsyncClient.from_url(first.url) as one, AsyncClient.from_url(third.url) as other:
                async with await one.subscribe(key, "a/") as subscription:
                    await other.publish(key, "a/", "hello", qos=1)
                    message = await subscription.get(timeout_s=LIMIT_S)
                assert message is not None
                assert message.as_string() == "hello"
                assert [each.as_string() for each in await cluster.wait_published()] == ["hello"]
                await third.kill()
                assert [node.is_running for node in cluster.nodes] == [True, True, False]
        assert cluster.published == first.published + third.published
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_a_broker_that_is_killed_loses_what_waits_and_starts_again(broker: Broker) -> None:
    with greeted(broker) as connection:
        broker.faults.withhold_replies()
        broker.kill()
        assert connection.next() is None
    assert not broker.is_running
    broker.kill()
    broker.start()
    greeted(broker).socket.close()
