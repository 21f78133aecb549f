"""What a program calls to have a recorded packet sent, if the client can be made to send it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast

from emitter_typed import Client
from emitter_typed._protocol.topics import SHARE
from emitter_typed._types.values import Json

Call = Callable[[Client], object]
Packet = Mapping[str, Json]

_LETTERS = re.compile("r?w?s?l?p?e?x?")
# The type of each field of a request, as the client writes it.
_FIELDS: Mapping[str, Mapping[str, type]] = {
    "keygen": {"key": str, "channel": str, "type": str, "ttl": int},
    "keyban": {"secret": str, "target": str, "banned": bool},
    "link": {"name": str, "key": str, "channel": str, "subscribe": bool},
    "presence": {"key": str, "channel": str, "status": bool},
    "history": {"key": str, "channel": str},
}
Option = Callable[[int], dict[str, Any]]  # Any: whatever the option takes
# In the order in which the client writes them.
_PUBLISH_OPTIONS: Mapping[str, Option] = {
    "ttl": lambda value: {"ttl": value},
    "me": lambda value: {"echo": False} if value == 0 else _none_for("options that the client does not write"),
}
_LAST: Mapping[str, Option] = {"last": lambda value: {"last": value}}


class NoCall(Exception):
    """No call has the client send the packet; the text says why."""


def _none_for(reason: str) -> NoReturn:
    raise NoCall(reason)


def call_for(packet: Packet) -> Call:
    """Return the call that has the client send a packet, whose placeholders are filled in.

    Raises:
        NoCall: There is none.
    """
    if packet.get("id") == 0:
        raise NoCall("the packet identifier 0")
    match packet["type"]:
        case "PUBLISH":
            topic = cast("str", packet.get("topic", ""))
            if cast("int", packet.get("qos", 0)) > 1:
                raise NoCall("a QoS above 1")
            return _request(packet, topic) if topic.startswith("emitter/") else _publish(packet, topic)
        case "SUBSCRIBE":
            return _subscribe(*_one_filter(packet))
        case "UNSUBSCRIBE":
            return _unsubscribe(*_one_filter(packet))
        case other:
            raise NoCall(f"a {other}")


def payload_of(packet: Packet) -> bytes:
    """Return the payload of a packet."""
    match packet:
        case {"json": document}:
            return json.dumps(document, separators=(",", ":")).encode()
        case {"text": str(text)}:
            return text.encode()
        case {"fill": [str(character), int(count)]}:
            return character.encode() * count
        case _:
            return b""


def _request(packet: Packet, topic: str) -> Call:
    name = topic.removeprefix("emitter/").removesuffix("/")
    if not packet.get("qos"):
        raise NoCall("a request without an answer that can be told")
    if topic == "emitter/me/":
        if packet.get("json") or packet.get("text", "") not in ("", "{}"):
            raise NoCall("fields of another name, type or number")
        return lambda client: client.me()
    if topic != f"emitter/{name}/" or name not in _FIELDS:
        raise NoCall("a request that the client does not know")
    document = packet.get("json")
    if not isinstance(document, dict):
        raise NoCall("fields of another name, type or number")
    return _CALLS[name](_fields(name, document))


def _fields(name: str, document: dict[str, Json]) -> dict[str, Any]:  # Any: each field has its type
    wanted = dict(_FIELDS[name])
    if name == "presence" and "changes" in document:
        wanted["changes"] = bool
    if name == "history":
        if "startFromID" in document:
            raise NoCall("a page in the middle of a history")
        # The broker does not look at it, and the client does not send it.
        document = {"key": "", **document}
    if {field: type(value) for field, value in document.items()} != wanted:
        raise NoCall("fields of another name, type or number")
    return document


def _keygen(fields: Mapping[str, Any]) -> Call:
    if not _LETTERS.fullmatch(fields["type"]):
        raise NoCall("letters that are no permission, or in another order")
    return lambda client: client.keygen(fields["key"], fields["channel"], fields["type"], fields["ttl"])


def _keyban(fields: Mapping[str, Any]) -> Call:
    return lambda client: client.keyban(fields["secret"], fields["target"], fields["banned"])


def _link(fields: Mapping[str, Any]) -> Call:
    channel, options = _with_options(fields["channel"], _PUBLISH_OPTIONS)
    return lambda client: client.link(fields["key"], channel, fields["name"], fields["subscribe"], **options)


def _presence(fields: Mapping[str, Any]) -> Call:
    return lambda client: client.presence(fields["key"], fields["channel"], fields["status"], fields.get("changes"))


def _history(fields: Mapping[str, Any]) -> Call:
    key, _, rest = fields["channel"].partition("/")
    channel, options = _with_options(rest, _LAST)
    if not options:
        raise NoCall("a history without a size of its pages")
    return lambda client: list(client.history(key, channel, **options))


_CALLS: Mapping[str, Callable[[Mapping[str, Any]], Call]] = {
    "keygen": _keygen,
    "keyban": _keyban,
    "link": _link,
    "presence": _presence,
    "history": _history,
}


def _publish(packet: Packet, topic: str) -> Call:
    payload, qos, retain = payload_of(packet), cast("Any", packet.get("qos", 0)), packet.get("retain") is True
    key, slash, rest = topic.partition("/")
    if not slash:
        return lambda client: client.publish_with_link(key, payload, qos=qos, retain=retain)
    channel, options = _with_options(rest, _PUBLISH_OPTIONS)
    return lambda client: client.publish(key, channel, payload, qos=qos, retain=retain, **options)


def _one_filter(packet: Packet) -> tuple[str, str]:
    filters = packet["filters"]
    if not isinstance(filters, list) or len(filters) != 1:
        raise NoCall("several filters")
    [one] = filters
    if isinstance(one, dict) and one["qos"]:
        raise NoCall("a SUBSCRIBE above QoS 0")
    key, slash, rest = str(one["topic"] if isinstance(one, dict) else one).partition("/")
    if not slash:
        raise NoCall("a filter without a channel")
    return key, rest


def _subscribe(key: str, rest: str) -> Call:
    channel, options = _with_options(rest, _LAST)
    if options.get("last"):
        raise NoCall("a SUBSCRIBE that brings stored messages")
    if channel.startswith(f"{SHARE}/"):
        group, _, plain = channel.removeprefix(f"{SHARE}/").partition("/")
        return lambda client: client.subscribe_with_group(key, plain, group, allow_reserved=True, **options)
    return lambda client: client.subscribe(key, channel, allow_reserved=True, **options)


def _unsubscribe(key: str, rest: str) -> Call:
    return lambda client: client.unsubscribe(key, rest)


def _with_options(
    rest: str, known: Mapping[str, Option]
) -> tuple[str, dict[str, Any]]:  # Any: whatever an option takes
    channel, mark, written = rest.partition("?")
    given: dict[str, Any] = {}
    places: list[int] = []
    for option in written.split("&") if mark else ():
        name, _, value = option.partition("=")
        # Written back as it was: neither 05 nor an option without a value.
        if name not in known or not value.isdecimal() or f"{name}={int(value)}" != option:
            raise NoCall("options that the client does not write")
        given |= known[name](int(value))
        places.append(list(known).index(name))
    if places != sorted(set(places)):
        raise NoCall("options twice or in another order")
    return channel, given
