"""A connection to a broker over TCP, in packets of the replayer's own codec."""

from __future__ import annotations

import json
import socket
import ssl
from types import TracebackType
from typing import Protocol, Self, cast

from emitter_typed._types.values import Json
from tests.helpers.packets import Received, Sent, decode_all, encode

CONNECT = encode(Sent("CONNECT"))
CONNACK = b"\x20\x02\x00\x00"
PINGRESP = b"\xd0\x00"
LIMIT_S = 20.0


class Listening(Protocol):
    """A broker on a port."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


class Dialled:
    """A socket to a broker, on which nothing has been said yet."""

    def __init__(self, broker: Listening, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection((broker.host, broker.port), timeout=LIMIT_S)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=broker.host)
        self._buffer = bytearray()
        self._packets: list[Received] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, *packets: Sent) -> None:
        self.socket.sendall(b"".join(map(encode, packets)))

    def next(self) -> Received | None:
        """Return the next packet; None where the broker has closed the connection."""
        while not self._packets:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._buffer += data
            self._packets = decode_all(self._buffer)
        return self._packets.pop(0)

    def types(self, count: int) -> list[str]:
        """Return the types of the next packets, with the subject of each reply and acknowledgement."""
        found: list[str] = []
        for _ in range(count):
            packet = self.next()
            assert packet is not None, f"the connection was closed after {found}"
            found.append(described(packet))
        return found

    def rest(self) -> bytes:
        """Return the bytes that are no whole packet, once the broker has closed the connection."""
        assert self.next() is None
        return bytes(self._buffer)

    def silent(self) -> bool:
        """Tell whether a PINGREQ is answered before anything else."""
        self.send(Sent("PINGREQ"))
        return self.next() == {"type": "PINGRESP"}

    def subscribe(self, topic: str, *, identifier: int = 1) -> None:
        self.send(Sent("SUBSCRIBE", id=identifier, filters=((topic, 0),)))


def greeted(broker: Listening, username: str | None = None) -> Dialled:
    """Return a connection whose CONNECT the broker has answered."""
    dialled = Dialled(broker)
    dialled.send(Sent("CONNECT", username=username))
    assert dialled.next() == {"type": "CONNACK", "session_present": False, "return_code": 0}
    return dialled


def ask(identifier: int) -> Sent:
    """Return the request that has no arguments."""
    return Sent("PUBLISH", topic="emitter/me/", qos=1, id=identifier)


def described(packet: Received) -> str:
    """Write a packet in a word or two, such as `PUBACK 7` or `reply 7`."""
    if packet["type"] == "PUBLISH":
        payload = cast("bytes", packet["payload"])
        if not str(packet["topic"]).startswith("emitter/"):
            return payload.decode()
        document = cast("dict[str, Json]", json.loads(payload))
        return f"reply {document['req']}"
    return f"{packet['type']} {packet['id']}" if "id" in packet else str(packet["type"])
