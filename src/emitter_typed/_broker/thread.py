"""The embedded broker in a thread of its own, for programs that run no asyncio loop."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
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
    """An Emitter broker beside the program that uses it. For development and tests, not for production.

    It answers as Emitter does, on a loopback port, and keeps everything in memory.

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
        """Prepare a broker; nothing is opened before `start()`.

        Args:
            host: The address to listen on. Default: this machine only.
            port: The TCP port, for MQTT, WebSocket and HTTP alike. Default: any that is free, which `port` then tells.
                None: no port; clients connect in memory.
            matcher: `"emitter"` matches by prefix, `"mqtt"` as MQTT does. Default: Emitter's own.
            master_key: The key that makes keys, 32 characters of URL-safe base64. Brokers with the same one
                accept each other's keys. Default: a new one.
            clock: The time; what expires, expires by it. Default: the system's, until it is moved.
            tls: The context of TLS connections, which the port then takes as well as plain ones. Default: none.
            limits: What it may hold at most. Default: enough for tests, and little enough for any machine.

        Raises:
            InvalidArgument: the host is empty, the port is none, the matcher does not exist, or the master key has
                another form.
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
        """Whether it was started, and neither stopped nor killed since."""
        return self._started

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose: `broker.faults.drop_connections()` and many more."""
        return self._faults

    @property
    def url(self) -> str:
        """The address for clients, such as `mqtt://127.0.0.1:49152`; `mqtts://` if the broker speaks TLS.

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
        """The TCP port; the one that was found, once the broker was started with port 0.

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
        """The time that it lives by: `broker.clock.advance(60)` makes keys and stored messages expire."""
        return self._broker.clock

    @property
    def published(self) -> tuple[Published, ...]:
        """The last messages that were published and accepted, oldest first, in a number that the limits say.

        A client's `publish` with QoS 0 does not wait for the broker: see `wait_published`.
        """
        if not self._started:
            return self._broker.published
        return self._call(later(lambda: self._broker.published))

    def memory(self, endpoint: Endpoint) -> Transport:
        """Make a transport without a socket: give this method to a client.

        >>> from emitter_typed import Client
        >>> with Broker(port=None) as broker, Client(transport=broker.memory) as client:
        ...     len(client.me().id)
        26

        Args:
            endpoint: Of it, username and will count.

        Returns:
            The transport of one connection; the client asks for it.
        """
        return self._broker.memory(endpoint)

    def keygen(self, channel: str, permissions: str, *, ttl: int = 0) -> Key:
        """Make a key, without a connection. May be called before `start()`.

        >>> key = Broker().keygen("chat/#/", "rw")
        >>> len(key.reveal())
        32

        Args:
            channel: The target, such as `chat/#/`; a missing last slash is added.
            permissions: Letters of `rwslpex`.
            ttl: Seconds until the key expires, by the broker's clock. Default: never.

        Returns:
            The key.

        Raises:
            InvalidArgument: no key can be made for the channel, or a letter is no permission.
        """
        return self._broker.keygen(channel, permissions, ttl=ttl)

    def start(self, *, keep_stored: bool = False) -> Self:
        """Listen, so that clients can connect.

        After a `stop()` or `kill()`, it listens on the same port again; keys stay good, and `published` goes on. It is
        a new process to its clients: what it stores from now on is numbered from the beginning.

        Args:
            keep_stored: Whether what was stored before is still there, as on a disk.

        Returns:
            The broker itself.

        Raises:
            CannotListen: the port is in use, or the host is none of this machine's. Nothing was started.
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
        """Tell every client, close its connection, then the port, and end the thread.

        Keys stay good for the next start. Clients over WebSocket and TLS get the closing words of these. What waits to
        be sent is sent, unless the client does not read it within a second. A broker that is not running is left as it
        is.
        """
        self._end(self._broker.stop)

    def kill(self) -> None:
        """End at once, as a process that is killed or a machine without power.

        Clients get no last word, what waits to be sent is lost, and wills are not sent. `start()` brings the broker
        back without what it had stored, `start(keep_stored=True)` with it, as one that stores on a disk. A broker that
        is not running is left as it is.

        >>> with Broker() as broker:
        ...     broker.kill()
        ...     _ = broker.start(keep_stored=True)
        """
        self._end(self._broker.kill)

    def restart(self, *, keep_stored: bool = True) -> None:
        """Stop and start on the same port: clients lose their connections, subscriptions, links and watches.

        >>> with Broker() as broker: broker.restart(keep_stored=False)

        Args:
            keep_stored: Whether stored messages are still there afterwards.

        Raises:
            CannotListen: somebody else has taken the port meanwhile. The broker is stopped.
        """
        self.stop()
        self.start(keep_stored=keep_stored)

    def wait_published(
        self, count: int = 1, *, channel: str | None = None, timeout_s: float = 5.0
    ) -> tuple[Published, ...]:
        """Wait until so many messages were published, those before the call included.

        >>> from emitter_typed import Client
        >>> with Broker() as broker, Client.from_url(broker.url) as client:
        ...     client.publish(broker.keygen("chat/", "w"), "chat/", "hello")
        ...     [message] = broker.wait_published()
        >>> message.channel, message.as_string()
        ('chat/', 'hello')

        Args:
            count: How many.
            channel: Count only what was published there or below; `+` stands for one segment. Default: everything.
            timeout_s: How many seconds to wait.

        Returns:
            All that were published, oldest first; `count` of them or more.

        Raises:
            NotPublished: there were not so many in time.
            InvalidArgument: the channel is none, or the number is below 1.
            Closed: the broker is not running, or was stopped meanwhile.
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
