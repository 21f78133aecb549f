"""The names that a broker's processes have in the ids of what they store: a new one with each start."""

from __future__ import annotations

import os
from itertools import count

from emitter_typed._broker.storage import PROCESS_BYTES

_HALF_BYTES = PROCESS_BYTES // 2
_NAMES = 1 << (8 * _HALF_BYTES)
# Odd, so that no two numbers below `_NAMES` give the same; and their order tells nothing, as in Emitter.
_STIR = 40503
_MAX_STARTS = 4096

_brokers = count(os.getpid() << 4)


class Processes:
    """Names one process of a broker after the other.

    Among the starts of one broker and the nodes of one cluster, the order of names is the same in every run. Another
    broker, such as a new one at the same address, has other names.
    """

    def __init__(self, node: int = 0) -> None:
        """Name none yet.

        Args:
            node: Which node of its cluster the broker is.
        """
        self._broker = next(_brokers) % _NAMES
        self._starts = count(node * _MAX_STARTS + 1)

    def next(self) -> bytes:
        """Return the name of the next process."""
        start = next(self._starts) * _STIR % _NAMES
        return start.to_bytes(_HALF_BYTES, "big") + self._broker.to_bytes(_HALF_BYTES, "big")
