"""What the id of a stored message says: when it was stored, by which process of a broker, and in which order.

Bytes 4 to 7 are the seconds before the end of Emitter's clock, bytes 8 to 11 count down with every message of one
process of a broker, and bytes 12 to 15 name that process (docs: Emitter protocol, history). So of two ids of one
process the larger is the older. Those of several processes within a second have no order: a broker that starts again
counts anew, and each node of a cluster counts for itself.
"""

from __future__ import annotations

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
