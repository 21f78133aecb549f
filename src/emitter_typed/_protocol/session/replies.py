"""What arrives where the broker answers: replies, errors and events, told from each other and from forgeries."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from emitter_typed._protocol.definition import EventDefinition, ProtocolDefinition
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.session.fetches import Fetch
from emitter_typed._protocol.session.inflight import InflightCall, InflightCalls, Request
from emitter_typed._protocol.session.spoofing import SpoofGuard, is_from_broker
from emitter_typed.errors import AmbiguousReply, BrokerError, EmitterError, ReplyMissing, Undecodable


class Replies:
    """Gives each reply and error to the call that it names, and hands out events."""

    def __init__(
        self,
        protocol: ProtocolDefinition,
        inflight: InflightCalls,
        spoof_guard: SpoofGuard,
        *,
        report: Callable[[EmitterError], None],
        emit: Callable[[EventDefinition[object], object], None],
    ) -> None:
        """Take what the schema says, the calls under way, who else may speak, and who takes errors and events."""
        self._protocol = protocol
        self._envelope = protocol.envelope
        self._inflight = inflight
        self._spoof_guard = spoof_guard
        self._report = report
        self._emit = emit
        self._events_by_topic = {event.topic: event for event in protocol.events.values() if event.topic}

    def take(self, topic: str, payload: bytes, *, claimed: bool) -> None:
        """Take in what arrived: a reply, an error, an event, or somebody's message.

        Args:
            topic: Where it arrived.
            payload: What arrived.
            claimed: Whether a subscriber there has it as a message.
        """
        try:
            self._take(topic, payload, codec.parse(payload, channel=topic))
        except EmitterError as error:
            # Without a subscriber it is the broker's, and nobody would learn of it.
            if not claimed:
                self._report(error)

    def response_to(self, call: Request) -> object:
        """Return the response to a request that is acknowledged.

        Raises:
            AmbiguousReply: Replies differ, or none came where only the broker could have sent it.
            ReplyMissing: There is none.
            BrokerError: The broker refuses it; the class says why.
            Undecodable: It is not what the schema says.
        """
        definition, replies = call.definition, call.replies
        if len(replies) > 1 or (call.doubtful and not replies):
            raise AmbiguousReply(definition.name)
        if not replies:
            raise ReplyMissing(definition.name)
        [fields] = replies.values()
        status = fields.get(self._envelope.status)
        if isinstance(status, int) and status >= 400:
            raise self._broker_error(fields, call, definition.topic, b"")
        response: object = codec.structure(fields, definition.response, channel=definition.topic)
        if definition.event is not None:
            event = self._protocol.events[definition.event]
            if event.payload is definition.response:
                self._emit(event, response)
            else:
                self._emit_reply(event, fields, definition.topic)
        return response

    def _take(self, topic: str, payload: bytes, document: object) -> None:
        if not isinstance(document, dict):
            raise Undecodable("expected an object", channel=topic, raw=payload)
        fields = cast("dict[str, object]", document)
        packet_id = fields.get(self._envelope.correlation)
        if packet_id is None:
            if topic == self._envelope.errors:
                # Nothing but a message of QoS 0 has no packet identifier.
                raise self._broker_error(fields, None, topic, payload)
            event = self._events_by_topic.get(topic)
            if event is None:
                raise Undecodable("no request matches it", channel=topic, raw=payload)
            self._emit(event, codec.structure(fields, event.payload, channel=topic, raw=payload))
            return
        call = self._inflight.get(packet_id)
        if isinstance(call, Request) and topic in (call.topic, call.definition.topic):
            self._answer(call, topic, payload, fields)
        elif call is not None and topic == self._envelope.errors:
            error = self._broker_error(fields, call, topic, payload)
            if isinstance(call, Request):
                self._answer(call, topic, payload, fields)
            else:
                call.errors += (error,)
                call.doubtful |= self._spoof_guard.is_exposed(topic)
        else:
            raise Undecodable("no request matches it", channel=topic, raw=payload)

    def _answer(self, request: Request, topic: str, payload: bytes, fields: dict[str, object]) -> None:
        if is_from_broker(request.topic) and topic != request.topic:
            request.doubtful = True
        else:
            if isinstance(request.call_result, Fetch) and not request.replies:
                request.call_result.page_arrived()
            request.replies.setdefault(payload, fields)

    def _broker_error(
        self, fields: dict[str, object], call: InflightCall | None, topic: str, payload: bytes
    ) -> BrokerError:
        status, message = fields.get(self._envelope.status), fields.get(self._envelope.message)
        if not isinstance(status, int) or not isinstance(message, str):
            raise Undecodable("an error without status or message", channel=topic, raw=payload)
        made = self._protocol.errors.get(status, BrokerError)
        if call is None:
            return made(status, message, "publish", traced=False)
        return call.refusal(status, message, made)

    def _emit_reply(self, event: EventDefinition[object], fields: dict[str, object], topic: str) -> None:
        if not codec.is_member(event.payload, fields):
            return
        try:
            self._emit(event, codec.structure(fields, event.payload, channel=topic))
        except Undecodable as problem:
            self._report(problem)
