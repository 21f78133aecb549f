"""A broker to ask for."""

import pytest

from emitter_typed.broker import Broker


@pytest.fixture
def broker(emitter_broker: Broker) -> Broker:
    """The embedded broker on a free loopback port, for one test."""
    return emitter_broker
