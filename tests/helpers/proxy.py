"""A proxy on the way to a broker, whichever it is, that cuts connections when a test says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from attrs import define, field, frozen

_LIMIT_S = 20.0
_CHUNK_BYTES = 1 << 16

_Side: TypeAlias = Literal["client", "broker"]


@frozen
class _Started:
    """What there is once the proxy runs."""

    loop: asyncio.AbstractEventLoop
    over: asyncio.Event
    port: int


@define(eq=False)
class _Link:
    """A connection of a client, and the one that goes on from it to the broker."""

    # How many more bytes may go to each side before the connection ends. None: as many as come.
    left: dict[_Side, int | None] = field(factory=dict[_Side, int | None])
    flowing: asyncio.Event = field(factory=asyncio.Event)

    def __attrs_post_init__(self) -> None:
        self.flowing.set()

    def limit(self, to_client_bytes: int | None, to_broker_bytes: int | None) -> None:
        """Say after how many more bytes the connection ends."""
        self.left = {"client": to_client_bytes, "broker": to_broker_bytes}

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, to: _Side) -> None:
        """Hand on bytes to one side until no more come, or no more may go. Those that went have left this process."""
        # `drain` waits until nothing is left here.
        sink.transport.set_write_buffer_limits(high=0)
        with suppress(OSError):
            while data := await source.read(_CHUNK_BYTES):
                await self.flowing.wait()
                left = self.left.get(to)
                if left is not None:
                    data = data[:left]
                    self.left[to] = left - len(data)
                sink.write(data)
                await sink.drain()
                if self.left.get(to) == 0:
                    return


class CuttingProxy:
    """Carries connections to a broker, and cuts them on command or after a number of bytes.

    Use it as a context manager, and its `url` in the place of the broker's. Bytes are counted exactly: a client that is
    cut off after 3 bytes receives these 3, and then the end. Methods may be called from any thread, and what they say
    is done when they return.
    """

    def __init__(self, url: str) -> None:
        """Make a proxy for the broker of a URL, `mqtt://…` or `ws://…`."""
        address = urlsplit(url)
        self._scheme = address.scheme
        self._broker = address.hostname or "localhost", address.port or 8080
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="cutting proxy")
        self._started: Future[_Started] = Future()
        self._links: dict[asyncio.Task[None], _Link] = {}
        self._next = _Link()
        self._refusals = 0

    def __enter__(self) -> CuttingProxy:
        """Listen on a free port."""
        self._thread.start()
        self._started.result(_LIMIT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Cut all connections, and stop."""
        started = self._started.result(_LIMIT_S)
        started.loop.call_soon_threadsafe(started.over.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"{self._scheme}://127.0.0.1:{self._started.result(_LIMIT_S).port}"

    def cut(self) -> None:
        """End the connections that are open. What is on its way, or held, is lost."""
        self._run(self._cut)

    def cut_after(self, *, to_client_bytes: int | None = None, to_broker_bytes: int | None = None) -> None:
        """End each connection that is open when so many more bytes went over it, wherever in a packet that is.

        Args:
            to_client_bytes: Bytes towards the client, at least 1. Default: no limit.
            to_broker_bytes: Bytes towards the broker, at least 1. Default: no limit.
        """

        async def limit() -> None:
            for link in self._links.values():
                link.limit(to_client_bytes, to_broker_bytes)

        self._run(limit)

    def cut_next_after(self, *, to_client_bytes: int | None = None, to_broker_bytes: int | None = None) -> None:
        """End the next connection when so many bytes went over it: inside its CONNACK, for instance.

        Args:
            to_client_bytes: Bytes towards the client, at least 1. Default: no limit.
            to_broker_bytes: Bytes towards the broker, at least 1. Default: no limit.
        """

        async def limit() -> None:
            self._next.limit(to_client_bytes, to_broker_bytes)

        self._run(limit)

    def refuse(self, count: int) -> None:
        """Close so many of the connections that come next before a word. Those that are open stay."""

        async def refuse() -> None:
            self._refusals = count

        self._run(refuse)

    def hold(self) -> None:
        """Let nothing through, in either direction, on the connections that are open, until `cut` or `clear`."""

        async def hold() -> None:
            for link in self._links.values():
                link.flowing.clear()

        self._run(hold)

    def clear(self) -> None:
        """Take back what was said of bytes and refusals, and hand on what was held."""

        async def clear() -> None:
            self._next = _Link()
            self._refusals = 0
            for link in self._links.values():
                link.limit(None, None)
                link.flowing.set()

        self._run(clear)

    def _run(self, act: Callable[[], Coroutine[None, None, None]]) -> None:
        asyncio.run_coroutine_threadsafe(act(), self._started.result(_LIMIT_S).loop).result(_LIMIT_S)

    async def _serve(self) -> None:
        over = asyncio.Event()
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self._started.set_result(_Started(asyncio.get_running_loop(), over, port))
        await over.wait()
        server.close()
        await self._cut()

    async def _cut(self) -> None:
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links)

    async def _carry(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self._refusals:
            self._refusals -= 1
            to_client.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        link = self._links[task] = self._next
        self._next = _Link()
        writers, ways = [to_client], list[asyncio.Task[None]]()
        try:
            from_broker, to_broker = await asyncio.open_connection(*self._broker)
            writers.append(to_broker)
            ways = [
                asyncio.create_task(link.carry(from_client, to_broker, "broker")),
                asyncio.create_task(link.carry(from_broker, to_client, "client")),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.CancelledError):
            # The broker does not listen, or this connection is cut: for the client, it ends either way.
            pass
        finally:
            for way in ways:
                way.cancel()
            for writer in writers:
                writer.transport.abort()
            del self._links[task]
