"""A handler survives whatever it raises: that is reported, and the next message is handled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from queue import SimpleQueue

import pytest

from emitter_typed import AsyncClient, Client, EmitterError, HandlerFailed, Message
from emitter_typed._core.async_workers import AsyncWorker
from emitter_typed._core.sync_workers import SyncWorker
from emitter_typed._guards import held
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import LIMIT_S, in_loop


class Outcome(BaseException):
    """Raised as `pytest.fail` and `pytest.skip` raise theirs."""


RAISED: list[type[BaseException]] = [
    ZeroDivisionError,
    asyncio.CancelledError,
    GeneratorExit,
    Outcome,
    KeyboardInterrupt,
    SystemExit,
]
ENDS_THE_LOOP = (KeyboardInterrupt, SystemExit)


@pytest.mark.parametrize("raised", RAISED)
def test_a_handler_in_a_thread_goes_on_after_it(broker: Broker, raised: type[BaseException]) -> None:
    key = broker.keygen("a/", "rw")
    got: SimpleQueue[str] = SimpleQueue()
    errors: SimpleQueue[EmitterError] = SimpleQueue()

    def handler(message: Message) -> None:
        got.put(message.as_string())
        if message.as_string() == "first":
            raise raised

    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        client.on_error = errors.put
        client.subscribe(key, "a/", handler)
        client.on_message = handler
        for text in ("first", "second"):
            client.publish(key, "a/", text, qos=1)
            assert got.get(timeout=LIMIT_S) == text
        error = errors.get(timeout=LIMIT_S)

    assert isinstance(error, HandlerFailed)
    assert isinstance(error.__cause__, raised)


@pytest.mark.parametrize(
    ("raised", "awaits"),
    [
        (raised, awaits)
        for raised in RAISED
        for awaits in (False, True)
        # A coroutine is thrown GeneratorExit when it is closed.
        if raised not in ENDS_THE_LOOP and not (raised is GeneratorExit and awaits)
    ],
)
@in_loop
async def test_a_handler_in_a_task_goes_on_after_it(broker: Broker, raised: type[BaseException], awaits: bool) -> None:
    key = broker.keygen("a/", "rw")
    got: asyncio.Queue[str] = asyncio.Queue()
    errors: asyncio.Queue[EmitterError] = asyncio.Queue()

    def take(message: Message) -> None:
        got.put_nowait(message.as_string())
        if message.as_string() == "first":
            raise raised

    async def take_later(message: Message) -> None:
        await asyncio.sleep(0)
        take(message)

    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        client.on_error = errors.put_nowait
        await client.subscribe(key, "a/", take_later if awaits else take)
        for text in ("first", "second"):
            await client.publish(key, "a/", text, qos=1)
            assert await asyncio.wait_for(got.get(), LIMIT_S) == text
        error = await asyncio.wait_for(errors.get(), LIMIT_S)

    assert isinstance(error, HandlerFailed)
    assert isinstance(error.__cause__, raised)


@in_loop
async def test_a_handler_in_a_task_runs_in_the_context_of_its_subscribe(broker: Broker) -> None:
    key = broker.keygen("a/", "rw")
    seen: list[str] = []
    name = ContextVar("name", default="nobody")
    handled = asyncio.Event()

    def handle(message: Message) -> None:
        seen.append(name.get())
        name.set(message.as_string())
        handled.set()

    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        name.set("ann")
        await client.subscribe(key, "a/", handle, last=0)
        name.set("bob")
        for text in ("one", "two"):
            handled.clear()
            await client.publish(key, "a/", text)
            await asyncio.wait_for(handled.wait(), LIMIT_S)
    assert seen == ["ann", "one"]
    assert name.get() == "bob"


@in_loop
async def test_a_task_that_a_handler_has_cancelled_is_no_end_of_its_own(broker: Broker) -> None:
    key = broker.keygen("a/", "rw")
    got: asyncio.Queue[str] = asyncio.Queue()

    async def handler(message: Message) -> None:
        got.put_nowait(message.as_string())
        task = asyncio.create_task(asyncio.sleep(LIMIT_S))
        await asyncio.sleep(0)
        task.cancel()
        await task

    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        await client.subscribe(key, "a/", handler)
        for text in ("first", "second"):
            await client.publish(key, "a/", text, qos=1)
            assert await asyncio.wait_for(got.get(), LIMIT_S) == text


@in_loop
async def test_a_handler_whose_task_is_cancelled_ends(broker: Broker) -> None:
    key = broker.keygen("a/", "rw")
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handler(message: Message) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        await client.subscribe(key, "a/", handler)
        await client.publish(key, "a/", "x", qos=1)
        await asyncio.wait_for(begun.wait(), LIMIT_S)
        [task] = [each for each in asyncio.all_tasks() if each.get_name() == "emitter-a/"]
        task.cancel()
        await asyncio.wait_for(ended.wait(), LIMIT_S)
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("raised", ENDS_THE_LOOP)
def test_what_ends_the_loop_ends_it_and_the_handler_goes_on_with_the_next_run(
    broker: Broker, raised: type[BaseException]
) -> None:
    key = broker.keygen("a/", "rw")
    loop = asyncio.new_event_loop()
    got: asyncio.Queue[str] = asyncio.Queue()
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)

    def handler(message: Message) -> None:
        if message.as_string() == "first":
            raise raised
        got.put_nowait(message.as_string())

    async def begin() -> None:
        await client.connect()
        await client.subscribe(key, "a/", handler)
        await client.publish(key, "a/", "first", qos=1)
        await asyncio.sleep(LIMIT_S)

    async def go_on() -> str:
        await client.publish(key, "a/", "second", qos=1)
        text = await asyncio.wait_for(got.get(), LIMIT_S)
        await client.close()
        return text

    begun = loop.create_task(begin())
    with pytest.raises(raised):
        loop.run_until_complete(begun)
    begun.cancel()

    assert loop.run_until_complete(go_on()) == "second"
    loop.run_until_complete(asyncio.gather(begun, return_exceptions=True))
    loop.close()


@both_flavours
@in_loop
async def test_no_handler_is_called_under_a_lock(broker: Broker, flavour: Flavour) -> None:
    key = broker.keygen("a/#/", "rwp")
    locks: SimpleQueue[tuple[str, int]] = SimpleQueue()

    def noting(name: str) -> Callable[..., None]:
        return lambda *_: locks.put((name, held()))

    async with connected(flavour, broker) as client:
        client.on_connect = noting("on_connect")
        client.on_disconnect = noting("on_disconnect")
        client.on_error = noting("on_error")
        client.on_me = noting("on_me")
        client.on_presence = noting("on_presence")
        await client.subscribe(key, "a/", noting("messages"))
        await client.presence(key, "a/", True, True, noting("presence"))
        await client.me()
        await client.publish("x" * 32, "a/", "refused")
        await client.publish(key, "a/", "x", qos=1)
        broker.faults.drop_connections()
        await client.publish(key, "a/", "y", qos=1)
        called = {"on_connect", "on_disconnect", "on_error", "on_me", "messages", "presence"}
        while called:
            name, depth = await asyncio.to_thread(locks.get, timeout=LIMIT_S)
            assert depth == 0, name
            called.discard(name)


def test_a_handler_for_which_the_machine_has_no_thread_gets_its_items_with_the_next(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    got: SimpleQueue[int] = SimpleQueue()
    worker: SyncWorker[int] = SyncWorker("items", got.put, lambda error: None)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        worker.offer(1)
        worker.stop(LIMIT_S, ())
    worker.offer(2)
    worker.stop(LIMIT_S, ())

    assert [got.get(timeout=LIMIT_S), got.get(timeout=LIMIT_S)] == [1, 2]
    assert "handler.not_started handler=items reason=can't start new thread" in caplog.text


@in_loop
async def test_an_eager_task_begins_after_what_it_was_made_in() -> None:
    """The task factory of Python 3.12 that runs a task where it is made, up to its first wait."""
    loop, order = asyncio.get_running_loop(), list[str]()

    def eager(loop: asyncio.AbstractEventLoop, coroutine: object, **named: object) -> asyncio.Task[None]:
        order.append(f"made under {held()} locks")
        return asyncio.Task(coroutine, loop=loop)  # type: ignore[arg-type]  # handed on as it came

    from emitter_typed._guards import Guard

    worker: AsyncWorker[int] = AsyncWorker("items", lambda item: order.append(str(item)), lambda error: None)
    loop.set_task_factory(eager)  # type: ignore[arg-type]  # takes more than it must
    with Guard():
        worker.offer(1)
        order.append("offered")
    await worker.stop(LIMIT_S, ())
    loop.set_task_factory(None)

    assert order == ["offered", "made under 0 locks", "1"]
