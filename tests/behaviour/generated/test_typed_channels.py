"""Channels of a user's package over the embedded broker, in both flavours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import pytest

from emitter_typed import (
    ChannelMessage,
    EmitterError,
    Gap,
    InvalidArgument,
    Unauthorized,
    Undecodable,
    Unrecognized,
)
from emitter_typed.broker import Broker
from tests.behaviour.conftest import Generated
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.loops import LIMIT_S, in_loop

HOME = """
    name: Home
    imports: {common: ./common.yaml}
    types:
      Reading: {unknown: keep, fields: {celsius: float, taken_at: {type: datetime, wire: takenAt}, mode: Mode}}
      Mode: {enum: [auto, manual], open: true}
      Water: {fields: {litres: float}}
      Plan: {fields: {steps: "[Step]"}}
      Step: {union: [Water, Plan], tag: do}
    channels:
      reading: {address: "home/{floor}/{room}/reading/", params: {floor: int, room: common.Room}, payload: Reading}
      step: {address: home/step/, payload: Step}
      text: {address: home/text/, payload: text}
      diary: {address: "home/diary/{room}/", params: {room: common.Room}, payload: text}
      raw: {address: home/raw/, payload: bytes}
      position: {address: home/position/, payload: "[common.Position?]"}
"""
COMMON = """
emitter-typed: 1
types:
  Room: {enum: [attic, kitchen]}
  Position: {fields: {x: float, room: Room}}
"""


@pytest.fixture
def made(generated: Generated, tmp_path: Path) -> ModuleType:
    (tmp_path / "common.yaml").write_text(COMMON, "utf-8")
    return generated(HOME)


@asynccontextmanager
async def opened(
    flavour: Flavour, broker: Broker, made: ModuleType, channel: str = "home/#/", permissions: str = "rw"
) -> AsyncGenerator[tuple[Any, Any, Any]]:  # Any: of a package that is generated in this test
    """A client, a facade that holds it, and a key for its channels."""
    async with connected(flavour, broker) as client:
        key = (await client.keygen(broker.master_key, channel, permissions)).key
        if flavour == "threads":
            yield client, made.Home(vars(client)["inner"], key), key
        else:
            yield client, made.AsyncHome(client, key), key


async def next_of(subscription: object) -> ChannelMessage[Any, Any]:
    """Return the next message of a subscription of either flavour."""
    found: Any = await called(lambda one: one.get(timeout_s=LIMIT_S), subscription)
    assert found is not None, "no message came in time"
    message: ChannelMessage[Any, Any] = found
    return message


async def all_of(messages: Iterator[Any] | AsyncIterator[Any]) -> list[Any]:  # Any: of a generated package
    """Return what iterating gives, in either flavour."""
    if isinstance(messages, Iterator):
        return await asyncio.to_thread(list, messages)
    return [message async for message in messages]


async def publish(channel: object, payload: object) -> None:
    """Publish to a channel of either flavour."""
    await called(lambda one: one.publish(payload, qos=1), channel)


@both_flavours
@in_loop
async def test_payload_and_parameters_arrive_as_they_were(flavour: Flavour, broker: Broker, made: ModuleType) -> None:
    async with opened(flavour, broker, made) as (_, home, _):
        messages = await called(lambda one: one.reading.subscribe(), home)
        reading = made.Reading(celsius=21.5, taken_at=datetime(2026, 1, 31, tzinfo=UTC), mode=made.Mode.AUTO)

        await called(lambda one: one.reading(floor=-1, room=made.common.Room.ATTIC).publish(reading, ttl=60), home)

        message = await next_of(messages)
        assert message.channel == "home/-1/attic/reading/"
        assert (message.params.floor, message.params.room) == (-1, made.common.Room.ATTIC)
        assert message.payload == reading
        assert message.as_binary() == b'{"celsius":21.5,"takenAt":"2026-01-31T00:00:00Z","mode":"auto"}'


@both_flavours
@in_loop
async def test_a_key_for_the_target_of_a_channel_opens_it(flavour: Flavour, broker: Broker, made: ModuleType) -> None:
    """One that a facade names before it has any key."""
    async with connected(flavour, broker) as client:
        keys: dict[str, object] = {}
        if flavour == "threads":
            home = made.Home(vars(client)["inner"], keys)
        else:
            home = made.AsyncHome(client, keys)
        attic = {"floor": 1, "room": made.common.Room.ATTIC}
        whole: list[tuple[str, Any, str]] = [  # Any: of a package that is generated in this test
            ("reading", home.reading, "home/+/+/reading/"),
            ("reading", home.reading.where(floor=1), "home/1/+/reading/"),
            ("reading", home.reading(**attic), "home/1/attic/reading/"),
            ("diary", home.diary, "home/diary/#/"),
            ("text", home.text, "home/text/"),
        ]
        for name, channel, target in whole:
            assert channel.key_target == target
            keys[name] = (await client.keygen(broker.master_key, target, "rwsl")).key
            messages = await called(lambda one: one.subscribe(last=0), channel)
            one = {"reading": home.reading, "diary": home.diary}.get(name)
            one = home.text if one is None else one(**attic) if name == "reading" else one(room=made.common.Room.ATTIC)
            payload = made.Reading(celsius=1.5, taken_at=datetime(2026, 1, 31, tzinfo=UTC), mode=made.Mode.AUTO)
            await publish(one, payload if name == "reading" else "hello")
            assert (await next_of(messages)).channel == one.channel
            await called(lambda one: one.close(), messages)

        keys["reading"] = (await client.keygen(broker.master_key, home.reading(**attic).key_target, "rw")).key
        with pytest.raises(Unauthorized):
            await called(lambda one: one.subscribe(), home.reading)


@both_flavours
@in_loop
async def test_a_typed_channel_tells_its_name_for_other_calls(
    flavour: Flavour, broker: Broker, made: ModuleType
) -> None:
    async with opened(flavour, broker, made) as (client, home, _):
        reading = home.reading(floor=-1, room=made.common.Room.ATTIC)

        assert reading.channel == "home/-1/attic/reading/"
        assert home.reading.channel == "home/+/+/reading/"
        assert home.reading.where(room=made.common.Room.ATTIC).channel == "home/+/attic/reading/"
        assert home.step.channel == "home/step/"
        assert (await client.keygen(broker.master_key, reading.channel, "rw")).channel == reading.channel


@both_flavours
@in_loop
async def test_only_what_matches_the_whole_address_is_delivered(
    flavour: Flavour, broker: Broker, made: ModuleType
) -> None:
    async with opened(flavour, broker, made) as (client, home, key):
        kitchens = await called(lambda one: one.reading.where(room=made.common.Room.KITCHEN).subscribe(), home)
        raw = b'{"celsius":%d,"takenAt":"2026-01-31T00:00:00Z","mode":"auto"}'
        topics = [
            "home/1/kitchen/reading/below/",
            "home/1/attic/reading/",
            "home/1/kitchen/other/",
            "home/1/kitchen/reading/",
        ]

        for number, topic in enumerate(topics):
            await client.publish(key, topic, raw % number, qos=1)

        assert (await next_of(kitchens)).payload.celsius == 3


@both_flavours
@in_loop
async def test_what_a_schema_does_not_know_survives_a_round_trip(
    flavour: Flavour, broker: Broker, made: ModuleType
) -> None:
    raw = b'{"celsius":1.5,"takenAt":"2026-01-31T00:00:00Z","mode":"later","humidity":[1,null]}'
    async with opened(flavour, broker, made) as (client, home, key):
        messages = await called(lambda one: one.reading.subscribe(), home)
        await client.publish(key, "home/1/attic/reading/", raw, qos=1)
        first = await next_of(messages)

        await called(lambda one: one.reading(floor=2, room=made.common.Room.ATTIC).publish(first.payload), home)

        assert first.payload.mode == Unrecognized("later")
        assert first.payload.unknown_fields == {"humidity": [1, None]}
        assert (await next_of(messages)).as_binary() == raw


@both_flavours
@in_loop
async def test_unions_lists_texts_and_bytes_are_payloads(flavour: Flavour, broker: Broker, made: ModuleType) -> None:
    plan = made.Plan(steps=(made.Water(litres=1), made.Plan(steps=())))
    positions = (made.common.Position(x=1, room=made.common.Room.ATTIC), None)
    sent = {"step": plan, "text": "no JSON: \u00e9", "raw": b"\x00\xff", "position": positions}
    async with opened(flavour, broker, made) as (_, home, _):
        for name, payload in sent.items():
            channel = getattr(home, name)
            messages = await called(lambda one: one.subscribe(), channel)
            await publish(channel, payload)
            assert (await next_of(messages)).payload == payload
            await called(lambda one: one.close(), messages)


@both_flavours
@in_loop
async def test_a_payload_that_does_not_fit_is_reported_and_stops_nothing(
    flavour: Flavour, broker: Broker, made: ModuleType
) -> None:
    async with opened(flavour, broker, made) as (client, home, key):
        errors: SimpleQueue[EmitterError] = SimpleQueue()
        client.on_error = errors.put
        messages = await called(lambda one: one.position.subscribe(), home)

        await client.publish(key, "home/position/", b'[null, {"x": 1, "room": "cellar"}]', qos=1)
        await client.publish(key, "home/position/", b"[null]", qos=1)

        assert (await next_of(messages)).payload == (None,)
        error = await asyncio.to_thread(errors.get, timeout=LIMIT_S)
        assert isinstance(error, Undecodable)
        assert (error.path, error.channel) == ("$[1].room", "home/position/")
        assert client.statistics().undecodable == 1


@both_flavours
@in_loop
async def test_what_is_stored_is_fetched_as_objects_in_the_order_of_publishing(
    flavour: Flavour, emitter_broker: Broker, made: ModuleType
) -> None:
    kitchen, attic = made.common.Room.KITCHEN, made.common.Room.ATTIC
    async with opened(flavour, emitter_broker, made, permissions="rwsl") as (_, home, _key):
        for number, room in enumerate((kitchen, attic, kitchen)):
            reading = made.Reading(celsius=number, taken_at=datetime(2026, 1, 31, tzinfo=UTC), mode=made.Mode.AUTO)
            await called(lambda one: one.publish(reading, ttl=60, qos=1), home.reading(floor=number, room=room))  # noqa: B023  # it is called at once

        every = await all_of(home.reading.history())
        kitchens = await all_of(home.reading.where(room=kitchen).history(last=10))
        one = await all_of(home.reading(floor=1, room=attic).history())
        newest = await all_of(home.reading.history(last=1))

        assert [(each.payload.celsius, each.params.floor, each.params.room) for each in every] == [
            (0, 0, kitchen),
            (1, 1, attic),
            (2, 2, kitchen),
        ]
        assert [each.payload.celsius for each in (*kitchens, *one, *newest)] == [0, 2, 1, 2]
        now = datetime.now(UTC)
        assert all(each.stored_at is not None and abs(now - each.stored_at) < timedelta(minutes=1) for each in every)


@both_flavours
@in_loop
async def test_what_is_fetched_from_below_an_address_is_left_out_and_what_does_not_fit_is_reported(
    flavour: Flavour, emitter_broker: Broker, made: ModuleType
) -> None:
    async with opened(flavour, emitter_broker, made, permissions="rwsl") as (client, home, key):
        errors: SimpleQueue[EmitterError] = SimpleQueue()
        client.on_error = errors.put
        for topic, raw in [
            ("home/position/", b"[null]"),
            ("home/position/", b"no JSON"),
            ("home/position/below/", b"[null, null]"),
            ("home/position/", b"[]"),
        ]:
            await client.publish(key, topic, raw, ttl=60, qos=1)

        found = await all_of(home.position.history())

        assert [each.payload for each in found] == [(None,), ()]
        error = await asyncio.to_thread(errors.get, timeout=LIMIT_S)
        assert isinstance(error, Undecodable)
        assert (error.channel, error.raw) == ("home/position/", b"no JSON")
        assert errors.empty()
        assert client.statistics().undecodable == 1


@both_flavours
@in_loop
async def test_fetching_is_refused_like_the_clients_own(flavour: Flavour, broker: Broker, made: ModuleType) -> None:
    """What makes no sense at the call, what the broker refuses where one iterates."""
    async with opened(flavour, broker, made) as (client, home, _key):
        with pytest.raises(InvalidArgument, match="last: must be at least 0, not -1"):
            home.text.history(last=-1)
        unread = (await client.keygen(broker.master_key, "home/#/", "rws")).key
        other = type(home)(vars(client)["inner"] if flavour == "threads" else client, unread)
        messages = other.text.history()
        with pytest.raises(Unauthorized) as caught:
            await all_of(messages)
        assert caught.value.operation == "history"


@both_flavours
@in_loop
async def test_a_gap_is_an_event_of_a_typed_subscription(flavour: Flavour, broker: Broker, made: ModuleType) -> None:
    async with opened(flavour, broker, made, permissions="rwl") as (_, home, _key):
        messages: Any = await called(lambda one: one.subscribe(recover=True), home.text)
        events = messages.events()

        broker.faults.drop_connections(flavour)

        gap = await (anext(events) if flavour == "asyncio" else asyncio.to_thread(next, events))
        assert isinstance(gap, Gap)
        assert (gap.recovered, gap.count, gap.exact) == (True, 0, True)
        await publish(home.text, "after")
        event = await (anext(events) if flavour == "asyncio" else asyncio.to_thread(next, events))
        assert (event.payload, event.stored_at) == ("after", None)


@both_flavours
@in_loop
async def test_each_channel_may_have_a_key_of_its_own(flavour: Flavour, broker: Broker, made: ModuleType) -> None:
    async with opened(flavour, broker, made, permissions="rwl") as (client, home, _):
        keys = {
            name: (await client.keygen(broker.master_key, f"home/{name}/", "rw")).key.reveal()
            for name in ("text", "raw")
        }
        sources: list[Mapping[str, str] | Any] = [keys, keys.__getitem__]
        for source in sources:
            own = type(home)(vars(client)["inner"] if flavour == "threads" else client, source)
            for name, payload in {"text": "x", "raw": b"x"}.items():
                channel = getattr(own, name)
                messages = await called(lambda one: one.subscribe(), channel)
                await publish(channel, payload)
                assert (await next_of(messages)).payload == payload
                await called(lambda one: one.close(), messages)


@both_flavours
@in_loop
async def test_parameters_may_have_names_that_are_none_in_python(
    flavour: Flavour, broker: Broker, generated: Generated
) -> None:
    made = generated("""
        name: Home
        channels: {odd: {address: "home/{room-id}/{class}/{self}/", payload: text}}
    """)
    async with opened(flavour, broker, made, permissions="rwl") as (_, home, _key):
        attic = await called(lambda one: one.odd.where(room_id="attic").subscribe(), home)
        every = await called(lambda one: one.odd.subscribe(), home)
        for room in ("cellar", "attic"):
            channel = home.odd(room_id=room, class_="a", self_="b")
            await called(lambda one: one.publish("hello", qos=1), channel)

        first, second, only = await next_of(every), await next_of(every), await next_of(attic)

        assert (first.params.room_id, second.params.class_, only.params.self_) == ("cellar", "a", "b")
        assert only.params.room_id == "attic"
