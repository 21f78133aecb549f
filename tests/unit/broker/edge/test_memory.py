"""Clients connect to a broker in their process without a socket, and notice no difference."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from emitter_typed import (
    AsyncClient,
    Client,
    ConnectionLost,
    ConnectionRefused,
    PresenceUnsubscribe,
    RequestTimeout,
    Unauthorized,
)
from emitter_typed._protocol.packets import Publish
from emitter_typed._transport import Endpoint
from emitter_typed.broker import AsyncBroker, Broker
from emitter_typed.errors import Closed


def test_every_kind_of_packet_passes() -> None:
    with Broker(port=None) as broker, Client(transport=broker.memory, username="ann") as client:
        key = client.keygen(broker.master_key, "a/#/", "rwslp").key
        with client.subscribe(key, "a/") as subscription:
            client.publish(key, "a/b/", "acknowledged", qos=1)
            client.publish(key, "a/b/", b"\x00" * 60_000)
            first, second = subscription.get(timeout_s=20), subscription.get(timeout_s=20)
            assert first is not None
            assert second is not None
            assert (first.as_string(), second.as_binary()) == ("acknowledged", b"\x00" * 60_000)
            assert [person.username for person in client.presence(key, "a/", status=True).who] == ["ann"]
        assert client.presence(key, "a/", status=True).who == ()
        with pytest.raises(Unauthorized):
            client.subscribe(key, "elsewhere/")
        with pytest.raises(Unauthorized):
            client.publish(key, "elsewhere/", "no", qos=1)


def test_asyncio_clients_share_the_loop_with_their_broker() -> None:
    async def scenario() -> None:
        async with AsyncBroker(port=None) as broker, AsyncClient(transport=broker.memory) as client:
            key = broker.keygen("a/#/", "rw")
            async with await client.subscribe(key, "a/") as subscription:
                await client.publish(key, "a/b/", "hello", qos=1)
                message = await subscription.get(timeout_s=20)
                assert message is not None
                assert message.channel == "a/b/"
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_a_broker_without_a_port_opens_none_and_says_how_to_reach_it() -> None:
    with Broker(port=None) as broker:
        for address in ("url", "port"):
            with pytest.raises(Closed, match=r"transport=broker\.memory"):
                getattr(broker, address)


def test_a_broker_that_is_not_running_turns_clients_away() -> None:
    with pytest.raises(ConnectionRefused, match="not running"):
        Client(transport=Broker(port=None).memory).connect()


def test_a_refused_connection_says_with_which_return_code() -> None:
    with Broker(port=None) as broker:
        broker.faults.refuse_connections(return_code=5)
        with pytest.raises(ConnectionRefused) as refused:
            Client(transport=broker.memory).connect()
        assert refused.value.return_code == 5
        broker.faults.refuse_connections()
        with pytest.raises(ConnectionRefused, match="the broker refused it"):
            Client(transport=broker.memory).connect()


ENDS: tuple[Callable[[Broker], None], ...] = (
    lambda broker: broker.faults.drop_connections(),
    Broker.restart,
    Broker.stop,
)


@pytest.mark.parametrize("end", ENDS, ids=("drop", "restart", "stop"))
def test_a_connection_that_the_broker_ends_is_lost(end: Callable[[Broker], None]) -> None:
    with Broker(port=None) as broker, Client(transport=broker.memory, reconnect=False) as client:
        subscription = client.subscribe(broker.keygen("a/", "r"), "a/")
        end(broker)
        with pytest.raises(ConnectionLost):
            list(subscription)
        with pytest.raises(ConnectionLost):
            client.me()


def test_a_packet_that_is_cut_is_never_seen() -> None:
    with Broker(port=None) as broker, Client(transport=broker.memory, reconnect=False) as client:
        broker.faults.drop_inside("PUBACK")
        with pytest.raises(ConnectionLost):
            client.publish(broker.keygen("a/", "w"), "a/", "x", qos=1)
        assert len(broker.published) == 1


def test_a_client_that_leaves_is_told_of_like_any_other() -> None:
    with Broker(port=None) as broker, Client(transport=broker.memory) as watcher:
        key = broker.keygen("a/", "rp")
        gone = threading.Event()
        watcher.on_presence = lambda event: gone.set() if isinstance(event, PresenceUnsubscribe) else None
        watcher.presence(key, "a/", status=False, changes=True)
        with Client(transport=broker.memory) as leaver:
            leaver.subscribe(key, "a/")
        assert gone.wait(20)


def test_a_stalled_broker_makes_its_clients_wait_and_lets_them_close() -> None:
    with Broker(port=None) as broker, Client(transport=broker.memory) as client:
        broker.faults.stall_reading()
        with pytest.raises(RequestTimeout):
            client.me(timeout_s=0.01)
        broker.faults.resume_reading()
        assert client.me().id
        broker.faults.stall_reading()


def test_too_much_for_a_stalled_broker_is_congestion_until_it_reads_again() -> None:
    with Broker(port=None) as broker:
        transport = broker.memory(Endpoint(host="-", port=1))
        drained = threading.Event()

        class TransportSink:
            def received(self, packets: object, /) -> None: ...

            def drained(self) -> None:
                drained.set()

            def ended(self, error: object, /) -> None: ...

        transport.start(TransportSink())
        broker.faults.stall_reading()
        for _ in range(20):
            transport.send(Publish("k/a/", b"x" * 60_000, 0, False, 0))
        assert transport.congested
        assert not drained.is_set()
        broker.faults.resume_reading()
        assert drained.wait(20)
        relieved = not transport.congested
        assert relieved
        transport.abort()
        assert transport.join(20)


def test_a_client_whose_brokers_loop_is_gone_learns_it() -> None:
    async def start() -> AsyncBroker:
        return await AsyncBroker(port=None).start()

    broker = asyncio.run(start())
    with pytest.raises(ConnectionRefused):
        Client(transport=broker.memory).connect()
