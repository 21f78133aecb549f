"""What the tests of the clients publish and read: a key that opens nothing, a payload, and messages as texts."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from emitter_typed import Message
from emitter_typed.contract import Record

WRONG_KEY = "wrong-wrong-wrong-wrong-wrong-00"


@frozen(kw_only=True)
class Point(Record):
    x: int


def texts(subscription: Iterator[Message], count: int) -> list[str]:
    return [next(subscription).as_string() for _ in range(count)]
