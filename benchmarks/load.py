"""What a message costs as the work grows, and what connections cost: `python -m benchmarks.load`.

CPU time of the client's process, fresh for each figure: local subscriptions, handlers, bytes of the payload; to connect
again with 1,000 subscriptions; the memory of 1,000 clients. Messages come in one flood from a bare socket in another
process, the connections for the last two are to the embedded broker there. `--json` prints the figures as data.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import create_server
from statistics import median

from benchmarks.broker import raise_file_limit
from benchmarks.client_server import packet, publish, split
from emitter_typed import AsyncClient, Client, Message
from emitter_typed.broker import Broker

KEY = "k" * 32
HOT = "hot/"
TOPICS = 100
"""How many channels the messages of a flood are spread over."""
LIMIT_S = 60.0

SIZES = {
    "subscriptions": (1, 10, 100, 1000, 10_000),
    "handlers": (1, 2, 5, 10, 20),
    "payload": (10, 100, 1000, 10_000, 60_000),
    "reconnect": (10, 100, 1000),
    "memory": (10, 100, 1000),
}
TITLES = {
    "subscriptions": "subscriptions of the client, of which one matches",
    "handlers": "handlers of one channel",
    "payload": "size of the payload in bytes",
    "reconnect": "subscriptions to restore",
    "memory": "connected clients in one process",
}
"""What grows."""
UNITS = {"reconnect": "ms", "memory": "KiB a client"}
MEASURED = {"reconnect": "CPU time of a reconnect, in ms", "memory": "Memory of a client, in KiB"}
"""What is measured, where it is not the CPU time of a message."""
MESSAGE = "CPU time of a message, in µs"
CLASSES = {"sync": "Client", "async": "AsyncClient"}
FLAVOURS = ("sync", "async")

Figures = list[float]
"""Of the CPU time, and on the clock."""
Data = dict[str, dict[str, list[tuple[int, list[Figures]]]]]
"""Of each case and flavour, the figures of each round for each size."""


def messages(case: str, size: int) -> int:
    """Return how many messages are sent: enough to be measured, not too many bytes."""
    if case == "handlers":
        return 20_000 // size
    return min(20_000, 200_000_000 // size) if case == "payload" else 20_000


# What each client does, in a process of its own. It prints the microseconds of CPU time a message and those on the
# clock; of all messages, of those that take part.


def _cost(count: int, started: tuple[float, float]) -> Figures:
    return [1e6 * (time.process_time() - started[0]) / count, 1e6 * (time.perf_counter() - started[1]) / count]


def _now() -> tuple[float, float]:
    # What 10,000 subscribes leave to be collected would otherwise be part of some messages' time, and not of others'.
    gc.collect()
    return time.process_time(), time.perf_counter()


def _handler(place: int, take: Callable[[int], None]) -> Callable[[Message], None]:
    # Another number in each: the same function would be the same handler.
    return lambda _: take(place)


def sync_flood(case: str, size: int, port: int) -> Figures:
    """Receive a flood with `Client`."""
    count = messages(case, size)
    client = Client(max_messages=10_000_000, max_bytes=2**34, timeout_s=LIMIT_S)
    client.connect("127.0.0.1", port, secure=False)
    if case == "handlers":
        left, done = [count] * size, threading.Semaphore(0)

        def take(place: int) -> None:
            left[place] -= 1
            if not left[place]:
                done.release()

        for place in range(size):
            client.subscribe(KEY, HOT, _handler(place, take), last=0)
        started = _now()
        client.publish(KEY, "go/", b"")
        for _ in range(size):
            assert done.acquire(timeout=LIMIT_S)
        return _cost(count, started)
    for number in range(size - 1 if case == "subscriptions" else 0):
        client.subscribe(KEY, f"cold/{number}/", last=0)
    subscription = client.subscribe(KEY, HOT, last=0)
    started = _now()
    client.publish(KEY, "go/", b"")
    for _ in range(count):
        assert subscription.get(timeout_s=LIMIT_S) is not None
    return _cost(count, started)


async def async_flood(case: str, size: int, port: int) -> Figures:
    """Receive a flood with `AsyncClient`."""
    count = messages(case, size)
    client = AsyncClient(max_messages=10_000_000, max_bytes=2**34, timeout_s=LIMIT_S)
    await client.connect("127.0.0.1", port, secure=False)
    if case == "handlers":
        left, done = [count * size], asyncio.Event()

        def take(place: int) -> None:
            left[0] -= 1
            if not left[0]:
                done.set()

        for place in range(size):
            await client.subscribe(KEY, HOT, _handler(place, take), last=0)
        started = _now()
        await client.publish(KEY, "go/", b"")
        await asyncio.wait_for(done.wait(), LIMIT_S)
        return _cost(count, started)
    for number in range(size - 1 if case == "subscriptions" else 0):
        await client.subscribe(KEY, f"cold/{number}/", last=0)
    subscription = await client.subscribe(KEY, HOT, last=0)
    started = _now()
    await client.publish(KEY, "go/", b"")
    async for _ in subscription:
        count -= 1
        if not count:
            break
    return _cost(messages(case, size), started)


def sync_reconnect(size: int, url: str, key: str) -> Figures:
    """Lose the connection with so many subscriptions, and wait until all are restored."""
    with Client.from_url(url, timeout_s=LIMIT_S) as client:
        for number in range(size):
            client.subscribe(key, f"many/{number}/")
        last = client.subscribe(key, "last/")
        started = _now()
        print("drop", flush=True)
        client.connection.wait("reconnecting", timeout_s=LIMIT_S)
        client.connection.wait("connected", timeout_s=LIMIT_S)
        client.publish(key, "last/", b"x", qos=1)
        assert last.get(timeout_s=LIMIT_S)
        return [each / 1e3 for each in _cost(1, started)]


async def async_reconnect(size: int, url: str, key: str) -> Figures:
    """Do the same with `AsyncClient`."""
    async with AsyncClient.from_url(url, timeout_s=LIMIT_S) as client:
        for number in range(size):
            await client.subscribe(key, f"many/{number}/")
        last = await client.subscribe(key, "last/")
        started = _now()
        print("drop", flush=True)
        await client.connection.wait("reconnecting", timeout_s=LIMIT_S)
        await client.connection.wait("connected", timeout_s=LIMIT_S)
        await client.publish(key, "last/", b"x", qos=1)
        assert await last.get(timeout_s=LIMIT_S)
        return [each / 1e3 for each in _cost(1, started)]


def _resident_kib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def sync_memory(size: int, url: str, key: str) -> Figures:
    """Connect so many clients with a subscription each; return the KiB that each takes."""
    with Client.from_url(url) as first:
        first.subscribe(key, "many/")
        before = _resident_kib()
        clients = [Client.from_url(url) for _ in range(size)]
        for client in clients:
            client.connect()
            client.subscribe(key, "many/")
        took = (_resident_kib() - before) / size
        print(json.dumps([took, took]), flush=True)
        os._exit(0)


async def async_memory(size: int, url: str, key: str) -> Figures:
    """Do the same with `AsyncClient`."""
    async with AsyncClient.from_url(url) as first:
        await first.subscribe(key, "many/")
        before = _resident_kib()
        clients = [AsyncClient.from_url(url) for _ in range(size)]
        for client in clients:
            await client.connect()
            await client.subscribe(key, "many/")
        took = (_resident_kib() - before) / size
        print(json.dumps([took, took]), flush=True)
        os._exit(0)


def child(flavour: str, case: str, size: int, where: str, key: str) -> None:
    """Do one case, and print its figures."""
    raise_file_limit()
    if case in ("reconnect", "memory"):
        name = f"{flavour}_{case}"
        done = globals()[name](size, where, key)
    else:
        done = globals()[f"{flavour}_flood"](case, size, int(where))
    figures: Figures = asyncio.run(done) if asyncio.iscoroutine(done) else done
    print(json.dumps(figures), flush=True)
    # How a client closes is no matter here.
    os._exit(0)


def flood_of(content: bytes, count: int) -> bytes:
    """Return so many messages, spread over `TOPICS` channels."""
    return b"".join(publish(f"{HOT}{number % TOPICS}/", content) for number in range(count))


@contextmanager
def flooding(flood: bytes) -> Generator[int]:
    """Serve one client: everything is acknowledged, and its first message is answered by a flood. Yields the port."""

    def serve() -> None:
        connection, _ = server.accept()
        # A client leaves without a goodbye.
        with connection, suppress(ConnectionError):
            data = b""
            while received := connection.recv(256 * 1024):
                data += received
                start = 0
                answers: list[bytes] = []
                while (found := split(data, start)) is not None:
                    kind, body = data[start] & 0xF0, data[found[0] : found[1]]
                    if kind == 0x10:
                        answers.append(packet(0x20, b"\0\0"))
                    elif kind == 0x80:
                        filters = 0
                        place = 2
                        while place < len(body):
                            place += 3 + int.from_bytes(body[place : place + 2], "big")
                            filters += 1
                        answers.append(packet(0x90, body[:2] + b"\0" * filters))
                    elif kind == 0x30 and b"/go/" in body[:60]:
                        answers.append(flood)
                    elif kind == 0x30 and data[start] & 0x06:
                        place = 2 + int.from_bytes(body[:2], "big")
                        answers.append(packet(0x40, body[place : place + 2]))
                    elif kind == 0xC0:
                        answers.append(packet(0xD0, b""))
                    start = found[1]
                data = data[start:]
                connection.sendall(b"".join(answers))

    with closing(create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def run(flavour: str, case: str, size: int, where: str, broker: Broker | None = None, key: str = "") -> Figures:
    """Do one case in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.load", "--child", flavour, case, str(size), where, key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if line.strip() == "drop":
            assert broker is not None
            broker.faults.drop_connections()
            line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{flavour}, {case}, {size}: no figures")
        figures: Figures = json.loads(line)
        return figures


def measure(cases: Sequence[str], rounds: int) -> Data:
    """Take all figures, the rounds interleaved."""
    found: dict[str, dict[str, dict[int, list[Figures]]]] = {
        case: {flavour: {size: [] for size in SIZES[case]} for flavour in FLAVOURS} for case in cases
    }
    for number in range(rounds):
        for case in cases:
            for size in SIZES[case]:
                for flavour in FLAVOURS:
                    print(f"round {number + 1} of {rounds}: {case}, {size}, {flavour}", file=sys.stderr)
                    if case in ("reconnect", "memory"):
                        with Broker() as broker, Client.from_url(broker.url) as client:
                            key = client.keygen(broker.master_key, "#/", "rwls").key.reveal()
                            figures = run(flavour, case, size, broker.url, broker, key)
                    else:
                        content = b"x" * (size if case == "payload" else 50)
                        with flooding(flood_of(content, messages(case, size))) as port:
                            figures = run(flavour, case, size, str(port))
                    found[case][flavour][size].append(figures)
    return {
        case: {flavour: [*sizes.items()] for flavour, sizes in flavours.items()} for case, flavours in found.items()
    }


def shown(figures: list[Figures]) -> str:
    """Return the median of the CPU time with its spread, and that of the clock."""
    cpu = [each[0] for each in figures]
    return f"{median(cpu):.3g} ({min(cpu):.3g}-{max(cpu):.3g}), {median(each[1] for each in figures):.3g}"


def report(data: Data) -> str:
    """Return the figures as a table for each case."""
    tables: list[str] = []
    for case, flavours in data.items():
        unit = UNITS.get(case, "µs a message")
        lines = [
            f"| {TITLES[case]} | {' | '.join(f'`{CLASSES[each]}`, {unit}' for each in flavours)} |",
            "| --- |" + " --- |" * len(flavours),
        ]
        for rows in zip(*flavours.values(), strict=True):
            cells = [shown(figures) for _, figures in rows]
            lines.append(f"| {rows[0][0]:,} | {' | '.join(cells)} |")
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a message costs as the work grows.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is taken (default 5)")
    parser.add_argument("--cases", default=",".join(SIZES), help="which, with commas between (default: all)")
    parser.add_argument("--json", action="store_true", help="print the figures as data")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        flavour, case, size, where, key = options.child
        child(flavour, case, int(size), where, key)
    raise_file_limit()
    data = measure(options.cases.split(","), options.rounds)
    print(json.dumps(data) if options.json else report(data))


if __name__ == "__main__":
    main()
