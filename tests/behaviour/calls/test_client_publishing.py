"""The client with threads publishes, over a socket to the embedded broker."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from emitter_typed import Client, EmitterError, Forbidden, InvalidArgument, Key, Unauthorized
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S
from tests.helpers.samples import WRONG_KEY, texts


@pytest.mark.prefix_matching
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
