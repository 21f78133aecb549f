"""The client with threads makes requests, over a socket to the embedded broker."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue

import pytest

from emitter_typed import (
    Client,
    EmitterError,
    InvalidArgument,
    Key,
    PresenceEvent,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    RequestTimeout,
    Unauthorized,
)
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S
from tests.helpers.samples import WRONG_KEY


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


@pytest.mark.prefix_matching
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
