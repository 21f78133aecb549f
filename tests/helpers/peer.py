"""A connection to a broker core, without a socket."""

from __future__ import annotations

import json
from typing import cast

from emitter_typed._broker.core import BrokerCore
from emitter_typed._types.values import Json
from tests.helpers.packets import Received, Sent, decode_all, encode


class Peer:
    """Sends packets to a core and shows what comes back."""

    def __init__(self, core: BrokerCore, sent: Sent | None = None) -> None:
        self.core = core
        self.connection = core.open()
        self.exchange(sent or Sent("CONNECT"))

    def feed(self, data: bytes) -> None:
        self.core.receive(self.connection, data)

    def received(self) -> list[Received]:
        """Return what came since the last time."""
        return decode_all(bytearray().join(self.connection.take()))

    def exchange(self, sent: Sent) -> list[Received]:
        """Send a packet and return what comes of it."""
        self.feed(encode(sent))
        return self.received()

    def publish(
        self, topic: str, payload: bytes = b"", *, packet_identifier: int = 0, retain: bool = False
    ) -> list[Received]:
        """Publish with QoS 1 if there is a packet identifier, else with QoS 0."""
        qos = 1 if packet_identifier else 0
        return self.exchange(
            Sent("PUBLISH", topic=topic, payload=payload, qos=qos, id=packet_identifier, retain=retain)
        )

    def subscribe(self, *topics: str) -> list[Received]:
        return self.exchange(Sent("SUBSCRIBE", id=1, filters=tuple((topic, 0) for topic in topics)))

    def unsubscribe(self, *topics: str) -> list[Received]:
        return self.exchange(Sent("UNSUBSCRIBE", id=1, filters=tuple((topic, 0) for topic in topics)))

    def request(self, name: str, body: Json) -> dict[str, Json]:
        """Make a request and return the body of its reply."""
        reply, acknowledgement = self.publish(f"emitter/{name}/", json.dumps(body).encode(), packet_identifier=9)
        assert acknowledgement == {"type": "PUBACK", "id": 9}
        return document(reply)

    def keygen(self, master_key: str, channel: str, letters: str, *, ttl_s: int = 0) -> str:
        """Make a key."""
        body: Json = {"key": master_key, "channel": channel, "type": letters, "ttl": ttl_s}
        return str(self.request("keygen", body)["key"])

    def leave(self) -> None:
        """Be gone, as a connection that dropped."""
        self.core.close(self.connection)


def document(packet: Received) -> dict[str, Json]:
    """Return the JSON object that a PUBLISH carries."""
    return cast("dict[str, Json]", json.loads(cast("bytes", packet["payload"])))


def texts(packets: list[Received]) -> list[tuple[str, str]]:
    """Return topic and text of the messages among some packets."""
    return [
        (str(packet["topic"]), cast("bytes", packet["payload"]).decode())
        for packet in packets
        if packet["type"] == "PUBLISH"
    ]


def statuses(packets: list[Received]) -> list[Json]:
    """Return the statuses of the errors among some packets."""
    return [document(packet)["status"] for packet in packets if packet.get("topic") == "emitter/error/"]
