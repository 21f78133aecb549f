"""Where others may speak as the broker does, a request asks for its reply where nobody else can."""

from __future__ import annotations

import pytest

from emitter_typed import Key
from emitter_typed._generated.protocol import KEYGEN, LINK
from emitter_typed._generated.types import LinkRequest
from emitter_typed._protocol.session.spoofing import SpoofGuard, is_from_broker
from emitter_typed.errors import InvalidArgument
from tests.unit.protocol.session.calls import KEYGEN_REQUEST


@pytest.fixture
def guard() -> SpoofGuard:
    return SpoofGuard("emitter/")


@pytest.mark.parametrize("channel", ["emitter/", "emitter/keygen/", "+/keygen/", "#/", "$share/g/emitter/"])
def test_a_filter_that_may_match_replies_is_refused(guard: SpoofGuard, channel: str) -> None:
    with pytest.raises(InvalidArgument, match="allow_reserved=True") as caught:
        guard.check(channel)

    assert caught.value.argument == "channel"


@pytest.mark.parametrize("channel", ["a/", "emitters/", "a/emitter/", "a/+/", "$share/emitter/a/"])
def test_every_other_filter_is_taken_and_needs_no_mark(guard: SpoofGuard, channel: str) -> None:
    guard.check(channel)
    guard.begin(channel)

    assert guard.reply_topic(KEYGEN, KEYGEN_REQUEST) == KEYGEN.topic
    assert not guard.is_exposed(KEYGEN.topic)


def test_requests_are_marked_as_long_as_there_is_such_a_subscription(guard: SpoofGuard) -> None:
    guard.begin("emitter/keygen/")
    guard.begin("+/me/")
    marked = guard.reply_topic(KEYGEN, KEYGEN_REQUEST)
    guard.end("emitter/keygen/")
    still = guard.reply_topic(KEYGEN, KEYGEN_REQUEST)
    guard.end("+/me/")

    assert marked == still == "emitter/keygen/?r=1"
    assert is_from_broker(marked)
    assert guard.reply_topic(KEYGEN, KEYGEN_REQUEST) == "emitter/keygen/"
    assert not is_from_broker("emitter/keygen/")


def test_only_topics_that_a_subscription_may_match_are_exposed(guard: SpoofGuard) -> None:
    guard.begin("emitter/keygen/")

    assert guard.is_exposed("emitter/keygen/")
    assert not guard.is_exposed("emitter/me/")
    guard.end("emitter/keygen/")
    assert not guard.is_exposed("emitter/keygen/")


def test_a_link_to_such_a_channel_is_marked_itself_and_so_is_what_follows(guard: SpoofGuard) -> None:
    link = LinkRequest(key=Key("key"), channel="emitter/keygen/", name="l", subscribe=True)

    assert guard.reply_topic(LINK, link) == "emitter/link/?r=1"
    assert guard.reply_topic(KEYGEN, KEYGEN_REQUEST) == "emitter/keygen/?r=1"
