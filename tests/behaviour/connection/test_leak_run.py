"""A long life costs nothing: messages, subscriptions and reconnects leave memory, threads and descriptors flat."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager

import pytest

from emitter_typed import AsyncClient, AsyncSubscription, Client
from tests.helpers.flavours import Flavour, as_awaited, both_flavours
from tests.helpers.loops import LIMIT_S
from tests.helpers.losing import until
from tests.helpers.threads import begun_since

MESSAGES, SUBSCRIBES, RECONNECTS = 1_000_000, 10_000, 1_000
# A leak of one object for each reconnect is as much, for each message a hundred times that.
SLACK_BLOCKS = 1_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")

# What a broker keeps for tests is none of the client's.
BROKER = """
import sys
from emitter_typed.broker import Broker

with Broker() as broker:
    print(broker.url, broker.keygen("a/#/", "rw").reveal(), flush=True)
    for line in sys.stdin:
        broker.faults.drop_connections()
"""


@contextmanager
def broker_elsewhere() -> Generator[tuple[str, str, Callable[[], None]]]:
    """Run a broker in a process of its own; give its URL, a key, and what drops its connections."""
    with subprocess.Popen(
        [sys.executable, "-c", BROKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        commands = program.stdin

        def drop() -> None:
            commands.write("drop\n")
            commands.flush()

        url, key = program.stdout.readline().split()
        yield url, key, drop


async def live(client: AsyncClient, got: AsyncSubscription, key: str, drop: Callable[[], None], share: float) -> None:
    for number in range(int(MESSAGES * share)):
        await client.publish(key, "a/messages/", b"x", qos=0)
        if number % 500 == 499:
            await client.me()
            while got.pending:
                await got.get(timeout_s=LIMIT_S)
    for number in range(int(SUBSCRIBES * share)):
        await client.subscribe(key, f"a/{number % 10}/")
        await client.unsubscribe(key, f"a/{number % 10}/")
    for _ in range(int(RECONNECTS * share)):
        before = client.connection.connects
        drop()
        while client.connection.connects == before:
            await asyncio.sleep(0.001)
        await until(client, "connected")


def counts(before: Collection[threading.Thread]) -> tuple[int, int]:
    """Return the numbers of descriptors, and of our threads that were not there before."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), len(begun_since(before))


@both_flavours
@pytest.mark.parametrize("share", [0.002, pytest.param(1.0, marks=pytest.mark.long)])
def test_a_long_life_leaves_nothing(flavour: Flavour, share: float) -> None:
    # pytest keeps what is logged.
    logging.getLogger("emitter_typed").setLevel(logging.CRITICAL)

    async def main(url: str, key: str, drop: Callable[[], None]) -> None:
        if flavour == "threads":
            client = as_awaited(Client.from_url(url, timeout_s=LIMIT_S, reconnect_max_s=0.001), AsyncClient)
        else:
            client = AsyncClient.from_url(url, timeout_s=LIMIT_S, reconnect_max_s=0.001)
        before = threading.enumerate()
        await client.connect()
        got = await client.subscribe(key, "a/messages/")
        await live(client, got, key, drop, 0.005)
        at_first, blocks = counts(before), sys.getallocatedblocks()
        await live(client, got, key, drop, share)
        assert counts(before) == at_first
        assert sys.getallocatedblocks() - blocks < SLACK_BLOCKS
        await client.close()

    with broker_elsewhere() as (url, key, drop):
        asyncio.run(main(url, key, drop))
