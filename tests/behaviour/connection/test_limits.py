"""Every call ends in its time, whatever answers late or never: a name server, a network, TLS, a broker."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest

from emitter_typed import AsyncClient, Client, Congested, ConnectionRefused, Key, RequestTimeout
from emitter_typed._async import driver as async_driver
from emitter_typed._sync import driver as sync_driver
from emitter_typed._transport import Endpoint, make_transport
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, as_awaited, both_flavours, connected
from tests.helpers.listeners import listener
from tests.helpers.loops import FOR_EVER_S, LIMIT_S, PROGRAM_LIMIT_S, in_loop, with_enough_time
from tests.helpers.losing import lose, until
from tests.helpers.silence import SLOW_NAME, dead_port, go_elsewhere, names_with, slow_names
from tests.helpers.threads import begun_since
from tests.helpers.turns import in_time
from tests.helpers.unwatching import run_unwatching


@pytest.fixture(autouse=True)
def all_is_loaded() -> None:
    """Load what a first connect loads, which takes time of its own."""
    make_transport(Endpoint(host="-", port=1))


def new(flavour: Flavour, timeout_s: float, **settings: object) -> AsyncClient:
    if flavour == "threads":
        return as_awaited(Client(timeout_s=timeout_s, **settings), AsyncClient)  # type: ignore[arg-type]  # of a client
    return AsyncClient(timeout_s=timeout_s, **settings)  # type: ignore[arg-type]  # of a client


@contextmanager
def place(kind: str, monkeypatch: pytest.MonkeyPatch, *slow: str) -> Generator[tuple[str, int, bool]]:
    """Give where to connect to, and whether with TLS; the names are those that are looked up slowly."""
    match kind:
        case "name":
            with slow_names(monkeypatch, *slow):
                yield SLOW_NAME, 1, False
        case "network":
            with dead_port() as port:
                yield "127.0.0.1", port, False
        case "networks":
            with dead_port() as port:
                names_with(monkeypatch, ["127.0.0.1"] * 5)
                yield "many.example", port, False
        case _:
            with listener() as port:
                yield "127.0.0.1", port, kind == "tls"


KINDS = ["name", "network", "networks", "tls", "broker"]


@both_flavours
@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_connect_ends_in_its_time(flavour: Flavour, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for driver in (sync_driver, async_driver):
        # The transport keeps the limit, however late a busy machine lets it.
        monkeypatch.setattr(driver, "CONNECT_GRACE_S", FOR_EVER_S)
    with place(kind, monkeypatch) as (host, port, secure):
        client = new(flavour, 0.3)
        with pytest.raises(RequestTimeout) as caught:
            await in_time(client.connect(host, port, secure), 0.3)
        assert (caught.value.operation, caught.value.timeout_s) == ("connect", 0.3)
        assert isinstance(caught.value.__cause__, ConnectionRefused)
        assert client.connection.status == "closed"


@both_flavours
@in_loop
async def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dead_port() as port, Broker(host="127.0.0.2", port=port):
        names_with(monkeypatch, ["127.0.0.1", "127.0.0.2"])

        async def connect(timeout_s: float) -> AsyncClient:
            client = new(flavour, timeout_s)
            await client.connect("both.example", port, False)
            return client

        await (await with_enough_time(connect)).close()


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_a_connect_that_is_cancelled_ends_at_once_and_holds_nobody_up(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place(kind, monkeypatch) as (host, port, secure):
        client = AsyncClient(timeout_s=FOR_EVER_S)
        connecting = asyncio.create_task(client.connect(host, port, secure))
        await asyncio.sleep(0.02)
        connecting.cancel()
        await in_time(asyncio.wait([connecting]), 0)
        assert connecting.cancelled()
        assert client.connection.status == "closed"


@pytest.mark.usefixtures("endless_patience")
@both_flavours
@pytest.mark.parametrize("kind", ["name", "network", "broker"])
@pytest.mark.parametrize("ending", ["close", "abort", "drain"])
@in_loop
async def test_a_client_that_is_reconnecting_ends_at_once(
    flavour: Flavour, broker: Broker, kind: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(flavour, broker, url=f"mqtt://localhost:{broker.port}") as client:
        with place(kind, monkeypatch, "localhost") as (host, port, _):
            if kind != "name":
                go_elsewhere(monkeypatch, (host, port))
            await lose(client, broker)
            await asyncio.sleep(0.1)
            assert client.connection.status == "reconnecting"
            calls: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
                "close": client.close,
                "abort": client.abort,
                "drain": lambda: client.drain(FOR_EVER_S),
            }
            await in_time(calls[ending](), 0)
            monkeypatch.undo()


@in_loop
async def test_a_name_that_is_looked_up_slowly_keeps_one_thread_however_often_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with slow_names(monkeypatch) as asked:
        before = threading.enumerate()
        for _ in range(3):
            with pytest.raises(RequestTimeout):
                await AsyncClient(timeout_s=0.05).connect(SLOW_NAME, 1, False)
        clients = [AsyncClient(timeout_s=0.3) for _ in range(20)]
        connecting = [asyncio.create_task(client.connect(SLOW_NAME, 1, False)) for client in clients]
        await asyncio.sleep(0.05)
        assert [each.name for each in begun_since(before)] == ["emitter-lookup"]
        assert asked == [SLOW_NAME]
        await asyncio.gather(*connecting, return_exceptions=True)


PROGRAM = """
import asyncio, socket, time
from emitter_typed import AsyncClient, EmitterError
socket.getaddrinfo = lambda *arguments, **named: time.sleep(600)

async def main():
    try:
        await AsyncClient(timeout_s=0.2).connect("slow.example", 1, False)
    except EmitterError:
        print("in time")

asyncio.run(main())
"""


def test_a_program_does_not_wait_for_a_name_at_its_end() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=PROGRAM_LIMIT_S, check=False
    )
    assert (done.returncode, done.stdout) == (0, "in time\n"), done.stderr


# With timers that a test cannot hurry: 2 s is what close promises.


@both_flavours
@in_loop
async def test_close_gives_up_on_a_peer_that_does_not_read_after_2_seconds(flavour: Flavour, broker: Broker) -> None:
    key = broker.keygen("a/", "w")
    async with connected(flavour, broker) as client:
        await fill(client, broker, key)
        began = monotonic()
        await in_time(client.close(), 2.0)
        assert monotonic() - began > 1.9
        broker.faults.resume_reading()


async def fill(client: AsyncClient, broker: Broker, key: Key) -> int:
    """Publish to a broker that does not read, until no more may wait to be sent; and return how often."""
    broker.faults.stall_reading()
    for number in range(1_000):
        try:
            await client.publish(key, "a/", b"x" * 60_000, qos=0, timeout_s=0.1)
        except Congested:
            return number
    raise AssertionError("nothing bounds what waits")


@pytest.mark.usefixtures("endless_patience")
@both_flavours
@in_loop
async def test_abort_waits_for_nobody(flavour: Flavour, broker: Broker) -> None:
    key = broker.keygen("a/", "w")
    async with connected(flavour, broker) as client:
        sent = await fill(client, broker, key)
        await in_time(client.abort(), 0)
        broker.faults.resume_reading()
        async with connected(flavour, broker) as other:
            await other.me()
        # What the network had taken has arrived by now, and nothing else.
        assert len(broker.published) < sent


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the platform has no timer signals")
@pytest.mark.usefixtures("endless_patience")
@pytest.mark.parametrize("ending", ["close", "abort"])
def test_a_signal_handler_ends_a_client_in_time_wherever_it_interrupts(broker: Broker, ending: str) -> None:
    key = broker.keygen("a/", "rw")
    took: list[float] = []

    def handle(number: int, frame: object) -> None:
        began = monotonic()
        getattr(client, ending)()
        took.append(monotonic() - began)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        for attempt in range(20):
            client = Client.from_url(broker.url, timeout_s=LIMIT_S)
            client.connect()
            client.subscribe(key, "a/", lambda message: None)
            signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.0007 * attempt)
            while len(took) <= attempt:
                try:
                    client.publish(key, "a/", "x")
                except Exception:  # whatever an interrupted call raises
                    continue
            client.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert max(took) < LIMIT_S


def test_a_loop_that_cannot_watch_sockets_connects_calls_and_reconnects(broker: Broker) -> None:
    key = broker.keygen("a/", "rw")

    async def main() -> None:
        async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.01) as client:
            subscription = await client.subscribe(key, "a/")
            for number in range(3):
                await client.publish(key, "a/", str(number), qos=1)
                message = await subscription.get(timeout_s=LIMIT_S)
                assert message is not None
                assert message.as_string() == str(number)
                await lose(client, broker)
                broker.faults.accept_connections()
                await until(client, "connected")

    run_unwatching(main())


@in_loop
async def test_many_clients_have_no_thread_each_also_while_they_reconnect(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "emitter_typed")
    before = threading.enumerate()
    clients = [AsyncClient.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.05) for _ in range(100)]
    await asyncio.gather(*(client.connect() for client in clients))
    assert begun_since(before) == []
    broker.faults.refuse_connections()
    broker.faults.drop_connections()
    for _ in range(20):
        await asyncio.sleep(0.01)
        assert begun_since(before) == []
    broker.faults.accept_connections()
    await asyncio.gather(*(until(client, "connected") for client in clients))
    await asyncio.gather(*(client.close() for client in clients))
    assert begun_since(before) == []


def test_all_threads_that_wait_for_room_go_on_when_the_peer_reads_again(broker: Broker) -> None:
    key = broker.keygen("a/", "w")
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        asyncio.run(fill(as_awaited(client, AsyncClient), broker, key))
        threads = [
            threading.Thread(target=client.publish, args=(key, "a/", f"{number}"), kwargs={"qos": 0})
            for number in range(5)
        ]
        for thread in threads:
            thread.start()
        broker.faults.resume_reading()
        for thread in threads:
            thread.join(LIMIT_S)
        assert client.me().id
    assert {f"{number}" for number in range(5)} <= {message.as_string() for message in broker.published}


@in_loop
async def test_all_tasks_that_wait_for_room_go_on_when_the_peer_reads_again(broker: Broker) -> None:
    key = broker.keygen("a/", "w")
    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        await fill(client, broker, key)
        tasks = [asyncio.create_task(client.publish(key, "a/", f"{number}", qos=0)) for number in range(5)]
        await asyncio.sleep(0.05)
        broker.faults.resume_reading()
        await asyncio.gather(*tasks)
        assert (await client.me()).id
    assert {f"{number}" for number in range(5)} <= {message.as_string() for message in broker.published}
