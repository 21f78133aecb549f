"""An attempt that cannot begin, for want of a descriptor or a thread, is one that failed: the next one follows."""

from __future__ import annotations

import asyncio
import queue
import subprocess
import sys
import threading

import pytest

from emitter_typed import AsyncClient, Client, ConnectionRefused, Message
from emitter_typed._transport import Endpoint, Transport, make_transport
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, as_awaited, both_flavours
from tests.helpers.live import left_connections
from tests.helpers.loops import LIMIT_S, PROGRAM_LIMIT_S, in_loop
from tests.helpers.losing import until
from tests.helpers.threads import begun_since


@pytest.fixture
def broker(emitter_broker: Broker) -> Broker:
    """The embedded broker, wherever EMITTER_URL points: another does not tell its connections."""
    return emitter_broker


class Failing:
    """Makes transports, unless it is to fail."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.fails = 0
        self.failed = threading.Event()

    def __call__(self, endpoint: Endpoint) -> Transport:
        if self.fails:
            self.fails -= 1
            self.failed.set()
            raise self.failure
        return make_transport(endpoint)


FAILURES = [OSError(24, "Too many open files"), RuntimeError("can't start new thread"), KeyError("a fault")]


def new(flavour: Flavour, broker: Broker, failing: Failing) -> AsyncClient:
    if flavour == "threads":
        client = Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.01, transport=failing)
        return as_awaited(client, AsyncClient)
    return AsyncClient.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.01, transport=failing)


@both_flavours
@pytest.mark.parametrize("failure", FAILURES, ids=["descriptors", "threads", "fault"])
@in_loop
async def test_a_reconnect_that_cannot_begin_is_tried_again(
    flavour: Flavour, broker: Broker, failure: Exception
) -> None:
    failing = Failing(failure)
    client = new(flavour, broker, failing)
    await client.connect()
    failing.fails = 3
    broker.faults.drop_connections()
    assert await asyncio.to_thread(failing.failed.wait, LIMIT_S)
    while client.connection.connects < 2:
        await asyncio.sleep(0.005)
    await until(client, "connected")
    assert (await client.me()).id
    assert failing.fails == 0
    await client.close()
    assert left_connections(broker) == 0


@both_flavours
@pytest.mark.parametrize("failure", FAILURES, ids=["descriptors", "threads", "fault"])
@in_loop
async def test_a_connect_that_cannot_begin_is_refused_and_leaves_nothing(
    flavour: Flavour, broker: Broker, failure: Exception
) -> None:
    before = threading.enumerate()
    failing = Failing(failure)
    failing.fails = 1
    client = new(flavour, broker, failing)
    with pytest.raises(ConnectionRefused) as caught:
        await client.connect()
    assert caught.value.__cause__ is failure
    assert not caught.value.permanent
    assert client.connection.status == "closed"
    assert begun_since(before) == []
    await client.connect()
    assert (await client.me()).id
    await client.close()


@both_flavours
@in_loop
async def test_without_a_thread_connect_is_refused(
    flavour: Flavour, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    # The network thread of one client, and the look-up of the other.
    url = f"mqtt://localhost:{broker.port}"
    client = as_awaited(Client.from_url(url), AsyncClient) if flavour == "threads" else AsyncClient.from_url(url)
    before = threading.enumerate()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        with pytest.raises(ConnectionRefused, match="can't start new thread"):
            await client.connect()
    assert begun_since(before) == []
    assert client.connection.status == "closed"
    await client.connect()
    assert (await client.me()).id
    await client.close()


def no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_subscription_whose_handler_gets_no_thread_ends_and_can_be_made_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = broker.keygen("chat/", "rw")
    messages: queue.Queue[Message[bytes]] = queue.Queue()
    with Client.from_url(broker.url) as client:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_thread)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                client.subscribe(key, "chat/", messages.put)
        client.subscribe(key, "chat/", messages.put)
        client.publish(key, "chat/", "hello")
        assert messages.get(timeout=LIMIT_S).as_string() == "hello"


def test_a_broker_without_a_thread_does_not_start_and_can_be_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            broker.start()
    assert not broker.is_running
    with broker, Client.from_url(broker.url) as client:
        assert client.me().id


EXHAUSTING = """
import asyncio, logging, resource, sys, threading
from emitter_typed import AsyncClient, Client, ConnectionRefused, Message

def allow(descriptors):
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

failed = threading.Event()

class Watch(logging.Handler):
    def emit(self, record):
        if record.msg.startswith("connection.attempt_failed"):
            failed.set()

logging.getLogger("emitter_typed").addHandler(Watch())
url, flavour = sys.argv[1:]

async def call(value):
    return await value if asyncio.iscoroutine(value) else value

async def main():
    kind = Client if flavour == "threads" else AsyncClient
    client = kind.from_url(url, timeout_s=10, reconnect_max_s=0.05)
    await call(client.connect())
    # Those that are open stay, and there are no others.
    allow(3)
    print("lose", flush=True)
    while not failed.is_set():
        await asyncio.sleep(0.005)
    status = client.connection.status
    try:
        await call(kind.from_url(url, timeout_s=40).connect())
    except ConnectionRefused as error:
        refusal = str(error.__cause__)
    allow(64)
    await call(client.connection.wait("connected", timeout_s=40))
    print(status, refusal, client.connection.status, client.connection.connects)
    await call(client.close())

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the number of descriptors is bounded in another way there")
@both_flavours
def test_a_process_without_descriptors_reconnects_once_it_has_some(flavour: Flavour, broker: Broker) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", EXHAUSTING, broker.url, flavour],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "lose\n"
        broker.faults.drop_connections()
        said, problems = program.communicate(timeout=PROGRAM_LIMIT_S)
    assert said == "reconnecting [Errno 24] Too many open files connected 2\n", problems
