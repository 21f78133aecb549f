"""What people run: several publishers, brokers that start again, and clusters; nothing is lost, and doubts are told."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from emitter_typed import Client, Gap, HistoryIncomplete, Key, Message, Subscription, Undecodable
from emitter_typed._protocol.receiving import node_watch
from emitter_typed.broker import Broker, Cluster, ManualClock
from tests.helpers.loops import LIMIT_S
from tests.helpers.real import fresh_channel

CHANNEL = "a/"


def publish(client: Client, key: Key, *payloads: str, ttl: int | None = 3600, channel: str = CHANNEL) -> None:
    pending = [client.publish_nowait(key, channel, payload, ttl=ttl) for payload in payloads]
    for one in pending:
        one.wait(timeout_s=LIMIT_S)


@contextmanager
def publishers(*brokers: Broker) -> Generator[list[Client]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Client.from_url(broker.url, reconnect_max_s=0.05)) for broker in brokers]


@contextmanager
def recovering(broker: Broker, key: Key) -> Generator[tuple[Client, Subscription[Message[bytes]]]]:
    with (
        Client.from_url(broker.url, username="reader", reconnect_max_s=0.05) as client,
        client.subscribe(key, CHANNEL, last=0, recover=True) as subscription,
    ):
        yield client, subscription


def read(subscription: Subscription[Message[bytes]], last: str) -> list[str | Gap]:
    """Read up to a message, which nobody else says."""
    found: list[str | Gap] = []
    for event in subscription.events():
        assert not isinstance(event, Undecodable)
        found.append(event if isinstance(event, Gap) else event.as_string())
        if found[-1] == last:
            return found
    raise AssertionError(f"it ended after {found}")


def payloads(events: list[str | Gap]) -> list[str]:
    return [event for event in events if isinstance(event, str)]


def gaps(events: list[str | Gap]) -> list[Gap]:
    return [event for event in events if isinstance(event, Gap)]


@contextmanager
def away(broker: Broker, client: Client) -> Generator[None]:
    """The reader has no connection, and all others have theirs."""
    broker.faults.refuse_connections()
    broker.faults.drop_connections("reader")
    assert client.connection.wait("reconnecting", timeout_s=LIMIT_S)
    yield
    broker.faults.accept_connections()
    assert client.connection.wait("connected", timeout_s=LIMIT_S)


@pytest.fixture
def one_second() -> Iterator[Cluster]:
    """A cluster whose clock stands still."""
    with Cluster(clock=ManualClock(1_700_000_000)) as cluster:
        yield cluster


@pytest.mark.parametrize("count", [2, 6])
def test_several_publishers_lose_nothing_and_repeat_little(broker: Broker, count: int) -> None:
    key = broker.keygen("a/#/", "rwsl")
    broker.faults.store_out_of_order(0.2, seed=count)
    numbers = iter(range(100_000))
    with publishers(*[broker] * count) as clients, recovering(broker, key) as (client, subscription):

        def run(rounds: int) -> list[str]:
            sent = [str(next(numbers)) for _ in range(rounds * count)]
            for place, payload in enumerate(sent):
                publish(clients[place % count], key, payload)
            return sent

        for _ in range(8):
            expected = run(10)
            with away(broker, client):
                expected += run(5)
            expected += run(5)
            events = read(subscription, expected[-1])
            found = payloads(events)
            assert set(found) == set(expected)
            # The last ones before the loss may have changed places with those behind it.
            assert len(found) - len(expected) <= 2 * count
            assert len(found) == len(expected) or not all(gap.exact for gap in gaps(events))
            assert all(gap.recovered for gap in gaps(events))


def test_a_state_that_expired_meanwhile_comes_when_it_is_published_again() -> None:
    clock = ManualClock(1_700_000_000)
    with Broker(clock=clock) as broker:
        key = broker.keygen("a/#/", "rwsl")
        with publishers(broker) as (publisher,), recovering(broker, key) as (client, subscription):
            publish(publisher, key, "x1")
            publish(publisher, key, "ON", ttl=5)
            publish(publisher, key, "x2")
            assert payloads(read(subscription, "x2")) == ["x1", "ON", "x2"]
            with away(broker, client):
                clock.advance(10)
                publish(publisher, key, "ON", ttl=5)
            publish(publisher, key, "end")

            (gap,), found = gaps(events := read(subscription, "end")), payloads(events)

            assert found == ["ON", "end"]
            assert gap.recovered
            assert not gap.exact


def test_a_loss_right_after_the_first_messages_is_recovered_though_all_of_them_were_sent_again(broker: Broker) -> None:
    key = broker.keygen("a/#/", "rwsl")
    with publishers(broker) as (publisher,), recovering(broker, key) as (client, subscription):
        # Neither are they acknowledged, nor does the subscription learn what of them is stored.
        broker.faults.withhold_replies()
        pending = [publisher.publish_nowait(key, CHANNEL, payload, ttl=3600) for payload in ("1", "2", "3")]
        assert payloads(read(subscription, "3")) == ["1", "2", "3"]
        broker.faults.refuse_connections()
        broker.faults.drop_connections()
        for one in (publisher, client):
            assert one.connection.wait("reconnecting", timeout_s=LIMIT_S)
        broker.faults.clear()
        for message in pending:
            message.wait(timeout_s=LIMIT_S)
        assert client.connection.wait("connected", timeout_s=LIMIT_S)
        publish(publisher, key, "end")

        (gap,) = gaps(events := read(subscription, "end"))

        assert gap.recovered
        # Each is stored twice, and it cannot be told which of the two arrived.
        assert not gap.exact
        assert payloads(events)[-4:] == ["1", "2", "3", "end"]


def test_what_is_stored_and_delivered_a_moment_later_keeps_its_place(broker: Broker) -> None:
    key = broker.keygen("a/#/", "rwsl")
    with publishers(broker) as (publisher,), recovering(broker, key) as (client, subscription):
        publish(publisher, key, "0")
        read(subscription, "0")
        with away(broker, client):
            publish(publisher, key, "missed")
        # What was missed is fetched when the reader gets there.
        publish(publisher, key, "1", "2")
        broker.faults.withhold_messages()
        publish(publisher, key, "3")

        events = read(subscription, "3")

        assert payloads(events) == ["missed", "1", "2", "3"]
        broker.faults.release_messages()
        publish(publisher, key, "end")
        assert payloads(read(subscription, "end"))[-1] == "end"


def test_what_was_missed_comes_first_though_its_publisher_sends_it_again(broker: Broker) -> None:
    """The broker still carries out what came over the old connection of a publisher, and then the same once more."""
    key = broker.keygen("a/#/", "rwsl")
    with publishers(broker, broker) as (old, new), recovering(broker, key) as (client, subscription):
        publish(old, key, "0")
        read(subscription, "0")
        with away(broker, client):
            publish(old, key, "1", "2")
        publish(old, key, "3")
        # The page is made, and comes behind what is sent again.
        broker.faults.withhold_replies()
        assert subscription.get(timeout_s=0.2) is None
        pending = [new.publish_nowait(key, CHANNEL, payload, ttl=3600) for payload in ("1", "2", "3")]
        broker.wait_published(count=7, timeout_s=LIMIT_S)
        broker.faults.clear()
        for one in pending:
            one.wait(timeout_s=LIMIT_S)
        publish(new, key, "end")

        (gap,) = gaps(events := read(subscription, "end"))

        assert list(dict.fromkeys(payloads(events))) == ["1", "2", "3", "end"]
        assert gap.recovered
        assert not gap.exact


@pytest.mark.parametrize("keep_stored", [True, False])
def test_what_is_published_after_a_restart_within_a_second_is_not_lost(keep_stored: bool) -> None:
    with Broker(clock=ManualClock(1_700_000_000)) as broker:
        key = broker.keygen("a/#/", "rwsl")
        with publishers(broker) as (publisher,), recovering(broker, key) as (client, subscription):
            publish(publisher, key, "0", "1", "2")
            assert payloads(read(subscription, "2")) == ["0", "1", "2"]
            broker.kill()
            broker.start(keep_stored=keep_stored)
            broker.faults.refuse_connections()
            broker.faults.drop_connections("reader")
            broker.faults.accept_connections()
            assert publisher.connection.wait("connected", timeout_s=LIMIT_S)
            assert client.connection.wait("connected", timeout_s=LIMIT_S)
            publish(publisher, key, "end")

            (gap, *_), found = gaps(events := read(subscription, "end")), payloads(events)

            assert found == ["end"]
            # Without what was stored, nobody knows what was published before the end.
            assert gap.recovered is keep_stored


def test_a_storage_that_is_gone_is_noticed_by_what_arrived_between_two_losses() -> None:
    with Broker() as broker:
        key = broker.keygen("a/#/", "rwsl")
        with publishers(broker) as (publisher,), recovering(broker, key) as (client, subscription):
            with away(broker, client):
                pass
            publish(publisher, key, "arrives, and waits to be read")
            with away(broker, client):
                publish(publisher, key, "gone with the storage")
                broker.kill()
                broker.start(keep_stored=False)
                broker.faults.refuse_connections()
                broker.faults.drop_connections("reader")
            assert publisher.connection.wait("connected", timeout_s=LIMIT_S)
            publish(publisher, key, "end")

            (gap,), found = gaps(events := read(subscription, "end")), payloads(events)

            assert found == ["arrives, and waits to be read", "end"]
            assert not gap.recovered


def test_what_was_missed_of_a_process_that_began_within_the_second_comes() -> None:
    with Broker(clock=ManualClock(1_700_000_000)) as broker:
        key = broker.keygen("a/#/", "rwsl")
        with publishers(broker) as (publisher,), recovering(broker, key) as (client, subscription):
            publish(publisher, key, *(str(number) for number in range(5)))
            read(subscription, "4")
            broker.restart()
            publish(publisher, key, "back")
            assert payloads(read(subscription, "back")) == ["back"]
            with away(broker, client):
                publish(publisher, key, "missed", "missed, too")
            publish(publisher, key, "end")

            events = read(subscription, "end")

            assert payloads(events) == ["missed", "missed, too", "end"]
            assert all(gap.recovered and gap.exact for gap in gaps(events))


def test_nodes_of_a_cluster_lose_nothing(emitter_cluster: Cluster) -> None:
    one, other = emitter_cluster.nodes
    key = emitter_cluster.keygen("a/#/", "rwsl")
    numbers = iter(range(100_000))
    with publishers(one, other) as clients, recovering(one, key) as (client, subscription):

        def run(rounds: int) -> list[str]:
            sent = [str(next(numbers)) for _ in range(rounds * 2)]
            for place, payload in enumerate(sent):
                publish(clients[place % 2], key, payload)
            return sent

        for _ in range(4):
            expected = run(10)
            with away(one, client):
                expected += run(10)
            expected += run(5)
            events = read(subscription, expected[-1])
            assert sorted(payloads(events)) == sorted(expected)
            assert all(gap.recovered and gap.exact for gap in gaps(events))


def test_what_a_node_takes_with_it_is_a_gap(emitter_cluster: Cluster) -> None:
    one, other = emitter_cluster.nodes
    key = emitter_cluster.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there), recovering(one, key) as (client, subscription):
        publish(here, key, "0")
        publish(there, key, "1")
        assert sorted(payloads(read(subscription, "1"))) == ["0", "1"]
        with away(one, client):
            publish(here, key, "both nodes are known")
        read(subscription, "both nodes are known")
        with away(one, client):
            publish(there, key, "gone with its node")
            other.kill()
            publish(here, key, "2")
        publish(here, key, "end")

        (gap,), found = gaps(events := read(subscription, "end")), payloads(events)

        assert found[-2:] == ["2", "end"]
        assert not gap.recovered


def test_what_another_node_stored_before_a_subscription_is_not_told_to_be_missed(one_second: Cluster) -> None:
    one, other = one_second.nodes
    key = one_second.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there):
        publish(there, key, "before")
        one_second.clock.advance(1)
        # They fill the page with which the subscription begins.
        publish(here, key, *map(str, range(70)))
        with recovering(one, key) as (client, subscription):
            publish(here, key, "live")
            read(subscription, "live")
            with away(one, client):
                publish(here, key, "missed")
            publish(here, key, "end")

            (gap,), found = gaps(events := read(subscription, "end")), payloads(events)

            assert found[-2:] == ["missed", "end"]
            assert not gap.exact or found == ["missed", "end"]


@pytest.mark.parametrize("asked", [0, 1])
def test_a_subscription_knows_all_of_the_second_in_which_it_begins(one_second: Cluster, asked: int) -> None:
    one, other = one_second.nodes[asked], one_second.nodes[1 - asked]
    key = one_second.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there):
        # More than a subscription begins with.
        publish(here, key, *(f"A{number}" for number in range(70)))
        publish(there, key, *(f"B{number}" for number in range(30)))
        with recovering(one, key) as (client, subscription):
            publish(here, key, "live")
            read(subscription, "live")
            with away(one, client):
                publish(here, key, "missed")
            publish(here, key, "end")

            (gap,), found = gaps(events := read(subscription, "end")), payloads(events)

            assert found == ["missed", "end"]
            assert gap.exact


def test_a_gap_whose_page_waited_for_a_node_that_does_not_answer_is_not_recovered(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = broker.keygen("a/#/", "rwsl")
    with publishers(broker) as (publisher,), recovering(broker, key) as (client, subscription):
        publish(publisher, key, "0")
        read(subscription, "0")
        monkeypatch.setattr(node_watch, "NODE_TIMEOUT_S", 0.05)
        with away(broker, client):
            publish(publisher, key, "1")
            broker.faults.delay_replies(0.06)
        publish(publisher, key, "2")

        (gap,), found = gaps(events := read(subscription, "2")), payloads(events)

        assert found == ["1", "2"]
        assert not gap.recovered


def test_the_history_of_a_cluster_is_whole(emitter_cluster: Cluster) -> None:
    clock = emitter_cluster.clock
    one, other = emitter_cluster.nodes
    key = emitter_cluster.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there):
        for second in range(8):
            publish(here, key, *(f"A{second}.{number}" for number in range(90)))
            publish(there, key, *(f"B{second}.{number}" for number in range(90)))
            clock.advance(1)

        for client in (here, there):
            found = [message.as_string() for message in client.history(key, CHANNEL)]

            assert len(found) == len(set(found)) == 8 * 180
            for node in "AB":
                mine = [payload for payload in found if payload[0] == node]
                assert mine == [f"{node}{second}.{number}" for second in range(8) for number in range(90)]


def test_a_second_that_nodes_fill_with_more_than_a_page_is_told(one_second: Cluster) -> None:
    one, other = one_second.nodes
    key = one_second.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there):
        publish(here, key, *(f"A{number}" for number in range(900)))
        publish(there, key, *(f"B{number}" for number in range(900)))
        found: list[str] = []

        with pytest.raises(HistoryIncomplete) as caught:
            found.extend(message.as_string() for message in here.history(key, CHANNEL))

        assert found
        assert caught.value.seconds


def test_one_process_has_no_second_that_is_too_large(broker: Broker) -> None:
    with publishers(broker) as (client,):
        channel = fresh_channel()
        key = broker.keygen(f"{channel}#/", "rwsl")
        publish(client, key, *(f"{number:0500}" for number in range(500)), channel=channel)

        assert [int(message.as_string()) for message in client.history(key, channel)] == list(range(500))


@pytest.mark.parametrize("count", [256, 300, 600])
def test_one_message_of_the_node_that_is_asked_is_found_beside_many_of_another(one_second: Cluster, count: int) -> None:
    one, other = one_second.nodes
    key = one_second.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there):
        publish(there, key, "B")
        publish(here, key, *map(str, range(count)))

        for client in (here, there):
            found = [message.as_string() for message in client.history(key, CHANNEL)]

            assert sorted(found) == sorted(["B", *map(str, range(count))])


def test_the_newest_messages_of_a_cluster_are_the_newest_of_each_node(one_second: Cluster) -> None:
    """A page leaves out the newest messages of the node that is asked, of the oldest second that it holds."""
    one, other = one_second.nodes
    key = one_second.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there):
        publish(here, key, *(f"A{number}" for number in range(8)))
        one_second.clock.advance(1)
        publish(there, key, *(f"B{number}" for number in range(5)))

        for client in (here, there):
            found = [message.as_string() for message in client.history(key, CHANNEL, last=10)]

            assert found == ["A3", "A4", "A5", "A6", "A7", "B0", "B1", "B2", "B3", "B4"]


def test_a_second_that_another_node_overfills_is_told_to_a_reader_that_lost_its_connection(one_second: Cluster) -> None:
    one, other = one_second.nodes
    key = one_second.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there), recovering(other, key) as (client, subscription):
        publish(there, key, "first")
        read(subscription, "first")
        with away(other, client):
            publish(there, key, "missed")
            publish(here, key, *map(str, range(1_500)))
        publish(there, key, "end")

        found = read(subscription, "end")

        assert "missed" in payloads(found) or not all(gap.recovered for gap in gaps(found))


def test_a_subscriber_is_told_of_a_second_that_it_cannot_fetch_as_a_whole(one_second: Cluster) -> None:
    """Also where it is older than what had to be fetched before the subscription could begin."""
    one, other = one_second.nodes
    key = one_second.keygen("a/#/", "rwsl")
    with publishers(one, other) as (here, there):
        begin = one_second.clock()
        publish(there, key, *(f"B{number}" for number in range(900)))
        publish(here, key, *(f"A{number}" for number in range(900)))
        one_second.clock.advance(5)
        publish(here, key, *(f"{number:0200}" for number in range(300)))
        since = datetime.fromtimestamp(begin - 1, UTC)
        with there.subscribe(key, CHANNEL, since=since) as subscription:
            publish(there, key, "end")

            found = read(subscription, "end")

        assert len(payloads(found)) < 2_101
        assert not all(gap.recovered for gap in gaps(found))
        assert gaps(found)
