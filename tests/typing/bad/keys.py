"""A key where a text is wanted, and a text that is no key."""

import os

from emitter_typed import Client, Key, Secret


def keys(client: Client, key: Key, secret: Secret) -> None:
    client.publish(key, key, "hello")  # mistake: a key for a channel
    client.publish("chat/", b"hello")  # mistake: no key
    client.publish(b"key", "chat/", "hello")  # mistake: bytes for a key
    client.publish(secret, "chat/", "hello")  # mistake: some other secret for a key
    client.publish(os.environ.get("KEY"), "chat/", "hello")  # mistake: a key that may be missing
    os.environ["KEY"] = key  # mistake: only reveal() gives it away
    "key: " + key  # mistake: no text to join
    text: str = key  # mistake: no text at all
    len(text) + len(key)  # mistake: no length
    key.text  # mistake: no such attribute
