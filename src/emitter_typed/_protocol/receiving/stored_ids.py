"""What the id of a stored message says: when it was stored, by which process of a broker, and in which order.

Bytes 4 to 7 are the seconds before the end of Emitter's clock, bytes 8 to 11 count down with every message of one
process of a broker, and bytes 12 to 15 name that process (docs: Emitter protocol, history). So of two ids of one
process the larger is the older. Those of several processes within a second have no order: a broker that starts again
counts anew, and each node of a cluster counts for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

ID_BYTES: Final = 12
"""How long an id is at least."""

CLOCK_BEGINS_S: Final = 1_514_764_800
"""The first second of Emitter's clock, in Unix time."""

_CLOCK_ENDS: Final = 0xFFFF_FFFF


def stored_s(id_: bytes) -> int:
    """Return the second in which a message was stored, in Unix time."""
    return CLOCK_BEGINS_S + _CLOCK_ENDS - int.from_bytes(id_[4:8])


def process_of(id_: bytes) -> bytes:
    """Return the name of the process that stored a message."""
    return id_[12:16]


def age(id_: bytes) -> bytes:
    """Return what sorts ids, the newest first: by second, then process by process, each in its order."""
    return id_[4:8] + id_[12:16] + id_[8:12]


def oldest_of_each(ids: Iterable[bytes]) -> Collection[bytes]:
    """Return the oldest id of each process, of ids that come oldest first."""
    oldest: dict[bytes, bytes] = {}
    for id_ in ids:
        oldest.setdefault(process_of(id_), id_)
    return oldest.values()


def are_neighbours(newer: bytes, older: bytes) -> bool:
    """Return whether one process stored nothing between two messages."""
    counts = (int.from_bytes(id_[8:12]) for id_ in (older, newer))
    return process_of(newer) == process_of(older) and next(counts) - next(counts) == 1


# Processes that a client has seen before so many others are of no interest any more.
_MAX_PROCESSES: Final = 64


class KnownProcesses:
    """The processes of brokers whose stored messages a client has seen, and whether several of them run at once.

    One that was started again follows the one before. So where the seconds of two overlap, they are nodes of a cluster.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.several: bool = False
        """Whether several run at once; False: nobody knows."""
        self._spans: dict[bytes, tuple[int, int]] = {}

    def add(self, ids: Iterable[bytes]) -> None:
        """Learn of stored messages by their ids."""
        changed: set[bytes] = set()
        for id_ in ids:
            process, second = process_of(id_), stored_s(id_)
            first, last = self._spans.get(process, (second, second))
            if process not in self._spans or not first <= second <= last:
                self._spans[process] = min(first, second), max(last, second)
                changed.add(process)
        if len(self._spans) > 1 and not self.several:
            self.several = any(self._overlaps_another(process) for process in changed)
        while len(self._spans) > _MAX_PROCESSES:
            # Other threads may do the same.
            oldest, _ = min(tuple(self._spans.items()), key=lambda item: item[1][1])
            self._spans.pop(oldest, None)

    def _overlaps_another(self, process: bytes) -> bool:
        first, last = self._spans.get(process, (0, 0))
        others = tuple(self._spans.items())
        return any(begin < last and first < end for other, (begin, end) in others if other != process)
