"""How a client is made: one constructor for both clients, and `from_url`."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from emitter_typed._core.addresses import parse_urls
from emitter_typed._core.settings import Settings, WhileOffline
from emitter_typed._core.statistics import Statistics
from emitter_typed._protocol.definition import ProtocolDefinition
from emitter_typed._protocol.receiving.mailbox import Overflow
from emitter_typed._protocol.topics import Matcher
from emitter_typed._protocol.will import Will
from emitter_typed._transport import TransportFactory

if TYPE_CHECKING:
    from emitter_typed._core.driver_base import DriverBase


class ConfiguredClient(ABC):
    """How both clients are made: a constructor with the settings, and `from_url`."""

    _protocol: ClassVar[ProtocolDefinition]

    def __init_subclass__(cls, *, protocol: ProtocolDefinition | None = None) -> None:
        """Take the protocol of a class that has the calls of one."""
        super().__init_subclass__()
        if protocol is not None:
            # Not in the body of `Client`: editors would list it before every public name.
            cls._protocol = protocol

    def __init__(
        self,
        url: str | Sequence[str] | None = None,
        /,
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
        max_packet_bytes: int | None = None,
    ) -> None:
        """Make a client that is not connected: `connect` or `with` does that (`async with`, for AsyncClient).

        Args:
            url: Where `connect` without a host connects to: `mqtt://host:port`, `mqtts://host:port` for TLS,
                `ws://host:port/path` for WebSocket or `wss://host:port/path` for both; the ports are 8080, and 443 for
                TLS, by default, the path `/`. Several, such as the nodes of a cluster, as a sequence or with spaces
                between: they are tried in turn until one accepts the connection, also when it is lost; each attempt has
                its share of `timeout_s`. Default: Emitter's hosted service, `mqtts://api.emitter.io`.
            username: The name that presence shows to others. Default: none.
            timeout_s: Seconds that a call waits for the broker, if the call does not say otherwise.
            tls: The TLS context of secure connections. Default: the system's certificates, verified.
            will: What the broker publishes once the connection has ended. Default: nothing.
            proxy: The URL of a proxy to go through, such as `socks5://host:1080` or `http://host:8080`. Default: the
                one in the environment variable mqtt_proxy, if there is one.
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
            max_packet_bytes: How large a packet may be, in both directions: what is larger is not sent, and a broker
                that announces more is left. It says as well how much a page of stored messages may hold. Set what the
                broker is configured for, if that is not Emitter's own bound. Default: 65,536, Emitter's own bound.

        Raises:
            InvalidArgument: A URL is none, or a setting makes no sense.
        """
        addresses = () if url is None else parse_urls(url)
        self._set_up(
            Settings(
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
                max_packet_bytes=(
                    self._protocol.envelope.max_packet_bytes if max_packet_bytes is None else max_packet_bytes
                ),
            )
        )
        self._driver.addresses = addresses

    @classmethod
    def from_url(
        cls,
        url: str | Sequence[str] | None = None,
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
        max_packet_bytes: int | None = None,
    ) -> Self:
        """Make a client for the broker at a URL, or for several; `with`, or `connect` without arguments, connects it.

        Args:
            url: As in the constructor. Default: the environment variable EMITTER_URL, which may hold several with
                spaces between.
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
            max_packet_bytes: As in the constructor.

        Returns:
            A client that is not connected yet.

        Raises:
            InvalidArgument: There is no URL, it is none, or a setting makes no sense.
        """
        addresses = parse_urls(url)
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
            max_packet_bytes=max_packet_bytes,
        )
        client._driver.addresses = addresses
        return client

    def statistics(self) -> Statistics:
        """Return what the client has done so far, in numbers.

        Cheap, and possible at any time: connected or not, from any thread, in a handler. The numbers are read one after
        the other while the client goes on, so what happens meanwhile may show in some of them only.

        Returns:
            The numbers since the client was made, as they are now.
        """
        return self._driver.statistics()

    def __repr__(self) -> str:
        """Show where it connects to, once that is known, and how the connection stands."""
        return " ".join(filter(None, (f"<{type(self).__name__}", self._driver.place, f"{self._driver.state.status}>")))

    @abstractmethod
    def _set_up(self, settings: Settings) -> None:
        """Make the driver; called once, by the constructor."""

    @property
    @abstractmethod
    def _driver(self) -> DriverBase:
        """What carries out the client's calls."""
