"""The typed client for Emitter (emitter.io).

Everything public is imported from here. Names are loaded when they are first used, so that a program pays only for
what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emitter_typed._async.client import AsyncClient
    from emitter_typed._classic import EmitterMessage
    from emitter_typed._core.async_subscriptions import AsyncSubscription
    from emitter_typed._core.callbacks import AsyncCallback, AsyncHandler, Callback, Handler
    from emitter_typed._core.pending import AsyncPending, Pending
    from emitter_typed._core.settings import WhileOffline
    from emitter_typed._core.state import AsyncConnectionState, ConnectionState, ConnectionStatus
    from emitter_typed._core.statistics import RequestCounts, RoundTrips, Statistics
    from emitter_typed._core.sync_subscriptions import Subscription
    from emitter_typed._core.typed_channels import KeySource

    # Whatever the schema declares is public. One by one: mypy finds no name of `__all__` that is not written there.
    from emitter_typed._generated import (
        BadRequest,
        Forbidden,
        InternalError,
        Key,
        KeybanResponse,
        KeygenResponse,
        LinkResponse,
        MeResponse,
        NotFound,
        NotImplementedByBroker,
        PaymentRequired,
        Permission,
        PresenceEvent,
        PresenceInfo,
        PresenceResponse,
        PresenceStatus,
        PresenceSubscribe,
        PresenceUnsubscribe,
        PublishOption,
        StoredItem,
        SubscribeOption,
        Unauthorized,
    )
    from emitter_typed._protocol.message import ChannelMessage, Gap, Message, StoredMessage
    from emitter_typed._protocol.packets import InboundPacket, OutboundPacket
    from emitter_typed._protocol.payloads.documents import decode, decode_json, encode, encode_json
    from emitter_typed._protocol.receiving.mailbox import Overflow
    from emitter_typed._protocol.topics import Matcher
    from emitter_typed._protocol.will import Will
    from emitter_typed._sync.client import Client
    from emitter_typed._transport.base import Endpoint, Transport, TransportFactory, TransportSink
    from emitter_typed._transport.proxy import Proxy, ProxyKind
    from emitter_typed._types.type_form import TypeForm
    from emitter_typed._types.values import Json, Secret, Unrecognized, UnrecognizedMember
    from emitter_typed.errors import (
        AmbiguousReply,
        BrokerError,
        Closed,
        Congested,
        ConnectionLost,
        ConnectionRefused,
        ContractMismatch,
        EmitterError,
        HandlerFailed,
        HistoryIncomplete,
        InvalidArgument,
        ReplyMissing,
        RequestTimeout,
        SlowConsumer,
        Undecodable,
    )

    __version__: str

    __all__ = [
        "AmbiguousReply",
        "AsyncCallback",
        "AsyncClient",
        "AsyncConnectionState",
        "AsyncHandler",
        "AsyncPending",
        "AsyncSubscription",
        "BadRequest",
        "BrokerError",
        "Callback",
        "ChannelMessage",
        "Client",
        "Closed",
        "Congested",
        "ConnectionLost",
        "ConnectionRefused",
        "ConnectionState",
        "ConnectionStatus",
        "ContractMismatch",
        "EmitterError",
        "EmitterMessage",
        "Endpoint",
        "Forbidden",
        "Gap",
        "Handler",
        "HandlerFailed",
        "HistoryIncomplete",
        "InboundPacket",
        "InternalError",
        "InvalidArgument",
        "Json",
        "Key",
        "KeySource",
        "KeybanResponse",
        "KeygenResponse",
        "LinkResponse",
        "Matcher",
        "MeResponse",
        "Message",
        "NotFound",
        "NotImplementedByBroker",
        "OutboundPacket",
        "Overflow",
        "PaymentRequired",
        "Pending",
        "Permission",
        "PresenceEvent",
        "PresenceInfo",
        "PresenceResponse",
        "PresenceStatus",
        "PresenceSubscribe",
        "PresenceUnsubscribe",
        "Proxy",
        "ProxyKind",
        "PublishOption",
        "ReplyMissing",
        "RequestCounts",
        "RequestTimeout",
        "RoundTrips",
        "Secret",
        "SlowConsumer",
        "Statistics",
        "StoredItem",
        "StoredMessage",
        "SubscribeOption",
        "Subscription",
        "Transport",
        "TransportFactory",
        "TransportSink",
        "TypeForm",
        "Unauthorized",
        "Undecodable",
        "Unrecognized",
        "UnrecognizedMember",
        "WhileOffline",
        "Will",
        "decode",
        "decode_json",
        "encode",
        "encode_json",
    ]

# The home of each name that is written by hand; `tests/architecture` compares it with what checkers see above.
_HOMES = {
    "_async.client": ("AsyncClient",),
    "_classic": ("EmitterMessage",),
    "_core.async_subscriptions": ("AsyncSubscription",),
    "_core.callbacks": ("AsyncCallback", "AsyncHandler", "Callback", "Handler"),
    "_core.pending": ("AsyncPending", "Pending"),
    "_core.settings": ("WhileOffline",),
    "_core.state": ("AsyncConnectionState", "ConnectionState", "ConnectionStatus"),
    "_core.statistics": ("RequestCounts", "RoundTrips", "Statistics"),
    "_core.sync_subscriptions": ("Subscription",),
    "_core.typed_channels": ("KeySource",),
    "_protocol.message": ("ChannelMessage", "Gap", "Message", "StoredMessage"),
    "_protocol.packets": ("InboundPacket", "OutboundPacket"),
    "_protocol.payloads.documents": ("decode", "decode_json", "encode", "encode_json"),
    "_protocol.receiving.mailbox": ("Overflow",),
    "_protocol.topics": ("Matcher",),
    "_protocol.will": ("Will",),
    "_sync.client": ("Client",),
    "_transport.base": ("Endpoint", "Transport", "TransportFactory", "TransportSink"),
    "_transport.proxy": ("Proxy", "ProxyKind"),
    "_types.type_form": ("TypeForm",),
    "_types.values": ("Json", "Secret", "Unrecognized", "UnrecognizedMember"),
    "errors": (
        "AmbiguousReply",
        "BrokerError",
        "Closed",
        "Congested",
        "ConnectionLost",
        "ConnectionRefused",
        "ContractMismatch",
        "EmitterError",
        "HandlerFailed",
        "HistoryIncomplete",
        "InvalidArgument",
        "ReplyMissing",
        "RequestTimeout",
        "SlowConsumer",
        "Undecodable",
    ),
}


# Checkers take them for attributes, since names come from them above: so they are, without an import.
_MODULES = ("broker", "channels", "cli", "contract", "errors", "testing")


def _public_names() -> list[str]:
    from emitter_typed import _generated

    return sorted([*(name for names in _HOMES.values() for name in names), *_generated.__all__])


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("emitter-typed")
    if name == "__all__":
        return _public_names()
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    module = next((module for module, names in _HOMES.items() if name in names), None)
    if module is None:
        module = "_generated"
        # Not the modules of generated code, which are called as public ones are.
        if name.startswith("_") or name not in import_module(f"{__name__}.{module}").__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*_public_names(), "__version__"]
