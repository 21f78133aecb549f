"""What generated code may use. Users' packages import this module and `emitter_typed.channels`, and nothing else.

Everything here is for code that `emitter-typed generate` wrote; what people call is re-exported by `emitter_typed`.
A change that breaks code generated earlier raises `CONTRACT`, and `check_contract` tells its users what to run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Generic, TypeVar

from attrs import frozen

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
from emitter_typed.errors import BrokerError, ContractMismatch, InvalidArgument, hide_keys, kind_of
from emitter_typed.hosts import AsyncHandler, AsyncHost, Handler, SyncHost
from emitter_typed.pending import AsyncPending, Pending
from emitter_typed.protocol import codec
from emitter_typed.protocol.address import Address
from emitter_typed.protocol.bounds import Bounds, Overflow
from emitter_typed.protocol.definition import (
    Envelope,
    EventDefinition,
    OperationDefinition,
    OptionDefinition,
    PagesDefinition,
    ProtocolDefinition,
    RequestDefinition,
)
from emitter_typed.protocol.message import ChannelMessage, Message, StoredMessage
from emitter_typed.protocol.operations import channel_with_options
from emitter_typed.protocol.topics import validate_channel
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
    "pattern",
    "warn_when_made",
    "wire",
]

CONTRACT = 2
"""The number of this contract. Generated code states the one that it was made for."""

PayloadT = TypeVar("PayloadT")


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


def _shown_number(value: object) -> str:
    # Nothing else is shown: a text in the place of a number may be a key.
    return repr(value) if isinstance(value, int | float) else kind_of(value)


def duration(value: float | timedelta) -> timedelta:
    """Take seconds or a timedelta as a timedelta. Raises InvalidArgument for a number that is none of seconds."""
    try:
        return value if isinstance(value, timedelta) else timedelta(seconds=value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgument(
            f"a duration is a timedelta or a finite number of seconds, not {_shown_number(value)}",
            argument="duration",
            value=None,
        ) from None


def channel_name(channel: str, *, max_segments: int | None = None) -> str:
    """Return the name of a channel, which holds no wildcards, with its last slash. Raises InvalidArgument."""
    return filter_name(validate_channel(channel, static=True), max_segments=max_segments)


def filter_name(channel: str, *, max_segments: int | None = None) -> str:
    """Return the name of a channel, which may hold wildcards, with its last slash. Raises InvalidArgument."""
    name = validate_channel(channel, static=False)
    segments = name.count("/")
    if max_segments is not None and segments > max_segments:
        raise InvalidArgument(
            f"channel must have at most {max_segments} segments, not {segments}",
            argument="channel",
            value=hide_keys(channel),
        )
    return name


@frozen
class PlainDecoder(Generic[PayloadT]):
    """Makes messages of a subscription to any channel."""

    payload: type[PayloadT] | None
    """The class of the payload; None: bytes, as they came."""

    def __attrs_post_init__(self) -> None:
        """Refuse now what could read no message. Raises InvalidArgument."""
        if self.payload is not None:
            codec.check_type(self.payload)

    def __call__(self, channel: str, raw: bytes) -> Message[PayloadT]:
        """Read one message. Raises Undecodable."""
        return Message(channel, codec.decode(raw, self.payload or bytes, channel=channel), raw)
