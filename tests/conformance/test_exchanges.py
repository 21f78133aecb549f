"""The embedded broker, or a real one, answers recorded exchanges packet for packet.

Against a real broker, with EMITTER_MATCHER=mqtt if it is configured so:

    EMITTER_URL=mqtt://localhost:8080 EMITTER_MASTER_KEY=… pytest -n0 tests/conformance
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import cast
from urllib.parse import urlsplit

import pytest

from emitter_typed._protocol.topics import Matcher
from emitter_typed._types.values import Json
from emitter_typed.broker import Broker, ManualClock
from tests.conformance.placeholders import Mismatch
from tests.conformance.replayer import EXCHANGES, Exchange, ManualTiming, RealTiming, Replayer, load

URL = os.environ.get("EMITTER_URL")
RECORDED = tuple(sorted(path.stem for path in EXCHANGES.glob("*.json")))


@contextmanager
def replayer(matcher: str) -> Generator[Replayer]:
    if URL:
        address = urlsplit(URL)
        host, port = address.hostname or "localhost", address.port or 8080
        yield Replayer((host, port), os.environ["EMITTER_MASTER_KEY"], RealTiming())
        return
    clock = ManualClock()
    with Broker(matcher=cast("Matcher", matcher), clock=clock) as broker:
        yield Replayer((broker.host, broker.port), broker.master_key, ManualTiming(clock))


def playable() -> list[str]:
    """Leave out what needs another matcher than the real broker has."""
    matcher = os.environ.get("EMITTER_MATCHER", "emitter")
    return [name for name in RECORDED if not URL or load(name)["matcher"] == matcher]


def replay(exchange: Exchange) -> None:
    with replayer(exchange["matcher"]) as player:
        player.replay(exchange)


def test_the_recordings_are_there() -> None:
    assert len(RECORDED) >= 50


@pytest.mark.parametrize("name", playable())
def test_answers_as_recorded(name: str) -> None:
    replay(load(name))


Packets = list[dict[str, Json]]


def lose_a_packet(packets: Packets) -> None:
    del packets[0]


def add_a_packet(packets: Packets) -> None:
    packets.append(packets[-1])


def swap_reply_and_acknowledgement(packets: Packets) -> None:
    packets.reverse()


def alter_a_bound_id(packets: Packets) -> None:
    packets[0]["json"] = {"req": 7, "status": 200, "id": "somebody else"}


def add_a_null_field(packets: Packets) -> None:
    packets[0]["json"] = {"req": 7, "status": 200, "id": "<conn:a>", "extra": None}


def write_a_number_as_text(packets: Packets) -> None:
    packets[0]["json"] = {"req": 7, "status": "200", "id": "<conn:a>"}


def leave_the_connection_open(packets: Packets) -> None:
    assert packets.pop()["type"] == "CLOSED"


@pytest.mark.parametrize(
    ("step", "change"),
    [
        (3, lose_a_packet),
        (3, add_a_packet),
        (3, swap_reply_and_acknowledgement),
        (3, alter_a_bound_id),
        (3, add_a_null_field),
        (3, write_a_number_as_text),
        (5, leave_the_connection_open),
    ],
)
def test_any_difference_is_noticed(step: int, change: Callable[[Packets], None]) -> None:
    exchange = load("connect")
    change(exchange["steps"][step].get("receive", {})["a"])
    with pytest.raises(Mismatch):
        replay(exchange)
