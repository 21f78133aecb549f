"""Where a key stands in a channel by mistake, no log line, error, thread or attribute shows it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable

import pytest

from emitter_typed import AsyncClient, Client, EmitterError, HandlerFailed, InvalidArgument, SlowConsumer, Undecodable
from emitter_typed.broker import Broker
from tests.behaviour.conftest import Generated
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.samples import Point


def assert_hidden(key: str, shown: Iterable[object]) -> None:
    written = "\n".join(f"{each!s} {each!r}" for each in shown)
    assert written
    assert key[:12] not in written


@both_flavours
@in_loop
async def test_a_full_queue_is_logged_without_the_key_in_its_channel(
    flavour: Flavour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    key = broker.keygen("#/", "rw").reveal()
    with caplog.at_level(logging.DEBUG, "emitter_typed"):
        async with connected(flavour, broker) as client:
            subscription = await client.subscribe(key, f"{key}/", max_messages=1, overflow="fail")
            for _ in range(2):
                await client.publish(key, f"{key}/", "x", qos=1)
            await subscription.get(LIMIT_S)
            with pytest.raises(SlowConsumer) as caught:
                await subscription.get(LIMIT_S)
    assert "subscription.overflow channel=…/" in caplog.text
    assert_hidden(key, [caplog.text, caught.value, vars(caught.value)])


@both_flavours
@in_loop
async def test_a_message_that_nobody_wants_is_logged_without_the_key_in_its_channel(
    flavour: Flavour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    key = broker.keygen("#/", "rw").reveal()
    with caplog.at_level(logging.DEBUG, "emitter_typed"):
        async with connected(flavour, broker) as client:
            await client.link(key, f"{key}/", "a", subscribe=True)
            await client.publish(key, f"{key}/", "x", qos=1)
            await client.me()
    assert "message.unclaimed channel=…/" in caplog.text
    assert_hidden(key, [caplog.text])


@both_flavours
@in_loop
async def test_a_message_that_is_too_large_is_refused_without_the_key_in_its_channel(
    flavour: Flavour, broker: Broker
) -> None:
    key = broker.keygen("#/", "rw").reveal()
    async with connected(flavour, broker) as client:
        with pytest.raises(InvalidArgument, match="fit a packet on …/a/") as caught:
            await client.publish(key, f"{key}/a/", "x" * 70_000)
        with pytest.raises(InvalidArgument, match="may match emitter/") as reserved:
            await client.subscribe(key, f"+/+/{key}/")
    assert_hidden(key, [vars(each.value) for each in (caught, reserved)] + [caught.value, reserved.value])


@both_flavours
@in_loop
async def test_a_handler_that_fails_and_what_does_not_fit_are_told_without_the_key_in_their_channel(
    flavour: Flavour, broker: Broker
) -> None:
    key = broker.keygen("#/", "rw").reveal()
    running: list[str] = []
    errors: list[EmitterError] = []
    both = threading.Event()

    def failing(_: object) -> None:
        running.append(threading.current_thread().name)
        if flavour == "asyncio" and (task := asyncio.current_task()) is not None:
            running.append(task.get_name())
        raise ValueError("a handler's own fault")

    def report(error: EmitterError) -> None:
        errors.append(error)
        if len(errors) == 2:
            both.set()

    async with connected(flavour, broker) as client:
        client.on_error = report
        await client.subscribe(key, f"{key}/", failing)
        await client.subscribe(key, f"{key}/", payload=Point, optional_handler=failing)
        await client.publish(key, f"{key}/", "no point", qos=1)
        assert await asyncio.to_thread(both.wait, LIMIT_S)
    assert {type(each) for each in errors} == {HandlerFailed, Undecodable}
    assert_hidden(key, [*running, *errors, *(vars(each) for each in errors)])


def _everything(root: object) -> Iterable[object]:
    """Go through what an object of the library holds, down to the objects of other libraries."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or not type(each).__module__.startswith("emitter_typed."):
            continue
        seen[id(each)] = each
        held = vars(each) if hasattr(each, "__dict__") else {}
        # A channel that is no key may stand in a dict: only what the objects say of themselves counts.
        waiting += held.values()
        yield each
        yield held


@pytest.mark.parametrize("mapped", [False, True])
def test_no_attribute_of_a_typed_channel_shows_a_key(broker: Broker, generated: Generated, mapped: bool) -> None:
    made = generated("name: Lodge\nchannels: {rooms: {address: 'rooms/{room}/', payload: string}}")
    key = broker.keygen("rooms/#/", "rw").reveal()
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        rooms = made.Lodge(client, {"rooms": key} if mapped else key).rooms
        kitchen = rooms(room="kitchen")
        kitchen.publish("warm", qos=1)
        shown: list[object] = [rooms, kitchen, vars(rooms), vars(kitchen)]
    assert_hidden(key, shown)


def test_no_attribute_of_a_client_shows_a_key(broker: Broker) -> None:
    key = broker.keygen("#/", "rwlsp").reveal()
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = client.subscribe(key, "a/", print, last=5)
        client.subscribe(key, "a/", recover=True)
        watch = client.watch_presence(key, "a/")
        client.presence(key, "a/", changes=True, optional_handler=print)
        client.link(key, "a/", "x")
        pending = client.publish_nowait(key, "a/", "x")
        pending.wait()
        shown = [each for root in (client, subscription, watch, pending) for each in _everything(root)]
    assert_hidden(key, shown)


@in_loop
async def test_no_attribute_of_an_asyncio_client_shows_a_key(broker: Broker) -> None:
    key = broker.keygen("#/", "rwlsp").reveal()
    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = await client.subscribe(key, "a/", print, last=5)
        await client.subscribe(key, "a/", recover=True)
        watch = await client.watch_presence(key, "a/")
        await client.link(key, "a/", "x")
        pending = client.publish_nowait(key, "a/", "x")
        await pending.wait()
        shown = [each for root in (client, subscription, watch, pending) for each in _everything(root)]
    assert_hidden(key, shown)
