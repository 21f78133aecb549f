"""A client's conversation with the broker, over all its connections: packets in and out, and who waits for which.

The session does no I/O, knows no clock and no thread. A driver gives it calls and packets, one at a time, and
functions that send packets, report errors that no call owns, and hand out events.

Every call that needs an answer has a packet identifier, which is registered before its packet leaves and stays in
use until the broker acknowledges it or the connection ends. The broker sends an error or a reply before the
acknowledgement (docs: Emitter protocol, correlation), so a call ends when it is acknowledged, and not earlier.

The broker keeps nothing of a connection that was lost (docs: Emitter protocol, transport). So the next one begins with
what is to last: links and watches, then subscriptions, then the messages that were not acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, TypeVar

from emitter_typed._frames import without_frames
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.definition import EventDefinition, ProtocolDefinition, RequestDefinition
from emitter_typed._protocol.operations import Prepared, Written, check_size, write
from emitter_typed._protocol.packets import (
    Delivery,
    InboundPacket,
    OutboundPacket,
    Puback,
    Publish,
    Suback,
    Unsuback,
    new_packet,
)
from emitter_typed._protocol.session.fetches import Fetches
from emitter_typed._protocol.session.inflight import (
    CallResult,
    IgnoreResult,
    InflightCall,
    InflightCalls,
    MessageSink,
    Publication,
    Request,
    Resubscribing,
    Subscribing,
    Unsubscribing,
)
from emitter_typed._protocol.session.local_subscriptions import LocalSubscriptions
from emitter_typed._protocol.session.outbox import Outbox
from emitter_typed._protocol.session.replies import Replies
from emitter_typed._protocol.session.restore import RestorableRequests, RestoredRequest
from emitter_typed._protocol.session.spoofing import SpoofGuard, is_from_broker
from emitter_typed._protocol.session.watches import Watches, WatchResult
from emitter_typed._protocol.session.wire_subscriptions import REFUSED, WireSubscriptions, count_refused
from emitter_typed._protocol.topics import SHARE, Matcher
from emitter_typed._types.values import Record
from emitter_typed.errors import AmbiguousReply, Closed, Congested, ConnectionLost, EmitterError

ResponseT = TypeVar("ResponseT")


_BY_PUBACK: Final = (Publication, Request)
_BY_SUBACK: Final = (Subscribing, Resubscribing)


class Session:
    """The state of a client from its first CONNECT until it is closed, or gives up."""

    def __init__(
        self,
        protocol: ProtocolDefinition,
        *,
        matcher: Matcher,
        outbox: Outbox,
        counters: ClientCounters,
        send: Callable[[OutboundPacket], None],
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
            counters: Counts the connections and the messages in and out.
            send: Sends a packet; must not block, nor call the session.
            report: Takes an error that no call owns.
            emit: Takes an event of the broker.
            unclaimed: Takes a message that no subscription claims, such as one of a link that subscribes.
            opened: Learns that the broker has accepted a connection, and subscriptions are there again.
        """
        self._envelope = protocol.envelope
        # A topic and a payload of so many bytes certainly fit a packet.
        self._max_small_bytes = protocol.envelope.max_packet_bytes - 4
        self._send = send
        self._report = report
        self._unclaimed = unclaimed
        self._opened = opened
        self.outbox: Outbox = outbox
        """The messages of QoS 1 that wait for a connection."""
        self._counters = counters
        self._restorable = RestorableRequests()
        self._inflight = InflightCalls()
        self._emit = emit
        self._watches = Watches()
        self._spoof_guard = SpoofGuard(protocol.envelope.reserved)
        self._replies = Replies(protocol, self._inflight, self._spoof_guard, report=report, emit=self._tell)
        self._local = LocalSubscriptions(matcher, protocol.envelope.reserved)
        self.subscriptions: WireSubscriptions = WireSubscriptions(
            protocol.envelope,
            self._local,
            self._spoof_guard,
            self._inflight,
            begin=self._begin,
            send=send,
            is_connected=lambda: self.connected,
        )
        """The subscriptions of this client: call it to subscribe, to unsubscribe and to end one."""
        self._connecting: CallResult[None] | None = None
        self._draining: list[CallResult[None]] = []
        self.connected: bool = False
        """Whether the broker has accepted a connection, and it has not ended."""
        self._over = False
        self._ended = False
        # Why there is no connection; None: there was none yet, or this side has closed it.
        self._error: EmitterError | None = None
        self.fetches: Fetches = Fetches(lambda fetch: self.ask(fetch.definition, fetch.request, fetch), counters)
        """The pages that subscriptions ask for."""

    def connecting(self, call_result: CallResult[None]) -> None:
        """Let somebody wait for the first CONNACK."""
        self._connecting = call_result

    # Calls

    def request(
        self,
        definition: RequestDefinition[ResponseT],
        written: Written,
        call_result: CallResult[ResponseT],
    ) -> None:
        """Send a request; `call_result` gets its response. It is never sent twice.

        Raises Closed, ConnectionLost, Congested, or InvalidArgument if it is too large for a packet. Nothing was sent
        then.
        """
        topic = self._spoof_guard.reply_topic(definition, written.record)
        payload = written.payload
        if len(topic) + len(payload) > self._max_small_bytes:
            check_size(len(topic), definition.topic, len(payload), self._envelope.max_packet_bytes, qos=1)
        call = Request(definition.name, call_result, topic=topic, definition=definition, record=written.record)
        call.watching = self._watches.of(definition, written.record) if definition.lasting is not None else ()
        packet_id = self._begin(call)
        self._send(new_packet(Publish, (topic, payload, 1, False, packet_id)))

    def ask(
        self, definition: RequestDefinition[ResponseT], request: Record, call_result: CallResult[ResponseT]
    ) -> None:
        """Send a request of the library's own. Raises what `request` raises."""
        self.request(definition, write(request), call_result)

    def publish(self, operation: str, prepared: Prepared, payload: bytes, call_result: CallResult[None]) -> None:
        """Publish at QoS 1; `call_result` gets None at the acknowledgement.

        A message that finds no connection waits for one, and one that is not acknowledged when its connection is lost
        is sent again on the next.

        Raises Closed, Congested, or InvalidArgument if it is too large for a packet. Nothing was sent then.
        """
        if len(prepared.topic) + len(payload) > self._max_small_bytes:
            self._check_size(prepared, payload)
        if self._over:
            self._check_not_over(operation)
        publication = Publication(operation, call_result, prepared=prepared, payload=payload)
        # Messages keep their order: none overtakes one that waits.
        if self.connected and not self.outbox.waiting and not self._inflight.full:
            try:
                self._send_publication(publication)
            except BaseException:
                # A signal handler has raised. Nobody may ever acknowledge what was maybe not sent, nor wait for that.
                self._inflight.forget(publication)
                raise
        else:
            self.outbox.add(publication)

    def publish_once(self, operation: str, prepared: Prepared, payload: bytes) -> None:
        """Publish at QoS 0. Raises Closed, ConnectionLost, or InvalidArgument if it is too large for a packet."""
        if len(prepared.topic) + len(payload) > self._max_small_bytes:
            self._check_size(prepared, payload)
        if not self.connected:
            self._check_open(operation)
        if prepared.no_echo:
            self._local.published_without_echo(prepared.channel, payload)
        self._send(new_packet(Publish, (prepared.topic, payload, 0, prepared.retain, 0)))
        counters = self._counters
        counters.messages_out_qos0 += 1
        counters.bytes_out += len(payload)

    def watch(
        self, definition: RequestDefinition[object], request: Record, sink: MessageSink, call_result: CallResult[None]
    ) -> None:
        """Send a request that begins events, which the sink gets from now on. Raises what `request` raises."""
        self._watches.add(definition, request, sink)
        try:
            self.ask(definition, request, WatchResult(self._watches, definition, request, sink, call_result))
        except EmitterError:
            self._watches.drop(definition, request, sink)
            raise

    def leave_watch(self, definition: RequestDefinition[object], request: Record, sink: MessageSink) -> None:
        """Give a sink no more events; the broker is told if nobody else needs what has begun."""
        if self._watches.drop(definition, request, sink):
            self._end_unwatched(definition, request)

    def drain(self, call_result: CallResult[None]) -> None:
        """End all subscriptions; `call_result` gets None when no message is unacknowledged, or ConnectionLost."""
        for channel, sink in self._local.all():
            sink.end(None)
            self.subscriptions.leave("subscribe", channel, sink, IgnoreResult())
        self._watches.end_all(None)
        self._draining.append(call_result)
        self._settle()

    # What comes in

    def received(self, packets: Iterable[InboundPacket]) -> None:
        """Take in a batch of packets, in the order in which they arrived.

        Raises ConnectionLost if the broker breaks the rules of MQTT: nobody can tell what its packets mean, and the
        connection has to end.
        """
        receivers = self._local.receivers
        # Each gets all that comes for it between two other packets at once: to hand a message over takes longer than
        # all else that is done here for it.
        mail: dict[MessageSink, list[tuple[str, bytes]]] = {}
        for packet in packets:
            if isinstance(packet, Delivery):
                sinks = receivers.get(packet[0])
                if sinks is None:
                    sinks = self._local.find_receivers(packet[0])
                for sink in sinks:
                    if sink in mail:
                        mail[sink].append(packet)
                    else:
                        mail[sink] = [packet]
                if sinks:
                    # First, so that who has a message finds it counted.
                    self._counters.messages_in += 1
                    self._counters.bytes_in += len(packet[1])
                    continue
            if mail:
                self._hand_out(mail)
            # Not `match`, which takes longer: the first two come in numbers.
            if isinstance(packet, Puback):
                self._acknowledged(packet.packet_id, "PUBACK", _BY_PUBACK)
            elif isinstance(packet, Delivery):
                self._received_other(packet.topic, packet.payload)
            elif isinstance(packet, Unsuback):
                self._acknowledged(packet.packet_id, "UNSUBACK", (Unsubscribing,))
            elif isinstance(packet, Suback):
                self._acknowledged(packet.packet_id, "SUBACK", _BY_SUBACK, packet.return_codes)
            else:
                self._accepted()
        if mail:
            self._hand_out(mail)

    @staticmethod
    def _hand_out(mail: dict[MessageSink, list[tuple[str, bytes]]]) -> None:
        for sink, arrivals in mail.items():
            sink.offer(arrivals)
        mail.clear()

    def _received_other(self, topic: str, payload: bytes) -> None:
        """Take in a message that may be the broker's own, or that no subscription receives by its topic."""
        if topic.startswith(self._envelope.reserved):
            claimed = not is_from_broker(topic) and self._local.offer_reserved(topic, payload)
            self._replies.take(topic, payload, claimed=claimed)
            return
        self._counters.messages_in += 1
        self._counters.bytes_in += len(payload)
        if not topic.startswith(SHARE) or not self._local.offer(topic, payload):
            self._unclaimed(topic, payload)

    def lost(self, error: EmitterError) -> None:
        """Learn that the connection is over and another one is to follow.

        Requests and subscribes that are under way end with ConnectionLost; messages of QoS 1 wait for the next
        connection, and so do subscriptions.
        """
        self.connected = False
        self._error = error
        self.subscriptions.lost()
        # Before the calls end, so that nobody asks again, and again, when his does.
        self._local.lost()
        self._watches.lost()
        publications: list[Publication] = []
        for call in self._inflight.end_all():
            if call.errors and not call.doubtful:
                self._reject(call, call.errors[0])
            elif isinstance(call, Publication):
                publications.append(call)
            elif isinstance(call, Unsubscribing):
                self.subscriptions.unsubscribed(call)
            else:
                self._reject(call, ConnectionLost(error.message, operation=call.operation, reconnecting=True))
        self.outbox.put_back(publications)

    def ended(self, error: EmitterError | None) -> None:
        """Learn that there will be no connection any more: every call and every subscription ends.

        May be called again.

        Args:
            error: Why; None if this side has closed it, which ends subscriptions in peace.
        """
        if self._ended:
            return
        self.connected = False
        self._over = True
        self._error = error
        if self._connecting is not None:
            self._connecting.reject(error or Closed("the client was closed while it connected"))
        self._local.lost()
        self._watches.lost()
        reason = error.message if error is not None else "this client closed it"
        for call in (*self._inflight.end_all(), *self.outbox.take_all()):
            self._reject(call, ConnectionLost(reason, operation=call.operation))
        for call_result in self._draining:
            call_result.reject(ConnectionLost(reason, operation="drain"))
        self._local.end_all(error)
        self._watches.end_all(error)
        # Only now: one that was interrupted by a signal handler that raises is done again.
        self._ended = True

    @property
    def offline(self) -> str | None:
        """Why there is no connection at the moment; None if there is one, or none follows."""
        return None if self.connected or self._over else self._offline_reason

    @property
    def unacknowledged(self) -> int:
        """How many messages of QoS 1 wait for their acknowledgement, or for a connection."""
        return len(self.outbox) + sum(1 for _ in self._inflight.publications)

    # Inside

    @property
    def _offline_reason(self) -> str:
        return "none has been made yet" if self._error is None else self._error.message

    def _check_size(self, prepared: Prepared, payload: bytes) -> None:
        max_packet_bytes = self._envelope.max_packet_bytes
        check_size(len(prepared.topic), prepared.channel, len(payload), max_packet_bytes, qos=prepared.qos)

    def _check_open(self, operation: str) -> None:
        """Raise Closed or ConnectionLost, which say why, if there is no connection."""
        if not self.connected:
            self._check_not_over(operation)
            raise ConnectionLost(self._offline_reason, operation=operation, reconnecting=True)

    def _check_not_over(self, operation: str) -> None:
        """Raise Closed or ConnectionLost if no connection follows."""
        if self._over and isinstance(self._error, ConnectionLost):
            raise ConnectionLost(self._error.message, operation=operation)
        if self._over:
            raise Closed(f"{operation} needs a connection", "call connect(), or use the client in a with statement")

    def _tell(self, event: EventDefinition[object], payload: object) -> None:
        self._watches.offer(event, payload)
        self._emit(event, payload)

    def _settle(self) -> None:
        if self._draining and not self.outbox and not any(self._inflight.publications):
            while self._draining:
                self._draining.pop().resolve(None)

    def _accepted(self) -> None:
        if self.connected:
            raise ConnectionLost("the broker sent a second CONNACK")
        self.connected = True
        self._counters.accepted += 1
        for definition, request in self._restorable:
            self._restore(definition, request)
        self.subscriptions.restore()
        self._send_waiting()
        if self._connecting is not None:
            self._connecting.resolve(None)
        if not self.subscriptions.restoring:
            self._opened()

    def _restore(self, definition: RequestDefinition[object], request: Record) -> None:
        restored = RestoredRequest(self._restorable, self._watches, definition, request, self._restore)
        self.ask(definition, request, restored)

    def _send_waiting(self) -> None:
        """Send the messages that wait, as far as there are identifiers for them."""
        while self.connected and self.outbox and not self._inflight.full:
            self._send_publication(self.outbox.take())

    def _send_publication(self, publication: Publication) -> None:
        packet_id = self._inflight.begin(publication)
        payload = publication.payload
        if publication.sent:
            publication.begin_again()
        else:
            publication.sent = True
            self._counters.messages_out_qos1 += 1
            self._counters.bytes_out += len(payload)
        prepared = publication.prepared
        if prepared.no_echo:
            self._local.published_without_echo(prepared.channel, payload)
        self._send(new_packet(Publish, (prepared.topic, payload, 1, prepared.retain, packet_id)))

    def _begin(self, call: InflightCall) -> int:
        self._check_open(call.operation)
        return self._inflight.begin(call)

    def _acknowledged(
        self, packet_id: int, packet: str, acknowledges: tuple[type, ...], return_codes: tuple[int, ...] = ()
    ) -> None:
        call = self._inflight.get(packet_id)
        if call is None:
            return
        if not isinstance(call, acknowledges):
            raise ConnectionLost(f"the broker answered a {call.operation} with a {packet}")
        refused = self._count_refused(call, return_codes) if acknowledges is _BY_SUBACK else 0
        self._inflight.end(packet_id)
        errors = call.errors
        if isinstance(call, Publication) and not errors:
            call.call_result.resolve(None)
        elif isinstance(call, Resubscribing):
            self.subscriptions.resubscribed(call, return_codes)
            if not self.subscriptions.restoring:
                self._opened()
        elif isinstance(call, Subscribing) and not refused:
            # Nobody else can send a SUBACK, so its return code tells, and an error only why.
            self.subscriptions.subscribed(call)
        elif errors:
            # Of others nothing but the error tells whether the broker has refused it.
            error: EmitterError = errors[0]
            if call.doubtful and (len(errors) > 1 or not isinstance(call, Subscribing)):
                error = AmbiguousReply(call.operation)
            if isinstance(call, Subscribing):
                self.subscriptions.refused(call, error)
            self._reject(call, error)
        elif isinstance(call, Request):
            self._answer(call)
        elif isinstance(call, Unsubscribing):
            self.subscriptions.unsubscribed(call)
        # An identifier is free.
        if self.outbox.waiting:
            self._send_waiting()
        if self._draining:
            self._settle()

    @staticmethod
    def _count_refused(call: InflightCall, return_codes: tuple[int, ...]) -> int:
        """Return how many filters of a SUBSCRIBE are refused. Raises ConnectionLost."""
        filters = len(call.subscriptions) if isinstance(call, Resubscribing) else 1
        if len(return_codes) != filters:
            raise ConnectionLost(f"the broker answered {filters} filters with {len(return_codes)} return codes")
        refused = count_refused(return_codes)
        # Each refused filter has an error of its own.
        for _ in range(refused - len(call.errors)):
            call.errors += (call.refusal(REFUSED),)
        return refused

    def _answer(self, call: Request) -> None:
        try:
            response = self._replies.response_to(call)
        except EmitterError as error:
            self._reject(call, without_frames(error))
            return
        definition, request = call.definition, call.record
        if definition.lasting is None:
            call.call_result.resolve(response)
            return
        for_watches = isinstance(call.call_result, RestoredRequest | WatchResult)
        if self._restorable.note(definition, request, called_for=not for_watches):
            self._watches.end(definition, request, call.watching)
        call.call_result.resolve(response)
        if for_watches and not self._watches.of(definition, request):
            # Who watched has left before it began.
            self._end_unwatched(definition, request)

    def _end_unwatched(self, definition: RequestDefinition[object], request: Record) -> None:
        if self._restorable.release(definition, request) and self.connected:
            assert definition.lasting is not None, "only what lasts is released"
            # Without a free identifier the broker goes on telling, and nobody listens.
            with suppress(Congested):
                self.ask(definition, definition.lasting.ending(request), IgnoreResult())

    def _reject(self, call: InflightCall, error: EmitterError) -> None:
        if not call.call_result.reject(error):
            self._report(error)
