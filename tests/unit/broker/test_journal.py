"""What was published can be looked at and waited for, without a sleep."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

import pytest

from emitter_typed import Client, Key
from emitter_typed._broker.journal import Journal
from emitter_typed.broker import AsyncBroker, Broker, NotPublished, Published
from emitter_typed.errors import Closed, InvalidArgument, Undecodable
from tests.helpers.dialling import greeted
from tests.helpers.packets import Sent, Will


def texts(messages: tuple[Published, ...]) -> str:
    return " ".join(message.as_string() for message in messages)


def filled(*channels: str, max_messages: int = 100, max_bytes: int = 1000) -> Journal:
    journal = Journal(max_messages=max_messages, max_bytes=max_bytes)
    for number, channel in enumerate(channels):
        journal.add(Published(channel, str(number).encode(), 0, None))
    return journal


def test_the_oldest_make_room() -> None:
    assert texts(filled("a/", "a/", "a/", max_messages=2).matching(None)) == "1 2"
    # A channel of two characters and a payload of one.
    assert texts(filled("a/", "a/", "a/", max_bytes=6).matching(None)) == "1 2"


@pytest.mark.parametrize(
    ("channel", "found"), [(None, "0 1 2"), ("a/", "0 1"), ("a/b/", "1"), ("+/b/", "1"), ("z/", "")]
)
def test_what_was_published_is_found_by_channel(channel: str | None, found: str) -> None:
    assert texts(filled("a/", "a/b/", "b/").matching(channel)) == found


def test_a_long_payload_is_shown_in_part() -> None:
    assert len(repr(Published("a/", b"x" * 10_000, 0, None))) < 200


def test_accepted_messages_are_noted_with_their_time_to_live_and_publisher(broker: Broker) -> None:
    key = broker.keygen("a/", "rw")
    with Client.from_url(broker.url, username="ann") as client:
        client.publish(key, "a/", "one", qos=1, ttl=60)
        client.publish(key, "a/", "two", qos=1, retain=True)
        client.link(key, "a/", "l", subscribe=False)
        client.publish_with_link("l", "three")
        client.publish(key, "elsewhere/", "refused")
        client.me()
    assert broker.published == (
        Published("a/", b"one", 60, "ann"),
        Published("a/", b"two", 30 * 24 * 3600, "ann"),
        Published("a/", b"three", 0, "ann"),
    )


def test_a_will_is_noted(broker: Broker) -> None:
    key = broker.keygen("a/", "w").reveal()
    with greeted(broker) as connection:
        connection.send(Sent("CONNECT", will=Will(f"{key}/a/", b"gone"), username="ann"))
        assert connection.types(1) == ["CONNACK"]
    assert broker.wait_published() == (Published("a/", b"gone", 0, "ann"),)


def test_one_waits_for_messages_that_are_still_to_come(broker: Broker) -> None:
    key = broker.keygen("a/#/", "w")
    with Client.from_url(broker.url) as client:

        def publish() -> None:
            for text in ("one", "two"):
                client.publish(key, "a/b/", text)
                client.publish(key, "a/c/", "other")

        publisher = threading.Thread(target=publish)
        publisher.start()
        assert texts(broker.wait_published(2, channel="a/b")) == "one two"
        publisher.join()


def test_waiting_ends_when_the_time_is_over(broker: Broker) -> None:
    with pytest.raises(NotPublished, match=r"0 of 2 messages were published to a/ within 0\.01 s") as missing:
        broker.wait_published(2, channel="a", timeout_s=0.01)
    assert isinstance(missing.value, TimeoutError)
    assert (missing.value.wanted, missing.value.found, missing.value.channel) == (2, 0, "a/")
    with pytest.raises(InvalidArgument, match="count: must be 1 or more"):
        broker.wait_published(0)
    with pytest.raises(InvalidArgument, match="channel"):
        broker.wait_published(channel="no channel/")
    wrong: Any
    for wrong in ("1", 1.5, None, True):
        with pytest.raises(InvalidArgument, match="count: expected an integer"):
            broker.wait_published(wrong)
    for wrong in ("1", float("nan"), -1):
        with pytest.raises(InvalidArgument, match="timeout_s: "):
            broker.wait_published(timeout_s=wrong)


def test_a_payload_that_is_no_text_is_told_with_its_channel() -> None:
    with pytest.raises(Undecodable, match=r"on a/ does not fit.*not UTF-8") as refused:
        Published("a/", b"\xff", 0, None).as_string()
    assert (refused.value.channel, refused.value.raw) == ("a/", b"\xff")


def test_a_call_that_a_stop_overtakes_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    others = set(threading.enumerate())
    broker = Broker(port=None).start()
    schedule = asyncio.run_coroutine_threadsafe

    def overtaken(work: Coroutine[None, None, object], loop: asyncio.AbstractEventLoop) -> Future[object]:
        monkeypatch.undo()
        stopping = threading.Thread(target=broker.stop)
        stopping.start()
        stopping.join()
        return schedule(work, loop)

    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", overtaken)

    assert broker.published == ()
    assert set(threading.enumerate()) <= others


def test_waiting_ends_when_the_broker_stops() -> None:
    ended: list[BaseException] = []
    with Broker() as broker:
        waiting = threading.Event()

        def wait() -> None:
            waiting.set()
            try:
                broker.wait_published(timeout_s=60)
            except Closed as error:
                ended.append(error)

        waiter = threading.Thread(target=wait)
        waiter.start()
        assert waiting.wait(20)
    waiter.join(20)
    assert [type(error) for error in ended] == [Closed]
    assert broker.published == ()
    with pytest.raises(Closed):
        broker.wait_published()


def test_an_asyncio_program_awaits_it() -> None:
    async def scenario() -> None:
        async with AsyncBroker() as broker:
            key = broker.keygen("a/", "w").reveal()
            waiting = asyncio.create_task(broker.wait_published())
            _, writer = await asyncio.open_connection(broker.host, broker.port)
            topic = f"{key}/a/".encode()
            writer.write(bytes([0x30, 2 + len(topic) + 1, 0, len(topic)]) + topic + b"x")
            assert texts(await waiting) == "x"
            writer.close()

    asyncio.run(scenario())


# Keys


def test_a_key_opens_what_it_was_made_for_until_it_expires(broker: Broker) -> None:
    key = broker.keygen("a/#", "rw", ttl=60)
    assert isinstance(key, Key)
    assert key.reveal() not in repr(key)
    with greeted(broker) as connection:
        connection.subscribe(f"{key.reveal()}/a/b/")
        assert connection.types(1) == ["SUBACK 1"]
        broker.clock.advance(60)
        connection.subscribe(f"{key.reveal()}/a/c/", identifier=2)
        assert connection.types(2) == ["reply 2", "SUBACK 2"]


@pytest.mark.parametrize(
    ("channel", "permissions", "ttl", "argument"),
    [
        ("a b/", "r", 0, "channel"),
        ("a/" * 24, "r", 0, "channel"),
        ("a/", "ro", 0, "permissions"),
        ("a/", "r", -1, "ttl"),
    ],
)
def test_a_key_that_could_only_be_a_mistake_is_refused(channel: str, permissions: str, ttl: int, argument: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Broker().keygen(channel, permissions, ttl=ttl)
    assert refused.value.argument == argument
