"""What the transport changes in paho, tried against whichever paho is imported. Run as a program, it says which."""

from __future__ import annotations

import socket
import ssl
from importlib.metadata import version
from pathlib import Path

import paho.mqtt.client

from emitter_typed._protocol.packets import Connack, Delivery, Puback, Publish, Suback, Subscribe, Unsubscribe
from emitter_typed._transport import make_transport
from emitter_typed._transport.base import Endpoint
from emitter_typed._transport.paho_mqtt.direct import DirectClient, make_client
from emitter_typed.broker import Broker
from emitter_typed.errors import ConnectionLost, ConnectionRefused
from tests.helpers.listeners import LIMIT_S, Notes, listener, read_packet

SUPPORTED = ("2.1.0", "2.2.0")
FILTERS = ["k/c/#/?last=5", "k/#/", "k/a/+/#/", "k/#?last=5"]


def the_wire_carries_our_identifiers_and_filters() -> None:
    received: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(b"\x20\x02\x00\x00")
        while packet := read_packet(connection):
            received.append(packet)
            if packet[0] == 0x32:
                connection.sendall(b"\x40\x02\x12\x34")
            if packet[0] == 0x82:
                connection.sendall(b"\x90\x03" + packet[2:4] + b"\x00")

    notes = Notes()
    with listener(serve) as port:
        transport = make_transport(Endpoint(host="127.0.0.1", port=port))
        transport.start(notes)
        assert notes.next() == Connack(0)
        transport.send(Publish("k/c/", b"x", 1, False, 0x1234))
        assert notes.next() == Puback(0x1234)
        for number, topic in enumerate(FILTERS):
            transport.send(Subscribe((topic,), 65_535 - number))
            assert notes.next() == Suback(65_535 - number, (0,))
        transport.send(Unsubscribe("k/c/#/", 9))
        transport.close()
        assert notes.end() is None
        assert transport.join(LIMIT_S)
    expected = [b"\x32\x09\x00\x04k/c/\x12\x34x"]
    for number, topic in enumerate(FILTERS):
        body = (65_535 - number).to_bytes(2, "big") + len(topic).to_bytes(2, "big") + topic.encode() + b"\x00"
        expected.append(bytes([0x82, len(body)]) + body)
    assert received == [*expected, b"\xa2\x0a\x00\x09\x00\x06k/c/#/", b"\xe0\x00"]


def every_refusal_tells_its_return_code() -> None:
    for code in range(1, 6):

        def serve(connection: socket.socket, code: int = code) -> None:
            read_packet(connection)
            connection.sendall(bytes([0x20, 2, 0, code]))
            connection.recv(1)

        notes = Notes()
        with listener(serve) as port:
            transport = make_transport(Endpoint(host="127.0.0.1", port=port))
            transport.start(notes)
            error = notes.end()
            assert transport.join(LIMIT_S)
        assert isinstance(error, ConnectionRefused)
        assert error.return_code == code


def a_tls_handshake_ends_within_the_time_to_connect() -> None:
    notes = Notes()
    with listener() as port:
        transport = make_transport(
            Endpoint(
                host="127.0.0.1", port=port, tls=ssl.create_default_context(), keepalive_s=119, connect_timeout_s=0.2
            )
        )
        transport.start(notes)
        assert isinstance(notes.end(), ConnectionRefused)
        assert transport.join(LIMIT_S)


def the_short_ways_carry_packets_with_and_without_a_websocket() -> None:
    assert isinstance(make_client(Endpoint(host="-", port=1), lambda: None), DirectClient)
    with Broker() as broker:
        key = broker.keygen("a/", "rw").reveal()
        for path in (None, "/"):
            notes = Notes()
            transport = make_transport(Endpoint(host="127.0.0.1", port=broker.port, websocket_path=path))
            transport.start(notes)
            assert notes.next() == Connack(0)
            transport.send(Subscribe((f"{key}/a/",), 1))
            assert notes.next() == Suback(1, (0,))
            for size in (0, 200, 60_000):
                transport.send(Publish(f"{key}/a/", b"x" * size, 1, False, size + 2))
                transport.send(Publish(f"{key}/a/", b"y" * size, 0, False, 0))
                expected = [Delivery("a/", b"x" * size), Puback(size + 2), Delivery("a/", b"y" * size)]
                assert [notes.next() for _ in expected] == expected
            broker.faults.drop_connections()
            assert isinstance(notes.end(), ConnectionLost)
            assert transport.join(LIMIT_S)


def a_stalled_websocket_loses_and_repeats_nothing() -> None:
    with Broker() as broker:
        notes = Notes()
        transport = make_transport(Endpoint(host="127.0.0.1", port=broker.port, websocket_path="/"))
        transport.start(notes)
        assert notes.next() == Connack(0)
        key = broker.keygen("a/", "w").reveal()
        broker.faults.stall_reading()
        sent = 0
        while not transport.congested:
            transport.send(Publish(f"{key}/a/", b"%d" % sent + b"x" * 50_000, 0, False, 0))
            sent += 1
        broker.faults.resume_reading()
        transport.close()
        assert notes.end() is None
        assert transport.join(LIMIT_S)
        published = broker.wait_published(sent, timeout_s=LIMIT_S)
    assert [message.as_string().rstrip("x") for message in published] == [f"{number}" for number in range(sent)]


def a_refused_websocket_says_what_it_was_answered() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")

    notes = Notes()
    with listener(serve) as port:
        transport = make_transport(Endpoint(host="127.0.0.1", port=port, websocket_path="/"))
        transport.start(notes)
        error = notes.end()
        assert transport.join(LIMIT_S)
    assert isinstance(error, ConnectionRefused)
    assert "404" in str(error)


PINS = [
    the_wire_carries_our_identifiers_and_filters,
    every_refusal_tells_its_return_code,
    a_tls_handshake_ends_within_the_time_to_connect,
    the_short_ways_carry_packets_with_and_without_a_websocket,
    a_stalled_websocket_loses_and_repeats_nothing,
    a_refused_websocket_says_what_it_was_answered,
]


def main() -> None:
    """Try every pin, then write the version of paho and where it lies."""
    for pin in PINS:
        pin()
    print(version("paho-mqtt"), Path(paho.mqtt.client.__file__).parents[2])  # noqa: T201  # a program's answer


if __name__ == "__main__":
    main()
