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
from typing import TypeVar

from emitter_typed.errors import AmbiguousReply, Closed, ConnectionLost, EmitterError
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
from emitter_typed.protocol.feeds.fetches import Fetch, Fetches
from emitter_typed.protocol.lasting import Again, Lasting
from emitter_typed.protocol.memberships import REFUSED, Memberships
from emitter_typed.protocol.operations import Prepared, check_size
from emitter_typed.protocol.outbox import Outbox
from emitter_typed.protocol.packets import (
    Connack,
    Delivery,
    Inbound,
    Outbound,
    Puback,
    Publish,
    Suback,
    Unsuback,
)
from emitter_typed.protocol.payloads import codec
from emitter_typed.protocol.replies import Replies
from emitter_typed.protocol.standing import Standing
from emitter_typed.protocol.subscribers import Receiver, Subscribers
from emitter_typed.protocol.tally import Tally
from emitter_typed.protocol.topics import Matcher
from emitter_typed.protocol.waiter import Nobody, Waiter
from emitter_typed.protocol.watches import Beginning, Watches, ending
from emitter_typed.values import Record

ResponseT = TypeVar("ResponseT")


class Session:
    """The state of a client from its first CONNECT until it is closed, or gives up."""

    def __init__(
        self,
        protocol: ProtocolDefinition,
        *,
        matcher: Matcher,
        outbox: Outbox,
        tally: Tally,
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
            tally: Counts the connections and the messages in and out.
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
        self._tally = tally
        self._lasting = Lasting()
        self._exchanges = Exchanges()
        self._emit = emit
        self._watches = Watches()
        self._exposure = Exposure(protocol.envelope.reserved)
        self._replies = Replies(protocol, self._exchanges, self._exposure, report=report, emit=self._tell)
        self._subscribers = Subscribers(matcher, protocol.envelope.reserved)
        self._memberships = Memberships(
            protocol.envelope, self._subscribers, self._exposure, self._exchanges, begin=self._begin, send=send
        )
        self._connecting: Waiter[None] | None = None
        self._draining: list[Waiter[None]] = []
        self._standing = Standing()
        self.fetches: Fetches = Fetches(lambda fetch: self.ask(fetch.definition, fetch.request, fetch), tally)
        """The pages that subscriptions ask for."""

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
        exchange = Request(definition.name, waiter, topic=topic, definition=definition, record=request)
        exchange.watching = self._watches.of(definition, request) if definition.lasting is not None else ()
        exchange.on_reply = waiter.replied if isinstance(waiter, Fetch) else None
        packet_id = self._begin(exchange)
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
            self._standing.check_not_over(operation)
            publication = Publication(operation, waiter, prepared=prepared, payload=payload)
            # Messages keep their order: none overtakes one that waits.
            if self.connected and not self._outbox and not self._exchanges.full:
                self._send_publication(publication)
            else:
                self._outbox.add(publication)
            return
        self._standing.check_open(operation)
        if prepared.silent:
            self._subscribers.publish_silently(prepared.channel, payload)
        self._send(Publish(prepared.topic, payload, 0, prepared.retain, 0))
        self._tally.messages_out_qos0 += 1
        self._tally.bytes_out += len(payload)
        waiter.resolve(None)

    def withdraw(self, waiter: Waiter[None]) -> bool:
        """Take back a message that still waits for its first connection, and tell whether it did."""
        return self._outbox.withdraw(waiter)

    def subscribe(
        self, operation: str, prepared: Prepared, receiver: Receiver, waiter: Waiter[None], *, allow_reserved: bool
    ) -> None:
        """Subscribe; the receiver gets messages from now on, and the waiter when the broker grants it.

        Stored messages come before the SUBACK, so the receiver is in place before the packet leaves. Raises Closed,
        Congested, or InvalidArgument: for a channel that no message can match, for one where replies arrive, unless
        that is allowed, and for a share group beside whatever would get the same copy of a message.
        """
        self._memberships.subscribe(operation, prepared, receiver, waiter, allow_reserved=allow_reserved)

    def shares(self, channel: str) -> bool:
        """Tell whether others of this client may receive what the broker sends to a new subscriber of a channel."""
        return self._subscribers.share(channel)

    def watch(
        self, definition: RequestDefinition[object], request: Record, receiver: Receiver, waiter: Waiter[None]
    ) -> None:
        """Send a request that begins events, which the receiver gets from now on. Raises what `request` raises."""
        self._watches.add(definition, request, receiver)
        try:
            self.ask(definition, request, Beginning(self._watches, definition, request, receiver, waiter))
        except EmitterError:
            self._watches.drop(definition, request, receiver)
            raise

    def leave_watch(self, definition: RequestDefinition[object], request: Record, receiver: Receiver) -> None:
        """Give a receiver no more events; the broker is told if nobody else needs what has begun."""
        if self._watches.drop(definition, request, receiver):
            self._end_unwatched(definition, request)

    def unsubscribe(self, operation: str, prepared: Prepared, waiter: Waiter[None]) -> None:
        """End all subscriptions to a channel; the waiter gets None when the broker has. Raises Closed, Congested."""
        self._memberships.unsubscribe(operation, prepared, waiter)

    def leave(self, operation: str, channel: str, receiver: Receiver, waiter: Waiter[None]) -> None:
        """End one subscription; the wire's goes with the last of a channel, or went with the connection."""
        self._memberships.leave(operation, channel, receiver, waiter, connected=self.connected)

    def drain(self, waiter: Waiter[None]) -> None:
        """End all subscriptions; the waiter gets None when no message is unacknowledged, or ConnectionLost."""
        for channel, receiver in self._subscribers.all():
            receiver.end(None)
            self.leave("subscribe", channel, receiver, Nobody())
        self._watches.end_all(None)
        self._draining.append(waiter)
        self._settle()

    # What comes in

    def received(self, packets: Iterable[Inbound]) -> None:
        """Take in a batch of packets, in the order in which they arrived."""
        for packet in packets:
            match packet:
                case Delivery(topic, payload):
                    if topic.startswith(self._envelope.reserved):
                        claimed = not is_genuine(topic) and self._subscribers.offer_reserved(topic, payload)
                        self._replies.take(topic, payload, claimed=claimed)
                        continue
                    # First, so that who has a message finds it counted.
                    self._tally.messages_in += 1
                    self._tally.bytes_in += len(payload)
                    if not self._subscribers.offer(topic, payload):
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
        self._standing.lost(error)
        self._memberships.lost()
        # Before the exchanges end, so that nobody asks again, and again, when his does.
        self._subscribers.lost()
        self._watches.lost()
        publications: list[Publication] = []
        for exchange in self._exchanges.end_all():
            if exchange.errors and not exchange.doubtful:
                self._reject(exchange, exchange.errors[0])
            elif isinstance(exchange, Publication):
                publications.append(exchange)
            elif isinstance(exchange, Leave):
                self._memberships.left(exchange)
            else:
                self._reject(exchange, ConnectionLost(error.message, operation=exchange.operation, reconnecting=True))
        self._outbox.put_back(publications)

    def ended(self, error: EmitterError | None) -> None:
        """Learn that there will be no connection any more: every exchange and every subscription ends.

        May be called again.

        Args:
            error: Why; None if this side has closed it, which ends subscriptions in peace.
        """
        if self._standing.over:
            return
        self._standing.ended(error)
        if self._connecting is not None:
            self._connecting.reject(error or Closed("the client was closed while it connected"))
        self._subscribers.lost()
        self._watches.lost()
        reason = error.message if error is not None else "this client has closed it"
        for exchange in (*self._exchanges.end_all(), *self._outbox.take_all()):
            self._reject(exchange, ConnectionLost(reason, operation=exchange.operation))
        for waiter in self._draining:
            waiter.reject(ConnectionLost(reason, operation="drain"))
        self._subscribers.end_all(error)
        self._watches.end_all(error)

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted a connection, and it has not ended."""
        return self._standing.connected

    @property
    def offline(self) -> str | None:
        """Why there is no connection at the moment; None if there is one, or none follows."""
        return self._standing.offline

    @property
    def unacknowledged(self) -> int:
        """How many messages of QoS 1 wait for their acknowledgement, or for a connection."""
        return len(self._outbox) + sum(1 for _ in self._exchanges.publications)

    # Inside

    def _tell(self, event: EventDefinition[object], payload: object) -> None:
        self._watches.offer(event, payload)
        self._emit(event, payload)

    def _settle(self) -> None:
        if self._draining and not self._outbox and not any(self._exchanges.publications):
            while self._draining:
                self._draining.pop().resolve(None)

    def _accepted(self) -> None:
        self._standing.accepted()
        self._tally.accepted += 1
        for definition, request in self._lasting:
            self.ask(definition, request, Again(self._lasting, self._watches, definition, request))
        self._memberships.rejoin()
        self._send_waiting()
        if self._connecting is not None:
            self._connecting.resolve(None)
        if not self._memberships.rejoining:
            self._opened()

    def _send_waiting(self) -> None:
        """Send the messages that wait, as far as there are identifiers for them."""
        while self.connected and self._outbox and not self._exchanges.full:
            self._send_publication(self._outbox.take())

    def _send_publication(self, publication: Publication) -> None:
        if not publication.sent:
            self._tally.messages_out_qos1 += 1
            self._tally.bytes_out += len(publication.payload)
        publication.begin()
        prepared, packet_id = publication.prepared, self._begin(publication)
        if prepared.silent:
            self._subscribers.publish_silently(prepared.channel, publication.payload)
        self._send(Publish(prepared.topic, publication.payload, 1, prepared.retain, packet_id))

    def _begin(self, exchange: Exchange) -> int:
        self._standing.check_open(exchange.operation)
        return self._exchanges.begin(exchange)

    def _acknowledged(self, packet_id: int, return_codes: tuple[int, ...] = ()) -> None:
        exchange = self._exchanges.end(packet_id)
        if exchange is None:
            return
        # Each refused filter has an error of its own.
        for _ in range(return_codes.count(REFUSED) - len(exchange.errors)):
            exchange.errors.append(exchange.refusal(REFUSED))
        if isinstance(exchange, Rejoin):
            self._memberships.rejoined(exchange, return_codes)
            if not self._memberships.rejoining:
                self._opened()
        elif isinstance(exchange, Join) and REFUSED not in return_codes:
            # Nobody else can send a SUBACK, so its return code tells, and an error only why.
            self._memberships.joined(exchange)
        elif exchange.errors:
            # Of others nothing but the error tells whether the broker has refused it.
            doubtful = exchange.doubtful and (len(exchange.errors) > 1 or not isinstance(exchange, Join))
            error = AmbiguousReply(exchange.operation) if doubtful else exchange.errors[0]
            if isinstance(exchange, Join):
                self._memberships.refused(exchange, error)
            self._reject(exchange, error)
        elif isinstance(exchange, Request):
            self._answer(exchange)
        elif isinstance(exchange, Leave):
            self._memberships.left(exchange)
        else:
            exchange.waiter.resolve(None)
        # An identifier is free.
        self._send_waiting()
        self._settle()

    def _answer(self, exchange: Request) -> None:
        try:
            response = self._replies.response_to(exchange)
        except EmitterError as error:
            self._reject(exchange, error)
            return
        definition, request = exchange.definition, exchange.record
        for_watches = isinstance(exchange.waiter, Again | Beginning)
        if self._lasting.note(definition, request, called_for=not for_watches):
            self._watches.end(definition, request, exchange.watching)
        exchange.waiter.resolve(response)
        if for_watches and not self._watches.of(definition, request):
            # Who watched has left before it began.
            self._end_unwatched(definition, request)

    def _end_unwatched(self, definition: RequestDefinition[object], request: Record) -> None:
        if self._lasting.release(definition, request) and self.connected:
            self.ask(definition, ending(definition, request), Nobody())

    def _reject(self, exchange: Exchange, error: EmitterError) -> None:
        if not exchange.waiter.reject(error):
            self._report(error)
