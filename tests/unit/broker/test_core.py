"""What the recordings leave open, and what must hold for every connection."""

from __future__ import annotations

import json

import pytest

from emitter_typed.broker.clock import ManualClock
from emitter_typed.broker.core import BrokerCore
from emitter_typed.broker.keys import KeyRing, new_master_key
from emitter_typed.broker.limits import Limits
from emitter_typed.protocol.topics import Matcher
from tests.conformance.packets import Sent, Will, decode_all, encode
from tests.unit.broker.peer import Peer, document, statuses, texts

MASTER_KEY = new_master_key()
OVERSIZED = b"\x30\xff\xff\x7f"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000)


def new_core(clock: ManualClock, matcher: Matcher = "emitter", limits: Limits | None = None) -> BrokerCore:
    return BrokerCore(keys=KeyRing(MASTER_KEY, clock), matcher=matcher, clock=clock, limits=limits)


@pytest.fixture
def core(clock: ManualClock) -> BrokerCore:
    return new_core(clock)


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
