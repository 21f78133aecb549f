"""Requests, and presence with its events: what the recordings leave open."""

from __future__ import annotations

import json

import pytest

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.core import BrokerCore
from emitter_typed._types.values import Json
from tests.helpers.peer import Peer, document, statuses, texts
from tests.unit.broker.cores import MASTER_KEY


def test_presence_lists_one_member_of_a_group_and_tells_nobody_of_joins(core: BrokerCore) -> None:
    watcher, one, two = Peer(core), Peer(core), Peer(core)
    key = watcher.keygen(MASTER_KEY, "#/", "rwp")
    watcher.request("presence", {"key": key, "channel": "a/", "changes": True})
    for member in (one, two):
        member.subscribe(f"{key}/$share/g/a/")
    assert watcher.received() == []
    who = watcher.request("presence", {"key": key, "channel": "a/"})["who"]
    assert who in ([{"id": one.connection.id}], [{"id": two.connection.id}])
    one.leave()
    assert watcher.received() == []


def test_watching_a_wildcard_hears_what_it_matches(core: BrokerCore) -> None:
    watcher, peer = Peer(core), Peer(core)
    key = watcher.keygen(MASTER_KEY, "#/", "rwp")
    for channel in ("x/+/", "#/"):
        watcher.request("presence", {"key": key, "channel": channel, "status": False, "changes": True})
    peer.subscribe(f"{key}/x/one/", f"{key}/y/one/")
    assert [document(packet)["channel"] for packet in watcher.received()] == ["x/one/"]


@pytest.mark.parametrize(
    ("channel", "status"),
    [
        ("pv/+/", 400),
        ("pv/*/", 400),
        ("pv", 400),
        ("", 400),
        ("p v/", 400),
        ("other/", 401),
        ("#/", 400),
        ("pv/+/#/", 400),
    ],
)
def test_private_channels_that_an_extend_key_does_not_give(core: BrokerCore, channel: str, status: int) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "pv/#/", "rwe")
    assert peer.request("keygen", {"key": key, "channel": channel, "type": "rw"})["status"] == status


def test_a_private_key_grants_no_more_than_the_key_that_made_it(core: BrokerCore) -> None:
    peer = Peer(core)
    maker = peer.keygen(MASTER_KEY, "pv/#/", "re")
    private = peer.keygen(maker, "pv/", "rwslpe")
    channel = f"pv/{peer.connection.id}/"
    assert statuses(peer.subscribe(f"{private}/{channel}")) == []
    assert statuses(peer.publish(f"{private}/{channel}")) == [401]
    assert peer.request("keygen", {"key": private, "channel": channel, "type": "r"})["status"] == 401


@pytest.mark.parametrize(("ttl_s", "statuses_after"), [(0, []), (3600, []), (30, [401])])
def test_a_private_key_ends_when_it_was_asked_to_and_not_with_its_maker(
    core: BrokerCore, clock: ManualClock, ttl_s: int, statuses_after: list[int]
) -> None:
    peer = Peer(core)
    maker = peer.keygen(MASTER_KEY, "pv/#/", "re", ttl_s=60)
    private = peer.keygen(maker, "pv/", "r", ttl_s=ttl_s)
    clock.advance(60)
    assert statuses(peer.subscribe(f"{private}/pv/{peer.connection.id}/")) == statuses_after
    assert peer.request("keygen", {"key": maker, "channel": "pv/", "type": "r"})["status"] == 401


def test_a_private_key_outlives_the_ban_of_its_maker(core: BrokerCore) -> None:
    peer = Peer(core)
    maker = peer.keygen(MASTER_KEY, "pv/#/", "re")
    private = peer.keygen(maker, "pv/", "r")
    peer.request("keyban", {"secret": MASTER_KEY, "target": maker, "banned": True})
    assert statuses(peer.subscribe(f"{private}/pv/{peer.connection.id}/")) == []


def test_a_private_channel_has_at_most_23_segments(core: BrokerCore) -> None:
    peer = Peer(core)
    maker = peer.keygen(MASTER_KEY, "pv/#/", "re")
    deep = "pv/" + "d/" * 21
    assert peer.request("keygen", {"key": maker, "channel": deep + "#/", "type": "r"})["status"] == 200
    assert peer.request("keygen", {"key": maker, "channel": deep + "d/", "type": "r"})["status"] == 500


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"NaN",
        b'{"key": NaN}',
        b"[" * 60_000,
        b'{"ttl": ' + b"9" * 5000 + b"}",
        "{}".encode("utf-16"),
        b'{"key": true}',
        b'{"ttl": true}',
        b'{"ttl": 1e2}',
        b'{"ttl": 2147483648}',
        b'{"ttl": 5.0}',
        b'{"ttl": "5"}',
        b'{"channel": 5, "channel": "a/"}',
        b'{"channel": {}}',
        b'[{"key": ""}]',
    ],
    ids=range(18),
)
def test_a_request_that_is_malformed_gets_400_and_nothing_breaks(core: BrokerCore, payload: bytes) -> None:
    reply, _ = Peer(core).publish("emitter/keygen/", payload, packet_identifier=1)
    assert document(reply)["status"] == 400


@pytest.mark.parametrize(
    ("fields", "channel"),
    [
        ('"Channel": "a/"', "a/"),
        ('"CHANNEL": "a/"', "a/"),
        ('"channel": "a/", "channel": "b/"', "b/"),
        ('"channel": "a/", "Channel": "b/"', "b/"),
        ('"Channel": "a/", "channel": "b/"', "b/"),
        ('"channel": "a/", "channel": null', "a/"),
    ],
)
def test_fields_are_read_in_any_case_and_the_last_one_that_is_not_null_counts(
    core: BrokerCore, fields: str, channel: str
) -> None:
    body = f'{{"kEy": "{MASTER_KEY}", "type": "r", {fields}}}'
    reply, _ = Peer(core).publish("emitter/keygen/", body.encode(), packet_identifier=1)
    assert document(reply)["channel"] == channel


def test_text_that_utf8_cannot_hold_does_not_break_a_reply(core: BrokerCore) -> None:
    body = json.dumps({"key": MASTER_KEY, "channel": "\ud800é/", "type": "r"}).encode()
    reply, _ = Peer(core).publish("emitter/keygen/", body, packet_identifier=1)
    assert document(reply)["channel"] == "\ufffdé/"


@pytest.mark.parametrize(
    ("topic", "came_on", "status"),
    [
        ("emitter/foo/bar/", "emitter/foo/bar/", 404),
        ("emitter/keygen/deeper/", "emitter/keygen/deeper/", 404),
        ("emitter/+/", "emitter/error/", 403),
        ("emitter/ke ygen/", "emitter/error/", 400),
    ],
)
def test_what_is_no_request_is_refused(core: BrokerCore, topic: str, came_on: str, status: int) -> None:
    reply, _ = Peer(core).publish(topic, b"{}", packet_identifier=1)
    assert reply["topic"] == came_on
    assert document(reply)["status"] == status


def test_a_history_does_not_continue_after_an_identifier_of_another_channel(core: BrokerCore) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "a/", "rwsl")
    for text in (b"one", b"two"):
        peer.publish(f"{key}/a/?ttl=60", text)
    asked = {"key": "", "channel": f"{key}/a/?last=9"}
    for start in ("AAAA", "A" * 16, "AAAA\n" + "A" * 12):
        assert peer.request("history", {**asked, "startFromID": start})["messages"] == []
    for start in ("!!", "_-_-", "A"):
        assert peer.request("history", {**asked, "startFromID": start})["status"] == 400


def test_a_ban_keeps_a_master_key_neither_from_making_keys_nor_from_banning(core: BrokerCore) -> None:
    peer = Peer(core)
    ban: dict[str, Json] = {"secret": MASTER_KEY, "target": MASTER_KEY, "banned": True}
    assert peer.request("keyban", ban)["status"] == 200
    key = peer.keygen(MASTER_KEY, "a/", "rw")
    assert statuses(peer.publish(f"{key}/a/")) == []
    assert peer.request("keyban", {**ban, "target": key})["status"] == 200
    assert statuses(peer.publish(f"{key}/a/")) == [401]


@pytest.mark.parametrize(
    ("channel", "status"),
    [("pv/", 401), ("pv/x/", 401), ("pv/#/", 401), ("a b/", 400), ("pv", 400), ("pv/+/", 400), ("", 400), ("/", 400)],
)
def test_a_banned_extend_key_is_refused_for_its_channel_first(core: BrokerCore, channel: str, status: int) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "pv/#/", "rwe")
    peer.request("keyban", {"secret": MASTER_KEY, "target": key, "banned": True})
    assert peer.request("keygen", {"key": key, "channel": channel, "type": "rw"})["status"] == status


@pytest.mark.parametrize("channel", ["pv/", "a b/"])
def test_an_expired_extend_key_is_refused_whatever_its_channel(core: BrokerCore, channel: str) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "pv/#/", "rwe", ttl_s=-5)
    assert peer.request("keygen", {"key": key, "channel": channel, "type": "rw"})["status"] == 401


def watch(peer: Peer, key: str, channel: str, *, on: bool = True) -> None:
    asked: Json = {"key": key, "channel": channel, "status": False, "changes": on}
    assert peer.request("presence", asked)["status"] == 200


def test_a_watch_takes_the_place_of_a_subscription_with_the_same_segments(core: BrokerCore) -> None:
    peer, other = Peer(core), Peer(core)
    key = peer.keygen(MASTER_KEY, "#/", "rwp")
    watch(peer, key, "p/presence/")
    assert peer.subscribe(f"{key}/p/")[-1]["return_codes"] == [0]
    other.publish(f"{key}/p/", b"x")
    assert peer.received() == []
    # The watch goes on, until it is ended under either name.
    other.subscribe(f"{key}/p/presence/")
    assert [document(packet)["channel"] for packet in peer.received()] == ["p/presence/"]
    watch(peer, key, "p/presence/", on=False)
    peer.subscribe(f"{key}/p/")
    other.publish(f"{key}/p/", b"x")
    assert texts(peer.received()) == [("p/", "x")]


def test_a_subscription_takes_the_place_of_a_watch_with_the_same_segments(core: BrokerCore) -> None:
    peer, other = Peer(core), Peer(core)
    key = peer.keygen(MASTER_KEY, "#/", "rwp")
    peer.subscribe(f"{key}/p/")
    watch(peer, key, "p/presence/")
    other.subscribe(f"{key}/p/presence/")
    assert peer.received() == []
    other.publish(f"{key}/p/", b"x")
    assert texts(peer.received()) == [("p/", "x")]


def test_a_connection_that_is_gone_leaves_neither_a_watch_nor_a_subscription_that_took_the_place_of_another(
    core: BrokerCore,
) -> None:
    peer, other = Peer(core), Peer(core)
    key = peer.keygen(MASTER_KEY, "#/", "rwp")
    watch(peer, key, "p/presence/")
    peer.unsubscribe(f"{key}/p/")
    peer.subscribe(f"{key}/p/")
    peer.leave()
    assert other.request("presence", {"key": key, "channel": "p/"})["who"] == []
    other.subscribe(f"{key}/p/presence/")
    assert peer.received() == []
