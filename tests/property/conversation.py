"""What a conversation with the broker knows of callers, subscribers and the broker, and what always holds of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis.stateful import RuleBasedStateMachine, invariant

from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.packets import Delivery, InboundPacket, OutboundPacket
from emitter_typed._protocol.session.outbox import Outbox
from emitter_typed._protocol.session.session import Session
from emitter_typed.errors import EmitterError
from tests.helpers.callers import CallResult, MessageSink


class Call:
    """A call whose acknowledgement has not come."""

    def __init__(
        self, packet: OutboundPacket, call_result: CallResult | None, receiver: MessageSink | None = None
    ) -> None:
        self.packet = packet
        self.call_result = call_result
        self.receiver = receiver
        self.replies: list[str] = []
        self.refused = False
        self.told = False
        self.leaving: list[MessageSink] = []
        self.coming_back: list[MessageSink] = []


class Model(RuleBasedStateMachine):
    """The model is the broker and all callers; `calls` are the identifiers in use."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[OutboundPacket] = []
        self.reported: list[EmitterError] = []
        self.session = Session(
            PROTOCOL,
            matcher="emitter",
            counters=ClientCounters(),
            outbox=Outbox(max_messages=5, max_bytes=1000),
            send=self.sent.append,
            report=self.reported.append,
            unclaimed=lambda channel, raw: None,
            emit=lambda event, payload: None,
            opened=lambda: None,
        )
        self.calls: dict[int, Call] = {}
        # Messages that wait for a connection, and those that may have been published already.
        self.unsent: list[CallResult] = []
        self.online = True
        self.sent_once: set[CallResult] = set()
        self.waiters: list[CallResult] = []
        self.left: list[MessageSink] = []
        self.active: list[MessageSink] = []
        # What the broker has granted, by channel.
        self.on_the_wire: set[str] = set()
        self.expected: dict[MessageSink, list[tuple[str, bytes]]] = {}
        self.unsubscribe_refused = False
        self.over = False

    # Calls

    def begun(self, call_result: CallResult | None, receiver: MessageSink | None = None) -> Call:
        packet = self.sent[-1]
        assert 1 <= packet.packet_id <= 65_535
        assert packet.packet_id not in self.calls, "an identifier in use was used again"
        call = Call(packet, call_result, receiver)
        self.calls[packet.packet_id] = call
        return call

    def call_result(self) -> CallResult:
        call_result = CallResult()
        self.waiters.append(call_result)
        return call_result

    # What always holds

    @invariant()
    def every_call_has_ended_once_or_is_under_way(self) -> None:
        under_way = {call.call_result for call in self.calls.values()} | {*self.unsent}
        for call_result in self.waiters:
            assert len(call_result.ends) == (0 if call_result in under_way else 1)

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

    def received(self, packets: Sequence[InboundPacket]) -> None:
        self.session.received(packets)


def channel_of(topic: str) -> str:
    return topic.partition("/")[2]
