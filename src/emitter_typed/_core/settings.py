"""What a client is set to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import evolve, field, frozen

from emitter_typed._core.addresses import BrokerAddress, parse_url
from emitter_typed._core.pending import check_time_limit
from emitter_typed._protocol.backoff import Backoff
from emitter_typed._protocol.receiving.mailbox import Mailbox, Overflow, QueueLimits
from emitter_typed._protocol.session.outbox import Outbox
from emitter_typed._protocol.topics import Matcher
from emitter_typed._protocol.will import Will
from emitter_typed._transport import Endpoint, Transport, TransportFactory, make_transport, parse_proxy
from emitter_typed.errors import InvalidArgument, hide_keys, kind_of

if TYPE_CHECKING:
    import ssl
    from typing import Self

DEFAULT_HOST = "api.emitter.io"
DEFAULT_PORT = 443
DEFAULT_KEEPALIVE_S = 30

# The remaining length of a CONNECT without will and username (MQTT 3.1.1, 3.1), and what Emitter takes at most.
_BARE_CONNECT_BYTES = 12
_MAX_CONNECT_BYTES = 65_536
_RECONNECT_BASE_S = 0.5

WhileOffline: TypeAlias = Literal["wait", "raise"]
"""What a call does that finds the connection lost: wait for the next one within its time limit, or raise at once."""


@frozen(kw_only=True)
class Settings:
    """The settings of a client."""

    timeout_s: float
    tls: ssl.SSLContext | None = field(repr=False)
    transport: TransportFactory | None = None
    will: Will | None = None
    proxy: str | None = field(default=None, repr=False)
    matcher: Matcher
    max_messages: int
    max_bytes: int
    overflow: Overflow
    reconnect: bool = True
    reconnect_max_s: float = 30.0
    retry_connect: bool = False
    while_offline: WhileOffline = "wait"
    outbox_max_messages: int = 10_000
    outbox_max_bytes: int = 16 * 1024 * 1024

    def __attrs_post_init__(self) -> None:
        """Refuse what makes no sense."""
        check_time_limit(self.timeout_s)
        if self.tls is not None:
            import ssl  # Costs a plain connection nothing.

            _check_kind("tls", self.tls, ssl.SSLContext, "an ssl.SSLContext")
        if self.will is not None:
            _check_kind("will", self.will, Will, "a Will")
        if self.proxy is not None:
            parse_proxy(self.proxy)
        for name in ("max_messages", "max_bytes", "outbox_max_messages", "outbox_max_bytes"):
            _check_kind(name, getattr(self, name), int, "an integer")
            if not getattr(self, name) > 0:
                raise InvalidArgument(
                    f"{name} must be more than 0, not {getattr(self, name)!r}",
                    argument=name,
                    value=getattr(self, name),
                )
        _one_of("matcher", self.matcher, ("emitter", "mqtt"))
        _one_of("overflow", self.overflow, ("drop_oldest", "drop_newest", "fail"))
        _one_of("while_offline", self.while_offline, ("wait", "raise"))
        for name in ("reconnect", "retry_connect"):
            _check_kind(name, getattr(self, name), bool, "a boolean")
        check_time_limit(self.reconnect_max_s, name="reconnect_max_s")

    def backoff(self) -> Backoff:
        """Make what says when to make the next attempt to connect."""
        return Backoff(base_s=min(_RECONNECT_BASE_S, self.reconnect_max_s), max_s=self.reconnect_max_s)

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
    ) -> Endpoint:
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
            connect_timeout_s=self.timeout_s,
        )

    def _check_connect_size(self, username: str | None) -> None:
        """Raise InvalidArgument if will and username together do not fit a CONNECT."""
        if self.will is None:
            return
        size = _BARE_CONNECT_BYTES + 2 + len(self.will.topic) + 2 + len(self.will.payload)
        size += 0 if username is None else 2 + len(username.encode())
        if size > _MAX_CONNECT_BYTES:
            raise InvalidArgument(
                f"the will and the username make a CONNECT of {size} bytes, and at most {_MAX_CONNECT_BYTES} fit a "
                "packet: shorten the message of the will",
                argument="will",
                value=self.will,
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


class Configured(ABC):
    """What clients of both flavours are made with."""

    def __init__(
        self,
        *,
        username: str | None = None,
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        will: Will | None = None,
        proxy: str | None = None,
        transport: TransportFactory | None = None,
        matcher: Matcher = "emitter",
        max_messages: int = 10_000,
        max_bytes: int = 16 * 1024 * 1024,
        overflow: Overflow = "drop_oldest",
        reconnect: bool = True,
        reconnect_max_s: float = 30.0,
        retry_connect: bool = False,
        while_offline: WhileOffline = "wait",
        outbox_max_messages: int = 10_000,
        outbox_max_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        """Make a client that is not connected: `connect` or `with` does that (`async with`, for AsyncClient).

        Args:
            username: The name that presence shows to others. Default: none.
            timeout_s: Seconds that a call waits for the broker, if the call does not say otherwise.
            tls: The TLS context of secure connections. Default: the system's certificates, verified.
            will: What the broker publishes once the connection has ended. Default: nothing.
            proxy: The URL of a proxy to go through, such as `socks5://host:1080` or `http://host:8080`; it needs
                PySocks, which the extra `proxy` brings. Default: none, unless PySocks is there and the environment
                variable mqtt_proxy names one.
            transport: What carries its packets, such as an embedded broker's `memory`. Default: TCP, TLS, WebSocket.
            matcher: How the broker matches channels: by prefix (`"emitter"`), or as MQTT does (`"mqtt"`).
            max_messages: How many messages may wait in the queue of a subscription.
            max_bytes: How many bytes of payload may wait in the queue of a subscription.
            overflow: What a full queue does: lose its oldest messages (`"drop_oldest"`), lose the new one
                (`"drop_newest"`), or end the subscription with SlowConsumer (`"fail"`).
            reconnect: Whether to connect again when the connection is lost. Links, watches and subscriptions are then
                asked for again, and messages of QoS 1 that were not acknowledged are sent again. False: everything
                ends with ConnectionLost.
            reconnect_max_s: The longest wait between two attempts, in seconds; the first ones are shorter.
            retry_connect: Whether `connect` goes on trying, within `timeout_s`, where waiting may help: nothing listens
                yet, or the broker takes nobody now. False: its first attempt is the only one.
            while_offline: What calls other than a publish of QoS 1 do that find the connection lost: wait for the next
                one within their time limit (`"wait"`), or raise ConnectionLost at once (`"raise"`).
            outbox_max_messages: How many messages of QoS 1 may wait for a connection.
            outbox_max_bytes: How many bytes of payload may wait for a connection.

        Raises:
            InvalidArgument: A setting makes no sense.
        """
        _check_username(username)
        self._address: BrokerAddress | None = None
        self._connected_to: BrokerAddress | None = None
        self._username = username
        self._settings = Settings(
            timeout_s=timeout_s,
            tls=tls,
            will=will,
            proxy=proxy,
            transport=transport,
            matcher=matcher,
            max_messages=max_messages,
            max_bytes=max_bytes,
            overflow=overflow,
            reconnect=reconnect,
            reconnect_max_s=reconnect_max_s,
            retry_connect=retry_connect,
            while_offline=while_offline,
            outbox_max_messages=outbox_max_messages,
            outbox_max_bytes=outbox_max_bytes,
        )
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Set up what the flavour needs; called once, by the constructor."""

    @classmethod
    def from_url(
        cls,
        url: str | None = None,
        *,
        username: str | None = None,
        timeout_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        will: Will | None = None,
        proxy: str | None = None,
        transport: TransportFactory | None = None,
        matcher: Matcher = "emitter",
        max_messages: int = 10_000,
        max_bytes: int = 16 * 1024 * 1024,
        overflow: Overflow = "drop_oldest",
        reconnect: bool = True,
        reconnect_max_s: float = 30.0,
        retry_connect: bool = False,
        while_offline: WhileOffline = "wait",
        outbox_max_messages: int = 10_000,
        outbox_max_bytes: int = 16 * 1024 * 1024,
    ) -> Self:
        """Make a client for the broker at a URL; `with`, or `connect` without arguments, connects it.

        Args:
            url: `mqtt://host:port`, `mqtts://host:port` for TLS, `ws://host:port/path` for WebSocket or
                `wss://host:port/path` for both; the ports are 8080, and 443 for TLS, by default, the path `/`.
                Default: the environment variable EMITTER_URL.
            username: As in the constructor.
            timeout_s: As in the constructor.
            tls: As in the constructor.
            will: As in the constructor.
            proxy: As in the constructor.
            transport: As in the constructor.
            matcher: As in the constructor.
            max_messages: As in the constructor.
            max_bytes: As in the constructor.
            overflow: As in the constructor.
            reconnect: As in the constructor.
            reconnect_max_s: As in the constructor.
            retry_connect: As in the constructor.
            while_offline: As in the constructor.
            outbox_max_messages: As in the constructor.
            outbox_max_bytes: As in the constructor.

        Returns:
            A client that is not connected yet.

        Raises:
            InvalidArgument: There is no URL, it is none, or a setting makes no sense.
        """
        client = cls(
            username=username,
            timeout_s=timeout_s,
            tls=tls,
            will=will,
            proxy=proxy,
            transport=transport,
            matcher=matcher,
            max_messages=max_messages,
            max_bytes=max_bytes,
            overflow=overflow,
            reconnect=reconnect,
            reconnect_max_s=reconnect_max_s,
            retry_connect=retry_connect,
            while_offline=while_offline,
            outbox_max_messages=outbox_max_messages,
            outbox_max_bytes=outbox_max_bytes,
        )
        client._address = parse_url(url)
        return client

    def _endpoint(self, host: str, port: int, secure: bool, keepalive_s: int, username: str | None) -> Endpoint:
        """Return where `connect` connects to with these arguments. Raises InvalidArgument."""
        websocket_path: str | None = None
        if self._address is not None and (host, port, secure) == (DEFAULT_HOST, DEFAULT_PORT, True):
            host, port, secure = self._address.host, self._address.port, self._address.secure
            websocket_path = self._address.websocket_path
        return self._settings.endpoint(host, port, secure, keepalive_s, username or self._username, websocket_path)

    def _note_place(self, endpoint: Endpoint) -> None:
        """Remember where `connect` connects to."""
        self._connected_to = BrokerAddress(
            endpoint.host, endpoint.port, endpoint.tls is not None, endpoint.websocket_path
        )

    def _shown(self, status: str) -> str:
        """Return what `repr` shows: where it connects to, once that is known, and how the connection stands."""
        place = self._connected_to or self._address
        return f"<{type(self).__name__} {'' if place is None else f'{place} '}{status}>"

    def _make_transport(self, endpoint: Endpoint) -> Transport:
        """Make what carries the packets of one connection."""
        return (self._settings.transport or make_transport)(endpoint)

    def _limit(self, timeout_s: float | None) -> float:
        """Return the time limit of a call: its own, or the client's. Raises InvalidArgument."""
        return self._settings.timeout_s if timeout_s is None else check_time_limit(timeout_s)
