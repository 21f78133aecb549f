"""One connection's conversation with the broker: packets in and out, and who waits for which.

The session does no I/O, knows no clock and no thread. A driver gives it calls and packets, one at a time, and three
functions: one that sends packets, one that reports errors that no call owns, one that hands out events.

Every exchange that needs an answer has a packet identifier, which is registered before its packet leaves and stays in
use until the broker acknowledges it or the connection ends. The broker sends an error or a reply before the
acknowledgement (docs: Emitter protocol, correlation), so an exchange ends when it is acknowledged, and not earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from emitter_typed.errors import (
    AmbiguousReply,
    BrokerError,
    Closed,
    ConnectionLost,
    EmitterError,
    InvalidArgument,
    ReplyMissing,
    Undecodable,
)
from emitter_typed.protocol import codec
from emitter_typed.protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed.protocol.exchanges import Exchange, Exchanges, Join, Leave, Nobody, Request, Waiter
from emitter_typed.protocol.operations import Prepared, check_filter_size, check_size
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
from emitter_typed.protocol.scalars import is_object
from emitter_typed.protocol.subscribers import Receiver, Subscribers
from emitter_typed.protocol.topics import Matcher, could_match_prefix

_REFUSED = 0x80

ResponseT = TypeVar("ResponseT")


class Session:
    """The state of one connection, from its CONNECT to its end. Make a new one for the next."""

    def __init__(
        self,
        protocol: ProtocolDefinition,
        *,
        matcher: Matcher,
        send: Callable[[Outbound], None],
        report: Callable[[EmitterError], None],
        emit: Callable[[EventDefinition[object], object], None],
        unclaimed: Callable[[str, bytes], None],
    ) -> None:
        """Begin before the CONNACK.

        Args:
            protocol: What the schema says.
            matcher: How the broker matches.
            send: Sends a packet; must not block, nor call the session.
            report: Takes an error that no call owns.
            emit: Takes an event of the broker.
            unclaimed: Takes a message that no subscription claims, such as one of a link that subscribes.
        """
        self._protocol = protocol
        self._envelope = protocol.envelope
        self._send = send
        self._report = report
        self._emit = emit
        self._unclaimed = unclaimed
        self._events_by_topic = {event.topic: event for event in protocol.events.values()}
        self._exchanges = Exchanges()
        self._subscribers = Subscribers(matcher, protocol.envelope.reserved)
        self._connecting: Waiter[None] | None = None
        self._over = False
        self._ended: EmitterError | None = None
        self.connected = False
        """Whether the broker has accepted the connection, and it has not ended."""

    def connecting(self, waiter: Waiter[None]) -> None:
        """Let somebody wait for the CONNACK."""
        self._connecting = waiter

    # Calls

    def request(self, definition: RequestDefinition[ResponseT], payload: bytes, waiter: Waiter[ResponseT]) -> None:
        """Send a request; the waiter gets its response.

        Raises Closed, Congested, or InvalidArgument if it is too large for a packet. Nothing was sent then.
        """
        prepared = Prepared(definition.topic, definition.topic, definition.topic, qos=1, retain=False)
        check_size(prepared, payload, self._envelope.max_packet_bytes)
        packet_id = self._begin(Request(definition.name, waiter, definition=definition))
        self._send(Publish(prepared.topic, payload, 1, False, packet_id))

    def publish(self, operation: str, prepared: Prepared, payload: bytes, waiter: Waiter[None]) -> None:
        """Publish; the waiter gets None at the acknowledgement, at QoS 0 at once.

        Raises Closed, Congested, or InvalidArgument if it is too large for a packet. Nothing was sent then.
        """
        check_size(prepared, payload, self._envelope.max_packet_bytes)
        if prepared.qos:
            packet_id = self._begin(Exchange(operation, waiter))
            self._send(Publish(prepared.topic, payload, 1, prepared.retain, packet_id))
            return
        self._check_open(operation)
        self._send(Publish(prepared.topic, payload, 0, prepared.retain, 0))
        waiter.resolve(None)

    def subscribe(
        self, operation: str, prepared: Prepared, receiver: Receiver, waiter: Waiter[None], *, allow_reserved: bool
    ) -> None:
        """Subscribe; the waiter gets None when the broker grants it, the receiver messages from now on.

        Stored messages come before the SUBACK, so the receiver is in place before the packet leaves. Raises Closed,
        Congested, or InvalidArgument for a channel where replies arrive, unless that is allowed.
        """
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        reserved = could_match_prefix(prepared.channel, self._envelope.reserved)
        if reserved and not allow_reserved:
            raise InvalidArgument(
                f"channel {prepared.channel!r} may match {self._envelope.reserved}, where anybody's message looks like "
                "the broker's own reply: subscribe to something narrower, or say allow_reserved=True",
                argument="channel",
                value=prepared.channel,
            )
        packet_id = self._begin(Join(operation, waiter, prepared=prepared, receiver=receiver))
        self._subscribers.add(prepared.channel, prepared.bare_topic, receiver)
        self._send(Subscribe(prepared.topic, packet_id))

    def unsubscribe(self, operation: str, prepared: Prepared, waiter: Waiter[None]) -> None:
        """End all subscriptions to a channel; the waiter gets None when the broker has. Raises Closed, Congested."""
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        receivers = self._subscribers.of(prepared.channel)
        packet_id = self._begin(Leave(operation, waiter, channel=prepared.channel, receivers=receivers))
        self._send(Unsubscribe(prepared.bare_topic, packet_id))

    def leave(self, operation: str, channel: str, receiver: Receiver, waiter: Waiter[None]) -> None:
        """End one subscription; the wire's goes with the last of a channel. Does nothing after the connection's end."""
        wire_topic = self._subscribers.drop(channel, receiver)
        if wire_topic is None or not self.connected:
            waiter.resolve(None)
            return
        packet_id = self._begin(Leave(operation, waiter, channel=channel, receivers=()))
        self._send(Unsubscribe(wire_topic, packet_id))

    # What comes in

    def received(self, packets: Iterable[Inbound]) -> None:
        """Take in a batch of packets, in the order in which they arrived."""
        for packet in packets:
            match packet:
                case Delivery(topic, payload):
                    if topic.startswith(self._envelope.reserved):
                        self._control(topic, payload)
                    elif not self._subscribers.offer(topic, payload):
                        self._unclaimed(topic, payload)
                case Puback(packet_id) | Unsuback(packet_id):
                    self._acknowledged(packet_id, refused=False)
                case Suback(packet_id, return_codes):
                    self._acknowledged(packet_id, refused=_REFUSED in return_codes)
                case Connack():
                    self.connected = True
                    if self._connecting is not None:
                        self._connecting.resolve(None)

    def ended(self, error: EmitterError | None) -> None:
        """Learn that the connection is over: every exchange and every subscription ends. May be called again.

        Args:
            error: Why; None if this side has closed it, which ends subscriptions in peace.
        """
        if self._over:
            return
        self._over = True
        self._ended = error
        self.connected = False
        if self._connecting is not None:
            self._connecting.reject(error or Closed("the client was closed while it connected"))
        reason = error.message if error is not None else "this client has closed it"
        for exchange in self._exchanges.end_all():
            self._reject(exchange, ConnectionLost(reason, operation=exchange.operation))
        self._subscribers.end_all(error)

    # Inside

    def _check_open(self, operation: str) -> None:
        if self.connected:
            return
        if isinstance(self._ended, ConnectionLost):
            raise ConnectionLost(self._ended.message, operation=operation)
        raise Closed(f"{operation} needs a connection", "call connect(), or use the client in a with statement")

    def _begin(self, exchange: Exchange) -> int:
        self._check_open(exchange.operation)
        return self._exchanges.begin(exchange)

    def _control(self, topic: str, payload: bytes) -> None:
        """Take in what arrived where the broker answers: a reply, an error, an event, or somebody's message."""
        claimed = self._subscribers.offer_reserved(topic, payload)
        try:
            document = codec.parse(payload, channel=topic)
            self._take(topic, payload, document)
        except EmitterError as error:
            # A subscriber there has it as a message; without one it is the broker's, and nobody would learn of it.
            if not claimed:
                self._report(error)

    def _take(self, topic: str, payload: bytes, document: object) -> None:
        if not is_object(document):
            raise Undecodable("expected an object", channel=topic, raw=payload)
        fields = dict(document)
        packet_id = fields.get(self._envelope.correlation)
        if packet_id is None:
            if topic == self._envelope.errors:
                raise self._broker_error(fields, "publish", topic, payload)
            event = self._events_by_topic.get(topic)
            if event is None:
                raise Undecodable("it answers nothing that was asked", channel=topic, raw=payload)
            self._emit(event, codec.structure(fields, event.payload, channel=topic, raw=payload))
            return
        exchange = self._exchanges.get(packet_id)
        if exchange is not None and topic == self._envelope.errors:
            exchange.errors.append(self._broker_error(fields, exchange.operation, topic, payload))
        elif isinstance(exchange, Request) and topic == exchange.definition.topic:
            if fields not in exchange.replies:
                exchange.replies.append(fields)
        else:
            raise Undecodable("it answers nothing that was asked", channel=topic, raw=payload)

    def _broker_error(self, fields: dict[str, object], operation: str, topic: str, payload: bytes) -> BrokerError:
        status, message = fields.get(self._envelope.status), fields.get(self._envelope.message)
        if not isinstance(status, int) or not isinstance(message, str):
            raise Undecodable("an error without status or message", channel=topic, raw=payload)
        return self._protocol.errors.get(status, BrokerError)(status, message, operation)

    def _acknowledged(self, packet_id: int, *, refused: bool) -> None:
        exchange = self._exchanges.end(packet_id)
        if exchange is None:
            return
        if refused and not exchange.errors:
            exchange.errors.append(BrokerError(_REFUSED, "the broker gave no reason", exchange.operation))
        if exchange.errors:
            if isinstance(exchange, Join):
                self._give_up(exchange)
                exchange.receiver.end(exchange.errors[0])
            self._reject(exchange, exchange.errors[0])
        elif isinstance(exchange, Request):
            self._answer(exchange)
        else:
            if isinstance(exchange, Join):
                self._subscribers.grant(exchange.prepared.channel, exchange.prepared.bare_topic)
            elif isinstance(exchange, Leave):
                # Who was refused meanwhile, or has left, has ended already.
                there = self._subscribers.of(exchange.channel)
                for receiver in exchange.receivers:
                    if receiver in there:
                        self._subscribers.drop(exchange.channel, receiver)
                        receiver.end(None)
            exchange.waiter.resolve(None)

    def _give_up(self, join: Join) -> None:
        """Take out who was refused. Those who shared the channel may have left to him what the broker had granted."""
        channel = join.prepared.channel
        granted = self._subscribers.has_granted(channel)
        wire_topic = self._subscribers.drop(channel, join.receiver)
        if wire_topic is not None and granted:
            packet_id = self._begin(Leave(join.operation, Nobody(), channel=channel, receivers=()))
            self._send(Unsubscribe(wire_topic, packet_id))

    def _answer(self, exchange: Request) -> None:
        definition, replies = exchange.definition, exchange.replies
        if len(replies) != 1:
            self._reject(exchange, AmbiguousReply(definition.name) if replies else ReplyMissing(definition.name))
            return
        fields = replies[0]
        try:
            status = fields.get(self._envelope.status)
            if isinstance(status, int) and status >= 400:
                raise self._broker_error(fields, definition.name, definition.topic, b"")
            response: object = codec.structure(fields, definition.response, channel=definition.topic)
        except EmitterError as error:
            self._reject(exchange, error)
            return
        if definition.event is not None:
            self._emit_reply(self._protocol.events[definition.event], fields)
        exchange.waiter.resolve(response)

    def _emit_reply(self, event: EventDefinition[object], fields: dict[str, object]) -> None:
        tag = codec.tag(event.payload)
        if tag is not None and fields.get(tag.name) not in dict(tag.members):
            return
        try:
            self._emit(event, codec.structure(fields, event.payload, channel=event.topic))
        except Undecodable as problem:
            self._report(problem)

    def _reject(self, exchange: Exchange, error: EmitterError) -> None:
        if not exchange.waiter.reject(error):
            self._report(error)
