"""The broker is told of a channel once somebody needs it, and again when nobody does."""

from __future__ import annotations

import pytest
from attrs import evolve

from emitter_typed import Unauthorized
from emitter_typed._generated.protocol import KEYGEN, PROTOCOL
from emitter_typed._protocol.operations import Prepared
from emitter_typed._protocol.packets import OutboundPacket, Subscribe, Unsubscribe
from emitter_typed._protocol.session.inflight import InflightCall, InflightCalls, Resubscribing, Subscribing
from emitter_typed._protocol.session.inflight import Unsubscribing as Ending
from emitter_typed._protocol.session.local_subscriptions import LocalSubscriptions
from emitter_typed._protocol.session.spoofing import SpoofGuard
from emitter_typed._protocol.session.wire_subscriptions import REFUSED, WireSubscriptions
from emitter_typed.errors import AmbiguousReply, BrokerError, InvalidArgument
from tests.helpers.callers import CallResult, MessageSink
from tests.unit.protocol.session.calls import KEYGEN_REQUEST, in_group, prepared

TOO_LONG = "a" * 70_000 + "/"


class Wire:
    """The subscriptions with what they send and, in the place of the session, what answers them."""

    def __init__(self, max_packet_bytes: int = PROTOCOL.envelope.max_packet_bytes) -> None:
        self.sent: list[OutboundPacket] = []
        self.connected = True
        self.inflight = InflightCalls()
        self.local = LocalSubscriptions("emitter", "emitter/")
        self.guard = SpoofGuard("emitter/")
        self.subscriptions = WireSubscriptions(
            evolve(PROTOCOL.envelope, max_packet_bytes=max_packet_bytes),
            self.local,
            self.guard,
            self.inflight,
            begin=self.inflight.begin,
            send=self.sent.append,
            is_connected=lambda: self.connected,
        )

    def subscribe(self, what: Prepared | str, *, allow_reserved: bool = False) -> tuple[MessageSink, CallResult]:
        what = prepared(what) if isinstance(what, str) else what
        sink, result = MessageSink(what.channel), CallResult()
        self.subscriptions.subscribe("subscribe", what, sink, result, allow_reserved=allow_reserved)
        return sink, result

    def leave(self, sink: MessageSink) -> CallResult:
        result = CallResult()
        self.subscriptions.leave("subscribe", sink.channel, sink, result)
        return result

    def call(self) -> InflightCall:
        """Return what the last packet is in use for, which ends with it."""
        call = self.inflight.end(self.sent[-1].packet_id)
        assert call is not None
        return call

    def grant(self) -> None:
        call = self.call()
        assert isinstance(call, Subscribing)
        self.subscriptions.subscribed(call)

    def granted(self, what: Prepared | str) -> MessageSink:
        sink, _ = self.subscribe(what)
        self.grant()
        return sink

    def ended(self) -> None:
        call = self.call()
        assert isinstance(call, Ending)
        self.subscriptions.unsubscribed(call)

    def refuse(self) -> BrokerError:
        call = self.call()
        assert isinstance(call, Subscribing)
        error = Unauthorized(401, "no", "subscribe")
        self.subscriptions.refused(call, error)
        return error

    def restored(self) -> Resubscribing:
        """Begin again on a new connection, and return the only call for it."""
        self.sent.clear()
        self.subscriptions.restore()
        [_] = self.sent
        call = self.call()
        assert isinstance(call, Resubscribing)
        return call


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_a_sink_is_there_before_the_packet_leaves_and_learns_of_the_grant(wire: Wire) -> None:
    sink, result = wire.subscribe(prepared("a/", last=5))

    assert wire.sent == [Subscribe(("key/a/?last=5",), 1)]
    assert wire.local.of("a/") == (sink,)
    assert (sink.is_there, result.ends) == (False, [])
    wire.grant()
    assert (sink.is_there, result.ends) == (True, [None])


def test_each_subscriber_asks_and_the_last_who_leaves_ends_it(wire: Wire) -> None:
    one, other = wire.granted("a/"), wire.granted("a/")
    wire.sent.clear()

    assert wire.leave(one).ends == [None]
    assert wire.sent == []
    result = wire.leave(other)
    assert wire.sent == [Unsubscribe("key/a/", 3)]
    assert result.ends == []
    wire.ended()
    assert result.ends == [None]


def test_without_a_connection_who_leaves_need_not_tell(wire: Wire) -> None:
    sink = wire.granted("a/")
    wire.connected = False
    wire.sent.clear()

    assert wire.leave(sink).ends == [None]
    assert wire.sent == []


def test_a_refused_call_sends_nothing_and_leaves_nothing(wire: Wire) -> None:
    there = wire.granted("b/")
    wire.sent.clear()
    for what in ("emitter/keygen/", "a/#/", TOO_LONG, in_group("b/", "g")):
        with pytest.raises(InvalidArgument):
            wire.subscribe(what)
    with pytest.raises(InvalidArgument):
        wire.subscriptions.unsubscribe("unsubscribe", prepared(TOO_LONG, "unsubscribe"), CallResult())

    assert (wire.sent, wire.local.all(), wire.inflight.end_all()) == ([], [("b/", there)], [])


def test_where_replies_arrive_requests_are_marked_from_the_subscribe_until_the_end(wire: Wire) -> None:
    wire.subscribe("emitter/keygen/", allow_reserved=True)
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) != KEYGEN.topic
    wire.grant()

    wire.subscriptions.unsubscribe("unsubscribe", prepared("emitter/keygen/"), CallResult())
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) != KEYGEN.topic
    wire.ended()
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) == KEYGEN.topic


def test_what_ended_with_the_connection_needs_no_mark_once_its_last_subscriber_leaves(wire: Wire) -> None:
    sinks = [wire.subscribe("emitter/keygen/", allow_reserved=True)[0] for _ in range(2)]
    wire.connected = False

    wire.leave(sinks[0])
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) != KEYGEN.topic
    wire.leave(sinks[1])
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) == KEYGEN.topic


def test_on_a_connection_requests_are_marked_until_the_broker_has_ended_it(wire: Wire) -> None:
    sink, _ = wire.subscribe("emitter/keygen/", allow_reserved=True)
    wire.grant()

    wire.leave(sink)
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) != KEYGEN.topic
    wire.ended()
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) == KEYGEN.topic


def test_who_is_refused_ends_and_nothing_is_left(wire: Wire) -> None:
    sink, _ = wire.subscribe("emitter/keygen/", allow_reserved=True)

    error = wire.refuse()

    assert sink.ends == [error]
    assert wire.local.all() == []
    assert wire.guard.reply_topic(KEYGEN, KEYGEN_REQUEST) == KEYGEN.topic
    assert len(wire.sent) == 1


def test_who_is_refused_leaves_the_others_of_the_channel(wire: Wire) -> None:
    there = wire.granted("a/")
    wire.subscribe("a/")

    wire.refuse()

    assert wire.local.of("a/") == (there,)
    assert there.ends == []


def test_the_refused_one_ends_what_was_left_to_him(wire: Wire) -> None:
    there = wire.granted("a/")
    late, _ = wire.subscribe(prepared("a/", key="other"))
    call = wire.call()
    assert isinstance(call, Subscribing)
    wire.leave(there)
    wire.sent.clear()

    wire.subscriptions.refused(call, Unauthorized(401, "no", "subscribe"))

    assert len(late.ends) == 1
    [packet] = wire.sent
    assert isinstance(packet, Unsubscribe)
    assert packet.topic == "key/a/", "the key that the broker has granted"


def test_what_is_granted_after_everybody_left_is_ended(wire: Wire) -> None:
    """The UNSUBSCRIBE of who left was refused, or its answer came first."""
    sink, result = wire.subscribe("a/")
    call = wire.call()
    assert isinstance(call, Subscribing)
    wire.leave(sink)
    wire.ended()
    wire.sent.clear()

    wire.subscriptions.subscribed(call)

    assert result.ends == [None]
    [packet] = wire.sent
    assert isinstance(packet, Unsubscribe)
    assert packet.topic == "key/a/"


def test_unsubscribe_ends_those_who_were_there_at_the_call(wire: Wire) -> None:
    there, left = wire.granted("a/"), wire.granted("a/")
    result = CallResult()

    wire.subscriptions.unsubscribe("unsubscribe", prepared("a/", "unsubscribe"), result)
    call = wire.call()
    assert isinstance(call, Ending)
    later, _ = wire.subscribe("a/")
    wire.leave(left)
    wire.subscriptions.unsubscribed(call)

    assert (there.ends, left.ends, later.ends) == ([None], [], [])
    assert result.ends == [None]
    assert wire.local.of("a/") == (later,)


def test_a_new_connection_is_asked_for_what_was_granted_without_stored_messages(wire: Wire) -> None:
    wire.subscribe(prepared("a/", last=5))
    wire.grant()
    there = wire.granted("b/")
    wire.subscribe("not/granted/")
    wire.subscriptions.lost()
    there.lost()

    call = wire.restored()

    assert wire.sent == [Subscribe(("key/a/?last=0", "key/b/?last=0"), 4)]
    restoring = [wire.subscriptions.restoring]
    wire.subscriptions.resubscribed(call, (0, 0))
    restoring.append(wire.subscriptions.restoring)
    assert restoring == [True, False]
    assert there.is_there


def test_what_the_new_connection_refuses_ends_with_its_own_error_and_channel(wire: Wire) -> None:
    one, two, three = (wire.granted(channel) for channel in ("a/", "b/", "c/"))
    call = wire.restored()
    call.errors = call.refusal(401, "first"), call.refusal(402, "second")
    for sink in (one, two, three):
        sink.lost()

    wire.subscriptions.resubscribed(call, (REFUSED, 0, REFUSED))

    [first], [second] = one.ends, three.ends
    assert isinstance(first, BrokerError)
    assert isinstance(second, BrokerError)
    assert [(each.status, each.channel) for each in (first, second)] == [(401, "a/"), (402, "c/")]
    assert (two.is_there, two.ends) == (True, [])
    assert wire.local.all() == [("b/", two)]


def restored_filters(wire: Wire) -> list[int]:
    wire.sent.clear()
    wire.subscriptions.restore()
    return [len(packet.topics) for packet in wire.sent if isinstance(packet, Subscribe)]


def test_a_new_connection_is_asked_for_at_most_512_filters_at_once(wire: Wire) -> None:
    for number in range(1025):
        wire.granted(f"a/{number}/")

    assert restored_filters(wire) == [512, 512, 1]


def test_a_packet_of_filters_is_no_larger_than_a_packet_may_be() -> None:
    # The packet identifier; then each filter with its length and its QoS (MQTT 3.1.1, 3.8).
    own_bytes = len(prepared("0/").no_replay_topic) + 3
    for max_packet_bytes, expected in ((2 + 4 * own_bytes, [4, 4, 2]), (2 + 4 * own_bytes - 1, [3, 3, 3, 1])):
        wire = Wire(max_packet_bytes)
        for number in range(10):
            wire.granted(f"{number}/")

        assert restored_filters(wire) == expected


def test_a_refused_key_ends_those_who_asked_with_it_and_all_other_keys_are_tried(wire: Wire) -> None:
    keys = ("one", "two", "two", "expired", "short", "short")
    one, two, again, expired, short, left = (wire.granted(prepared("a/", key=key)) for key in keys)
    beside = wire.granted("b/")
    call = wire.restored()
    assert wire.sent == [Subscribe(("short/a/?last=0", "key/b/?last=0"), 8)]
    wire.leave(left)
    for sink in (one, two, again, expired, short, beside):
        sink.lost()
    wire.sent.clear()

    call.errors = (call.refusal(401, "expired"),)
    wire.subscriptions.resubscribed(call, (REFUSED, 0))

    assert [type(end) for end in short.ends] == [BrokerError]
    assert (left.ends, beside.is_there) == ([], True)
    restoring = [wire.subscriptions.restoring]
    assert wire.sent == [Subscribe(("one/a/?last=0", "two/a/?last=0", "expired/a/?last=0"), 9)]
    last = wire.call()
    assert isinstance(last, Resubscribing)
    last.errors = (last.refusal(401, "expired"),)
    wire.subscriptions.resubscribed(last, (0, 0, REFUSED))
    restoring.append(wire.subscriptions.restoring)

    assert len(expired.ends) == 1
    assert [(sink.is_there, sink.ends) for sink in (one, two, again)] == [(True, [])] * 3
    assert restoring == [True, False]
    assert len(wire.sent) == 1
    for sink in (two, again, one):
        wire.leave(sink)
    *_, packet = wire.sent
    assert isinstance(packet, Unsubscribe)
    assert packet.topic == "one/a/"


def test_who_subscribed_meanwhile_waits_for_an_answer_of_his_own(wire: Wire) -> None:
    one, short = (wire.granted(prepared("a/", key=key)) for key in ("one", "short"))
    call = wire.restored()
    for sink in (one, short):
        sink.lost()
    late, _ = wire.subscribe(prepared("a/", key="late"))

    call.errors = (call.refusal(401, "expired"),)
    wire.subscriptions.resubscribed(call, (REFUSED,))
    again = wire.call()
    assert isinstance(again, Resubscribing)
    wire.subscriptions.resubscribed(again, (0,))

    assert (one.is_there, late.is_there) == (True, False)


def test_with_more_errors_than_refusals_nobody_can_tell_whose_they_are(wire: Wire) -> None:
    sink = wire.granted("a/")
    call = wire.restored()
    call.errors = call.refusal(401, "first"), call.refusal(402, "second")

    wire.subscriptions.resubscribed(call, (REFUSED,))

    [error] = sink.ends
    assert isinstance(error, AmbiguousReply)


def test_a_lost_connection_is_no_longer_waited_for(wire: Wire) -> None:
    wire.granted("a/")
    wire.restored()

    wire.subscriptions.lost()

    assert not wire.subscriptions.restoring


def test_a_subscriber_may_share_what_another_one_is_sent(wire: Wire) -> None:
    wire.granted("a/b/")

    assert wire.subscriptions.shares("a/")
    assert not wire.subscriptions.shares("b/")
