"""What generated code may use. Users' packages import this module and `emitter_typed.channels`, and nothing else.

Everything here is for code that `emitter-typed generate` wrote; what people call is re-exported by `emitter_typed`.
A change that breaks code generated earlier raises `CONTRACT`, and `check_contract` tells its users what to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emitter_typed.doors import names_on_use
from emitter_typed.errors import ContractMismatch

if TYPE_CHECKING:
    from emitter_typed.arguments import PlainDecoder, channel_name, duration, filter_name
    from emitter_typed.constraints import (
        Constraint,
        each,
        exclusive_maximum,
        exclusive_minimum,
        max_items,
        max_length,
        maximum,
        min_items,
        min_length,
        minimum,
        pattern,
    )
    from emitter_typed.deprecation import deprecated, warn_when_made
    from emitter_typed.errors import BrokerError
    from emitter_typed.hosts import AsyncHandler, AsyncHost, Handler, SyncHost
    from emitter_typed.pending import AsyncPending, Pending
    from emitter_typed.protocol.address import Address
    from emitter_typed.protocol.bounds import Bounds, Overflow
    from emitter_typed.protocol.definition import (
        Envelope,
        EventDefinition,
        LastingDefinition,
        OperationDefinition,
        OptionDefinition,
        PagesDefinition,
        ProtocolDefinition,
        RequestDefinition,
    )
    from emitter_typed.protocol.message import ChannelMessage, Message, StoredMessage
    from emitter_typed.protocol.operations import channel_with_options
    from emitter_typed.subscriptions import AsyncSubscription, Subscription
    from emitter_typed.typed_channels import AsyncChannel, ChannelDefinition, KeySource, SyncChannel
    from emitter_typed.values import Flags, Json, Option, Record, Secret, Tag, Unrecognized, Wire, wire

__all__ = [
    "CONTRACT",
    "Address",
    "AsyncChannel",
    "AsyncHandler",
    "AsyncHost",
    "AsyncPending",
    "AsyncSubscription",
    "Bounds",
    "BrokerError",
    "ChannelDefinition",
    "ChannelMessage",
    "Constraint",
    "Envelope",
    "EventDefinition",
    "Flags",
    "Handler",
    "Json",
    "KeySource",
    "LastingDefinition",
    "Message",
    "OperationDefinition",
    "Option",
    "OptionDefinition",
    "Overflow",
    "PagesDefinition",
    "Pending",
    "PlainDecoder",
    "ProtocolDefinition",
    "Record",
    "RequestDefinition",
    "Secret",
    "StoredMessage",
    "Subscription",
    "SyncChannel",
    "SyncHost",
    "Tag",
    "Unrecognized",
    "Wire",
    "channel_name",
    "channel_with_options",
    "check_contract",
    "deprecated",
    "duration",
    "each",
    "exclusive_maximum",
    "exclusive_minimum",
    "filter_name",
    "max_items",
    "max_length",
    "maximum",
    "min_items",
    "min_length",
    "minimum",
    "names_on_use",
    "pattern",
    "warn_when_made",
    "wire",
]

CONTRACT = 2
"""The number of this contract. Generated code states the one that it was made for."""


def check_contract(package: str, contract: int, command: str) -> None:
    """Raise ContractMismatch, with the command to run, unless this runtime serves code of that contract."""
    if contract == CONTRACT:
        return
    newer = contract > CONTRACT
    raise ContractMismatch(
        f"{package} was generated for contract {contract}, and the installed emitter-typed serves {CONTRACT}",
        package=package,
        advice="install a newer emitter-typed: pip install --upgrade emitter-typed" if newer else f"run: {command}",
    )


if not TYPE_CHECKING:
    # Lightest first: a module of types loads neither asyncio nor the conversions.
    _HOMES = (
        *("values", "constraints", "deprecation", "errors", "protocol.bounds", "protocol.definition"),
        *("protocol.address", "protocol.message", "protocol.operations", "pending", "subscriptions", "hosts"),
        *("typed_channels", "arguments"),
    )
    __getattr__, __dir__ = names_on_use(__name__, {f"emitter_typed.{home}": __all__ for home in _HOMES})
