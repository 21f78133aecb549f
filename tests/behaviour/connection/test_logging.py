"""What becomes of a connection can be followed in the log."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from emitter_typed import AsyncClient, Client, Message
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.losing import came, lose, return_


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.msg.partition(" ")[0] for each in caplog.records if each.name == "emitter_typed"]


def facts(caplog: pytest.LogCaptureFixture, event: str, name: str) -> list[float]:
    """Return a fact that is a number, of each line of an event."""
    found: list[float] = []
    for each in caplog.records:
        said, *names = (word.partition("=")[0] for word in each.msg.split())
        if said == event:
            assert isinstance(each.args, tuple)
            value = each.args[names.index(name)]
            assert isinstance(value, int | float)
            found.append(value)
    return found


class Follower(logging.Handler):
    """Puts the name of each event in a queue."""

    def __init__(self) -> None:
        super().__init__()
        self.events: SimpleQueue[str] = SimpleQueue()

    def emit(self, record: logging.LogRecord) -> None:
        self.events.put(record.msg.partition(" ")[0])


@contextmanager
def following() -> Generator[SimpleQueue[str]]:
    handler, logger = Follower(), logging.getLogger("emitter_typed")
    logger.addHandler(handler)
    try:
        yield handler.events
    finally:
        logger.removeHandler(handler)


@both_flavours
@in_loop
async def test_a_connection_is_opened_lost_restored_and_closed(
    flavour: Flavour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "emitter_typed"):
        async with connected(flavour, broker) as client:
            broker.faults.drop_inside("PUBACK")
            await client.publish(broker.keygen("a/", "w"), "a/", "hello", qos=1)

    assert events(caplog) == ["connection.opened", "connection.lost", "connection.restored", "connection.closed"]
    assert facts(caplog, "connection.restored", "attempts") == [1]


@both_flavours
@in_loop
async def test_a_loss_is_told_once_and_each_attempt_that_fails_by_its_number(
    flavour: Flavour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "emitter_typed"), following() as events_to_come:
        async with connected(flavour, broker) as client:
            for _ in range(2):
                await lose(client, broker)
                for _ in range(3):
                    while await came(events_to_come) != "connection.attempt_failed":
                        pass
                await return_(client, broker)

    told = events(caplog)
    assert told.count("connection.lost") == told.count("connection.restored") == 2
    failed = facts(caplog, "connection.attempt_failed", "attempt")
    attempts = facts(caplog, "connection.restored", "attempts")
    assert failed == [number for each in attempts for number in range(1, int(each))]
    assert [down_s > 0 for down_s in facts(caplog, "connection.restored", "down_s")] == [True, True]


@both_flavours
@in_loop
async def test_what_a_handler_raises_is_logged_once(
    flavour: Flavour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    key = broker.keygen("a/", "rw")

    def fail(_: Message) -> None:
        raise ValueError("no")

    with caplog.at_level(logging.WARNING, "emitter_typed"):
        async with connected(flavour, broker) as client:
            await client.subscribe(key, "a/", fail)
            await client.publish(key, "a/", "x", qos=1)
            await client.drain()

    assert [each for each in events(caplog) if not each.startswith("connection.")] == ["handler.failed"]
    assert "ValueError: no" in caplog.text


@both_flavours
@in_loop
async def test_a_client_that_gives_up_says_so_once(
    flavour: Flavour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "emitter_typed"):
        async with connected(flavour, broker) as client:
            broker.faults.refuse_connections(return_code=5)
            broker.faults.drop_connections()
            assert await called(lambda each: each.connection.wait("closed", timeout_s=LIMIT_S), client)

    assert events(caplog) == ["connection.opened", "connection.lost", "connection.given_up", "connection.closed"]


def test_a_close_that_leaves_a_thread_of_a_handler_running_says_so(
    broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emitter_typed._sync.driver.HANDLERS_TIMEOUT_S", 0.05)
    key = broker.keygen("a/", "rw")
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def handle(_: Message) -> None:
        begun.set()
        assert go_on.wait(LIMIT_S)
        ended.set()

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        client.subscribe(key, "a/", handle)
        client.publish(key, "a/", "x")
        assert begun.wait(LIMIT_S)
        client.close()
        assert facts(caplog, "handler.left_running", "count") == [1]
        go_on.set()
        assert ended.wait(LIMIT_S)


@in_loop
async def test_a_close_that_leaves_a_task_of_a_handler_running_says_so(
    broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emitter_typed._async.driver.HANDLERS_TIMEOUT_S", 0.05)
    key = broker.keygen("a/", "rw")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(_: Message) -> None:
        begun.set()
        await go_on.wait()

    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        await client.subscribe(key, "a/", handle)
        await client.publish(key, "a/", "x")
        await begun.wait()
        await client.close()
        assert facts(caplog, "handler.left_running", "count") == [1]
        go_on.set()
        await asyncio.wait([each for each in asyncio.all_tasks() if each.get_name() == "emitter-a/"])


@both_flavours
@in_loop
async def test_a_close_whose_handlers_have_finished_has_nothing_to_say_of_them(
    flavour: Flavour, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    key = broker.keygen("a/", "rw")
    handled: SimpleQueue[Message] = SimpleQueue()
    async with connected(flavour, broker) as client:
        await client.subscribe(key, "a/", handled.put)
        await client.publish(key, "a/", "x")
        await came(handled)
        await client.close()
    assert "handler.left_running" not in events(caplog)
