"""A handler of `logging` may use the client that logs: no line is written while a lock of it is held."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Literal

import pytest

from emitter_typed import AsyncClient, Client, Closed, EmitterError, HandlerFailed, Message
from emitter_typed._guards import Guard
from emitter_typed._sync import driver as sync_driver
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S, in_loop

BAD_KEY = "x" * 32


class Publishing(logging.Handler):
    """Publishes each line, but for those that publishing itself leads to."""

    def __init__(self, publish: Callable[[str], object]) -> None:
        super().__init__()
        self._publish = publish
        self._busy = threading.local()
        self.failures: SimpleQueue[EmitterError] = SimpleQueue()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self._publish(record.getMessage())
        except EmitterError as error:
            self.failures.put(error)
        finally:
            self._busy.now = False


@contextmanager
def publishing(publish: Callable[[str], object]) -> Generator[Publishing]:
    handler, loggers = Publishing(publish), (logging.getLogger("emitter_typed"), logging.getLogger("program"))
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield handler
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def test_a_handler_publishes_through_the_client_while_all_its_threads_log(broker: Broker) -> None:
    key, logs = broker.keygen("a/", "r"), broker.keygen("logs/", "rw")
    program = logging.getLogger("program")
    stop = threading.Event()

    def chatter() -> None:
        while not stop.wait(0.0005):
            program.warning("chatter")

    threads = [threading.Thread(target=chatter) for _ in range(3)]
    with Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.02) as client:
        lines = client.subscribe(logs, "logs/")
        with publishing(lambda line: client.publish_nowait(logs, "logs/", line)):
            for thread in threads:
                thread.start()
            try:
                for _ in range(50):
                    # Its refusal is logged in the thread that receives.
                    client.publish(key, "a/", "refused")
                client.me()
                broker.faults.drop_connections()
                client.publish(logs, "logs/", "back", qos=1)
            finally:
                stop.set()
                for thread in threads:
                    thread.join(LIMIT_S)
        client.publish(logs, "logs/", "last", qos=1)
        seen: set[str] = set()
        while (message := lines.get(LIMIT_S)) is not None and message.as_string() != "last":
            seen.add(message.as_string().partition(" ")[0])

    assert seen >= {"chatter", "error.unhandled"}
    assert not any(thread.is_alive() for thread in threads)


def test_what_waits_for_the_broker_is_refused_at_once_in_the_thread_that_receives(broker: Broker) -> None:
    key, logs = broker.keygen("a/", "r"), broker.keygen("logs/", "rw")
    calls: list[Callable[[Client], object]] = [
        lambda client: client.publish(logs, "logs/", "x", qos=1),
        lambda client: client.publish_nowait(logs, "logs/", "x", qos=1).wait(),
        lambda client: client.me(),
        lambda client: client.subscribe(logs, "logs/"),
        lambda client: client.unsubscribe(logs, "logs/"),
        lambda client: client.watch_presence(logs, "logs/"),
        lambda client: list(client.history(logs, "logs/")),
    ]

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        for call in calls:
            with publishing(lambda _, call=call: call(client)) as handler:  # type: ignore[misc]  # a default
                client.publish(key, "a/", "refused")
                error = handler.failures.get(timeout=LIMIT_S)
            assert isinstance(error, Closed)
            assert "publish_nowait" in str(error)
        client.me()


@pytest.mark.parametrize("qos", [0, 1])
def test_what_waits_for_a_connection_is_refused_at_once_in_the_thread_that_makes_it(
    broker: Broker, qos: Literal[0, 1]
) -> None:
    logs = broker.keygen("logs/", "rw")

    with Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.02) as client:
        with publishing(lambda line: client.publish(logs, "logs/", line, qos=qos)) as handler:
            broker.faults.drop_connections()
            error = handler.failures.get(timeout=LIMIT_S)
        assert isinstance(error, Closed)
        assert "publish_nowait" in str(error)
        client.me()


@in_loop
async def test_a_handler_publishes_through_the_client_of_its_loop(broker: Broker) -> None:
    key, logs = broker.keygen("a/", "r"), broker.keygen("logs/", "rw")

    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.02) as client:
        lines = await client.subscribe(logs, "logs/")
        with publishing(lambda line: client.publish_nowait(logs, "logs/", line)):
            for _ in range(50):
                await client.publish(key, "a/", "refused")
            await client.me()
            broker.faults.drop_connections()
            await client.publish(logs, "logs/", "back", qos=1)
        await client.publish(logs, "logs/", "last", qos=1)
        seen: set[str] = set()
        while (message := await lines.get(LIMIT_S)) is not None and message.as_string() != "last":
            seen.add(message.as_string().partition(" ")[0])

    assert {"error.unhandled", "connection.lost"} <= seen


def test_finalizers_that_run_under_every_lock_log_after_it(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentinel of every test looks at each line."""
    key = broker.keygen("a/", "r")
    enter, count = Guard.__enter__, iter(range(10**9))

    def entering(guard: Guard) -> bool:
        entered = enter(guard)
        if next(count) % 10 == 0:
            gc.collect(0)
        return entered

    def leave_failed_message(client: Client) -> None:
        pending = client.publish_nowait(BAD_KEY, "a/", "x")
        cycle: list[object] = [pending]
        cycle.append(cycle)
        client.me()

    unseen: SimpleQueue[str] = SimpleQueue()
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client, publishing(unseen.put):
        client.subscribe(key, "a/", lambda message: None)
        monkeypatch.setattr(Guard, "__enter__", entering)
        for _ in range(30):
            leave_failed_message(client)
        gc.collect()

    lines = [unseen.get_nowait() for _ in range(unseen.qsize())]
    assert sum(line.startswith("publish.failed_unseen") for line in lines) == 30


class Equal:
    """A handler that compares itself by calling the client."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def __call__(self, message: Message) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        self._call()
        return isinstance(other, Equal)

    def __hash__(self) -> int:
        return 5


def test_a_handler_may_call_the_client_to_compare_itself(broker: Broker) -> None:
    key = broker.keygen("a/", "r")

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        first = client.subscribe(key, "a/", Equal(client.me))
        assert client.subscribe(key, "a/", Equal(client.me)) is first


@in_loop
async def test_an_error_is_logged_without_on_error_and_handed_to_it_with_one(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    key = broker.keygen("a/", "r")
    told: asyncio.Queue[EmitterError] = asyncio.Queue()

    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        await client.publish(key, "a/", "refused")
        await client.me()
        assert caplog.text.count("error.unhandled") == 1
        client.on_error = told.put_nowait
        await client.publish(key, "a/", "refused")
        error = await asyncio.wait_for(told.get(), LIMIT_S)
        assert caplog.text.count("error.unhandled") == 1

        def fail(error: EmitterError) -> None:
            raise ZeroDivisionError

        client.on_error = fail
        await client.publish(key, "a/", "refused")
        await client.me()
        await client.drain()

    assert not isinstance(error, HandlerFailed)
    # What `on_error` itself raises is logged, and goes nowhere else.
    assert caplog.text.count("handler.failed handler=errors") == 1
    assert caplog.text.count("error.unhandled") == 1


def test_a_handler_closes_the_client_in_the_thread_that_receives(broker: Broker) -> None:
    key = broker.keygen("a/", "r")
    closed_in: SimpleQueue[str] = SimpleQueue()

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:

        def close(line: str) -> None:
            if line.startswith("error.unhandled"):
                client.close()
                closed_in.put(threading.current_thread().name)

        with publishing(close):
            client.publish(key, "a/", "refused")
            assert closed_in.get(timeout=LIMIT_S) != threading.current_thread().name
            assert client.connection.wait("closed", timeout_s=LIMIT_S)
        with pytest.raises(Closed):
            client.me()


class NoLock:
    """Keeps nobody out."""

    def acquire(self) -> None: ...

    def release(self) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


def test_close_ends_in_its_time_though_a_handler_holds_the_thread_that_receives(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_driver, "CLOSE_TIMEOUT_S", 0.1)
    key = broker.keygen("a/", "r")
    holds, goes_on, has_gone_on = threading.Event(), threading.Event(), threading.Event()

    def hold(line: str) -> None:
        if line.startswith("error.unhandled"):
            holds.set()
            goes_on.wait(LIMIT_S)
            has_gone_on.set()

    client = Client.from_url(broker.url, timeout_s=LIMIT_S)
    client.connect()
    with publishing(hold) as handler:
        # The lock that `logging` has for each handler is not ours.
        handler.lock = NoLock()  # type: ignore[assignment]  # `logging` takes whatever is used as one
        client.publish(key, "a/", "refused")
        assert holds.wait(LIMIT_S)
        client.close()
        assert not has_gone_on.is_set()
        assert client.connection.status == "closed"
        goes_on.set()
