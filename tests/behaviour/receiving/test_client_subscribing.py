"""The client with threads subscribes, over a socket to the embedded broker."""

from __future__ import annotations

import logging
import sys
import threading
from queue import SimpleQueue

import pytest

from emitter_typed import (
    Client,
    EmitterError,
    InvalidArgument,
    Key,
    Message,
    PresenceEvent,
    PresenceSubscribe,
    PresenceUnsubscribe,
    SlowConsumer,
    Unauthorized,
    Undecodable,
)
from emitter_typed.broker import Broker
from emitter_typed.errors import HandlerFailed
from tests.helpers.loops import LIMIT_S
from tests.helpers.real import fresh_channel
from tests.helpers.samples import WRONG_KEY, Point, texts


@pytest.mark.prefix_matching
def test_messages_are_iterated_in_order(client: Client, key: Key) -> None:
    with client.subscribe(key, "a/") as subscription:
        for number in range(100):
            client.publish(key, "a/b/", str(number))
        assert texts(subscription, 100) == [str(number) for number in range(100)]
        assert (subscription.delivered, subscription.dropped, subscription.pending) == (100, 0, 0)
        assert subscription.get(timeout_s=0) is None
    assert list(subscription) == []


def test_stored_messages_come_first(client: Client, broker: Broker) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "rwsl")
    client.publish(key, channel, "stored", ttl=60, qos=1)
    with client.subscribe(key, channel, last=5) as subscription:
        client.publish(key, channel, "live")
        assert texts(subscription, 2) == ["stored", "live"]


def test_a_handler_gets_messages_in_order_and_may_call_the_client(client: Client, key: Key) -> None:
    seen: SimpleQueue[str] = SimpleQueue()

    def handle(message: Message) -> None:
        client.presence(key, "a/")
        seen.put(message.as_string())

    client.subscribe(key, "a/", handle)
    for number in range(10):
        client.publish(key, "a/", str(number))
    assert [seen.get(timeout=LIMIT_S) for _ in range(10)] == [str(number) for number in range(10)]


def test_on_message_gets_what_has_no_handler_of_its_own(client: Client, key: Key) -> None:
    seen: SimpleQueue[Message] = SimpleQueue()
    client.on_message = seen.put
    client.subscribe(key, "a/")
    client.publish(key, "a/", "x")
    assert seen.get(timeout=LIMIT_S).channel == "a/"


def test_a_handler_that_raises_is_reported_and_gets_the_next_message(
    client: Client, key: Key, errors: SimpleQueue[EmitterError]
) -> None:
    seen: SimpleQueue[str] = SimpleQueue()

    def handle(message: Message) -> None:
        seen.put(message.as_string())
        if message.as_string() == "bad":
            raise KeyError("mine")

    client.subscribe(key, "a/", handle)
    client.publish(key, "a/", "bad")
    client.publish(key, "a/", "good")
    assert [seen.get(timeout=LIMIT_S) for _ in range(2)] == ["bad", "good"]
    error = errors.get(timeout=LIMIT_S)
    assert isinstance(error, HandlerFailed)
    assert isinstance(error.__cause__, KeyError)


def test_a_handler_that_exits_stops_nothing_either(client: Client, key: Key, errors: SimpleQueue[EmitterError]) -> None:
    """In a thread of its own, `sys.exit()` would end that and nothing else, without a word."""
    seen: SimpleQueue[str] = SimpleQueue()

    def handle(message: Message) -> None:
        seen.put(message.as_string())
        if message.as_string() == "exit":
            sys.exit()

    client.subscribe(key, "a/b/", handle)
    client.on_message = handle
    client.subscribe(key, "a/c/")
    for channel in ("a/b/", "a/c/"):
        for text in ("exit", "on"):
            client.publish(key, channel, text, qos=1)
        assert [seen.get(timeout=LIMIT_S) for _ in range(2)] == ["exit", "on"]
        assert isinstance(errors.get(timeout=LIMIT_S), HandlerFailed)


@pytest.mark.prefix_matching
def test_what_does_not_decode_goes_to_on_error_and_the_stream_goes_on(
    client: Client, key: Key, errors: SimpleQueue[EmitterError]
) -> None:
    with client.subscribe(key, "a/", payload=Point) as points:
        client.publish(key, "a/", Point(x=1))
        client.publish(key, "a/b/", b'{"x":"one"}')
        client.publish(key, "a/", Point(x=2))
        assert [next(points).payload.x for _ in range(2)] == [1, 2]
    problem = errors.get(timeout=LIMIT_S)
    assert isinstance(problem, Undecodable)
    assert (problem.channel, problem.path, problem.raw) == ("a/b/", "$.x", b'{"x":"one"}')


def test_a_refused_subscription_raises_and_leaves_nothing(client: Client, key: Key) -> None:
    with pytest.raises(Unauthorized) as caught:
        client.subscribe(WRONG_KEY, "a/")
    assert caught.value.operation == "subscribe"
    with client.subscribe(key, "a/") as subscription:
        client.publish(key, "a/", "x")
        assert texts(subscription, 1) == ["x"]


def test_a_subscription_where_replies_arrive_must_be_asked_for(client: Client, broker: Broker) -> None:
    everything = client.keygen(broker.master_key, "#/", "rw").key
    for channel in ("emitter/", "+/", "+/+/", "emitter/keygen/"):
        with pytest.raises(InvalidArgument, match="allow_reserved"):
            client.subscribe(everything, channel)
    with client.subscribe(everything, "emitter/keygen/", allow_reserved=True):
        assert client.keygen(broker.master_key, "a/", "r").channel == "a/"


@pytest.mark.prefix_matching
def test_two_subscriptions_share_the_wire_and_the_last_leaves_it(client: Client, key: Key) -> None:
    left: SimpleQueue[PresenceEvent] = SimpleQueue()
    client.presence(key, "a/", changes=True, optional_handler=left.put)
    first = client.subscribe(key, "a/b/")
    second = client.subscribe(key, "a/b/")
    client.publish(key, "a/b/", "both")
    assert texts(first, 1) == texts(second, 1) == ["both"]
    first.close()
    client.publish(key, "a/b/", "one", qos=1)
    assert texts(second, 1) == ["one"]
    assert first.get(timeout_s=0) is None
    second.close()
    second.close()
    while not isinstance(left.get(timeout=LIMIT_S), PresenceUnsubscribe):
        pass
    assert client.presence(key, "a/b/", status=True).who == ()


def test_unsubscribe_ends_all_of_a_channel(client: Client, key: Key) -> None:
    first, second = client.subscribe(key, "a/"), client.subscribe(key, "a/")
    other = client.subscribe(key, "a/b/")
    client.unsubscribe(key, "a/")
    assert list(first) == list(second) == []
    client.publish(key, "a/b/", "x")
    assert texts(other, 1) == ["x"]


def test_an_unsubscribe_with_a_wrong_key_raises_and_ends_nothing(client: Client, key: Key) -> None:
    subscription = client.subscribe(key, "a/")
    with pytest.raises(Unauthorized):
        client.unsubscribe(WRONG_KEY, "a/")
    client.publish(key, "a/", "x")
    assert texts(subscription, 1) == ["x"]


def test_a_full_queue_drops_and_counts(client: Client, key: Key, caplog: pytest.LogCaptureFixture) -> None:
    subscription = client.subscribe(key, "a/", max_messages=2)
    with caplog.at_level(logging.WARNING, "emitter_typed"):
        for number in range(5):
            client.publish(key, "a/", str(number), qos=1)
    assert (subscription.pending, subscription.dropped) == (2, 3)
    assert texts(subscription, 2) == ["3", "4"]
    assert caplog.text.count("subscription.overflow") == 1


def test_a_subscription_that_was_too_slow_ends_at_the_broker_too(client: Client, key: Key) -> None:
    left: SimpleQueue[PresenceEvent] = SimpleQueue()
    client.presence(key, "a/", changes=True, optional_handler=left.put)
    subscription = client.subscribe(key, "a/", max_bytes=3, overflow="fail")
    assert isinstance(left.get(timeout=LIMIT_S), PresenceSubscribe)
    client.publish(key, "a/", "too much", qos=1)
    with pytest.raises(SlowConsumer):
        subscription.get(LIMIT_S)
    assert isinstance(left.get(timeout=LIMIT_S), PresenceUnsubscribe)


def test_a_queue_that_fails_ends_its_subscription_for_all_who_wait(client: Client, key: Key) -> None:
    subscription = client.subscribe(key, "a/", max_bytes=3, overflow="fail")
    ends: SimpleQueue[BaseException | None] = SimpleQueue()

    def wait() -> None:
        try:
            subscription.get(LIMIT_S)
            ends.put(None)
        except SlowConsumer as error:
            ends.put(error)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for each in threads:
        each.start()
    client.publish(key, "a/", "too much", qos=1)
    assert all(isinstance(ends.get(timeout=LIMIT_S), SlowConsumer) for _ in threads)
    for each in threads:
        each.join()
    subscription.close()
