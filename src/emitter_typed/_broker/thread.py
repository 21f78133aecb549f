"""The embedded broker in a thread of its own, for programs that run no asyncio loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Self, TypeVar

from emitter_typed._broker.errors import not_running
from emitter_typed._broker.faults import through
from emitter_typed._broker.journal import Journal, Published
from emitter_typed._broker.keys import KeyRing
from emitter_typed._broker.nodes import Nodes
from emitter_typed._broker.processes import Processes
from emitter_typed._broker.server import BrokerBase
from emitter_typed._frames import hides_arguments
from emitter_typed._guards import Guard

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
        with self._lock:
            loop = self._loop
            if loop is not None:
                # Nobody ends it meanwhile.
                self._users += 1
        if loop is None:
            work.close()
            raise not_running()
        try:
            return asyncio.run_coroutine_threadsafe(work, loop).result()
        finally:
            self.end()


@hides_arguments
class Broker(BrokerBase):
    """An Emitter broker in the same process.

    For development and tests, not for production.

    It answers as Emitter does, on a loopback port. Everything is in memory.

    >>> with Broker() as broker:
    ...     broker.url.startswith("mqtt://127.0.0.1:")
    True
    """

    def _place(self, processes: Processes, keys: KeyRing, nodes: Nodes, journal: Journal) -> None:
        super()._place(processes, keys, nodes, journal)
        self._faults = through(self._faults, self._run)
        self._thread = LoopThread()
        self._started = False

    @property
    def published(self) -> tuple[Published, ...]:
        """The last accepted messages, oldest first. The limits bound their number.

        A `publish` of QoS 0 does not wait for the broker: use `wait_published`.
        """
        if not self._started:
            return super().published
        return self._call(later(lambda: self._journal.matching(None)))

    def start(self, *, keep_stored: bool = False) -> Self:
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
        if not self._started:
            self._thread.begin()
            try:
                self._thread.call(self._begin(keep_stored=keep_stored))
            except BaseException:
                self._thread.end()
                raise
            self._started = True
        return self

    def stop(self) -> None:
        """Close every connection properly, then the port.

        Keys stay valid for the next start. Unsent data is sent if the client reads it within a second. Does nothing if
        the broker is not running.
        """
        self._finish(in_good_order=True)

    def kill(self) -> None:
        """End at once, like a killed process.

        Unsent data is lost, connections are not closed properly, and wills are not sent. `start()` starts the broker
        again without its stored messages, `start(keep_stored=True)` with them, like one that stores on disk. Does
        nothing if the broker is not running.

        >>> with Broker() as broker:
        ...     broker.kill()
        ...     _ = broker.start(keep_stored=True)
        """
        self._finish(in_good_order=False)

    def restart(self, *, keep_stored: bool = True) -> None:
        """Stop, and start on the same port.

        Clients lose their connections, subscriptions, links and watches.

        >>> with Broker() as broker: broker.restart(keep_stored=False)

        Args:
            keep_stored: True to keep the stored messages. Default: True.

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
        return self._call(self._until_published(count, channel, timeout_s))

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

    def _finish(self, *, in_good_order: bool) -> None:
        if self._started:
            try:
                self._thread.call(self._end(in_good_order=in_good_order))
            finally:
                self._started = False
                self._thread.end()


def run_in(thread: LoopThread, brokers: Iterable[Broker]) -> None:
    """Let brokers that were never started run in one thread."""
    for broker in brokers:
        broker._thread = thread  # pyright: ignore[reportPrivateUsage]  # its own module


async def later(work: Callable[[], T]) -> T:
    """Call a function in the loop that runs this."""
    return work()
