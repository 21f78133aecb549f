"""What the broker is told of subscriptions: begun, shared, ended, and begun again on the next connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat

from emitter_typed._protocol.definition import Envelope
from emitter_typed._protocol.operations import Prepared, check_filter_size
from emitter_typed._protocol.packets import OutboundPacket, Subscribe, Unsubscribe
from emitter_typed._protocol.session.inflight import (
    CallResult,
    IgnoreResult,
    InflightCall,
    InflightCalls,
    MessageSink,
    Resubscribing,
    Subscribing,
    Unsubscribing,
)
from emitter_typed._protocol.session.local_subscriptions import LocalSubscriptions
from emitter_typed._protocol.session.spoofing import SpoofGuard
from emitter_typed.errors import AmbiguousReply, BrokerError, EmitterError

REFUSED = 0x80
"""The return code of a SUBACK for a filter that is refused (MQTT 3.1.1, 3.9.3); larger ones are those of MQTT 5."""

_MAX_FILTERS = 512


def count_refused(return_codes: tuple[int, ...]) -> int:
    """Count the filters that a SUBACK refuses."""
    return sum(code >= REFUSED for code in return_codes)


def _in_packets(
    wanted: Iterable[tuple[Prepared, tuple[MessageSink, ...]]], max_packet_bytes: int
) -> Iterator[list[tuple[Prepared, tuple[MessageSink, ...]]]]:
    """Yield as much at once as fits a SUBSCRIBE: the broker rations what it sends, so fewer packets are back sooner."""
    packet: list[tuple[Prepared, tuple[MessageSink, ...]]] = []
    size_bytes = 2
    for prepared, sinks in wanted:
        # Each filter has its length and its QoS (MQTT 3.1.1, 3.8.3).
        own_bytes = len(prepared.no_replay_topic) + 3
        if packet and (size_bytes + own_bytes > max_packet_bytes or len(packet) == _MAX_FILTERS):
            yield packet
            packet, size_bytes = [], 2
        packet.append((prepared, sinks))
        size_bytes += own_bytes
    if packet:
        yield packet


class WireSubscriptions:
    """Keeps the broker's subscriptions as the subscribers need them."""

    def __init__(
        self,
        envelope: Envelope,
        local: LocalSubscriptions,
        spoof_guard: SpoofGuard,
        inflight: InflightCalls,
        *,
        begin: Callable[[InflightCall], int],
        send: Callable[[OutboundPacket], None],
        is_connected: Callable[[], bool],
    ) -> None:
        """Begin with none on the wire.

        Args:
            envelope: What the schema says of all packets.
            local: Who receives.
            spoof_guard: Learns where others may speak as the broker does.
            inflight: What is under way.
            begin: Takes a packet identifier into use. Raises Closed, ConnectionLost, Congested.
            send: Sends a packet.
            is_connected: Tells whether there is a connection now.
        """
        self._envelope = envelope
        self._local = local
        self._spoof_guard = spoof_guard
        self._inflight = inflight
        self._begin = begin
        self._send = send
        self._is_connected = is_connected
        # Those of many filters that a new connection began with, and that are not answered.
        self._resubscribing: set[Resubscribing] = set()

    def subscribe(
        self,
        operation: str,
        prepared: Prepared,
        sink: MessageSink,
        call_result: CallResult[None],
        *,
        allow_reserved: bool,
    ) -> None:
        """Subscribe; the sink gets messages from now on, and `call_result` None when the broker grants it.

        Stored messages come before the SUBACK, so the sink is in place before the packet leaves.

        Args:
            operation: The name of the call, for errors.
            prepared: The topic and what else the call says.
            sink: Gets the messages.
            call_result: Learns how the call ends.
            allow_reserved: Whether the channel may be one where replies arrive.

        Raises:
            InvalidArgument: No message can match the channel; replies arrive there and that is not allowed; a share
                group stands beside what would get the same copy of a message; or the topic is too large for a packet.
            Closed: No connection follows.
            ConnectionLost: There is no connection now.
            Congested: No packet identifier is free.
        """
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        self._local.check_reachable(prepared.channel)
        if not allow_reserved:
            self._spoof_guard.check(prepared.channel)
        self._local.check_separable(prepared.channel)
        packet_id = self._begin(Subscribing(operation, call_result, prepared=prepared, sink=sink))
        self._local.add(prepared, sink)
        self._spoof_guard.begin(prepared.channel)
        self._send(Subscribe((prepared.topic,), packet_id))

    def unsubscribe(self, operation: str, prepared: Prepared, call_result: CallResult[None]) -> None:
        """End all subscriptions to a channel; the result is None, once the broker has. Raises Closed, Congested."""
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        sinks = self._local.of(prepared.channel)
        packet_id = self._begin(Unsubscribing(operation, call_result, channel=prepared.channel, sinks=sinks))
        self._send(Unsubscribe(prepared.bare_topic, packet_id))

    def leave(self, operation: str, channel: str, sink: MessageSink, call_result: CallResult[None]) -> None:
        """End one subscription; the wire's goes with the last of a channel, or went with the connection."""
        wire_topic = self._local.drop(channel, sink)
        if wire_topic is not None and self._is_connected():
            self._end(operation, channel, wire_topic, call_result)
            return
        if not self._is_connected():
            self._unguard(channel)
        call_result.resolve(None)

    def shares(self, channel: str) -> bool:
        """Tell whether others of this client may receive what the broker sends to a new subscriber of a channel."""
        return self._local.shares(channel)

    def restore(self) -> None:
        """Ask a new connection for all that was granted before and somebody still needs."""
        self._restore(self._local.granted())

    def _restore(self, wanted: Iterable[tuple[Prepared, tuple[MessageSink, ...]]]) -> None:
        for packet in _in_packets(wanted, self._envelope.max_packet_bytes):
            subscriptions, sinks = zip(*packet, strict=True)
            resubscribing = Resubscribing("subscribe", IgnoreResult(), subscriptions=subscriptions, sinks=sinks)
            packet_id = self._begin(resubscribing)
            self._resubscribing.add(resubscribing)
            self._send(Subscribe(tuple(each.no_replay_topic for each in subscriptions), packet_id))

    @property
    def restoring(self) -> bool:
        """Whether not all of that is answered."""
        return bool(self._resubscribing)

    def lost(self) -> None:
        """Learn that the connection is lost."""
        self._resubscribing.clear()

    # Answers

    def resubscribed(self, resubscribing: Resubscribing, return_codes: tuple[int, ...]) -> None:
        """Tell the subscriptions. Those whose key the broker refuses now end; each has its error, in their order.

        Others of the channel asked for it with other keys, which are tried next, all at once.
        """
        self._resubscribing.discard(resubscribing)
        # Each refusal has one error, so that with more of them some are not the broker's.
        doubtful = len(resubscribing.errors) > count_refused(return_codes)
        errors = repeat(AmbiguousReply(resubscribing.operation)) if doubtful else iter(resubscribing.errors)
        others: dict[str, tuple[Prepared, list[MessageSink]]] = {}
        for prepared, sinks, code in zip(resubscribing.subscriptions, resubscribing.sinks, return_codes, strict=True):
            error = next(errors) if code >= REFUSED else None
            if isinstance(error, BrokerError):
                # It came for a packet of many filters.
                error = type(error)(error.status, error.message, error.operation, channel=prepared.channel)
            if error is None:
                for sink in sinks:
                    sink.restored()
                continue
            for sink in sinks:
                own = self._local.asked(prepared.channel, sink)
                if own is None:
                    # It has left meanwhile.
                    continue
                if own.bare_topic != prepared.bare_topic:
                    others.setdefault(own.bare_topic, (own, []))[1].append(sink)
                    continue
                self._local.drop(prepared.channel, sink)
                sink.end(error)
        self._restore((own, tuple(there)) for own, there in others.values())

    def subscribed(self, subscribing: Subscribing) -> None:
        """Tell the subscription that the broker has granted it."""
        channel = subscribing.prepared.channel
        if self._local.grant(subscribing.prepared):
            subscribing.sink.granted(subscribing.call_result)
            return
        subscribing.call_result.resolve(None)
        # Who asked has left, and who was to share it was refused.
        if not self._inflight.is_unsubscribing(channel):
            self._end(subscribing.operation, channel, subscribing.prepared.bare_topic, IgnoreResult())

    def refused(self, subscribing: Subscribing, error: EmitterError) -> None:
        """Take out who was refused. Those who shared the channel may have left to him what the broker had granted."""
        channel = subscribing.prepared.channel
        there = subscribing.sink in self._local.of(channel)
        granted = self._local.has_granted(channel)
        wire_topic = self._local.drop(channel, subscribing.sink)
        if not granted:
            self._unguard(channel)
        elif wire_topic is not None:
            self._end(subscribing.operation, channel, wire_topic, IgnoreResult())
        # Who has left, or was drained, has ended already.
        if there:
            subscribing.sink.end(error)

    def unsubscribed(self, unsubscribing: Unsubscribing) -> None:
        """End the subscriptions of a channel that the broker has ended."""
        # Who was refused meanwhile, or has left, has ended already.
        there = self._local.of(unsubscribing.channel)
        for sink in unsubscribing.sinks:
            if sink in there:
                self._local.drop(unsubscribing.channel, sink)
                sink.end(None)
        self._unguard(unsubscribing.channel)
        unsubscribing.call_result.resolve(None)

    def _unguard(self, channel: str) -> None:
        if not self._local.of(channel):
            self._spoof_guard.end(channel)

    def _end(self, operation: str, channel: str, wire_topic: str, call_result: CallResult[None]) -> None:
        try:
            packet_id = self._begin(Unsubscribing(operation, call_result, channel=channel, sinks=()))
        except EmitterError as error:
            # No identifier is free. Nobody needs the channel any more, so what still comes is left out.
            call_result.reject(error)
            return
        self._send(Unsubscribe(wire_topic, packet_id))
