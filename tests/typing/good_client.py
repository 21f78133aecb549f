"""What a checker knows of a `Client`. Never run."""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import SimpleQueue
from typing import Literal, assert_type

from attrs import frozen

from emitter_typed import (
    Client,
    Key,
    KeygenResponse,
    Message,
    Pending,
    Permission,
    PresenceEvent,
    PresenceInfo,
    PresenceResponse,
    PublishOption,
    Secret,
    Statistics,
    SubscribeOption,
    Subscription,
)
from emitter_typed.contract import Handler


@frozen(kw_only=True)
class Reading:
    celsius: float


class Device(Client):
    """A class of a user's own."""


def clients(url: str) -> None:
    with Client.from_url(url, username="ann", overflow="fail") as client:
        assert_type(client, Client)
    with Device.from_url(url) as device:
        assert_type(device, Device)
    assert_type(Client(url), Client)
    assert_type(Device([url, "mqtts://localhost"], username="ann"), Device)
    assert_type(Client.from_url((url, url)).connection.url, str | None)
    client = Client(timeout_s=1, matcher="mqtt")
    assert_type(client.connect("localhost", 8080, secure=False), None)
    assert_type(client.close(), None)


def numbers(client: Client) -> float:
    statistics = client.statistics()
    assert_type(statistics, Statistics)
    assert_type(statistics.requests["keygen"].timed_out, int)
    assert_type(statistics.connects, int)
    return statistics.round_trips.mean_s or 0.0


def keys(client: Client) -> None:
    made = client.keygen(os.environ["EMITTER_MASTER_KEY"], "chat/#/", "rw", timedelta(hours=1))
    assert_type(made, KeygenResponse)
    assert_type(made.key, Key)
    assert_type(made.key.reveal(), str)
    assert_type(made.channel, str)
    client.keygen(Key("master"), "chat/", Permission.READ | Permission.WRITE, ttl=3600, timeout_s=1)
    as_secret: Secret = made.key
    assert_type(Key(as_secret), Key)


def permissions() -> None:
    both = Permission.READ | Permission.WRITE
    assert_type(both, Permission)
    assert_type(~both & Permission("rwslp"), Permission)
    assert_type(Permission.READ in both, bool)
    assert_type(both.letters, str)
    for one in both:
        assert_type(one, Permission)


def presence(client: Client, key: Key) -> None:
    there = client.presence(key, "chat/", status=True, changes=True)
    assert_type(there, PresenceResponse)
    assert_type(there.time, datetime | None)
    assert_type(there.channel, str | None)
    assert_type(there.who, tuple[PresenceInfo, ...])
    for person in there.who:
        assert_type(person.id, str)
        assert_type(person.username, str | None)


def publish(client: Client, key: Key) -> None:
    assert_type(client.publish(key, "chat/", "hello"), None)
    client.publish("a key as text", "chat/", b"hello", ttl=60, echo=False, retain=True, qos=1, timeout_s=1)
    client.publish(key, "chat/", {"celsius": 21.5}, ttl=timedelta(minutes=1))
    client.publish(key, "chat/", Reading(celsius=21.5))

    pending = client.publish_nowait(key, "chat/", "hello", qos=0)
    assert_type(pending, Pending)
    assert_type(pending.done, bool)
    assert_type(pending.wait(timeout_s=1), None)


def classic_options(client: Client, key: Key) -> None:
    kept = {Client.with_ttl(60), Client.without_echo(), Client.with_at_least_once()}
    assert_type(kept, set[PublishOption])
    client.publish(key, "chat/", "hello", kept)
    client.publish_nowait(key, "chat/", "hello", options=[client.with_retain()])

    newest = [Client.with_last(10), Client.with_from(datetime.now(UTC)), Client.with_until(datetime.now(UTC))]
    assert_type(newest, list[SubscribeOption])
    client.subscribe(key, "chat/", None, newest)


def subscribe(client: Client, key: Key) -> None:
    with client.subscribe(key, "chat/", last=10, since=datetime.now(UTC), max_messages=5) as subscription:
        assert_type(subscription, Subscription[Message[bytes]])
        assert_type(subscription.get(timeout_s=1), Message[bytes] | None)
        assert_type(subscription.dropped, int)
        for message in subscription:
            assert_type(message.channel, str)
            assert_type(message.payload, bytes)
            assert_type(message.as_string(), str)
            assert_type(message.as_binary(), bytes)
            assert_type(message.as_object(), object)
            assert_type(message.as_object(Reading), Reading)


def subscribe_with_payload(client: Client, key: Key) -> None:
    subscription = client.subscribe(key, "chat/", payload=Reading)
    assert_type(subscription, Subscription[Message[Reading]])
    for message in subscription:
        assert_type(message.payload.celsius, float)
    assert_type(client.subscribe(key, "chat/", payload=list[Reading]), Subscription[Message[list[Reading]]])
    assert_type(client.subscribe(key, "chat/", payload=dict[str, int]), Subscription[Message[dict[str, int]]])
    for each in subscription:
        match each:
            case Message(channel, reading):
                assert_type(channel, str)
                assert_type(reading, Reading)


def a_reader_of_any_message(client: Client, key: Key) -> None:
    def count(messages: Subscription[Message[object]]) -> int:
        return sum(1 for message in messages if message.payload is not None)

    count(client.subscribe(key, "chat/"))
    count(client.subscribe(key, "chat/", payload=Reading))


def bare_names_are_of_bytes(message: Message, subscription: Subscription) -> Iterator[bytes]:
    assert_type(message, Message[bytes])
    assert_type(subscription, Subscription[Message[bytes]])
    yield message.payload
    for each in subscription:
        yield each.payload


def a_message_of_something_is_a_message_of_any_object(message: Message[Reading]) -> Message[object]:
    return message


def handlers(client: Client, key: Key) -> None:
    def on_bytes(message: Message) -> None:
        assert_type(message.payload, bytes)

    def on_reading(message: Message[Reading]) -> None:
        assert_type(message.payload, Reading)

    def on_anything(message: Message[object]) -> None:
        assert_type(message.payload, object)

    def on_event(event: PresenceEvent) -> None: ...

    client.subscribe(key, "chat/", on_bytes)
    client.subscribe(key, "chat/", on_reading, payload=Reading)
    client.subscribe(key, "chat/", on_anything)
    client.presence(key, "chat/", changes=True, optional_handler=on_event)
    client.on_message = on_bytes
    client.on_presence = on_event
    client.on_error = None


def methods_that_take_one_thing_are_handlers(client: Client, key: Key) -> None:
    messages: SimpleQueue[Message] = SimpleQueue()
    readings: list[Message[Reading]] = []
    events: SimpleQueue[PresenceEvent] = SimpleQueue()
    client.subscribe(key, "chat/", messages.put)
    client.subscribe(key, "chat/", readings.append, payload=Reading)
    client.on_presence = events.put
    client.on_error = partial(logging.warning, "reported: %s")


def a_lambda_knows_what_it_handles(client: Client, key: Key, payloads: list[bytes], errors: list[str]) -> None:
    client.subscribe(key, "chat/", lambda message: payloads.append(message.payload))
    client.on_error = lambda error: errors.append(error.message)


def handlers_can_be_read(client: Client) -> Handler[PresenceEvent] | None:
    return assert_type(client.on_presence, Handler[PresenceEvent] | None)


def forwarded(client: Client, key: Key, qos: Literal[0, 1], overflow: Literal["drop_oldest", "fail"]) -> None:
    """What a program takes from its own configuration keeps its type."""
    client.publish(key, "chat/", "hello", qos=qos)
    client.subscribe(key, "chat/", overflow=overflow)
