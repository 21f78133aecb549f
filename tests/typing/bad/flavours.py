"""asyncio where there are threads, and threads where there is asyncio."""

from emitter_typed import AsyncClient, Client, Key, Message, PresenceEvent


async def on_message(message: Message) -> None: ...


async def on_presence(event: PresenceEvent) -> None: ...


def on_number(message: Message[int]) -> None: ...


def with_threads(client: Client, key: Key) -> None:
    client.subscribe(key, "chat/", on_message)  # mistake: a coroutine function
    client.subscribe(key, "chat/", on_number)  # mistake: it handles other payloads
    client.subscribe(key, "chat/", on_number, payload=str)  # mistake: it handles other payloads
    client.presence(key, "chat/", changes=True, optional_handler=on_presence)  # mistake: a coroutine function
    client.on_presence = on_presence  # mistake: a coroutine function
    client.on_message = on_presence  # mistake: a handler of events


async def with_asyncio(client: AsyncClient, key: Key) -> None:
    client.publish(key, "chat/", "hello")  # mistake: never awaited
    client.close()  # mistake: never awaited
    client.keygen(key, "chat/", "rw").key  # mistake: never awaited
    await client.publish_nowait(key, "chat/", "hello")  # mistake: there is .wait() for that
    client.publish_nowait(key, "chat/", "hello").wait()  # mistake: never awaited
    for message in await client.subscribe(key, "chat/"):  # mistake: it is async for
        print(message)
    async with client.subscribe(key, "chat/"):  # mistake: it is async with await
        pass
    with client:  # mistake: it is async with
        pass
    await client.subscribe(key, "chat/", on_presence)  # mistake: a handler of events
