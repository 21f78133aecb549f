"""Several embedded brokers that work together as the nodes of an Emitter cluster do."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from datetime import timedelta
from types import NoneType, TracebackType
from typing import Generic, Self, TypeVar

from emitter_typed._broker.arguments import check_kind
from emitter_typed._broker.clock import Clock, NodeClock
from emitter_typed._broker.core import new_journal
from emitter_typed._broker.journal import Published
from emitter_typed._broker.keys import KeyRing, make_key, new_master_key
from emitter_typed._broker.limits import Limits
from emitter_typed._broker.nodes import Nodes
from emitter_typed._broker.server import AsyncBroker, BrokerBase, place
from emitter_typed._broker.thread import Broker, LoopThread, later, run_in
from emitter_typed._frames import hides_arguments
from emitter_typed._generated.types import Key
from emitter_typed._protocol.topics import Matcher
from emitter_typed.errors import InvalidArgument

BrokerT = TypeVar("BrokerT", bound=BrokerBase)


@hides_arguments
class ClusterBase(ABC, Generic[BrokerT]):
    """An embedded cluster, whose nodes are brokers of one kind."""

    def __init__(
        self,
        size: int = 2,
        *,
        host: str = "127.0.0.1",
        port: int | None = 0,
        matcher: Matcher = "emitter",
        master_key: str | None = None,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Make a cluster. Nothing is opened before `start()`.

        Args:
            size: The number of nodes. Default: 2.
            host: The address to listen on. Default: this machine only.
            port: 0: each node has a free port. None: no ports; clients connect in memory. Default: 0.
            matcher: `"emitter"` matches by prefix, `"mqtt"` as MQTT does. Default: `"emitter"`.
            master_key: The key that makes keys, 32 characters of URL-safe base64. Default: a new one.
            clock: The clock of all nodes. Default: the system's, which can be moved.
            tls: The context of TLS connections. The ports then accept both TLS and plain connections. Default: plain
                only.
            limits: The resource limits of each node. Default: enough for tests.

        Raises:
            InvalidArgument: An argument has another type, or the size, the host, the port, the matcher or the master
                key is not valid.
        """
        check_kind("size", size, int, "an integer")
        check_kind("port", port, (int, NoneType), "an integer or None")
        check_kind("master_key", master_key, (str, NoneType), "a text or None")
        check_kind("clock", clock, (Clock, NoneType), "a Clock or None")
        check_kind("limits", limits, (Limits, NoneType), "Limits or None")
        if size < 1:
            raise InvalidArgument(f"size: must be 1 or more nodes, not {size}", argument="size", value=size)
        if port:
            raise InvalidArgument(
                f"port: must be 0 (a free port for each node) or None, not {port}: two nodes cannot share one",
                argument="port",
                value=port,
            )
        self._matcher: Matcher = matcher
        self._master_key = master_key if master_key is not None else new_master_key()
        self._clock = clock if clock is not None else Clock()
        self._journal = new_journal(limits or Limits())
        self._keys = KeyRing(self._master_key, self._clock)
        self.nodes: tuple[BrokerT, ...] = tuple(
            self._node(
                host=host,
                port=port,
                matcher=matcher,
                master_key=self._master_key,
                clock=NodeClock(self._clock),
                tls=tls,
                limits=limits,
            )
            for _ in range(size)
        )
        """The brokers, each of which can be stopped, killed and started again, and has faults of its own."""
        self._place()

    def __repr__(self) -> str:
        """Show the nodes."""
        return f"<{type(self).__name__} {', '.join(map(repr, self.nodes))}>"

    @property
    def urls(self) -> tuple[str, ...]:
        """The URL of each node, such as `mqtt://127.0.0.1:49152`.

        Raises:
            Closed: the nodes have no ports.
        """
        return tuple(node.url for node in self.nodes)

    @property
    def matcher(self) -> Matcher:
        """How the nodes match channels."""
        return self._matcher

    @property
    def master_key(self) -> str:
        """The key that makes keys, valid on every node."""
        return self._master_key

    @property
    def clock(self) -> Clock:
        """The clock of all nodes.

        `cluster.clock.advance(60)` lets keys and stored messages expire.

        A node's own `clock` moves that node only, for clocks that differ.
        """
        return self._clock

    @property
    def published(self) -> tuple[Published, ...]:
        """The last accepted messages of all nodes, oldest first.

        A `publish` of QoS 0 does not wait for the broker: use `wait_published`.
        """
        return self._journal.matching(None)

    def keygen(self, channel: str, permissions: str, *, ttl: int | timedelta = 0) -> Key:
        """Make a key for every node, without a connection. May be called before `start()`.

        >>> from emitter_typed.broker import Cluster
        >>> key = Cluster().keygen("chat/#/", "rw")
        >>> len(key.reveal())
        32

        Args:
            channel: The target, such as `chat/#/`. A missing final slash is added.
            permissions: Letters: `r` subscribe, `w` publish, `s` store, `l` load, `p` presence, `e` extend.
            ttl: How long the key works, in seconds or as a timedelta, by the cluster's clock. Default: forever.

        Returns:
            The key.

        Raises:
            InvalidArgument: the channel cannot have a key, a letter is not a permission, or there is no letter.
        """
        return Key(make_key(self._keys, channel, permissions, ttl, self._clock()))

    @property
    @abstractmethod
    def _node(self) -> type[BrokerT]:
        """The class of its brokers."""

    def _place(self) -> None:
        nodes = Nodes()
        for number, node in enumerate(self.nodes):
            place(node, number, self._keys, nodes, self._journal)

    def _is_running(self) -> bool:
        return any(node.is_running for node in self.nodes)

    async def _until_published(self, count: int, channel: str | None, timeout_s: float) -> tuple[Published, ...]:
        return await self._journal.until(count, channel, timeout_s, is_running=self._is_running)


@hides_arguments
class AsyncCluster(ClusterBase[AsyncBroker]):
    """A cluster of Emitter brokers in the running event loop.

    For development and tests, not for production.

    >>> async def main() -> None:
    ...     async with AsyncCluster(3) as cluster:
    ...         print(cluster.urls)

    The nodes share live messages, share groups, presence changes, keys and bans. Each node has its own stored messages;
    `history` and subscriptions collect them from all nodes. A presence status lists the subscribers of one node. Each
    event on one node reaches the others at once.
    """

    @property
    def _node(self) -> type[AsyncBroker]:
        return AsyncBroker

    async def start(self) -> Self:
        """Start the nodes that are not running.

        Returns:
            The cluster itself.

        Raises:
            CannotListen: the host is not an address of this machine. Nothing was started.
        """
        try:
            for node in self.nodes:
                await node.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self) -> None:
        """Stop all nodes, one after the other."""
        for node in self.nodes:
            await node.stop()

    async def wait_published(
        self, count: int = 1, *, channel: str | None = None, timeout_s: float = 5.0
    ) -> tuple[Published, ...]:
        """Wait until `count` messages were published to any node. Earlier ones count.

        Args:
            count: The number of messages. Default: 1.
            channel: Count only messages of this channel and below. `+` matches one segment. Default: all.
            timeout_s: Seconds to wait. Default: 5.

        Returns:
            All published messages, oldest first: `count` or more.

        Raises:
            NotPublished: fewer were published in time.
            InvalidArgument: the channel is not valid, `count` is not an integer of 1 or more, or `timeout_s` is not a
                number of seconds.
            Closed: no node is running.
        """
        return await self._until_published(count, channel, timeout_s)

    async def __aenter__(self) -> Self:
        """Start."""
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()


@hides_arguments
class Cluster(ClusterBase[Broker]):
    """A cluster of Emitter brokers in the same process.

    For development and tests, not for production.

    >>> from emitter_typed import Client
    >>> with Cluster() as cluster:
    ...     key = cluster.keygen("chat/", "rw")
    ...     one, other = (Client.from_url(url) for url in cluster.urls)
    ...     with one, other, one.subscribe(key, "chat/") as subscription:
    ...         other.publish(key, "chat/", "hello", qos=1)
    ...         message = subscription.get(timeout_s=5)
    >>> message.as_string()
    'hello'

    The nodes share live messages, share groups, presence changes, keys and bans. Each node has its own stored messages;
    `history` and subscriptions collect them from all nodes. A presence status lists the subscribers of one node. Each
    event on one node reaches the others at once.

    Nodes can be stopped, killed and started one by one, and their connections can be dropped:

    >>> with Cluster() as cluster:
    ...     first, second = cluster.nodes
    ...     second.kill()
    ...     first.faults.drop_connections()
    ...     _ = second.start()
    """

    @property
    def _node(self) -> type[Broker]:
        return Broker

    def _place(self) -> None:
        super()._place()
        # Not one for each: what they share belongs to one event loop.
        self._thread = LoopThread()
        run_in(self._thread, self.nodes)

    @property
    def published(self) -> tuple[Published, ...]:
        """The last accepted messages of all nodes, oldest first.

        A `publish` of QoS 0 does not wait for the broker: use `wait_published`.
        """
        if not self._is_running():
            return super().published
        return self._thread.call(later(lambda: self._journal.matching(None)))

    def start(self) -> Self:
        """Start the nodes that are not running.

        Returns:
            The cluster itself.

        Raises:
            CannotListen: the host is not an address of this machine. Nothing was started.
        """
        try:
            for node in self.nodes:
                node.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop all nodes, one after the other."""
        for node in self.nodes:
            node.stop()

    def wait_published(
        self, count: int = 1, *, channel: str | None = None, timeout_s: float = 5.0
    ) -> tuple[Published, ...]:
        """Wait until `count` messages were published to any node. Earlier ones count.

        Args:
            count: The number of messages. Default: 1.
            channel: Count only messages of this channel and below. `+` matches one segment. Default: all.
            timeout_s: Seconds to wait. Default: 5.

        Returns:
            All published messages, oldest first: `count` or more.

        Raises:
            NotPublished: fewer were published in time.
            InvalidArgument: the channel is not valid, `count` is not an integer of 1 or more, or `timeout_s` is not a
                number of seconds.
            Closed: no node is running.
        """
        return self._thread.call(self._until_published(count, channel, timeout_s))

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
