"""The embedded broker in a thread of its own, for programs that run no asyncio loop."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

from emitter_typed._broker.clock import Clock
from emitter_typed._broker.faults import Faults, through
from emitter_typed._broker.hub import not_running
from emitter_typed._broker.journal import Published
from emitter_typed._broker.limits import Limits
from emitter_typed._broker.server import AsyncBroker
from emitter_typed._frames import hides_arguments
from emitter_typed._generated.types import Key
from emitter_typed._guards import Guard
from emitter_typed._protocol.topics import Matcher
from emitter_typed._transport.base import Endpoint, Transport

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread of its own, as long as somebody uses it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = Guard()
        self._users = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to use it; the first user starts it. Raises OSError or RuntimeError if that cannot be."""
        with self._lock:
            if self._loop is not None:
                self._users += 1
                return
            self._loop = loop = asyncio.new_event_loop()
            self._thread = thread = threading.Thread(target=loop.run_forever, name="emitter-typed-broker", daemon=True)
            self._users += 1
        try:
            thread.start()
        except BaseException:
            with self._lock:
                self._users -= 1
                self._loop = self._thread = None
            loop.close()
            raise

    def end(self) -> None:
        """Use it no more; the last user ends it."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        # Looking a host name up left a thread of its own behind.
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def call(self, work: Coroutine[None, None, T]) -> T:
        """Run something in the loop, and return what it returns. Raises Closed while the loop is not running."""
        loop = self._loop
        if loop is None:
            work.close()
            raise not_running()
        return asyncio.run_coroutine_threadsafe(work, loop).result()


@hides_arguments
class Broker:
    """An Emitter broker in the same process.

    For development and tests, not for production.

    It answers as Emitter does, on a loopback port. Everything is in memory.

    >>> with Broker() as broker:
    ...     broker.url.startswith("mqtt://127.0.0.1:")
    True
    """

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
            InvalidArgument: the host, the port, the matcher or the master key is not valid.
        """
        self._run_in(
            LoopThread(),
            AsyncBroker(
                host=host, port=port, matcher=matcher, master_key=master_key, clock=clock, tls=tls, limits=limits
            ),
        )

    def _run_in(self, thread: LoopThread, broker: AsyncBroker) -> None:
        self._thread = thread
        self._broker = broker
        self._started = False
        self._faults = through(broker.faults, self._run)

    def __repr__(self) -> str:
        """Show where it is, and whether it is running."""
        return repr(self._broker).replace("AsyncBroker", "Broker", 1)

    @property
    def is_running(self) -> bool:
        """True if the broker was started and not stopped or killed since."""
        return self._started

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
        return self._broker.url

    @property
    def host(self) -> str:
        """The address that the broker listens on."""
        return self._broker.host

    @property
    def port(self) -> int:
        """The TCP port. With port 0: the free port that was found at the start.

        Raises:
            Closed: the broker has no port.
        """
        return self._broker.port

    @property
    def matcher(self) -> Matcher:
        """How channels match."""
        return self._broker.matcher

    @property
    def master_key(self) -> str:
        """The key that makes keys."""
        return self._broker.master_key

    @property
    def clock(self) -> Clock:
        """The broker's clock.

        `broker.clock.advance(60)` lets keys and stored messages expire.
        """
        return self._broker.clock

    @property
    def published(self) -> tuple[Published, ...]:
        """The last accepted messages, oldest first. The limits bound their number.

        A `publish` of QoS 0 does not wait for the broker: use `wait_published`.
        """
        if not self._started:
            return self._broker.published
        return self._call(later(lambda: self._broker.published))

    def memory(self, endpoint: Endpoint) -> Transport:
        """Make a transport without a socket. Pass this method to a client.

        >>> from emitter_typed import Client
        >>> with Broker(port=None) as broker, Client(transport=broker.memory) as client:
        ...     len(client.me().id)
        26

        Args:
            endpoint: Its username and will are used.

        Returns:
            The transport of one connection.
        """
        return self._broker.memory(endpoint)

    def keygen(self, channel: str, permissions: str, *, ttl: int | timedelta = 0) -> Key:
        """Make a key, without a connection. May be called before `start()`.

        >>> key = Broker().keygen("chat/#/", "rw")
        >>> len(key.reveal())
        32

        Args:
            channel: The target, such as `chat/#/`. A missing final slash is added.
            permissions: Letters of `rwslpex`.
            ttl: How long the key works, in seconds or as a timedelta, by the broker's clock. Default: forever.

        Returns:
            The key.

        Raises:
            InvalidArgument: the channel cannot have a key, or a letter is not a permission.
        """
        return self._broker.keygen(channel, permissions, ttl=ttl)

    def start(self, *, keep_stored: bool = False) -> Self:
        """Start listening.

        After a `stop()` or `kill()`, it listens on the same port again. Keys stay valid, and `published` goes on. To
        clients it is a new process: ids of stored messages start anew.

        Args:
            keep_stored: True to keep the messages stored before, like a broker that stores on disk.

        Returns:
            The broker itself.

        Raises:
            CannotListen: the port is in use, or the host is not an address of this machine. Nothing was started.
        """
        if not self._started:
            self._thread.begin()
            try:
                self._thread.call(self._broker.start(keep_stored=keep_stored))
            except BaseException:
                self._thread.end()
                raise
            self._started = True
        return self

    def stop(self) -> None:
        """Close every connection properly, then the port, and end the thread.

        Keys stay valid for the next start. Unsent data is sent if the client reads it within a second. Does nothing if
        the broker is not running.
        """
        self._end(self._broker.stop)

    def kill(self) -> None:
        """End at once, like a killed process.

        Unsent data is lost, connections are not closed properly, and wills are not sent. `start()` starts the broker
        again without its stored messages, `start(keep_stored=True)` with them, like one that stores on disk. Does
        nothing if the broker is not running.

        >>> with Broker() as broker:
        ...     broker.kill()
        ...     _ = broker.start(keep_stored=True)
        """
        self._end(self._broker.kill)

    def restart(self, *, keep_stored: bool = True) -> None:
        """Stop, and start on the same port.

        Clients lose their connections, subscriptions, links and watches.

        >>> with Broker() as broker: broker.restart(keep_stored=False)

        Args:
            keep_stored: True to keep the stored messages.

        Raises:
            CannotListen: another program has taken the port meanwhile. The broker is stopped.
        """
        self.stop()
        self.start(keep_stored=keep_stored)

    def wait_published(
        self, count: int = 1, *, channel: str | None = None, timeout_s: float = 5.0
    ) -> tuple[Published, ...]:
        """Wait until `count` messages were published. Earlier ones count.

        >>> from emitter_typed import Client
        >>> with Broker() as broker, Client.from_url(broker.url) as client:
        ...     client.publish(broker.keygen("chat/", "w"), "chat/", "hello")
        ...     [message] = broker.wait_published()
        >>> message.channel, message.as_string()
        ('chat/', 'hello')

        Args:
            count: The number of messages.
            channel: Count only messages of this channel and below. `+` matches one segment. Default: all.
            timeout_s: Seconds to wait.

        Returns:
            All published messages, oldest first: `count` or more.

        Raises:
            NotPublished: fewer were published in time.
            InvalidArgument: the channel is not valid, or `count` is below 1.
            Closed: the broker is not running, or was stopped during the wait.
        """
        return self._call(self._broker.wait_published(count, channel=channel, timeout_s=timeout_s))

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self, call: Callable[[], None]) -> None:
        self._call(later(call))

    def _call(self, work: Coroutine[None, None, T]) -> T:
        if not self._started:
            work.close()
            raise not_running()
        return self._thread.call(work)

    def _end(self, end: Callable[[], Coroutine[None, None, None]]) -> None:
        if self._started:
            try:
                self._thread.call(end())
            finally:
                self._started = False
                self._thread.end()


async def later(work: Callable[[], T]) -> T:
    """Call a function in the loop that runs this."""
    return work()
