"""The client for threads, over the embedded broker: results and errors where they were asked."""

from __future__ import annotations

import gc
import logging
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest
from attrs import frozen

from emitter_typed import (
    BadRequest,
    Client,
    Closed,
    ConnectionLost,
    EmitterError,
    Forbidden,
    InvalidArgument,
    Key,
    Message,
    PresenceEvent,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    RequestTimeout,
    SlowConsumer,
    Unauthorized,
    Undecodable,
)
from emitter_typed.broker import Broker
from emitter_typed.contract import Record
from emitter_typed.errors import ConnectionRefused, HandlerFailed
from tests.behaviour.loops import LIMIT_S
from tests.behaviour.real import fresh_channel
from tests.unit.transport.listeners import listener

WRONG_KEY = "wrong-wrong-wrong-wrong-wrong-00"


@frozen(kw_only=True)
class Point(Record):
    x: int


@pytest.fixture
def client(broker: Broker) -> Iterator[Client]:
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as connected:
        yield connected


@pytest.fixture
def once(broker: Broker) -> Iterator[Client]:
    """A client that does not connect again."""
    with Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect=False) as connected:
        yield connected


@pytest.fixture
def key(client: Client, broker: Broker) -> Key:
    return client.keygen(broker.master_key, "a/#/", "rwp").key


@pytest.fixture
def errors(client: Client) -> SimpleQueue[EmitterError]:
    """What reaches on_error."""
    queue: SimpleQueue[EmitterError] = SimpleQueue()
    client.on_error = queue.put
    return queue


def texts(subscription: Iterator[Message], count: int) -> list[str]:
    return [next(subscription).as_string() for _ in range(count)]


# Requests


def test_a_handler_of_a_refused_request_is_forgotten(client: Client, broker: Broker, key: Key) -> None:
    kept: SimpleQueue[PresenceEvent] = SimpleQueue()
    forgotten: SimpleQueue[PresenceEvent] = SimpleQueue()
    client.on_presence = kept.put
    read_only = client.keygen(broker.master_key, "a/#/", "r").key
    with pytest.raises(Unauthorized):
        client.presence(read_only, "a/", changes=True, optional_handler=forgotten.put)
    client.presence(key, "a/", status=True)
    assert isinstance(kept.get(timeout=LIMIT_S), PresenceStatus)
    assert forgotten.empty()


def test_a_refusal_that_comes_after_the_call_gave_up_is_reported(
    client: Client, broker: Broker, errors: SimpleQueue[EmitterError]
) -> None:
    broker.faults.stall_reading()
    with pytest.raises(RequestTimeout):
        client.keygen(WRONG_KEY, "a/", "r", timeout_s=0.05)
    broker.faults.resume_reading()
    assert isinstance(errors.get(timeout=LIMIT_S), Unauthorized)


def test_a_key_is_returned_where_it_was_asked_for(client: Client, broker: Broker) -> None:
    made = client.keygen(broker.master_key, "a/b/", "rw")
    assert made.channel == "a/b/"
    client.publish(made.key, "a/b/", "x", qos=1)


def test_a_wrong_master_key_is_refused_at_the_call(client: Client) -> None:
    with pytest.raises(Unauthorized) as caught:
        client.keygen(WRONG_KEY, "a/", "r")
    assert (caught.value.status, caught.value.operation) == (401, "keygen")


@pytest.mark.parametrize("channel", ["", "/", "a b/", "a//b/", "é/", "a/?x=1"])
def test_a_channel_that_is_none_is_refused_before_anything_is_sent(client: Client, key: Key, channel: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: client.publish(key, channel, "x"),
        lambda: client.subscribe(key, channel),
        lambda: client.unsubscribe(key, channel),
        lambda: client.presence(key, channel),
        lambda: client.keygen(key, channel, "r"),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument) as caught:
            call()
        assert caught.value.argument == "channel"


def test_presence_answers_and_tells_of_changes(client: Client, key: Key, broker: Broker) -> None:
    events: SimpleQueue[PresenceEvent] = SimpleQueue()
    client.on_presence = events.put
    assert client.presence(key, "a/", status=True, changes=True).who == ()
    assert isinstance(events.get(timeout=LIMIT_S), PresenceStatus)
    with Client.from_url(broker.url, username="bob", timeout_s=LIMIT_S) as other:
        other.subscribe(key, "a/b/")
        came = events.get(timeout=LIMIT_S)
        assert isinstance(came, PresenceSubscribe)
        assert (came.channel, came.who.username) == ("a/b/", "bob")
        response = client.presence(key, "a/b/", status=True)
        assert [one.username for one in response.who] == ["bob"]
        events.get(timeout=LIMIT_S)
    gone = events.get(timeout=LIMIT_S)
    assert isinstance(gone, PresenceUnsubscribe)
    assert gone.who.id == came.who.id


def test_a_channels_own_handler_gets_its_presence_and_no_other(client: Client, key: Key) -> None:
    general: SimpleQueue[PresenceEvent] = SimpleQueue()
    own: SimpleQueue[PresenceEvent] = SimpleQueue()
    client.on_presence = general.put
    client.presence(key, "a/own/", changes=True, optional_handler=own.put)
    client.presence(key, "a/other/", changes=True)
    client.subscribe(key, "a/own/")
    client.subscribe(key, "a/other/")
    assert own.get(timeout=LIMIT_S).channel == "a/own/"
    assert general.get(timeout=LIMIT_S).channel == "a/other/"
    assert own.empty()
    assert general.empty()


# Publishing


def test_an_acknowledged_message_has_arrived(client: Client, key: Key) -> None:
    subscription = client.subscribe(key, "a/")
    client.publish(key, "a/b/", "zero")
    client.publish(key, "a/b/", {"é": 1}, qos=1)
    client.publish(key, "a/b/", b"\xff", {Client.with_at_least_once(), Client.with_ttl(5)})
    assert [next(subscription).as_binary() for _ in range(3)] == [b"zero", '{"é":1}'.encode(), b"\xff"]


def test_a_client_need_not_hear_itself(client: Client, key: Key) -> None:
    subscription = client.subscribe(key, "a/")
    client.publish(key, "a/", "unheard", echo=False)
    client.publish(key, "a/", "heard", qos=1)
    assert texts(subscription, 1) == ["heard"]


def test_a_refused_publish_raises_at_the_call(client: Client, key: Key) -> None:
    with pytest.raises(Unauthorized):
        client.publish(WRONG_KEY, "a/", "x", qos=1)
    with pytest.raises(Unauthorized):
        client.publish(key, "b/", "x", qos=1)
    with pytest.raises((Forbidden, InvalidArgument)):
        client.publish(key, "a/+/", "x", qos=1)
    client.publish(key, "a/", "x", qos=1)


def test_a_refused_publish_at_qos_0_goes_to_on_error(client: Client, errors: SimpleQueue[EmitterError]) -> None:
    client.publish(WRONG_KEY, "a/", "x")
    error = errors.get(timeout=LIMIT_S)
    assert isinstance(error, Unauthorized)
    assert error.operation == "publish"


def test_many_can_be_under_way_at_once(client: Client, key: Key) -> None:
    waiting = [client.publish_nowait(key, "a/", str(number)) for number in range(300)]
    for each in waiting:
        each.wait(LIMIT_S)
        assert each.done


def test_a_refusal_is_for_who_holds_the_pending(client: Client, errors: SimpleQueue[EmitterError], key: Key) -> None:
    held = client.publish_nowait(WRONG_KEY, "a/", "x")
    with pytest.raises(Unauthorized):
        held.wait()
    with pytest.raises(Unauthorized):
        held.wait()
    client.publish(key, "a/", "x", qos=1)
    assert errors.empty()


def test_a_refusal_that_nobody_holds_goes_to_on_error(client: Client, errors: SimpleQueue[EmitterError]) -> None:
    client.publish_nowait(WRONG_KEY, "a/", "x")
    assert isinstance(errors.get(timeout=LIMIT_S), Unauthorized)


@pytest.mark.parametrize("qos", [0, 1])
def test_the_largest_message_passes_and_one_byte_more_is_refused(client: Client, key: Key, qos: int) -> None:
    # Remaining length 65,536: the topic and its length, at QoS 1 the identifier, the payload.
    subscription = client.subscribe(key, "a/")
    largest = 65_536 - 2 - len(f"{key.reveal()}/a/") - 2 * qos
    options = {Client.with_at_least_once()} if qos else {Client.with_at_most_once()}
    client.publish(key, "a/", b"x" * largest, options)
    assert len(next(subscription).payload) == largest
    with pytest.raises(InvalidArgument, match=str(largest)) as caught:
        client.publish(key, "a/", b"x" * (largest + 1), options)
    assert caught.value.argument == "message"
    client.publish(key, "a/", "still here", qos=1)


def test_the_longest_filter_passes_and_a_longer_one_is_refused(client: Client, broker: Broker) -> None:
    everything = client.keygen(broker.master_key, "#/", "rw").key
    # Remaining length 65,536: the identifier, the topic and its length, the QoS.
    longest = 65_536 - 2 - 2 - 1 - len(everything.reveal()) - len("//")
    with client.subscribe(everything, "c" * longest):
        pass
    with pytest.raises(InvalidArgument):
        client.subscribe(everything, "c" * (longest + 1))
    client.publish(everything, "a/", "still here", qos=1)


# Subscribing


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
    for channel in ("emitter/", "+/", "#/", "emitter/keygen/"):
        with pytest.raises(InvalidArgument, match="allow_reserved"):
            client.subscribe(everything, channel)
    with client.subscribe(everything, "emitter/keygen/", allow_reserved=True):
        assert client.keygen(broker.master_key, "a/", "r").channel == "a/"


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


# Limits and ends


@pytest.mark.parametrize("operation", ["keygen", "publish", "subscribe", "unsubscribe", "presence"])
def test_a_call_that_nobody_answers_ends_in_its_time(client: Client, key: Key, broker: Broker, operation: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "keygen": lambda: client.keygen(key, "a/", "r", timeout_s=0.1),
        "publish": lambda: client.publish(key, "a/", "x", qos=1, timeout_s=0.1),
        "subscribe": lambda: client.subscribe(key, "a/", timeout_s=0.1),
        "unsubscribe": lambda: client.unsubscribe(key, "a/", timeout_s=0.1),
        "presence": lambda: client.presence(key, "a/", timeout_s=0.1),
    }
    broker.faults.stall_reading()
    with pytest.raises(RequestTimeout) as caught:
        calls[operation]()
    assert (caught.value.operation, caught.value.timeout_s) == (operation, 0.1)
    broker.faults.resume_reading()
    with client.subscribe(key, "a/") as subscription:
        client.publish(key, "a/", "later", qos=1)
        assert texts(subscription, 1) == ["later"]


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf")])
def test_a_time_limit_that_is_none_is_refused_before_anything_is_sent(
    client: Client, key: Key, timeout_s: float
) -> None:
    subscription = client.subscribe(key, "a/")
    calls: list[Callable[[], object]] = [
        lambda: client.publish(key, "a/", "unsent", qos=1, timeout_s=timeout_s),
        lambda: client.unsubscribe(key, "a/", timeout_s=timeout_s),
        lambda: client.subscribe(key, "a/", timeout_s=timeout_s),
        lambda: client.keygen(key, "a/", "r", timeout_s=timeout_s),
    ]
    for call in calls:
        with pytest.raises(InvalidArgument) as caught:
            call()
        assert caught.value.argument == "timeout_s"
    client.publish(key, "a/", "sent")
    assert texts(subscription, 1) == ["sent"]


def test_a_lost_connection_ends_everything_with_a_reason_where_no_other_follows(
    once: Client, key: Key, broker: Broker
) -> None:
    client = once
    subscription = client.subscribe(key, "a/")
    client.publish(key, "a/", "before", qos=1)
    broker.faults.stall_reading()
    pending = client.publish_nowait(key, "a/", "x")
    broker.faults.drop_connections()
    with pytest.raises(ConnectionLost):
        pending.wait()
    assert texts(subscription, 1) == ["before"]
    with pytest.raises(ConnectionLost):
        next(subscription)
    with pytest.raises(ConnectionLost):
        client.publish(key, "a/", "x", qos=1)
    broker.faults.resume_reading()
    client.connect()
    client.publish(key, "a/", "again", qos=1)


def test_whoever_waits_learns_that_the_connection_is_lost(once: Client, key: Key, broker: Broker) -> None:
    ends: SimpleQueue[EmitterError] = SimpleQueue()
    faults = broker.faults
    subscription = once.subscribe(key, "a/")

    def wait() -> None:
        with pytest.raises(ConnectionLost) as caught:
            subscription.get()
        ends.put(caught.value)

    thread = threading.Thread(target=wait)
    thread.start()
    faults.drop_connections()
    assert isinstance(ends.get(timeout=LIMIT_S), ConnectionLost)
    thread.join()


def test_a_handler_without_connection_is_reported(once: Client, key: Key, broker: Broker) -> None:
    errors: SimpleQueue[EmitterError] = SimpleQueue()
    once.on_error = errors.put
    once.subscribe(key, "a/", lambda message: None)
    broker.faults.drop_connections()
    assert isinstance(errors.get(timeout=LIMIT_S), ConnectionLost)


def test_close_sends_what_waits_and_what_arrived_can_be_read(broker: Broker, client: Client, key: Key) -> None:
    subscription = client.subscribe(key, "a/")
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as other:
        for number in range(500):
            other.publish(key, "a/", str(number))
    assert texts(subscription, 500) == [str(number) for number in range(500)]
    client.publish(key, "a/", "last", qos=1)
    client.close()
    client.close()
    assert [message.as_string() for message in subscription] == ["last"]
    with pytest.raises(Closed):
        client.publish(key, "a/", "x")


def test_close_from_a_handler(client: Client, key: Key) -> None:
    closed = threading.Event()

    def handle(message: Message) -> None:
        client.close()
        closed.set()

    client.subscribe(key, "a/", handle)
    client.publish(key, "a/", "x")
    assert closed.wait(LIMIT_S)
    with pytest.raises(Closed):
        client.publish(key, "a/", "x")


def test_a_client_connects_once_at_a_time(client: Client, broker: Broker, key: Key) -> None:
    with pytest.raises(InvalidArgument, match="connected already"):
        client.connect(broker.host, broker.port, False)
    client.close()
    client.connect(broker.host, broker.port, False, 60, "ann")
    client.publish(key, "a/", "x", qos=1)


def test_nothing_can_be_asked_before_connect(broker: Broker) -> None:
    client = Client.from_url(broker.url)
    for call in (
        lambda: client.publish(WRONG_KEY, "a/", "x"),
        lambda: client.publish_nowait(WRONG_KEY, "a/", "x"),
        lambda: client.subscribe(WRONG_KEY, "a/"),
        lambda: client.unsubscribe(WRONG_KEY, "a/"),
        lambda: client.keygen(WRONG_KEY, "a/", "r"),
    ):
        with pytest.raises(Closed, match="connect"):
            call()
    client.close()


def test_a_closed_client_is_collected_with_its_handlers(broker: Broker) -> None:
    client = Client.from_url(broker.url, timeout_s=LIMIT_S)
    client.on_presence = print
    with client:
        key = client.keygen(broker.master_key, "a/", "rw").key
        client.subscribe(key, "a/", print)
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None


# Bad addresses


def test_a_port_where_nothing_listens_is_refused(broker: Broker) -> None:
    url = broker.url
    broker.stop()
    with pytest.raises(ConnectionRefused) as caught:
        Client.from_url(url, timeout_s=LIMIT_S).connect()
    assert caught.value.port == broker.port


@pytest.mark.parametrize("secure", [False, True])
def test_a_server_that_never_answers_is_left_in_time(secure: bool) -> None:
    with listener() as port, pytest.raises((RequestTimeout, ConnectionRefused)):
        Client(timeout_s=0.2).connect("127.0.0.1", port, secure)


def test_a_failed_connect_can_be_tried_again(broker: Broker) -> None:
    client = Client(timeout_s=0.3)
    broker.faults.stall_reading()
    with pytest.raises(RequestTimeout):
        client.connect(broker.host, broker.port, False)
    broker.faults.resume_reading()
    client.connect(broker.host, broker.port, False)
    client.close()


# Secrets


def test_no_key_shows_in_any_log_error_or_repr(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    shown: list[object] = []
    caught: list[EmitterError] = []

    def refused(call: Callable[[], object]) -> None:
        with pytest.raises(EmitterError) as info:
            call()
        caught.append(info.value)

    with caplog.at_level(logging.DEBUG), Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect=False) as client:
        reported: SimpleQueue[EmitterError] = SimpleQueue()
        client.on_error = reported.put
        key = client.keygen(broker.master_key, "a/#/", "rwp").key
        text = key.reveal()
        subscription = client.subscribe(text, "a/", max_messages=1, payload=Point)
        pending = client.publish_nowait(text, "a/", b"no point", ttl=5)
        pending.wait()
        client.publish(text, "a/", Point(x=1), qos=1)
        next(subscription)
        shown += [key, subscription, pending, client, client.presence(text, "a/", status=True)]
        refused(lambda: client.publish(text, "b/", "x", qos=1))
        refused(lambda: client.subscribe(text, "b/"))
        refused(lambda: client.unsubscribe(text, "b/"))
        refused(lambda: client.keygen(text, "b/", "r"))
        refused(lambda: client.publish(text, "a/", "x" * 70_000))
        refused(lambda: client.publish(text, "a b/", "x"))
        refused(lambda: client.publish(text + "/", "a/", "x"))
        refused(lambda: client.publish(text + "é", "a/", "x"))
        refused(lambda: client.subscribe(text, "emitter/"))
        refused(lambda: client.publish(text, "a/", key, qos=1))
        client.publish(text, "b/", "x")
        caught.append(reported.get(timeout=LIMIT_S))
        broker.faults.drop_connections()
        refused(lambda: subscription.get(LIMIT_S))
        refused(lambda: client.publish(text, "a/", "x", qos=1))
    shown += [BadRequest(400, "x", "y"), *caught, *(error.__dict__ for error in caught)]
    written = caplog.text + "".join(f"{each!s} {each!r}" for each in shown)
    for secret in (text, broker.master_key):
        assert secret not in written
        assert secret[:12] not in written
    for error in caught:
        if not (isinstance(error, InvalidArgument) and error.value is key):
            assert text.encode() not in pickle.dumps(error)
