from __future__ import annotations

import pytest

from emitter_typed._protocol.topics import (
    Matcher,
    Topic,
    compose_topic,
    could_match_prefix,
    filters_overlap,
    is_link_name,
    matches,
    parse_topic,
    split_share,
    validate_channel,
)
from emitter_typed.errors import InvalidArgument

KEY = "EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI"


def test_a_topic_is_taken_apart() -> None:
    topic = parse_topic(f"{KEY}/chat/ann/?ttl=60&me=0")
    assert topic == Topic(KEY, "chat/ann/", (("ttl", "60"), ("me", "0")))
    assert topic.static
    assert topic.number("ttl") == 60
    assert topic.option("last") is None
    assert topic.without_key() == "chat/ann/?ttl=60&me=0"


def test_bytes_are_read_like_text() -> None:
    assert parse_topic(f"{KEY}/chat/".encode()) == parse_topic(f"{KEY}/chat/")


def test_a_share_group_is_told_from_its_channel() -> None:
    topic = parse_topic(f"{KEY}/$share/workers/jobs/+/")
    assert topic.channel == "$share/workers/jobs/+/"
    assert split_share(topic.channel) == ("workers", "jobs/+/")


@pytest.mark.parametrize("channel", ["$share/", "$share/jobs/", "$shared/a/b/", "a/$share/b/"])
def test_what_lacks_group_or_channel_is_no_share(channel: str) -> None:
    assert split_share(channel) == (None, channel)


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ("?", ()),
        ("?ttl=5", (("ttl", "5"),)),
        ("?ttl=5&", (("ttl", "5"),)),
        ("?TTL=5", (("TTL", "5"),)),
        ("?ttl=5&ttl=6", (("ttl", "5"), ("ttl", "6"))),
        ("?foo=bar", (("foo", "bar"),)),
        ("?me=false", (("me", "false"),)),
    ],
)
def test_options_that_the_broker_reads(options: str, read: tuple[tuple[str, str], ...]) -> None:
    assert parse_topic(f"{KEY}/chat/{options}") == Topic(KEY, "chat/", read)


@pytest.mark.parametrize(
    "options",
    [
        "?ttl",
        "?ttl=",
        "?ttl=1.5",
        "?ttl=-1",
        "?a=b?c=d",
        "?ttl=5/",
        "?&ttl=5",
        "?ttl=5&&",
        "?&",
        "?=5",
        "?ttl=5\n",
    ],
)
def test_options_that_the_broker_refuses(options: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_topic(f"{KEY}/chat/{options}")


def test_the_first_of_two_equal_options_counts() -> None:
    assert parse_topic(f"{KEY}/chat/?ttl=5&ttl=6").number("ttl") == 5


def test_a_number_that_makes_no_sense_is_ignored() -> None:
    topic = parse_topic(f"{KEY}/chat/?ttl=soon&last=" + "9" * 40)
    assert topic.number("ttl") is None
    assert topic.number("last") is None


@pytest.mark.parametrize(
    "channel", ["A-Z_09.:/", "x[y]/", "x^`y/", "x$y/", "x\\y/", "$x/", "-/", "./", ".../", ":/", "d/" * 40]
)
def test_channels_that_the_broker_takes(channel: str) -> None:
    assert parse_topic(f"{KEY}/{channel}").channel == channel
    assert validate_channel(channel, static=True) == channel


@pytest.mark.parametrize("character", [*" ~%@,=&;(){}|<>!\"'", "é", "\0", "\n", "\ud800", "漢"])
def test_characters_that_the_broker_refuses_are_named(character: str) -> None:
    with pytest.raises(InvalidArgument, match=r"contains the character .* in segment 1"):
        parse_topic(f"{KEY}/x{character}y/")
    with pytest.raises(InvalidArgument) as refused:
        validate_channel(f"ok/x{character}y/", static=False)
    assert f"character {character!r} in segment 2" in str(refused.value)
    assert refused.value.argument == "channel"


@pytest.mark.parametrize(
    ("channel", "rule"),
    [
        ("", "no segment"),
        ("/", "no segment"),
        ("/a/", "empty segment"),
        ("a//b/", "empty segment"),
        ("a//", "empty segment"),
        ("x+y/", "stands alone"),
        ("a/#b/", "stands alone"),
        ("#/a/", "may only be the last"),
        ("a/#/b", "may only be the last"),
        ("a/?ttl=5", "pass options as arguments"),
    ],
)
def test_a_refused_channel_says_which_rule_it_breaks(channel: str, rule: str) -> None:
    with pytest.raises(InvalidArgument, match=rule):
        validate_channel(channel, static=False)


@pytest.mark.parametrize(
    ("channel", "written"), [("chat", "chat/"), ("chat/", "chat/"), ("a/#", "a/#/"), ("#", "#/"), ("+", "+/")]
)
def test_a_missing_last_slash_is_added(channel: str, written: str) -> None:
    assert validate_channel(channel, static=False) == written


@pytest.mark.parametrize("channel", ["+/", "a/+/b", "a/#/", "#", "a/*/"])
def test_one_cannot_publish_to_a_wildcard(channel: str) -> None:
    assert not parse_topic(compose_topic(KEY, channel)).static
    with pytest.raises(InvalidArgument, match="wildcard"):
        validate_channel(channel, static=True)


def test_an_error_names_the_parameter_of_the_caller() -> None:
    with pytest.raises(InvalidArgument) as refused:
        validate_channel("a b", static=True, argument="target")
    assert refused.value.argument == "target"
    assert refused.value.value == "a b"


@pytest.mark.parametrize("topic", ["", "key", "/chat/", "key/", "key/chat", "key//", "key/chat/#"])
def test_what_is_no_topic_is_refused(topic: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_topic(topic)


@pytest.mark.parametrize("rest", ["", "/", "/a b/", "/chat", "/chat/?ttl", "//"])
def test_no_error_shows_the_key(rest: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        parse_topic(KEY + rest)
    assert KEY not in f"{refused.value} {refused.value.value!r} {refused.value.args}"


def test_no_repr_shows_the_key() -> None:
    assert KEY not in repr(parse_topic(f"{KEY}/chat/"))


@pytest.mark.parametrize("key", ["", "key/chat"])
def test_a_key_that_would_move_the_channel_is_refused_unseen(key: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        compose_topic(key, "chat/")
    assert refused.value.argument == "key"
    assert "key/chat/" not in str(refused.value.value)


def test_a_topic_is_put_together() -> None:
    topic = compose_topic(KEY, "$share/workers/jobs", options={"last": "5", "from": "1600000000"})
    assert topic == f"{KEY}/$share/workers/jobs/?last=5&from=1600000000"


@pytest.mark.parametrize(("name", "value"), [("ttl", ""), ("ttl", "-1"), ("", "1"), ("t t", "1"), ("ttl", "1&me=0")])
def test_an_option_that_would_break_the_topic_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        compose_topic(KEY, "chat/", options={name: value})
    assert refused.value.argument == name


def test_a_link_has_one_or_two_letters_or_digits() -> None:
    assert [name for name in ["", "a", "a1", "Z9", "abc", "-!", "é", "a\n"] if is_link_name(name)] == [
        "a",
        "a1",
        "Z9",
    ]


@pytest.mark.parametrize(
    ("filter_channel", "channel", "by_prefix", "as_mqtt"),
    [
        ("chat/", "chat/", True, True),
        ("chat/", "chat/ann/", True, False),
        ("chat/", "chatter/", False, False),
        ("chat/ann/", "chat/", False, False),
        ("a/+/c/", "a/x/c/", True, True),
        ("a/+/c/", "a/x/c/d/", True, False),
        ("a/+/c/", "a/x/d/", False, False),
        ("a/+/c/", "a/c/", False, False),
        ("+/", "a/", True, True),
        ("h/#/", "h/", False, False),
        ("h/#/", "h/i/", False, True),
        ("h/#/", "h/i/j/", False, True),
        ("h/+/#/", "h/i/", False, False),
        ("h/+/#/", "h/i/j/k/", False, True),
        ("#/", "anything/", False, True),
        ("a/*/", "a/b/", False, False),
    ],
)
def test_matching(filter_channel: str, channel: str, by_prefix: bool, as_mqtt: bool) -> None:
    matchers: tuple[Matcher, Matcher] = ("emitter", "mqtt")
    assert [matches(filter_channel, channel, matcher) for matcher in matchers] == [by_prefix, as_mqtt]


@pytest.mark.parametrize(
    ("filter_channel", "possible"),
    [
        ("emitter/", True),
        ("emitter/keygen/", True),
        ("+/", True),
        ("+/keygen/", True),
        ("#/", True),
        ("$share/group/emitter/", True),
        ("$share/group/#/", True),
        ("emitters/", False),
        ("chat/", False),
        ("chat/emitter/", False),
        ("chat/#/", False),
        ("$share/emitter/chat/", False),
    ],
)
def test_filters_that_could_match_a_reserved_prefix(filter_channel: str, possible: bool) -> None:
    assert could_match_prefix(filter_channel, "emitter/") is possible


def test_a_filter_above_a_longer_prefix_could_match_below_it() -> None:
    assert could_match_prefix("emitter/", "emitter/keygen/")
    assert not could_match_prefix("emitter/presence/", "emitter/keygen/")


@pytest.mark.parametrize(
    ("one", "other", "emitter", "mqtt"),
    [
        ("a/", "a/", True, True),
        ("a/", "b/", False, False),
        ("a/", "a/b/", True, False),
        ("a/b/", "a/c/", False, False),
        ("a/+/", "a/b/", True, True),
        ("a/+/", "+/b/", True, True),
        ("a/+/", "a/", True, False),
        ("+/", "a/b/c/", True, False),
        ("a/#/", "a/b/c/", False, True),
        ("a/#/", "a/", False, False),
        ("a/#/", "b/#/", False, False),
        ("a/#/", "a/b/#/", False, True),
        ("#/", "a/+/", False, True),
        ("a/*/", "a/b/", False, False),
        ("a/*/", "a/*/", False, False),
        ("a/*/", "a/", False, False),
    ],
)
def test_filters_overlap_where_one_message_may_match_both(one: str, other: str, emitter: bool, mqtt: bool) -> None:
    assert filters_overlap(one, other, "emitter") is filters_overlap(other, one, "emitter") is emitter
    assert filters_overlap(one, other, "mqtt") is filters_overlap(other, one, "mqtt") is mqtt
