"""Broker cores that no socket leads to."""

from __future__ import annotations

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.keys import KeyRing, new_master_key
from emitter_typed._broker.limits import Limits
from emitter_typed._protocol.topics import Matcher

MASTER_KEY = new_master_key()


def new_core(clock: ManualClock, matcher: Matcher = "emitter", limits: Limits | None = None) -> BrokerCore:
    return BrokerCore(keys=KeyRing(MASTER_KEY, clock), matcher=matcher, clock=clock, limits=limits)
