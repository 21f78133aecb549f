"""A broker core with a clock that tests move."""

from __future__ import annotations

import pytest

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.core import BrokerCore
from tests.unit.broker.cores import new_core


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000)


@pytest.fixture
def core(clock: ManualClock) -> BrokerCore:
    return new_core(clock)
