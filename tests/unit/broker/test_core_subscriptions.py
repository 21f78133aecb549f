"""Subscriptions and share groups: what the recordings leave open."""

from __future__ import annotations

import pytest

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.core import BrokerCore
from emitter_typed._protocol.topics import Matcher
from tests.helpers.peer import Peer, document, statuses, texts
from tests.unit.broker.cores import MASTER_KEY, new_core


def test_a_subscription_outlives_the_ban_of_its_key_but_cannot_be_ended_with_it(core: BrokerCore) -> None:
    peer, other = Peer(core), Peer(core)
    banned, good = (peer.keygen(MASTER_KEY, "a/", "rw") for _ in range(2))
    peer.subscribe(f"{banned}/a/")
    peer.request("keyban", {"secret": MASTER_KEY, "target": banned, "banned": True})
    other.publish(f"{good}/a/", b"still")
    assert texts(peer.received()) == [("a/", "still")]
    assert statuses(peer.unsubscribe(f"{banned}/a/")) == [401]


def test_every_filter_of_a_subscribe_has_its_own_answer(core: BrokerCore) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "a/", "r")
    came = peer.subscribe(f"{key}/a/", f"{key}/b/", "nonsense", f"{key}/a/")
    assert statuses(came) == [401, 400]
    assert came[-1]["return_codes"] == [0, 0x80, 0x80, 0]


@pytest.mark.parametrize("written", ["{key}/a/#", "{key}//a/#/", "{key}/a//#"])
def test_subscribe_mends_a_filter_and_unsubscribe_does_not(clock: ManualClock, written: str) -> None:
    peer = Peer(new_core(clock, "mqtt"))
    key = peer.keygen(MASTER_KEY, "a/#/", "rw")
    filter_channel = written.format(key=key)
    assert peer.subscribe(filter_channel)[-1]["return_codes"] == [0]
    assert texts(peer.publish(f"{key}/a/b/", b"x")) == [("a/b/", "x")]
    if filter_channel != f"{key}/a/#/":
        assert statuses(peer.unsubscribe(filter_channel)) == [400]
    peer.unsubscribe(f"{key}/a/#/")
    assert peer.publish(f"{key}/a/b/", b"x") == []


def test_stored_messages_precede_the_suback_and_only_with_the_permission(core: BrokerCore) -> None:
    peer = Peer(core)
    loads, reads = peer.keygen(MASTER_KEY, "a/", "rwsl"), peer.keygen(MASTER_KEY, "a/", "rws")
    peer.publish(f"{reads}/a/?ttl=60", b"stored")
    assert [packet["type"] for packet in peer.subscribe(f"{loads}/a/")] == ["PUBLISH", "SUBACK"]
    assert [packet["type"] for packet in peer.subscribe(f"{reads}/a/")] == ["SUBACK"]


def test_one_member_of_each_group_gets_each_message(core: BrokerCore) -> None:
    members = {name: Peer(core) for name in ("one a", "one b", "two a", "two b")}
    publisher = Peer(core)
    key = publisher.keygen(MASTER_KEY, "#/", "rw")
    for name, member in members.items():
        member.subscribe(f"{key}/$share/{name[:3]}/a/")
    counts = dict.fromkeys(members, 0)
    for _ in range(40):
        publisher.publish(f"{key}/a/", b"x")
        for name, member in members.items():
            counts[name] += len(member.received())
    assert counts["one a"] + counts["one b"] == 40
    assert counts["two a"] + counts["two b"] == 40
    assert all(counts.values()), "the pick is random"


def test_a_publisher_that_asked_for_no_echo_is_not_picked_for_its_group(core: BrokerCore) -> None:
    publisher, member = Peer(core), Peer(core)
    key = publisher.keygen(MASTER_KEY, "#/", "rw")
    for peer in (publisher, member):
        peer.subscribe(f"{key}/$share/g/a/")
    for _ in range(20):
        assert publisher.publish(f"{key}/a/?me=0", b"x") == []
        assert texts(member.received()) == [("a/", "x")]


def test_a_plain_subscriber_that_is_a_member_too_gets_one_copy(core: BrokerCore) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "#/", "rw")
    peer.subscribe(f"{key}/$share/g/a/", f"{key}/a/")
    assert texts(peer.publish(f"{key}/a/", b"x")) == [("a/", "x")]


def test_a_publish_to_a_group_reaches_every_member_on_that_topic(core: BrokerCore) -> None:
    one, two, outsider = Peer(core), Peer(core), Peer(core)
    key = one.keygen(MASTER_KEY, "#/", "rw")
    one.subscribe(f"{key}/$share/g/a/")
    two.subscribe(f"{key}/$share/g/a/")
    outsider.subscribe(f"{key}/$share/other/a/", f"{key}/a/")
    assert texts(one.publish(f"{key}/$share/g/a/b/", b"x")) == [("$share/g/a/b/", "x")]
    assert texts(two.received()) == [("$share/g/a/b/", "x")]
    assert outsider.received() == []


@pytest.mark.parametrize(("matcher", "reached"), [("emitter", ["a/", "b/c/", "$share/g/"]), ("mqtt", ["$share/g/"])])
def test_a_group_without_a_channel_asks_for_the_root(clock: ManualClock, matcher: Matcher, reached: list[str]) -> None:
    peer = Peer(new_core(clock, matcher))
    everything, own = peer.keygen(MASTER_KEY, "#/", "rw"), peer.keygen(MASTER_KEY, "a/#/", "rw")
    assert statuses(peer.subscribe(f"{own}/$share/g/")) == [401]
    assert statuses(peer.subscribe(f"{everything}/$share/g/")) == []
    sent = [peer.publish(f"{everything}/{channel}", b"x") for channel in ("a/", "b/c/", "$share/g/")]
    assert [topic for packets in sent for topic, _ in texts(packets)] == reached
    peer.unsubscribe(f"{everything}/$share/g/")
    assert peer.publish(f"{everything}/a/", b"x") == []


def test_of_filters_that_are_taken_for_one_another_a_connection_gets_the_first(core: BrokerCore) -> None:
    peer, watcher = Peer(core), Peer(core)
    key = peer.keygen(MASTER_KEY, "a/#/", "rwp")
    watcher.request("presence", {"key": key, "channel": "a/", "changes": True})
    peer.subscribe(f"{key}/a/x/y/", f"{key}/a/y/x/")
    assert texts(peer.publish(f"{key}/a/x/y/", b"1") + peer.publish(f"{key}/a/y/x/", b"2")) == [("a/x/y/", "1")]
    assert [document(packet)["channel"] for packet in watcher.received()] == ["a/x/y/"]


def test_nothing_stays_of_a_connection_whose_filters_were_taken_for_one_another(core: BrokerCore) -> None:
    peer, other = Peer(core), Peer(core)
    key = peer.keygen(MASTER_KEY, "a/#/", "rwp")
    for channel in ("x/y/", "$share/g/x/y/"):
        peer.subscribe(f"{key}/a/{channel}")
    peer.unsubscribe(f"{key}/a/y/x/")
    peer.leave()
    assert other.request("presence", {"key": key, "channel": "a/x/y/"})["who"] == []
