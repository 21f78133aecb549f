"""Servers that are no brokers, and a sink that remembers what a transport told it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue

from emitter_typed._protocol.packets import InboundPacket
from emitter_typed.errors import EmitterError

LIMIT_S = 20.0


class Notes:
    """A sink."""

    def __init__(self) -> None:
        self.packets: SimpleQueue[InboundPacket] = SimpleQueue()
        self.room = threading.Event()
        self.over = threading.Event()
        self.ends: list[EmitterError | None] = []
        self.after_the_end: list[InboundPacket] = []

    def received(self, packets: Sequence[InboundPacket], /) -> None:
        if self.ends:
            self.after_the_end.extend(packets)
        for packet in packets:
            self.packets.put(packet)

    def drained(self) -> None:
        self.room.set()

    def ended(self, error: EmitterError | None, /) -> None:
        self.ends.append(error)
        self.over.set()

    def next(self) -> InboundPacket:
        return self.packets.get(timeout=LIMIT_S)

    def end(self) -> EmitterError | None:
        """Wait for the end, and return its reason."""
        assert self.over.wait(LIMIT_S)
        return self.ends[0]


@contextmanager
def listener(
    serve: Callable[[socket.socket], None] | None = None, host: str = "127.0.0.1", port: int = 0
) -> Generator[int]:
    """Listen on a port, a free one if it is 0. None: nobody ever answers.

    The first connection is served, and closed after that.
    """
    done = threading.Event()
    with socket.create_server((host, port)) as server:
        server.settimeout(LIMIT_S)

        def run() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(LIMIT_S)
                if serve is not None:
                    serve(connection)
                else:
                    done.wait(LIMIT_S)

        thread = threading.Thread(target=run, name="listener")
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            # Whoever was left before it connected never comes.
            with suppress(OSError), socket.create_connection(server.getsockname(), timeout=LIMIT_S):
                thread.join(LIMIT_S)


def read_packet(connection: socket.socket) -> bytes:
    """Read one MQTT packet whole; empty at the end."""
    first = exactly(connection, 1)
    if not first:
        return b""
    header = first
    size = 0
    for place in range(4):
        byte = exactly(connection, 1)
        header += byte
        size |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 0x80:
            break
    return header + exactly(connection, size)


def exactly(connection: socket.socket, size: int) -> bytes:
    """Read so many bytes; fewer at the end."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            break
        data += part
    return data
