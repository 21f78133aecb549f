"""Plays a recorded exchange against a broker, packet by packet, over plain sockets."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import selectors
import socket
import time
from pathlib import Path
from typing import Protocol, TypedDict, cast

from attrs import field, frozen

from emitter_typed._types.values import Json
from emitter_typed.broker import ManualClock
from tests.conformance.placeholders import Bindings, Mismatch
from tests.helpers.packets import CLOSED, PINGREQ, Received, Sent, Will, decode_all, encode

EXCHANGES = Path(__file__).parent / "exchanges"

_ANSWER_LIMIT_S = 20.0
_PRESENCE = "emitter/presence/"


class Step(TypedDict, total=False):
    connection: str
    send: dict[str, Json]
    close: str
    wait: float
    align: str
    mark: str
    receive: dict[str, list[dict[str, Json]]]


class Exchange(TypedDict):
    name: str
    about: str
    matcher: str
    steps: list[Step]


def load(name: str) -> Exchange:
    """Read a recording."""
    return cast("Exchange", json.loads((EXCHANGES / f"{name}.json").read_text("utf-8")))


class Connection:
    """One TCP connection to the broker."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=_ANSWER_LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.closed = False
        self._buffer = bytearray()

    def send(self, data: bytes) -> None:
        """Send bytes; that the broker closed meanwhile shows when reading."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def read(self) -> list[Received]:
        """Wait for bytes, and return the packets that are complete; `CLOSED` last, if it came to that."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self._buffer += data
        packets = decode_all(self._buffer)
        if not data:
            self.closed = True
            packets.append(CLOSED)
        return packets

    def read_until_pong(self, pongs: int) -> list[Received]:
        """Return what comes before the last of some PINGRESPs, or until the broker closes."""
        packets: list[Received] = []
        while pongs and not self.closed:
            for packet in self.read():
                pongs -= packet["type"] == "PINGRESP"
                packets.append(packet)
        if not self.closed:
            assert packets.pop()["type"] == "PINGRESP", "something came after the answer to the last PINGREQ"
        return packets


class Timing(Protocol):
    """How time passes, and how one knows that nothing more is coming."""

    def now(self) -> float:
        """Return the Unix time in seconds, as the broker counts it."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def collect(self, connections: dict[str, Connection], step: Step) -> dict[str, list[Received]]:
        """Return what each connection receives after a step."""
        ...

    def drop(self, connection: Connection) -> None:
        """Drop a connection without DISCONNECT."""
        ...


@frozen
class ManualTiming:
    """For the embedded broker: its clock is moved by hand, and a PINGRESP tells that it is done."""

    clock: ManualClock

    def now(self) -> float:
        return self.clock()

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def collect(self, connections: dict[str, Connection], step: Step) -> dict[str, list[Received]]:
        # The broker handles packets one after the other, and hands on what each of them causes before the
        # next: once the sender of this step has its PINGRESP, the others get theirs last as well.
        acting = step.get("connection", "")
        came: dict[str, list[Received]] = {}
        for name in sorted(connections, key=lambda name: name != acting):
            connections[name].send(PINGREQ)
            asked = name == acting and step.get("send", {}).get("type") == "PINGREQ"
            came[name] = connections[name].read_until_pong(2 if asked else 1)
        return came

    def drop(self, connection: Connection) -> None:
        # The broker closes its side when it has done all that the end of a connection brings with it.
        connection.socket.shutdown(socket.SHUT_WR)
        while not connection.closed:
            connection.read()


@frozen
class RealTiming:
    """For a broker that nobody can ask: time passes by itself, and silence means that nothing more comes."""

    quiet_s: float = 0.15
    large_quiet_s: float = 0.6

    def now(self) -> float:
        return time.time()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def collect(self, connections: dict[str, Connection], step: Step) -> dict[str, list[Received]]:
        came: dict[str, list[Received]] = {name: [] for name in connections}
        quiet_s = self.large_quiet_s if "fill" in json.dumps(step) else self.quiet_s
        with selectors.DefaultSelector() as selector:
            for name, connection in connections.items():
                selector.register(connection.socket, selectors.EVENT_READ, name)
            while selector.get_map() and (ready := selector.select(quiet_s)):
                for key, _ in ready:
                    name = cast("str", key.data)
                    came[name] += connections[name].read()
                    if connections[name].closed:
                        selector.unregister(key.fileobj)
        return came

    def drop(self, connection: Connection) -> None:
        connection.socket.close()


@frozen
class Replayer:
    """Plays exchanges against one broker."""

    address: tuple[str, int]
    master_key: str = field(repr=False)
    timing: Timing

    def replay(self, exchange: Exchange) -> None:
        """Play an exchange.

        Raises:
            Mismatch: what came is not what was recorded; the text names step and connection.
        """
        bindings = Bindings(self.master_key, self.timing.now)
        connections: dict[str, Connection] = {}
        everything: list[Connection] = []
        try:
            for number, step in enumerate(exchange["steps"], start=1):
                self._take(step, bindings, connections, everything)
                came = self.timing.collect(connections, step)
                expected = step.get("receive", {})
                for name in sorted(came.keys() | expected.keys()):
                    where = f"{exchange['name']}, step {number}, connection {name}"
                    _compare(expected.get(name, []), came.get(name, []), bindings, where)
                for name in [name for name, each in connections.items() if each.closed]:
                    del connections[name]
        finally:
            for each in everything:
                each.socket.close()

    def _take(
        self, step: Step, bindings: Bindings, connections: dict[str, Connection], everything: list[Connection]
    ) -> None:
        name = step.get("connection", "")
        if "send" in step:
            if step["send"]["type"] == "CONNECT" and name not in connections:
                connections[name] = Connection(self.address)
                everything.append(connections[name])
            connections[name].send(encode(_filled(step["send"], bindings)))
        elif "close" in step:
            self.timing.drop(connections.pop(name))
        elif "wait" in step:
            self.timing.wait(step["wait"])
        elif "align" in step:
            now = self.timing.now()
            self.timing.wait(math.floor(now) + 1.02 - now)
        elif "mark" in step:
            bindings.mark(step["mark"])


def _filled(recorded: dict[str, Json], bindings: Bindings) -> Sent:
    will, filters = recorded.get("will"), recorded.get("filters")
    return Sent(
        type=cast("str", recorded["type"]),
        id=cast("int", recorded.get("id", 0)),
        qos=cast("int", recorded.get("qos", 0)),
        retain=cast("bool", recorded.get("retain", False)),
        topic=bindings.fill_text(cast("str", recorded.get("topic", ""))),
        payload=_payload(recorded, bindings),
        filters=tuple(_filter(each, bindings) for each in filters) if isinstance(filters, list) else (),
        client_id=cast("str", recorded.get("client_id", "")),
        clean=cast("bool", recorded.get("clean", True)),
        keepalive=cast("int", recorded.get("keepalive", 0)),
        username=cast("str | None", recorded.get("username")),
        will=_will(will, bindings) if isinstance(will, dict) else None,
    )


def _filter(recorded: Json, bindings: Bindings) -> tuple[str, int]:
    if isinstance(recorded, dict):
        return bindings.fill_text(cast("str", recorded["topic"])), cast("int", recorded["qos"])
    return bindings.fill_text(cast("str", recorded)), 0


def _will(recorded: dict[str, Json], bindings: Bindings) -> Will:
    return Will(bindings.fill_text(cast("str", recorded["topic"])), _payload(recorded, bindings))


def _payload(recorded: dict[str, Json], bindings: Bindings) -> bytes:
    match recorded:
        case {"json": document}:
            return json.dumps(bindings.fill(document)).encode()
        case {"text": str(text)}:
            return bindings.fill_text(text).encode()
        case {"base64": str(text)}:
            return base64.b64decode(text)
        case {"fill": [str(character), int(count)]}:
            return character.encode() * count
        case _:
            return b""


def _compare(recorded: list[dict[str, Json]], came: list[Received], bindings: Bindings, where: str) -> None:
    # Notifications of presence come from a queue of their own in the recorded broker.
    for notifications in (True, False):
        wanted = [
            packet for packet in recorded if _is_notification(packet.get("topic"), packet.get("json")) == notifications
        ]
        given = [packet for packet in came if _came_as_notification(packet) == notifications]
        if len(wanted) != len(given):
            raise Mismatch(f"{where}: {len(given)} packets came, not {len(wanted)}: {given!r} for {wanted!r}")
        for one, other in zip(wanted, given, strict=True):
            try:
                _fit(one, other, bindings)
            except Mismatch as error:
                raise Mismatch(f"{where}, {one['type']} {other['type']}: {error}") from None


def _fit(recorded: dict[str, Json], came: Received, bindings: Bindings) -> None:
    header = {name: value for name, value in recorded.items() if name not in ("json", "text", "base64", "fill")}
    bindings.fit(header, cast("Json", {name: value for name, value in came.items() if name != "payload"}))
    if isinstance(payload := came.get("payload"), bytes):
        bindings.fit_payload(recorded, payload, "$.payload")


def _came_as_notification(packet: Received) -> bool:
    payload = packet.get("payload")
    if packet.get("topic") != _PRESENCE or not isinstance(payload, bytes):
        return False
    return _is_notification(_PRESENCE, json.loads(payload))


def _is_notification(topic: Json, document: Json) -> bool:
    return topic == _PRESENCE and isinstance(document, dict) and not {"req", "status"} & document.keys()
