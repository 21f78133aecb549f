"""Each reply and error reaches the call that it names; what may be somebody else's is never taken for the broker's."""

from __future__ import annotations

import json

import pytest

from emitter_typed import BadRequest, KeygenResponse, PresenceResponse, PresenceSubscribe, Unauthorized
from emitter_typed._generated.protocol import HISTORY_REQUEST, KEYGEN, ON_KEYGEN, ON_PRESENCE, PRESENCE, PROTOCOL
from emitter_typed._generated.types import HistoryRequest, HistoryResponse
from emitter_typed._protocol.definition import EventDefinition
from emitter_typed._protocol.session.fetches import Fetch
from emitter_typed._protocol.session.inflight import InflightCall, InflightCalls, Request
from emitter_typed._protocol.session.replies import Replies
from emitter_typed._protocol.session.spoofing import SpoofGuard
from emitter_typed.errors import AmbiguousReply, BrokerError, EmitterError, ReplyMissing, Undecodable
from tests.helpers.callers import CallResult
from tests.unit.protocol.session.calls import keygen, presence, publication

ERRORS = PROTOCOL.envelope.errors
MARKED = f"{KEYGEN.topic}?r=1"
MADE = {"status": 200, "key": "made", "channel": "a/"}


class Arriving:
    """Replies with the calls under way, and what they report and emit."""

    def __init__(self) -> None:
        self.inflight = InflightCalls()
        self.guard = SpoofGuard(PROTOCOL.envelope.reserved)
        self.reported: list[EmitterError] = []
        self.emitted: list[tuple[EventDefinition[object], object]] = []
        self.replies = Replies(
            PROTOCOL,
            self.inflight,
            self.guard,
            report=self.reported.append,
            emit=lambda event, payload: self.emitted.append((event, payload)),
        )

    def begun(self, call: InflightCall) -> int:
        return self.inflight.begin(call)

    def arrives(self, topic: str, document: object, *, claimed: bool = False) -> None:
        self.replies.take(topic, json.dumps(document).encode(), claimed=claimed)


@pytest.fixture
def arriving() -> Arriving:
    return Arriving()


def test_a_reply_is_the_response_to_the_request_that_it_names_and_an_event(arriving: Arriving) -> None:
    other, call = keygen(), keygen()
    arriving.begun(other)

    arriving.arrives(KEYGEN.topic, {"req": arriving.begun(call), **MADE})

    assert arriving.emitted == [], "it counts once it is acknowledged"
    response = arriving.replies.response_to(call)
    assert isinstance(response, KeygenResponse)
    assert (response.key.reveal(), response.channel) == ("made", "a/")
    assert arriving.emitted == [(ON_KEYGEN, response)]
    assert other.replies == {}
    assert arriving.reported == []


@pytest.mark.parametrize("topic", [KEYGEN.topic, ERRORS])
def test_a_refusal_is_raised_with_the_class_of_its_status_and_the_channel(arriving: Arriving, topic: str) -> None:
    call = keygen()

    arriving.arrives(topic, {"req": arriving.begun(call), "status": 401, "message": "no"})

    with pytest.raises(Unauthorized) as caught:
        arriving.replies.response_to(call)
    assert (caught.value.operation, caught.value.channel, caught.value.message) == ("keygen", "a/", "no")
    assert arriving.emitted == []


def test_a_status_of_400_is_a_refusal(arriving: Arriving) -> None:
    call = keygen()
    arriving.arrives(KEYGEN.topic, {"req": arriving.begun(call), "status": 400, "message": "no"})

    with pytest.raises(BadRequest):
        arriving.replies.response_to(call)


def test_a_status_without_a_class_is_a_plain_broker_error(arriving: Arriving) -> None:
    call = keygen()
    arriving.arrives(KEYGEN.topic, {"req": arriving.begun(call), "status": 499, "message": "no"})

    with pytest.raises(BrokerError) as caught:
        arriving.replies.response_to(call)
    assert (type(caught.value), caught.value.status) == (BrokerError, 499)


def test_an_error_that_names_a_message_is_kept_for_its_acknowledgement(arriving: Arriving) -> None:
    message = publication()

    arriving.arrives(ERRORS, {"req": arriving.begun(message), "status": 401, "message": "no"})

    [error] = message.errors
    assert isinstance(error, Unauthorized)
    assert (error.operation, error.channel) == ("publish", "a/")
    assert (message.doubtful, arriving.reported) == (False, [])


def test_an_error_without_an_identifier_is_of_some_message_of_qos_0(arriving: Arriving) -> None:
    arriving.arrives(ERRORS, {"status": 401, "message": "no"})

    [error] = arriving.reported
    assert isinstance(error, Unauthorized)
    assert "at QoS 0 the broker does not tell which message it was" in str(error)


def test_an_event_that_nobody_asked_for_is_emitted(arriving: Arriving) -> None:
    document = {"event": "subscribe", "time": 1, "channel": "a/", "who": {"id": "1"}}

    arriving.arrives("emitter/presence/", document)

    [(event, payload)] = arriving.emitted
    assert event is ON_PRESENCE
    assert isinstance(payload, PresenceSubscribe)
    assert arriving.reported == []


@pytest.mark.parametrize(
    ("topic", "document"),
    [
        (KEYGEN.topic, {"req": 99, **MADE}),
        (KEYGEN.topic, MADE),
        ("emitter/me/", {"req": 1, "id": "1"}),
        (ERRORS, {"req": 99, "status": 401, "message": "no"}),
        (ERRORS, {"status": "x", "message": "no"}),
        (ERRORS, {"status": 401}),
        (KEYGEN.topic, []),
        ("emitter/presence/", {"event": "nothing"}),
    ],
)
def test_what_answers_nothing_is_reported_unless_a_subscriber_has_it(
    arriving: Arriving, topic: str, document: object
) -> None:
    call = keygen()
    assert arriving.begun(call) == 1

    arriving.arrives(topic, document, claimed=True)
    assert arriving.reported == []
    arriving.arrives(topic, document)

    [error] = arriving.reported
    assert isinstance(error, Undecodable)
    assert (call.replies, call.errors, arriving.emitted) == ({}, (), [])


def test_replies_that_differ_are_ambiguous_and_equal_ones_are_one(arriving: Arriving) -> None:
    equal, differing = keygen(), keygen()
    for call, keys in ((equal, ("one", "one")), (differing, ("one", "other"))):
        packet_id = arriving.begun(call)
        for key in keys:
            arriving.arrives(KEYGEN.topic, {**MADE, "req": packet_id, "key": key})

    assert isinstance(arriving.replies.response_to(equal), KeygenResponse)
    with pytest.raises(AmbiguousReply):
        arriving.replies.response_to(differing)


def test_an_acknowledgement_without_a_reply_is_told(arriving: Arriving) -> None:
    """The reply did not fit a packet."""
    call = keygen()
    arriving.begun(call)

    with pytest.raises(ReplyMissing):
        arriving.replies.response_to(call)


def test_a_marked_request_takes_nothing_but_what_only_the_broker_can_send(arriving: Arriving) -> None:
    call = keygen(MARKED)
    packet_id = arriving.begun(call)

    arriving.arrives(KEYGEN.topic, {**MADE, "req": packet_id, "key": "forged"})
    arriving.arrives(MARKED, {**MADE, "req": packet_id})

    response = arriving.replies.response_to(call)
    assert isinstance(response, KeygenResponse)
    assert response.key.reveal() == "made"


def test_a_marked_request_with_nothing_but_what_anybody_can_send_is_ambiguous(arriving: Arriving) -> None:
    call = keygen(MARKED)

    arriving.arrives(KEYGEN.topic, {"req": arriving.begun(call), **MADE})

    with pytest.raises(AmbiguousReply):
        arriving.replies.response_to(call)


def test_an_error_where_others_may_speak_is_doubtful(arriving: Arriving) -> None:
    message = publication()
    arriving.guard.begin(ERRORS)

    arriving.arrives(ERRORS, {"req": arriving.begun(message), "status": 401, "message": "no"})

    assert message.doubtful


def test_a_reply_that_is_not_what_the_schema_says_is_told(arriving: Arriving) -> None:
    call = keygen()
    arriving.arrives(KEYGEN.topic, {"req": arriving.begun(call), "status": 200, "key": 5, "channel": "a/"})

    with pytest.raises(Undecodable, match="key"):
        arriving.replies.response_to(call)


class Reader:
    """Counts the pages that arrive."""

    def __init__(self) -> None:
        self.arrived = 0

    def page_requested(self) -> None:
        pass

    def page_arrived(self) -> None:
        self.arrived += 1

    def page_answered(self, response: object, /) -> None:
        raise AssertionError("it is not acknowledged yet")

    def page_failed(self, error: EmitterError, /) -> None:
        raise error


def test_the_reader_of_a_page_learns_at_once_that_it_is_here(arriving: Arriving) -> None:
    """What is live from then on is not in it."""
    record, reader = HistoryRequest(topic="key/a/"), Reader()
    fetch = Fetch(HISTORY_REQUEST, record, reader)
    call = Request("history", fetch, topic=HISTORY_REQUEST.topic, definition=HISTORY_REQUEST, record=record)
    packet_id = arriving.begun(call)

    for _ in range(2):
        arriving.arrives(HISTORY_REQUEST.topic, {"req": packet_id, "messages": []})

    assert reader.arrived == 1


def test_a_response_that_is_no_event_is_reported_and_still_the_response(arriving: Arriving) -> None:
    record = presence("a/", status=True)
    call = Request("presence", CallResult(), topic=PRESENCE.topic, definition=PRESENCE, record=record)
    document = {"req": arriving.begun(call), "event": "status", "time": 1, "channel": "a/", "who": None}
    arriving.arrives(PRESENCE.topic, document)

    response = arriving.replies.response_to(call)

    assert isinstance(response, PresenceResponse)
    assert response.who == ()
    assert arriving.emitted == []
    [error] = arriving.reported
    assert isinstance(error, Undecodable)


def test_a_response_need_not_be_an_event(arriving: Arriving) -> None:
    call = Request(
        "history",
        CallResult(),
        topic=HISTORY_REQUEST.topic,
        definition=HISTORY_REQUEST,
        record=HistoryRequest(topic="key/a/"),
    )
    arriving.arrives(HISTORY_REQUEST.topic, {"req": arriving.begun(call), "messages": []})

    assert arriving.replies.response_to(call) == HistoryResponse(messages=())
    assert arriving.emitted == []
