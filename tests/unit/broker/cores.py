"""Broker cores that no socket leads to."""

from __future__ import annotations

from emitter_typed._broker.clock import ManualClock
from emitter_typed._broker.core import BrokerCore
from emitter_typed._broker.keys import KeyRing, new_master_key
from emitter_typed._broker.limits import Limits
from emitter_typed._broker.nodes import Nodes
from emitter_typed._broker.processes import Processes
from emitter_typed._broker.storage import Storage
from emitter_typed._protocol.topics import Matcher

MASTER_KEY = new_master_key()


def new_core(clock: ManualClock, matcher: Matcher = "emitter", limits: Limits | None = None) -> BrokerCore:
    return BrokerCore(keys=KeyRing(MASTER_KEY, clock), matcher=matcher, clock=clock, limits=limits)


def new_nodes(clock: ManualClock, size: int = 2) -> list[BrokerCore]:
    """Return the cores of a cluster. What one does waits at each connection of the others to be taken."""
    nodes, keys = Nodes(), KeyRing(MASTER_KEY, clock)
    return [_new_node(number, nodes, keys, clock) for number in range(size)]


def _new_node(number: int, nodes: Nodes, keys: KeyRing, clock: ManualClock) -> BrokerCore:
    storage = Storage(clock)
    storage.begin_process(Processes(number).next())
    core = BrokerCore(keys=keys, matcher="emitter", clock=clock, storage=storage, others=lambda: nodes.others(core))
    nodes.join(core, lambda: None)
    return core
