"""Positional arguments, options and channels of old programs mean what they meant."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from emitter_typed import Client, InvalidArgument, Key, Message, PresenceEvent, PresenceStatus
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S


def test_options_stand_where_they_stood(client: Client, broker: Broker, key: Key) -> None:
    got: SimpleQueue[str] = SimpleQueue()

    def on_message(message: Message) -> None:
        got.put(message.as_string())

    client.publish(key, "a/", "stored", {Client.with_ttl(60), Client.QOS1})
    client.publish(key, "a/", "retained", {Client.RETAIN, Client.with_at_least_once()})
    client.subscribe(key, "a/", on_message, {Client.with_last(2)})
    assert {got.get(timeout=LIMIT_S), got.get(timeout=LIMIT_S)} == {"stored", "retained"}
    client.publish(key, "a/", "unheard", {Client.without_echo(), Client.QOS1})
    client.link(key, "a/b", "ab", False, {Client.with_ttl(60)})
    client.publish_with_link("ab", "by link")
    assert got.get(timeout=LIMIT_S) == "by link"
    group_key = broker.keygen("#/", "rw")
    client.subscribe_with_group(group_key, "g", "workers", on_message, {Client.with_last(2)})
    client.publish(group_key, "g", "shared", {Client.QOS0})
    assert got.get(timeout=LIMIT_S) == "shared"
    assert [each.as_string() for each in client.history(key, "a/")] == ["stored", "retained", "by link"]


def test_a_qos_of_one_is_acknowledged_and_refused_at_the_call(client: Client) -> None:
    with pytest.raises(InvalidArgument, match="link does not take qos"):
        client.link("k" * 32, "a/", "ab", False, {Client.QOS1})


def test_no_options_may_be_an_empty_dict(client: Client, key: Key) -> None:
    """As the official client's own default is."""
    got: SimpleQueue[bytes] = SimpleQueue()
    client.subscribe(key, "a/", lambda message: got.put(message.binary), {})
    client.publish(key, "a/", "x", {})
    assert got.get(timeout=LIMIT_S) == b"x"
    with pytest.raises(InvalidArgument, match="expected a list or a set of options, got a dict"):
        client.publish(key, "a/", "x", {Client.with_ttl(1): True})


def test_presence_takes_a_handler_in_its_place(client: Client, key: Key) -> None:
    got: SimpleQueue[PresenceEvent] = SimpleQueue()
    client.presence(key, "a", True, False, got.put)
    assert isinstance(got.get(timeout=LIMIT_S), PresenceStatus)


def test_no_options_may_be_none_as_in_the_official_client(client: Client, key: Key) -> None:
    nothing: Any = None  # What a program without a checker gives.
    client.subscribe(key, "a/", options=nothing)
    client.publish(key, "a/", "x", nothing)


CALLS: dict[str, Callable[[Client, Broker, Key, str], object]] = {
    "keygen": lambda client, broker, _, channel: client.keygen(broker.master_key, channel, "rw").channel,
    "link": lambda client, _, key, channel: client.link(key, channel, "ab", False).channel,
    "presence": lambda client, _, key, channel: client.presence(key, channel, True).channel,
    "publish": lambda client, _, key, channel: client.publish(key, channel, "x", {Client.QOS1}),
    "subscribe": lambda client, _, key, channel: client.subscribe(key, channel).channel,
    "subscribe_with_group": lambda client, broker, _, channel: (
        client.subscribe_with_group(broker.keygen("#/", "r"), channel, "g").channel
    ),
    "unsubscribe": lambda client, _, key, channel: client.unsubscribe(key, channel),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_channel_may_lack_its_last_slash(client: Client, broker: Broker, key: Key, call: str) -> None:
    assert CALLS[call](client, broker, key, "a/b") == CALLS[call](client, broker, key, "a/b/")


@pytest.mark.parametrize(("subscribed", "unsubscribed"), [("a/b", "a/b/"), ("a/b/", "a/b")])
def test_with_and_without_its_last_slash_a_channel_is_the_same(
    client: Client, key: Key, subscribed: str, unsubscribed: str
) -> None:
    subscription = client.subscribe(key, subscribed)
    client.publish(key, unsubscribed, "x", qos=1)
    client.unsubscribe(key, unsubscribed)
    assert [message.channel for message in subscription] == ["a/b/"]
