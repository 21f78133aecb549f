"""What each contestant of `benchmarks/client.py` has to do, and what it is held to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeVar

from attrs import frozen
from cattrs.preconf.json import make_converter

from benchmarks.client_server import PAYLOAD

KEY = "k" * 32
IN_FLIGHT = 100
LIMIT_S = 60.0


class Numbered(Protocol):
    """What any payload says."""

    @property
    def n(self) -> int:
        """Its number, from 0."""
        ...


NumberedT = TypeVar("NumberedT", bound=Numbered)


@frozen
class Reading:
    """What a payload says."""

    n: int
    celsius: float
    room: str
    ok: bool


class Mode(Enum):
    """One of a few texts."""

    OFF = "off"
    HEATING = "heating"
    COOLING = "cooling"


@frozen
class Sample:
    """An object in a list."""

    at: int
    celsius: float


@frozen
class RichReading:
    """What a payload of the row `rich` says."""

    n: int
    taken: datetime
    mode: Mode
    room: str
    note: str | None
    samples: list[Sample]
    unit: str = "celsius"


def batches(count: int) -> Iterator[range]:
    """Yield numbers in batches of as many as may be in flight."""
    for start in range(0, count, IN_FLIGHT):
        yield range(start, min(start + IN_FLIGHT, count))


def payload(number: int) -> bytes:
    """Return the payload of a message."""
    return (PAYLOAD % number).encode()


def reader(cls: type[NumberedT]) -> Callable[[bytes], NumberedT]:
    """Return what the peers decode with, as one would without us: json, then cattrs."""
    converter = make_converter()
    structure = converter.get_structure_hook(cls)
    return lambda raw: structure(json.loads(raw), cls)


class ClientCounters:
    """Counts messages, and is set when all have come; a lost one lets the wait end in a failure."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.total = count * (count - 1) // 2
        self.all_there = threading.Event()

    def take(self, message: object) -> None:
        """Take a message, whatever it says."""
        self.left -= 1
        if not self.left:
            self.all_there.set()

    def take_numbered(self, reading: Numbered) -> None:
        """Take what a message says."""
        self.total -= reading.n
        self.left -= 1
        if not self.left:
            assert not self.total, "a message came twice"
            self.all_there.set()

    def taking(self, decode: Callable[[bytes], Numbered] | None) -> Callable[[bytes], None]:
        """Return what takes a payload, and decodes it first if need be."""
        if decode is None:
            return self.take
        return lambda raw: self.take_numbered(decode(raw))

    def wait(self) -> None:
        """Wait for the last one."""
        assert self.all_there.wait(LIMIT_S), f"{self.left} messages were lost"
