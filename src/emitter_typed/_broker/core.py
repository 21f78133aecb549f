"""The embedded broker without input and output: bytes of connections in, bytes for connections out.

Every packet is handled to its end before the next one, and what it causes is queued in order on each
connection. So a reply precedes its PUBACK, and stored messages precede the SUBACK.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence

from emitter_typed._broker import wire
from emitter_typed._broker.connection import Connection
from emitter_typed._broker.journal import Journal, Published
from emitter_typed._broker.keys import KeyRing, Permission
from emitter_typed._broker.limits import Budget, Limits
from emitter_typed._broker.presence import Presence
from emitter_typed._broker.refusals import Refusal, Refused
from emitter_typed._broker.requests import Requests, authorize, read_topic
from emitter_typed._broker.storage import Storage, StoredMessage, Window, merged
from emitter_typed._broker.switches import Switches
from emitter_typed._protocol.topics import Matcher

_log = logging.getLogger("emitter_typed.broker")

_REQUESTS = "emitter"
_ERRORS = "emitter/error/"
_RETAINED_TTL_S = 30 * 24 * 3600
# Emitter counts a time to live in 32 bits, and what is longer begins at 0 again.
_TTL_WRAPS_S = 2**32
_SUBSCRIPTION_REFUSED = 0x80


class BrokerCore:
    """All connections of one broker, and what they share.

    Whoever owns the sockets calls `open` for a new connection, `receive` for what it says, `close` when it is
    gone, and after each of them sends what `waiting` gives.
    """

    def __init__(
        self,
        *,
        keys: KeyRing,
        matcher: Matcher,
        clock: Callable[[], float],
        limits: Limits | None = None,
        switches: Switches | None = None,
        journal: Journal | None = None,
        storage: Storage | None = None,
        others: Callable[[], Sequence[BrokerCore]] = tuple,
    ) -> None:
        """Make a broker without connections.

        Args:
            keys: Makes and checks its keys.
            matcher: How channels match.
            clock: Gives the Unix time in seconds.
            limits: What it may hold at most.
            switches: The faults that are on.
            journal: Where to write down what is published.
            storage: Where to store messages, with what is in it.
            others: Gives the other nodes of its cluster that run now. Default: it is alone.
        """
        self._keys = keys
        self._others = others
        self._presence = Presence(matcher, clock, lambda: [each._presence for each in others()])
        self._limits = limits or Limits()
        self._switches = switches or Switches()
        self._journal = journal or new_journal(self._limits)
        # An empty one counts as false.
        self._storage = storage if storage is not None else new_storage(self._limits, clock)
        self._requests = Requests(self._keys, self._presence, self._find, clock)
        self._budget = Budget(self._limits.max_total_state_bytes)
        self._waiting: dict[Connection, None] = {}

    def open(self) -> Connection:
        """Return the state of a new connection."""
        budget = Budget(self._limits.max_state_bytes, self._budget)
        return Connection(self._waiting, self._switches, budget, max_unsent_bytes=self._limits.max_unsent_bytes)

    def waiting(self) -> Iterator[Connection]:
        """Yield each connection that has something to be sent, or is to be ended."""
        while self._waiting:
            yield self._waiting.popitem()[0]

    def receive(self, connection: Connection, data: bytes) -> None:
        """Handle the payload on a connection. Malformed packets end that connection and nothing else."""
        cut_at = connection.receivable_bytes
        if cut_at is not None:
            connection.receivable_bytes = max(cut_at - len(data), 0)
            data = data[:cut_at]
        try:
            for packet in connection.decoder.feed(data):
                self._handle(connection, packet)
                connection.answered()
                if connection.closing:
                    return
        except wire.WireError as error:
            _log.info("packet.malformed connection=%s reason=%s", connection.id, error)
            connection.close()
        if connection.receivable_bytes == 0:
            connection.close()

    def close(self, connection: Connection, *, with_will: bool = True) -> None:
        """Forget a connection that is gone: tell the watchers, then send its will, unless the broker dies as well."""
        connection.closing = True
        self._switches.answers.forget(connection)
        self._switches.messages.forget(connection)
        self._presence.forget(connection)
        connection.links.clear()
        connection.budget.give_back(connection.budget.taken_bytes)
        will, connection.will = connection.will, None
        if will is not None and with_will:
            self._send_will(connection, will)
        self._waiting.pop(connection, None)

    def _handle(self, connection: Connection, packet: wire.AnyPacket) -> None:
        # What has no case is the acknowledgement of something that the broker never sends. Nothing waits for
        # CONNECT: Emitter answers a connection that never sent one as any other.
        match packet:
            case wire.Connect():
                self._connect(connection, packet)
            case wire.Publish():
                self._publish(connection, packet)
            case wire.Subscribe():
                self._subscribe(connection, packet)
            case wire.Unsubscribe():
                self._unsubscribe(connection, packet)
            case wire.PingReq():
                if not self._switches.ignoring_pings:
                    connection.queue(wire.PINGRESP)
            case wire.Disconnect():
                connection.close()
            case _:
                pass

    def _connect(self, connection: Connection, packet: wire.Connect) -> None:
        if self._switches.refusing:
            connection.queue(wire.encode_connack(self._switches.return_code or 0))
            connection.close()
            return
        try:
            connection.introduce(packet.username, packet.will)
        except Refused:
            connection.close()
            return
        connection.queue(wire.encode_connack())

    def _publish(self, connection: Connection, packet: wire.Publish) -> None:
        try:
            topic = connection.links.get(packet.topic) or read_topic(packet.topic)
            if not topic.static:
                raise Refused(Refusal.FORBIDDEN)
            if topic.key == _REQUESTS:
                reply = self._requests.answer(connection, topic.channel, packet.payload)
                self._reply(connection, f"{_REQUESTS}/{topic.without_key()}", reply, packet.packet_id)
            else:
                permitted = authorize(self._keys, topic, Permission.WRITE)
                # A time to live of 0 is as good as none: the retain flag decides.
                ttl_s = topic.number("ttl") or (_RETAINED_TTL_S if packet.retain else 0)
                without = connection if topic.number("me") == 0 else None
                self._deliver(connection, topic.channel, packet.payload, permitted, ttl_s, without=without)
        except Refused as refused:
            self._refuse(connection, refused, packet.packet_id)
        # A QoS 2 PUBLISH gets a PUBACK as well.
        if packet.packet_id is not None:
            connection.answer(wire.encode_puback(packet.packet_id))

    def _send_will(self, connection: Connection, will: wire.Will) -> None:
        try:
            topic = read_topic(will.topic)
            if not topic.static:
                return
            permitted = authorize(self._keys, topic, Permission.WRITE)
        except Refused:
            return
        ttl_s = _RETAINED_TTL_S if will.retain else 0
        self._deliver(connection, topic.channel, will.payload, permitted, ttl_s)

    def _deliver(
        self,
        publisher: Connection,
        channel: str,
        payload: bytes,
        permitted: Permission,
        ttl_s: int,
        *,
        without: Connection | None = None,
    ) -> None:
        ttl_s %= _TTL_WRAPS_S
        self._journal.add(Published(channel, payload, ttl_s, publisher.username))
        if Permission.STORE in permitted:
            disorder = self._switches.disorder
            self._storage.store(channel, payload, ttl_s, publisher=publisher.id, disorder=disorder)
        packet = wire.encode_publish(channel, payload)
        if packet is None:
            return
        subscriptions = self._presence.subscriptions
        others = [each._presence.subscriptions for each in self._others()]
        receivers, nodes = subscriptions.route(channel, without=without, others=others)
        for node in nodes:
            receivers += node.receivers(channel)
        for receiver in receivers:
            receiver.deliver(packet)

    def _find(self, filter_channel: str, window: Window, after: bytes | None = None) -> list[StoredMessage]:
        """Look for stored messages on every node."""
        found = self._storage.find(filter_channel, window, after)
        others = self._others()
        if not others:
            return found
        elsewhere = [each._storage.find(filter_channel, window, after) for each in others]
        return merged([found, *elsewhere], window.last)

    def _subscribe(self, connection: Connection, packet: wire.Subscribe) -> None:
        return_codes: list[int] = []
        for topic_filter, qos in packet.filters:
            try:
                self._subscribe_to(connection, topic_filter)
                return_codes.append(qos)
            except Refused as refused:
                self._refuse(connection, refused, packet.packet_id)
                return_codes.append(_SUBSCRIPTION_REFUSED)
        connection.answer(wire.encode_suback(packet.packet_id, return_codes))

    def _subscribe_to(self, connection: Connection, topic_filter: str) -> None:
        # SUBSCRIBE alone mends its filters so. (docs: Emitter protocol, topics)
        topic = read_topic(topic_filter.replace("#", "#/").replace("//", "/"))
        permitted = authorize(self._keys, topic, Permission.READ)
        self._presence.subscribe(connection, topic.channel)
        if Permission.LOAD in permitted:
            for message in self._find(topic.channel, Window.of(topic)):
                stored = wire.encode_publish(message.channel, message.payload)
                if stored is not None:
                    connection.answer(stored)

    def _unsubscribe(self, connection: Connection, packet: wire.Unsubscribe) -> None:
        for topic_filter in packet.topic_filters:
            try:
                topic = read_topic(topic_filter)
                authorize(self._keys, topic, Permission.READ)
                self._presence.unsubscribe(connection, topic.channel)
            except Refused as refused:
                self._refuse(connection, refused, packet.packet_id)
        connection.answer(wire.encode_unsuback(packet.packet_id))

    def _refuse(self, connection: Connection, refused: Refused, packet_identifier: int | None) -> None:
        self._reply(connection, _ERRORS, refused.refusal.as_reply(), packet_identifier)

    def _reply(
        self, connection: Connection, topic: str, body: dict[str, object], packet_identifier: int | None
    ) -> None:
        if packet_identifier:
            body = {"req": packet_identifier, **body}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        packet = wire.encode_publish(topic, text.encode())
        if packet is not None:
            connection.answer(packet)


def new_journal(limits: Limits, whole: Journal | None = None) -> Journal:
    """Return an empty journal within the limits; what it gets, the whole cluster's gets too."""
    return Journal(max_messages=limits.max_published_messages, max_bytes=limits.max_published_bytes, whole=whole)


def new_storage(limits: Limits, clock: Callable[[], float]) -> Storage:
    """Return an empty storage within the limits; the clock gives the Unix time in seconds."""
    return Storage(clock, max_messages=limits.max_stored_messages, max_bytes=limits.max_stored_bytes)
