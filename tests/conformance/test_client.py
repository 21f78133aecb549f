"""Real clients say and understand what was recorded, packet for packet; the broker's side is played from the recording.

What the client sends is compared with what was recorded, but for packet identifiers; the recorded answers make results,
errors, messages and events, which are compared with the recording too. A packet that no call sends is left out, with
what was answered to it, and counted by the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from emitter_typed import EmitterError
from emitter_typed._types.values import Json
from tests.conformance.replayer import EXCHANGES, Exchange, load
from tests.conformance.scripted import Play

RECORDED = tuple(sorted(path.stem for path in EXCHANGES.glob("*.json")))

# Recordings whose broker sends what no subscription claims.
UNCLAIMED = {
    "mistaken-filters": "the broker takes two filters for one, and goes on sending when one of them was ended",
    "mistaken-filters-mqtt-matcher": "the same",
    "share-groups-of-any-form": "groups within groups, which the client does not know",
    "share-groups-of-any-form-mqtt-matcher": "the same",
}

# How many packets of which recording no call sends, by the reason.
LEFT_OUT: dict[str, dict[str, int]] = json.loads(Path(__file__).with_name("left_out.json").read_text("utf-8"))


def play(exchange: Exchange) -> Play:
    played = Play(exchange, partial=exchange["name"] in UNCLAIMED)
    played.play()
    return played


@pytest.mark.parametrize("name", RECORDED)
def test_a_client_says_and_understands_what_was_recorded(name: str) -> None:
    played = play(load(name))
    assert played.played > 0
    assert played.left_out == LEFT_OUT.get(name, {})


Packets = list[dict[str, Json]]


def send_it_elsewhere(packets: Packets) -> None:
    packets[0]["topic"] = "elsewhere/"


def lose_it(packets: Packets) -> None:
    del packets[0]


def leave_a_field_out(packets: Packets) -> None:
    packets[0]["json"] = {"req": 1, "status": 200, "key": "<key:1>"}


@pytest.mark.parametrize(
    ("recording", "step", "connection", "change"),
    [
        ("publish-subscribe", 6, "b", send_it_elsewhere),
        ("publish-subscribe", 4, "a", lose_it),
        ("publish-subscribe", 4, "a", leave_a_field_out),
    ],
)
def test_any_difference_is_noticed(
    recording: str, step: int, connection: str, change: Callable[[Packets], None]
) -> None:
    exchange = load(recording)
    change(exchange["steps"][step].get("receive", {})[connection])
    with pytest.raises((AssertionError, EmitterError)):
        play(exchange)
