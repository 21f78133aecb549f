"""Mistakes with links, bans, history and share groups. Each line below with a mistake says which."""

from emitter_typed import AsyncClient, Client, Key


def requests(client: Client, key: Key) -> None:
    client.link(key, "chat/", "c", last=10)  # mistake: an option of subscribe
    client.link(key, "chat/", "c", retain=True)  # mistake: what a link does not hold
    client.link(key, "chat/", "c", "yes")  # mistake: a text for a bool
    client.link(key, "chat/", "c", options={Client.with_last(10)})  # mistake: subscribe's option for a link
    client.publish_with_link("c", "hello", ttl=60)  # mistake: what the link holds
    client.publish_with_link(key, "c", "hello")  # mistake: a key for a link
    client.keyban(key, key)  # mistake: neither to ban nor to allow
    client.me(key)  # mistake: it takes none
    client.history(key, "chat/", ttl=60)  # mistake: an option of publish
    client.history(key, "chat/", {Client.with_ttl(60)})  # mistake: publish's option for history
    client.history(key, "chat/")[0]  # mistake: an iterator is no list
    client.subscribe_with_group(key, "chat/")  # mistake: without a group
    client.subscribe_with_group(key, "chat/", "workers", last=10)  # mistake: none are replayed to a group


async def later(client: AsyncClient, key: Key) -> None:
    await client.history(key, "chat/")  # mistake: to be iterated, not awaited
    for _ in client.history(key, "chat/"):  # mistake: not in a plain loop
        pass
