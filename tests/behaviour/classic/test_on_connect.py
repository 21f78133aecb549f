"""A program that subscribes whenever it is connected has one subscription, however often that is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

import pytest

from emitter_typed import Client, Key, Message
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S

Got = SimpleQueue[str]
Style = Callable[[Client, Key, Got], None]


def put(got: Got, message: Message) -> None:
    got.put(message.as_string())


def with_a_lambda(client: Client, key: Key, got: Got) -> None:
    client.subscribe(key, "a/", lambda message: got.put(message.as_string()))


def with_a_function_that_is_made_here(client: Client, key: Key, got: Got) -> None:
    def on_chat(message: Message, name: str = "x") -> None:
        got.put(message.as_string())

    client.subscribe(key, "a/", on_chat)


def with_a_partial(client: Client, key: Key, got: Got) -> None:
    client.subscribe(key, "a/", partial(put, got))


def with_options(client: Client, key: Key, got: Got) -> None:
    client.subscribe(key, "a", partial(put, got), {Client.with_last(2)})


def with_on_message(client: Client, key: Key, got: Got) -> None:
    client.on_message = partial(put, got)
    client.subscribe(key, "a/")


def with_another_on_message_each_time(client: Client, key: Key, got: Got) -> None:
    connects = [client.connection.connects]
    client.on_message = lambda message: got.put(message.as_string() if connects else "")
    client.subscribe(key, "a/")


STYLES: list[Style] = [
    with_a_lambda,
    with_a_function_that_is_made_here,
    with_a_partial,
    with_options,
    with_on_message,
    with_another_on_message_each_time,
]


@pytest.mark.parametrize("subscribe", STYLES, ids=lambda style: style.__name__)
def test_each_message_comes_once_after_each_reconnect(
    client: Client, broker: Broker, key: Key, subscribe: Style
) -> None:
    got: Got = SimpleQueue()
    done: SimpleQueue[int] = SimpleQueue()

    def on_connect() -> None:
        subscribe(client, key, got)
        done.put(client.connection.connects)

    client.on_connect = on_connect
    client.loop_start()
    for connects in (1, 2, 3):
        assert done.get(timeout=LIMIT_S) == connects
        client.publish(key, "a/", f"{connects}", qos=1)
        assert got.get(timeout=LIMIT_S) == f"{connects}"
        broker.faults.drop_connections()
    assert done.get(timeout=LIMIT_S) == 4
    client.publish(key, "a/", "last", qos=1)
    assert got.get(timeout=LIMIT_S) == "last"
    # What had come twice would have been handled by the end of this.
    client.drain()
    assert got.empty()


def test_handlers_that_do_different_things_have_a_subscription_each(client: Client, key: Key) -> None:
    """Though the same code makes them."""
    got: list[Got] = [SimpleQueue(), SimpleQueue()]
    for each in got:
        with_a_lambda(client, key, each)
        with_a_partial(client, key, each)
    client.publish(key, "a/", "x", qos=1)
    assert [each.get(timeout=LIMIT_S) for each in (*got, *got)] == ["x"] * 4
