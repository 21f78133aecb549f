"""Connections, wills, links and storing: what the recordings leave open, and what must hold for every connection."""

from __future__ import annotations

import pytest

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.limits import Limits
from tests.helpers.packets import Sent, Will, decode_all, encode
from tests.helpers.peer import Peer, document, statuses, texts
from tests.unit.broker.cores import MASTER_KEY, new_core

OVERSIZED = b"\x30\xff\xff\x7f"


def test_a_connection_that_never_sent_connect_is_answered_as_any_other(core: BrokerCore) -> None:
    connection = core.open()
    core.receive(connection, encode(Sent("PINGREQ")) + encode(Sent("PUBLISH", topic="emitter/me/", qos=1, id=3)))
    pong, me, acknowledgement = decode_all(bytearray().join(connection.take()))
    assert pong == {"type": "PINGRESP"}
    assert document(me) == {"req": 3, "status": 200, "id": connection.id}
    assert acknowledgement == {"type": "PUBACK", "id": 3}


def test_a_second_connect_changes_name_and_will_and_keeps_the_rest(core: BrokerCore) -> None:
    peer, listener = Peer(core, Sent("CONNECT", username="ann", will=Will("nonsense", b""))), Peer(core)
    key = listener.keygen(MASTER_KEY, "a/#/", "rwp")
    listener.subscribe(f"{key}/a/will/")
    peer.subscribe(f"{key}/a/")
    peer.request("link", {"name": "l", "key": key, "channel": "a/"})
    again = peer.exchange(Sent("CONNECT", username="bob", will=Will(f"{key}/a/will/", b"gone")))
    assert again == [{"type": "CONNACK", "session_present": False, "return_code": 0}]
    assert texts(peer.publish("l", b"x")) == [("a/", "x")]
    who = listener.request("presence", {"key": key, "channel": "a/"})["who"]
    assert who == [{"id": peer.connection.id, "username": "bob"}]
    peer.leave()
    assert texts(listener.received()) == [("a/will/", "gone")]


def test_an_empty_user_name_is_none(core: BrokerCore) -> None:
    peer = Peer(core, Sent("CONNECT", username=""))
    key = peer.keygen(MASTER_KEY, "a/", "rp")
    peer.subscribe(f"{key}/a/")
    assert peer.request("presence", {"key": key, "channel": "a/"})["who"] == [{"id": peer.connection.id}]


def test_what_is_no_packet_ends_its_own_connection_and_no_other(core: BrokerCore) -> None:
    one, other = Peer(core), Peer(core)
    one.feed(encode(Sent("PINGREQ")) + OVERSIZED + encode(Sent("PINGREQ")))
    assert one.connection.closing
    assert [packet["type"] for packet in one.received()] == ["PINGRESP"]
    assert [packet["type"] for packet in other.exchange(Sent("PINGREQ"))] == ["PINGRESP"]
    assert not other.connection.closing


def test_nothing_is_read_after_disconnect(core: BrokerCore) -> None:
    peer = Peer(core)
    peer.feed(encode(Sent("DISCONNECT")) + encode(Sent("PINGREQ")))
    assert peer.connection.closing
    assert peer.received() == []


def test_only_connections_that_have_something_to_hear_wait(core: BrokerCore) -> None:
    one, other = Peer(core), Peer(core)
    assert set(core.waiting()) == {one.connection, other.connection}
    one.feed(encode(Sent("PINGREQ")))
    assert list(core.waiting()) == [one.connection]
    assert list(core.waiting()) == []


def test_a_reader_that_is_too_slow_is_cut_off_and_hurts_nobody(clock: ManualClock) -> None:
    core = new_core(clock, limits=Limits(max_unsent_bytes=1000))
    slow, quick = Peer(core), Peer(core)
    key = quick.keygen(MASTER_KEY, "a/", "rw")
    slow.subscribe(f"{key}/a/")
    quick.subscribe(f"{key}/a/")
    for _ in range(20):
        assert texts(quick.publish(f"{key}/a/", b"x" * 100)) == [("a/", "x" * 100)]
    assert slow.connection.overrun
    assert slow.connection.closing
    assert slow.connection.take() == []
    assert not quick.connection.overrun


def test_a_connection_that_is_gone_is_forgotten(core: BrokerCore) -> None:
    watcher, gone = Peer(core), Peer(core, Sent("CONNECT", username="ann"))
    key = watcher.keygen(MASTER_KEY, "a/#/", "rwp")
    for peer in (watcher, gone):
        peer.request("presence", {"key": key, "channel": "a/", "changes": True})
    gone.subscribe(f"{key}/a/one/", f"{key}/a/two/")
    watcher.received()
    gone.leave()
    told = [document(packet) for packet in watcher.received()]
    assert [(each["event"], each["channel"]) for each in told] == [
        ("unsubscribe", "a/one/"),
        ("unsubscribe", "a/two/"),
    ]
    assert gone.received() == []
    watcher.publish(f"{key}/a/one/", b"x")
    assert gone.received() == []
    assert watcher.request("presence", {"key": key, "channel": "a/one/"})["who"] == []


def test_a_will_is_sent_once_after_the_unsubscribes(core: BrokerCore) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "a/", "rwp")
    peer.subscribe(f"{key}/a/")
    peer.request("presence", {"key": key, "channel": "a/", "changes": True})
    gone = Peer(core, Sent("CONNECT", will=Will(f"{key}/a/", b"gone")))
    gone.subscribe(f"{key}/a/")
    peer.received()
    gone.leave()
    gone.leave()
    assert [topic for topic, _ in texts(peer.received())] == ["emitter/presence/", "a/"]


@pytest.mark.parametrize("will_topic", ["{w}/a/+/", "{r}/a/", "{e}/a/", "nonsense", "", "emitter/me/", "{w}/b/"])
def test_a_will_that_may_not_be_published_is_dropped(core: BrokerCore, will_topic: str) -> None:
    peer = Peer(core)
    keys = {letters: peer.keygen(MASTER_KEY, "a/#/", letters + "w" * (letters == "e")) for letters in "wre"}
    peer.subscribe(f"{keys['r']}/a/")
    Peer(core, Sent("CONNECT", will=Will(will_topic.format(**keys), b"gone"))).leave()
    assert peer.received() == []


def test_a_link_reaches_its_channel_and_a_message_that_grew_too_long_is_dropped(core: BrokerCore) -> None:
    peer = Peer(core)
    deep = "d/" * 100
    key = peer.keygen(MASTER_KEY, "d/#/", "rw")
    peer.request("link", {"name": "l", "key": key, "channel": deep, "subscribe": True})
    assert texts(peer.publish("l", b"x" * 65_000)) == [(deep, "x" * 65_000)]
    assert peer.publish("l", b"x" * 65_500, packet_identifier=3) == [{"type": "PUBACK", "id": 3}]


def test_a_link_through_a_banned_or_expired_key_is_refused(core: BrokerCore, clock: ManualClock) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "a/", "rw", ttl_s=60)
    peer.request("link", {"name": "l", "key": key, "channel": "a/"})
    assert statuses(peer.publish("l")) == []
    peer.request("keyban", {"secret": MASTER_KEY, "target": key, "banned": True})
    assert statuses(peer.publish("l")) == [401]
    peer.request("keyban", {"secret": MASTER_KEY, "target": key, "banned": False})
    assert statuses(peer.publish("l")) == []
    clock.advance(60)
    assert statuses(peer.publish("l")) == [401]


def test_a_time_to_live_wins_over_the_retain_flag_unless_it_is_0(core: BrokerCore, clock: ManualClock) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "a/#/", "rwsl")
    peer.publish(f"{key}/a/short/?ttl=5", b"short", retain=True)
    peer.publish(f"{key}/a/zero/?ttl=0", b"zero", retain=True)
    peer.publish(f"{key}/a/not/?ttl=0", b"not stored")
    clock.advance(1)
    peer.publish(f"{key}/a/month/", b"month", retain=True)
    clock.advance(30 * 24 * 3600 - 2)
    assert texts(peer.subscribe(f"{key}/a/?last=9")) == [("a/zero/", "zero"), ("a/month/", "month")]
    clock.advance(1)
    assert texts(peer.subscribe(f"{key}/a/?last=9")) == [("a/month/", "month")]
    clock.advance(1)
    assert texts(peer.subscribe(f"{key}/a/?last=9")) == []


@pytest.mark.parametrize(
    ("ttl", "stored", "stored_with_retain"),
    [
        (2**32 - 1, True, True),
        (2**32, False, False),
        (2**32 + 60, True, True),
        (2**63 - 1, True, True),
        (2**63, False, True),
        (10**30, False, True),
    ],
)
def test_a_time_to_live_is_counted_in_32_bits_and_ignored_beyond_63(
    core: BrokerCore, ttl: int, stored: bool, stored_with_retain: bool
) -> None:
    peer = Peer(core)
    key = peer.keygen(MASTER_KEY, "a/#/", "rwsl")
    peer.publish(f"{key}/a/plain/?ttl={ttl}", b"x")
    peer.publish(f"{key}/a/retained/?ttl={ttl}", b"x", retain=True)
    assert bool(texts(peer.subscribe(f"{key}/a/plain/"))) is stored
    assert bool(texts(peer.subscribe(f"{key}/a/retained/"))) is stored_with_retain


def test_a_packet_identifier_of_0_is_acknowledged_and_not_named(core: BrokerCore) -> None:
    peer = Peer(core)
    reply, acknowledgement = peer.exchange(Sent("PUBLISH", topic="emitter/me/", qos=1, id=0))
    assert "req" not in document(reply)
    assert acknowledgement == {"type": "PUBACK", "id": 0}


def test_acknowledgements_of_what_was_never_sent_are_ignored(core: BrokerCore) -> None:
    peer = Peer(core)
    peer.feed(b"\x40\x02\x00\x01" + b"\x50\x02\x00\x01" + b"\x62\x02\x00\x01" + b"\x70\x02\x00\x01")
    assert peer.received() == []
    assert not peer.connection.closing


@pytest.mark.parametrize(
    ("options", "echo"),
    [("me=0", False), ("me=00", False), ("me=0&me=1", False), ("me=1&me=0", True), ("me=01", True), ("me=a", True)],
)
def test_a_message_is_not_sent_back_where_me_is_a_zero_however_it_is_written(
    core: BrokerCore, options: str, echo: bool
) -> None:
    peer, other = Peer(core), Peer(core)
    key = peer.keygen(MASTER_KEY, "a/", "rw")
    for each in (peer, other):
        each.subscribe(f"{key}/a/")
    assert bool(texts(peer.publish(f"{key}/a/?{options}", b"x"))) is echo
    assert texts(other.received()) == [("a/", "x")]
