"""How a client is made: one constructor for both clients, and `from_url`."""

from __future__ import annotations

import ssl
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from emitter_typed._core.addresses import parse_urls
from emitter_typed._core.forks import OfOneProcess
from emitter_typed._core.settings import Settings, WhileOffline
from emitter_typed._core.statistics import Statistics
from emitter_typed._frames import hides_arguments
from emitter_typed._guards import is_inside
from emitter_typed._protocol.definition import ProtocolDefinition
from emitter_typed._protocol.receiving.mailbox import Overflow
from emitter_typed._protocol.topics import Matcher
from emitter_typed._protocol.will import Will
from emitter_typed._transport import TransportFactory

if TYPE_CHECKING:
    from emitter_typed._core.driver_base import DriverBase


@hides_arguments
class ConfiguredClient(OfOneProcess, ABC):
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
        """Make a client.

        It is not connected yet: call `connect`, or use `with` (`async with` for AsyncClient).

        Args:
            url: The broker: `mqtt://host:port`, `mqtts://host:port` (TLS), `ws://host:port/path` (WebSocket) or
                `wss://host:port/path` (both). Default port: 8080, with TLS 443. Several URLs, such as the nodes of a
                cluster, are a sequence, or one text with spaces between; they are tried in turn, each with its share of
                `timeout_s`. Default: Emitter's hosted service, `mqtts://api.emitter.io`.
            username: The name that presence events show. Default: none.
            timeout_s: Seconds that a call waits for the broker, unless the call has a `timeout_s` of its own. Default:
                10.
            tls: The TLS context of secure connections. Default: verify with the system's certificates.
            will: The message that the broker publishes when the connection has ended. Default: none.
            proxy: The URL of a proxy, such as `socks5://host:1080` or `http://host:8080`. Default: the environment
                variable mqtt_proxy, if it is set.
            transport: What carries the packets, such as an embedded broker's `memory`. Default: TCP, TLS or WebSocket,
                by the URL.
            matcher: How the broker is configured to match channels: by prefix (`"emitter"`) or as MQTT does (`"mqtt"`).
                Default: `"emitter"`.
            max_messages: Maximum number of messages in the queue of a subscription. Default: 10,000.
            max_bytes: Maximum number of bytes of payload in the queue of a subscription. Default: 16 MiB.
            overflow: What a full queue does: drop its oldest messages (`"drop_oldest"`), drop the new one
                (`"drop_newest"`), or end the subscription with SlowConsumer (`"fail"`). Default: `"drop_oldest"`.
            reconnect: True to reconnect when the connection is lost. Links, watches and subscriptions are then
                restored, and unacknowledged messages of QoS 1 are resent. If False, everything ends with
                ConnectionLost. Default: True.
            reconnect_max_s: The longest wait between two attempts, in seconds. The first waits are shorter. Default:
                30.
            retry_connect: True if `connect` retries within `timeout_s` while waiting may help: nothing listens yet, or
                the broker is not available. If False, it makes one attempt. Default: False.
            while_offline: What a call does without a connection: wait for the next one within its time limit
                (`"wait"`), or raise ConnectionLost at once (`"raise"`). A publish of QoS 1 always waits. Default:
                `"wait"`.
            outbox_max_messages: Maximum number of messages of QoS 1 that wait for a connection. Default: 10,000.
            outbox_max_bytes: Maximum number of bytes of payload that wait for a connection. Default: 16 MiB.
            max_packet_bytes: Maximum size of a packet in bytes, in both directions. A larger message is refused; a
                larger packet of the broker ends the connection. It also bounds a page of stored messages. Set it to the
                broker's limit. Default: 65,536, as Emitter's.

        Raises:
            InvalidArgument: A URL or a setting is not valid.
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
        """Make a client for the broker at a URL.

        Connect it by `with`, or by `connect` without arguments.

        Args:
            url: The broker: `mqtt://host:port`, `mqtts://host:port` (TLS), `ws://host:port/path` (WebSocket) or
                `wss://host:port/path` (both). Default port: 8080, with TLS 443. Several URLs, such as the nodes of a
                cluster, are a sequence, or one text with spaces between; they are tried in turn, each with its share of
                `timeout_s`. Default: the environment variable EMITTER_URL.
            username: The name that presence events show. Default: none.
            timeout_s: Seconds that a call waits for the broker, unless the call has a `timeout_s` of its own. Default:
                10.
            tls: The TLS context of secure connections. Default: verify with the system's certificates.
            will: The message that the broker publishes when the connection has ended. Default: none.
            proxy: The URL of a proxy, such as `socks5://host:1080` or `http://host:8080`. Default: the environment
                variable mqtt_proxy, if it is set.
            transport: What carries the packets, such as an embedded broker's `memory`. Default: TCP, TLS or WebSocket,
                by the URL.
            matcher: How the broker is configured to match channels: by prefix (`"emitter"`) or as MQTT does (`"mqtt"`).
                Default: `"emitter"`.
            max_messages: Maximum number of messages in the queue of a subscription. Default: 10,000.
            max_bytes: Maximum number of bytes of payload in the queue of a subscription. Default: 16 MiB.
            overflow: What a full queue does: drop its oldest messages (`"drop_oldest"`), drop the new one
                (`"drop_newest"`), or end the subscription with SlowConsumer (`"fail"`). Default: `"drop_oldest"`.
            reconnect: True to reconnect when the connection is lost. Links, watches and subscriptions are then
                restored, and unacknowledged messages of QoS 1 are resent. If False, everything ends with
                ConnectionLost. Default: True.
            reconnect_max_s: The longest wait between two attempts, in seconds. The first waits are shorter. Default:
                30.
            retry_connect: True if `connect` retries within `timeout_s` while waiting may help: nothing listens yet, or
                the broker is not available. If False, it makes one attempt. Default: False.
            while_offline: What a call does without a connection: wait for the next one within its time limit
                (`"wait"`), or raise ConnectionLost at once (`"raise"`). A publish of QoS 1 always waits. Default:
                `"wait"`.
            outbox_max_messages: Maximum number of messages of QoS 1 that wait for a connection. Default: 10,000.
            outbox_max_bytes: Maximum number of bytes of payload that wait for a connection. Default: 16 MiB.
            max_packet_bytes: Maximum size of a packet in bytes, in both directions. A larger message is refused; a
                larger packet of the broker ends the connection. It also bounds a page of stored messages. Set it to the
                broker's limit. Default: 65,536, as Emitter's.

        Returns:
            The client, not connected yet.

        Raises:
            InvalidArgument: There is no URL, or a URL or a setting is not valid.
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
        """Return counters of what the client has done so far.

        Cheap. May be called at any time, connected or not, from any thread and in a handler. The counters are not one
        snapshot: they are read one after the other while the client works.

        Returns:
            The counters since the client was made.
        """
        return self._driver.statistics()

    def __del__(self) -> None:
        # A constructor that failed has made no driver. The garbage collector may run inside a guard, where nothing of
        # the program's may run.
        if hasattr(self, "_calls") and self._driver.begun and not is_inside():
            warnings.warn(
                f"{self!r} was not closed: call close(), or use it in a `with` (`async with`) statement",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

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
