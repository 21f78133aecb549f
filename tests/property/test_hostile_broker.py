"""Whatever a broker sends, a session raises nothing but that the connection must end, and ends every call once."""

from __future__ import annotations

import json

import hypothesis.strategies as st
from hypothesis import given

from emitter_typed._generated.protocol import KEYGEN, PRESENCE, PROTOCOL
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.operations import Written
from emitter_typed._protocol.packets import Connack, Delivery, InboundPacket, Puback, Suback, Unsuback
from emitter_typed._protocol.session.outbox import Outbox
from emitter_typed._protocol.session.session import Session
from emitter_typed.errors import ConnectionLost, EmitterError
from tests.helpers.callers import CallResult, MessageSink
from tests.unit.protocol.session.calls import KEYGEN_REQUEST, prepared, presence


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _with_id(packet_id: object, fields: dict[str, object]) -> dict[str, object]:
    return fields if packet_id is None else {**fields, "req": packet_id}


def _event(fields: dict[str, object]) -> dict[str, object]:
    return {"event": "subscribe", "time": 1, "channel": "a/", "who": {"id": "1"}, **fields}


PACKET_IDS = st.integers(0, 9)
VALUES: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a/", "a/b/", "x", "key", "subscribe", "unsubscribe", "status", "aGVsbG8=", "\ud800", "#/"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = ("status", "message", "event", "channel", "time", "who", "key", "occupancy", "id", "name", "messages", "links")
DOCUMENTS = st.builds(
    _with_id,
    st.none() | PACKET_IDS | VALUES,
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
)
PRESENCE_EVENTS = st.builds(
    _event,
    st.dictionaries(st.sampled_from(("event", "time", "channel", "who", "occupancy")), VALUES, max_size=2),
)
PAYLOADS = st.binary(max_size=10) | (DOCUMENTS | PRESENCE_EVENTS | VALUES).map(_json)
TOPICS = st.sampled_from(
    [
        *(definition.topic for definition in PROTOCOL.requests.values()),
        *(f"{definition.topic}?r=1" for definition in PROTOCOL.requests.values()),
        *(
            "emitter/error/",
            "emitter/",
            "emitter//",
            "emitter/x/",
            "a/",
            "$share/g/a/",
            "$share/",
            "",
            "/",
            "a/#/",
            "+/",
        ),
    ]
)
PACKETS: st.SearchStrategy[InboundPacket] = (
    st.builds(Delivery, TOPICS, PAYLOADS)
    | st.builds(Puback, PACKET_IDS)
    | st.builds(Unsuback, PACKET_IDS)
    | st.builds(Suback, PACKET_IDS, st.lists(st.sampled_from([0, 1, 2, 0x80, 0x87, 0xFF]), max_size=3).map(tuple))
    | st.just(Connack(0))
)


class Client:
    """A session with a call of each kind under way, before and after a loss."""

    def __init__(self, *, reserved: bool) -> None:
        self.reported: list[EmitterError] = []
        self.session = Session(
            PROTOCOL,
            matcher="emitter",
            outbox=Outbox(max_messages=5, max_bytes=1000),
            counters=ClientCounters(),
            send=lambda packet: None,
            report=self.reported.append,
            emit=lambda event, payload: None,
            unclaimed=lambda channel, raw: None,
            opened=lambda: None,
        )
        self.results: list[CallResult] = []
        self.sinks: list[MessageSink] = []
        self.session.received([Connack(0)])
        self.subscribe("emitter/keygen/" if reserved else "a/")
        self.session.received([Suback(1, (0,))])
        self.subscribe("a/b/")
        self.begin()

    def begin(self) -> None:
        session = self.session
        session.request(KEYGEN, Written(KEYGEN_REQUEST, b"{}"), self.result())
        session.watch(PRESENCE, presence("a/", status=True), self.sink(), self.result())
        session.publish("publish", prepared("a/", "publish", qos=1), b"x", self.result())
        session.subscriptions.unsubscribe("unsubscribe", prepared("a/", "unsubscribe"), self.result())

    def subscribe(self, channel: str) -> None:
        subscriptions = self.session.subscriptions
        subscriptions.subscribe("subscribe", prepared(channel), self.sink(), self.result(), allow_reserved=True)

    def result(self) -> CallResult:
        self.results.append(CallResult())
        return self.results[-1]

    def sink(self) -> MessageSink:
        self.sinks.append(MessageSink())
        return self.sinks[-1]


@given(batches=st.lists(st.lists(PACKETS, max_size=6), max_size=5), reserved=st.booleans())
def test_no_packet_raises_anything_but_that_the_connection_must_end(
    batches: list[list[InboundPacket]], reserved: bool
) -> None:
    client = Client(reserved=reserved)

    for batch in batches:
        try:
            client.session.received(batch)
        except ConnectionLost as broken:
            client.session.lost(broken)
            client.session.received([Connack(0)])
    client.session.ended(None)

    for error in client.reported:
        assert str(error)
    assert all(len(result.ends) == 1 for result in client.results)
    assert all(len(sink.ends) <= 1 for sink in client.sinks)
