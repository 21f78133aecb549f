"""What tests of your own code get: a pytest plugin, and strategies of Hypothesis.

pytest finds the plugin by itself once the package is installed. Its fixtures start a broker in the process and connect
clients to it: `emitter_broker`, `emitter_key`, `emitter_client`, `emitter_async_client`, the same for the whole
session, and `emitter_broker_options`, which you override to choose the broker. `emitter_cluster` is several brokers
that work together, and `emitter_cluster_options` chooses them. `pytest --fixtures` tells about each.

`strategy` makes objects of any type that a payload can have; it needs the extra `hypothesis`. `record_strategy`,
`parameter_strategy` and `declared_strategy` are for the modules that `emitter-typed generate --testing` writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emitter_typed._core.lazy import lazy_attributes

if TYPE_CHECKING:
    from emitter_typed._testing.options import BrokerOptions, ClusterOptions
    from emitter_typed._testing.strategies import declared_strategy, parameter_strategy, record_strategy, strategy

__all__ = [
    "BrokerOptions",
    "ClusterOptions",
    "declared_strategy",
    "parameter_strategy",
    "record_strategy",
    "strategy",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_attributes(
        __name__,
        {
            "emitter_typed._testing.options": ("BrokerOptions", "ClusterOptions"),
            "emitter_typed._testing.strategies": (
                "declared_strategy",
                "parameter_strategy",
                "record_strategy",
                "strategy",
            ),
        },
    )
