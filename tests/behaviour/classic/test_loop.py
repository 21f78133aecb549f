"""Programs that run the network loop find what they rest on, though the client runs its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic

import pytest

from emitter_typed import Client, Closed, InvalidArgument, Key, Message
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S

STARTS: dict[str, Callable[[Client], None]] = {
    "loop_start": Client.loop_start,
    "loop": lambda client: client.loop(0),
}


@pytest.mark.parametrize("start", STARTS)
def test_a_handler_that_is_set_after_connect_hears_of_the_connection_once(client: Client, start: str) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    client.on_connect = lambda: told.put("connected")

    STARTS[start](client)
    STARTS[start](client)

    assert told.get(timeout=LIMIT_S) == "connected"
    client.close()
    assert told.empty()


def test_a_handler_that_has_heard_of_the_connection_does_not_hear_of_it_again(broker: Broker) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    client = Client.from_url(broker.url)
    client.on_connect = lambda: told.put("connected")
    with client:
        client.loop_start()
        assert told.get(timeout=LIMIT_S) == "connected"
    client.loop_start()
    client.close()
    assert told.empty()


def test_messages_come_whether_or_not_the_loop_was_started_or_stopped(client: Client, key: Key) -> None:
    got: SimpleQueue[str] = SimpleQueue()

    def on_message(message: Message) -> None:
        got.put(message.as_string())

    client.on_message = on_message
    client.subscribe(key, "a/")
    client.publish(key, "a/", "before")
    assert got.get(timeout=LIMIT_S) == "before"
    client.loop_start()
    client.loop_stop()
    client.publish(key, "a/", "after")
    assert got.get(timeout=LIMIT_S) == "after"


def test_loop_waits_for_its_time(client: Client) -> None:
    began = monotonic()
    client.loop(0.02)
    assert monotonic() - began >= 0.02


def test_loop_returns_when_the_client_is_closed(client: Client) -> None:
    returned = threading.Event()

    def wait() -> None:
        client.loop(60 * LIMIT_S)
        returned.set()

    thread = threading.Thread(target=wait)
    thread.start()
    client.close()
    assert returned.wait(LIMIT_S)
    thread.join()


def test_loop_forever_returns_when_a_handler_disconnects(client: Client, key: Key) -> None:
    def leave(_: Message) -> None:
        client.disconnect()

    def come() -> None:
        client.subscribe(key, "a/", leave)
        client.publish(key, "a/", "x")

    client.on_connect = come
    client.loop_forever()
    assert client.connection.status == "closed"


def test_loop_forever_returns_after_the_last_handler_has(client: Client, key: Key) -> None:
    """A program that ends with it ends with all handled."""
    told: list[str] = []

    def leave(_: Message) -> None:
        client.disconnect()

    client.on_disconnect = lambda: told.append("disconnected")
    client.subscribe(key, "a/", leave)
    client.publish(key, "a/", "x")
    client.loop_forever()
    assert told == ["disconnected"]


def test_loop_forever_outlives_a_lost_connection(client: Client, broker: Broker) -> None:
    came: SimpleQueue[int] = SimpleQueue()
    client.on_connect = lambda: came.put(client.connection.connects)
    thread = threading.Thread(target=client.loop_forever)
    thread.start()
    assert came.get(timeout=LIMIT_S) == 1

    broker.faults.drop_connections()

    assert came.get(timeout=LIMIT_S) == 2
    assert thread.is_alive()
    client.close()
    thread.join(LIMIT_S)
    assert not thread.is_alive()


def test_loop_forever_returns_when_the_client_gives_up(broker: Broker) -> None:
    with Client.from_url(broker.url, reconnect=False) as client:
        thread = threading.Thread(target=client.loop_forever)
        thread.start()
        broker.faults.drop_connections()
        thread.join(LIMIT_S)
        assert not thread.is_alive()
        assert client.connection.error is not None


def test_there_is_nothing_to_wait_for_before_connect() -> None:
    client = Client()
    client.loop_start()
    client.loop_stop()
    with pytest.raises(Closed, match=r"loop_forever .* call connect\(\)"):
        client.loop_forever()
    with pytest.raises(Closed, match=r"loop .* call connect\(\)"):
        client.loop(1)


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1", None, True])
def test_what_is_no_time_is_refused(client: Client, timeout: float) -> None:
    with pytest.raises(InvalidArgument) as caught:
        client.loop(timeout)
    assert caught.value.argument == "timeout"
