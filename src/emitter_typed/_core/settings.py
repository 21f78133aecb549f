"""The settings of a client, checked when it is made."""

from __future__ import annotations

import ssl
import sys
from typing import Final, Literal, TypeAlias, cast

from attrs import evolve, field, frozen

from emitter_typed._core.addresses import check_host
from emitter_typed._core.time_limits import check_time_limit
from emitter_typed._masking import hide_keys, kind_of, shown
from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.receiving.mailbox import Mailbox, Overflow, QueueLimits
from emitter_typed._protocol.session.outbox import Outbox
from emitter_typed._protocol.topics import Matcher
from emitter_typed._protocol.will import Will
from emitter_typed._transport import Endpoint, TransportFactory, parse_proxy
from emitter_typed.errors import InvalidArgument

# An object of its own, which tells a call without a host from one that names this one.
DEFAULT_HOST: Final = str(b"api.emitter.io", "ascii")
DEFAULT_PORT = 443
DEFAULT_KEEPALIVE_S = 30

# The remaining length of a CONNECT without will and username (MQTT 3.1.1, 3.1).
_BARE_CONNECT_BYTES = 12
# A text of MQTT begins with its length in two bytes (MQTT 3.1.1, 1.5.3).
_MAX_USERNAME_BYTES = 65_535
# Replies need some room, and a packet of MQTT cannot be larger (MQTT 3.1.1, 2.2.3).
_SMALLEST_PACKET_BYTES = 1_024
_LARGEST_PACKET_BYTES = 268_435_455
_RECONNECT_BASE_S = 0.5

WhileOffline: TypeAlias = Literal["wait", "raise"]
"""What a call does while the connection is lost: wait for the next one within `timeout_s`, or raise at once."""


@frozen(kw_only=True)
class Settings:
    """The settings of a client, as its constructor takes them; their defaults stand there."""

    username: str | None
    timeout_s: float
    tls: ssl.SSLContext | None = field(repr=False)
    transport: TransportFactory | None
    will: Will | None
    proxy: str | None = field(repr=False)
    matcher: Matcher
    max_messages: int
    max_bytes: int
    overflow: Overflow
    reconnect: bool
    reconnect_max_s: float
    retry_connect: bool
    while_offline: WhileOffline
    outbox_max_messages: int
    outbox_max_bytes: int
    max_packet_bytes: int

    def __attrs_post_init__(self) -> None:
        """Refuse what makes no sense."""
        _check_username(self.username)
        check_time_limit(self.timeout_s)
        if self.tls is not None:
            import ssl  # Costs a plain connection nothing.

            _check_kind("tls", self.tls, ssl.SSLContext, "an ssl.SSLContext")
        if self.will is not None:
            _check_kind("will", self.will, Will, "a Will")
        if self.proxy is not None:
            parse_proxy(self.proxy)
        for name in ("max_messages", "max_bytes", "outbox_max_messages", "outbox_max_bytes"):
            _check_between(name, getattr(self, name), 1, sys.maxsize)
        _check_between("max_packet_bytes", self.max_packet_bytes, _SMALLEST_PACKET_BYTES, _LARGEST_PACKET_BYTES)
        _one_of("matcher", self.matcher, ("emitter", "mqtt"))
        _one_of("overflow", self.overflow, ("drop_oldest", "drop_newest", "fail"))
        _one_of("while_offline", self.while_offline, ("wait", "raise"))
        for name in ("reconnect", "retry_connect"):
            _check_kind(name, getattr(self, name), bool, "a boolean")
        check_time_limit(self.reconnect_max_s, name="reconnect_max_s")

    def backoff(self, brokers: int) -> Backoff:
        """Make what says when to make the next attempt to connect, to one of so many brokers."""
        return Backoff(base_s=min(_RECONNECT_BASE_S, self.reconnect_max_s), max_s=self.reconnect_max_s, turns=brokers)

    def outbox(self) -> Outbox:
        """Make what holds messages while there is no connection."""
        return Outbox(max_messages=self.outbox_max_messages, max_bytes=self.outbox_max_bytes)

    def mailbox(self, limits: QueueLimits) -> Mailbox:
        """Make the queue of a subscription: its own limits where it has them. Raises InvalidArgument."""
        own = evolve(
            self,
            max_messages=self.max_messages if limits.max_messages is None else limits.max_messages,
            max_bytes=self.max_bytes if limits.max_bytes is None else limits.max_bytes,
            overflow=self.overflow if limits.overflow is None else limits.overflow,
        )
        return Mailbox(max_messages=own.max_messages, max_bytes=own.max_bytes, overflow=own.overflow)

    def endpoint(
        self,
        host: str,
        port: int,
        secure: bool,
        keepalive_s: int,
        username: str | None,
        websocket_path: str | None = None,
        *,
        brokers: int = 1,
    ) -> Endpoint:
        """Return where and how to connect. Raises InvalidArgument.

        The username is the settings' own if it is None. So many brokers share the time limit.
        """
        _check_kind("host", host, str, "a text")
        _check_kind("secure", secure, bool, "a boolean")
        check_host(host)
        _check_between("port", port, 1, 65_535)
        _check_between(
            "keepalive", keepalive_s, 1, 119, unit=" seconds", reason=": the broker drops a connection after 120"
        )
        username = username or self.username
        _check_username(username)
        self._check_connect_size(username)
        tls = self.tls
        # A transport of another kind has its own ways.
        if secure and tls is None and self.transport is None:
            import ssl  # Costs a plain connection nothing.

            tls = ssl.create_default_context()
        return Endpoint(
            host=host,
            port=port,
            tls=tls if secure else None,
            websocket_path=websocket_path,
            proxy=None if self.proxy is None else parse_proxy(self.proxy),
            will=self.will,
            username=username,
            keepalive_s=keepalive_s,
            connect_timeout_s=self.timeout_s / brokers,
            max_packet_bytes=self.max_packet_bytes,
        )

    def _check_connect_size(self, username: str | None) -> None:
        """Raise InvalidArgument if will and username together do not fit a CONNECT."""
        will = self.will
        size = _BARE_CONNECT_BYTES
        size += 0 if will is None else 2 + len(will.topic.encode()) + 2 + len(will.payload)
        size += 0 if username is None else 2 + len(username.encode())
        if size > self.max_packet_bytes:
            argument, what = ("username", "it makes") if will is None else ("will", "its message and the username make")
            raise InvalidArgument(
                f"{argument}: {what} a CONNECT packet of {size} bytes, and max_packet_bytes is "
                f"{self.max_packet_bytes}: shorten the {'username' if will is None else 'message'}",
                argument=argument,
                value=will,
            )


def _check_kind(name: str, value: object, cls: type, kind: str) -> None:
    """Raise InvalidArgument unless a value is of a class. The value is not shown: a text may be a key."""
    if not isinstance(value, cls) or (isinstance(value, bool) and cls is not bool):
        raise InvalidArgument(f"{name}: expected {kind}, got {kind_of(value)}", argument=name, value=None)


def _check_between(name: str, value: object, least: int, most: int, *, unit: str = "", reason: str = "") -> None:
    """Raise InvalidArgument unless a value is an integer from one to another."""
    _check_kind(name, value, int, "an integer")
    if not least <= cast("int", value) <= most:
        raise InvalidArgument(
            f"{name}: must be {least} to {most}{unit}, not {shown(value)}{reason}", argument=name, value=value
        )


def _check_username(username: str | None) -> None:
    if username is None:
        return
    _check_kind("username", username, str, "a text")
    try:
        size = len(username.encode())
    except UnicodeEncodeError:
        problem = "contains a lone surrogate, which UTF-8 cannot hold"
    else:
        if size <= _MAX_USERNAME_BYTES:
            return
        problem = f"must have at most {_MAX_USERNAME_BYTES} bytes of UTF-8, not {size}"
    raise InvalidArgument(f"username: {problem}", argument="username", value=None)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidArgument(
            f"{name}: must be one of {', '.join(allowed)}, not {shown(value)}",
            argument=name,
            value=hide_keys(value) if isinstance(value, str) else None,
        )
