"""The embedded broker in a thread of its own, for programs that run no asyncio loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Self, TypeVar

from emitter_typed.broker.server import AsyncBroker
from emitter_typed.errors import Closed
from emitter_typed.protocol.topics import Matcher

T = TypeVar("T")


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
        port: int = 0,
        matcher: Matcher = "emitter",
        master_key: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare a broker; nothing is opened before `start()`.

        Args:
            host: The address to listen on. Default: this machine only.
            port: The TCP port. Default: any that is free, which `port` then tells.
            matcher: `"emitter"` matches by prefix, `"mqtt"` as MQTT does. Default: Emitter's own.
            master_key: The key that makes keys, 32 characters of URL-safe base64. Brokers with the same one
                accept each other's keys. Default: a new one.
            clock: Gives the Unix time in seconds; what expires, expires by it. It is called in the broker's
                thread. Default: the system's.

        Raises:
            InvalidArgument: the port is none, the matcher does not exist, or the master key has another form.
        """
        self._broker = AsyncBroker(host=host, port=port, matcher=matcher, master_key=master_key, clock=clock)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """The address for clients, such as `mqtt://127.0.0.1:49152`."""
        return self._broker.url

    @property
    def host(self) -> str:
        """The address that the broker listens on."""
        return self._broker.host

    @property
    def port(self) -> int:
        """The TCP port; the one that was found, once the broker was started with port 0."""
        return self._broker.port

    @property
    def matcher(self) -> Matcher:
        """How channels match."""
        return self._broker.matcher

    @property
    def master_key(self) -> str:
        """The key that makes keys."""
        return self._broker.master_key

    def start(self) -> Self:
        """Listen. Returns the broker itself; once it is back, clients can connect.

        After a `stop()`, it listens on the same port again, with nothing stored; keys stay good.

        Raises:
            CannotListen: the port is in use, or the host is none of this machine's. Nothing was started.
        """
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="emitter-typed-broker", daemon=True)
            self._thread.start()
            try:
                self._call(self._broker.start())
            except BaseException:
                self._end_thread()
                raise
        return self

    def stop(self) -> None:
        """Close every connection, then the port, and end the thread. What was stored is gone.

        A broker that is not running is left as it is.
        """
        if self._loop is not None:
            try:
                self._call(self._broker.stop())
            finally:
                self._end_thread()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    # Faults on purpose. Each leaves the broker running.

    def drop_connections(self) -> None:
        """End every connection at once, as a network that fails: what was not sent yet is lost.

        When it returns, the broker has forgotten the connections, and new ones are accepted as before.

        Raises:
            Closed: the broker is not running.
        """
        self._call(self._broker.drop_connections())

    def mute(self) -> None:
        """Stop to answer: connections are accepted and stay open, and nothing that they send is read.

        What they sent meanwhile is answered after `unmute()`.

        Raises:
            Closed: the broker is not running.
        """
        self._call(_later(self._broker.mute))

    def unmute(self) -> None:
        """Answer again, beginning with what arrived meanwhile.

        Raises:
            Closed: the broker is not running.
        """
        self._call(_later(self._broker.unmute))

    def _call(self, work: Coroutine[None, None, T]) -> T:
        if self._loop is None:
            work.close()
            raise Closed("the broker is not running", "call start(), or use it in a with statement")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end_thread(self) -> None:
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is None or thread is None:
            return
        # Looking a host name up left a thread of its own behind.
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _later(work: Callable[[], None]) -> None:
    work()
