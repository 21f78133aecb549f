"""A flood of messages takes neither the loop nor the memory."""

from __future__ import annotations

import asyncio
import socket
import threading
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager, suppress
from time import sleep

import pytest

from emitter_typed import AsyncClient, AsyncHandler, Client, Message, RequestTimeout
from emitter_typed.broker import Broker, Limits
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.listeners import LIMIT_S, read_packet
from tests.helpers.loops import in_loop
from tests.helpers.samples import WRONG_KEY
from tests.helpers.turns import counted_turns, in_time


@contextmanager
def flooding() -> Generator[int]:
    """Be a broker that grants what is asked, and sends messages of 20 bytes as fast as they are taken."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT_S)

        def run() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.settimeout(LIMIT_S)
                read_packet(connection)
                connection.sendall(b"\x20\x02\x00\x00")
                subscribe = read_packet(connection)
                connection.sendall(b"\x90\x03" + subscribe[2:4] + b"\x00")
                message = b"\x30\x18\x00\x02a/" + b"x" * 20
                while not over.is_set():
                    connection.sendall(message * 1_000)

        thread = threading.Thread(target=run, name="flood")
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join(LIMIT_S)


@pytest.mark.parametrize("calls", [2, pytest.param(75, marks=pytest.mark.long)])
@pytest.mark.parametrize("handler", ["none", "function", "coroutine"])
@in_loop
async def test_a_time_limit_holds_in_a_flood(handler: str, calls: int) -> None:
    handled = 0

    def count(_: Message) -> None:
        nonlocal handled
        handled += 1

    async def count_later(_: Message) -> None:
        count(_)

    with flooding() as port:
        client = AsyncClient(timeout_s=LIMIT_S, max_messages=1_000)
        await client.connect("127.0.0.1", port, False)
        handlers: dict[str, AsyncHandler[Message] | None] = {"none": None, "function": count, "coroutine": count_later}
        subscription = await client.subscribe(WRONG_KEY, "a/", handlers[handler])
        for _ in range(calls):
            with pytest.raises(RequestTimeout):
                await in_time(client.me(timeout_s=0.2), 0.2)
            before = client.statistics().messages_in
            await asyncio.sleep(0)
            # What one read of 64 KiB brings, however much more there is.
            assert client.statistics().messages_in - before < 3_000
        assert client.statistics().messages_in > 1_000
        assert handled or subscription.dropped
        await in_time(client.abort(), 0)


@in_loop
async def test_what_a_blocked_loop_does_not_read_stays_with_the_broker() -> None:
    with flooding() as port:
        client = AsyncClient(timeout_s=LIMIT_S, max_bytes=100_000, max_messages=1_000)
        await client.connect("127.0.0.1", port, False)
        await client.subscribe(WRONG_KEY, "a/")
        await asyncio.sleep(0.1)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        sleep(1.0)
        await asyncio.sleep(0.1)
        after, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak - before < 4_000_000, f"{peak - before} bytes, and {after - before} are kept"
        await client.abort()


@both_flavours
@in_loop
async def test_an_idle_client_does_not_spin(broker: Broker, flavour: Flavour) -> None:
    async with connected(flavour, broker) as client:
        await client.me()
        with counted_turns() as turns:
            await asyncio.sleep(0.3)
    assert len(turns) < 20


@in_loop
async def test_what_a_blocked_loop_does_not_take_waits_in_a_broker_of_the_same_process() -> None:
    with Broker(limits=Limits(max_unsent_bytes=200_000_000)) as broker:
        key = broker.keygen("a/", "rw")
        async with AsyncClient(transport=broker.memory, timeout_s=LIMIT_S) as client:
            subscription = await client.subscribe(key, "a/", max_bytes=100_000_000, max_messages=1_000_000)
            with Client.from_url(broker.url, timeout_s=LIMIT_S) as publisher:
                for _ in range(500):
                    publisher.publish(key, "a/", b"x" * 60_000)
                # Blocks the loop until the broker has had all of it.
                publisher.me()
            # What was handed over and waits for its turn; asyncio has no public name for it.
            assert len(vars(asyncio.get_running_loop())["_ready"]) < 100
            for _ in range(500):
                message = await subscription.get(timeout_s=LIMIT_S)
                assert message is not None
                assert len(message.as_binary()) == 60_000
