"""An Emitter broker in the process, for development and tests; for production, use Emitter's own.

`Broker` runs in a thread beside synchronous code, `AsyncBroker` in the running asyncio loop; `Cluster` and
`AsyncCluster` are several of them that work together:

```python
with Broker() as broker:
    print(broker.url, broker.master_key)
```

It needs the extra `broker`: `pip install "emitter-typed[broker]"`.
"""

from __future__ import annotations

from emitter_typed._broker.clock import Clock, ManualClock
from emitter_typed._broker.cluster import AsyncCluster, Cluster
from emitter_typed._broker.errors import CannotListen, NotPublished
from emitter_typed._broker.faults import Faults
from emitter_typed._broker.journal import Published
from emitter_typed._broker.limits import Limits
from emitter_typed._broker.server import AsyncBroker
from emitter_typed._broker.thread import Broker

__all__ = [
    "AsyncBroker",
    "AsyncCluster",
    "Broker",
    "CannotListen",
    "Clock",
    "Cluster",
    "Faults",
    "Limits",
    "ManualClock",
    "NotPublished",
    "Published",
]
