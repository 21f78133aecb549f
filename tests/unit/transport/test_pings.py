"""Pings are sent in silence, answered by whatever comes, and missed only where nothing does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from time import monotonic, sleep

from emitter_typed._protocol.packets import Connack
from emitter_typed._transport import Endpoint, Transport
from emitter_typed.errors import ConnectionLost
from tests.helpers.driving import KINDS, making
from tests.helpers.listeners import LIMIT_S, Notes, listener, read_packet

Make = Callable[[Endpoint], Transport]
PINGREQ, PINGRESP, CONNACK = b"\xc0\x00", b"\xd0\x00", b"\x20\x02\x00\x00"


def on_each_kind(check: Callable[[Make], None]) -> None:
    """Run a check on all kinds of reactors at once, since it only waits."""

    def run(kind: str) -> None:
        with making(kind) as make:
            check(make)

    with ThreadPoolExecutor(len(KINDS)) as pool:
        for kind, running in [(kind, pool.submit(run, kind)) for kind in KINDS]:
            try:
                running.result()
            except BaseException as error:
                error.add_note(f"on the reactor {kind!r}")
                raise


def start(make: Make, port: int) -> tuple[Transport, Notes]:
    notes = Notes()
    transport = make(Endpoint(host="127.0.0.1", port=port, keepalive_s=1))
    transport.start(notes)
    assert notes.next() == Connack(0)
    return transport, notes


def test_an_idle_connection_is_kept_by_pings() -> None:
    def check(make: Make) -> None:
        pings: SimpleQueue[float] = SimpleQueue()

        def serve(connection: socket.socket) -> None:
            read_packet(connection)
            connection.sendall(CONNACK)
            while packet := read_packet(connection):
                if packet == PINGREQ:
                    pings.put(monotonic())
                    connection.sendall(PINGRESP)

        with listener(serve) as port:
            # Before it starts: on a busy machine, all that follows comes late, and nothing early.
            began = monotonic()
            transport, notes = start(make, port)
            assert pings.get(timeout=LIMIT_S) - began > 0.9
            assert pings.get(timeout=LIMIT_S) - began > 1.9
            assert not notes.ends
            transport.close()
            assert notes.end() is None

    on_each_kind(check)


def test_a_broker_that_answers_no_ping_is_lost_for_that_reason() -> None:
    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(CONNACK)
        while read_packet(connection):
            pass

    def check(make: Make) -> None:
        with listener(serve) as port:
            began = monotonic()
            _, notes = start(make, port)
            error = notes.end()
            assert monotonic() - began > 1.9
        assert isinstance(error, ConnectionLost)
        assert error.message == "no answer to a ping"

    on_each_kind(check)


def test_a_slow_link_on_which_messages_come_is_not_lost() -> None:
    message = b"\x30\xe8\x07\x00\x02a/" + b"x" * 996

    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(CONNACK)
        # The answer to the ping lies behind all that, half a second later than it may come.
        for at in range(0, 3 * len(message), 100):
            connection.sendall((3 * message)[at : at + 100])
            sleep(0.08)
        connection.sendall(PINGRESP)
        while read_packet(connection):
            pass

    def check(make: Make) -> None:
        with listener(serve) as port:
            transport, notes = start(make, port)
            for _ in range(3):
                notes.packets.get(timeout=LIMIT_S)
            assert not notes.ends
            transport.abort()
            assert notes.end() is None

    on_each_kind(check)


def test_a_loop_that_was_busy_reads_before_it_judges() -> None:
    pinged, is_busy, answered = threading.Event(), threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(CONNACK)
        while packet := read_packet(connection):
            if packet == PINGREQ:
                pinged.set()
                assert is_busy.wait(LIMIT_S)
                connection.sendall(PINGRESP)
                answered.set()

    import asyncio

    from emitter_typed._transport import make_transport
    from emitter_typed._transport.reactors import LoopReactor

    async def main(port: int) -> None:
        notes = Notes()
        transport = make_transport(
            Endpoint(host="127.0.0.1", port=port, keepalive_s=1), LoopReactor(asyncio.get_running_loop())
        )
        transport.start(notes)
        while not pinged.is_set():
            await asyncio.sleep(0.01)
        is_busy.set()
        assert answered.wait(LIMIT_S)
        # Longer than an answer to the ping may take.
        sleep(1.1)
        await asyncio.sleep(0.1)
        assert not notes.ends
        transport.abort()
        assert notes.ends == [None]

    with listener(serve) as port:
        asyncio.run(main(port))
