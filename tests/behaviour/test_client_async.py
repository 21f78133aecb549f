"""The client for asyncio, over the embedded broker: the same promises, and those that only asyncio asks for."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from emitter_typed import (
    AsyncClient,
    AsyncSubscription,
    Closed,
    ConnectionLost,
    EmitterError,
    InvalidArgument,
    Key,
    Message,
    PresenceEvent,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    RequestTimeout,
    SlowConsumer,
    Unauthorized,
    Undecodable,
)
from emitter_typed.broker import Broker
from emitter_typed.errors import ConnectionRefused, HandlerFailed
from tests.helpers.listeners import listener
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.samples import WRONG_KEY, Point


@asynccontextmanager
async def connected(broker: Broker, *, reconnect: bool = True) -> AsyncGenerator[tuple[AsyncClient, Key]]:
    """A client, and a key for a/ and below."""
    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S, reconnect=reconnect) as client:
        yield client, (await client.keygen(broker.master_key, "a/#/", "rwp")).key


async def texts(subscription: AsyncSubscription, count: int) -> list[str]:
    return [(await anext(subscription)).as_string() for _ in range(count)]


async def soon(queue: asyncio.Queue[EmitterError]) -> EmitterError:
    async with asyncio.timeout(LIMIT_S):
        return await queue.get()


def errors_of(client: AsyncClient) -> asyncio.Queue[EmitterError]:
    queue: asyncio.Queue[EmitterError] = asyncio.Queue()
    client.on_error = queue.put_nowait
    return queue


@in_loop
async def test_a_wrong_master_key_is_refused_at_the_call(broker: Broker) -> None:
    async with AsyncClient.from_url(broker.url, timeout_s=LIMIT_S) as client:
        with pytest.raises(Unauthorized) as caught:
            await client.keygen(WRONG_KEY, "a/", "r")
        assert caught.value.operation == "keygen"


@pytest.mark.prefix_matching
@in_loop
async def test_presence_answers_and_tells_of_changes_to_a_handler_of_either_kind(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        general: asyncio.Queue[PresenceEvent] = asyncio.Queue()
        own: asyncio.Queue[PresenceEvent] = asyncio.Queue()
        client.on_presence = general.put
        assert (await client.presence(key, "a/", status=True, changes=True)).who == ()
        assert isinstance(await general.get(), PresenceStatus)
        await client.presence(key, "a/own/", changes=True, optional_handler=own.put_nowait)
        async with AsyncClient.from_url(broker.url, username="bob", timeout_s=LIMIT_S) as other:
            await other.subscribe(key, "a/b/")
            came = await general.get()
            assert isinstance(came, PresenceSubscribe)
            assert came.who.username == "bob"
        assert isinstance(await general.get(), PresenceUnsubscribe)
        await client.subscribe(key, "a/own/")
        assert (await own.get()).channel == "a/own/"
        assert general.empty()


@pytest.mark.prefix_matching
@in_loop
async def test_messages_are_iterated_in_order(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        async with await client.subscribe(key, "a/") as subscription:
            for number in range(100):
                await client.publish(key, "a/b/", str(number))
            await client.publish(key, "a/", "acknowledged", qos=1)
            assert await texts(subscription, 101) == [*map(str, range(100)), "acknowledged"]
            assert await subscription.get(timeout_s=0) is None
            assert (subscription.delivered, subscription.dropped, subscription.pending) == (101, 0, 0)
        assert [message async for message in subscription] == []


@pytest.mark.parametrize("coroutine", [False, True])
@in_loop
async def test_a_handler_gets_messages_in_order_and_the_next_after_it_raised(broker: Broker, coroutine: bool) -> None:
    async with connected(broker) as (client, key):
        errors = errors_of(client)
        seen: asyncio.Queue[str] = asyncio.Queue()

        def handle(message: Message) -> None:
            seen.put_nowait(message.as_string())
            if message.as_string() == "1":
                raise KeyError("mine")

        async def handle_later(message: Message) -> None:
            await client.presence(key, "a/")
            handle(message)

        await client.subscribe(key, "a/", handle_later if coroutine else handle)
        for number in range(3):
            await client.publish(key, "a/", str(number))
        assert [await seen.get() for _ in range(3)] == ["0", "1", "2"]
        error = await soon(errors)
        assert isinstance(error, HandlerFailed)
        assert isinstance(error.__cause__, KeyError)


@in_loop
async def test_on_message_gets_what_has_no_handler_of_its_own(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        seen: asyncio.Queue[Message] = asyncio.Queue()
        client.on_message = seen.put
        await client.subscribe(key, "a/")
        await client.publish(key, "a/", "x")
        assert (await seen.get()).channel == "a/"


@in_loop
async def test_refusals_are_raised_where_they_were_made_or_go_to_on_error(broker: Broker) -> None:
    async with connected(broker) as (client, _):
        errors = errors_of(client)
        with pytest.raises(Unauthorized):
            await client.publish(WRONG_KEY, "a/", "x", qos=1)
        with pytest.raises(Unauthorized):
            await client.subscribe(WRONG_KEY, "a/")
        with pytest.raises(Unauthorized):
            await client.unsubscribe(WRONG_KEY, "a/")
        held = client.publish_nowait(WRONG_KEY, "a/", "x")
        with pytest.raises(Unauthorized):
            await held.wait()
        assert errors.empty()
        await client.publish(WRONG_KEY, "a/", "x")
        assert isinstance(await soon(errors), Unauthorized)
        client.publish_nowait(WRONG_KEY, "a/", "x")
        assert isinstance(await soon(errors), Unauthorized)


@in_loop
async def test_many_can_be_under_way_at_once(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        waiting = [client.publish_nowait(key, "a/", str(number)) for number in range(300)]
        await asyncio.gather(*(each.wait() for each in waiting))
        assert all(each.done for each in waiting)


@in_loop
async def test_what_does_not_decode_goes_to_on_error_and_the_stream_goes_on(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        errors = errors_of(client)
        points = await client.subscribe(key, "a/", payload=Point)
        for payload in (b'{"x":1}', b'{"x":"one"}', b'{"x":2}'):
            await client.publish(key, "a/", payload)
        assert [(await anext(points)).payload.x for _ in range(2)] == [1, 2]
        problem = await soon(errors)
        assert isinstance(problem, Undecodable)
        assert problem.path == "$.x"


@in_loop
async def test_two_subscriptions_share_the_wire_and_the_last_leaves_it(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        first, second = await client.subscribe(key, "a/b/"), await client.subscribe(key, "a/b/")
        await client.publish(key, "a/b/", "both")
        assert await texts(first, 1) == await texts(second, 1) == ["both"]
        await first.close()
        await client.publish(key, "a/b/", "one")
        assert await texts(second, 1) == ["one"]
        assert len((await client.presence(key, "a/b/", status=True)).who) == 1
        await second.close()
        await second.close()
        assert (await client.presence(key, "a/b/", status=True)).who == ()


@in_loop
async def test_unsubscribe_ends_all_of_a_channel(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        first, second = await client.subscribe(key, "a/"), await client.subscribe(key, "a/")
        await client.unsubscribe(key, "a/")
        assert [message async for message in first] == [message async for message in second] == []


@in_loop
async def test_a_queue_that_fails_ends_its_subscription(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        subscription = await client.subscribe(key, "a/", max_messages=1, overflow="fail")
        for text in ("kept", "lost"):
            await client.publish(key, "a/", text, qos=1)
        assert await texts(subscription, 1) == ["kept"]
        with pytest.raises(SlowConsumer):
            await anext(subscription)


@pytest.mark.parametrize("qos", [0, 1])
@in_loop
async def test_one_byte_more_than_fits_is_refused(broker: Broker, qos: int) -> None:
    async with connected(broker) as (client, key):
        largest = 65_536 - 2 - len(f"{key.reveal()}/a/") - 2 * qos
        options = {AsyncClient.with_at_least_once()} if qos else {AsyncClient.with_at_most_once()}
        await client.publish(key, "a/", b"x" * largest, options)
        with pytest.raises(InvalidArgument):
            await client.publish(key, "a/", b"x" * (largest + 1), options)
        await client.publish(key, "a/", "still here", qos=1)


@in_loop
async def test_calls_that_nobody_answers_end_in_their_time(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        calls: list[Callable[[], Awaitable[object]]] = [
            lambda: client.keygen(key, "a/", "r", timeout_s=0.05),
            lambda: client.publish(key, "a/", "x", qos=1, timeout_s=0.05),
            lambda: client.subscribe(key, "a/", timeout_s=0.05),
            lambda: client.unsubscribe(key, "a/", timeout_s=0.05),
        ]
        broker.faults.stall_reading()
        for call in calls:
            with pytest.raises(RequestTimeout):
                await call()
        broker.faults.resume_reading()
        await client.publish(key, "a/", "later", qos=1)


@in_loop
async def test_a_cancelled_call_leaves_the_client_usable(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        errors = errors_of(client)
        broker.faults.stall_reading()
        tasks: list[asyncio.Task[object]] = [
            asyncio.ensure_future(client.keygen(WRONG_KEY, "a/", "r")),
            asyncio.ensure_future(client.publish(key, "a/", "x", qos=1)),
            asyncio.ensure_future(client.subscribe(key, "a/")),
            asyncio.ensure_future(client.unsubscribe(key, "a/")),
        ]
        # Once around, so that each has sent its packet and waits.
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)
        broker.faults.resume_reading()
        async with await client.subscribe(key, "a/") as subscription:
            await client.publish(key, "a/", "after", qos=1)
            assert await texts(subscription, 1) == ["after"]
        assert (await client.presence(key, "a/", status=True)).who == ()
        assert errors.empty()


@in_loop
async def test_a_lost_connection_ends_everything_with_a_reason_where_no_other_follows(broker: Broker) -> None:
    async with connected(broker, reconnect=False) as (client, key):
        errors = errors_of(client)
        subscription = await client.subscribe(key, "a/")
        await client.subscribe(key, "a/handled/", lambda message: None)
        waiting = asyncio.ensure_future(anext(subscription))
        broker.faults.stall_reading()
        pending = client.publish_nowait(key, "a/", "x")
        broker.faults.drop_connections()
        with pytest.raises(ConnectionLost):
            await pending.wait()
        with pytest.raises(ConnectionLost):
            await waiting
        assert isinstance(await soon(errors), ConnectionLost)
        with pytest.raises(ConnectionLost):
            await client.publish(key, "a/", "x", qos=1)
        broker.faults.resume_reading()
        await client.connect()
        await client.publish(key, "a/", "again", qos=1)


@in_loop
async def test_close_from_a_handler(broker: Broker) -> None:
    async with connected(broker) as (client, key):
        closed = asyncio.Event()

        async def handle(message: Message) -> None:
            await client.close()
            closed.set()

        await client.subscribe(key, "a/", handle)
        await client.publish(key, "a/", "x")
        await closed.wait()
        with pytest.raises(Closed):
            await client.publish(key, "a/", "x")


@in_loop
async def test_a_cancelled_connect_leaves_nothing(broker: Broker) -> None:
    broker.faults.stall_reading()
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.connect()
    broker.faults.resume_reading()
    async with client:
        with pytest.raises(Unauthorized):
            await client.keygen(WRONG_KEY, "a/", "r")


@in_loop
async def test_bad_addresses_end_in_time(broker: Broker) -> None:
    url = broker.url
    broker.stop()
    with pytest.raises(ConnectionRefused):
        await AsyncClient.from_url(url, timeout_s=LIMIT_S).connect()
    with listener() as port, pytest.raises(RequestTimeout):
        await AsyncClient(timeout_s=0.1).connect("127.0.0.1", port, False)


@in_loop
async def test_a_closed_client_is_collected_with_its_handlers(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S)
    client.on_presence = print
    async with client:
        key = (await client.keygen(broker.master_key, "a/", "rw")).key
        await client.subscribe(key, "a/", print)
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None


@in_loop
async def test_a_client_that_nobody_can_close_any_more_is_warned_of(broker: Broker) -> None:
    client = AsyncClient.from_url(broker.url, timeout_s=LIMIT_S, reconnect=False)
    await client.connect()
    state = client.connection
    with pytest.warns(ResourceWarning, match=r"<AsyncClient .* connected> was not closed: call close\(\)"):
        del client
    broker.faults.drop_connections()
    assert await state.wait("closed", timeout_s=LIMIT_S)


@in_loop
async def test_no_key_shows_in_any_log_error_or_repr(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    shown: list[object] = []
    with caplog.at_level(logging.DEBUG):
        asyncio.get_running_loop().set_debug(True)
        async with connected(broker, reconnect=False) as (client, key):
            text = key.reveal()
            errors = errors_of(client)
            subscription = await client.subscribe(text, "a/", payload=Point)
            shown += [client, subscription, client.publish_nowait(text, "a/", "no point", ttl=5)]
            calls: list[Callable[[], Awaitable[object]]] = [
                lambda: client.publish(text, "b/", "x", qos=1),
                lambda: client.subscribe(text, "b/"),
                lambda: client.keygen(text, "b/", "r"),
                lambda: client.publish(text + "/", "a/", "x"),
                lambda: client.publish(text, "a/", "x" * 70_000),
            ]
            for call in calls:
                with pytest.raises(EmitterError) as caught:
                    await call()
                shown += [caught.value, caught.value.__dict__]
            await client.publish(text, "b/", "x")
            shown.append(await soon(errors))
            broker.faults.drop_connections()
            with pytest.raises(ConnectionLost) as lost:
                await subscription.get()
            shown.append(lost.value)
    written = caplog.text + "".join(f"{each!s} {each!r}" for each in shown)
    assert text[:12] not in written
    assert broker.master_key[:12] not in written
