"""What a checker knows of the pytest fixtures. Never run."""

from typing import assert_type

import pytest

from emitter_typed import AsyncClient, Client, Key
from emitter_typed.broker import (
    AsyncBroker,
    AsyncCluster,
    Broker,
    Clock,
    Cluster,
    Faults,
    Limits,
    ManualClock,
    Published,
)
from emitter_typed.testing import BrokerOptions, ClusterOptions


@pytest.fixture
def options_of_a_suite() -> BrokerOptions:
    return {"matcher": "mqtt", "limits": Limits(max_connections=10), "clock": ManualClock()}


def a_broker_takes_them(options: BrokerOptions) -> Broker:
    return Broker(**options)


def test_with_a_client(emitter_broker: Broker, emitter_client: Client, emitter_key: Key) -> None:
    assert_type(emitter_broker.url, str)
    assert_type(emitter_broker.master_key, str)
    assert_type(emitter_broker.keygen("chat/#/", "rw", ttl=60), Key)
    assert_type(emitter_broker.clock, Clock)
    assert_type(emitter_broker.clock.advance(60), None)
    assert_type(emitter_broker.published, tuple[Published, ...])
    assert_type(emitter_broker.wait_published(2, channel="chat/", timeout_s=1), tuple[Published, ...])
    assert_type(emitter_broker.faults, Faults)
    emitter_client.publish(emitter_key, "chat/", "hello")


async def test_in_asyncio(emitter_async_client: AsyncClient, emitter_key: Key) -> None:
    await emitter_async_client.publish(emitter_key, "chat/", "hello")


def a_cluster_takes_its_own(options: ClusterOptions) -> Cluster:
    return Cluster(**options)


def test_with_two_nodes(emitter_cluster: Cluster) -> None:
    assert_type(emitter_cluster.nodes, tuple[Broker, ...])
    assert_type(emitter_cluster.urls, tuple[str, ...])
    assert_type(emitter_cluster.keygen("chat/#/", "rw"), Key)
    assert_type(emitter_cluster.published, tuple[Published, ...])
    one, other = emitter_cluster.nodes
    one.faults.store_out_of_order(0.1, distance=2, seed=7)
    assert_type(other.kill(), None)
    assert_type(other.start(keep_stored=True), Broker)
    assert_type(other.is_running, bool)


async def test_in_asyncio_with_two_nodes() -> None:
    async with AsyncCluster(3) as cluster:
        assert_type(cluster.nodes, tuple[AsyncBroker, ...])
        assert_type(await cluster.nodes[0].kill(), None)
