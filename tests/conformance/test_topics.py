"""Topics against the recordings, without a broker between: what is valid, and whom a message reaches."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emitter_typed._protocol.topics import Matcher, Topic, matches, parse_topic
from emitter_typed.errors import InvalidArgument

EXCHANGES = Path(__file__).parent / "exchanges"

Packet = Mapping[str, Any]  # Any: a recording is JSON


def steps(name: str) -> list[dict[str, Any]]:
    """Read a recording, with texts of the right form in the place of its keys and other placeholders."""
    text = (EXCHANGES / f"{name}.json").read_text("utf-8")
    text = text.replace("<run>", "abcdefghij").replace("<master>", "m" * 32)
    recorded: dict[str, Any] = json.loads(re.sub(r"<key:(\d+)>", lambda found: found.group(1).rjust(32, "k"), text))
    found: list[dict[str, Any]] = recorded["steps"]
    return found


def status(step: Mapping[str, Any]) -> int | None:
    """Return the status of the first error that the sender of a step got."""
    for packet in step.get("receive", {}).get(step["connection"], ()):
        if packet.get("topic") == "emitter/error/":
            code: int = packet["json"]["status"]
            return code
    return None


def read(topic: str) -> Topic | None:
    """Take a topic apart; None where it is no topic."""
    try:
        return parse_topic(topic)
    except InvalidArgument:
        return None


def as_subscribed(topic: str) -> str:
    """Write a SUBSCRIBE's topic as the broker does before it reads it."""
    return re.sub(r"#(\?|$)", r"#/\1", topic).replace("//", "/")


def topics_sent(name: str) -> Iterator[tuple[str, str, int | None]]:
    """Go through the topics of a recording that are no request and no link: kind of packet, topic, status."""
    for step in steps(name):
        packet: Packet = step.get("send", {})
        if packet.get("type") == "PUBLISH" and "/" in packet["topic"] and not packet["topic"].startswith("emitter/"):
            yield "PUBLISH", packet["topic"], status(step)
        elif packet.get("type") == "SUBSCRIBE" and len(packet["filters"]) == 1:
            yield "SUBSCRIBE", as_subscribed(packet["filters"][0]["topic"]), status(step)


@pytest.mark.parametrize(
    "name",
    ["options-and-channels", "wildcards", "wildcards-mqtt-matcher", "key-targets", "errors-publish-subscribe"],
)
def test_a_topic_is_refused_exactly_where_the_broker_refused_it(name: str) -> None:
    judged = 0
    for kind, topic, code in topics_sent(name):
        parsed = read(topic)
        # A key that opens another channel is 401, and a wildcard to publish to 403: the topic itself is valid then.
        assert (parsed is None) == (code == 400), (kind, topic, code)
        if kind == "PUBLISH" and parsed is not None:
            assert (code != 403) or not parsed.static, topic
        judged += 1
    assert judged > 5


@pytest.mark.parametrize(
    ("name", "matcher"),
    [
        ("publish-subscribe", "emitter"),
        ("wildcards", "emitter"),
        ("overlapping-subscriptions", "emitter"),
        ("wildcards-mqtt-matcher", "mqtt"),
    ],
)
def test_a_message_reaches_exactly_those_whom_it_reached_at_the_broker(name: str, matcher: Matcher) -> None:
    filters: dict[str, set[str]] = {}
    judged = reached_somebody = 0
    for step in steps(name):
        packet: Packet = step.get("send", {})
        sender = step.get("connection", "")
        if packet.get("type") == "SUBSCRIBE" and status(step) is None:
            topics = (read(as_subscribed(each["topic"])) for each in packet["filters"])
            filters.setdefault(sender, set()).update(topic.channel for topic in topics if topic is not None)
        elif packet.get("type") == "UNSUBSCRIBE" and status(step) is None:
            gone = (read(each) for each in packet["filters"])
            filters.setdefault(sender, set()).difference_update(topic.channel for topic in gone if topic is not None)
        elif packet.get("type") == "PUBLISH" and "/" in packet["topic"] and not packet["topic"].startswith("emitter/"):
            topic = read(packet["topic"])
            if topic is None or not topic.static or status(step) is not None:
                continue
            reached = {
                connection
                for connection, received in step.get("receive", {}).items()
                if any(each["type"] == "PUBLISH" and each["topic"] == topic.channel for each in received)
            }
            expected = {
                connection
                for connection, subscribed in filters.items()
                if any(matches(each, topic.channel, matcher) for each in subscribed)
                and not (connection == sender and topic.option("me") == "0")
            }
            assert reached == expected, (packet["topic"], filters)
            judged += 1
            reached_somebody += bool(reached)
    assert judged >= 5
    assert reached_somebody >= 1
