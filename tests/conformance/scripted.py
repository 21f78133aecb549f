"""Plays the broker's side of a recorded exchange to real clients, one for each connection."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, cast

from emitter_typed import BrokerError, Client, ConnectionLost, EmitterError, InvalidArgument, Subscription, Will
from emitter_typed._protocol.packets import (
    Connack,
    Delivery,
    InboundPacket,
    OutboundPacket,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emitter_typed._protocol.topics import Matcher, split_share
from emitter_typed._transport.base import Endpoint, TransportSink
from emitter_typed._types.values import Json
from tests.conformance.answers import expected_result, shown
from tests.conformance.calls import NoCall, call_for, payload_of
from tests.conformance.replayer import Exchange, Step

LIMIT_S = 20.0
REFUSED = "refused before it is sent, as the broker would"
STRICTER = "refused before it is sent, where the broker is lenient"
_PLACEHOLDER = re.compile(r"<(\w+)(?::(\w+?))?([+-]\d+)?>")
_TIME = 1_700_000_000
_MARK = "?r=1"
_QUIET = "?last=0"


class Peer:
    """The broker's side of one connection: what the client sends is looked at, and what it receives is said."""

    def __init__(self) -> None:
        self.endpoint: Endpoint | None = None
        self.sent: SimpleQueue[OutboundPacket | None] = SimpleQueue()
        self._sink: TransportSink | None = None
        self.started: SimpleQueue[None] = SimpleQueue()

    def __call__(self, endpoint: Endpoint) -> Peer:
        self.endpoint = endpoint
        return self

    def say(self, *packets: InboundPacket) -> None:
        assert self._sink is not None
        self._sink.received(packets)

    def drop(self) -> None:
        assert self._sink is not None
        self._sink.ended(ConnectionLost("the recording says so"))

    # What the Transport protocol promises.

    congested = False

    def start(self, sink: TransportSink) -> None:
        self._sink = sink
        self.started.put(None)

    def send(self, packet: OutboundPacket) -> None:
        self.sent.put(packet)

    def close(self) -> None:
        assert self._sink is not None
        self._sink.ended(None)

    abort = close

    def join(self, timeout_s: float) -> bool:
        return True


class Side:
    """One connection of an exchange: the client, its subscriptions, and what reaches its handlers."""

    def __init__(self, send: dict[str, Json], matcher: Matcher) -> None:
        self.peer = Peer()
        self.events: SimpleQueue[object] = SimpleQueue()
        self.errors: SimpleQueue[EmitterError] = SimpleQueue()
        self.subscriptions: list[Subscription] = []
        self.partial = False
        """Whether the recorded connection receives what no subscription of the client claims."""
        recorded = send.get("will")
        self._will = _will(recorded) if isinstance(recorded, dict) else None
        self._username = cast("str | None", send.get("username"))
        self.client = Client(
            transport=self.peer,
            username=self._username,
            will=self._will,
            matcher=matcher,
            reconnect=False,
            timeout_s=LIMIT_S,
        )
        self.client.on_presence = self.events.put
        self.client.on_error = self.errors.put

    def check_connect(self) -> None:
        """Check what a CONNECT would say."""
        endpoint = self.peer.endpoint
        assert endpoint is not None
        assert (endpoint.username, endpoint.will) == (self._username, self._will)

    def check_received(self, recorded: Sequence[dict[str, Json]], *, answers: bool) -> None:
        """Check that what arrived, as answers to what this side sent or by itself, is where it belongs."""
        messages = [each for each in recorded if each["type"] == "PUBLISH" and not _is_reserved(each, answers=answers)]
        wanted = Counter((split_share(str(each["topic"]))[1], payload_of(each)) for each in messages)
        got: Counter[tuple[str, bytes]] = Counter()
        for subscription in self.subscriptions:
            own: Counter[tuple[str, bytes]] = Counter()
            while subscription.pending and (message := subscription.get(timeout_s=0)) is not None:
                own[message.channel, message.as_binary()] += 1
            got |= own
        assert got == wanted or (self.partial and got <= wanted), f"received {got}, not {wanted}"
        for each in recorded:
            if each["type"] == "PUBLISH" and (event := _event_of(each)) is not None:
                assert shown(self.events.get(timeout=LIMIT_S)) == event
            elif each.get("topic") == "emitter/error/" and "req" not in cast("dict[str, Json]", each["json"]):
                error = self.errors.get(timeout=LIMIT_S)
                assert isinstance(error, BrokerError)
                assert {"status": error.status, "message": error.message} == each["json"]


class Play:
    """One exchange with clients."""

    def __init__(self, exchange: Exchange, *, partial: bool = False) -> None:
        """Take an exchange; `partial`: its broker sends what no subscription claims."""
        self._exchange = exchange
        self._partial = partial
        self._sides: dict[str, Side] = {}
        self._everything: list[Side] = []
        self.left_out: Counter[str] = Counter()
        """How many packets no call sends, by the reason."""
        self.played = 0

    def play(self) -> None:
        """Play it. Raises AssertionError where a client does not do as recorded."""
        with ThreadPoolExecutor(1) as pool:
            try:
                for number, step in enumerate(self._exchange["steps"], start=1):
                    try:
                        self._take(_filled_step(step), pool)
                    except Exception as error:
                        error.add_note(f"in step {number} of {self._exchange['name']}: {json.dumps(step)[:1000]}")
                        raise
            finally:
                for side in self._everything:
                    side.client.abort()

    def _take(self, step: Step, pool: ThreadPoolExecutor) -> None:
        name, came = step.get("connection", ""), step.get("receive", {})
        send = step.get("send")
        acting = self._sides.get(name)
        if send is not None and send["type"] == "CONNECT" and acting is None:
            self._connect(name, send, pool)
            return
        if "close" in step and acting is not None:
            self._sides.pop(name).peer.drop()
        if send is not None and send["type"] == "PINGREQ":
            return
        own = came.get(name, []) if send is not None else []
        if send is not None and send["type"] == "DISCONNECT" and acting is not None:
            self._sides.pop(name).client.close()
        elif send is not None and acting is not None:
            called = self._call(acting, send, own, pool)
            acting.partial |= not called and send["type"] != "PUBLISH"
        for other, packets in came.items():
            if other in self._sides and (other != name or send is None):
                self._sides[other].peer.say(
                    *[_inbound(each, None, None) for each in packets if each["type"] != "CLOSED"]
                )
                self._sides[other].check_received(packets, answers=False)

    def _connect(self, name: str, send: dict[str, Json], pool: ThreadPoolExecutor) -> None:
        side = self._sides[name] = Side(send, cast("Matcher", self._exchange["matcher"]))
        side.partial = self._partial
        self._everything.append(side)
        connecting = pool.submit(side.client.connect)
        side.peer.started.get(timeout=LIMIT_S)
        side.check_connect()
        side.peer.say(Connack(0))
        connecting.result(LIMIT_S)
        self.played += 1

    def _call(self, side: Side, send: dict[str, Json], came: list[dict[str, Json]], pool: ThreadPoolExecutor) -> bool:
        """Make the call for a packet; return whether there is one."""
        try:
            call = call_for(send)
        except NoCall as reason:
            self.left_out[str(reason)] += 1
            return False
        sent = side.peer.sent = SimpleQueue()
        calling = pool.submit(call, side.client)
        calling.add_done_callback(lambda _: sent.put(None))
        packet = sent.get(timeout=LIMIT_S)
        if packet is None:
            error = calling.exception()
            assert isinstance(error, InvalidArgument), error
            self.left_out[REFUSED if _is_refusal(came) else STRICTER] += 1
            return False
        if _mended(packet, send) and (not isinstance(packet, Subscribe) or _is_refusal(came)):
            self.left_out["a last slash that the client adds"] += 1
            side.peer.say(_acknowledgement(packet))
            if send.get("topic") == "emitter/history/":
                self._end_history(side)
            calling.exception(LIMIT_S)
            return False
        _check_sent(packet, send)
        # What is stored, the client then asks for by history.
        quiet = isinstance(packet, Subscribe) and packet.topics[0] == f"{_topic_of(send)}{_QUIET}"
        if quiet:
            came = [each for each in came if each["type"] != "PUBLISH" or _is_reserved(each, answers=True)]
        closed = any(each["type"] == "CLOSED" for each in came)
        answers = [_inbound(each, send, packet) for each in came if each["type"] != "CLOSED"]
        side.peer.say(*answers)
        if closed:
            side.peer.drop()
        if quiet or send.get("topic") == "emitter/history/":
            self._end_history(side)
        side.partial |= send.get("topic") == "emitter/link/"
        self._check_end(side, calling, send, came, closed)
        side.check_received(came, answers=True)
        if not quiet and send.get("topic") != "emitter/history/":
            assert sent.get(timeout=LIMIT_S) is None, "more was sent than was recorded"
        self.played += 1
        return True

    def _end_history(self, side: Side) -> None:
        """Answer the questions for stored messages that no recording holds: there is nothing, or nothing older."""
        while (packet := side.peer.sent.get(timeout=LIMIT_S)) is not None:
            empty = json.dumps({"req": packet.packet_id, "messages": []}).encode()
            assert isinstance(packet, Publish)
            side.peer.say(Delivery(packet.topic, empty), Puback(packet.packet_id))

    def _check_end(
        self, side: Side, calling: Future[object], send: dict[str, Json], came: list[dict[str, Json]], closed: bool
    ) -> None:
        expected = expected_result(send, came)
        try:
            result = calling.result(LIMIT_S)
        except BrokerError as error:
            end: object = {"status": error.status, "message": error.message}
        except ConnectionLost:
            assert closed
            return
        else:
            if isinstance(result, Subscription):
                side.subscriptions.append(cast("Subscription", result))
                end = None
            else:
                end = shown(result)
        assert end == expected, f"the call ended with {end}, not {expected}"


def _check_sent(packet: OutboundPacket, send: dict[str, Json]) -> None:
    match packet:
        case Publish(topic, payload, qos, retain, _):
            assert topic.removesuffix(_MARK) == send["topic"]
            assert (qos, retain) == (send.get("qos", 0), send.get("retain", False))
            if topic.startswith("emitter/me/"):
                assert payload == b"{}"
            elif "json" in send:
                recorded = cast("dict[str, Json]", send["json"])
                # The broker does not look at the key of a history request but in its channel.
                said = {name: each for name, each in recorded.items() if (topic, name) != ("emitter/history/", "key")}
                assert json.loads(payload) == said
            else:
                assert payload == payload_of(send)
        case Subscribe((topic,), _):
            # The broker reads `#` as `#/` here.
            assert topic.removesuffix("/") in (_topic_of(send).removesuffix("/"), f"{_topic_of(send)}{_QUIET}")
        case Unsubscribe(topic, _):
            assert topic == _topic_of(send)
        case _:
            raise AssertionError(f"nothing was to be sent like {packet}")


def _mended(packet: OutboundPacket, send: dict[str, Json]) -> bool:
    sent = packet.topics[0] if isinstance(packet, Subscribe) else packet.topic
    recorded = str(send["topic"]) if isinstance(packet, Publish) else _topic_of(send)
    if isinstance(packet, Publish) and sent.startswith("emitter/") and isinstance(document := send.get("json"), dict):
        said = json.loads(packet.payload)
        return bool(
            said.get("channel") != document.get("channel") and _bare(said["channel"]) == _bare(document["channel"])
        )
    return sent != recorded and _bare(sent) == _bare(recorded)


def _bare(topic: Json) -> str:
    channel, _, options = str(topic).partition("?")
    return channel.rstrip("/") + "?" + options


def _topic_of(send: dict[str, Json]) -> str:
    [one] = cast("list[Json]", send["filters"])
    return str(one["topic"] if isinstance(one, dict) else one)


def _acknowledgement(packet: OutboundPacket) -> InboundPacket:
    match packet:
        case Publish():
            return Puback(packet.packet_id)
        case Subscribe():
            return Suback(packet.packet_id, (0x80,))
        case Unsubscribe():
            return Unsuback(packet.packet_id)


def _inbound(recorded: dict[str, Json], send: dict[str, Json] | None, packet: OutboundPacket | None) -> InboundPacket:
    """Return a recorded packet as the client is to receive it: about the packet that it sent."""
    packet_id = 0 if packet is None else packet.packet_id
    match recorded["type"]:
        case "PUBLISH":
            topic, payload = str(recorded["topic"]), payload_of(recorded)
            document = recorded.get("json")
            if isinstance(document, dict) and send is not None and document.get("req") == send.get("id", -1):
                payload = json.dumps({**document, "req": packet_id}).encode()
                topic = packet.topic if isinstance(packet, Publish) and topic == send.get("topic") else topic
            return Delivery(topic, payload)
        case "PUBACK":
            return Puback(packet_id)
        case "SUBACK":
            return Suback(packet_id, tuple(cast("list[int]", recorded["return_codes"])))
        case "UNSUBACK":
            return Unsuback(packet_id)
        case other:
            raise AssertionError(f"no client receives a {other}")


def _is_reserved(packet: dict[str, Json], *, answers: bool) -> bool:
    topic = str(packet["topic"])
    return topic in ("emitter/presence/", "emitter/error/") or (answers and topic.startswith("emitter/"))


def _will(recorded: dict[str, Json]) -> Will:
    key, _, channel = str(recorded["topic"]).partition("/")
    return Will(key, channel, payload_of(recorded))


def _event_of(packet: dict[str, Json]) -> Json:
    document = packet.get("json")
    if packet["topic"] != "emitter/presence/" or not isinstance(document, dict) or not document.get("event"):
        return None
    return {name: each for name, each in document.items() if name not in ("req", "status")}


def _is_refusal(came: list[dict[str, Json]]) -> bool:
    """Tell whether the broker refuses, with an error or by ending the connection."""
    documents = [document for each in came if isinstance(document := each.get("json"), dict)]
    statuses = [status for each in documents if isinstance(status := each.get("status"), int)]
    return any(each["type"] == "CLOSED" for each in came) or any(each >= 400 for each in statuses)


# Placeholders


def _filled_step(step: Step) -> Step:
    return cast("Step", _filled(cast("Any", step)))


def _filled(value: Json) -> Json:
    match value:
        case "<time>":
            return _TIME
        case str():
            return _PLACEHOLDER.sub(_invented, value)
        case list():
            return [_filled(each) for each in value]
        case {"id": identifier, "channel": channel, "payload": payload}:
            return {"id": _filled(identifier), "channel": _filled(channel), "payload": _stored(payload)}
        case dict():
            return {name: _filled(each) for name, each in value.items()}
        case _:
            return value


def _stored(payload: Json) -> Json:
    """Return the payload of a stored message as it is on the wire."""
    return base64.b64encode(payload_of(payload)).decode() if isinstance(payload, dict) else payload


def _invented(found: re.Match[str]) -> str:
    kind, name, offset = found[1], found[2] or "", int(found[3] or 0)
    match kind:
        case "key" | "master":
            return f"{kind}{name}".ljust(32, "k")
        case "conn":
            return name.upper().rjust(26, "C")
        case "mark":
            return str(_TIME + offset)
        case "msg":
            # Of two messages of one second, the later one has the smaller number.
            number = int(name) if name.isdecimal() else 0
            return base64.b64encode(bytes(8) + (0xFFFF_FFFF - number).to_bytes(4, "big") + bytes(4)).decode()
        case _:
            return kind
