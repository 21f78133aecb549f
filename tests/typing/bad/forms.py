"""What is no form of a type, and what is used as another type than it was read as."""

from collections.abc import Mapping

from attrs import frozen

from emitter_typed import Client, Key, Message


@frozen
class Reading:
    celsius: float


def wrong(client: Client, key: Key, message: Message) -> None:
    client.subscribe(key, "a/", payload=3)  # mistake: a value
    client.subscribe(key, "a/", payload=[Reading])  # mistake: it is list[Reading]
    client.subscribe(key, "a/", payload=Reading(celsius=1))  # mistake: an object for its class
    message.as_object({"celsius": float})  # mistake: a dict of types
    for maybe in client.subscribe(key, "a/", payload=Reading | None):
        maybe.payload.celsius  # mistake: it may be None
    for counts in client.subscribe(key, "a/", payload=Mapping[str, int]):
        counts.payload["a"] = 1  # mistake: a Mapping is for reading


def on_reading(message: Message[Reading]) -> None: ...


def another_handler(client: Client, key: Key) -> None:
    client.subscribe(key, "a/", on_reading, payload=Reading | None)  # mistake: it gets None too
