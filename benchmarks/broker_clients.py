"""The clients that measure brokers: paho, and bare sockets with packets that were encoded before.

Each is a process that lives for the whole run and is told what to do over a pipe. A message is `PAYLOAD_BYTES` long and
begins with its number, so that one that is missing, twice there or out of order is found out.
"""

from __future__ import annotations

import socket
import struct
import threading
import zlib
from typing import TYPE_CHECKING, Literal

from attrs import frozen
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from benchmarks.broker_servers import HOST, LIMIT_S, Server
from emitter_typed._broker.wire import encode_connect, encode_outbound, encode_publish
from emitter_typed._protocol.packets import Publish, Subscribe

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PAYLOAD_BYTES = 100
Kind = Literal["paho", "socket"]
READY = "ready"

_CONNACK_BYTES, _SUBACK_BYTES, _PUBACK_BYTES = 4, 5, 4
_READ_BYTES = 256 * 1024
_number = struct.Struct(">I")


@frozen
class Job:
    """What a client is to do, once."""

    kind: Kind
    role: Literal["publish", "subscribe"]
    server: Server
    qos: int
    count: int


Answer = str
"""READY; after that what went wrong, and nothing if all went well."""
if TYPE_CHECKING:  # To Python, a connection takes no parameters.
    ToClient = Connection[Job | None, Answer]
    ToParent = Connection[Answer, Job | None]


def serve(pipe: ToParent) -> None:
    """Do one job after the other, until there is none.

    A subscriber is ready when its subscription is acknowledged, and then counts. A publisher is ready when it is
    connected, publishes when it is told the same job again, and ends when all is sent and, with QoS 1, acknowledged.
    """
    roles = {
        ("paho", "publish"): _publish_with_paho,
        ("paho", "subscribe"): _subscribe_with_paho,
        ("socket", "publish"): _publish_with_socket,
        ("socket", "subscribe"): _subscribe_with_socket,
    }
    while (job := pipe.recv()) is not None:
        try:
            pipe.send(roles[job.kind, job.role](job, pipe))
        except OSError as error:
            pipe.send(str(error))


def _payload(number: int) -> bytes:
    return _number.pack(number).ljust(PAYLOAD_BYTES, b".")


def _connected(job: Job) -> Client:
    client = Client(CallbackAPIVersion.VERSION2)
    accepted = threading.Event()

    def connected(_c: Client, _d: object, _f: ConnectFlags, code: ReasonCode, _p: Properties | None) -> None:
        if not code.is_failure:
            accepted.set()

    client.on_connect = connected
    client.connect(HOST, job.server.port)
    client.loop_start()
    assert accepted.wait(LIMIT_S)
    return client


def _publish_with_paho(job: Job, pipe: ToParent) -> str:
    client = _connected(job)
    over = threading.Event()
    published = 0

    def count(_c: Client, _d: object, _m: int, _r: ReasonCode, _p: Properties) -> None:
        nonlocal published
        published += 1
        if published == job.count:
            over.set()

    client.on_publish = count
    payloads = [_payload(number) for number in range(job.count)]
    pipe.send(READY)
    pipe.recv()
    for payload in payloads:
        client.publish(job.server.topic, payload, job.qos)
    over.wait(LIMIT_S)
    client.disconnect()
    client.loop_stop()
    return "" if published == job.count else f"{published} of {job.count} were acknowledged"


def _subscribe_with_paho(job: Job, pipe: ToParent) -> str:
    client = _connected(job)
    subscribed, over = threading.Event(), threading.Event()
    received, wrong = 0, 0

    def acknowledge(_c: Client, _d: object, _m: int, codes: list[ReasonCode], _p: Properties | None) -> None:
        if not codes[0].is_failure:
            subscribed.set()

    def count(_c: Client, _d: object, message: MQTTMessage) -> None:
        nonlocal received, wrong
        if message.payload[:4] != _number.pack(received):
            wrong += 1
        received += 1
        if received == job.count:
            over.set()

    client.on_subscribe = acknowledge
    client.on_message = count
    client.subscribe(job.server.topic)
    assert subscribed.wait(LIMIT_S)
    pipe.send(READY)
    over.wait(LIMIT_S)
    client.disconnect()
    client.loop_stop()
    return "" if received == job.count and not wrong else f"{received} of {job.count} came, {wrong} out of order"


def dial(server: Server) -> socket.socket:
    """Return a socket on which the broker has answered a CONNECT."""
    connection = socket.create_connection((HOST, server.port), timeout=LIMIT_S)
    connection.sendall(encode_connect())
    read(connection, _CONNACK_BYTES)
    return connection


def subscribe(connection: socket.socket, topic: str) -> None:
    """Subscribe, and wait for the acknowledgement."""
    connection.sendall(encode_outbound(Subscribe((topic,), 1)))
    assert read(connection, _SUBACK_BYTES)[-1] == 0


def read(connection: socket.socket, size_bytes: int) -> bytes:
    """Read so many bytes."""
    data = b""
    while len(data) < size_bytes:
        part = connection.recv(size_bytes - len(data))
        if not part:
            raise ConnectionError(f"the broker closed the connection after {len(data)} of {size_bytes} bytes")
        data += part
    return data


def _publish_with_socket(job: Job, pipe: ToParent) -> str:
    data = b"".join(
        encode_outbound(Publish(job.server.topic, _payload(number), job.qos, False, number + 1 if job.qos else 0))
        for number in range(job.count)
    )
    with dial(job.server) as connection:
        pipe.send(READY)
        pipe.recv()
        connection.sendall(data)
        if job.qos:
            read(connection, job.count * _PUBACK_BYTES)
    return ""


def _subscribe_with_socket(job: Job, pipe: ToParent) -> str:
    channel = job.server.topic.rpartition("/")[0].rpartition("/")[2] + "/"
    expected = b"".join(encode_publish(channel, _payload(number)) or b"" for number in range(job.count))
    checksum, received = 0, 0
    with dial(job.server) as connection:
        subscribe(connection, job.server.topic)
        pipe.send(READY)
        while received < len(expected):
            try:
                part = connection.recv(_READ_BYTES)
            except TimeoutError:
                break
            if not part:
                break
            checksum = zlib.crc32(part, checksum)
            received += len(part)
    if checksum == zlib.crc32(expected):
        return ""
    return f"{received} of {len(expected)} bytes came, or others than were expected"
