"""A client that lost its connection comes back, and nothing that was to last is gone."""

from __future__ import annotations

import asyncio
import os
import threading
from queue import SimpleQueue

import pytest

from emitter_typed import (
    AsyncClient,
    Client,
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
    Unauthorized,
)
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, called, connected, texts
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.losing import came, lose, return_, until
from tests.helpers.real import fresh_channel


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwslp")


BY_ITSELF_OR_NOT = ["the client reconnects", "connect again"]


# What lasts


@both_flavours
@in_loop
async def test_subscriptions_go_on(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client, connected(flavour, broker) as publisher:
        subscription = await client.subscribe(key, "a/")
        group = await client.subscribe_with_group(broker.keygen("#/", "rw"), "g/", "workers")
        for number in range(3):
            await lose(client, broker)
            await return_(client, broker)
            await until(publisher, "connected")
            await publisher.publish(key, "a/b/", str(number), qos=1)
            await publisher.publish(broker.keygen("g/", "w"), "g/", str(number), qos=1)
        assert await texts(subscription, 3) == ["0", "1", "2"]
        assert await texts(group, 3) == ["0", "1", "2"]
        assert subscription.pending == group.pending == 0


@both_flavours
@in_loop
async def test_nothing_stored_is_received_a_second_time(flavour: Flavour, broker: Broker) -> None:
    channel = fresh_channel()
    key = broker.keygen(channel, "rwsl")
    async with connected(flavour, broker) as client:
        await client.publish(key, channel, "stored", ttl=60, qos=1)
        subscription = await client.subscribe(key, channel, last=5)
        assert await texts(subscription, 1) == ["stored"]
        await lose(client, broker)
        await return_(client, broker)
        await client.publish(key, channel, "live", qos=1)
        assert await texts(subscription, 1) == ["live"]


@both_flavours
@in_loop
async def test_a_thousand_subscriptions_are_back_with_three_packets(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        subscriptions = [await client.subscribe(key, f"a/{number}/") for number in range(1000)]
        await lose(client, broker)
        await return_(client, broker)
        for number in (0, 499, 500, 999):
            await client.publish(key, f"a/{number}/", str(number), qos=1)
            assert await texts(subscriptions[number], 1) == [str(number)]


@both_flavours
@in_loop
async def test_a_subscription_that_was_ended_meanwhile_stays_away(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        ended, kept = await client.subscribe(key, "a/1/"), await client.subscribe(key, "a/2/")
        await lose(client, broker)
        await ended.close()
        await return_(client, broker)
        await client.publish(key, "a/2/", "x", qos=1)
        assert await texts(kept, 1) == ["x"]
        who = (await client.presence(broker.keygen("a/#/", "p"), "a/1/", status=True)).who
        assert who == ()


@both_flavours
@in_loop
async def test_a_subscription_whose_key_has_expired_ends_and_the_others_go_on(flavour: Flavour, broker: Broker) -> None:
    lasting, short = broker.keygen("a/#/", "rw"), broker.keygen("a/#/", "rw", ttl=60)
    async with connected(flavour, broker) as client:
        before = await client.subscribe(lasting, "a/1/")
        refused = await client.subscribe(short, "a/2/")
        after = await client.subscribe(lasting, "a/3/")
        await lose(client, broker)
        broker.clock.advance(60)
        await return_(client, broker)
        with pytest.raises(Unauthorized, match="subscribe to a/2/ was refused") as caught:
            await refused.get(timeout_s=LIMIT_S)
        assert caught.value.channel == "a/2/"
        for number, subscription in ((1, before), (3, after)):
            await client.publish(lasting, f"a/{number}/", "x", qos=1)
            assert await texts(subscription, 1) == ["x"]


@both_flavours
@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
@in_loop
async def test_an_expired_key_ends_no_subscription_of_its_channel_that_was_made_with_another(
    flavour: Flavour, leaves: bool, broker: Broker
) -> None:
    lasting, short = broker.keygen("a/", "rw"), broker.keygen("a/", "r", ttl=60)
    async with connected(flavour, broker) as client:
        kept = await client.subscribe(lasting, "a/")
        refused = await client.subscribe(short, "a/")
        if leaves:
            await refused.close()
        await lose(client, broker)
        broker.clock.advance(60)
        await return_(client, broker)
        await client.publish(lasting, "a/", "x", qos=1)
        assert await texts(kept, 1) == ["x"]
        if not leaves:
            with pytest.raises(Unauthorized):
                await refused.get(timeout_s=LIMIT_S)


@both_flavours
@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
@in_loop
async def test_an_expired_key_ends_no_watch_of_its_channel_that_was_made_with_another(
    flavour: Flavour, leaves: bool, broker: Broker
) -> None:
    lasting, short = broker.keygen("a/", "rp"), broker.keygen("a/", "p", ttl=60)
    async with connected(flavour, broker) as client:
        kept = await client.watch_presence(lasting, "a/")
        refused = await client.watch_presence(short, "a/")
        # Each status reaches both.
        for watch in (kept, kept, refused):
            assert isinstance(await watch.get(timeout_s=LIMIT_S), PresenceStatus)
        if leaves:
            await refused.close()
        await lose(client, broker)
        broker.clock.advance(60)
        await return_(client, broker)
        assert isinstance(await kept.get(timeout_s=LIMIT_S), PresenceStatus)
        await client.subscribe(lasting, "a/")
        assert isinstance(await kept.get(timeout_s=LIMIT_S), PresenceSubscribe)
        if not leaves:
            with pytest.raises(Unauthorized):
                await refused.get(timeout_s=LIMIT_S)


@both_flavours
@in_loop
async def test_links_are_made_again_before_anything_is_published(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        await client.link(key, "a/old/", "l")
        await client.link(key, "a/new/", "l", ttl=5)
        await lose(client, broker)
        pending = client.publish_nowait(key, "a/", "waits")
        await return_(client, broker)
        await pending.wait()
        await client.publish_with_link("l", "linked", qos=1)
        assert (await client.me()).links == {"l": "a/new/?ttl=5"}
    assert [message.channel for message in broker.published] == ["a/", "a/new/"]


@both_flavours
@in_loop
async def test_what_changed_meanwhile_is_told_by_a_status(flavour: Flavour, broker: Broker, key: Key) -> None:
    events: SimpleQueue[PresenceEvent] = SimpleQueue()
    with Client.from_url(broker.url, username="leaver", reconnect=False) as leaver:
        leaver.subscribe(key, "a/")
        async with connected(flavour, broker) as client:
            client.on_presence = events.put
            await client.presence(key, "a/", changes=True)
            await client.presence(key, "a/unwatched/", changes=True)
            await client.presence(key, "a/unwatched/", changes=False)
            broker.faults.refuse_connections()
            broker.faults.drop_connections()
            # It may have heard of the leaver as its own connection went.
            await return_(client, broker)
            told = await came(events)
            event = await came(events) if isinstance(told, PresenceUnsubscribe) else told
            assert isinstance(event, PresenceStatus)
            assert (event.channel, event.who) == ("a/", ())
            await client.me()
            assert events.empty()


# What is told


@both_flavours
@in_loop
async def test_the_state_and_its_handlers_tell_of_every_end_and_beginning(flavour: Flavour, broker: Broker) -> None:
    told: SimpleQueue[tuple[str, str]] = SimpleQueue()
    client: AsyncClient
    async with connected(flavour, broker) as client:
        client.on_connect = lambda: told.put(("connect", client.connection.status))
        client.on_disconnect = lambda: told.put(("disconnect", client.connection.status))
        assert (client.connection.status, client.connection.error, client.connection.connects) == ("connected", None, 1)
        await lose(client, broker)
        assert await came(told) == ("disconnect", "reconnecting")
        assert isinstance(client.connection.error, EmitterError)
        assert "reconnecting" in repr(client.connection)
        await return_(client, broker)
        assert await came(told) == ("connect", "connected")
        assert client.connection.connects == 2
        assert not await called(lambda each: each.connection.wait("closed", timeout_s=0.01), client)
    assert await came(told) == ("disconnect", "closed")
    assert client.connection.error is None


@both_flavours
@in_loop
async def test_a_program_that_subscribes_when_it_is_connected_has_one_subscription(
    flavour: Flavour, broker: Broker, key: Key
) -> None:
    got: SimpleQueue[str] = SimpleQueue()
    made: SimpleQueue[object] = SimpleQueue()

    def on_message(message: Message) -> None:
        got.put(message.as_string())

    async with connected(flavour, broker) as client:

        async def subscribe() -> None:
            subscription = await client.subscribe(key, "a/", on_message)
            made.put(subscription if flavour == "asyncio" else subscription.__dict__["inner"])

        client.on_connect = (lambda: asyncio.run(subscribe())) if flavour == "threads" else subscribe
        there: list[object] = []
        for _ in range(2):
            await lose(client, broker)
            await return_(client, broker)
            there.append(await came(made))
        assert there[0] is there[1]
        await client.publish(key, "a/", "x", qos=1)
        await client.publish(key, "a/", "y", qos=1)
        assert (await came(got), await came(got)) == ("x", "y")


@both_flavours
@in_loop
async def test_a_refused_login_ends_it_with_the_reason(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/")
        await lose(client, broker)
        pending = client.publish_nowait(key, "a/", "x")
        broker.faults.refuse_connections(return_code=5)
        await until(client, "closed")
        assert "not authorised" in str(client.connection.error)
        with pytest.raises(EmitterError, match="not authorised"):
            await subscription.get(timeout_s=LIMIT_S)
        with pytest.raises(ConnectionLost, match="not authorised"):
            await pending.wait()
        with pytest.raises(Closed):
            await client.me()


def advice(error: EmitterError | None) -> str:
    return str(error).rpartition(": ")[2]


@both_flavours
@in_loop
async def test_whoever_reads_of_a_loss_is_told_who_connects_again(
    flavour: Flavour, broker: Broker, key: Key, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(flavour, broker) as client:
        await lose(client, broker)
        lost = client.connection.error
        with pytest.raises(ConnectionLost) as offline:
            await client.me(timeout_s=0.01)
        pending = client.publish_nowait(key, "a/", "x")
        await client.close()
        with pytest.raises(ConnectionLost) as closed:
            await pending.wait()
    assert [advice(each) for each in (offline.value, closed.value)] == BY_ITSELF_OR_NOT
    assert (offline.value.reconnecting, closed.value.reconnecting) == (True, False)
    assert isinstance(lost, EmitterError)
    assert "connect again" not in str(lost)
    assert "connect again" not in caplog.text


def test_a_client_that_does_not_connect_again_says_to_do_so(broker: Broker, key: Key) -> None:
    with Client.from_url(broker.url, reconnect=False) as client:
        subscription = client.subscribe(key, "a/")
        broker.faults.drop_connections()
        with pytest.raises(ConnectionLost) as lost:
            subscription.get(timeout_s=LIMIT_S)
    assert (advice(lost.value), lost.value.reconnecting) == ("connect again", False)


# Ends


@both_flavours
@in_loop
async def test_closing_while_it_comes_back_ends_that(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/")
        await lose(client, broker)
        pending = client.publish_nowait(key, "a/", "x")
        await client.close()
        with pytest.raises(ConnectionLost):
            await pending.wait()
        assert await subscription.get(timeout_s=LIMIT_S) is None
        with pytest.raises(Closed):
            await client.me()
    broker.faults.clear()
    assert broker.published == ()


@both_flavours
@in_loop
async def test_draining_waits_for_acknowledgements_and_handlers(flavour: Flavour, broker: Broker, key: Key) -> None:
    slow, faults = threading.Event(), broker.faults
    got: SimpleQueue[str] = SimpleQueue()

    def on_message(message: Message) -> None:
        slow.wait(LIMIT_S)
        got.put(message.as_string())

    async with connected(flavour, broker) as client:
        await client.subscribe(
            key, "a/", on_message if flavour == "threads" else lambda each: got.put(each.as_string())
        )
        for number in range(3):
            await client.publish(key, "a/", str(number), qos=1)
        await lose(client, broker)
        pending = client.publish_nowait(key, "b/", "refused")
        for timer in (threading.Timer(0, faults.accept_connections), threading.Timer(0, slow.set)):
            timer.start()
        await client.drain()
        assert pending.done
        assert [got.get_nowait() for _ in range(3)] == ["0", "1", "2"]
        with pytest.raises(Closed):
            await client.me()


@both_flavours
@in_loop
async def test_draining_ends_when_its_time_is_over(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        await lose(client, broker)
        pending = [client.publish_nowait(key, "a/", text) for text in "xy"]
        with pytest.raises(RequestTimeout, match=r"drain did not finish .* 2 messages .* 0 handlers") as caught:
            await client.drain(timeout_s=0.01)
        assert (caught.value.unacknowledged, caught.value.handlers_running) == (2, 0)
        assert caught.value.offline
        for each in pending:
            with pytest.raises(ConnectionLost):
                await each.wait()
        with pytest.raises(InvalidArgument):
            await client.drain(timeout_s=0)


def test_draining_that_a_handler_keeps_from_ending_counts_it(broker: Broker, key: Key) -> None:
    called, go_on = threading.Event(), threading.Event()

    def on_message(_: Message) -> None:
        called.set()
        go_on.wait(LIMIT_S)

    client = Client.from_url(broker.url)
    client.connect()
    client.subscribe(key, "a/", on_message)
    client.publish(key, "a/", "x", qos=1)
    assert called.wait(LIMIT_S)
    # By then it was counted.
    client.on_disconnect = go_on.set
    with pytest.raises(RequestTimeout) as caught:
        client.drain(timeout_s=0.01)
    assert (caught.value.unacknowledged, caught.value.handlers_running, caught.value.offline) == (0, 1, None)


@in_loop
async def test_draining_that_a_coroutine_keeps_from_ending_counts_it(broker: Broker, key: Key) -> None:
    called, go_on = asyncio.Event(), asyncio.Event()

    async def on_message(_: Message) -> None:
        called.set()
        await go_on.wait()

    client = AsyncClient.from_url(broker.url)
    await client.connect()
    await client.subscribe(key, "a/", on_message)
    await client.publish(key, "a/", "x", qos=1)
    await called.wait()
    client.on_disconnect = go_on.set
    with pytest.raises(RequestTimeout) as caught:
        await client.drain(timeout_s=0.01)
    assert (caught.value.unacknowledged, caught.value.handlers_running, caught.value.offline) == (0, 1, None)


@both_flavours
@in_loop
async def test_aborting_leaves_without_a_word(flavour: Flavour, broker: Broker, key: Key) -> None:
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/")
        broker.faults.stall_reading()
        pending = client.publish_nowait(key, "a/", "x")
        await client.abort()
        with pytest.raises(ConnectionLost):
            await pending.wait()
        assert await subscription.get(timeout_s=LIMIT_S) is None
        await client.abort()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_client_is_no_use_to_a_process_that_was_forked(broker: Broker) -> None:
    with Client.from_url(broker.url) as client:
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            try:
                client.me()
            except Closed as error:
                os.write(writer, str(error).encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader) as said:
            assert "forked" in said.read()
        assert client.me().id
