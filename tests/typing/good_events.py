"""What a checker knows of presence events and of errors. Never run."""

from datetime import datetime
from typing import assert_never, assert_type

from emitter_typed import (
    AmbiguousReply,
    BadRequest,
    BrokerError,
    Client,
    Closed,
    Congested,
    ConnectionLost,
    ConnectionRefused,
    ContractMismatch,
    EmitterError,
    HandlerFailed,
    HistoryIncomplete,
    InvalidArgument,
    PresenceEvent,
    PresenceInfo,
    PresenceStatus,
    PresenceSubscribe,
    PresenceUnsubscribe,
    ReplyMissing,
    RequestTimeout,
    SlowConsumer,
    Unauthorized,
    Undecodable,
)


def a_match_over_the_three_is_complete(event: PresenceEvent) -> str:
    match event:
        case PresenceStatus():
            assert_type(event.who, tuple[PresenceInfo, ...])
            return f"{len(event.who)} are there"
        case PresenceSubscribe(who=who, time=time):
            assert_type(who, PresenceInfo)
            assert_type(time, datetime)
            return f"{who.username} came"
        case PresenceUnsubscribe(channel=channel):
            assert_type(channel, str)
            return f"{event.who.username} left {channel}"
        case _:
            assert_never(event)


def what_all_three_have_needs_no_match(event: PresenceEvent) -> tuple[datetime, str]:
    return event.time, event.channel


def a_refusal_carries_facts(client: Client) -> None:
    try:
        client.publish("key", "chat/", "hello", qos=1)
    except Unauthorized as error:
        assert_type(error.status, int)
        assert_type(error.message, str)
        assert_type(error.operation, str)
        assert_type(error.hint, str)
    except (BadRequest, BrokerError) as error:
        assert_type(error.status, int)


def every_error_is_an_emitter_error(error: EmitterError) -> object:
    assert_type(error.message, str)
    match error:
        case InvalidArgument():
            return assert_type(error.argument, str), assert_type(error.value, object)
        case Undecodable():
            return assert_type(error.path, str), assert_type(error.raw, bytes), assert_type(error.channel, str)
        case RequestTimeout():
            return assert_type(error.operation, str), assert_type(error.timeout_s, float)
        case ConnectionRefused():
            return (
                assert_type(error.host, str),
                assert_type(error.port, int),
                assert_type(error.return_code, int | None),
            )
        case ConnectionLost():
            return assert_type(error.operation, str | None)
        case SlowConsumer():
            return assert_type(error.max_messages, int), assert_type(error.max_bytes, int)
        case HandlerFailed():
            return assert_type(error.handler, str)
        case ContractMismatch():
            return assert_type(error.package, str)
        case HistoryIncomplete():
            return assert_type(error.operation, str), assert_type(error.seconds, tuple[datetime, ...])
        case AmbiguousReply() | Congested() | ReplyMissing():
            return assert_type(error.operation, str)
        case Closed() | _:
            return None


# Whoever knows nothing of ours catches them by the standard library's names.
TIMEOUT: type[TimeoutError] = RequestTimeout
CONNECTION: tuple[type[ConnectionError], ...] = (ConnectionRefused, ConnectionLost)
VALUE: tuple[type[ValueError], ...] = (InvalidArgument, Undecodable)
