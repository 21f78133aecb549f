"""What a checker knows of the official client's names, with its positional arguments. Never run."""

from collections.abc import Callable
from typing import assert_type

from emitter_typed import (
    AsyncClient,
    Client,
    EmitterMessage,
    Key,
    KeybanResponse,
    KeygenResponse,
    MeResponse,
    Message,
    PresenceEvent,
    PublishOption,
    SubscribeOption,
    Subscription,
)
from emitter_typed.contract import AsyncHandler, Handler


def on_chat(message: EmitterMessage) -> None:
    assert_type(message, Message[bytes])
    assert_type(message.channel, str)
    assert_type(message.binary, bytes)
    assert_type(message.as_binary(), bytes)
    assert_type(message.as_string(), str)
    assert_type(message.as_object(), object)


def on_keygen(reply: KeygenResponse) -> None: ...
def on_keyban(reply: KeybanResponse) -> None: ...
def on_me(reply: MeResponse) -> None: ...
def on_presence(event: PresenceEvent) -> None: ...
def on_connect() -> None: ...


def handlers(client: Client) -> None:
    client.on_keygen, client.on_keyban, client.on_me = on_keygen, on_keyban, on_me
    client.on_connect = client.on_disconnect = on_connect
    client.on_message, client.on_presence = on_chat, on_presence
    client.on_me = None


def handlers_are_read(client: Client) -> tuple[Handler[KeygenResponse] | None, Callable[[], None] | None]:
    return client.on_keygen, client.on_connect


def options(client: Client, key: Key) -> None:
    assert_type(Client.QOS0, PublishOption)
    assert_type(AsyncClient.RETAIN, PublishOption)
    assert_type({Client.with_ttl(60), Client.QOS1, Client.RETAIN, Client.without_echo()}, set[PublishOption])
    assert_type({Client.with_last(5)}, set[SubscribeOption])
    client.publish(key, "chat", "hello", {Client.with_ttl(60), Client.QOS1})
    client.publish(key, "chat", "hello", {})
    client.publish_with_link("c", "hello")
    client.link(key, "chat", "c", True, {Client.with_ttl(60)})
    client.presence(key, "chat", True, False, on_presence)
    assert_type(client.subscribe(key, "chat", on_chat, {Client.with_last(5)}), Subscription[Message])
    client.subscribe(key, "chat", None, {})
    client.subscribe_with_group(key, "chat", "workers", on_chat, {Client.with_last(5)})
    client.subscribe_with_group(key, "chat", "workers", on_chat, {})


def loop(client: Client) -> None:
    client.connect("localhost", 8080, False, 30, "ann")
    assert_type(client.loop_start(), None)
    assert_type(client.loop(0.5), None)
    assert_type(client.loop_forever(), None)
    assert_type(client.loop_stop(), None)


async def later(client: AsyncClient, key: Key) -> AsyncHandler[KeygenResponse] | None:
    async def on_keygen_later(reply: KeygenResponse) -> None: ...

    client.on_keygen = on_keygen_later
    client.on_keyban = on_keyban
    await client.publish(key, "chat", "hello", {AsyncClient.QOS1})
    return client.on_keygen
