"""The transport keeps its promises, against the embedded broker and against what is no broker."""

from __future__ import annotations

import gc
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest

from emitter_typed._protocol.packets import (
    Connack,
    Delivery,
    InboundPacket,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emitter_typed._transport import make_transport
from emitter_typed._transport.base import Endpoint, Transport
from emitter_typed._transport.paho_mqtt.client import PahoClient
from emitter_typed._transport.paho_mqtt.direct import DirectClient
from emitter_typed._transport.reactors import ThreadReactor
from emitter_typed.broker import Broker
from emitter_typed.errors import ConnectionLost, ConnectionRefused
from tests.helpers.listeners import LIMIT_S, Notes, listener, read_packet
from tests.helpers.threads import begun_since


def endpoint(port: int, **more: float) -> Endpoint:
    return Endpoint(host="127.0.0.1", port=port, connect_timeout_s=more.get("connect_timeout_s", LIMIT_S))


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def transport(broker: Broker, notes: Notes) -> Iterator[Transport]:
    """A transport that is connected to the broker."""
    transport = make_transport(endpoint(broker.port))
    transport.start(notes)
    assert notes.next() == Connack(0)
    yield transport
    transport.abort()
    assert transport.join(LIMIT_S)


def test_packets_go_out_under_their_own_identifiers_and_come_back_in_order(
    transport: Transport, notes: Notes, broker: Broker
) -> None:
    request = b'{"key":"%s","channel":"a/#/","type":"rw"}' % broker.master_key.encode()
    transport.send(Publish("emitter/keygen/", request, 1, False, 65_535))
    reply = notes.next()
    assert isinstance(reply, Delivery)
    assert reply.topic == "emitter/keygen/"
    assert b'"req":65535' in reply.payload
    assert notes.next() == Puback(65_535)
    transport.send(Subscribe(("no-key/a/",), 7))
    error = notes.next()
    assert isinstance(error, Delivery)
    assert b'"req":7' in error.payload
    assert notes.next() == Suback(7, (128,))
    transport.send(Unsubscribe("no-key/a/", 8))
    notes.next()
    assert notes.next() == Unsuback(8)


def test_close_sends_what_waits_and_ends_in_peace(broker: Broker, transport: Transport, notes: Notes) -> None:
    packets = [Publish("emitter/me/", b"", 1, False, packet_id) for packet_id in range(1, 301)]
    for packet in packets:
        transport.send(packet)
    transport.close()
    transport.close()
    transport.send(Publish("emitter/me/", b"", 1, False, 999))
    assert transport.join(LIMIT_S)
    assert notes.ends == [None]


def test_close_before_the_broker_has_answered_ends_in_peace(notes: Notes) -> None:
    with listener() as port:
        transport = make_transport(endpoint(port))
        transport.start(notes)
        transport.close()
        assert notes.end() is None
        assert transport.join(LIMIT_S)


def test_everything_sent_before_the_close_is_written() -> None:
    received: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(b"\x20\x02\x00\x00")
        while packet := read_packet(connection):
            received.append(packet)

    notes = Notes()
    with listener(serve) as port:
        transport = make_transport(endpoint(port))
        transport.start(notes)
        notes.next()
        for number in range(2_000):
            transport.send(Publish("k/a/", b"%d" % number, 0, False, 0))
        transport.close()
        assert notes.end() is None
        assert transport.join(LIMIT_S)
    assert [packet[8:] for packet in received[:-1]] == [b"%d" % number for number in range(2_000)]
    assert received[-1] == b"\xe0\x00"


def test_abort_ends_at_once_and_tells_nothing_after(transport: Transport, notes: Notes) -> None:
    transport.abort()
    transport.abort()
    assert notes.end() is None
    assert transport.join(LIMIT_S)
    transport.send(Publish("k/a/", b"", 0, False, 0))
    assert not notes.after_the_end


def test_a_lost_connection_is_told_with_a_reason(broker: Broker, transport: Transport, notes: Notes) -> None:
    broker.faults.drop_connections()
    error = notes.end()
    assert isinstance(error, ConnectionLost)
    assert error.message
    assert transport.join(LIMIT_S)
    assert notes.ends == [error]


def test_it_is_congested_while_nobody_reads_and_says_when_there_is_room(
    broker: Broker, transport: Transport, notes: Notes
) -> None:
    broker.faults.stall_reading()
    sent = 0
    while not transport.congested:
        assert sent < 10_000
        transport.send(Publish("emitter/me/", b"x" * 60_000, 0, False, 0))
        sent += 1
    notes.room.clear()
    broker.faults.resume_reading()
    assert notes.room.wait(LIMIT_S)
    assert not transport.congested


def test_a_caller_that_waits_for_room_is_woken_by_the_end(broker: Broker, transport: Transport, notes: Notes) -> None:
    broker.faults.stall_reading()
    while not transport.congested:
        transport.send(Publish("emitter/me/", b"x" * 60_000, 0, False, 0))
    notes.room.clear()
    broker.faults.drop_connections()
    assert notes.room.wait(LIMIT_S)
    assert isinstance(notes.end(), ConnectionLost)
    assert not transport.congested


def test_a_port_where_nothing_listens_refuses(notes: Notes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    transport = make_transport(endpoint(port))
    transport.start(notes)
    error = notes.end()
    assert isinstance(error, ConnectionRefused)
    assert (error.host, error.port, error.return_code) == ("127.0.0.1", port, None)
    assert transport.join(LIMIT_S)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 255])
def test_a_refused_connection_tells_its_return_code(notes: Notes, code: int) -> None:
    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(bytes([0x20, 2, 0, code]))
        connection.recv(1)

    with listener(serve) as port:
        transport = make_transport(endpoint(port))
        transport.start(notes)
        error = notes.end()
        assert transport.join(LIMIT_S)
    assert isinstance(error, ConnectionRefused)
    assert error.return_code == code
    assert "the broker said" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x20",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 64,
        b"\xff" * 64,
        b"\x16\x03\x01\x00\x05hello",
        b"\x20\x00",
    ],
    ids=["nothing", "half", "http", "zeros", "ones", "tls", "empty-connack"],
)
def test_what_is_no_broker_is_a_refused_connection(notes: Notes, answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(answer)

    with listener(serve) as port:
        transport = make_transport(endpoint(port))
        transport.start(notes)
        error = notes.end()
        assert transport.join(LIMIT_S)
    assert isinstance(error, ConnectionRefused)
    assert error.return_code is None


def test_a_silent_server_can_be_left(notes: Notes) -> None:
    with listener() as port:
        transport = make_transport(endpoint(port))
        transport.start(notes)
        transport.abort()
        assert notes.end() is None
        assert transport.join(LIMIT_S)


def test_tls_with_a_server_that_is_silent_ends_within_its_own_limit(notes: Notes) -> None:
    import ssl

    with listener() as port:
        transport = make_transport(
            Endpoint(
                host="127.0.0.1",
                port=port,
                tls=ssl.create_default_context(),
                keepalive_s=119,
                connect_timeout_s=0.2,
            )
        )
        transport.start(notes)
        assert isinstance(notes.end(), ConnectionRefused)
        assert transport.join(LIMIT_S)


def test_nothing_of_an_ended_transport_is_kept(broker: Broker) -> None:
    before = threading.enumerate()
    notes = Notes()
    transport = make_transport(endpoint(broker.port))
    transport.start(notes)
    notes.next()
    transport.close()
    assert transport.join(LIMIT_S)
    gone = weakref.ref(transport)
    del transport
    gc.collect()
    assert gone() is None
    assert begun_since(before) == []


@pytest.mark.parametrize("make", [DirectClient, PahoClient])
@pytest.mark.parametrize("first", [b"\x20\x02\x00\x00", b""])
def test_an_announced_size_beyond_the_bound_ends_the_connection(
    make: type[PahoClient], first: bytes, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emitter_typed._transport.paho_mqtt.transport.make_client", make)

    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        # A PUBLISH, or a CONNACK, of the largest size that can be announced.
        connection.sendall(first + (b"\x30" if first else b"\x20") + b"\xff\xff\xff\x7f" + bytes(1_000))
        with suppress(ConnectionError):
            connection.recv(1)

    with listener(serve) as port:
        transport = make_transport(endpoint(port))
        transport.start(notes)
        error = notes.end()
        assert transport.join(LIMIT_S)

    assert isinstance(error, ConnectionLost if first else ConnectionRefused)
    assert "a packet of 268435455 bytes, and max_packet_bytes is 65536" in str(error)


def test_a_sink_that_fails_loses_the_connection_and_says_so(
    broker: Broker, notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(packets: object) -> None:
        raise LookupError("a fault of ours")

    notes.received = fail  # type: ignore[method-assign]  # what is tried
    transport = make_transport(endpoint(broker.port))
    transport.start(notes)
    error = notes.end()
    assert transport.join(LIMIT_S)
    assert isinstance(error, ConnectionLost)
    assert "LookupError" in error.message
    assert [record.msg for record in caplog.records if record.levelname == "ERROR"] == ["transport.failed"]


class FullReactor(ThreadReactor):
    """A reactor that has no room for another socket."""

    def watch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        if events:
            raise OSError(28, "No space left on device")


def test_a_socket_that_cannot_be_watched_is_a_refused_connection(broker: Broker, notes: Notes) -> None:
    reactor = FullReactor()
    reactor.start()
    transport = make_transport(endpoint(broker.port), reactor)
    transport.start(notes)
    error = notes.end()
    reactor.stop()
    assert reactor.join(LIMIT_S)
    assert isinstance(error, ConnectionRefused)
    assert "No space left" in str(error)


def test_what_was_left_before_it_began_ends_in_peace(broker: Broker, notes: Notes) -> None:
    transport = make_transport(endpoint(broker.port))
    transport.abort()
    assert transport.join(LIMIT_S)
    transport.start(notes)
    assert notes.end() is None
    assert transport.join(LIMIT_S)


class Counting(Notes):
    """A sink that counts the packets of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        self.counts.append(len(packets))
        super().received(packets)


@pytest.mark.parametrize("make", [DirectClient, PahoClient])
def test_a_turn_takes_a_bounded_number_of_packets_that_paho_reads(
    make: type[PahoClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emitter_typed._transport.paho_mqtt.transport.make_client", make)
    count, hold, notes = 3_000, threading.Event(), Counting()

    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x00" * count)
        hold.wait(LIMIT_S)

    with listener(serve) as port:
        transport = make_transport(endpoint(port))
        transport.start(notes)
        packets = [notes.next() for _ in range(1 + count)]
        hold.set()
        transport.close()
        assert transport.join(LIMIT_S)
    assert packets == [Connack(0)] + [Suback(1, (0,))] * count
    assert max(notes.counts) <= 256
