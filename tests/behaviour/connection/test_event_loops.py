"""A client for asyncio belongs to the event loop that it was connected in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from emitter_typed import AsyncClient, AsyncSubscription, Closed, EmitterError, Key
from emitter_typed.broker import Broker
from tests.helpers.flavours import texts
from tests.helpers.loops import LIMIT_S
from tests.helpers.samples import WRONG_KEY


def test_a_call_from_another_loop_says_so_at_once(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: client.me(),
        lambda: client.publish(WRONG_KEY, "a/", "x"),
        lambda: client.subscribe(WRONG_KEY, "a/"),
        lambda: client.unsubscribe(WRONG_KEY, "a/"),
    ]

    async def elsewhere() -> None:
        for call in calls:
            with pytest.raises(Closed, match="loop"):
                await call()
        with pytest.raises(Closed, match="loop"):
            client.publish_nowait(WRONG_KEY, "a/", "x")
        with pytest.raises(Closed, match="loop"):
            client.history(WRONG_KEY, "a/")

    asyncio.run(client.connect())
    asyncio.run(elsewhere())
    with pytest.raises(Closed, match="loop"):
        client.publish_nowait(WRONG_KEY, "a/", "x")
    asyncio.run(client.close())


def test_a_client_whose_loop_has_closed_can_be_closed_and_connected_in_another(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    seen: list[EmitterError] = []
    client.on_error = seen.append

    async def refused() -> int:
        async with client:
            await client.publish(WRONG_KEY, "a/", "x")
            await client.me()
        return len(seen)

    asyncio.run(client.connect())
    asyncio.run(client.close())
    assert asyncio.run(refused()) == 1
    assert asyncio.run(refused()) == 2


def test_a_message_in_flight_is_waited_for_in_the_loop_that_sent_it(broker: Broker) -> None:
    key = broker.keygen("a/", "w")

    async def main() -> None:
        async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
            broker.faults.withhold_replies()
            pending = client.publish_nowait(key, "a/", "x", qos=1)
            with pytest.raises(Closed, match=r"^AsyncPending\.wait was called outside the event loop"):
                await asyncio.to_thread(lambda: asyncio.run(pending.wait()))
            broker.faults.release_replies()
            await pending.wait()
            # Nothing is left to wait for.
            await asyncio.to_thread(lambda: asyncio.run(pending.wait()))

    asyncio.run(main())


def test_a_loop_that_still_runs_keeps_its_client(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)

    key = broker.keygen("a/", "rw")

    async def end(subscription: AsyncSubscription) -> None:
        ends: dict[str, Callable[[], Awaitable[object]]] = {
            "close was": client.close,
            "abort was": client.abort,
            "drain was": client.drain,
            "a subscription was closed": subscription.close,
        }
        for words, call in ends.items():
            with pytest.raises(Closed, match=f"^{words} .*outside the event loop"):
                await call()

    async def main() -> None:
        async with client:
            subscription = await client.subscribe(key, "a/")
            # It would have something to wait for.
            client.publish_nowait(key, "a/", "x")
            await asyncio.to_thread(asyncio.run, end(subscription))
            await client.publish(key, "a/", "y", qos=1)
            assert await texts(subscription, 2) == ["x", "y"]

    asyncio.run(main())


def test_the_state_can_be_waited_for_in_any_loop(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    waits = threading.Event()

    async def elsewhere() -> bool:
        asyncio.get_running_loop().call_soon(waits.set)
        return await client.connection.wait("closed")

    async def main() -> bool:
        async with client:
            waiting = asyncio.create_task(asyncio.to_thread(asyncio.run, elsewhere()))
            assert await asyncio.to_thread(waits.wait, LIMIT_S)
        return await asyncio.wait_for(waiting, LIMIT_S)

    assert asyncio.run(main())


WAITS: dict[str, Callable[[AsyncClient, Key], Awaitable[object]]] = {
    "call": lambda client, key: client.me(),
    "publish": lambda client, key: client.publish(key, "a/", "x", qos=1),
    "subscribe": lambda client, key: client.subscribe(key, "a/"),
    "read": lambda client, key: _read(client, key),
    "state": lambda client, key: client.connection.wait("reconnecting"),
    "room": lambda client, key: _fill(client, key),
    "drain": lambda client, key: client.drain(LIMIT_S),
}


async def _read(client: AsyncClient, key: Key) -> None:
    async with await client.subscribe(key, "a/") as subscription:
        await subscription.get()


async def _fill(client: AsyncClient, key: Key) -> None:
    while True:
        await client.publish(key, "a/", b"x" * 60_000, qos=0)


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tasks_of_a_loop_that_was_closed_under_them_hold_nothing_up_in_the_next(broker: Broker, wait: str) -> None:
    # First: a broker that is not embedded has none, and the test is skipped before there is a task.
    faults = broker.faults
    key = broker.keygen("a/", "rw")
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    connects: list[int] = []
    client.on_connect = lambda: connects.append(len(connects))

    async def begin() -> asyncio.Task[object]:
        await client.connect()
        await client.me()
        if wait != "read":
            faults.stall_reading()
        if wait == "drain":
            client.publish_nowait(key, "a/", "x", qos=1)
        task = asyncio.ensure_future(WAITS[wait](client, key))
        for _ in range(200):
            # Until it waits, and so often that what it asked for is here if it comes at all.
            await asyncio.sleep(0.0005)
        return task

    async def go_on() -> None:
        await client.close()
        await client.connect()
        subscription = await client.subscribe(key, "a/")
        await client.publish(key, "a/", "y", qos=1)
        message = await subscription.get(timeout_s=LIMIT_S)
        assert message is not None
        async with asyncio.timeout(LIMIT_S):
            while len(connects) < 2:
                await asyncio.sleep(0)
        await client.close()

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(begin())
    assert not task.done()
    loop.close()
    faults.resume_reading()
    asyncio.run(go_on())
    # asyncio would complain of it.
    setattr(task, "_log_destroy_pending", False)  # noqa: B010  # no stub has it
