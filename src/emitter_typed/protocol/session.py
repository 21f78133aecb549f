"""A client's conversation with the broker, over all its connections: packets in and out, and who waits for which.

The session does no I/O, knows no clock and no thread. A driver gives it calls and packets, one at a time, and
functions that send packets, report errors that no call owns, and hand out events.

Every exchange that needs an answer has a packet identifier, which is registered before its packet leaves and stays in
use until the broker acknowledges it or the connection ends. The broker sends an error or a reply before the
acknowledgement (docs: Emitter protocol, correlation), so an exchange ends when it is acknowledged, and not earlier.

The broker keeps nothing of a connection that was lost (docs: Emitter protocol, transport). So the next one begins with
what is to last: links and watches, then subscriptions, then the messages that were not acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat
from typing import TypeVar

from emitter_typed.errors import AmbiguousReply, BrokerError, Closed, ConnectionLost, EmitterError
from emitter_typed.protocol import codec
from emitter_typed.protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed.protocol.exchanges import (
    Exchange,
    Exchanges,
    Join,
    Leave,
    Publication,
    Rejoin,
    Request,
)
from emitter_typed.protocol.exposure import Exposure, is_genuine
from emitter_typed.protocol.lasting import Again, Lasting
from emitter_typed.protocol.operations import Prepared, check_filter_size, check_size
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
from emitter_typed.protocol.replies import Replies
from emitter_typed.protocol.subscribers import Receiver, Subscribers
from emitter_typed.protocol.topics import Matcher
from emitter_typed.protocol.waiter import Nobody, Waiter
from emitter_typed.values import Record

_REFUSED = 0x80

ResponseT = TypeVar("ResponseT")


class Session:
    """The state of a client from its first CONNECT until it is closed, or gives up."""

    def __init__(
        self,
        protocol: ProtocolDefinition,
        *,
        matcher: Matcher,
        outbox: Outbox,
        send: Callable[[Outbound], None],
        report: Callable[[EmitterError], None],
        emit: Callable[[EventDefinition[object], object], None],
        unclaimed: Callable[[str, bytes], None],
        opened: Callable[[], None],
    ) -> None:
        """Begin before the CONNACK.

        Args:
            protocol: What the schema says.
            matcher: How the broker matches.
            outbox: Holds messages while there is no connection.
            send: Sends a packet; must not block, nor call the session.
            report: Takes an error that no call owns.
            emit: Takes an event of the broker.
            unclaimed: Takes a message that no subscription claims, such as one of a link that subscribes.
            opened: Learns that the broker has accepted a connection, and subscriptions are there again.
        """
        self._envelope = protocol.envelope
        self._send = send
        self._report = report
        self._unclaimed = unclaimed
        self._opened = opened
        self._outbox = outbox
        self._lasting = Lasting()
        self._exchanges = Exchanges()
        self._exposure = Exposure(protocol.envelope.reserved)
        self._replies = Replies(protocol, self._exchanges, self._exposure, report=report, emit=emit)
        self._subscribers = Subscribers(matcher, protocol.envelope.reserved)
        self._connecting: Waiter[None] | None = None
        self._draining: Waiter[None] | None = None
        # The SUBSCRIBEs of many filters that a new connection began with, and that are not answered.
        self._rejoining: set[int] = set()
        self._over = False
        self._lost: EmitterError | None = None
        self.connected = False
        """Whether the broker has accepted a connection, and it has not ended."""

    def connecting(self, waiter: Waiter[None]) -> None:
        """Let somebody wait for the first CONNACK."""
        self._connecting = waiter

    # Calls

    def request(
        self, definition: RequestDefinition[ResponseT], request: Record, payload: bytes, waiter: Waiter[ResponseT]
    ) -> None:
        """Send a request, as a record and written out; the waiter gets its response. It is never sent twice.

        Raises Closed, ConnectionLost, Congested, or InvalidArgument if it is too large for a packet. Nothing was sent
        then.
        """
        topic = self._exposure.answered_at(definition, request)
        check_size(topic, definition.topic, payload, self._envelope.max_packet_bytes, qos=1)
        packet_id = self._begin(Request(definition.name, waiter, topic=topic, definition=definition, record=request))
        self._send(Publish(topic, payload, 1, False, packet_id))

    def ask(self, definition: RequestDefinition[ResponseT], request: Record, waiter: Waiter[ResponseT]) -> None:
        """Send a request of the library's own. Raises what `request` raises."""
        self.request(definition, request, codec.encode(request), waiter)

    def publish(self, operation: str, prepared: Prepared, payload: bytes, waiter: Waiter[None]) -> None:
        """Publish; the waiter gets None at the acknowledgement, at QoS 0 at once.

        At QoS 1 a message that finds no connection waits for one, and one that is not acknowledged when its connection
        is lost is sent again on the next.

        Raises Closed, Congested, at QoS 0 ConnectionLost, or InvalidArgument if it is too large for a packet. Nothing
        was sent then.
        """
        check_size(prepared.topic, prepared.channel, payload, self._envelope.max_packet_bytes, qos=prepared.qos)
        if prepared.qos:
            self._check_not_over(operation)
            publication = Publication(operation, waiter, prepared=prepared, payload=payload)
            # Messages keep their order: none overtakes one that waits.
            if self.connected and not self._outbox and not self._exchanges.full:
                self._send_publication(publication)
            else:
                self._outbox.add(publication)
            return
        self.check_open(operation)
        self._send(Publish(prepared.topic, payload, 0, prepared.retain, 0))
        waiter.resolve(None)

    def withdraw(self, waiter: Waiter[None]) -> bool:
        """Take back a message that still waits for its first connection, and tell whether it did."""
        return self._outbox.withdraw(waiter)

    def subscribe(
        self, operation: str, prepared: Prepared, receiver: Receiver, waiter: Waiter[None], *, allow_reserved: bool
    ) -> None:
        """Subscribe; the receiver gets messages from now on, and the waiter when the broker grants it.

        Stored messages come before the SUBACK, so the receiver is in place before the packet leaves. Raises Closed,
        Congested, or InvalidArgument for a channel where replies arrive, unless that is allowed.
        """
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        if not allow_reserved:
            self._exposure.check(prepared.channel)
        packet_id = self._begin(Join(operation, waiter, prepared=prepared, receiver=receiver))
        self._subscribers.add(prepared, receiver)
        self._exposure.begin(prepared.channel)
        self._send(Subscribe((prepared.topic,), packet_id))

    def shares(self, channel: str) -> bool:
        """Tell whether others of this client may receive what the broker sends to a new subscriber of a channel."""
        return self._subscribers.share(channel)

    def unsubscribe(self, operation: str, prepared: Prepared, waiter: Waiter[None]) -> None:
        """End all subscriptions to a channel; the waiter gets None when the broker has. Raises Closed, Congested."""
        check_filter_size(prepared, self._envelope.max_packet_bytes)
        receivers = self._subscribers.of(prepared.channel)
        packet_id = self._begin(Leave(operation, waiter, channel=prepared.channel, receivers=receivers))
        self._send(Unsubscribe(prepared.bare_topic, packet_id))

    def leave(self, operation: str, channel: str, receiver: Receiver, waiter: Waiter[None]) -> None:
        """End one subscription; the wire's goes with the last of a channel, or went with the connection."""
        wire_topic = self._subscribers.drop(channel, receiver)
        if wire_topic is None or not self.connected:
            if not self.connected:
                self._forget_exposure(channel)
            waiter.resolve(None)
            return
        packet_id = self._begin(Leave(operation, waiter, channel=channel, receivers=()))
        self._send(Unsubscribe(wire_topic, packet_id))

    def drain(self, waiter: Waiter[None]) -> None:
        """End all subscriptions; the waiter gets None when no message of QoS 1 waits for its acknowledgement."""
        for channel, receiver in self._subscribers.all():
            receiver.end(None)
            self.leave("subscribe", channel, receiver, Nobody())
        self._draining = waiter
        self._settle()

    # What comes in

    def received(self, packets: Iterable[Inbound]) -> None:
        """Take in a batch of packets, in the order in which they arrived."""
        for packet in packets:
            match packet:
                case Delivery(topic, payload):
                    if is_genuine(topic):
                        self._replies.take(topic, payload, claimed=False)
                    elif topic.startswith(self._envelope.reserved):
                        self._replies.take(topic, payload, claimed=self._subscribers.offer_reserved(topic, payload))
                    elif not self._subscribers.offer(topic, payload):
                        self._unclaimed(topic, payload)
                case Puback(packet_id) | Unsuback(packet_id):
                    self._acknowledged(packet_id)
                case Suback(packet_id, return_codes):
                    self._acknowledged(packet_id, return_codes)
                case Connack():
                    self._accepted()

    def lost(self, error: EmitterError) -> None:
        """Learn that the connection is over and another one is to follow.

        Requests and subscribes that are under way end with ConnectionLost; messages of QoS 1 wait for the next
        connection, and so do subscriptions.
        """
        self.connected = False
        self._lost = error
        self._rejoining.clear()
        publications: list[Publication] = []
        for exchange in self._exchanges.end_all():
            if exchange.errors and not exchange.doubtful:
                self._reject(exchange, exchange.errors[0])
            elif isinstance(exchange, Publication):
                publications.append(exchange)
            elif isinstance(exchange, Leave):
                self._left(exchange)
            else:
                self._reject(exchange, ConnectionLost(error.message, operation=exchange.operation))
        self._outbox.put_back(publications)
        for _, receiver in self._subscribers.all():
            receiver.lost()

    def ended(self, error: EmitterError | None) -> None:
        """Learn that there will be no connection any more: every exchange and every subscription ends.

        May be called again.

        Args:
            error: Why; None if this side has closed it, which ends subscriptions in peace.
        """
        if self._over:
            return
        self._over = True
        self._lost = error
        self.connected = False
        if self._connecting is not None:
            self._connecting.reject(error or Closed("the client was closed while it connected"))
        reason = error.message if error is not None else "this client has closed it"
        for exchange in (*self._exchanges.end_all(), *self._outbox.take_all()):
            self._reject(exchange, ConnectionLost(reason, operation=exchange.operation))
        self._subscribers.end_all(error)

    def check_open(self, operation: str) -> None:
        """Raise Closed or ConnectionLost, which say why, if there is no connection."""
        if self.connected:
            return
        self._check_not_over(operation)
        reason = "there is none yet" if self._lost is None else self._lost.message
        raise ConnectionLost(reason, operation=operation)

    # Inside

    def _settle(self) -> None:
        if self._draining is not None and not self._outbox and not self._exchanges.publications:
            self._draining.resolve(None)

    def _check_not_over(self, operation: str) -> None:
        if self._over and isinstance(self._lost, ConnectionLost):
            raise ConnectionLost(self._lost.message, operation=operation)
        if self._over:
            raise Closed(f"{operation} needs a connection", "call connect(), or use the client in a with statement")

    def _accepted(self) -> None:
        self.connected = True
        for definition, request in self._lasting:
            self.ask(definition, request, Again(self._lasting, definition, request))
        for subscriptions in self._subscribers.granted(self._envelope.max_packet_bytes):
            packet_id = self._begin(Rejoin("subscribe", Nobody(), subscriptions=subscriptions))
            self._rejoining.add(packet_id)
            self._send(Subscribe(tuple(each.quiet_topic for each in subscriptions), packet_id))
        self._send_waiting()
        if self._connecting is not None:
            self._connecting.resolve(None)
        if not self._rejoining:
            self._opened()

    def _send_waiting(self) -> None:
        """Send the messages that wait, as far as there are identifiers for them."""
        while self.connected and self._outbox and not self._exchanges.full:
            self._send_publication(self._outbox.take())

    def _send_publication(self, publication: Publication) -> None:
        publication.begin()
        prepared, packet_id = publication.prepared, self._begin(publication)
        self._send(Publish(prepared.topic, publication.payload, 1, prepared.retain, packet_id))

    def _begin(self, exchange: Exchange) -> int:
        self.check_open(exchange.operation)
        return self._exchanges.begin(exchange)

    def _acknowledged(self, packet_id: int, return_codes: tuple[int, ...] = ()) -> None:
        exchange = self._exchanges.end(packet_id)
        if exchange is None:
            return
        # Each refused filter has an error of its own.
        for _ in range(return_codes.count(_REFUSED) - len(exchange.errors)):
            exchange.errors.append(BrokerError(_REFUSED, "the broker gave no reason", exchange.operation))
        if isinstance(exchange, Rejoin):
            self._rejoined(exchange, return_codes)
            self._rejoining.discard(packet_id)
            if not self._rejoining:
                self._opened()
        elif isinstance(exchange, Join):
            self._joined(exchange, refused=_REFUSED in return_codes)
        elif exchange.errors:
            # Nothing but the error tells whether the broker has refused it.
            self._reject(exchange, AmbiguousReply(exchange.operation) if exchange.doubtful else exchange.errors[0])
        elif isinstance(exchange, Request):
            self._answer(exchange)
        elif isinstance(exchange, Leave):
            self._left(exchange)
        else:
            exchange.waiter.resolve(None)
        # An identifier is free.
        self._send_waiting()
        self._settle()

    def _joined(self, join: Join, *, refused: bool) -> None:
        # Nobody else can send a SUBACK, so its return code tells, and an error only why.
        if not refused:
            self._subscribers.grant(join.prepared)
            join.receiver.granted(join.waiter)
            return
        error = AmbiguousReply(join.operation) if len(join.errors) > 1 and join.doubtful else join.errors[0]
        self._give_up(join)
        join.receiver.end(error)
        self._reject(join, error)

    def _left(self, leave: Leave) -> None:
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

    def _rejoined(self, rejoin: Rejoin, return_codes: tuple[int, ...]) -> None:
        """Tell the subscriptions. Those that the broker refuses now end; each has its error, in their order."""
        doubtful = len(rejoin.errors) > return_codes.count(_REFUSED)
        errors = repeat(AmbiguousReply(rejoin.operation)) if doubtful else iter(rejoin.errors)
        for prepared, return_code in zip(rejoin.subscriptions, return_codes, strict=False):
            error = next(errors) if return_code == _REFUSED else None
            for receiver in self._subscribers.of(prepared.channel):
                if error is None:
                    receiver.restored()
                else:
                    self._subscribers.drop(prepared.channel, receiver)
                    receiver.end(error)

    def _give_up(self, join: Join) -> None:
        """Take out who was refused. Those who shared the channel may have left to him what the broker had granted."""
        channel = join.prepared.channel
        granted = self._subscribers.has_granted(channel)
        wire_topic = self._subscribers.drop(channel, join.receiver)
        if not granted:
            self._forget_exposure(channel)
        elif wire_topic is not None:
            packet_id = self._begin(Leave(join.operation, Nobody(), channel=channel, receivers=()))
            self._send(Unsubscribe(wire_topic, packet_id))

    def _answer(self, exchange: Request) -> None:
        try:
            response = self._replies.response_to(exchange)
        except EmitterError as error:
            self._reject(exchange, error)
            return
        self._lasting.note(exchange.definition, exchange.record)
        exchange.waiter.resolve(response)

    def _reject(self, exchange: Exchange, error: EmitterError) -> None:
        if not exchange.waiter.reject(error):
            self._report(error)
