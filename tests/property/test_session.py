"""The session against a model: whatever is interleaved, every call ends once and no identifier is used twice."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, consumes, initialize, precondition, rule

from emitter_typed import Key, KeygenResponse, Permission
from emitter_typed._generated.protocol import KEYGEN, PROTOCOL
from emitter_typed._generated.types import KeygenRequest
from emitter_typed._protocol.operations import Written, prepare
from emitter_typed._protocol.packets import Connack, Delivery, Puback, Publish, Suback, Subscribe, Unsuback, Unsubscribe
from emitter_typed._protocol.topics import matches
from emitter_typed.errors import (
    AmbiguousReply,
    BrokerError,
    Closed,
    Congested,
    ConnectionLost,
    ReplyMissing,
    Undecodable,
)
from tests.helpers.callers import CallResult, MessageSink
from tests.helpers.examples import share
from tests.property.conversation import Call, Model, channel_of

CHANNELS = ("a/", "a/b/", "a/+/", "c/")
TOPICS = ("a/", "a/b/", "c/b/", "c/", "d/")
REASON = "the cable was cut"
REFUSAL = "an error"
REQUEST = KeygenRequest(key=Key("key"), channel="a/", permissions=Permission("r"))


# Named functions, as the oldest Hypothesis parses the source of a lambda anew with each step.
def online(model: Model) -> bool:
    return model.online


def lost(model: Model) -> bool:
    return not model.online and not model.over


def with_unsent(model: Model) -> bool:
    return bool(model.unsent)


def with_calls(model: Model) -> bool:
    return bool(model.calls)


class Conversation(Model):
    """What callers and the broker do, in any order."""

    receivers = Bundle[MessageSink]("receivers")

    @initialize(last=st.sampled_from([0, 65_533, 65_534, 65_535]))
    def connect(self, last: int) -> None:
        call_result = CallResult()
        self.session.connecting(call_result)
        self.session.received([Connack(0)])
        assert call_result.ends == [None]
        # So that the wrap is within reach.
        self.session._inflight._last_packet_id = last  # pyright: ignore[reportPrivateUsage]

    # Calls

    @precondition(online)
    @rule()
    def request(self) -> None:
        call_result = self.call_result()
        self.session.request(KEYGEN, Written(REQUEST, b"{}"), call_result)
        self.begun(call_result)

    @precondition(online)
    @rule(qos=st.sampled_from([0, 1]))
    def publish(self, qos: int) -> None:
        prepared = prepare(PROTOCOL.operations["publish"], ("key", "a/"), options_given={"qos": qos})
        if qos:
            call_result = self.call_result()
            self.session.publish("publish", prepared, b"x", call_result)
            self.begun(call_result)
        else:
            self.session.publish_once("publish", prepared, b"x")

    @precondition(lost)
    @rule(qos=st.sampled_from([0, 1]))
    def publish_offline(self, qos: int) -> None:
        call_result, sent = CallResult(), len(self.sent)
        prepared = prepare(PROTOCOL.operations["publish"], ("key", "a/"), options_given={"qos": qos})
        try:
            if qos:
                self.session.publish("publish", prepared, b"x", call_result)
            else:
                self.session.publish_once("publish", prepared, b"x")
        except Congested:
            assert len(self.unsent) >= 5
        except ConnectionLost:
            assert qos == 0
        else:
            self.waiters.append(call_result)
            self.unsent.append(call_result)
        assert len(self.sent) == sent

    @precondition(lost)
    @rule()
    def ask_offline(self) -> None:
        with pytest.raises(ConnectionLost):
            self.session.request(KEYGEN, Written(REQUEST, b"{}"), CallResult())

    @precondition(with_unsent)
    @rule(which=st.integers(0))
    def withdraw(self, which: int) -> None:
        call_result = self.unsent[which % len(self.unsent)]
        if self.session.outbox.withdraw(call_result):
            assert call_result not in self.sent_once
            self.unsent.remove(call_result)
            self.waiters.remove(call_result)
        else:
            assert call_result in self.sent_once

    @precondition(online)
    @rule(target=receivers, channel=st.sampled_from(CHANNELS), key=st.sampled_from(["good", "bad"]))
    def subscribe(self, channel: str, key: str) -> MessageSink:
        call_result, receiver = self.call_result(), MessageSink(channel)
        prepared = prepare(PROTOCOL.operations["subscribe"], (key, channel))
        self.session.subscriptions.subscribe("subscribe", prepared, receiver, call_result, allow_reserved=False)
        call = self.begun(call_result, receiver)
        call.refused = key == "bad"
        self.active.append(receiver)
        self.expected[receiver] = []
        return receiver

    @rule(receiver=consumes(receivers))
    def leave(self, receiver: MessageSink) -> None:
        call_result = self.call_result()
        before = len(self.sent)
        self.session.subscriptions.leave("subscribe", receiver.channel, receiver, call_result)
        if len(self.sent) > before:
            self.begun(call_result)
        else:
            assert call_result.ends == [None]
        if receiver in self.active:
            self.active.remove(receiver)
            self.left.append(receiver)

    @precondition(online)
    @rule(channel=st.sampled_from(CHANNELS))
    def unsubscribe(self, channel: str) -> None:
        call_result = self.call_result()
        prepared = prepare(PROTOCOL.operations["unsubscribe"], ("good", channel))
        self.session.subscriptions.unsubscribe("unsubscribe", prepared, call_result)
        self.begun(call_result).leaving = [each for each in self.active if each.channel == channel]

    # The broker

    @precondition(with_calls)
    @rule(which=st.integers(0), key=st.sampled_from("12"))
    def reply(self, which: int, key: str) -> None:
        packet_id, call = self.pick(which)
        self.deliver(KEYGEN.topic, {"req": packet_id, "status": 200, "key": key, "channel": "a/"})
        if isinstance(call.packet, Publish) and call.packet.topic == KEYGEN.topic:
            if key not in call.replies:
                call.replies.append(key)
        else:
            assert isinstance(self.reported[-1], Undecodable)

    @precondition(with_calls)
    @rule(which=st.integers(0))
    def refuse(self, which: int) -> None:
        packet_id, call = self.pick(which)
        self.deliver("emitter/error/", {"req": packet_id, "status": 401, "message": "no"})
        if isinstance(call.packet, Publish) and call.packet.topic == KEYGEN.topic:
            if REFUSAL not in call.replies:
                call.replies.append(REFUSAL)
        else:
            call.refused = call.told = True

    @precondition(online)
    @rule(
        topic=st.sampled_from([KEYGEN.topic, "emitter/error/", "emitter/presence/", "emitter/other/"]),
        payload=st.one_of(
            st.binary(max_size=8),
            st.sampled_from(
                [b"null", b"[]", b"{}", b'{"req":null}', b'{"req":true}', b'{"req":[1]}', b'{"req":0}', b'{"req":1e3}']
            ),
            st.sampled_from([b'{"req":70000,"status":401,"message":"x"}', b'{"status":"x"}', b'{"event":"status"}']),
        ),
    )
    def junk(self, topic: str, payload: bytes) -> None:
        before = len(self.reported)
        self.session.received([Delivery(topic, payload)])
        assert len(self.reported) == before + 1

    @precondition(online)
    @rule(packet_id=st.integers(0, 65_535))
    def stray_acknowledgement(self, packet_id: int) -> None:
        if packet_id not in self.calls:
            self.session.received([Puback(packet_id), Suback(packet_id, (0,)), Unsuback(packet_id)])

    @precondition(online)
    @rule(topic=st.sampled_from(TOPICS))
    def message(self, topic: str) -> None:
        raw = str(len(self.reported)).encode()
        self.session.received([Delivery(topic, raw)])
        for receiver in self.active:
            if matches(receiver.channel, topic, "emitter"):
                self.expected[receiver].append((topic, raw))

    @precondition(with_calls)
    @rule()
    def acknowledge(self) -> None:
        # In order, as a broker handles what one connection sends.
        packet_id = next(iter(self.calls))
        call = self.calls.pop(packet_id)
        sent = len(self.sent)
        match call.packet:
            case Publish():
                self.session.received([Puback(packet_id)])
                self.answered(call)
            case Subscribe():
                if call.call_result is None:
                    self.rejoined(packet_id, call, call.packet)
                else:
                    if call.refused:
                        self.deliver("emitter/error/", {"req": packet_id, "status": 401, "message": "no"})
                    else:
                        self.on_the_wire.add(channel_of(call.packet.topics[0]))
                    self.session.received([Suback(packet_id, (0x80 if call.refused else 0,))])
                    self.joined(call)
            case Unsubscribe(topic, _):
                if call.refused or topic.startswith("bad"):
                    call.refused = self.unsubscribe_refused = True
                    self.deliver("emitter/error/", {"req": packet_id, "status": 401, "message": "no"})
                else:
                    self.on_the_wire.discard(channel_of(topic))
                self.session.received([Unsuback(packet_id)])
                self.parted(call)
        for packet in self.sent[sent:]:
            assert isinstance(packet, Unsubscribe)
            assert packet.packet_id not in self.calls
            self.calls[packet.packet_id] = Call(packet, None)

    def answered(self, call: Call) -> None:
        assert call.call_result is not None
        assert isinstance(call.packet, Publish)
        (end,) = call.call_result.ends
        if call.refused:
            assert isinstance(end, BrokerError)
        elif call.packet.topic != KEYGEN.topic:
            assert end is None
        elif call.replies == [REFUSAL]:
            assert isinstance(end, BrokerError)
        elif len(call.replies) == 1:
            assert end == KeygenResponse(key=Key(call.replies[0]), channel="a/")
        else:
            assert isinstance(end, AmbiguousReply if call.replies else ReplyMissing)

    def joined(self, call: Call) -> None:
        assert call.call_result is not None
        assert call.receiver is not None
        (end,) = call.call_result.ends
        assert isinstance(end, BrokerError) if call.refused else end is None
        if call.refused and call.receiver in self.active:
            self.active.remove(call.receiver)
            assert isinstance(call.receiver.ends[0], BrokerError)

    def parted(self, call: Call) -> None:
        if call.call_result is not None:
            (end,) = call.call_result.ends
            assert isinstance(end, BrokerError) if call.refused else end is None
        if not call.refused:
            for receiver in call.leaving:
                # Who leaves by himself meanwhile need not be told.
                assert receiver.ends or receiver in self.left
                if receiver in self.active:
                    self.active.remove(receiver)

    def rejoined(self, packet_id: int, call: Call, packet: Subscribe) -> None:
        """Grant what was granted before, but for what the broker refuses of it now."""
        # One error says for all of them that the key is no good any more.
        codes = tuple(0x80 if call.refused else 0 for _ in packet.topics)
        before = len(self.reported)
        self.session.received([Suback(packet_id, codes)])
        assert len(self.reported) == before
        for topic in packet.topics:
            channel = channel_of(topic).partition("?")[0]
            there = [each for each in self.active if each.channel == channel and each in call.coming_back]
            for receiver in there if call.refused else ():
                assert isinstance(receiver.ends[0], BrokerError)
                self.active.remove(receiver)
            if not call.refused:
                self.on_the_wire.add(channel)

    @precondition(online)
    @rule()
    def lose(self) -> None:
        before = list(self.active)
        self.session.lost(ConnectionLost(REASON))
        self.online = False
        self.on_the_wire.clear()
        again: list[CallResult] = []
        for call in self.calls.values():
            if call.call_result is None:
                continue
            if call.told:
                assert isinstance(call.call_result.ends[0], BrokerError)
            elif isinstance(call.packet, Publish) and call.packet.topic != KEYGEN.topic:
                again.append(call.call_result)
            elif isinstance(call.packet, Unsubscribe):
                assert call.call_result.ends == [None]
            else:
                (end,) = call.call_result.ends
                assert isinstance(end, ConnectionLost)
            for receiver in [] if call.told else call.leaving:
                if receiver in self.active:
                    self.active.remove(receiver)
        for call in self.calls.values():
            # A caller whose subscribe has failed leaves.
            if call.receiver is not None and call.receiver in self.active:
                self.session.subscriptions.leave("subscribe", call.receiver.channel, call.receiver, CallResult())
                self.active.remove(call.receiver)
                self.left.append(call.receiver)
        assert all(not each.ends for each in self.active if each in before)
        self.calls.clear()
        self.unsent[:0] = again
        self.sent_once.update(again)

    @precondition(lost)
    @rule()
    def accept(self) -> None:
        sent = len(self.sent)
        self.session.received([Connack(0)])
        self.online = True
        packets = self.sent[sent:]
        subscribed = [channel_of(topic) for each in packets if isinstance(each, Subscribe) for topic in each.topics]
        assert sorted(subscribed) == sorted({f"{each.channel}?last=0" for each in self.active})
        published = [each for each in packets if isinstance(each, Publish)]
        assert packets[len(packets) - len(published) :] == published, "subscriptions come before messages"
        assert len(published) == len(self.unsent)
        waiters = iter(self.unsent)
        for packet in packets:
            assert packet.packet_id not in self.calls
            call = Call(packet, next(waiters) if isinstance(packet, Publish) else None)
            call.coming_back = list(self.active)
            self.calls[packet.packet_id] = call
        self.unsent.clear()

    @rule(lost=st.booleans())
    def end(self, lost: bool) -> None:
        error = ConnectionLost(REASON) if lost else None
        first = not self.over
        self.session.ended(error)
        self.session.ended(ConnectionLost("again"))
        if not first:
            return
        self.over = True
        self.online = False
        for call_result in self.unsent:
            (end,) = call_result.ends
            assert isinstance(end, ConnectionLost)
        self.unsent.clear()
        for call in self.calls.values():
            if call.call_result is not None:
                (end,) = call.call_result.ends
                assert isinstance(end, ConnectionLost)
        self.calls.clear()
        for receiver in self.active:
            assert receiver.ends == [error]
        self.active.clear()
        prepared = prepare(PROTOCOL.operations["publish"], ("key", "a/"))
        with pytest.raises(ConnectionLost if lost else Closed):
            self.session.publish_once("publish", prepared, b"")


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=share(150), stateful_step_count=40)
