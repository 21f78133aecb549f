"""The life of a session in plain examples: accepted, lost, accepted again, ended. Any order: `tests/property`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

import pytest

from emitter_typed import KeygenResponse, Unauthorized
from emitter_typed._generated.protocol import KEYGEN, ON_PRESENCE, PRESENCE, PROTOCOL
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.definition import EventDefinition
from emitter_typed._protocol.operations import Written
from emitter_typed._protocol.packets import (
    Connack,
    Delivery,
    InboundPacket,
    OutboundPacket,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emitter_typed._protocol.session.outbox import Outbox
from emitter_typed._protocol.session.session import Session
from emitter_typed.errors import (
    AmbiguousReply,
    BrokerError,
    Closed,
    Congested,
    ConnectionLost,
    EmitterError,
    InvalidArgument,
    ReplyMissing,
    Undecodable,
)
from tests.helpers.callers import CallResult, MessageSink
from tests.unit.protocol.session.calls import KEYGEN_REQUEST, prepared, presence

CUT = ConnectionLost("the cable was cut")
MADE = {"status": 200, "key": "made", "channel": "a/"}
CAME = b'{"event": "subscribe", "time": 1, "channel": "a/", "who": {"id": "1"}}'


class Line:
    """A session, what it sends and tells, and a broker that answers."""

    def __init__(self, *, max_messages: int = 5) -> None:
        self.sent: list[OutboundPacket] = []
        self.reported: list[EmitterError] = []
        self.emitted: list[tuple[EventDefinition[object], object]] = []
        self.unclaimed: list[tuple[str, bytes]] = []
        self.opened = 0
        self.counters = ClientCounters()
        self.session = Session(
            PROTOCOL,
            matcher="emitter",
            outbox=Outbox(max_messages=max_messages, max_bytes=1000),
            counters=self.counters,
            send=self.sent.append,
            report=self.reported.append,
            emit=lambda event, payload: self.emitted.append((event, payload)),
            unclaimed=lambda channel, raw: self.unclaimed.append((channel, raw)),
            opened=self._open,
        )

    def _open(self) -> None:
        self.opened += 1

    def accept(self) -> None:
        self.session.received([Connack(0)])

    def take_sent(self) -> list[OutboundPacket]:
        sent = list(self.sent)
        self.sent.clear()
        return sent

    def keygen(self) -> CallResult:
        result = CallResult()
        self.session.request(KEYGEN, Written(KEYGEN_REQUEST, b"{}"), result)
        return result

    def publish(self, payload: bytes = b"x", *, qos: int = 0, echo: bool = True) -> CallResult:
        result = CallResult()
        message = prepared("a/", "publish", qos=qos, echo=echo)
        if qos:
            self.session.publish("publish", message, payload, result)
        else:
            self.session.publish_once("publish", message, payload)
        return result

    def subscribe(self, channel: str = "a/") -> tuple[MessageSink, CallResult]:
        sink, result = MessageSink(channel), CallResult()
        self.session.subscriptions.subscribe("subscribe", prepared(channel), sink, result, allow_reserved=True)
        return sink, result

    def unsubscribe(self) -> CallResult:
        result = CallResult()
        self.session.subscriptions.unsubscribe("unsubscribe", prepared("a/", "unsubscribe"), result)
        return result

    def granted(self, channel: str = "a/") -> MessageSink:
        sink, _ = self.subscribe(channel)
        self.session.received([Suback(self.sent[-1].packet_id, (0,))])
        return sink

    def watch(self) -> tuple[MessageSink, CallResult]:
        sink, result = MessageSink("a/"), CallResult()
        self.session.watch(PRESENCE, presence("a/", status=True), sink, result)
        return sink, result

    def refuse(self, packet_id: int) -> None:
        """Send an error, before the acknowledgement."""
        error = json.dumps({"req": packet_id, "status": 401, "message": "no"}).encode()
        self.session.received([Delivery("emitter/error/", error)])

    def answer(self, packet: OutboundPacket, **fields: object) -> None:
        """Reply to a request, and acknowledge it."""
        assert isinstance(packet, Publish)
        reply = json.dumps({"req": packet.packet_id, **fields}).encode()
        self.session.received([Delivery(packet.topic, reply), Puback(packet.packet_id)])


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def connected(line: Line) -> Line:
    line.accept()
    return line


def test_who_waits_for_the_connection_learns_that_it_is_there(line: Line) -> None:
    result = CallResult()
    line.session.connecting(result)
    offline = [line.session.offline]

    line.accept()

    offline.append(line.session.offline)
    assert offline == ["none has been made yet", None]
    assert line.session.connected
    assert (result.ends, line.opened, line.counters.accepted) == ([None], 1, 1)


# Calls


def test_a_request_ends_at_its_acknowledgement(connected: Line) -> None:
    result = connected.keygen()
    [packet] = connected.sent
    assert packet == Publish("emitter/keygen/", b"{}", 1, False, 1)

    connected.session.received([Delivery("emitter/keygen/", json.dumps({"req": 1, **MADE}).encode())])
    assert result.ends == []
    connected.session.received([Puback(1)])

    [response] = result.ends
    assert isinstance(response, KeygenResponse)


def test_a_refused_message_ends_with_its_error(connected: Line) -> None:
    result = connected.publish(qos=1)

    connected.refuse(1)
    assert result.ends == []
    connected.session.received([Puback(1)])

    [error] = result.ends
    assert isinstance(error, Unauthorized)
    assert error.channel == "a/"
    assert connected.reported == []


def test_a_request_without_a_reply_ends_with_that(connected: Line) -> None:
    result = connected.keygen()

    connected.session.received([Puback(1)])

    assert isinstance(result.error, ReplyMissing)


def test_where_others_may_speak_a_refusal_may_be_theirs(connected: Line) -> None:
    connected.granted("emitter/error/")
    published = connected.publish(qos=1)
    (_, subscribed), (_, twice) = connected.subscribe("a/"), connected.subscribe("b/")
    for packet_id in (2, 3, 4, 4):
        connected.refuse(packet_id)

    connected.session.received([Puback(2), Suback(3, (0x80,)), Suback(4, (0x80,))])

    assert isinstance(published.error, AmbiguousReply)
    assert isinstance(subscribed.error, Unauthorized), "nobody else can send the SUBACK"
    assert isinstance(twice.error, AmbiguousReply), "which of the two errors is the broker's?"


def test_a_message_of_qos_0_is_sent_and_counted_at_once(connected: Line) -> None:
    connected.publish(b"12", qos=0)

    assert connected.sent == [Publish("key/a/", b"12", 0, False, 0)]
    assert (connected.counters.messages_out_qos0, connected.counters.bytes_out) == (1, 2)


def test_what_is_too_large_for_a_packet_is_refused_and_not_sent(connected: Line) -> None:
    with pytest.raises(InvalidArgument, match="at most"):
        connected.publish(b"x" * 70_000, qos=1)
    with pytest.raises(InvalidArgument, match="at most"):
        connected.session.request(KEYGEN, Written(KEYGEN_REQUEST, b"x" * 70_000), CallResult())

    assert connected.sent == []
    assert connected.session.unacknowledged == 0


@pytest.mark.parametrize("qos", [0, 1])
def test_subscribers_learn_of_what_the_broker_does_not_echo_and_of_nothing_else(connected: Line, qos: int) -> None:
    sink = connected.granted("a/")

    connected.publish(b"echoed", qos=qos)
    connected.publish(b"not echoed", qos=qos, echo=False)

    assert (sink.without_echo, sink.got) == ([("a/", b"not echoed")], [])


def test_an_unsubscribe_ends_the_subscriptions_once_the_broker_has(connected: Line) -> None:
    sink, result = connected.granted(), CallResult()
    connected.session.subscriptions.unsubscribe("unsubscribe", prepared("a/", "unsubscribe"), result)
    assert (sink.ends, result.ends) == ([], [])

    connected.session.received([Unsuback(2)])

    assert (sink.ends, result.ends) == ([None], [None])


def test_a_message_reaches_its_subscriber_or_is_unclaimed(connected: Line) -> None:
    sink = connected.granted("a/")

    connected.session.received([Delivery("a/b/", b"12"), Delivery("c/", b"345")])

    assert (sink.got, connected.unclaimed) == ([("a/b/", b"12")], [("c/", b"345")])
    assert (connected.counters.messages_in, connected.counters.bytes_in) == (2, 5)


def test_a_refused_subscribe_says_so_even_without_a_reason(connected: Line) -> None:
    sink, result = connected.subscribe()

    connected.session.received([Suback(1, (0x80,))])

    assert sink.ends == result.ends
    assert "the broker gave no reason" in str(result.error)


def test_an_acknowledgement_of_nothing_is_ignored_and_a_reply_to_nothing_reported(connected: Line) -> None:
    connected.session.received([Puback(9), Suback(9, (0,)), Unsuback(9)])
    assert connected.reported == []

    connected.session.received([Delivery("emitter/keygen/", b'{"req": 9}')])
    [error] = connected.reported
    assert isinstance(error, Undecodable)


def test_without_a_connection_only_messages_of_qos_1_wait(line: Line) -> None:
    for call in (line.keygen, line.subscribe, lambda: line.publish(qos=0)):
        with pytest.raises(ConnectionLost, match="none has been made yet"):
            call()
    waiting = line.publish(qos=1)

    assert (line.sent, waiting.ends, line.session.unacknowledged) == ([], [], 1)


def test_more_than_the_outbox_holds_is_congested() -> None:
    line = Line(max_messages=1)
    line.publish(qos=1)

    with pytest.raises(Congested):
        line.publish(qos=1)


def test_a_message_that_finds_no_identifier_leaves_when_one_is_free() -> None:
    line = Line(max_messages=1)
    line.accept()
    while not line.session.outbox:
        line.publish(qos=1)
    sent = line.take_sent()

    line.session.received([Puback(sent[0].packet_id)])

    assert len(line.sent) == 1
    assert line.session.unacknowledged == len(sent)


# Lost, and accepted again


def test_with_the_connection_requests_end_and_messages_wait(connected: Line) -> None:
    asked, published = connected.keygen(), connected.publish(qos=1)
    sink, subscribed = connected.subscribe()

    connected.session.lost(CUT)

    for result in (asked, subscribed):
        [error] = result.ends
        assert isinstance(error, ConnectionLost)
        assert "the cable was cut" in str(error)
    assert published.ends == []
    assert (connected.session.connected, connected.session.offline) == (False, "the cable was cut")
    assert sink.is_there is False


def test_what_was_refused_before_the_connection_was_lost_is_not_sent_again(connected: Line) -> None:
    result = connected.publish(qos=1)
    connected.refuse(1)
    connected.session.lost(CUT)

    assert isinstance(result.error, Unauthorized)
    connected.take_sent()
    connected.accept()
    assert connected.sent == []


def test_a_connection_that_is_lost_before_all_is_there_again_is_not_waited_for(connected: Line) -> None:
    sink = connected.granted()
    for _ in range(2):
        connected.session.lost(CUT)
        connected.accept()

    connected.session.received([Suback(connected.sent[-1].packet_id, (0,))])

    assert (sink.is_there, connected.opened) == (True, 2)


def test_a_watch_that_is_restored_and_refused_ends_with_the_error(connected: Line) -> None:
    sink, _ = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    connected.session.lost(CUT)
    connected.accept()

    connected.answer(connected.sent[-1], status=401, message="no")

    [error] = sink.ends
    assert isinstance(error, Unauthorized)
    assert connected.reported == [], "its reader raises it"
    assert not connected.session.subscriptions.restoring


def test_a_call_whose_effect_is_restored_and_refused_has_nobody_but_on_error(connected: Line) -> None:
    result = CallResult()
    connected.session.request(PRESENCE, Written(presence("a/"), b"{}"), result)
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    connected.session.lost(CUT)
    connected.accept()

    connected.answer(connected.sent[-1], status=401, message="no")

    [error] = connected.reported
    assert isinstance(error, Unauthorized)


def test_the_next_connection_begins_with_watches_then_subscriptions_then_messages(connected: Line) -> None:
    watching, _ = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    sink = connected.granted("a/")
    unacknowledged = connected.publish(b"first", qos=1)
    connected.session.lost(CUT)
    later = connected.publish(b"second", qos=1)
    connected.take_sent()

    connected.accept()

    asked, subscribed, *published = connected.take_sent()
    assert isinstance(asked, Publish)
    assert asked.topic == "emitter/presence/"
    assert isinstance(subscribed, Subscribe)
    assert subscribed.topics == ("key/a/?last=0",)
    assert [packet.payload for packet in published if isinstance(packet, Publish)] == [b"first", b"second"]
    assert (sink.is_there, watching.is_there, connected.opened) == (False, False, 1)

    connected.answer(asked, event="status", time=1, channel="a/", who=[])
    connected.session.received([Suback(subscribed.packet_id, (0,)), *(Puback(each.packet_id) for each in published)])
    assert (sink.is_there, watching.is_there, connected.opened) == (True, True, 2)
    assert (unacknowledged.ends, later.ends) == ([None], [None])
    # What is sent again is one message.
    assert (connected.counters.messages_out_qos1, connected.counters.bytes_out) == (2, len(b"firstsecond"))


def test_messages_keep_their_order_whatever_waits(line: Line) -> None:
    for payload in (b"1", b"2"):
        line.publish(payload, qos=1)
    line.accept()
    line.publish(b"3", qos=1)

    assert [packet.payload for packet in line.sent if isinstance(packet, Publish)] == [b"1", b"2", b"3"]


def test_an_unsubscribe_that_the_connection_overtook_is_done(connected: Line) -> None:
    sink, result = connected.granted(), CallResult()
    connected.session.subscriptions.unsubscribe("unsubscribe", prepared("a/", "unsubscribe"), result)
    connected.session.lost(CUT)
    connected.take_sent()

    connected.accept()

    assert (sink.ends, result.ends, connected.sent) == ([None], [None], [])


# Watches


def test_the_last_who_leaves_a_watch_ends_it_at_the_broker(connected: Line) -> None:
    sink, result = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    assert (result.ends, sink.is_there, len(sink.got)) == ([None], True, 1)
    connected.take_sent()

    connected.session.leave_watch(PRESENCE, presence("a/"), sink)

    [packet] = connected.take_sent()
    assert isinstance(packet, Publish)
    assert json.loads(packet.payload)["changes"] is False
    connected.session.lost(CUT)
    connected.accept()
    assert connected.sent == []


def test_a_call_that_ends_what_is_watched_ends_the_watch(connected: Line) -> None:
    sink, _ = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])

    connected.session.ask(PRESENCE, presence("a/", changes=False), CallResult())
    later, _ = connected.watch()
    connected.answer(connected.sent[-2])

    assert (sink.ends, later.ends) == ([None], []), "who begins while it is under way is not meant"


def test_who_leaves_before_the_watch_has_begun_ends_it_when_it_has(connected: Line) -> None:
    sink, _ = connected.watch()
    [asked] = connected.take_sent()
    connected.session.leave_watch(PRESENCE, presence("a/"), sink)
    assert connected.sent == []

    connected.answer(asked, event="status", time=1, channel="a/", who=[])

    [packet] = connected.sent
    assert isinstance(packet, Publish)
    assert json.loads(packet.payload)["changes"] is False


def test_who_leaves_a_watch_without_a_connection_need_not_tell(connected: Line) -> None:
    sink, _ = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    connected.session.lost(CUT)
    connected.take_sent()

    connected.session.leave_watch(PRESENCE, presence("a/"), sink)
    connected.accept()

    assert connected.sent == []


def test_an_event_is_for_those_who_watch_and_for_the_handler(connected: Line) -> None:
    sink, _ = connected.watch()

    connected.session.received([Delivery("emitter/presence/", CAME)])

    assert len(sink.got) == 1
    assert [each for each, _ in connected.emitted] == [ON_PRESENCE]


def test_a_watch_without_a_connection_leaves_nothing(line: Line) -> None:
    sink = MessageSink("a/")
    with pytest.raises(ConnectionLost):
        line.session.watch(PRESENCE, presence("a/"), sink, CallResult())

    line.accept()
    line.session.received([Delivery("emitter/presence/", CAME)])
    assert (line.sent, sink.got) == ([], [])


# The end


def test_in_the_end_everything_ends_once(connected: Line) -> None:
    sink, (watching, _) = connected.granted(), connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    results = [connected.keygen(), connected.publish(qos=1), connected.subscribe()[1]]
    drained = CallResult()
    connected.session.drain(drained)

    connected.session.ended(CUT)
    connected.session.ended(None)

    for result in (*results, drained):
        assert isinstance(result.error, ConnectionLost)
    assert sink.ends == [None], "the drain has ended it"
    assert watching.ends == [None]
    assert connected.session.unacknowledged == 0


def test_those_who_are_there_at_the_end_learn_why(connected: Line) -> None:
    sink, (watching, _) = connected.granted(), connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])

    connected.session.ended(CUT)

    assert (sink.ends, watching.ends) == ([CUT], [CUT])
    assert (sink.is_there, watching.is_there) == (False, False)


def test_who_still_waits_for_the_first_connection_learns_of_the_end(line: Line) -> None:
    result = CallResult()
    line.session.connecting(result)

    line.session.ended(None)

    assert isinstance(result.error, Closed)


@pytest.mark.parametrize(("error", "raised"), [(None, Closed), (CUT, ConnectionLost)], ids=["closed", "lost"])
def test_after_the_end_calls_say_why(connected: Line, error: EmitterError | None, raised: type[EmitterError]) -> None:
    sink = connected.granted()
    connected.session.ended(error)

    assert sink.ends == [error]
    for call in (connected.keygen, connected.subscribe, connected.publish, lambda: connected.publish(qos=1)):
        with pytest.raises(raised):
            call()
    assert connected.session.offline is None, "nothing follows, so nothing is waited for"


def test_a_drain_ends_subscriptions_at_once_and_waits_for_acknowledgements(connected: Line) -> None:
    sink, published, drained = connected.granted(), connected.publish(qos=1), CallResult()
    connected.take_sent()

    connected.session.drain(drained)

    assert (sink.ends, drained.ends) == ([None], [])
    assert [type(packet) for packet in connected.sent] == [Unsubscribe]
    connected.session.received([Puback(2)])
    assert (published.ends, drained.ends) == ([None], [None])


def test_with_nothing_to_wait_for_a_drain_is_done(connected: Line) -> None:
    drained = CallResult()
    connected.session.drain(drained)

    assert drained.ends == [None]


def test_a_drain_ends_a_watch_that_is_not_answered_once(connected: Line) -> None:
    sink, result = connected.watch()

    connected.session.drain(CallResult())
    connected.session.ended(None)

    assert sink.ends == [None]
    assert isinstance(result.error, ConnectionLost)


def test_a_watch_that_is_answered_after_a_drain_has_ended(connected: Line) -> None:
    sink, result = connected.watch()
    asked = connected.sent[-1]
    connected.session.drain(CallResult())

    connected.answer(asked, event="status", time=1, channel="a/", who=[])

    assert (sink.ends, sink.is_there, result.ends) == ([None], False, [None])


@pytest.mark.parametrize("code", [0, 0x80])
def test_a_subscribe_that_is_answered_after_a_drain_has_ended(connected: Line, code: int) -> None:
    sink, result = connected.subscribe()
    asked = connected.sent[-1]
    connected.session.drain(CallResult())

    connected.session.received([Suback(asked.packet_id, (code,))])

    assert sink.ends == [None]
    assert len(result.ends) == 1


# Packets that break the rules of MQTT


@pytest.mark.parametrize("codes", [(), (0, 0), (0x80, 0)])
def test_as_many_return_codes_as_filters_are_expected(connected: Line, codes: tuple[int, ...]) -> None:
    _, result = connected.subscribe()

    with pytest.raises(ConnectionLost, match=f"1 filters with {len(codes)} return codes"):
        connected.session.received([Suback(connected.sent[-1].packet_id, codes)])
    assert result.ends == [], "what is under way ends with the connection"


def test_a_renewal_needs_a_return_code_for_each_filter(connected: Line) -> None:
    sinks = [connected.granted(channel) for channel in ("a/", "b/")]
    connected.session.lost(CUT)
    connected.accept()

    with pytest.raises(ConnectionLost, match="2 filters with 1 return codes"):
        connected.session.received([Suback(connected.sent[-1].packet_id, (0,))])
    connected.session.lost(CUT)
    connected.accept()
    connected.session.received([Suback(connected.sent[-1].packet_id, (0, 0x87))])

    assert [sink.is_there for sink in sinks] == [True, False]
    [error] = sinks[1].ends
    assert isinstance(error, BrokerError), "a return code of MQTT 5 is a refusal, too"


def suback(packet_id: int) -> Suback:
    return Suback(packet_id, (0,))


@pytest.mark.parametrize("packet", [Puback, Unsuback, suback])
def test_a_call_is_acknowledged_by_its_own_packet_alone(line: Line, packet: Callable[[int], InboundPacket]) -> None:
    line.accept()
    begin: list[Callable[[], object]] = [line.keygen, lambda: line.publish(qos=1), line.subscribe, line.unsubscribe]
    refusals: list[str] = []
    for call in begin:
        call()
        try:
            line.session.received([packet(line.sent[-1].packet_id)])
        except ConnectionLost as error:
            refusals.append(error.message)

    # A request and a message are both a PUBLISH.
    assert len(refusals) == (2 if packet is Puback else 3)
    assert all(refusal.startswith("the broker answered a") for refusal in refusals)


def test_one_connack_is_enough(connected: Line) -> None:
    with pytest.raises(ConnectionLost, match="a second CONNACK"):
        connected.accept()


# Times of trouble


def test_a_second_loss_while_subscriptions_are_renewed_is_made_good(connected: Line) -> None:
    sink = connected.granted()
    for _ in range(3):
        connected.session.lost(CUT)
        connected.accept()
        assert connected.session.subscriptions.restoring
    assert (sink.is_there, connected.opened) == (False, 1)

    connected.session.received([Suback(connected.sent[-1].packet_id, (0,))])

    assert (sink.is_there, connected.opened) == (True, 2)
    assert not connected.session.subscriptions.restoring


def test_a_watch_that_is_left_while_it_is_renewed_is_ended_at_the_broker(connected: Line) -> None:
    sink, _ = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    connected.session.lost(CUT)
    connected.accept()
    asked = connected.take_sent()[-1]

    for _ in range(2):
        connected.session.leave_watch(PRESENCE, presence("a/"), sink)
    connected.answer(asked, event="status", time=1, channel="a/", who=[])

    endings = [json.loads(packet.payload)["changes"] for packet in connected.take_sent() if isinstance(packet, Publish)]
    assert endings
    assert not any(endings)
    connected.session.lost(CUT)
    connected.accept()
    assert connected.take_sent() == [], "nothing is renewed"


def test_to_leave_twice_tells_the_broker_once(connected: Line) -> None:
    sink, _ = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    connected.take_sent()

    for _ in range(2):
        connected.session.leave_watch(PRESENCE, presence("a/"), sink)

    assert len(connected.take_sent()) == 1


def test_without_a_free_identifier_calls_are_congested_and_who_leaves_can(connected: Line) -> None:
    watching, _ = connected.watch()
    connected.answer(connected.sent[-1], event="status", time=1, channel="a/", who=[])
    sink = connected.granted()
    calls = [connected.keygen() for _ in range(65_535)]

    with pytest.raises(Congested, match="65,535 packet identifiers"):
        connected.keygen()
    connected.session.subscriptions.leave("subscribe", "a/", sink, CallResult())
    connected.session.leave_watch(PRESENCE, presence("a/"), watching)
    # A message waits for an identifier.
    message = connected.publish(qos=1)
    connected.take_sent()
    connected.session.received([Puback(packet_id) for packet_id in range(1, 6_001)])

    [packet] = connected.take_sent()
    assert isinstance(packet, Publish)
    assert (packet.payload, message.ends) == (b"x", [])
    assert sum(bool(call.ends) for call in calls) == 6_000


def test_replies_that_differ_are_nobodys_answer(connected: Line) -> None:
    result = connected.keygen()
    packet_id = connected.sent[-1].packet_id

    for key in ("one", "other"):
        reply = json.dumps({"req": packet_id, **MADE, "key": key}).encode()
        connected.session.received([Delivery(KEYGEN.topic, reply)])
    connected.session.received([Puback(packet_id)])

    assert isinstance(result.error, AmbiguousReply)


def test_what_arrives_between_other_packets_is_handed_over_at_once_and_before_them(connected: Line) -> None:
    order: list[object] = []

    class Sink(MessageSink):
        def offer(self, arrivals: Collection[tuple[str, bytes]], /) -> None:
            order.append((self.channel, [raw for _, raw in arrivals]))

    class Result(CallResult):
        def resolve(self, result: object, /) -> None:
            order.append("acknowledged")

    for channel in ("a/", "a/b/"):
        connected.session.subscriptions.subscribe(
            "subscribe", prepared(channel), Sink(channel), CallResult(), allow_reserved=True
        )
    connected.session.publish("publish", prepared("c/", "publish", qos=1), b"x", Result())

    connected.session.received(
        [
            Delivery("a/b/", b"1"),
            Delivery("a/", b"2"),
            Delivery("a/b/", b"3"),
            Puback(connected.sent[-1].packet_id),
            Delivery("a/b/", b"4"),
        ]
    )

    assert order == [
        ("a/", [b"1", b"2", b"3"]),
        ("a/b/", [b"1", b"3"]),
        "acknowledged",
        ("a/", [b"4"]),
        ("a/b/", [b"4"]),
    ]
    assert connected.counters.messages_in == 4
