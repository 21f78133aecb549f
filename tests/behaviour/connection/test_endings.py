"""However connections begin and end, in whatever order and by how many at once: one at a time counts, none is left."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from time import monotonic

import pytest

from emitter_typed import (
    AsyncClient,
    Client,
    Closed,
    Congested,
    ConnectionLost,
    EmitterError,
    Key,
    Pending,
    RequestTimeout,
)
from emitter_typed._async import driver as async_driver
from emitter_typed._sync import driver as sync_driver
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.live import left_connections, live_connections
from tests.helpers.loops import FOR_EVER_S, LIMIT_S, PROGRAM_LIMIT_S, in_loop
from tests.helpers.losing import lose, return_, until
from tests.helpers.turns import in_time

CALLS = ["connect", "connect", "close", "abort", "drain", "me", "lose"]
SHORT, LONG = 50, 3_000
# Longer than these calls take, also on a busy machine; and what waits in vain waits longer.
PATIENCE_S, IN_VAIN_S = LIMIT_S, 2 * LIMIT_S


@pytest.fixture
def broker(emitter_broker: Broker) -> Broker:
    """The embedded broker, wherever EMITTER_URL points: another does not tell its connections."""
    return emitter_broker


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwslp")


def rounds() -> list[object]:
    return [SHORT, pytest.param(LONG, marks=pytest.mark.long)]


@pytest.mark.usefixtures("endless_patience")
@pytest.mark.parametrize("count", rounds())
def test_threads_that_connect_and_end_a_client_at_random_leave_nothing(broker: Broker, count: int) -> None:
    client = Client.from_url(broker.url, timeout_s=IN_VAIN_S, reconnect_max_s=0.01)
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown if it fails
    slow: list[str] = []

    def run(number: int) -> None:
        choose = random.Random(seed + number)
        for _ in range(count):
            call = choose.choice(CALLS)
            began = monotonic()
            with suppress(EmitterError):
                if call == "lose":
                    broker.faults.drop_connections()
                elif call == "drain":
                    client.drain(IN_VAIN_S)
                else:
                    getattr(client, call)()
            if monotonic() - began > PATIENCE_S:
                slow.append(f"{call} took {monotonic() - began:.1f} s")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert slow == []
    assert client.connection.status == "closed"
    assert left_connections(broker) == 0
    client.connect()
    assert live_connections(broker) == 1
    client.close()


@pytest.mark.usefixtures("endless_patience")
@pytest.mark.parametrize("count", rounds())
def test_tasks_that_connect_and_end_a_client_at_random_leave_nothing(broker: Broker, count: int) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown if it fails
    slow: list[str] = []

    async def main() -> None:
        client = AsyncClient.from_url(broker.url, timeout_s=IN_VAIN_S, reconnect_max_s=0.01)

        async def run(number: int) -> None:
            choose = random.Random(seed + number)
            for _ in range(count):
                call = choose.choice(CALLS)
                limit_s = choose.choice([PATIENCE_S, 0.002 * choose.random()])
                began = monotonic()
                with suppress(EmitterError, TimeoutError):
                    if call == "lose":
                        broker.faults.drop_connections()
                    else:
                        making = client.drain(IN_VAIN_S) if call == "drain" else getattr(client, call)()
                        # Half of them are cancelled.
                        await asyncio.wait_for(making, limit_s)
                if monotonic() - began > PATIENCE_S:
                    slow.append(f"{call} took {monotonic() - began:.1f} s")
                await asyncio.sleep(0)

        await asyncio.gather(*(run(number) for number in range(8)))
        await client.close()
        assert client.connection.status == "closed"
        assert await asyncio.to_thread(left_connections, broker) == 0
        await client.connect()
        assert live_connections(broker) == 1
        await client.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert slow == []
    assert left_connections(broker) == 0


@in_loop
async def test_a_close_that_is_cancelled_ends_its_connection_and_leaves_the_next_alone(
    broker: Broker, key: Key
) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    await client.connect()
    broker.faults.stall_reading()
    for _ in range(200):
        with suppress(EmitterError):
            await client.publish(key, "a/", b"x" * 60_000, qos=0, timeout_s=0.001)
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    with pytest.raises(Closed):
        await client.me()
    broker.faults.clear()
    await client.connect()
    assert client.connection.status == "connected"
    assert (await client.me()).id
    # What was cancelled has its 2 seconds, and ends then at the latest.
    assert await asyncio.to_thread(left_connections, broker, 1) == 1
    assert client.connection.status == "connected"
    assert (await client.me()).id
    await client.close()


@both_flavours
@in_loop
async def test_a_second_loss_while_subscriptions_are_renewed_is_one_more_attempt(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/")
        await lose(client, broker)
        # The SUBSCRIBE is not answered any more.
        broker.faults.drop_inside("SUBACK")
        broker.faults.accept_connections()
        await until(client, "connected")
        assert client.connection.connects == 2
        await client.publish(key, "a/", "x", qos=1)
        message = await subscription.get(timeout_s=LIMIT_S)
        assert message is not None
        assert message.as_string() == "x"


@both_flavours
@in_loop
async def test_a_with_statement_after_connect_keeps_the_connection_and_ends_it(
    flavour: Flavour, broker: Broker
) -> None:
    async with connected(flavour, broker) as client:
        before = (await client.me()).id
        if flavour == "asyncio":
            async with client as same:
                assert same is client
                assert (await client.me()).id == before
            assert client.connection.status == "closed"
            async with client:
                assert (await client.me()).id != before


def test_a_with_statement_after_connect_keeps_the_connection_and_ends_it_with_threads(broker: Broker) -> None:
    client = Client.from_url(broker.url, timeout_s=LIMIT_S)
    client.connect()
    before = client.me().id
    with client as same:
        assert same is client
        assert client.me().id == before
    assert client.connection.status == "closed"


@both_flavours
@in_loop
async def test_draining_without_a_connection_is_nothing(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        await client.drain()
        await client.drain()
        assert client.connection.status == "closed"


@both_flavours
@in_loop
async def test_draining_sends_what_is_not_acknowledged_either(
    flavour: Flavour, broker: Broker, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    for driver in (async_driver, sync_driver):
        monkeypatch.setattr(driver, "CLOSE_TIMEOUT_S", 0.1)
    async with connected(flavour, broker) as client:
        await _fill(client, broker, key)
        release = threading.Timer(0.4, broker.faults.resume_reading)
        release.start()
        # Longer than a close may take.
        await client.drain(LIMIT_S)
        release.join()
        assert {len(message.as_string()) for message in broker.published} == {60_000}


@both_flavours
@in_loop
async def test_draining_counts_what_the_network_did_not_take(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        await _fill(client, broker, key)
        with pytest.raises(RequestTimeout) as caught:
            await in_time(client.drain(0.3), 0.3)
        assert (caught.value.unacknowledged, caught.value.handlers_running) == (0, 0)
        assert caught.value.unsent is not None
        assert caught.value.unsent > 0
        assert f"{caught.value.unsent} of QoS 0 are not sent" in str(caught.value)
        broker.faults.resume_reading()


@in_loop
async def test_close_keeps_its_own_limit_while_a_drain_still_has_time(
    broker: Broker, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(async_driver, "CLOSE_TIMEOUT_S", 0.1)
    async with connected("asyncio", broker) as client:
        await _fill(client, broker, key)
        draining = asyncio.create_task(client.drain(LIMIT_S))
        await asyncio.sleep(0.05)
        await in_time(client.close(), 0.1)
        await in_time(asyncio.wait([draining]), 0)
        assert isinstance(draining.exception(), RequestTimeout)
        broker.faults.resume_reading()


async def _fill(client: AsyncClient, broker: Broker, key: Key) -> None:
    """Publish until the network takes nothing more; a client that is busy is perhaps only slow to hand it over."""
    broker.faults.stall_reading()
    refused = 0
    while refused < 3:
        try:
            await client.publish(key, "a/", b"x" * 60_000, qos=0, timeout_s=0.04)
            refused = 0
        except Congested:
            refused += 1


@both_flavours
@in_loop
async def test_an_exception_in_the_client_itself_loses_the_connection_and_is_logged(
    flavour: Flavour, broker: Broker, key: Key, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from emitter_typed._protocol.session.local_subscriptions import LocalSubscriptions

    async with connected(flavour, broker) as client, connected(flavour, broker) as other:
        await client.subscribe(key, "a/")

        def fail(*arguments: object) -> bool:
            raise LookupError("a fault of ours")

        monkeypatch.setattr(LocalSubscriptions, "find_receivers", fail)
        waiting = asyncio.create_task(_wait_for_loss(client))
        await other.publish(key, "a/", "x", qos=1)
        await waiting
        monkeypatch.undo()
        await return_(client, broker)
        assert (await client.me()).id
    [record] = [each for each in caplog.records if each.msg == "session.failed"]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


async def _wait_for_loss(client: AsyncClient) -> None:
    while client.connection.connects == 1:
        await asyncio.sleep(0.005)


@both_flavours
@in_loop
async def test_a_broker_that_is_gone_can_be_left(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        await asyncio.to_thread(broker.stop)
        await called(lambda each: each.abort(), client)
        assert client.connection.status == "closed"


# Processes that were forked


@pytest.mark.usefixtures("endless_patience")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("count", [5, pytest.param(200, marks=pytest.mark.long)])
def test_in_a_child_every_call_raises_or_returns_at_once_whatever_threads_did_at_the_fork(
    broker: Broker, key: Key, count: int
) -> None:
    with Client.from_url(broker.url, timeout_s=FOR_EVER_S) as client:
        subscription = client.subscribe(key, "a/")
        client.subscribe(key, "a/b/", lambda message: None)
        client.on_error = lambda error: None
        over = threading.Event()

        def publish(qos: int) -> None:
            while not over.is_set():
                with suppress(EmitterError):
                    client.publish(key, "a/b/", "x", qos=1 if qos else 0)

        def read() -> None:
            while not over.is_set():
                with suppress(EmitterError):
                    subscription.get(timeout_s=0.01)

        threads = [threading.Thread(target=publish, args=(qos,)) for qos in (0, 1)]
        threads += [threading.Thread(target=read), threading.Thread(target=read)]
        for thread in threads:
            thread.start()
        failed: list[str] = []
        try:
            for _ in range(count):
                pending = _publish_when_there_is_room(client, key)
                calls = {
                    "publish": lambda: client.publish(key, "a/", "x"),
                    "me": client.me,
                    "subscribe": lambda: client.subscribe(key, "a/"),
                    "history": lambda: list(client.history(key, "a/")),
                    "get": subscription.get,
                    "next": lambda: next(subscription),
                    "wait": pending.wait,
                    "publish_nowait": lambda: client.publish_nowait(key, "a/", "x"),
                    "drain": client.drain,
                    "on_message": lambda: setattr(client, "on_message", print),
                    "leave": subscription.close,
                    "close": client.close,
                    "abort": client.abort,
                }
                failed += _in_child(calls)  # type: ignore[arg-type]  # whatever they return
        finally:
            over.set()
            for thread in threads:
                thread.join()
        assert failed == []
        assert client.me().id
        assert client.connection.connects == 1


def _publish_when_there_is_room(client: Client, key: Key) -> Pending:
    # Another thread publishes as fast as it can.
    while True:
        with suppress(Congested):
            return client.publish_nowait(key, "a/b/", "x")
        client.me()


def _in_child(calls: dict[str, object]) -> list[str]:
    """Make calls in a child process, one after the other, and return the names of those that did not end there."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for name, call in calls.items():
                with suppress(Closed, ConnectionLost, StopIteration):
                    call()  # type: ignore[operator]  # each is one
                os.write(writer, f"{name}\n".encode())
        finally:
            os._exit(0)
    os.close(writer)
    killer = threading.Timer(LIMIT_S, os.kill, (child, 9))
    killer.start()
    os.waitpid(child, 0)
    killer.cancel()
    with os.fdopen(reader) as said:
        ended = said.read().split()
    return [name for name in calls if name not in ended]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@both_flavours
@in_loop
async def test_abort_ends_the_connection_though_a_child_holds_its_socket(flavour: Flavour, broker: Broker) -> None:
    async with connected(flavour, broker) as client:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
        try:
            await client.abort()
            assert await asyncio.to_thread(left_connections, broker) == 0
        finally:
            os.close(writer)
            os.close(reader)
            os.waitpid(child, 0)


FORKING = {
    "threads": """
import os, sys
from emitter_typed import Client

client = Client.from_url(sys.argv[1], timeout_s=40)
client.connect()
before = client.me().id
if (child := os.fork()) == 0:
    client.close()
    sys.exit()
os.waitpid(child, 0)
print(client.me().id == before, client.connection.connects)
client.close()
""",
    "asyncio": """
import asyncio, os, sys
from emitter_typed import AsyncClient

async def main():
    client = AsyncClient.from_url(sys.argv[1], timeout_s=40)
    await client.connect()
    before = (await client.me()).id
    if (child := os.fork()) == 0:
        if sys.version_info >= (3, 14):
            # There, asyncio lets a child of a running loop await nothing, nor end in another way.
            os._exit(0)
        await client.close()
        sys.exit()
    os.waitpid(child, 0)
    print((await client.me()).id == before, client.connection.connects)
    await client.close()

asyncio.run(main())
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@both_flavours
def test_a_child_that_ends_ends_nothing_of_its_parents(flavour: Flavour, broker: Broker) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING[flavour], broker.url],
        capture_output=True,
        text=True,
        timeout=PROGRAM_LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True 1\n"), done.stderr


CALLED_IN_CHILD = {
    "threads": """
import os, sys, threading
from emitter_typed import Client

called = threading.Event()
client = Client.from_url(sys.argv[1], timeout_s=40)
client.on_connect = lambda: called.set()

client.connect()
print(called.wait(40), flush=True)
if (child := os.fork()) == 0:
    called = threading.Event()
    client.connect()
    print(called.wait(40), flush=True)
    client.close()
    os._exit(0)
os.waitpid(child, 0)
client.close()
""",
    "asyncio": """
import asyncio, os, sys
from emitter_typed import AsyncClient

async def connect():
    global called
    called = asyncio.Event()
    await client.connect()
    async with asyncio.timeout(40):
        print(await called.wait(), flush=True)

client = AsyncClient.from_url(sys.argv[1], timeout_s=40)
client.on_connect = lambda: called.set()
with asyncio.Runner() as runner:
    runner.run(connect())
    if (child := os.fork()) == 0:
        asyncio.new_event_loop().run_until_complete(connect())
        os._exit(0)
    os.waitpid(child, 0)
    runner.run(client.close())
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@both_flavours
def test_a_child_that_connects_again_has_its_handlers_called(flavour: Flavour, broker: Broker) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLED_IN_CHILD[flavour], broker.url],
        capture_output=True,
        text=True,
        timeout=PROGRAM_LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True\nTrue\n"), done.stderr


@pytest.mark.usefixtures("endless_patience")
@both_flavours
@in_loop
async def test_abort_while_the_broker_is_stopped_is_the_end(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/")
        broker.stop()
        await until(client, "reconnecting")
        waiting = client.publish_nowait(key, "a/", "x")
        await in_time(client.abort(), 0)
        assert client.connection.status == "closed"
        with pytest.raises(ConnectionLost):
            await waiting.wait()
        assert await subscription.get(LIMIT_S) is None
        broker.start()
        await client.abort()
        assert (client.connection.status, client.connection.connects) == ("closed", 1)
        assert not left_connections(broker)


def ignore(_: object) -> None:
    pass


def ignore_connection() -> None:
    pass


@both_flavours
@in_loop
async def test_the_handlers_of_a_client_can_be_read_back(flavour: Flavour, broker: Broker) -> None:
    names = [name for name in dir(AsyncClient) if name.startswith("on_")]
    assert len(names) == 8

    async with connected(flavour, broker) as one:
        client: object = vars(one).get("inner", one)
        for name in names:
            assert getattr(client, name) is None
            handler = ignore_connection if "connect" in name else ignore
            setattr(client, name, handler)
            assert getattr(client, name) is handler
            setattr(client, name, None)
            assert getattr(client, name) is None


@pytest.mark.usefixtures("endless_patience")
@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("ending", ["drain", "close", "abort"])
@in_loop
async def test_an_end_without_a_connection_returns_at_once(
    broker: Broker, kind: type[Client] | type[AsyncClient], ending: str
) -> None:
    client = kind.from_url(broker.url, timeout_s=FOR_EVER_S)
    await in_time(called(lambda one: getattr(one, ending)(), client), 0)
    await called(lambda one: one.connect(), client)
    await called(lambda one: getattr(one, ending)(), client)
    await in_time(called(lambda one: getattr(one, ending)(), client), 0)
    assert client.connection.status == "closed"
