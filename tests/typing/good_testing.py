"""What a checker knows of the pytest fixtures. Never run."""

from typing import assert_type

import pytest

from emitter_typed import AsyncClient, Client, Key
from emitter_typed.broker import Broker, Clock, Faults, Limits, ManualClock, Published
from emitter_typed.testing import BrokerOptions


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
