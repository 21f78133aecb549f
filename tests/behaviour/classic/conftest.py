"""A client for programs with threads, as old programs have it."""

from collections.abc import Iterator

import pytest

from emitter_typed import Client, Key
from emitter_typed.broker import Broker
from tests.helpers.loops import LIMIT_S


@pytest.fixture
def broker(emitter_broker: Broker) -> Broker:
    """The embedded broker, wherever EMITTER_URL points: what is tried here are names and signatures."""
    return emitter_broker


@pytest.fixture
def client(broker: Broker) -> Iterator[Client]:
    """Connected; it comes back at once when its connection is lost."""
    with Client.from_url(broker.url, timeout_s=LIMIT_S, reconnect_max_s=0.02) as connected:
        yield connected


@pytest.fixture
def key(broker: Broker) -> Key:
    return broker.keygen("a/#/", "rwslp")
