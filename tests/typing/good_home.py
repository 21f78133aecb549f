"""What a checker knows of a generated package: the one of examples/home. Never run."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import assert_type

from home_api import AsyncHome, Home, Reading, TemperatureChannelMessage, TemperatureParams

from emitter_typed import (
    AsyncClient,
    AsyncPending,
    AsyncSubscription,
    ChannelMessage,
    Client,
    Gap,
    Key,
    Message,
    Pending,
    Undecodable,
)


def facades(client: Client, key: Key) -> None:
    Home(client, key)
    Home(client, os.environ["EMITTER_KEY"])
    Home(client, {"temperature": key})
    filled: dict[str, Key] = {}
    filled["temperature"] = client.keygen(key, Home(client, filled).temperature.key_target, "rw").key
    Home(client, lambda channel: os.environ[f"EMITTER_KEY_{channel}"])


def publish(home: Home) -> None:
    kitchen = home.temperature(room="kitchen")
    reading = Reading(celsius=21, taken_at=datetime.now(UTC))
    assert_type(kitchen.publish(reading, ttl=timedelta(hours=1), echo=False, qos=1, timeout_s=1), None)
    assert_type(kitchen.publish_nowait(reading, retain=True), Pending)


def subscribe(home: Home) -> None:
    with home.temperature.where(room="attic").subscribe(last=10, overflow="fail") as subscription:
        for message in subscription:
            assert_type(message.payload, Reading)
            assert_type(message.payload.celsius, float)
            assert_type(message.payload.taken_at, datetime)
            assert_type(message.params.room, str)
            assert_type(message.channel, str)
            assert_type(message.as_object(), object)
    for message in home.temperature(room="kitchen").subscribe(since=datetime.now(UTC)):
        assert_type(message.payload.celsius, float)


def history(home: Home) -> None:
    for message in home.temperature.history(last=10, since=datetime.now(UTC), timeout_s=1):
        assert_type(message, ChannelMessage[Reading, TemperatureParams])
        assert_type(message.stored_at, datetime | None)
    messages: Iterator[TemperatureChannelMessage] = home.temperature(room="kitchen").history()
    assert_type(next(messages).payload.celsius, float)
    assert_type([message.params.room for message in home.temperature.where(room="attic").history()], list[str])


def events(home: Home) -> None:
    for event in home.temperature.subscribe(recover=True).events():
        match event:
            case Gap():
                assert_type(event.count, int)
            case Undecodable():
                assert_type(event.raw, bytes)
            case _:
                assert_type(event.payload.celsius, float)


def handlers(home: Home) -> None:
    def on_temperature(message: TemperatureChannelMessage) -> None:
        assert_type(message.payload.celsius, float)
        assert_type(message.params.room, str)

    def on_any_reading(message: Message[Reading]) -> None: ...

    def on_any_channel(message: ChannelMessage[object, object]) -> None: ...

    home.temperature.subscribe(on_temperature)
    home.temperature.subscribe(on_any_reading)
    home.temperature.where().subscribe(on_any_channel)


def names(home: Home) -> None:
    assert_type(home.temperature.channel, str)
    assert_type(home.temperature(room="attic").channel, str)


async def first_of_any_channel(messages: AsyncSubscription[ChannelMessage[object, object]]) -> object:
    return (await anext(messages)).payload


async def in_asyncio(client: AsyncClient, key: Key) -> None:
    home = AsyncHome(client, key)
    await first_of_any_channel(await home.temperature.subscribe())
    kitchen = home.temperature(room="kitchen")
    await kitchen.publish(Reading(celsius=21.5, taken_at=datetime.now(UTC)), ttl=60)
    assert_type(kitchen.publish_nowait(Reading(celsius=21.5, taken_at=datetime.now(UTC))), AsyncPending)

    async def on_temperature(message: TemperatureChannelMessage) -> None: ...

    async for message in home.temperature.history(until=datetime.now(UTC)):
        assert_type(message.payload.celsius, float)
    await home.temperature.subscribe(on_temperature)
    async with await home.temperature.where(room="attic").subscribe() as subscription:
        async for message in subscription:
            assert_type(message.payload.celsius, float)
            assert_type(message.params.room, str)
