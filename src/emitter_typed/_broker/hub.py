"""Where the core of a running broker and the peers of its connections meet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from emitter_typed._broker.connection import Connection
from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.edge.peers import Peer
from emitter_typed._broker.errors import not_running
from emitter_typed._broker.limits import Limits
from emitter_typed._broker.nodes import Nodes
from emitter_typed._broker.switches import Switches

_log = logging.getLogger("emitter_typed.broker")


class Hub:
    """The connections of one broker, from each start to the next stop. Only the broker's event loop calls it.

    It is the `Host` of its peers, and gives the faults their `Controls`.
    """

    def __init__(self, limits: Limits, switches: Switches, nodes: Nodes) -> None:
        """Begin without a core: `open` brings one.

        Args:
            limits: What it may hold at most.
            switches: The faults that are on.
            nodes: The cluster that it is a part of.
        """
        self._limits = limits
        self._switches = switches
        self._nodes = nodes
        self._core: BrokerCore | None = None
        self._peers: dict[Connection, Peer] = {}
        self._empty = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        """The loop that it runs in; None while the broker is not running."""

    def open(self, core: BrokerCore, loop: asyncio.AbstractEventLoop) -> None:
        """Welcome connections, on a core of their own."""
        self._core = core
        self._nodes.join(core, self._flush)
        self.loop = loop
        # An event belongs to one loop, and each start may run in another.
        self._empty = asyncio.Event()

    async def close(self, grace_s: float) -> None:
        """Turn new connections away and end all others in good order; after some seconds, at once."""
        self.loop = None
        for peer in list(self._peers.values()):
            peer.close()
        try:
            async with asyncio.timeout(grace_s):
                await self._until_empty()
        except TimeoutError:
            for peer in list(self._peers.values()):
                peer.abort()
            await self._until_empty()
        if self._core is not None:
            self._nodes.leave(self._core)

    def kill(self) -> None:
        """End all connections at once, as a process that is killed: no will is sent."""
        self.loop = None
        if self._core is None:
            return
        for connection, peer in list(self._peers.items()):
            self._peers.pop(connection, None)
            self._core.close(connection, with_will=False)
            peer.abort()
        self._nodes.leave(self._core)
        # Watchers at other nodes have heard that the connections are gone.
        self._nodes.flush()
        self._empty.set()

    async def _until_empty(self) -> None:
        while self._peers:
            self._empty.clear()
            await self._empty.wait()

    # What peers call: see `edge.peers.Host`.

    def joined(self, peer: Peer) -> Connection | None:
        """Take a new connection in, unless it is turned away."""
        if self._core is None or self.loop is None:
            return None
        if self._switches.refusing and self._switches.return_code is None:
            return None
        if len(self._peers) >= self._limits.max_connections:
            _log.warning("limit.reached max_connections=%d", self._limits.max_connections)
            return None
        connection = self._core.open()
        self._peers[connection] = peer
        if self._switches.stalled:
            peer.read(on=False)
        return connection

    def arrived(self, connection: Connection, data: bytes) -> None:
        """Handle what one read brought, then send all that it caused."""
        # What a connection still says after it was dropped comes from nobody.
        if self._core is not None and connection in self._peers:
            self._core.receive(connection, data)
            self.flush()

    def left(self, connection: Connection) -> None:
        """Forget a connection that is gone."""
        if self._peers.pop(connection, None) is None or self._core is None:
            return
        self._core.close(connection)
        self.flush()
        if not self._peers:
            self._empty.set()

    # What the faults call: see `faults.Controls`.

    def connections(self) -> Collection[Connection]:
        """Return the connections that are open."""
        return tuple(self._peers)

    def drop(self, connection: Connection) -> None:
        """End a connection at once, and forget it, unless it has ended."""
        # The will of another one that was dropped may have been too much for it.
        if (peer := self._peers.get(connection)) is not None:
            self.left(connection)
            peer.abort()

    def read(self, *, on: bool) -> None:
        """Go on or stop to read what clients send."""
        for peer in list(self._peers.values()):
            peer.read(on=on)

    def flush(self) -> None:
        """Send what waits for each connection, here and at the other nodes."""
        self._nodes.flush()

    def _flush(self) -> None:
        if self._core is not None:
            for connection in self._core.waiting():
                peer = self._peers.get(connection)
                if peer is not None:
                    peer.send(connection)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call a function after some seconds, by the loop's clock."""
        asyncio.get_running_loop().call_later(seconds, call)

    def run(self, call: Callable[[], None]) -> None:
        """Call a function, if the broker is running. Raises Closed."""
        if self.loop is None:
            raise not_running()
        call()
