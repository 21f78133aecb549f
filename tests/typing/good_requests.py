"""What a checker knows of links, bans, history and share groups, in both flavours. Never run."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import assert_type

from emitter_typed import (
    AsyncClient,
    AsyncSubscription,
    Client,
    Key,
    KeybanResponse,
    LinkResponse,
    MeResponse,
    Message,
    PublishOption,
    StoredMessage,
    SubscribeOption,
    Subscription,
)


def links(client: Client, key: Key) -> None:
    link = client.link(key, "chat/", "c", True, {Client.with_ttl(60), Client.without_echo()}, timeout_s=1)
    assert_type(link, LinkResponse)
    assert_type(link.channel, str | None)
    stored: set[PublishOption] = {Client.with_ttl(60)}
    client.link(key, "chat/", "c", options=stored)
    client.link(key, "chat/", name="c", ttl=timedelta(minutes=1), echo=False)
    assert_type(client.publish_with_link("c", {"any": "JSON"}, {Client.with_at_least_once()}), None)
    client.publish_with_link("c", "hello", qos=1, retain=True)
    me = client.me()
    assert_type(me, MeResponse)
    assert_type(me.links, Mapping[str, str])


def keys(client: Client, key: Key) -> None:
    assert_type(client.keyban("master", key, True), KeybanResponse)
    assert_type(client.keyban(Key("master"), target_key="key", ban=False).banned, bool)


def history(client: Client, key: Key) -> None:
    newest: set[SubscribeOption] = {Client.with_last(10)}
    assert_type(client.history(key, "chat/", newest), Iterator[StoredMessage])
    assert_type(client.history(key, "chat/", payload=list[int]), Iterator[StoredMessage[list[int]]])
    assert_type([message.payload for message in client.history(key, "chat/", payload=str, last=1)], list[str])
    for message in client.history(key, "chat/", since=datetime.now(UTC) - timedelta(hours=1), last=100):
        assert_type(message.stored_at, datetime)
        assert_type(message.id, bytes)
        assert_type(message.payload, bytes)


def groups(client: Client, key: Key) -> None:
    assert_type(client.subscribe_with_group(key, "chat/", "workers"), Subscription[Message])
    assert_type(client.subscribe_with_group(key, "chat/", "workers", payload=str), Subscription[Message[str]])


async def later(client: AsyncClient, key: Key) -> None:
    assert_type(await client.link(key, "chat/", "c"), LinkResponse)
    assert_type(await client.me(), MeResponse)
    assert_type(await client.keyban("master", key, True), KeybanResponse)
    assert_type(await client.publish_with_link("c", "hello"), None)
    assert_type(client.history(key, "chat/"), AsyncIterator[StoredMessage])
    assert_type(client.history(key, "chat/", payload=int | None), AsyncIterator[StoredMessage[int | None]])
    async for message in client.history(key, "chat/", last=1):
        assert_type(message, StoredMessage)
    assert_type(await client.subscribe_with_group(key, "chat/", "workers"), AsyncSubscription[Message])
