"""What the nodes of a cluster share, and what each keeps for itself, as measured with a real one."""

from __future__ import annotations

import base64
from collections import Counter
from typing import cast

import pytest

from emitter_typed._broker.clock import ManualClock
from emitter_typed._types.values import Json
from tests.helpers.packets import Received, Sent, Will
from tests.helpers.peer import Peer, document, statuses, texts
from tests.unit.broker.cores import MASTER_KEY, new_nodes


@pytest.fixture
def pair(clock: ManualClock) -> tuple[Peer, Peer]:
    """A connection to each of two nodes."""
    one, other = new_nodes(clock)
    return Peer(one, Sent("CONNECT", username="ann")), Peer(other, Sent("CONNECT", username="bob"))


@pytest.fixture
def key(pair: tuple[Peer, Peer]) -> str:
    return pair[0].keygen(MASTER_KEY, "#/", "rwslp")


def watch(peer: Peer, key: str, channel: str) -> None:
    peer.request("presence", {"key": key, "channel": channel, "status": False, "changes": True})


def changes(packets: list[Received]) -> list[tuple[object, object]]:
    told = [document(packet) for packet in packets]
    return [(each["event"], cast("dict[str, Json]", each["who"])["username"]) for each in told]


def texts_of(history: dict[str, Json]) -> str:
    messages = cast("list[dict[str, str]]", history["messages"])
    return " ".join(base64.b64decode(each["payload"]).decode() for each in messages)


def test_a_message_reaches_the_subscribers_of_every_node_once(pair: tuple[Peer, Peer], key: str) -> None:
    one, other = pair
    one.subscribe(f"{key}/a/", f"{key}/a/b/")
    other.subscribe(f"{key}/a/", f"{key}/a/b/")
    assert texts(one.publish(f"{key}/a/b/", b"x")) == [("a/b/", "x")]
    assert texts(other.received()) == [("a/b/", "x")]
    assert texts(other.publish(f"{key}/a/b/?me=0", b"y")) == []
    assert texts(one.received()) == [("a/b/", "y")]


def test_a_will_reaches_the_other_node(pair: tuple[Peer, Peer], key: str) -> None:
    one, other = pair
    one.subscribe(f"{key}/a/")
    Peer(other.core, Sent("CONNECT", will=Will(f"{key}/a/", b"gone"))).leave()
    assert texts(one.received()) == [("a/", "gone")]


def test_changes_of_presence_are_told_on_every_node_and_a_status_lists_its_own(
    pair: tuple[Peer, Peer], key: str
) -> None:
    one, other = pair
    for peer in pair:
        watch(peer, key, "a/")
    one.subscribe(f"{key}/a/")
    assert changes(other.received()) == [("subscribe", "ann")]
    other.subscribe(f"{key}/a/")
    assert changes(one.received()) == [("subscribe", "bob")]
    for peer, name in ((one, "ann"), (other, "bob")):
        who = peer.request("presence", {"key": key, "channel": "a/"})["who"]
        assert who == [{"id": peer.connection.id, "username": name}]
    other.leave()
    assert changes(one.received()) == [("unsubscribe", "bob")]


def test_a_key_is_banned_on_every_node_at_once(pair: tuple[Peer, Peer], key: str) -> None:
    one, other = pair
    assert statuses(other.publish(f"{key}/a/")) == []
    one.request("keyban", {"secret": MASTER_KEY, "target": key, "banned": True})
    assert statuses(other.publish(f"{key}/a/")) == [401]
    other.request("keyban", {"secret": MASTER_KEY, "target": key, "banned": False})
    assert statuses(one.publish(f"{key}/a/")) == []


def received_by(members: dict[str, Peer], publisher: Peer, topic: str, count: int = 60) -> Counter[str]:
    """Publish, and return how often each member got a message."""
    for member in members.values():
        member.received()
    for number in range(count):
        publisher.publish(topic, str(number).encode())
    return Counter({name: len(texts(member.received())) for name, member in members.items()})


def test_a_group_is_one_over_all_nodes(pair: tuple[Peer, Peer], key: str) -> None:
    one, other = pair
    members = {"one": Peer(one.core), "two": Peer(other.core), "three": Peer(other.core)}
    for member in members.values():
        member.subscribe(f"{key}/$share/g/a/")
    for publisher in pair:
        got = received_by(members, publisher, f"{key}/a/")
        assert got.total() == 60
        assert min(got.values()) > 0


def test_a_group_gets_a_message_twice_that_goes_to_another_node_anyway(pair: tuple[Peer, Peer], key: str) -> None:
    one, other = pair
    members = {"one": Peer(one.core), "two": Peer(other.core)}
    for member in members.values():
        member.subscribe(f"{key}/$share/g/a/")
    Peer(other.core).subscribe(f"{key}/a/")
    got = received_by(members, one, f"{key}/a/")
    assert got["two"] == 60
    assert 0 < got["one"] < 60
    # Published where the plain subscriber is, the message stays there unless the pick of the group falls elsewhere.
    assert received_by(members, other, f"{key}/a/").total() == 60


def test_a_message_to_the_channel_of_a_group_reaches_the_members_of_every_node(
    pair: tuple[Peer, Peer], key: str
) -> None:
    members = {"one": Peer(pair[0].core), "two": Peer(pair[1].core)}
    for member in members.values():
        member.subscribe(f"{key}/$share/g/a/")
    assert received_by(members, pair[0], f"{key}/$share/g/a/", 5) == {"one": 5, "two": 5}


@pytest.fixture
def stored(pair: tuple[Peer, Peer], key: str, clock: ManualClock) -> str:
    """Ten messages on each node: a channel with what a real cluster had when its answers were noted."""
    one, other = pair
    seconds = ("B0 A0 A1", "A2 B1 B2 A3", "B3 B4 A4 A5", "B5 B6 A6 A7", "B7 B8 A8 A9", "B9")
    for second in seconds:
        for text in second.split():
            (one if text[0] == "A" else other).publish(f"{key}/a/?ttl=600", text.encode())
        clock.advance(1)
    return f"{key}/a/"


@pytest.mark.parametrize(
    ("last", "of_one", "of_other"),
    [
        (1, "B9", "B9"),
        (3, "B8 B7 B9", "A9 A8 B9"),
        (5, "A9 A8 B8 B7 B9", "B8 B7 A9 A8 B9"),
        (0, "", ""),
        (None, "B9", "B9"),
    ],
)
def test_stored_messages_of_all_nodes_are_sorted_by_second_alone(
    pair: tuple[Peer, Peer], stored: str, last: int | None, of_one: str, of_other: str
) -> None:
    options = "" if last is None else f"?last={last}"
    for peer, found in zip(pair, (of_one, of_other), strict=True):
        assert texts_of(peer.request("history", {"channel": f"{stored}{options}"})) == found
        assert " ".join(text for _, text in texts(peer.subscribe(f"{stored}{options}"))) == found


def id_of(peer: Peer, topic: str, text: str) -> str:
    """Return the id of a message."""
    messages = peer.request("history", {"channel": f"{topic}?last=100"})["messages"]
    found = cast("list[dict[str, str]]", messages)
    return next(each["id"] for each in found if base64.b64decode(each["payload"]) == text.encode())


@pytest.mark.parametrize(
    ("after", "last", "found"),
    [("A0", 100, ""), ("A5", 3, "B1 A4 B3"), ("B9", 3, "A8 B8 B7")],
)
def test_a_node_that_does_not_hold_the_id_to_continue_after_skips_a_message_of_its_own(
    pair: tuple[Peer, Peer], stored: str, after: str, last: int, found: str
) -> None:
    start = id_of(pair[0], stored, after)
    assert texts_of(pair[0].request("history", {"channel": f"{stored}?last={last}", "startFromID": start})) == found


def test_each_node_adds_as_much_as_one_look_into_its_own_storage_gives(pair: tuple[Peer, Peer], key: str) -> None:
    for number in range(10):
        for peer, name in zip(pair, "AB", strict=True):
            peer.publish(f"{key}/a/?ttl=600", f"{name}{number}".encode().ljust(10_000))
    replayed = Counter(text[0] for _, text in texts(pair[0].subscribe(f"{key}/a/?last=100")))
    assert replayed == {"A": 6, "B": 6}


def test_ids_of_two_nodes_have_counters_and_names_of_their_own(pair: tuple[Peer, Peer], key: str) -> None:
    for peer in pair:
        peer.publish(f"{key}/a/?ttl=600", b"x")
    reply = pair[0].request("history", {"channel": f"{key}/a/?last=9"})
    one, other = (base64.b64decode(each["id"]) for each in cast("list[dict[str, str]]", reply["messages"]))
    assert one[4:12] == other[4:12]
    assert one[12:16] != other[12:16]
    assert one[16:] == other[16:]
