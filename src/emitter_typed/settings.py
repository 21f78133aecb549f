"""What a client is set to, and broker addresses as URLs."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from emitter_typed.errors import InvalidArgument, hide_keys, kind_of
from emitter_typed.pending import check_time_limit
from emitter_typed.protocol.bounds import Bounds, Overflow
from emitter_typed.protocol.mailbox import Mailbox
from emitter_typed.protocol.topics import Matcher
from emitter_typed.transport import Endpoint, Transport, TransportFactory, make_transport

if TYPE_CHECKING:
    import ssl
    from typing import Self

DEFAULT_HOST = "api.emitter.io"
DEFAULT_PORT = 443
DEFAULT_KEEPALIVE_S = 30

_PORTS = {"mqtt": 8080, "mqtts": 443}
_SECURE = {"mqtts"}
URL_VARIABLE = "EMITTER_URL"
"""The environment variable that names a broker where no URL is given."""


@frozen(kw_only=True)
class Settings:
    """The settings of a client."""

    timeout_s: float
    tls: ssl.SSLContext | None = field(repr=False)
    transport: TransportFactory | None = None
    matcher: Matcher
    max_messages: int
    max_bytes: int
    overflow: Overflow

    def __attrs_post_init__(self) -> None:
        """Refuse what makes no sense."""
        check_time_limit(self.timeout_s)
        if self.tls is not None:
            import ssl  # Costs a plain connection nothing.

            _check_kind("tls", self.tls, ssl.SSLContext, "an ssl.SSLContext")
        for name in ("max_messages", "max_bytes"):
            _check_kind(name, getattr(self, name), int, "an integer")
            if not getattr(self, name) > 0:
                raise InvalidArgument(
                    f"{name} must be more than 0, not {getattr(self, name)!r}",
                    argument=name,
                    value=getattr(self, name),
                )
        _one_of("matcher", self.matcher, ("emitter", "mqtt"))
        _one_of("overflow", self.overflow, ("drop_oldest", "drop_newest", "fail"))

    def mailbox(self, bounds: Bounds) -> Mailbox:
        """Make the queue of a subscription: its own bounds where it has them. Raises InvalidArgument."""
        own = evolve(
            self,
            max_messages=self.max_messages if bounds.max_messages is None else bounds.max_messages,
            max_bytes=self.max_bytes if bounds.max_bytes is None else bounds.max_bytes,
            overflow=self.overflow if bounds.overflow is None else bounds.overflow,
        )
        return Mailbox(max_messages=own.max_messages, max_bytes=own.max_bytes, overflow=own.overflow)

    def endpoint(self, host: str, port: int, secure: bool, keepalive_s: int, username: str | None) -> Endpoint:
        """Return where and how to connect. Raises InvalidArgument."""
        _check_kind("host", host, str, "a text")
        _check_kind("port", port, int, "an integer")
        _check_kind("secure", secure, bool, "a boolean")
        _check_kind("keepalive", keepalive_s, int, "an integer")
        if not host:
            raise InvalidArgument("the host is empty: give a name or an address", argument="host", value=host)
        if not 0 < port < 65_536:
            raise InvalidArgument(f"a port is 1 to 65535, not {port}", argument="port", value=port)
        if not 0 < keepalive_s < 120:
            raise InvalidArgument(
                f"keepalive is 1 to 119 seconds, not {keepalive_s}: the broker drops a connection after 120",
                argument="keepalive",
                value=keepalive_s,
            )
        _check_username(username)
        tls = self.tls
        # A transport of another kind has its own ways.
        if secure and tls is None and self.transport is None:
            import ssl  # Costs a plain connection nothing.

            tls = ssl.create_default_context()
        return Endpoint(
            host=host,
            port=port,
            tls=tls if secure else None,
            username=username,
            keepalive_s=keepalive_s,
            connect_timeout_s=self.timeout_s,
        )


def _check_kind(name: str, value: object, cls: type, kind: str) -> None:
    """Raise InvalidArgument unless a value is of a class. The value is not shown: a text may be a key."""
    if not isinstance(value, cls) or (isinstance(value, bool) and cls is not bool):
        raise InvalidArgument(f"{name}: expected {kind}, got {kind_of(value)}", argument=name, value=None)


def _check_username(username: str | None) -> None:
    if username is not None:
        _check_kind("username", username, str, "a text")
    try:
        fits = username is None or len(username.encode()) < 65_536
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise InvalidArgument(
            "the username must be a text of at most 65,535 bytes of UTF-8, without lone surrogates",
            argument="username",
            value=username,
        )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidArgument(
            f"{name} must be one of {', '.join(allowed)}, not {hide_keys(repr(value))}", argument=name, value=value
        )


@frozen
class BrokerAddress:
    """The host of a URL, its port, and whether it is TLS."""

    host: str
    port: int
    secure: bool


def parse_url(url: str | None) -> BrokerAddress:
    """Read the URL of a broker.

    Args:
        url: `mqtt://host:port` or `mqtts://host:port`; without a port, 8080 and 443. None: what the environment
            variable EMITTER_URL says.

    Returns:
        The parts.

    Raises:
        InvalidArgument: There is none, or it is no such URL.
    """
    if url is None:
        url = os.environ.get(URL_VARIABLE)
        if not url:
            raise InvalidArgument(
                f"no URL of a broker: give one, or set {URL_VARIABLE}, such as mqtt://localhost:8080",
                argument="url",
                value=None,
            )
    _check_kind("url", url, str, "a text")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = 0
        parts = None
    # What a URL holds besides host and port may be a password, so that no error shows it.
    if parts is None or port == 0:
        raise InvalidArgument(
            "this is no URL of a broker: write mqtt://host:port, with a port of 1 to 65535",
            argument="url",
            value=None,
        ) from None
    if parts.scheme not in _PORTS:
        raise InvalidArgument(
            "the URL must begin with mqtt:// or mqtts://, as in mqtt://localhost:8080",
            argument="url",
            value=None,
        )
    if not parts.hostname or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise InvalidArgument(f"the URL must be {parts.scheme}://host:port and no more", argument="url", value=None)
    return BrokerAddress(parts.hostname, port or _PORTS[parts.scheme], parts.scheme in _SECURE)


class Configured(ABC):
    """What clients of both colours are made with."""

    def __init__(
        self,
        *,
        username: str | None = None,
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        transport: TransportFactory | None = None,
        matcher: Matcher = "emitter",
        max_messages: int = 10_000,
        max_bytes: int = 16 * 1024 * 1024,
        overflow: Overflow = "drop_oldest",
    ) -> None:
        """Make a client that is not connected: `connect` or `with` does that (`async with`, for AsyncClient).

        Args:
            username: The name that presence shows to others. Default: none.
            timeout_s: Seconds that a call waits for the broker, if the call does not say otherwise.
            tls: The TLS context of secure connections. Default: the system's certificates, verified.
            transport: What carries its packets, such as an embedded broker's `memory`. Default: TCP, and TLS.
            matcher: How the broker matches channels: by prefix (`"emitter"`), or as MQTT does (`"mqtt"`).
            max_messages: How many messages may wait in the queue of a subscription.
            max_bytes: How many bytes of payload may wait in the queue of a subscription.
            overflow: What a full queue does: lose its oldest messages (`"drop_oldest"`), lose the new one
                (`"drop_newest"`), or end the subscription with SlowConsumer (`"fail"`).

        Raises:
            InvalidArgument: A setting makes no sense.
        """
        _check_username(username)
        self._address: BrokerAddress | None = None
        self._username = username
        self._settings = Settings(
            timeout_s=timeout_s,
            tls=tls,
            transport=transport,
            matcher=matcher,
            max_messages=max_messages,
            max_bytes=max_bytes,
            overflow=overflow,
        )
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Set up what the colour needs; called once, by the constructor."""

    @classmethod
    def from_url(
        cls,
        url: str | None = None,
        *,
        username: str | None = None,
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        transport: TransportFactory | None = None,
        matcher: Matcher = "emitter",
        max_messages: int = 10_000,
        max_bytes: int = 16 * 1024 * 1024,
        overflow: Overflow = "drop_oldest",
    ) -> Self:
        """Make a client for the broker at a URL; `with`, or `connect` without arguments, connects it.

        Args:
            url: `mqtt://host:port` or `mqtts://host:port`, the ports 8080 and 443 by default. Default: the environment
                variable EMITTER_URL.
            username: As in the constructor.
            timeout_s: As in the constructor.
            tls: As in the constructor.
            transport: As in the constructor.
            matcher: As in the constructor.
            max_messages: As in the constructor.
            max_bytes: As in the constructor.
            overflow: As in the constructor.

        Returns:
            A client that is not connected yet.

        Raises:
            InvalidArgument: There is no URL, it is none, or a setting makes no sense.
        """
        client = cls(
            username=username,
            timeout_s=timeout_s,
            tls=tls,
            transport=transport,
            matcher=matcher,
            max_messages=max_messages,
            max_bytes=max_bytes,
            overflow=overflow,
        )
        client._address = parse_url(url)
        return client

    def _endpoint(self, host: str, port: int, secure: bool, keepalive_s: int, username: str | None) -> Endpoint:
        """Return where `connect` connects to with these arguments. Raises InvalidArgument."""
        if self._address is not None and (host, port, secure) == (DEFAULT_HOST, DEFAULT_PORT, True):
            host, port, secure = self._address.host, self._address.port, self._address.secure
        return self._settings.endpoint(host, port, secure, keepalive_s, username or self._username)

    def _make_transport(self, endpoint: Endpoint) -> Transport:
        """Make what carries the packets of one connection."""
        return (self._settings.transport or make_transport)(endpoint)

    def _limit(self, timeout_s: float | None) -> float:
        """Return the time limit of a call: its own, or the client's. Raises InvalidArgument."""
        return self._settings.timeout_s if timeout_s is None else check_time_limit(timeout_s)
