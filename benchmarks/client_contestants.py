"""One client, one row of `benchmarks/client.py`, in a process of its own.

Every contestant does the same with the same server: it is done when it has seen, or got an acknowledgement for, each
single message. `python -m benchmarks.client_contestants NAME ROW PORT COUNT` writes the seconds that took, and the
seconds of CPU time.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NoReturn  # Any: contestants, which are alike in their methods' names alone

from benchmarks.client_peers import Aiomqtt, EmitterIo, Gmqtt, PahoThread
from benchmarks.client_server import FLOOD, REQUEST, SINK, packet, publish, split, text
from benchmarks.client_work import (
    IN_FLIGHT,
    KEY,
    LIMIT_S,
    ClientCounters,
    Numbered,
    Reading,
    RichReading,
    batches,
    payload,
    reader,
)

if TYPE_CHECKING:
    from emitter_typed import Message

MISSING = 3
"""The exit code of a contestant that is not installed."""


class BareSocket:
    """No client at all: the ceiling."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.socket.sendall(packet(0x10, text("MQTT") + b"\x04\x02\0\x1e" + text("")))
        assert next(self.packets())[0] == 0x20

    def packets(self) -> Iterator[tuple[int, bytes]]:
        while True:
            start = 0
            while (found := split(self.data, start)) is not None:
                kind, body = self.data[start], self.data[found[0] : found[1]]
                start = found[1]
                if start == len(self.data):
                    self.data, start = b"", 0
                yield kind, body
            self.data = self.data[start:] + self.socket.recv(256 * 1024)

    def counted(self, count: int, decode: Callable[[bytes], Numbered] | None = None) -> None:
        tally = ClientCounters(count)
        take = tally.taking(decode)
        self.socket.sendall(packet(0x82, b"\0\1" + text(f"{KEY}/{FLOOD}") + b"\0"))
        topic = len(text(FLOOD))
        for kind, body in self.packets():
            if kind == 0x30:
                take(body[topic:])
                if not tally.left:
                    return

    def decoded(self, count: int) -> None:
        self.counted(count, reader(Reading))

    def rich(self, count: int) -> None:
        self.counted(count, reader(RichReading))

    def qos0(self, count: int) -> None:
        for batch in batches(count):
            self.socket.sendall(b"".join(publish(f"{KEY}/{SINK}", payload(number)) for number in batch))
        assert next(self.packets())[0] == 0x30

    def qos1(self, count: int, topic: str = f"{KEY}/{SINK}", answers: int = 1, in_flight: int = IN_FLIGHT) -> None:
        packets = self.packets()
        for start in range(0, count, in_flight):
            numbers = range(start + 1, min(start + in_flight, count) + 1)
            self.socket.sendall(b"".join(publish(topic, payload(n), n % 65_535 + 1) for n in numbers))
            for _ in range(len(numbers) * answers):
                kind, body = next(packets)
                if kind == 0x30:
                    json.loads(body[2 + len(REQUEST) :])

    def request(self, count: int) -> None:
        self.qos1(count, REQUEST, 2, 1)

    def requests(self, count: int) -> None:
        self.qos1(count, REQUEST, 2)


class _OursSync:
    """emitter_typed.Client."""

    def __init__(self, port: int) -> None:
        from emitter_typed import Client

        # Whoever floods wants a queue that holds the flood: the peers' have no bounds at all.
        self.client = Client(max_messages=10_000_000, max_bytes=2**34, timeout_s=LIMIT_S)
        self.client.connect("127.0.0.1", port, secure=False)
        # What converts payloads is loaded with the first one, once in a program's life.
        self.client.me()


class OursHandler(_OursSync):
    """emitter_typed.Client, with a handler for what comes in."""

    def counted(self, count: int) -> None:
        tally = ClientCounters(count)
        self.client.subscribe(KEY, FLOOD, tally.take)
        tally.wait()

    def decoded(self, count: int, cls: type[Numbered] = Reading) -> None:
        tally = ClientCounters(count)
        self.client.subscribe(KEY, FLOOD, lambda message: tally.take_numbered(message.payload), payload=cls)
        tally.wait()

    def rich(self, count: int) -> None:
        self.decoded(count, RichReading)


class Ours(_OursSync):
    """emitter_typed.Client, with an iterator for what comes in; for 100 requests at once 100 threads with a share."""

    def counted(self, count: int) -> None:
        left = count
        with self.client.subscribe(KEY, FLOOD) as subscription:
            for _ in subscription:
                left -= 1
                if not left:
                    break

    def decoded(self, count: int, cls: type[Numbered] = Reading) -> None:
        total = 0
        with self.client.subscribe(KEY, FLOOD, payload=cls) as subscription:
            for message in itertools.islice(subscription, count):
                total += message.payload.n
        assert total == count * (count - 1) // 2

    def rich(self, count: int) -> None:
        self.decoded(count, RichReading)

    def qos0(self, count: int) -> None:
        tally = ClientCounters(1)
        self.client.on_message = lambda message: tally.take(message.payload)
        for number in range(count):
            self.client.publish(KEY, SINK, payload(number))
        tally.wait()

    def qos1(self, count: int) -> None:
        for batch in batches(count):
            for pending in [self.client.publish_nowait(KEY, SINK, payload(number), qos=1) for number in batch]:
                pending.wait()

    def request(self, count: int) -> None:
        for _ in range(count):
            assert self.client.me().id

    def requests(self, count: int) -> None:
        shares = [len(range(first, count, IN_FLIGHT)) for first in range(IN_FLIGHT)]
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            list(pool.map(self.request, shares))


class _OursAsync:
    """emitter_typed.AsyncClient."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect(self) -> None:
        from emitter_typed import AsyncClient

        self.client = AsyncClient(max_messages=10_000_000, max_bytes=2**34, timeout_s=LIMIT_S)
        await self.client.connect("127.0.0.1", self.port, secure=False)
        await self.client.me()


class OursAsyncHandler(_OursAsync):
    """emitter_typed.AsyncClient, with a handler for what comes in."""

    async def counted(self, count: int) -> None:
        tally, done = ClientCounters(count), asyncio.Event()

        def take(message: object) -> None:
            tally.take(message)
            if not tally.left:
                done.set()

        await self.client.subscribe(KEY, FLOOD, take)
        await asyncio.wait_for(done.wait(), LIMIT_S)

    async def decoded(self, count: int, cls: type[Numbered] = Reading) -> None:
        tally, done = ClientCounters(count), asyncio.Event()

        def take(message: Message[Numbered]) -> None:
            tally.take_numbered(message.payload)
            if not tally.left:
                done.set()

        await self.client.subscribe(KEY, FLOOD, take, payload=cls)
        await asyncio.wait_for(done.wait(), LIMIT_S)

    async def rich(self, count: int) -> None:
        await self.decoded(count, RichReading)


class OursAsync(_OursAsync):
    """emitter_typed.AsyncClient, with an iterator for what comes in."""

    async def counted(self, count: int) -> None:
        subscription = await self.client.subscribe(KEY, FLOOD)
        left = count
        async for _ in subscription:
            left -= 1
            if not left:
                break

    async def decoded(self, count: int, cls: type[Numbered] = Reading) -> None:
        total, left = count * (count - 1) // 2, count
        subscription = await self.client.subscribe(KEY, FLOOD, payload=cls)
        async for message in subscription:
            total -= message.payload.n
            left -= 1
            if not left:
                break
        assert not total

    async def rich(self, count: int) -> None:
        await self.decoded(count, RichReading)

    async def qos0(self, count: int) -> None:
        done = asyncio.Event()
        self.client.on_message = lambda message: done.set()
        for number in range(count):
            await self.client.publish(KEY, SINK, payload(number))
        await asyncio.wait_for(done.wait(), LIMIT_S)

    async def qos1(self, count: int) -> None:
        for batch in batches(count):
            await asyncio.gather(*(self.client.publish(KEY, SINK, payload(number), qos=1) for number in batch))

    async def request(self, count: int) -> None:
        for _ in range(count):
            assert (await self.client.me()).id

    async def requests(self, count: int) -> None:
        for batch in batches(count):
            await asyncio.gather(*(self.client.me() for _ in batch))


CONTESTANTS: dict[str, Callable[[int], Any]] = {
    "emitter_typed": Ours,
    "emitter_typed, handler": OursHandler,
    "emitter_typed, async": OursAsync,
    "emitter_typed, async handler": OursAsyncHandler,
    "emitter-io": EmitterIo,
    "paho, thread": PahoThread,
    "aiomqtt": Aiomqtt,
    "gmqtt": Gmqtt,
    "a bare socket": BareSocket,
}


def main() -> None:
    """Run one row with one client, write the seconds, and leave without a goodbye."""
    _, name, row, port, count = sys.argv
    try:
        contestant = CONTESTANTS[name](int(port))
        if hasattr(contestant, "connect"):
            asyncio.run(_run(contestant, row, int(count)))
        start, cpu = perf_counter(), process_time()
        getattr(contestant, row)(int(count))
        took, cpu = perf_counter() - start, process_time() - cpu
    except ImportError as error:
        print(error, file=sys.stderr)
        os._exit(MISSING)
    print(took, cpu, flush=True)
    # How a client closes is no matter here, and some take long.
    os._exit(0)


async def _run(contestant: Any, row: str, count: int) -> NoReturn:
    await contestant.connect()
    start, cpu = perf_counter(), process_time()
    await getattr(contestant, row)(count)
    took, cpu = perf_counter() - start, process_time() - cpu
    # Before asyncio.run ends, which closes what some clients leave open, and complains.
    print(took, cpu, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
