"""What a checker knows of an `AsyncClient`. Never run."""

import asyncio
from datetime import datetime
from typing import assert_type

from attrs import frozen

from emitter_typed import (
    AsyncClient,
    AsyncPending,
    AsyncSubscription,
    Key,
    KeygenResponse,
    Message,
    PresenceEvent,
    PresenceInfo,
    PublishOption,
    Statistics,
)


@frozen(kw_only=True)
class Reading:
    celsius: float


async def clients(url: str) -> None:
    async with AsyncClient.from_url(url) as client:
        assert_type(client, AsyncClient)
    client = AsyncClient()
    await client.connect("localhost", 8080, secure=False)
    await client.close()


def numbers(client: AsyncClient) -> int:
    assert_type(client.statistics(), Statistics)
    return client.statistics().pending


async def requests(client: AsyncClient) -> None:
    made = await client.keygen("master", "chat/#/", "rwp")
    assert_type(made, KeygenResponse)
    assert_type(made.key, Key)
    there = await client.presence(made.key, "chat/", status=True)
    assert_type(there.who, tuple[PresenceInfo, ...])
    assert_type(there.time, datetime | None)


async def publish(client: AsyncClient, key: Key) -> None:
    assert_type(await client.publish(key, "chat/", "hello", qos=1), None)
    options = frozenset({AsyncClient.with_ttl(60), AsyncClient.without_echo()})
    assert_type(options, frozenset[PublishOption])
    await client.publish(key, "chat/", "hello", options)

    pending = client.publish_nowait(key, "chat/", Reading(celsius=21.5))
    assert_type(pending, AsyncPending)
    assert_type(pending.done, bool)
    await pending.wait(timeout_s=1)


async def at_once(client: AsyncClient, key: Key) -> None:
    await asyncio.gather(client.publish(key, "a/", "x"), client.publish(key, "b/", "y"))
    async with asyncio.TaskGroup() as group:
        made = group.create_task(client.keygen("master", "chat/", "r"))
    assert_type(made.result().key, Key)


async def queues(client: AsyncClient, key: Key) -> None:
    messages: asyncio.Queue[Message] = asyncio.Queue()
    events: asyncio.Queue[PresenceEvent] = asyncio.Queue()
    await client.subscribe(key, "chat/", messages.put)
    await client.subscribe(key, "chat/", messages.put_nowait)
    client.on_presence = events.put


async def subscribe(client: AsyncClient, key: Key) -> None:
    async with await client.subscribe(key, "chat/", last=10) as subscription:
        assert_type(subscription, AsyncSubscription[Message[bytes]])
        assert_type(await subscription.get(timeout_s=1), Message[bytes] | None)
        async for message in subscription:
            assert_type(message.payload, bytes)
    async with await client.subscribe(key, "chat/", payload=Reading) as readings:
        assert_type(readings, AsyncSubscription[Message[Reading]])
        async for reading in readings:
            assert_type(reading.payload.celsius, float)


async def bare_names_are_of_bytes(subscription: AsyncSubscription) -> bytes:
    assert_type(subscription, AsyncSubscription[Message[bytes]])
    async for message in subscription:
        return message.payload
    return b""


async def handlers(client: AsyncClient, key: Key) -> None:
    def on_bytes(message: Message) -> None: ...

    async def on_bytes_later(message: Message) -> None: ...

    async def on_reading(message: Message[Reading]) -> None:
        assert_type(message.payload, Reading)

    def on_event(event: PresenceEvent) -> None: ...

    async def on_event_later(event: PresenceEvent) -> None: ...

    await client.subscribe(key, "chat/", on_bytes)
    await client.subscribe(key, "chat/", on_bytes_later)
    await client.subscribe(key, "chat/", on_reading, payload=Reading)
    await client.presence(key, "chat/", changes=True, optional_handler=on_event_later)
    client.on_message = on_bytes_later
    client.on_presence = on_event
    client.on_presence = on_event_later
    client.on_error = None
