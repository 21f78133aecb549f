"""Emitter's requests: JSON in, JSON out, one method for each.

(docs: Emitter protocol, requests)
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from emitter_typed._broker.connection import Connection
from emitter_typed._broker.keys import KeyRing, Permission, read_permissions
from emitter_typed._broker.presence import Presence
from emitter_typed._broker.refusals import Refusal, Refused
from emitter_typed._broker.storage import StoredMessage, Window
from emitter_typed._broker.targets import MAX_SEGMENTS
from emitter_typed._protocol.topics import Topic, is_link_name, parse_topic, segments
from emitter_typed.errors import InvalidArgument

T = TypeVar("T")
Reply = dict[str, object]
Find = Callable[[str, Window, bytes | None], Iterable[StoredMessage]]

# 2010-01-01 in Unix seconds: Emitter counts from it, in 32 bits, when a key ends.
_EXPIRIES_BEGIN_S = 1_262_304_000
_half_pairs = re.compile("[\ud800-\udfff]")
_line_ends = re.compile(r"[\r\n]")
_is_base64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?").fullmatch
_MAX_BYTE = 255


class _Object(tuple[tuple[str, object], ...]):
    """A JSON object with all that stands in it, fields of one name included."""

    __slots__ = ()


class Fields:
    """The fields of a request. A missing or null one is empty, another type than it has is refused.

    Names are read in any case, as Emitter does. A field may stand twice: the last one that is not null counts,
    and each must be of the right type.
    """

    def __init__(self, payload: bytes) -> None:
        """Read a payload.

        Raises:
            Refused: it is neither a JSON object nor null.
        """
        try:
            document: object = json.loads(
                payload.decode("utf-8", "replace"), object_pairs_hook=_Object, parse_constant=_refuse_constant
            )
        # Nesting that is too deep for the parser is no request either.
        except (ValueError, RecursionError):
            raise Refused(Refusal.BAD_REQUEST) from None
        if document is not None and not isinstance(document, _Object):
            raise Refused(Refusal.BAD_REQUEST)
        self._fields: dict[str, list[object]] = {}
        for name, value in document or ():
            self._fields.setdefault(name.casefold(), []).append(value)

    def text(self, name: str) -> str:
        """Return a text; empty if it is absent."""
        # JSON can spell half of a surrogate pair, which no UTF-8 can.
        return _half_pairs.sub("\ufffd", self._last(name, str) or "")

    def flag(self, name: str) -> bool | None:
        """Return a boolean; None if it is absent."""
        return self._last(name, bool)

    def int32(self, name: str) -> int:
        """Return an integer of 32 bits; 0 if it is absent."""
        return self._last(name, int) or 0

    def binary(self, name: str) -> bytes:
        """Return bytes that are written in base64, or as a list of numbers; empty if they are absent.

        Here a null counts where it is the last one, and for 0 in a list.
        """
        last = b""
        for value in self._fields.get(name.casefold(), ()):
            last = _read_bytes(value)
        return last

    def _last(self, name: str, kind: type[T]) -> T | None:
        last: T | None = None
        for value in self._fields.get(name.casefold(), ()):
            if value is None:
                continue
            # A boolean is an int to Python, and none to JSON.
            if isinstance(value, bool) is not (kind is bool) or not isinstance(value, kind):
                raise Refused(Refusal.BAD_REQUEST)
            if isinstance(value, int) and not -(2**31) <= value < 2**31:
                raise Refused(Refusal.BAD_REQUEST)
            last = value
        return last


def _read_bytes(value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str) and _is_base64(text := _line_ends.sub("", value)):
        return base64.b64decode(text)
    if isinstance(value, list):
        numbers = [0 if each is None else each for each in cast("list[object]", value)]
        if all(type(each) is int and 0 <= each <= _MAX_BYTE for each in numbers):
            return bytes(cast("list[int]", numbers))
    raise Refused(Refusal.BAD_REQUEST)


def _refuse_constant(constant: str) -> object:
    raise ValueError(constant)


def read_topic(topic: str) -> Topic:
    """Take a topic apart.

    Raises:
        Refused: it breaks a rule.
    """
    try:
        return parse_topic(topic)
    except InvalidArgument:
        raise Refused(Refusal.BAD_REQUEST) from None


def authorize(keys: KeyRing, topic: Topic, permission: Permission) -> Permission:
    """Return what the key of a topic permits on its channel.

    Raises:
        Refused: the key is not valid, does not open the channel, lacks the permission, or is one that only
            makes other keys.
    """
    permitted = keys.authorize(topic.key, topic.channel, permission).permissions
    if Permission.EXTEND in permitted:
        raise Refused(Refusal.EXTEND_KEY)
    return permitted


class Requests:
    """Answers the requests of all connections of one broker."""

    def __init__(self, keys: KeyRing, presence: Presence, find: Find, clock: Callable[[], float]) -> None:
        """Answer with these parts of the broker.

        Args:
            keys: Makes and checks keys.
            presence: Who is subscribed.
            find: Looks for stored messages, on every node.
            clock: Gives the Unix time in seconds.
        """
        self._keys = keys
        self._presence = presence
        self._find = find
        self._clock = clock
        self._handlers: dict[str, Callable[[Connection, Fields], Reply]] = {
            "keygen/": self._keygen,
            "keyban/": self._keyban,
            "link/": self._link,
            "presence/": self._status,
            "history/": self._history,
        }

    def answer(self, connection: Connection, name: str, payload: bytes) -> Reply:
        """Carry a request out.

        Args:
            connection: Who asks.
            name: The request with its slash, such as `keygen/`.
            payload: The body.

        Returns:
            The body of the reply; of an error if the request was refused.
        """
        try:
            # The one request that has no fields: it answers whatever its payload is.
            if name == "me/":
                return self._me(connection)
            if name not in self._handlers:
                raise Refused(Refusal.NOT_FOUND)
            return self._handlers[name](connection, Fields(payload))
        except Refused as refused:
            return refused.refusal.as_reply()

    def _keygen(self, connection: Connection, fields: Fields) -> Reply:
        key, target, letters, ttl_s = (
            fields.text("key"),
            fields.text("channel"),
            fields.text("type"),
            fields.int32("ttl"),
        )
        maker = self._keys.unexpired(key)
        permissions = read_permissions(letters)
        expires_at_s = self._expiry(ttl_s)
        if Permission.MASTER in maker.permissions:
            made = self._keys.seal(permissions, target, expires_at_s)
        else:
            if Permission.EXTEND not in maker.permissions:
                raise Refused(Refusal.UNAUTHORIZED)
            target = self._private_target(connection, key, target)
            permissions &= maker.permissions & ~Permission.EXTEND
            # It outlives its maker, if it asked to.
            made = self._keys.seal(permissions, target, expires_at_s, maker=key)
        return {"status": 200, "key": made, "channel": target}

    def _expiry(self, ttl_s: int) -> int:
        """Return the Unix time at which a key ends; 0 for never.

        A negative time to live makes a key that has already expired. But to Emitter a key that would have ended before
        2010 ends after 2100.
        """
        expires_at_s = int(self._clock()) + ttl_s
        if ttl_s == 0 or (ttl_s < 0 and expires_at_s < _EXPIRIES_BEGIN_S):
            return 0
        return max(expires_at_s, 1)

    def _private_target(self, connection: Connection, key: str, target: str) -> str:
        """Return the target of a key that an extend key makes: a channel of this connection's own."""
        channel = read_topic(f"{key}/{target}").channel
        parent = channel.removesuffix("#/")
        if not read_topic(f"{key}/{parent}").static:
            raise Refused(Refusal.BAD_REQUEST)
        self._keys.authorize(key, channel, Permission.EXTEND)
        if len(segments(parent)) >= MAX_SEGMENTS:
            raise Refused(Refusal.PRIVATE_DEPTH)
        own = f"{parent}{connection.id}/"
        return own + "#/" if channel.endswith("#/") else own

    def _keyban(self, connection: Connection, fields: Fields) -> Reply:
        secret, target, banned = fields.text("secret"), fields.text("target"), bool(fields.flag("banned"))
        if Permission.MASTER not in self._keys.unexpired(secret).permissions or self._keys.open(target) is None:
            raise Refused(Refusal.UNAUTHORIZED)
        self._keys.ban(target, banned=banned)
        return {"status": 200, "banned": banned}

    def _link(self, connection: Connection, fields: Fields) -> Reply:
        name, key, channel = fields.text("name"), fields.text("key"), fields.text("channel")
        subscribe = bool(fields.flag("subscribe"))
        if not is_link_name(name):
            raise Refused(Refusal.LINK_NAME)
        topic = read_topic(f"{key}/{channel}")
        connection.set_link(name, topic)
        if subscribe:
            self._subscribe_if_permitted(connection, topic)
        return {"status": 200, "name": name, "channel": topic.without_key()}

    def _subscribe_if_permitted(self, connection: Connection, topic: Topic) -> None:
        try:
            self._keys.authorize(topic.key, topic.channel, Permission.READ)
        except Refused:
            return
        self._presence.subscribe(connection, topic.channel)

    def _me(self, connection: Connection) -> Reply:
        reply: Reply = {"status": 200, "id": connection.id}
        if connection.links:
            reply["links"] = {name: topic.without_key() for name, topic in sorted(connection.links.items())}
        return reply

    def _status(self, connection: Connection, fields: Fields) -> Reply:
        key, channel = fields.text("key"), fields.text("channel")
        status, changes = fields.flag("status"), fields.flag("changes")
        channel = channel.removesuffix("/") + "/"
        topic = read_topic(f"{key}/{channel}")
        permitted = self._keys.authorize(topic.key, topic.channel, Permission.PRESENCE).permissions
        if Permission.EXTEND in permitted:
            raise Refused(Refusal.UNAUTHORIZED)
        if changes is not None:
            self._presence.watch(connection, topic.channel, on=changes)
        if status is False:
            return {"status": 200, "time": 0, "event": "", "channel": "", "who": None}
        # The reply repeats the channel as it was asked for.
        return {"status": 200, **self._presence.status(topic.channel), "channel": channel}

    def _history(self, connection: Connection, fields: Fields) -> Reply:
        # The key that counts is the one in the channel.
        _, topic, start = fields.text("key"), fields.text("channel"), fields.binary("startFromID")
        asked = read_topic(topic)
        self._keys.authorize(asked.key, asked.channel, Permission.LOAD)
        found = self._find(asked.channel, Window.of(asked), start or None)
        return {
            "messages": [
                {
                    "id": base64.b64encode(message.identifier).decode(),
                    "channel": message.channel,
                    "payload": base64.b64encode(message.payload).decode() or None,
                }
                for message in found
            ]
        }
