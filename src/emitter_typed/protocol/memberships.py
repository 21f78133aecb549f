"""What the broker is told of subscriptions: begun, shared, ended, and begun again on the next connection."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat

from emitter_typed.errors import AmbiguousReply, BrokerError, EmitterError
from emitter_typed.protocol.definition import Envelope
from emitter_typed.protocol.exchanges import Exchange, Exchanges, Join, Leave, Rejoin
from emitter_typed.protocol.exposure import Exposure
from emitter_typed.protocol.operations import Prepared, check_filter_size
from emitter_typed.protocol.packets import Outbound, Subscribe, Unsubscribe
from emitter_typed.protocol.subscribers import Receiver, Subscribers
from emitter_typed.protocol.waiter import Nobody, Waiter

REFUSED = 0x80
"""The return code of a SUBACK for a filter that is refused (MQTT 3.1.1, 3.9.3)."""


class Memberships:
    """Keeps the broker's subscriptions as the subscribers need them."""

    def __init__(
        self,
        envelope: Envelope,
        subscribers: Subscribers,
        exposure: Exposure,
        exchanges: Exchanges,
        *,
        begin: Callable[[Exchange], int],
        send: Callable[[Outbound], None],
    ) -> None:
        """Begin with none on the wire.

        Args:
            envelope: What the schema says of all packets.
            subscribers: Who receives.
            exposure: Learns where others may speak as the broker does.
            exchanges: What is under way.
            begin: Takes a packet identifier into use. Raises Closed, ConnectionLost, Congested.
            send: Sends a packet.
        """
        self._envelope = envelope
        self._subscribers = subscribers
        self._exposure = exposure
        self._exchanges = exchanges
        self._begin = begin
        self._send = send
        # Those of many filters that a new connection began with, and that are not answered.
        self._rejoining: set[Rejoin] = set()

    def subscribe(
        self, operation: str, prepared: Prepared, receiver: Receiver, waiter: Waiter[None], *, allow_reserved: bool
    ) -> None:
        """Subscribe; see `Session.subscribe`."""
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        self._subscribers.check_reachable(prepared.channel)
        if not allow_reserved:
            self._exposure.check(prepared.channel)
        self._subscribers.check_separable(prepared.channel)
        packet_id = self._begin(Join(operation, waiter, prepared=prepared, receiver=receiver))
        self._subscribers.add(prepared, receiver)
        self._exposure.begin(prepared.channel)
        self._send(Subscribe((prepared.topic,), packet_id))

    def unsubscribe(self, operation: str, prepared: Prepared, waiter: Waiter[None]) -> None:
        """End all subscriptions to a channel; see `Session.unsubscribe`."""
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        receivers = self._subscribers.of(prepared.channel)
        packet_id = self._begin(Leave(operation, waiter, channel=prepared.channel, receivers=receivers))
        self._send(Unsubscribe(prepared.bare_topic, packet_id))

    def leave(self, operation: str, channel: str, receiver: Receiver, waiter: Waiter[None], *, connected: bool) -> None:
        """End one subscription; the wire's goes with the last of a channel, or went with the connection."""
        wire_topic = self._subscribers.drop(channel, receiver)
        if wire_topic is not None and connected:
            self._end(operation, channel, wire_topic, waiter)
            return
        if not connected:
            self._forget_exposure(channel)
        waiter.resolve(None)

    def rejoin(self) -> None:
        """Ask a new connection for all that was granted before and somebody still needs."""
        for subscriptions in self._subscribers.granted(self._envelope.max_packet_bytes):
            receivers = tuple(self._subscribers.of(each.channel) for each in subscriptions)
            rejoin = Rejoin("subscribe", Nobody(), subscriptions=subscriptions, receivers=receivers)
            packet_id = self._begin(rejoin)
            self._rejoining.add(rejoin)
            self._send(Subscribe(tuple(each.quiet_topic for each in subscriptions), packet_id))

    @property
    def rejoining(self) -> bool:
        """Whether not all of that is answered."""
        return bool(self._rejoining)

    def lost(self) -> None:
        """Learn that the connection is lost."""
        self._rejoining.clear()

    # Answers

    def rejoined(self, rejoin: Rejoin, return_codes: tuple[int, ...]) -> None:
        """Tell the subscriptions. Those that the broker refuses now end; each has its error, in their order."""
        self._rejoining.discard(rejoin)
        # Each refusal has one error, so that with more of them some are not the broker's.
        doubtful = len(rejoin.errors) > return_codes.count(REFUSED)
        errors = repeat(AmbiguousReply(rejoin.operation)) if doubtful else iter(rejoin.errors)
        for prepared, receivers, code in zip(rejoin.subscriptions, rejoin.receivers, return_codes, strict=False):
            error = next(errors) if code == REFUSED else None
            if isinstance(error, BrokerError):
                error = error.on_channel(prepared.channel)
            for receiver in receivers:
                if error is None:
                    receiver.restored()
                else:
                    self._subscribers.drop(prepared.channel, receiver)
                    receiver.end(error)

    def joined(self, join: Join) -> None:
        """Tell the subscription that the broker has granted it."""
        channel = join.prepared.channel
        if self._subscribers.grant(join.prepared):
            join.receiver.granted(join.waiter)
            return
        join.waiter.resolve(None)
        # Who asked has left, and who was to share it was refused.
        if not self._exchanges.leaves(channel):
            self._end(join.operation, channel, join.prepared.bare_topic, Nobody())

    def refused(self, join: Join, error: EmitterError) -> None:
        """Take out who was refused. Those who shared the channel may have left to him what the broker had granted."""
        channel = join.prepared.channel
        granted = self._subscribers.has_granted(channel)
        wire_topic = self._subscribers.drop(channel, join.receiver)
        if not granted:
            self._forget_exposure(channel)
        elif wire_topic is not None:
            self._end(join.operation, channel, wire_topic, Nobody())
        join.receiver.end(error)

    def left(self, leave: Leave) -> None:
        """End the subscriptions of a channel that the broker has ended."""
        # Who was refused meanwhile, or has left, has ended already.
        there = self._subscribers.of(leave.channel)
        for receiver in leave.receivers:
            if receiver in there:
                self._subscribers.drop(leave.channel, receiver)
                receiver.end(None)
        self._forget_exposure(leave.channel)
        leave.waiter.resolve(None)

    def _forget_exposure(self, channel: str) -> None:
        if not self._subscribers.of(channel):
            self._exposure.end(channel)

    def _end(self, operation: str, channel: str, wire_topic: str, waiter: Waiter[None]) -> None:
        packet_id = self._begin(Leave(operation, waiter, channel=channel, receivers=()))
        self._send(Unsubscribe(wire_topic, packet_id))
