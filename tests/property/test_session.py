"""The session against a model: whatever is interleaved, every call ends once and no identifier is used twice."""

from __future__ import annotations

import json
from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from emitter_typed import Key, KeygenResponse, Permission
from emitter_typed._generated.protocol import KEYGEN, PROTOCOL
from emitter_typed._generated.types import KeygenRequest
from emitter_typed.errors import (
    AmbiguousReply,
    BrokerError,
    Closed,
    Congested,
    ConnectionLost,
    EmitterError,
    ReplyMissing,
    Undecodable,
)
from emitter_typed.protocol.operations import prepare
from emitter_typed.protocol.outbox import Outbox
from emitter_typed.protocol.packets import (
    Connack,
    Delivery,
    Inbound,
    Outbound,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emitter_typed.protocol.session import Session
from emitter_typed.protocol.tally import Tally
from emitter_typed.protocol.topics import matches
from emitter_typed.protocol.waiter import Waiter as AnyWaiter

CHANNELS = ("a/", "a/b/", "a/+/", "c/")
TOPICS = ("a/", "a/b/", "c/b/", "c/", "d/")
REASON = "the cable was cut"
REFUSAL = "an error"
REQUEST = KeygenRequest(key=Key("key"), channel="a/", permissions=Permission("r"))


class Waiter:
    """Counts how often a call ends, and how."""

    def __init__(self) -> None:
        self.ends: list[object] = []

    def resolve(self, result: object, /) -> None:
        self.ends.append(result)

    def reject(self, error: EmitterError, /) -> bool:
        self.ends.append(error)
        return True


class Receiver:
    """Collects what a subscription gets."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.got: list[tuple[str, bytes]] = []
        self.ends: list[EmitterError | None] = []
        self.is_there = False

    def granted(self, waiter: AnyWaiter[None], /) -> None:
        assert not self.is_there
        self.is_there = True
        waiter.resolve(None)

    def publish_silently(self, channel: str, raw: bytes, /) -> None:
        pass

    def lost(self) -> None:
        self.is_there = False

    def restored(self) -> None:
        self.is_there = True

    def offer(self, channel: str, raw: bytes, /) -> None:
        assert not self.ends
        self.got.append((channel, raw))

    def end(self, error: EmitterError | None, /) -> None:
        self.ends.append(error)


class Call:
    """A call whose acknowledgement has not come."""

    def __init__(self, packet: Outbound, waiter: Waiter | None, receiver: Receiver | None = None) -> None:
        self.packet = packet
        self.waiter = waiter
        self.receiver = receiver
        self.replies: list[str] = []
        self.refused = False
        self.told = False
        self.leaving: list[Receiver] = []
        self.coming_back: list[Receiver] = []


class Conversation(RuleBasedStateMachine):
    """The model is the broker and all callers; `calls` are the identifiers in use."""

    receivers = Bundle[Receiver]("receivers")

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Outbound] = []
        self.reported: list[EmitterError] = []
        self.session = Session(
            PROTOCOL,
            matcher="emitter",
            tally=Tally(),
            outbox=Outbox(max_messages=5, max_bytes=1000),
            send=self.sent.append,
            report=self.reported.append,
            unclaimed=lambda channel, raw: None,
            emit=lambda event, payload: None,
            opened=lambda: None,
        )
        self.calls: dict[int, Call] = {}
        # Messages that wait for a connection, and those that may have been published already.
        self.unsent: list[Waiter] = []
        self.online = True
        self.sent_once: set[Waiter] = set()
        self.waiters: list[Waiter] = []
        self.left: list[Receiver] = []
        self.active: list[Receiver] = []
        # What the broker has granted, by channel.
        self.on_the_wire: set[str] = set()
        self.expected: dict[Receiver, list[tuple[str, bytes]]] = {}
        self.unsubscribe_refused = False
        self.over = False

    @initialize(last=st.sampled_from([0, 65_533, 65_534, 65_535]))
    def connect(self, last: int) -> None:
        waiter = Waiter()
        self.session.connecting(waiter)
        self.session.received([Connack(0)])
        assert waiter.ends == [None]
        # So that the wrap is within reach.
        self.session._exchanges._last_packet_id = last  # pyright: ignore[reportPrivateUsage]

    # Calls

    def begun(self, waiter: Waiter | None, receiver: Receiver | None = None) -> Call:
        packet = self.sent[-1]
        assert 1 <= packet.packet_id <= 65_535
        assert packet.packet_id not in self.calls, "an identifier in use was used again"
        call = Call(packet, waiter, receiver)
        self.calls[packet.packet_id] = call
        return call

    def waiter(self) -> Waiter:
        waiter = Waiter()
        self.waiters.append(waiter)
        return waiter

    @precondition(lambda self: self.online)
    @rule()
    def request(self) -> None:
        waiter = self.waiter()
        self.session.request(KEYGEN, REQUEST, b"{}", waiter)
        self.begun(waiter)

    @precondition(lambda self: self.online)
    @rule(qos=st.sampled_from([0, 1]))
    def publish(self, qos: int) -> None:
        waiter = self.waiter()
        prepared = prepare(PROTOCOL.operations["publish"], ("key", "a/"), given={"qos": qos})
        self.session.publish("publish", prepared, b"x", waiter)
        if qos:
            self.begun(waiter)
        else:
            assert waiter.ends == [None]

    @precondition(lambda self: not self.online and not self.over)
    @rule(qos=st.sampled_from([0, 1]))
    def publish_offline(self, qos: int) -> None:
        waiter, sent = Waiter(), len(self.sent)
        prepared = prepare(PROTOCOL.operations["publish"], ("key", "a/"), given={"qos": qos})
        try:
            self.session.publish("publish", prepared, b"x", waiter)
        except Congested:
            assert len(self.unsent) >= 5
        except ConnectionLost:
            assert qos == 0
        else:
            self.waiters.append(waiter)
            self.unsent.append(waiter)
        assert len(self.sent) == sent

    @precondition(lambda self: not self.online and not self.over)
    @rule()
    def ask_offline(self) -> None:
        with pytest.raises(ConnectionLost):
            self.session.request(KEYGEN, REQUEST, b"{}", Waiter())

    @precondition(lambda self: bool(self.unsent))
    @rule(which=st.integers(0))
    def withdraw(self, which: int) -> None:
        waiter = self.unsent[which % len(self.unsent)]
        if self.session.withdraw(waiter):
            assert waiter not in self.sent_once
            self.unsent.remove(waiter)
            self.waiters.remove(waiter)
        else:
            assert waiter in self.sent_once

    @precondition(lambda self: self.online)
    @rule(target=receivers, channel=st.sampled_from(CHANNELS), key=st.sampled_from(["good", "bad"]))
    def subscribe(self, channel: str, key: str) -> Receiver:
        waiter, receiver = self.waiter(), Receiver(channel)
        prepared = prepare(PROTOCOL.operations["subscribe"], (key, channel))
        self.session.subscribe("subscribe", prepared, receiver, waiter, allow_reserved=False)
        call = self.begun(waiter, receiver)
        call.refused = key == "bad"
        self.active.append(receiver)
        self.expected[receiver] = []
        return receiver

    @rule(receiver=consumes(receivers))
    def leave(self, receiver: Receiver) -> None:
        waiter = self.waiter()
        before = len(self.sent)
        self.session.leave("subscribe", receiver.channel, receiver, waiter)
        if len(self.sent) > before:
            self.begun(waiter)
        else:
            assert waiter.ends == [None]
        if receiver in self.active:
            self.active.remove(receiver)
            self.left.append(receiver)

    @precondition(lambda self: self.online)
    @rule(channel=st.sampled_from(CHANNELS))
    def unsubscribe(self, channel: str) -> None:
        waiter = self.waiter()
        prepared = prepare(PROTOCOL.operations["unsubscribe"], ("good", channel))
        self.session.unsubscribe("unsubscribe", prepared, waiter)
        self.begun(waiter).leaving = [each for each in self.active if each.channel == channel]

    # The broker

    @precondition(lambda self: bool(self.calls))
    @rule(which=st.integers(0), key=st.sampled_from("12"))
    def reply(self, which: int, key: str) -> None:
        packet_id, call = self.pick(which)
        self.deliver(KEYGEN.topic, {"req": packet_id, "status": 200, "key": key, "channel": "a/"})
        if isinstance(call.packet, Publish) and call.packet.topic == KEYGEN.topic:
            if key not in call.replies:
                call.replies.append(key)
        else:
            assert isinstance(self.reported[-1], Undecodable)

    @precondition(lambda self: bool(self.calls))
    @rule(which=st.integers(0))
    def refuse(self, which: int) -> None:
        packet_id, call = self.pick(which)
        self.deliver("emitter/error/", {"req": packet_id, "status": 401, "message": "no"})
        if isinstance(call.packet, Publish) and call.packet.topic == KEYGEN.topic:
            if REFUSAL not in call.replies:
                call.replies.append(REFUSAL)
        else:
            call.refused = call.told = True

    @precondition(lambda self: self.online)
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

    @precondition(lambda self: self.online)
    @rule(packet_id=st.integers(0, 65_535))
    def stray_acknowledgement(self, packet_id: int) -> None:
        if packet_id not in self.calls:
            self.session.received([Puback(packet_id), Suback(packet_id, (0,)), Unsuback(packet_id)])

    @precondition(lambda self: self.online)
    @rule(topic=st.sampled_from(TOPICS))
    def message(self, topic: str) -> None:
        raw = str(len(self.reported)).encode()
        self.session.received([Delivery(topic, raw)])
        for receiver in self.active:
            if matches(receiver.channel, topic, "emitter"):
                self.expected[receiver].append((topic, raw))

    @precondition(lambda self: bool(self.calls))
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
                if call.waiter is None:
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
        assert call.waiter is not None
        assert isinstance(call.packet, Publish)
        (end,) = call.waiter.ends
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
        assert call.waiter is not None
        assert call.receiver is not None
        (end,) = call.waiter.ends
        assert isinstance(end, BrokerError) if call.refused else end is None
        if call.refused and call.receiver in self.active:
            self.active.remove(call.receiver)
            assert isinstance(call.receiver.ends[0], BrokerError)

    def parted(self, call: Call) -> None:
        if call.waiter is not None:
            (end,) = call.waiter.ends
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

    @precondition(lambda self: self.online)
    @rule()
    def lose(self) -> None:
        before = list(self.active)
        self.session.lost(ConnectionLost(REASON))
        self.online = False
        self.on_the_wire.clear()
        again: list[Waiter] = []
        for call in self.calls.values():
            if call.waiter is None:
                continue
            if call.told:
                assert isinstance(call.waiter.ends[0], BrokerError)
            elif isinstance(call.packet, Publish) and call.packet.topic != KEYGEN.topic:
                again.append(call.waiter)
            elif isinstance(call.packet, Unsubscribe):
                assert call.waiter.ends == [None]
            else:
                (end,) = call.waiter.ends
                assert isinstance(end, ConnectionLost)
            for receiver in [] if call.told else call.leaving:
                if receiver in self.active:
                    self.active.remove(receiver)
        for call in self.calls.values():
            # A caller whose subscribe has failed leaves.
            if call.receiver is not None and call.receiver in self.active:
                self.session.leave("subscribe", call.receiver.channel, call.receiver, Waiter())
                self.active.remove(call.receiver)
                self.left.append(call.receiver)
        assert all(not each.ends for each in self.active if each in before)
        self.calls.clear()
        self.unsent[:0] = again
        self.sent_once.update(again)

    @precondition(lambda self: not self.online and not self.over)
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
        for waiter in self.unsent:
            (end,) = waiter.ends
            assert isinstance(end, ConnectionLost)
        self.unsent.clear()
        for call in self.calls.values():
            if call.waiter is not None:
                (end,) = call.waiter.ends
                assert isinstance(end, ConnectionLost)
        self.calls.clear()
        for receiver in self.active:
            assert receiver.ends == [error]
        self.active.clear()
        prepared = prepare(PROTOCOL.operations["publish"], ("key", "a/"))
        with pytest.raises(ConnectionLost if lost else Closed):
            self.session.publish("publish", prepared, b"", Waiter())

    # What always holds

    @invariant()
    def every_call_has_ended_once_or_is_under_way(self) -> None:
        under_way = {call.waiter for call in self.calls.values()} | {*self.unsent}
        for waiter in self.waiters:
            assert len(waiter.ends) == (0 if waiter in under_way else 1)

    @invariant()
    def every_subscription_got_what_matched_and_ended_once(self) -> None:
        for receiver, messages in self.expected.items():
            assert receiver.got == messages
            if receiver in self.active:
                assert not receiver.ends
            else:
                # Who leaves by himself need not be told.
                assert len(receiver.ends) == 1 or (receiver in self.left and not receiver.ends)

    @invariant()
    def every_subscription_knows_whether_it_is_there(self) -> None:
        for receiver in self.active:
            assert receiver.is_there <= (receiver.channel in self.on_the_wire)
            if self.online and not self.calls:
                assert receiver.is_there

    @invariant()
    def the_broker_keeps_what_somebody_needs_and_nothing_else(self) -> None:
        if self.online and not self.calls:
            needed = {each.channel for each in self.active}
            # The broker may refuse to end what it has granted, and then it goes on.
            assert self.on_the_wire >= needed if self.unsubscribe_refused else self.on_the_wire == needed

    def pick(self, which: int) -> tuple[int, Call]:
        return list(self.calls.items())[which % len(self.calls)]

    def deliver(self, topic: str, document: dict[str, object]) -> None:
        self.received([Delivery(topic, json.dumps(document).encode())])

    def received(self, packets: Sequence[Inbound]) -> None:
        self.session.received(packets)


def channel_of(topic: str) -> str:
    return topic.partition("/")[2]


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=150, stateful_step_count=40)
