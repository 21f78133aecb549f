"""What the official client took or gave, and this one does not. Each line below with a mistake says which."""

from emitter_typed import AsyncClient, Client, EmitterError, EmitterMessage, Key, KeygenResponse


def on_keygen(reply: KeygenResponse) -> None:
    reply["key"]  # mistake: no dict


def on_error(error: EmitterError) -> None:
    error["status"]  # mistake: no dict


def on_chat(message: EmitterMessage) -> None:
    message.as_object()["celsius"]  # mistake: nobody knows what the JSON holds
    message["channel"]  # mistake: no dict


def options(client: Client, key: Key) -> None:
    client.subscribe(key, "chat/", None, {Client.QOS1})  # mistake: an option of publish
    client.publish(key, "chat/", "hello", {"ttl=60"})  # mistake: a text for an option
    client.subscribe_with_group(key, "chat/", "workers", None, {Client.RETAIN})  # mistake: an option of publish
    client.on_keyban = on_keygen  # mistake: a handler of keys
    client.on_connect = on_error  # mistake: it takes no argument


def loop(client: AsyncClient) -> None:
    client.loop_start()  # mistake: only for threads
