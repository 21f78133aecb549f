"""Answers and events that are taken for something else."""

from typing import assert_never

from emitter_typed import Client, Key, Message, PresenceEvent, PresenceStatus, PresenceSubscribe, PresenceUnsubscribe


def a_match_that_forgets_a_case(event: PresenceEvent) -> None:
    match event:  # mistake: nobody may leave
        case PresenceStatus() | PresenceSubscribe():
            pass


def a_match_that_never_forgets(event: PresenceEvent) -> None:
    match event:
        case PresenceStatus():
            pass
        case PresenceUnsubscribe():
            pass
        case _:
            assert_never(event)  # mistake: somebody may come


def answers(client: Client, key: Key, event: PresenceSubscribe, message: Message) -> None:
    event["event"]  # mistake: no dict
    event.event  # mistake: the class tells which event it is
    event.who.name  # mistake: it is username
    event.channel = "other/"  # mistake: an event does not change
    client.keygen(key, "chat/", "rw")["key"]  # mistake: no dict
    client.keygen(key, "chat/", "rw").key.upper()  # mistake: a key is no text
    client.presence(key, "chat/").time.isoformat()  # mistake: None if the status was not asked for
    client.publish(key, "chat/", "hello").wait()  # mistake: only publish_nowait gives something to wait for
    message.payload.encode()  # mistake: bytes already
    message.text()  # mistake: it is as_string
