"""The nodes of a cluster that run now, and how they reach one another. A broker that is alone is a cluster of one.

Emitter's nodes share live messages, changes of presence and bans. Each keeps the messages that were published to it,
and lists its own subscribers. (docs: Emitter protocol, cluster)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emitter_typed._broker.core import BrokerCore


class Nodes:
    """The running nodes of one cluster. They live in one event loop, so that what one does reaches all at once."""

    def __init__(self) -> None:
        """Start with none."""
        self._running: dict[BrokerCore, Callable[[], None]] = {}

    def join(self, core: BrokerCore, flush: Callable[[], None]) -> None:
        """Take a node in.

        Args:
            core: The node.
            flush: Sends what waits for its connections.
        """
        self._running[core] = flush

    def leave(self, core: BrokerCore) -> None:
        """Forget a node that has stopped."""
        self._running.pop(core, None)

    def others(self, core: BrokerCore) -> Sequence[BrokerCore]:
        """Return the running nodes but one."""
        return [each for each in self._running if each is not core]

    def flush(self) -> None:
        """Send what waits for the connections of every node."""
        for flush in tuple(self._running.values()):
            flush()
