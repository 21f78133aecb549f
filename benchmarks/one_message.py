"""Where the time of one message goes: `python -m benchmarks.one_message`.

An `AsyncClient`, all of whose work is in one thread, receives a flood or publishes. Every millisecond of CPU time its
stack is looked at: the innermost module of ours says which part of the work it was at. Each case is a fresh process,
and the shares are of all rounds together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from statistics import median
from types import FrameType
from typing import Any  # a payload's type

from benchmarks.client_server import PAYLOAD
from benchmarks.client_work import Reading
from benchmarks.load import HOT, KEY, LIMIT_S, flood_of, flooding
from emitter_typed import AsyncClient

COUNT = 100_000
SAMPLE_S = 0.001

PARTS = {
    "reading": "reading the socket, and splitting the bytes into packets",
    "writing": "making packets, and writing to the socket",
    "calls": "checking the arguments, and composing the topic",
    "session": "the session: which subscriptions match, which calls are in flight",
    "queue": "the queue of the subscription, and waking its reader",
    "payload": "the payload: JSON to or from an object",
    "results": "telling the caller that the call has ended",
    "loop": "the event loop of asyncio",
    "program": "the program's own loop",
    "other": "everything else",
}
"""The parts of the work, in the order of a message's way."""

MODULES = {
    "emitter_typed._transport": "reading",
    "emitter_typed._protocol.session": "session",
    "emitter_typed._protocol.trie": "session",
    "emitter_typed._protocol.packets": "session",
    "emitter_typed._protocol.topics": "calls",
    "emitter_typed._protocol.operations": "calls",
    "emitter_typed._protocol.payloads": "payload",
    "emitter_typed._protocol.receiving": "queue",
    "emitter_typed._protocol.message": "queue",
    "emitter_typed._core.streams": "queue",
    "emitter_typed._core.subscriptions": "queue",
    "emitter_typed._async.receiving": "queue",
    "emitter_typed._core.arguments": "calls",
    "emitter_typed._core.outcomes": "results",
    "emitter_typed._core.pending": "results",
    "emitter_typed._core.connections": "session",
    "emitter_typed._async": "calls",
    "emitter_typed._generated": "calls",
    "emitter_typed._guards": "session",
    "asyncio": "loop",
    "selectors": "loop",
    "benchmarks": "program",
    "__main__": "program",
}
"""Which part a module, or a package, belongs to: the longest name counts."""

CASES = {
    "in": "received, payload as bytes",
    "decoded": "received, payload as a record of 4 fields",
    "fast": "the same with the extra `fast`",
    "out": "published with QoS 0",
    "acknowledged": "published with QoS 1, 100 in flight",
}


def part_of(frame: FrameType | None, *, outward: bool) -> str:
    """Return which part of the work a stack is at."""
    while frame is not None:
        name: str = frame.f_globals.get("__name__", "")
        while name:
            if name in MODULES:
                part = MODULES[name]
                return "writing" if outward and part == "reading" else part
            name = name.rpartition(".")[0]
        frame = frame.f_back
    return "other"


async def receive(client: AsyncClient, payload: Any) -> None:
    """Receive the flood."""
    left = COUNT
    subscription = await client.subscribe(KEY, HOT, last=0, **({"payload": payload} if payload else {}))
    await client.publish(KEY, "go/", b"")
    async for _ in subscription:
        left -= 1
        if not left:
            break


async def send(client: AsyncClient, qos: int) -> None:
    """Publish as many messages."""
    for start in range(0, COUNT, 100):
        batch = range(start, start + 100)
        if qos:
            await asyncio.gather(*(client.publish(KEY, "out/", PAYLOAD % number, qos=1) for number in batch))
        else:
            for number in batch:
                await client.publish(KEY, "out/", PAYLOAD % number)


async def child(case: str, port: int) -> None:
    """Do one case; print the microseconds of CPU time a message, and how often each part was met."""
    if case != "fast":
        # The import system takes None for a module that is not there.
        sys.modules["msgspec"] = None  # type: ignore[assignment]
    client = AsyncClient(max_messages=10_000_000, max_bytes=2**34, timeout_s=LIMIT_S)
    await client.connect("127.0.0.1", port, secure=False)
    met: Counter[str] = Counter()
    outward = case in ("out", "acknowledged")

    def look(_: int, frame: FrameType | None) -> None:
        met[part_of(frame, outward=outward)] += 1

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)
    started = time.process_time()
    if outward:
        await send(client, int(case == "acknowledged"))
    else:
        await receive(client, None if case == "in" else Reading)
    took_us = 1e6 * (time.process_time() - started) / COUNT
    signal.setitimer(signal.ITIMER_PROF, 0)
    print(json.dumps([took_us, met]), flush=True)
    os._exit(0)


def run(case: str) -> tuple[float, dict[str, int]]:
    """Do one case in a fresh process."""
    with flooding(flood_of((PAYLOAD % 1).encode(), COUNT)) as port:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.one_message", "--child", case, str(port)],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    took_us, met = json.loads(done.stdout)
    return took_us, met


def report(rounds: dict[str, list[tuple[float, dict[str, int]]]]) -> str:
    """Return a table with the microseconds of each part in each case."""
    lines = [
        "| µs of CPU time | " + " | ".join(CASES[case] for case in rounds) + " |",
        "| --- |" + " --- |" * len(rounds),
    ]
    totals = {case: median(took for took, _ in each) for case, each in rounds.items()}
    met = {case: sum((Counter(parts) for _, parts in each), Counter[str]()) for case, each in rounds.items()}
    for part, title in PARTS.items():
        shares = [totals[case] * found[part] / found.total() for case, found in met.items()]
        if max(shares) >= 0.05:
            lines.append(
                f"| {title} | " + " | ".join(f"{share:.1f}" if share >= 0.05 else "" for share in shares) + " |"
            )
    lines.append("| **all parts** | " + " | ".join(f"**{total:.1f}**" for total in totals.values()) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Where the time of one message goes.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each case is run (default 5)")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        asyncio.run(child(options.child[0], int(options.child[1])))
    rounds: dict[str, list[tuple[float, dict[str, int]]]] = {case: [] for case in CASES}
    for number in range(options.rounds):
        for case, each in rounds.items():
            print(f"round {number + 1} of {options.rounds}: {case}", file=sys.stderr)
            each.append(run(case))
    print(report(rounds))


if __name__ == "__main__":
    main()
