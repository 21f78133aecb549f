"""Pings are sent in silence, answered by whatever comes, and missed only where nothing does."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
        pings: list[float] = []

        def serve(connection: socket.socket) -> None:
            read_packet(connection)
            connection.sendall(CONNACK)
            while packet := read_packet(connection):
                if packet == PINGREQ:
                    pings.append(monotonic())
                    connection.sendall(PINGRESP)

        with listener(serve) as port:
            transport, notes = start(make, port)
            began = monotonic()
            sleep(2.6)
            assert not notes.ends
            transport.close()
            assert notes.end() is None
        assert [round(each - began) for each in pings] == [1, 2]

    on_each_kind(check)


def test_a_broker_that_answers_no_ping_is_lost_for_that_reason() -> None:
    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(CONNACK)
        while read_packet(connection):
            pass

    def check(make: Make) -> None:
        with listener(serve) as port:
            # Before it starts: on a busy machine, this thread goes on late.
            began = monotonic()
            _, notes = start(make, port)
            error = notes.end()
            assert 1.9 < monotonic() - began < 4.0
        assert isinstance(error, ConnectionLost)
        assert error.message == "no answer to a ping"

    on_each_kind(check)


def test_a_slow_link_on_which_messages_come_is_not_lost() -> None:
    message = b"\x30\xe8\x07\x00\x02a/" + b"x" * 996

    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(CONNACK)
        # The answer to the ping lies behind all that.
        for at in range(0, 4 * len(message), 100):
            connection.sendall((4 * message)[at : at + 100])
            sleep(0.08)
        connection.sendall(PINGRESP)
        while read_packet(connection):
            pass

    def check(make: Make) -> None:
        with listener(serve) as port:
            transport, notes = start(make, port)
            for _ in range(4):
                notes.packets.get(timeout=LIMIT_S)
            assert not notes.ends
            transport.abort()
            assert notes.end() is None

    on_each_kind(check)


def test_a_loop_that_was_busy_reads_before_it_judges() -> None:
    def serve(connection: socket.socket) -> None:
        read_packet(connection)
        connection.sendall(CONNACK)
        while packet := read_packet(connection):
            if packet == PINGREQ:
                connection.sendall(PINGRESP)

    import asyncio

    from emitter_typed._transport import make_transport
    from emitter_typed._transport.reactors import LoopReactor

    async def main(port: int) -> None:
        notes = Notes()
        transport = make_transport(
            Endpoint(host="127.0.0.1", port=port, keepalive_s=1), LoopReactor(asyncio.get_running_loop())
        )
        transport.start(notes)
        while notes.packets.empty():
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.05)
        # Longer than an answer to the ping may take.
        sleep(1.5)
        await asyncio.sleep(0.1)
        assert not notes.ends
        transport.abort()
        assert notes.ends == [None]

    with listener(serve) as port:
        asyncio.run(main(port))
