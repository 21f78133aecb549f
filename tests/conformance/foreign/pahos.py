"""paho, with a queue for what it is told."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, cast

from attrs import field, frozen
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from emitter_typed._types.values import Json
from emitter_typed.broker import Broker

LIMIT_S = 20.0


@frozen
class Message:
    """A message as it came."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int = 0
    retain: bool = False

    def document(self) -> dict[str, Json]:
        """Return the JSON object in it."""
        return cast("dict[str, Json]", json.loads(self.payload))


@frozen
class Acknowledged:
    """The end of a publish, a subscribe or an unsubscribe, with the return codes of a subscribe."""

    identifier: int
    return_codes: tuple[int, ...] = ()


@frozen
class Way:
    """How to reach a broker."""

    transport: Literal["tcp", "websockets"] = "tcp"
    authority: Path | None = None
    """Who vouches for the broker, over TLS. None: no TLS."""
    path: str = "/mqtt"


class Notes:
    """What a client of paho was told. It holds no client: paho closes its sockets when nobody holds it any more."""

    def __init__(self) -> None:
        self.connects: SimpleQueue[tuple[bool, int]] = SimpleQueue()
        """Of each CONNACK, whether there was a session, and the return code."""
        self.disconnects: SimpleQueue[bool] = SimpleQueue()
        """Of each end of a connection, whether it failed."""
        self.events: SimpleQueue[Message | Acknowledged] = SimpleQueue()

    def take_from(self, client: Client) -> None:
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_publish = self._acknowledged
        client.on_subscribe = self._subscribed
        client.on_unsubscribe = self._unsubscribed

    def _connected(
        self, _client: Client, _data: object, flags: ConnectFlags, code: ReasonCode, _: Properties | None
    ) -> None:
        self.connects.put((flags.session_present, code.value))

    def _disconnected(
        self, _client: Client, _data: object, _flags: DisconnectFlags, code: ReasonCode, _: Properties | None
    ) -> None:
        self.disconnects.put(code.is_failure)

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.events.put(Message(message.topic, bytes(message.payload), message.qos, message.retain))

    def _acknowledged(self, _client: Client, _data: object, mid: int, _code: ReasonCode, _: Properties) -> None:
        self.events.put(Acknowledged(mid))

    def _subscribed(
        self, _client: Client, _data: object, mid: int, codes: list[ReasonCode], _: Properties | None
    ) -> None:
        self.events.put(Acknowledged(mid, tuple(code.value for code in codes)))

    def _unsubscribed(
        self, _client: Client, _data: object, mid: int, _codes: list[ReasonCode], _: Properties | None
    ) -> None:
        self.events.put(Acknowledged(mid))


class Paho:
    """A client of paho, with what it was told, in order."""

    def __init__(
        self,
        way: Way | None = None,
        *,
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
        username: str | None = None,
    ) -> None:
        way = way or Way()
        self.notes = Notes()
        self.client = Client(CallbackAPIVersion.VERSION2, transport=way.transport, protocol=protocol)
        self.notes.take_from(self.client)
        # At once, for the first time as for all others.
        self.client.reconnect_delay_set(0, 0)
        if way.authority is not None:
            # paho leaves the type of a parameter unsaid.
            self.client.tls_set(str(way.authority))  # pyright: ignore[reportUnknownMemberType]
        if way.transport == "websockets":
            self.client.ws_set_options(path=way.path)
        if username is not None:
            self.client.username_pw_set(username)

    def event(self) -> Message | Acknowledged:
        """Wait for what comes next."""
        return self.notes.events.get(timeout=LIMIT_S)

    def message(self) -> Message:
        """Wait for what comes next, a message."""
        event = self.event()
        assert isinstance(event, Message)
        return event

    def publish(self, topic: str, payload: bytes | str = b"", qos: int = 0, *, retain: bool = False) -> int:
        """Publish, and wait until it is acknowledged, or sent if it is not to be. What came before that is dropped."""
        sent = self.client.publish(topic, payload, qos, retain)
        self._until(sent.mid)
        return sent.mid

    def subscribe(self, *topics: str, qos: int = 0) -> tuple[int, ...]:
        """Subscribe, and wait for the return codes. What came before them is dropped."""
        _, identifier = self.client.subscribe([(topic, qos) for topic in topics])
        assert identifier is not None
        return self._until(identifier).return_codes

    def unsubscribe(self, topic: str) -> None:
        """Unsubscribe, and wait for the acknowledgement. What came before it is dropped."""
        _, identifier = self.client.unsubscribe(topic)
        assert identifier is not None
        self._until(identifier)

    def request(self, name: str, body: Json) -> dict[str, Json]:
        """Make a request of Emitter's, and return the body of its reply, which comes before the PUBACK."""
        identifier = self.client.publish(f"emitter/{name}/", json.dumps(body), 1).mid
        reply = self.message()
        assert reply.topic == f"emitter/{name}/"
        assert self.event() == Acknowledged(identifier)
        document = reply.document()
        assert document.pop("req") == identifier
        return document

    def _until(self, identifier: int) -> Acknowledged:
        while True:
            event = self.event()
            if isinstance(event, Acknowledged) and event.identifier == identifier:
                return event


@contextmanager
def connected(broker: Broker, one: Paho | None = None) -> Generator[Paho]:
    """A client that is connected, and disconnects in the end; over TCP, unless it is given."""
    one = one or Paho()
    one.client.connect(broker.host, broker.port)
    one.client.loop_start()
    try:
        assert one.notes.connects.get(timeout=LIMIT_S) == (False, 0)
        yield one
    finally:
        one.client.disconnect()
        one.client.loop_stop()
