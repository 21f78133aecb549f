"""Calls as the modules of the session get them, of Emitter's protocol."""

from __future__ import annotations

from emitter_typed import Key, Permission
from emitter_typed._generated.protocol import KEYGEN, PROTOCOL
from emitter_typed._generated.types import KeygenRequest, PresenceRequest
from emitter_typed._protocol.operations import Prepared, prepare
from emitter_typed._protocol.session.inflight import Publication, Request, Subscribing
from tests.helpers.callers import CallResult, MessageSink

KEYGEN_REQUEST = KeygenRequest(key=Key("master"), channel="a/", permissions=Permission("r"))


def prepared(channel: str, operation: str = "subscribe", key: str = "key", **options: object) -> Prepared:
    """Return what an operation sends for a channel."""
    return prepare(PROTOCOL.operations[operation], (key, channel), options_given=options)


def in_group(channel: str, group: str) -> Prepared:
    """Return what a subscribe sends for a share group."""
    return prepare(PROTOCOL.operations["subscribe_with_group"], ("key", channel, group))


def publication(payload: bytes = b"x", channel: str = "a/") -> Publication:
    """Return a message of QoS 1 with a result of its own."""
    return Publication("publish", CallResult(), prepared=prepared(channel, "publish", qos=1), payload=payload)


def keygen(topic: str = KEYGEN.topic) -> Request:
    """Return a request for a key, sent to a topic."""
    return Request("keygen", CallResult(), topic=topic, definition=KEYGEN, record=KEYGEN_REQUEST)


def subscribing(channel: str = "a/") -> Subscribing:
    """Return a SUBSCRIBE with a result and a sink of its own."""
    return Subscribing("subscribe", CallResult(), prepared=prepared(channel), sink=MessageSink(channel))


def presence(channel: str, *, changes: bool | None = True, status: bool = False, key: str = "key") -> PresenceRequest:
    """Return a request for presence; by default one that begins a watch."""
    return PresenceRequest(key=Key(key), channel=channel, changes=changes, status=status)
