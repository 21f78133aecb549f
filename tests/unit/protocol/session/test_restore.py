"""What requests have begun is begun again on the next connection, as long as somebody needs it."""

from __future__ import annotations

import pytest

from emitter_typed import Key, Unauthorized
from emitter_typed._generated.protocol import LINK, PRESENCE
from emitter_typed._generated.types import LinkRequest
from emitter_typed._protocol.session.restore import RestorableRequests, RestoredRequest
from emitter_typed._protocol.session.watches import Watches
from emitter_typed._types.values import Record
from emitter_typed.errors import AmbiguousReply, ConnectionLost, EmitterError, ReplyMissing, Undecodable
from tests.helpers.callers import MessageSink
from tests.unit.protocol.session.calls import presence


@pytest.fixture
def restorable() -> RestorableRequests:
    return RestorableRequests()


def link(name: str, channel: str = "a/") -> LinkRequest:
    return LinkRequest(key=Key("key"), channel=channel, name=name)


def test_what_was_begun_is_asked_for_again_in_its_order(restorable: RestorableRequests) -> None:
    ended = [restorable.note(LINK, link(name), called_for=True) for name in ("a", "b")]

    assert ended == [False, False]
    assert list(restorable) == [(LINK, link("a")), (LINK, link("b"))]


def test_a_watch_asks_again_for_the_status_too(restorable: RestorableRequests) -> None:
    """Nobody told the client who came and went meanwhile."""
    restorable.note(PRESENCE, presence("a/"), called_for=True)

    assert list(restorable) == [(PRESENCE, presence("a/", status=True))]


def test_what_has_the_same_name_takes_its_place(restorable: RestorableRequests) -> None:
    restorable.note(LINK, link("a"), called_for=True)
    restorable.note(LINK, link("a", channel="b/"), called_for=True)

    assert list(restorable) == [(LINK, link("a", channel="b/"))]


def test_what_begins_nothing_is_not_asked_for_again(restorable: RestorableRequests) -> None:
    ended = restorable.note(PRESENCE, presence("a/", changes=None, status=True), called_for=True)

    assert not ended
    assert list(restorable) == []


def test_what_was_ended_is_forgotten_and_told(restorable: RestorableRequests) -> None:
    restorable.note(PRESENCE, presence("a/"), called_for=True)
    restorable.note(PRESENCE, presence("b/"), called_for=True)

    assert restorable.note(PRESENCE, presence("a/", changes=False), called_for=True)
    assert list(restorable) == [(PRESENCE, presence("b/", status=True))]


def test_what_nobody_iterates_over_any_more_is_released(restorable: RestorableRequests) -> None:
    restorable.note(PRESENCE, presence("a/"), called_for=False)

    assert restorable.release(PRESENCE, presence("a/"))
    assert list(restorable) == []
    assert not restorable.release(PRESENCE, presence("a/"))


@pytest.mark.parametrize("called_for", [[True], [True, False], [False, True]])
def test_what_a_call_asked_for_is_not_released(restorable: RestorableRequests, called_for: list[bool]) -> None:
    for each in called_for:
        restorable.note(PRESENCE, presence("a/"), called_for=each)

    assert not restorable.release(PRESENCE, presence("a/"))
    assert list(restorable) == [(PRESENCE, presence("a/", status=True))]


class Watched:
    """A watch of one channel that is asked for again."""

    def __init__(self, restorable: RestorableRequests) -> None:
        self.restorable, self.watches, self.sink = restorable, Watches(), MessageSink()
        restorable.note(PRESENCE, presence("a/"), called_for=False)
        self.watches.add(PRESENCE, presence("a/"), self.sink)
        self.restored: list[Record] = []
        self.result = RestoredRequest(
            restorable,
            self.watches,
            PRESENCE,
            presence("a/", status=True),
            lambda _, request: self.restored.append(request),
        )


@pytest.fixture
def watched(restorable: RestorableRequests) -> Watched:
    return Watched(restorable)


def test_the_answer_tells_those_who_watch_that_they_do_so_again(watched: Watched) -> None:
    watched.result.resolve(None)

    assert watched.sink.is_there
    assert list(watched.restorable) != []


def test_a_refusal_ends_the_watch_and_is_not_asked_for_again(watched: Watched) -> None:
    error = Unauthorized(401, "no", "presence")

    assert watched.result.reject(error), "its reader raises it"
    assert watched.sink.ends == [error]
    assert list(watched.restorable) == []
    assert watched.watches.of(PRESENCE, presence("a/")) == ()


def test_a_refusal_ends_those_with_the_refused_key_and_the_key_of_the_others_is_tried(watched: Watched) -> None:
    other = MessageSink()
    watched.watches.add(PRESENCE, presence("a/", key="other"), other)
    error = Unauthorized(401, "no", "presence")

    assert watched.result.reject(error)

    assert (watched.sink.ends, other.ends) == ([error], [])
    assert watched.restored == [presence("a/", key="other", status=True)]
    assert list(watched.restorable) != [], "what is answered takes its place"


def test_a_refusal_is_reported_where_a_call_asked_for_it_as_well(watched: Watched) -> None:
    watched.restorable.note(PRESENCE, presence("a/"), called_for=True)
    error = Unauthorized(401, "no", "presence")

    assert not watched.result.reject(error), "the handler's side has nobody but on_error"
    assert watched.sink.ends == [error]


def test_a_refusal_of_what_nobody_watches_is_reported(restorable: RestorableRequests) -> None:
    restored: list[Record] = []
    result = RestoredRequest(
        restorable, Watches(), PRESENCE, presence("a/", status=True), lambda _, request: restored.append(request)
    )

    assert not result.reject(Unauthorized(401, "no", "presence"))
    assert restored == []


@pytest.mark.parametrize(
    "error", [ReplyMissing("presence"), AmbiguousReply("presence"), Undecodable("no", channel="a/", raw=b"")]
)
def test_an_answer_that_nobody_can_read_is_reported_and_the_watch_goes_on(
    watched: Watched, error: EmitterError
) -> None:
    assert not watched.result.reject(error)
    assert watched.sink.is_there
    assert list(watched.restorable) != []


def test_with_the_connection_lost_once_more_it_is_asked_for_again(watched: Watched) -> None:
    assert watched.result.reject(ConnectionLost("the cable was cut"))
    assert watched.sink.ends == []
    assert list(watched.restorable) != []
