"""The embedded broker in an asyncio loop: on a TCP port, and in memory."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from datetime import timedelta
from types import NoneType, TracebackType
from typing import Self, cast, get_args

from emitter_typed._broker.arguments import check_kind
from emitter_typed._broker.clock import Clock
from emitter_typed._broker.core import BrokerCore, new_journal, new_storage
from emitter_typed._broker.edge.memory import MemoryTransport
from emitter_typed._broker.edge.sockets import Backlog, Socket
from emitter_typed._broker.errors import CannotListen
from emitter_typed._broker.faults import Faults
from emitter_typed._broker.hub import Hub
from emitter_typed._broker.journal import Journal, Published
from emitter_typed._broker.keys import KeyRing, make_key, new_master_key
from emitter_typed._broker.limits import Limits
from emitter_typed._broker.nodes import Nodes
from emitter_typed._broker.processes import Processes
from emitter_typed._broker.switches import Switches
from emitter_typed._frames import hides_arguments
from emitter_typed._generated.types import Key
from emitter_typed._protocol.topics import Matcher
from emitter_typed._transport.base import Endpoint, Transport
from emitter_typed._transport.reasons import system_words
from emitter_typed.errors import Closed, InvalidArgument

MOST_PORT = 65535
"""The highest port that TCP has."""

_GRACE_S = 1.0
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_BACKLOG = 1024


@hides_arguments
class BrokerBase:
    """An embedded broker, in whatever event loop it is started."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int | None = 0,
        matcher: Matcher = "emitter",
        master_key: str | None = None,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Make a broker. Nothing is opened before `start()`.

        Args:
            host: The address to listen on. Default: this machine only.
            port: The TCP port, for MQTT, WebSocket and HTTP. Default: a free port; read it from `port`. None: no port;
                clients connect in memory.
            matcher: `"emitter"` matches by prefix, `"mqtt"` as MQTT does. Default: `"emitter"`.
            master_key: The key that makes keys, 32 characters of URL-safe base64. Brokers with the same one
                accept each other's keys. Default: a new one.
            clock: The clock by which keys and messages expire. Default: the system's, which can be moved.
            tls: The context of TLS connections. The port then accepts both TLS and plain connections. Default: plain
                only.
            limits: The resource limits. Default: enough for tests.

        Raises:
            InvalidArgument: An argument has another type, or the host, the port, the matcher or the master key is not
                valid.
        """
        check_kind("host", host, str, "a text")
        check_kind("port", port, (int, NoneType), "an integer or None")
        check_kind("master_key", master_key, (str, NoneType), "a text or None")
        check_kind("clock", clock, (Clock, NoneType), "a Clock or None")
        check_kind("tls", tls, (ssl.SSLContext, NoneType), "an ssl.SSLContext or None")
        check_kind("limits", limits, (Limits, NoneType), "Limits or None")
        if matcher not in get_args(Matcher):
            raise InvalidArgument(
                f"matcher: must be one of {', '.join(get_args(Matcher))}, not {matcher!r}",
                argument="matcher",
                value=matcher,
            )
        if port is not None and not 0 <= port <= MOST_PORT:
            raise InvalidArgument(
                f"port: must be 1 to {MOST_PORT}, or 0 for a free port, not {port}", argument="port", value=port
            )
        if not host:
            raise InvalidArgument(
                "host: must not be empty, which would mean every address of this machine: "
                "pass 127.0.0.1 for this machine only, or 0.0.0.0 for every address",
                argument="host",
                value=host,
            )
        self._matcher: Matcher = matcher
        self._master_key = master_key if master_key is not None else new_master_key()
        self._clock = clock if clock is not None else Clock()
        self._host = host
        self._port = port
        self._tls = tls
        self._limits = limits or Limits()
        self._switches = Switches()
        self._storage = new_storage(self._limits, self._clock)
        self._server: asyncio.Server | None = None
        self._place(Processes(), KeyRing(self._master_key, self._clock), Nodes(), new_journal(self._limits))

    def _place(self, processes: Processes, keys: KeyRing, nodes: Nodes, journal: Journal) -> None:
        """Take what the nodes of a cluster have in common; a broker that is alone is a cluster of one."""
        self._processes = processes
        self._keys = keys
        self._nodes = nodes
        self._journal = journal
        self._hub = Hub(self._limits, self._switches, nodes)
        self._faults = Faults(self._switches, self._hub, self._hub.run)

    def __repr__(self) -> str:
        """Show where it is, and whether it is running."""
        where = "in memory" if self._port is None else self.url
        return f"<{type(self).__name__} {where}{'' if self.is_running else ', not running'}>"

    @property
    def is_running(self) -> bool:
        """True if the broker was started and not stopped or killed since."""
        return self._hub.loop is not None

    @property
    def faults(self) -> Faults:
        """Faults to inject, such as `broker.faults.drop_connections()`."""
        return self._faults

    @property
    def url(self) -> str:
        """The URL for clients, such as `mqtt://127.0.0.1:49152`; with TLS `mqtts://`.

        Raises:
            Closed: the broker has no port.
        """
        # One listens on every address, and connects to one of them.
        host = _LOOPBACK.get(self._host, self._host)
        host = f"[{host}]" if ":" in host else host
        return f"{'mqtt' if self._tls is None else 'mqtts'}://{host}:{self.port}"

    @property
    def host(self) -> str:
        """The address that the broker listens on."""
        return self._host

    @property
    def port(self) -> int:
        """The TCP port. With port 0: the free port that was found at the start.

        Raises:
            Closed: the broker has no port.
        """
        if self._port is None:
            raise Closed("the broker has no port", "connect with Client(transport=broker.memory)")
        return self._port

    @property
    def matcher(self) -> Matcher:
        """How channels match."""
        return self._matcher

    @property
    def master_key(self) -> str:
        """The key that makes keys."""
        return self._master_key

    @property
    def clock(self) -> Clock:
        """The broker's clock.

        `broker.clock.advance(60)` lets keys and stored messages expire.
        """
        return self._clock

    @property
    def published(self) -> tuple[Published, ...]:
        """The last accepted messages, oldest first. The limits bound their number.

        A `publish` of QoS 0 does not wait for the broker: use `wait_published`.
        """
        return self._journal.matching(None)

    def memory(self, endpoint: Endpoint) -> Transport:
        """Make a transport without a socket. Pass this method to a client.

        >>> from emitter_typed import Client
        >>> from emitter_typed.broker import Broker
        >>> with Broker(port=None) as broker, Client(transport=broker.memory) as client:
        ...     len(client.me().id)
        26

        Args:
            endpoint: Its username and will are used.

        Returns:
            The transport of one connection.
        """
        return MemoryTransport(endpoint, self._hub, self._hub.loop)

    def keygen(self, channel: str, permissions: str, *, ttl: int | timedelta = 0) -> Key:
        """Make a key, without a connection. May be called before `start()`.

        >>> from emitter_typed.broker import Broker
        >>> key = Broker().keygen("chat/#/", "rw")
        >>> len(key.reveal())
        32

        Args:
            channel: The target, such as `chat/#/`. A missing final slash is added.
            permissions: Letters: `r` subscribe, `w` publish, `s` store, `l` load, `p` presence, `e` extend.
            ttl: How long the key works, in seconds or as a timedelta, by the broker's clock. Default: forever.

        Returns:
            The key.

        Raises:
            InvalidArgument: the channel cannot have a key, a letter is not a permission, or there is no letter.
        """
        return Key(make_key(self._keys, channel, permissions, ttl, self._clock()))

    async def _begin(self, *, keep_stored: bool) -> None:
        if self.is_running:
            return
        loop = asyncio.get_running_loop()
        if not keep_stored:
            self._storage = new_storage(self._limits, self._clock)
        self._storage.begin_process(self._processes.next())
        if self._port is not None:
            backlog = Backlog(self._limits)
            try:
                self._server = await loop.create_server(
                    lambda: Socket(self._hub, backlog, self._tls), self._host, self._port, backlog=_BACKLOG
                )
            except (OSError, ValueError) as error:
                # A name that is no name is a ValueError.
                raise CannotListen(*_why(error), host=self._host, port=self._port) from error
            # Starting again listens where clients know the broker to be.
            self._port = cast("int", self._server.sockets[0].getsockname()[1])
        self._hub.open(self._new_core(), loop)

    async def _until_published(self, count: int, channel: str | None, timeout_s: float) -> tuple[Published, ...]:
        return await self._journal.until(count, channel, timeout_s, is_running=lambda: self.is_running)

    async def _end(self, *, in_good_order: bool) -> None:
        server, self._server = self._server, None
        if server is not None:
            await _stop_accepting(server)
        if self.is_running:
            if in_good_order:
                await self._hub.close(_GRACE_S)
            else:
                self._hub.kill()
            self._journal.wake()
        if server is not None:
            server.close()
            await server.wait_closed()

    def _new_core(self) -> BrokerCore:
        core = BrokerCore(
            keys=self._keys,
            matcher=self._matcher,
            clock=self._clock,
            limits=self._limits,
            switches=self._switches,
            journal=self._journal,
            storage=self._storage,
            others=lambda: self._nodes.others(core),
        )
        return core


@hides_arguments
class AsyncBroker(BrokerBase):
    """An Emitter broker in the running event loop.

    For development and tests, not for production.

    It answers as Emitter does, on a loopback port. Everything is in memory.

    >>> async def main() -> None:
    ...     async with AsyncBroker() as broker:
    ...         print(broker.url)
    """

    async def start(self, *, keep_stored: bool = False) -> Self:
        """Start listening.

        After a `stop()` or `kill()`, it listens on the same port again. Keys stay valid, and `published` goes on. To
        clients it is a new process: ids of stored messages start anew.

        Args:
            keep_stored: True to keep the messages stored before, like a broker that stores on disk. Default: False.

        Returns:
            The broker itself.

        Raises:
            CannotListen: the port is in use, or the host is not an address of this machine. Nothing was started.
        """
        await self._begin(keep_stored=keep_stored)
        return self

    async def stop(self) -> None:
        """Close every connection properly, then the port.

        Keys stay valid for the next start. Unsent data is sent if the client reads it within a second. Does nothing if
        the broker is not running.
        """
        await self._end(in_good_order=True)

    async def kill(self) -> None:
        """End at once, like a killed process.

        Unsent data is lost, connections are not closed properly, and wills are not sent. `start()` starts the broker
        again without its stored messages, `start(keep_stored=True)` with them, like one that stores on disk. Does
        nothing if the broker is not running.
        """
        await self._end(in_good_order=False)

    async def restart(self, *, keep_stored: bool = True) -> None:
        """Stop, and start on the same port.

        Clients lose their connections, subscriptions, links and watches.

        Args:
            keep_stored: True to keep the stored messages. Default: True.

        Raises:
            CannotListen: another program has taken the port meanwhile. The broker is stopped.
        """
        await self.stop()
        await self.start(keep_stored=keep_stored)

    async def wait_published(
        self, count: int = 1, *, channel: str | None = None, timeout_s: float = 5.0
    ) -> tuple[Published, ...]:
        """Wait until `count` messages were published. Earlier ones count.

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
            Closed: the broker is not running, or was stopped during the wait.
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


def place(broker: BrokerBase, number: int, keys: KeyRing, nodes: Nodes, journal: Journal) -> None:
    """Make a broker that was never started a node of a cluster.

    Args:
        broker: The broker.
        number: Its number among the nodes.
        keys: The keys of the cluster.
        nodes: The cluster's nodes.
        journal: What was published to any of them.
    """
    # A function and not a method, which users would see.
    limits = broker._limits  # pyright: ignore[reportPrivateUsage]  # its own module
    broker._place(  # pyright: ignore[reportPrivateUsage]  # its own module
        Processes(number), keys, nodes, new_journal(limits, journal)
    )


async def _stop_accepting(server: asyncio.Server) -> None:
    # A connection that is being accepted is known two turns of the loop later. Until then the server stays open:
    # asyncio of Python 3.11 loses a connection that it accepts for a server that is closed.
    for listener in server.sockets:
        # Other loops than the selector's accept in one turn.
        with contextlib.suppress(NotImplementedError, RuntimeError):
            asyncio.get_running_loop().remove_reader(listener)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _why(error: OSError | ValueError) -> tuple[str, str]:
    """Return why nobody can listen, and what to do about it."""
    number = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
    reason = system_words(number) if number else getattr(error, "strerror", None) or str(error)
    if number in (errno.EADDRINUSE, errno.EACCES):
        return reason, "pass port 0 for a free port"
    return reason, "the host must be an address of this machine, such as 127.0.0.1"
