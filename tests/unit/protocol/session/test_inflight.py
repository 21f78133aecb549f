"""Packet identifiers: none is given twice while it is in use, and each says what it is in use for."""

from __future__ import annotations

import sys
from itertools import count
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from emitter_typed import Key, Unauthorized
from emitter_typed._generated.protocol import HISTORY_REQUEST, KEYGEN, ME, PROTOCOL
from emitter_typed._generated.types import HistoryRequest, KeygenRequest, MeRequest
from emitter_typed._protocol.operations import prepare
from emitter_typed._protocol.session.inflight import InflightCall, InflightCalls, Publication, Request, Unsubscribing
from emitter_typed.errors import Congested
from tests.helpers.callers import CallResult
from tests.unit.protocol.session.calls import KEYGEN_REQUEST, keygen, prepared, publication, subscribing

if TYPE_CHECKING:
    from _typeshed import TraceFunction

LAST = 65_535
KEY = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"


@pytest.fixture
def calls() -> InflightCalls:
    return InflightCalls()


def test_identifiers_go_up_to_the_last_and_begin_again_at_one(calls: InflightCalls) -> None:
    given: list[int] = []
    for _ in range(LAST + 1):
        given.append(calls.begin(subscribing()))
        calls.end(given[-1])

    assert given == [*range(1, LAST + 1), 1]


def test_an_identifier_in_use_is_passed_over(calls: InflightCalls) -> None:
    kept = [calls.begin(keygen()), calls.begin(keygen())]
    for _ in range(LAST - 2):
        calls.end(calls.begin(subscribing()))

    assert kept == [1, 2]
    assert calls.begin(keygen()) == 3


def test_with_all_identifiers_in_use_a_call_is_congested_until_one_is_free(calls: InflightCalls) -> None:
    for _ in range(LAST):
        calls.begin(keygen())

    with pytest.raises(Congested, match=r"keygen.*65,535 packet identifiers"):
        calls.begin(keygen())
    calls.end(7)
    assert calls.begin(keygen()) == 7


def test_messages_leave_identifiers_for_requests_and_subscriptions(calls: InflightCalls) -> None:
    message = publication()
    while not calls.full:
        calls.begin(message)

    assert calls.begin(keygen()) <= LAST
    assert sum(1 for _ in calls.publications) < LAST - 1000


def test_what_ends_is_given_back_once(calls: InflightCalls) -> None:
    call = keygen()
    packet_id = calls.begin(call)

    assert calls.get(packet_id) is call
    assert calls.end(packet_id) is call
    assert calls.end(packet_id) is None
    assert calls.get(packet_id) is None


def test_with_the_connection_all_end_in_their_order(calls: InflightCalls) -> None:
    one, other = keygen(), publication()
    calls.begin(one)
    calls.begin(other)

    assert calls.end_all() == [one, other]
    assert calls.end_all() == []
    assert list(calls.publications) == []


@pytest.mark.parametrize("value", [True, 1.0, "1", None, [1], 2])
def test_a_reply_that_names_no_identifier_in_use_names_no_call(calls: InflightCalls, value: object) -> None:
    assert calls.begin(keygen()) == 1

    assert calls.get(value) is None


def test_a_channel_is_known_to_be_ending(calls: InflightCalls) -> None:
    packet_id = calls.begin(Unsubscribing("unsubscribe", CallResult(), channel="a/", sinks=()))

    assert calls.is_unsubscribing("a/")
    assert not calls.is_unsubscribing("a/b/")
    calls.end(packet_id)
    assert not calls.is_unsubscribing("a/")


def request(record: HistoryRequest | KeygenRequest | MeRequest) -> Request:
    definition = {HistoryRequest: HISTORY_REQUEST, KeygenRequest: KEYGEN, MeRequest: ME}[type(record)]
    return Request(definition.name, CallResult(), topic=definition.topic, definition=definition, record=record)


LINKED = Publication(
    "publish_with_link", CallResult(), prepared=prepare(PROTOCOL.operations["publish_with_link"], ("l",)), payload=b""
)


@pytest.mark.parametrize(
    ("call", "channel"),
    [
        (publication(channel="a/b/"), "a/b/"),
        (LINKED, None),
        (subscribing("a/+/"), "a/+/"),
        (Unsubscribing("unsubscribe", CallResult(), channel="a/", sinks=()), "a/"),
        (request(KEYGEN_REQUEST), "a/"),
        (request(HistoryRequest(topic="key/a/b/?last=5")), "a/b/"),
        (request(MeRequest()), None),
    ],
    ids=["publish", "link", "subscribe", "unsubscribe", "keygen", "history", "me"],
)
def test_a_refusal_names_operation_and_channel(call: InflightCall, channel: str | None) -> None:
    error = call.refusal(401, "not allowed", Unauthorized)

    assert isinstance(error, Unauthorized)
    assert (error.operation, error.channel, error.status) == (call.operation, channel, 401)


def test_a_refusal_says_where_key_and_channel_look_swapped() -> None:
    swapped = KeygenRequest(key=Key("chat"), channel=f"{KEY}/", permissions=KEYGEN_REQUEST.permissions)
    calls: list[InflightCall] = [
        Publication("publish", CallResult(), prepared=prepared(KEY, "publish", key="chat"), payload=b""),
        request(swapped),
        request(HistoryRequest(topic=f"chat/{KEY}/")),
    ]

    assert [call.swapped for call in calls] == [True, True, True]
    assert all("the order is key, channel" in str(call.refusal(401)) for call in calls)
    assert not publication().swapped


def test_what_was_said_of_a_message_on_one_connection_does_not_count_on_the_next() -> None:
    message = publication()
    message.errors += (message.refusal(401),)
    message.doubtful = True

    message.begin_again()

    assert (message.errors, message.doubtful) == ((), False)


def test_what_begins_while_another_call_begins_has_another_identifier(calls: InflightCalls) -> None:
    """A signal handler may publish wherever it interrupts a call."""
    kept = [keygen() for _ in range(3)]
    for call in kept:
        calls.begin(call)
    calls.end(2)
    step = 0
    while True:
        outer, inner = keygen(), keygen()
        given: list[int] = []
        lines = count()

        def trace(frame: FrameType, event: str, argument: object) -> TraceFunction:
            if event == "line" and next(lines) == step:  # noqa: B023
                sys.settrace(None)
                given.append(calls.begin(inner))  # noqa: B023
            return trace

        before = sys.gettrace()
        try:
            sys.settrace(trace)
            packet_id = calls.begin(outer)
        finally:
            sys.settrace(before)
        if not given:
            break
        assert (calls.get(packet_id), calls.get(given[0])) == (outer, inner)
        step += 1
    assert step > 3
