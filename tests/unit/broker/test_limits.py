"""No client makes the broker grow without end, and none that tries hurts another."""

from __future__ import annotations

import logging
import socket
import ssl

import pytest

from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.keys import KeyRing, Permission
from emitter_typed.broker import Broker, Limits, ManualClock
from emitter_typed.errors import InvalidArgument
from tests.helpers.certificates import client_context, server_context
from tests.helpers.dialling import Dialled, greeted
from tests.helpers.packets import Sent, Will, encode
from tests.helpers.peer import Peer, statuses

MASTER_KEY = "0123456789abcdefghijklmnopqrstuv"
CLOCK = ManualClock(1_700_000_000)
KEYS = KeyRing(MASTER_KEY, CLOCK)
KEY = KEYS.seal(Permission.READ | Permission.WRITE | Permission.PRESENCE, "#/")


# Of segments that differ: Emitter takes those for one another that it holds twice.
DEEP = "".join(f"{number}/" for number in range(1000))


def new_core(limits: Limits) -> BrokerCore:
    return BrokerCore(keys=KEYS, matcher="emitter", clock=CLOCK, limits=limits)


def subscribe_until_refused(peer: Peer, start: int) -> int:
    """Return how many new subscriptions were taken."""
    for number in range(start, start + 1000):
        if statuses(peer.subscribe(f"{KEY}/a/{number}/")) == [403]:
            return number - start
    pytest.fail("nothing was refused")


def link(peer: Peer, name: str, channel: str) -> object:
    return peer.request("link", {"name": name, "key": KEY, "channel": channel})["status"]


def watch(peer: Peer, channel: str, on: bool = True) -> object:
    return peer.request("presence", {"key": KEY, "channel": channel, "status": False, "changes": on})["status"]


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many"])
def test_a_bound_that_is_none_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidArgument, match="max_connections: must be an integer above 0") as refused:
        Limits(max_connections=value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # wrong on purpose
    assert refused.value.argument == "max_connections"


def test_subscriptions_are_refused_beyond_the_bound_of_their_connection_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    core = new_core(Limits(max_state_bytes=100_000))
    greedy, modest = Peer(core), Peer(core)
    with caplog.at_level(logging.WARNING, "emitter_typed.broker"):
        taken = subscribe_until_refused(greedy, 100)
    assert 20 < taken < 200
    assert "limit.reached max_bytes=100000" in caplog.text
    assert KEY not in caplog.text
    assert statuses(modest.subscribe(f"{KEY}/b/")) == []


def test_what_was_ended_makes_room() -> None:
    core = new_core(Limits(max_state_bytes=100_000))
    peer = Peer(core)
    taken = subscribe_until_refused(peer, 100)
    for number in range(100, 100 + taken):
        peer.subscribe(f"{KEY}/a/{number}/")
        peer.unsubscribe(f"{KEY}/a/{number}/")
        peer.unsubscribe(f"{KEY}/a/{number}/")
    assert peer.connection.budget.taken_bytes == 0
    assert subscribe_until_refused(peer, 100) == taken


def test_links_and_watches_count_and_those_that_are_replaced_do_so_once() -> None:
    peer = Peer(new_core(Limits(max_state_bytes=100_000)))
    for _ in range(100):
        assert link(peer, "a", "a/" * 30) == 200
        assert watch(peer, "a/" * 30) == 200
    assert link(peer, "b", DEEP) == 403
    assert watch(peer, DEEP) == 403
    assert watch(peer, "a/" * 30, on=False) == 200
    assert watch(peer, "a/" * 30, on=False) == 200
    assert link(peer, "a", "a/") == 200
    assert peer.connection.budget.taken_bytes < 2000


def test_all_connections_together_have_a_bound_and_those_that_leave_make_room() -> None:
    core = new_core(Limits(max_state_bytes=100_000, max_total_state_bytes=150_000))
    first, second = Peer(core), Peer(core)
    taken = subscribe_until_refused(first, 100)
    assert subscribe_until_refused(second, 100) < taken
    first.leave()
    assert subscribe_until_refused(second, 500) > 0


def test_a_will_beyond_the_bound_ends_its_connection() -> None:
    core = new_core(Limits(max_state_bytes=1000))
    peer = Peer(core, Sent("CONNECT", will=Will(f"{KEY}/a/", b"x" * 2000)))
    assert peer.connection.closing
    assert peer.connection.will is None


def test_answers_that_are_withheld_count_as_unsent() -> None:
    with Broker(limits=Limits(max_unsent_bytes=100_000)) as broker, greeted(broker) as greedy, greeted(broker) as other:
        broker.faults.withhold_replies()
        # An unknown request is answered on its own topic: as much comes back as was sent.
        for _ in range(3):
            greedy.send(Sent("PUBLISH", topic="emitter/" + "x" * 50_000 + "/"))
        assert greedy.next() is None
        assert other.silent()


def test_a_connection_too_many_is_closed_and_those_before_stay(caplog: pytest.LogCaptureFixture) -> None:
    with (
        Broker(limits=Limits(max_connections=2)) as broker,
        greeted(broker) as one,
        greeted(broker) as two,
        Dialled(broker) as three,
    ):
        assert three.next() is None
        assert one.silent()
        assert two.silent()
        two.send(Sent("DISCONNECT"))
        assert two.next() is None
        greeted(broker).socket.close()
    assert "max_connections=2" in caplog.text


def test_readers_that_are_slow_together_are_cut_off_the_slowest_first(caplog: pytest.LogCaptureFixture) -> None:
    limits = Limits(max_unsent_bytes=64 << 20, max_total_unsent_bytes=8 << 20)
    with Broker(limits=limits) as broker, greeted(broker) as publisher:
        key = broker.keygen("a/#/", "rw").reveal()
        slow: list[Dialled] = []
        for name in ("one", "two"):
            reader = greeted(broker, name)
            reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.subscribe(f"{key}/a/")
            assert reader.types(1) == ["SUBACK 1"]
            slow.append(reader)
        packet = encode(Sent("PUBLISH", topic=f"{key}/a/", payload=b"x" * 60_000))
        while "reader.too_slow" not in caplog.text:
            publisher.socket.sendall(packet * 10)
            assert publisher.silent()
        assert caplog.text.count("reader.too_slow") == 1
        for reader in slow:
            reader.socket.close()


def test_a_topic_of_thousands_of_segments_is_weighed_by_what_it_takes() -> None:
    peer = Peer(new_core(Limits(max_state_bytes=1 << 20)))
    assert statuses(peer.subscribe(f"{KEY}/" + "a/" * 30_000)) == [403]
    assert statuses(peer.subscribe(f"{KEY}/" + "a/" * 1000)) == []


def ping_without_reading(greedy: Dialled) -> None:
    """Ask for 100 MB of pongs."""
    pings = (b"\x89\xfd" + bytes(4) + b"x" * 125) * 1000
    for _ in range(1000):
        greedy.socket.sendall(pings)


@pytest.mark.parametrize("tls", [None, client_context()])
def test_pongs_that_nobody_reads_count_as_unsent(caplog: pytest.LogCaptureFixture, tls: ssl.SSLContext | None) -> None:
    with (
        Broker(limits=Limits(max_unsent_bytes=100_000), tls=server_context()) as broker,
        Dialled(broker, tls) as greedy,
    ):
        greedy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.socket.sendall(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        with pytest.raises((ConnectionError, ssl.SSLError)):
            ping_without_reading(greedy)
        with greeted(broker) as other:
            assert other.silent()
    assert "reader.too_slow" in caplog.text
