"""Calls that nobody answers, connections that end, and addresses where nobody listens, with threads."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

import pytest

from emitter_typed import Client, Closed, ConnectionLost, EmitterError, InvalidArgument, Key, Message, RequestTimeout
from emitter_typed.broker import Broker
from emitter_typed.errors import ConnectionRefused
from tests.helpers.listeners import listener
from tests.helpers.loops import LIMIT_S
from tests.helpers.samples import WRONG_KEY, texts


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
    with pytest.raises(InvalidArgument, match="already connected"):
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


def test_a_client_that_nobody_can_close_any_more_is_warned_of(emitter_broker: Broker) -> None:
    client = Client.from_url(emitter_broker.url, timeout_s=LIMIT_S, reconnect=False)
    client.connect()
    state = client.connection
    with pytest.warns(ResourceWarning, match=r"<Client .* connected> was not closed: call close\(\)"):
        del client
    emitter_broker.faults.drop_connections()
    assert state.wait("closed", timeout_s=LIMIT_S)


def test_a_client_that_is_closed_or_never_connected_is_not_warned_of(emitter_broker: Broker) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Client.from_url(emitter_broker.url, timeout_s=LIMIT_S):
            pass
        lost = Client.from_url(emitter_broker.url, timeout_s=LIMIT_S, reconnect=False)
        lost.connect()
        emitter_broker.faults.drop_connections()
        assert lost.connection.wait("closed", timeout_s=LIMIT_S)
        del lost
        Client.from_url(emitter_broker.url)
        with pytest.raises(InvalidArgument):
            Client("no URL")
        gc.collect()
    assert [str(each.message) for each in caught] == []


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
    while not client.connection.connects:
        # A busy machine may need more than once.
        with suppress(RequestTimeout):
            client.connect(broker.host, broker.port, False)
    client.close()
