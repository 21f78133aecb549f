"""The embedded broker on a TCP port, for programs that run an asyncio loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast, get_args

from emitter_typed.broker.connection import Connection
from emitter_typed.broker.core import MAX_QUEUED_BYTES, BrokerCore
from emitter_typed.broker.errors import CannotListen
from emitter_typed.broker.keys import new_master_key
from emitter_typed.errors import InvalidArgument
from emitter_typed.protocol.topics import Matcher

_log = logging.getLogger("emitter_typed.broker")

IDLE_LIMIT_S = 120.0
"""After how many seconds of silence a connection is closed, whatever keep-alive it asked for."""


MOST_PORT = 65535
"""The highest port that TCP has."""


class AsyncBroker:
    """An Emitter broker inside the running asyncio loop. For development and tests, not for production.

    It answers as Emitter does, on a loopback port, and keeps everything in memory.

    >>> async def main() -> None:
    ...     async with AsyncBroker() as broker:
    ...         print(broker.url)
    """

    _all_gone: asyncio.Event

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
            clock: Gives the Unix time in seconds; what expires, expires by it. Default: the system's.

        Raises:
            InvalidArgument: the port is none, the matcher does not exist, or the master key has another form.
        """
        if matcher not in get_args(Matcher):
            raise InvalidArgument(
                f"matcher {matcher!r} does not exist: use 'emitter' or 'mqtt'",
                argument="matcher",
                value=matcher,
            )
        if not 0 <= port <= MOST_PORT:
            raise InvalidArgument(
                f"a port is 1 to {MOST_PORT}, or 0 for any that is free, not {port}", argument="port", value=port
            )
        self.host = host
        self.port = port
        self.matcher: Matcher = matcher
        self.master_key = master_key if master_key is not None else new_master_key()
        self._clock = clock
        self._core = self._new_core()
        self._server: asyncio.Server | None = None
        self._sockets: dict[Connection, _Socket] = {}
        self._muted = False

    @property
    def url(self) -> str:
        """The address for clients, such as `mqtt://127.0.0.1:49152`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt://{host}:{self.port}"

    async def start(self) -> Self:
        """Listen. Returns the broker itself; once it is back, clients can connect.

        Raises:
            CannotListen: the port is in use, or the host is none of this machine's. Nothing was started.
        """
        if self._server is None:
            self._core = self._new_core()
            self._all_gone = asyncio.Event()
            loop = asyncio.get_running_loop()
            try:
                self._server = await loop.create_server(lambda: _Socket(self), self.host, self.port)
            except (OSError, ValueError) as error:
                # A name that is no name is a ValueError.
                raise CannotListen(*_why(error), host=self.host, port=self.port) from error
            # Starting again listens where clients know the broker to be.
            self.port = cast("int", self._server.sockets[0].getsockname()[1])
        return self

    async def stop(self) -> None:
        """Close every connection, then the port. What was stored is gone; keys stay good for the next start.

        A broker that is not running is left as it is.
        """
        server, self._server = self._server, None
        if server is None:
            return
        # A connection that is being accepted is known two turns of the loop later. Until then the server
        # stays open: asyncio of Python 3.11 loses a connection that it accepts for a server that is closed.
        for listener in server.sockets:
            # Other loops than the selector's accept in one turn.
            with contextlib.suppress(NotImplementedError, RuntimeError):
                asyncio.get_running_loop().remove_reader(listener)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await self.drop_connections()
        server.close()
        await server.wait_closed()
        self._muted = False

    async def __aenter__(self) -> Self:
        """Start."""
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    # Faults on purpose. Each leaves the broker running.

    async def drop_connections(self) -> None:
        """End every connection at once, as a network that fails: what was not sent yet is lost.

        When it returns, the broker has forgotten the connections, and their wills were sent. New ones are
        accepted as before.
        """
        for each in list(self._sockets.values()):
            each.abort()
        while self._sockets:
            self._all_gone.clear()
            await self._all_gone.wait()

    def mute(self) -> None:
        """Stop to answer: connections are accepted and stay open, and nothing that they send is read.

        What they sent meanwhile is answered after `unmute()`.
        """
        self._muted = True
        for each in self._sockets.values():
            each.read(on=False)

    def unmute(self) -> None:
        """Answer again, beginning with what arrived meanwhile."""
        self._muted = False
        for each in self._sockets.values():
            each.read(on=True)

    # What the sockets call.

    def joined(self, client: _Socket) -> Connection:
        """Take a new connection in."""
        connection = self._core.open()
        self._sockets[connection] = client
        if self._server is None:
            client.abort()
        elif self._muted:
            client.read(on=False)
        return connection

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Handle what one read brought, then send all that it caused."""
        self._core.receive(connection, data)
        self._send()

    def left(self, connection: Connection) -> None:
        """Forget a connection that is gone."""
        del self._sockets[connection]
        self._core.close(connection)
        self._send()
        if not self._sockets:
            self._all_gone.set()

    def _send(self) -> None:
        for connection in self._core.waiting():
            client = self._sockets.get(connection)
            if client is not None:
                client.send(connection)

    def _new_core(self) -> BrokerCore:
        return BrokerCore(master_key=self.master_key, matcher=self.matcher, clock=self._clock)


def _why(error: OSError | ValueError) -> tuple[str, str]:
    """Return why nobody can listen, and what to do about it."""
    number = error.errno if isinstance(error, OSError) and not isinstance(error, socket.gaierror) else None
    reason = os.strerror(number) if number else getattr(error, "strerror", None) or str(error)
    if number in (errno.EADDRINUSE, errno.EACCES):
        return reason, "port 0 takes any port that is free"
    return reason, "the host must be an address of this machine, such as 127.0.0.1"


class _Socket(asyncio.Protocol):
    """One TCP connection."""

    _transport: asyncio.Transport
    _connection: Connection
    _idle: asyncio.TimerHandle

    def __init__(self, broker: AsyncBroker) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._heard_at_s = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._idle = self._loop.call_later(IDLE_LIMIT_S, self._check_idle)
        self._connection = self._broker.joined(self)

    def data_received(self, data: bytes) -> None:
        self._heard_at_s = self._loop.time()
        self._broker.arrived(self._connection, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._idle.cancel()
        self._broker.left(self._connection)

    def send(self, connection: Connection) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(connection.take())
        if connection.overrun or self._transport.get_write_buffer_size() > MAX_QUEUED_BYTES:
            _log.warning("connection %s reads too slowly and was cut off", connection.id)
            self._transport.abort()
        elif connection.closing:
            self._transport.close()

    def read(self, *, on: bool) -> None:
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def abort(self) -> None:
        self._transport.abort()

    def _check_idle(self) -> None:
        silent_s = self._loop.time() - self._heard_at_s
        if silent_s >= IDLE_LIMIT_S:
            self._transport.close()
        else:
            self._idle = self._loop.call_later(IDLE_LIMIT_S - silent_s, self._check_idle)
