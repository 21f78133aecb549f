"""What generated code may use. Users' packages import this module and `emitter_typed.channels`, and nothing else.

Everything here is for code that `emitter-typed generate` wrote; what people call is re-exported by `emitter_typed`.
A change that breaks code generated earlier raises `CONTRACT`, and `check_contract` tells its users what to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emitter_typed._core.lazy import lazy_attributes
from emitter_typed.errors import ContractMismatch

if TYPE_CHECKING:
    from emitter_typed._core.arguments import PlainDecoder, channel_name, duration, filter_name, flags, key_target_name
    from emitter_typed._core.async_calls import AsyncClientBase
    from emitter_typed._core.async_channels import AsyncChannel, AsyncFacade
    from emitter_typed._core.async_subscriptions import AsyncSubscription
    from emitter_typed._core.callbacks import AsyncHandler, Handler
    from emitter_typed._core.pending import AsyncPending, Pending
    from emitter_typed._core.sync_calls import SyncClientBase
    from emitter_typed._core.sync_channels import SyncChannel, SyncFacade
    from emitter_typed._core.sync_subscriptions import Subscription
    from emitter_typed._core.typed_channels import ChannelDefinition, Facade, KeySource, held_keys
    from emitter_typed._frames import clear_frames, hides_arguments
    from emitter_typed._protocol.address import Address
    from emitter_typed._protocol.definition import (
        Envelope,
        EventDefinition,
        LastingDefinition,
        OperationDefinition,
        OptionDefinition,
        PagesDefinition,
        ProtocolDefinition,
        RequestDefinition,
    )
    from emitter_typed._protocol.message import ChannelMessage, Message, StoredMessage
    from emitter_typed._protocol.operations import channel_with_options
    from emitter_typed._protocol.receiving.mailbox import Overflow, QueueLimits
    from emitter_typed._types.constraints import (
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
        when,
    )
    from emitter_typed._types.constructors import complete_constructors
    from emitter_typed._types.deprecation import deprecated, warn_when_made
    from emitter_typed._types.type_form import TypeForm
    from emitter_typed._types.values import (
        Flags,
        Json,
        NumberEnum,
        Option,
        Present,
        Record,
        Secret,
        Tag,
        Unrecognized,
        UnrecognizedMember,
        Wire,
        wire,
    )
    from emitter_typed.errors import BrokerError

__all__ = [
    "CONTRACT",
    "Address",
    "AsyncChannel",
    "AsyncClientBase",
    "AsyncFacade",
    "AsyncHandler",
    "AsyncPending",
    "AsyncSubscription",
    "BrokerError",
    "ChannelDefinition",
    "ChannelMessage",
    "Constraint",
    "Envelope",
    "EventDefinition",
    "Facade",
    "Flags",
    "Handler",
    "Json",
    "KeySource",
    "LastingDefinition",
    "Message",
    "NumberEnum",
    "OperationDefinition",
    "Option",
    "OptionDefinition",
    "Overflow",
    "PagesDefinition",
    "Pending",
    "PlainDecoder",
    "Present",
    "ProtocolDefinition",
    "QueueLimits",
    "Record",
    "RequestDefinition",
    "Secret",
    "StoredMessage",
    "Subscription",
    "SyncChannel",
    "SyncClientBase",
    "SyncFacade",
    "Tag",
    "TypeForm",
    "Unrecognized",
    "UnrecognizedMember",
    "Wire",
    "channel_name",
    "channel_with_options",
    "check_contract",
    "clear_frames",
    "complete_constructors",
    "deprecated",
    "duration",
    "each",
    "exclusive_maximum",
    "exclusive_minimum",
    "filter_name",
    "flags",
    "held_keys",
    "hides_arguments",
    "key_target_name",
    "lazy_attributes",
    "max_items",
    "max_length",
    "maximum",
    "min_items",
    "min_length",
    "minimum",
    "pattern",
    "warn_when_made",
    "when",
    "wire",
]

CONTRACT = 3
"""The number of this contract. Generated code states the one that it was made for."""


def check_contract(package: str, contract: int, command: str) -> None:
    """Check that this runtime serves generated code. Called when a generated package is imported.

    Args:
        package: The name of the package, for the error.
        contract: The contract that it was generated for.
        command: What generates it anew, for the error.

    Raises:
        ContractMismatch: The runtime has another contract. The advice is to run the command, or to install a newer
            emitter-typed.
    """
    if contract == CONTRACT:
        return
    newer = contract > CONTRACT
    raise ContractMismatch(
        f"{package} was generated for contract {contract}, and the installed emitter-typed has contract {CONTRACT}",
        package=package,
        advice="install a newer emitter-typed" if newer else f"run: {command}",
    )


if not TYPE_CHECKING:
    # Nothing of the other flavour is loaded on the way.
    _FLAVOURS = {
        "_core.sync_subscriptions": ("Subscription",),
        "_core.async_subscriptions": ("AsyncSubscription",),
        "_core.sync_calls": ("SyncClientBase",),
        "_core.async_calls": ("AsyncClientBase",),
        "_core.sync_channels": ("SyncChannel", "SyncFacade"),
        "_core.async_channels": ("AsyncChannel", "AsyncFacade"),
    }
    # Lightest first: a module of types loads neither asyncio nor the conversions.
    _HOMES = (
        *("_types.values", "_types.constraints", "_types.deprecation", "_types.type_form", "errors", "_frames"),
        *("_types.constructors", "_protocol.receiving.mailbox", "_protocol.definition", "_protocol.address"),
        *("_protocol.message", "_protocol.operations", "_core.pending", "_core.callbacks"),
        *("_core.typed_channels", "_core.arguments"),
    )
    __getattr__, __dir__ = lazy_attributes(
        __name__,
        {f"emitter_typed.{home}": names for home, names in {**_FLAVOURS, **dict.fromkeys(_HOMES, __all__)}.items()},
    )
