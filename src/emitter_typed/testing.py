"""What tests of your own code get: a pytest plugin, which pytest finds by itself once the package is installed.

Its fixtures start a broker in the process and connect clients to it: `emitter_broker`, `emitter_key`,
`emitter_client`, `emitter_async_client`, the same for the whole session, and `emitter_broker_options`, which you
override to choose the broker. `emitter_cluster` is several brokers that work together, and `emitter_cluster_options`
chooses them. `pytest --fixtures` tells about each.
"""

from __future__ import annotations

from emitter_typed._testing.options import BrokerOptions, ClusterOptions

__all__ = ["BrokerOptions", "ClusterOptions"]
