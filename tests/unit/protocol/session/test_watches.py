"""Events reach those who watch their channel or one above it, until the watch ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emitter_typed import PresenceEvent, PresenceInfo, PresenceSubscribe, Unauthorized
from emitter_typed._generated.protocol import ON_ME, ON_PRESENCE, PRESENCE
from emitter_typed._generated.types import MeResponse
from emitter_typed._protocol.session.watches import Watches, WatchResult, event_reader, watched_channel
from emitter_typed.errors import ConnectionLost
from tests.helpers.callers import CallResult, MessageSink
from tests.unit.protocol.session.calls import presence


@pytest.fixture
def watches() -> Watches:
    return Watches()


def watched(watches: Watches, channel: str) -> MessageSink:
    sink = MessageSink(channel)
    watches.add(PRESENCE, presence(channel), sink)
    return sink


def came(channel: str) -> PresenceEvent:
    return PresenceSubscribe(time=datetime(2026, 1, 1, tzinfo=UTC), channel=channel, who=PresenceInfo(id="1"))


def test_events_reach_those_who_watch_the_channel_or_one_above_it(watches: Watches) -> None:
    above, same, below, beside = (watched(watches, channel) for channel in ("a/", "a/b/", "a/b/c/", "b/"))

    watches.offer(ON_PRESENCE, came("a/b/"))

    assert [len(sink.got) for sink in (above, same, below, beside)] == [1, 1, 0, 0]
    [(channel, raw)] = same.got
    assert channel == "a/b/"
    assert event_reader(ON_PRESENCE)(channel, raw) == came("a/b/")


def test_another_event_reaches_nobody_who_watches(watches: Watches) -> None:
    sink = watched(watches, "a/")

    watches.offer(ON_ME, MeResponse(id="1"))

    assert sink.got == []


def test_all_who_watch_one_channel_have_its_events_until_they_leave(watches: Watches) -> None:
    one, other = watched(watches, "a/"), watched(watches, "a/")
    assert watches.of(PRESENCE, presence("a/")) == (one, other)

    assert not watches.drop(PRESENCE, presence("a/"), one), "somebody is left"
    watches.offer(ON_PRESENCE, came("a/"))

    assert (len(one.got), len(other.got)) == (0, 1)
    assert watches.drop(PRESENCE, presence("a/"), other), "it was the last one"
    assert not watches.drop(PRESENCE, presence("a/"), other), "it is not there any more"
    assert watches.of(PRESENCE, presence("a/")) == ()


def test_an_end_is_told_to_those_who_are_meant_and_still_there(watches: Watches) -> None:
    left, meant, later = (watched(watches, "a/") for _ in range(3))
    watches.drop(PRESENCE, presence("a/"), left)

    watches.end(PRESENCE, presence("a/", changes=False), (left, meant))

    assert (left.ends, meant.ends, later.ends) == ([], [None], [])
    assert watches.of(PRESENCE, presence("a/")) == (later,)


def test_with_the_connection_all_are_lost_and_stay(watches: Watches) -> None:
    sinks = [watched(watches, channel) for channel in ("a/", "b/")]
    for sink in sinks:
        sink.restored()

    watches.lost()

    assert [sink.is_there for sink in sinks] == [False, False]
    assert watches.of(PRESENCE, presence("a/")) == (sinks[0],)


def test_in_the_end_all_learn_why_and_are_forgotten(watches: Watches) -> None:
    sinks, error = [watched(watches, channel) for channel in ("a/", "a/", "b/")], ConnectionLost("the cable was cut")

    watches.end_all(error)
    watches.offer(ON_PRESENCE, came("a/"))

    assert [sink.ends for sink in sinks] == [[error]] * 3
    assert [sink.got for sink in sinks] == [[]] * 3


def test_the_answer_to_the_request_grants_the_watch(watches: Watches) -> None:
    sink, result = watched(watches, "a/"), CallResult()

    WatchResult(watches, PRESENCE, presence("a/"), sink, result).resolve(None)

    assert sink.is_there
    assert result.ends == [None]


def test_a_refusal_of_the_request_ends_the_watch(watches: Watches) -> None:
    sink, result, error = watched(watches, "a/"), CallResult(), Unauthorized(401, "no", "presence")

    assert WatchResult(watches, PRESENCE, presence("a/"), sink, result).reject(error)

    assert (sink.ends, result.ends) == ([error], [error])
    assert watches.of(PRESENCE, presence("a/")) == ()


def test_the_channel_of_a_watch_is_the_requests() -> None:
    assert watched_channel(PRESENCE, presence("a/b/")) == "a/b/"
