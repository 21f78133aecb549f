"""What each contestant of `benchmarks/client.py` has to do, and what it is held to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator

from attrs import frozen
from cattrs import Converter

from benchmarks.client_server import PAYLOAD

KEY = "k" * 32
IN_FLIGHT = 100
LIMIT_S = 60.0


@frozen
class Reading:
    """What a payload says."""

    n: int
    celsius: float
    room: str
    ok: bool


def batches(count: int) -> Iterator[range]:
    """Yield numbers in batches of as many as may be in flight."""
    for start in range(0, count, IN_FLIGHT):
        yield range(start, min(start + IN_FLIGHT, count))


def payload(number: int) -> bytes:
    """Return the payload of a message."""
    return (PAYLOAD % number).encode()


def reader() -> Callable[[bytes], Reading]:
    """Return what the peers decode with, as one would without us: json, then cattrs."""
    converter = Converter()
    converter.get_structure_hook(Reading)
    return lambda raw: converter.structure(json.loads(raw), Reading)


class ClientCounters:
    """Counts messages, and is set when all have come; a lost one lets the wait end in a failure."""

    def __init__(self, count: int, decode: Callable[[bytes], Reading] | None = None) -> None:
        self.left = count
        self.total = count * (count - 1) // 2
        self.decode = decode
        self.all_there = threading.Event()

    def take(self, raw: bytes) -> None:
        """Take a payload."""
        if self.decode is not None:
            self.total -= self.decode(raw).n
        self.left -= 1
        if not self.left:
            assert self.decode is None or not self.total, "a message came twice"
            self.all_there.set()

    def wait(self) -> None:
        """Wait for the last one."""
        assert self.all_there.wait(LIMIT_S), f"{self.left} messages were lost"
