"""A socket that takes no more: what waits is bounded, nothing is lost, and it goes on when the peer reads again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest

from emitter_typed._protocol.packets import Connack, OutboundPacket, Puback, Publish
from emitter_typed._transport import Endpoint, Transport
from emitter_typed._transport.base import FlushingTransport, WritingTransport
from emitter_typed._transport.paho_mqtt import direct
from emitter_typed.broker import Broker
from tests.helpers.certificates import client_context, server_context
from tests.helpers.driving import KINDS, making
from tests.helpers.listeners import LIMIT_S, Notes
from tests.helpers.turns import counted_turns

Make = Callable[[Endpoint], Transport]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    with making(request.param) as make:
        yield make


@pytest.fixture
def secure_broker() -> Iterator[Broker]:
    with Broker(tls=server_context()) as running:
        yield running


def connected(make: Make, broker: Broker, *, tls: bool = False, path: str | None = None) -> tuple[Transport, Notes]:
    notes = Notes()
    transport = make(
        Endpoint(
            host="127.0.0.1",
            port=broker.port,
            tls=client_context() if tls else None,
            websocket_path=path,
            connect_timeout_s=LIMIT_S,
        )
    )
    transport.start(notes)
    assert notes.next() == Connack(0)
    return transport, notes


def send(transport: Transport, packet: OutboundPacket) -> None:
    transport.send(packet)


def send_here(transport: Transport, packet: OutboundPacket) -> None:
    """Send a packet, and write it in this thread, if that is possible."""
    assert isinstance(transport, WritingTransport)
    transport.queue(packet)
    transport.write()


def fill(
    transport: Transport,
    broker: Broker,
    key: str,
    *,
    qos: int = 0,
    send: Callable[[Transport, OutboundPacket], None] = send,
) -> int:
    """Publish to a broker that does not read until the transport stays congested, and return how often."""
    broker.faults.stall_reading()
    number = 0
    quiet_s = monotonic()
    while monotonic() < quiet_s + 0.1:
        if transport.congested:
            sleep(0.005)
            continue
        quiet_s = monotonic()
        send(transport, Publish(f"{key}/a/", b"%d " % number + b"x" * 60_000, qos, False, number + 1 if qos else 0))
        number += 1
        assert number < 1_000, "nothing bounds what waits"
    return number


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("path", [None, "/"], ids=["tcp", "websocket"])
@pytest.mark.parametrize("send", [send, send_here], ids=["reactor", "caller"])
def test_all_of_it_arrives_once_and_in_order_when_the_peer_reads_again(
    make: Make, secure_broker: Broker, tls: bool, path: str | None, send: Callable[[Transport, OutboundPacket], None]
) -> None:
    broker = secure_broker
    transport, notes = connected(make, broker, tls=tls, path=path)
    sent = fill(transport, broker, broker.keygen("a/", "w").reveal(), send=send)
    notes.room.clear()
    # Asked once more, for the system may have taken what waited since the last time, and that was told before.
    congested = transport.congested
    broker.faults.resume_reading()
    assert not congested or notes.room.wait(LIMIT_S)
    assert not transport.congested
    transport.send(Publish("emitter/me/", b"", 1, False, 7))
    while notes.next() != Puback(7):
        pass
    transport.close()
    assert notes.end() is None
    parts = [message.as_string().split(" ") for message in broker.published]
    assert [int(number) for number, _ in parts] == list(range(sent))
    assert {rest for _, rest in parts} == {"x" * 60_000}


def test_the_public_ways_past_paho_lose_nothing_either(
    make: Make, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "_KNOWN", ())
    transport, notes = connected(make, broker)
    sent = fill(transport, broker, broker.keygen("a/", "w").reveal())
    broker.faults.resume_reading()
    transport.close()
    assert notes.end() is None
    assert len(broker.wait_published(sent, timeout_s=LIMIT_S)) == sent


def test_close_sends_what_waits_when_the_peer_reads_in_time(make: Make, broker: Broker) -> None:
    transport, notes = connected(make, broker)
    sent = fill(transport, broker, broker.keygen("a/", "w").reveal())
    transport.close()
    broker.faults.resume_reading()
    assert notes.end() is None
    assert len(broker.wait_published(sent, timeout_s=LIMIT_S)) == sent


def test_close_gives_up_in_its_time_and_says_what_was_lost(make: Make, broker: Broker) -> None:
    transport, notes = connected(make, broker)
    assert isinstance(transport, FlushingTransport)
    sent = fill(transport, broker, broker.keygen("a/", "w").reveal())
    waiting = transport.count_unsent()
    assert 0 < waiting < sent
    began = monotonic()
    transport.close(0.2)
    assert notes.end() is None
    assert monotonic() - began > 0.15
    assert transport.count_unsent() == waiting
    broker.faults.resume_reading()


def test_what_must_be_acknowledged_is_not_counted_as_unsent(make: Make, broker: Broker) -> None:
    transport, notes = connected(make, broker)
    assert isinstance(transport, FlushingTransport)
    fill(transport, broker, broker.keygen("a/", "w").reveal(), qos=1)
    assert transport.count_unsent() == 0
    transport.abort()
    assert notes.end() is None
    broker.faults.resume_reading()


def test_abort_sends_nothing_of_what_waits(make: Make, broker: Broker) -> None:
    transport, notes = connected(make, broker)
    assert isinstance(transport, FlushingTransport)
    sent = fill(transport, broker, broker.keygen("a/", "w").reveal())
    transport.abort()
    assert notes.end() is None
    lost = transport.count_unsent()
    assert lost > 0
    broker.faults.resume_reading()
    with Broker() as other:
        # The first broker has seen the end of that connection once it serves another.
        assert other.port != broker.port
    again, more = connected(make, broker)
    again.close()
    assert more.end() is None
    assert len(broker.published) <= sent - lost + 1


def test_one_that_is_idle_or_congested_does_not_spin(make: Make, broker: Broker) -> None:
    transport, notes = connected(make, broker)
    for _ in range(2):
        with counted_turns() as turns:
            sleep(0.3)
        assert len(turns) < 20
        fill(transport, broker, broker.keygen("a/", "w").reveal())
    transport.abort()
    assert notes.end() is None
    broker.faults.resume_reading()
