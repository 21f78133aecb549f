"""Who receives what, and which topic ends a subscription on the wire when the last of its subscribers leaves."""

from __future__ import annotations

import re

import pytest

from emitter_typed._protocol.operations import Prepared
from emitter_typed._protocol.session.local_subscriptions import LocalSubscriptions
from emitter_typed._protocol.topics import Matcher
from emitter_typed.errors import ConnectionLost, InvalidArgument
from tests.helpers.callers import MessageSink
from tests.unit.protocol.session.calls import in_group, prepared


@pytest.fixture
def local() -> LocalSubscriptions:
    return LocalSubscriptions("emitter", "emitter/")


def added(local: LocalSubscriptions, what: Prepared | str) -> MessageSink:
    what = prepared(what) if isinstance(what, str) else what
    sink = MessageSink(what.channel)
    local.add(what, sink)
    return sink


def test_who_receives_a_topic_is_remembered_until_that_changes(local: LocalSubscriptions) -> None:
    first = added(local, "a/")
    assert local.find_receivers("a/b/") == local.receivers["a/b/"] == (first,)
    assert local.find_receivers("c/") == local.receivers["c/"] == ()

    second = added(local, "a/b/")
    assert not local.receivers
    assert local.find_receivers("a/b/") == (first, second)

    local.drop("a/", first)
    assert not local.receivers
    assert local.find_receivers("a/b/") == (second,)

    local.end_all(None)
    assert local.find_receivers("a/b/") == ()


@pytest.mark.parametrize("topic", ["emitter/keygen/", "$share/g/a/"])
def test_what_may_be_the_brokers_or_a_groups_is_left_to_offer(local: LocalSubscriptions, topic: str) -> None:
    added(local, topic.removeprefix("$share/g/"))
    assert local.find_receivers(topic) == ()


def test_topics_without_end_are_not_all_remembered(local: LocalSubscriptions) -> None:
    added(local, "a/")
    for number in range(5_000):
        assert len(local.find_receivers(f"a/{number}/")) == 1
    assert len(local.find_receivers("a/" + "b" * 1_000 + "/")) == 1
    assert len(local.receivers) < 5_000
    assert max(map(len, local.receivers)) < 1_000


def test_a_message_reaches_all_that_match_once(local: LocalSubscriptions) -> None:
    above, same, again, beside = (added(local, channel) for channel in ("a/", "a/b/", "a/b/", "c/"))

    assert local.offer("a/b/", b"x")
    assert not local.offer("d/", b"y")
    assert [sink.got for sink in (above, same, again, beside)] == [[("a/b/", b"x")]] * 3 + [[]]


def test_a_sink_that_two_filters_match_has_a_message_once(local: LocalSubscriptions) -> None:
    sink = added(local, "a/")
    local.add(prepared("a/b/"), sink)

    local.offer("a/b/", b"x")

    assert sink.got == [("a/b/", b"x")]


def test_what_is_published_to_a_group_by_its_name_reaches_its_members_on_the_plain_channel(
    local: LocalSubscriptions,
) -> None:
    member, plain, other = (added(local, each) for each in (in_group("a/", "g"), prepared("b/"), in_group("c/", "h")))

    assert local.offer("$share/g/a/", b"x")
    assert not local.offer("$share/g/c/", b"y")
    assert [sink.got for sink in (member, plain, other)] == [[("a/", b"x")], [], []]


def test_what_arrives_where_the_broker_answers_reaches_who_subscribed_there(local: LocalSubscriptions) -> None:
    added(local, "a/")
    assert not local.offer_reserved("emitter/keygen/", b"x")

    sink = added(local, "emitter/keygen/")
    assert local.offer_reserved("emitter/keygen/", b"x")
    local.drop("emitter/keygen/", sink)
    assert not local.offer_reserved("emitter/keygen/", b"x")
    assert sink.got == [("emitter/keygen/", b"x")]


def test_who_would_match_learns_of_what_the_broker_does_not_echo(local: LocalSubscriptions) -> None:
    above, beside = added(local, "a/"), added(local, "b/")

    local.published_without_echo("a/b/", b"x")

    assert (above.without_echo, beside.without_echo) == ([("a/b/", b"x")], [])
    assert above.got == []


def test_the_last_who_leaves_ends_the_subscription_on_the_wire(local: LocalSubscriptions) -> None:
    one, other = added(local, "a/"), added(local, "a/")

    assert local.of("a/") == (one, other)
    assert local.drop("a/", one) is None
    assert local.drop("a/", other) == "key/a/"
    assert local.drop("a/", other) is None, "it has left already"
    assert local.of("a/") == ()
    assert not local.offer("a/", b"x")


def test_what_was_granted_last_ends_the_subscription_on_the_wire(local: LocalSubscriptions) -> None:
    """Two keys may have opened the same channel, and one of them may have been refused."""
    one = added(local, prepared("a/", key="one", last=5))
    other = added(local, prepared("a/", key="other"))

    assert local.grant(prepared("a/", key="one", last=5))
    local.drop("a/", one)

    assert local.drop("a/", other) == "one/a/"


def asked_for_again(local: LocalSubscriptions) -> list[str]:
    return [each.bare_topic for each, _ in local.granted()]


def test_a_key_is_used_again_as_long_as_somebody_is_there_who_asked_with_it(local: LocalSubscriptions) -> None:
    old, new = prepared("a/", key="old"), prepared("a/", key="new")
    for each in (old, new):
        added(local, each)
        local.grant(each)
    again = added(local, new)
    local.grant(new)
    assert asked_for_again(local) == ["new/a/"]

    local.drop("a/", again)
    assert asked_for_again(local) == ["new/a/"], "another one asked with the same key"
    local.drop("a/", local.of("a/")[1])
    assert asked_for_again(local) == ["old/a/"]


def test_what_nobody_there_asked_for_is_not_asked_for_again(local: LocalSubscriptions) -> None:
    """Who has asked with another key may be told just now that the connection was lost before the answer came."""
    granted = prepared("a/", key="old")
    sink = added(local, granted)
    local.grant(granted)
    other = prepared("a/", key="new")
    added(local, other)
    local.drop("a/", sink)
    assert asked_for_again(local) == []

    local.grant(other)
    assert asked_for_again(local) == ["new/a/"]


def test_each_ends_with_its_own_key_what_that_key_was_granted(local: LocalSubscriptions) -> None:
    good, short = prepared("a/", key="good"), prepared("a/", key="short")
    first, second = added(local, good), added(local, short)
    local.grant(good)
    local.grant(short)
    local.drop("a/", second)

    assert local.drop("a/", first) == "good/a/"


def test_a_grant_is_needed_as_long_as_somebody_is_there(local: LocalSubscriptions) -> None:
    sink = added(local, "a/")
    assert not local.has_granted("a/")

    assert local.grant(prepared("a/"))
    assert local.has_granted("a/")
    local.drop("a/", sink)
    assert not local.grant(prepared("a/"))
    assert not local.has_granted("a/")


def test_what_was_granted_is_asked_for_again_for_all_sinks_of_the_channel(local: LocalSubscriptions) -> None:
    one, other = added(local, "a/"), added(local, prepared("a/", key="other"))
    local.grant(prepared("a/"))
    added(local, "not/granted/")

    assert local.granted() == [(prepared("a/"), (one, other))]


@pytest.mark.parametrize("channel", ["a/#/", "#/", "$share/g/a/#/"])
def test_a_filter_that_no_message_matches_is_refused(channel: str) -> None:
    with pytest.raises(InvalidArgument, match='matcher="mqtt"') as caught:
        LocalSubscriptions("emitter", "emitter/").check_reachable(channel)

    assert caught.value.argument == "channel"
    # A share group has no history of its own.
    assert ("or call history" in str(caught.value)) == (not channel.startswith("$share/"))
    LocalSubscriptions("emitter", "emitter/").check_reachable(channel.replace("#/", "+/"))
    LocalSubscriptions("mqtt", "emitter/").check_reachable(channel)


@pytest.mark.parametrize(("channel", "instead"), [("a/b/#/", "'a/b/'"), ("#/", "'+/'"), ("$share/g/a/#/", "'a/'")])
def test_the_refusal_of_such_a_filter_says_what_to_subscribe_to(channel: str, instead: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(f"subscribe to {instead}, which includes every channel below")):
        LocalSubscriptions("emitter", "emitter/").check_reachable(channel)


def test_the_refusal_of_a_share_group_names_both(local: LocalSubscriptions) -> None:
    added(local, "a/")

    with pytest.raises(InvalidArgument, match=r"^channel: 'a/b/' in share group 'g' overlaps 'a/'"):
        local.check_separable("$share/g/a/b/")


def test_the_refusal_of_a_filter_names_it_as_it_was_given() -> None:
    for channel, told in (("a/#/", "'a/#/' receives"), ("$share/g/a/#/", "'a/#/' in share group 'g' receives")):
        with pytest.raises(InvalidArgument, match=f"^channel: {told} no live messages"):
            LocalSubscriptions("emitter", "emitter/").check_reachable(channel)


@pytest.mark.parametrize(
    ("there", "channel", "matcher"),
    [
        (prepared("a/"), "$share/g/a/b/", "emitter"),
        (in_group("a/b/", "g"), "a/", "emitter"),
        (in_group("a/", "g"), "$share/h/a/b/", "emitter"),
        (in_group("a/+/", "g"), "a/b/", "mqtt"),
    ],
)
def test_a_share_group_is_refused_where_one_copy_would_be_for_two(
    there: Prepared, channel: str, matcher: Matcher
) -> None:
    local = LocalSubscriptions(matcher, "emitter/")
    sink = added(local, there)

    with pytest.raises(InvalidArgument, match="use a second client") as caught:
        local.check_separable(channel)

    assert caught.value.argument == "channel"
    local.drop(there.channel, sink)
    local.check_separable(channel)


def test_what_cannot_be_confused_stands_side_by_side(local: LocalSubscriptions) -> None:
    for each in (prepared("a/"), prepared("a/b/"), in_group("c/", "g"), in_group("c/d/", "g"), in_group("e/", "h")):
        local.check_separable(each.channel)
        added(local, each)
    local.check_separable("$share/g/c/")

    assert len(local.all()) == 5


def test_a_new_subscriber_shares_with_those_at_or_below_its_channel_and_above_it(local: LocalSubscriptions) -> None:
    added(local, "a/b/")

    assert [local.shares(channel) for channel in ("a/", "a/b/", "a/b/c/", "b/")] == [True, True, True, False]


def test_with_the_connection_all_are_lost_and_stay(local: LocalSubscriptions) -> None:
    sinks = [added(local, channel) for channel in ("a/", "a/", "b/")]
    for sink in sinks:
        sink.restored()

    local.lost()

    assert [sink.is_there for sink in sinks] == [False] * 3
    assert local.all() == [("a/", sinks[0]), ("a/", sinks[1]), ("b/", sinks[2])]


def test_in_the_end_all_learn_why_and_are_forgotten(local: LocalSubscriptions) -> None:
    sinks = [added(local, each) for each in (prepared("a/"), in_group("b/", "g"), prepared("emitter/keygen/"))]
    error = ConnectionLost("the cable was cut")

    local.end_all(error)

    assert [sink.ends for sink in sinks] == [[error]] * 3
    assert local.all() == []
    assert not local.offer("a/", b"x")
    assert not local.offer_reserved("emitter/keygen/", b"x")
    local.check_separable("b/")
