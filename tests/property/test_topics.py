"""Topics: what is put together is taken apart again, and the ways to ask about matching agree."""

from __future__ import annotations

import string
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emitter_typed._protocol.topics import (
    SHARE,
    Matcher,
    compose_topic,
    could_match_prefix,
    filters_overlap,
    matches,
    parse_topic,
    split_share,
    validate_channel,
)
from emitter_typed.errors import InvalidArgument


def written(names: list[str], rest: str = "") -> str:
    return "/".join(names) + "/" + rest


ALLOWED = "-.0123456789:" + string.ascii_letters + "[\\]^_`$"
SEGMENTS = st.text(ALLOWED, min_size=1, max_size=6)
WORDS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=6)
KEYS = st.text(min_size=1, max_size=40).filter(lambda key: "/" not in key)
CHANNELS = st.lists(SEGMENTS, min_size=1, max_size=6).map(written)
FILTERS = st.builds(
    written,
    st.lists(SEGMENTS | st.sampled_from(["+", "*", "emitter"]), min_size=1, max_size=4),
    st.sampled_from(["", "#/"]),
)
MATCHERS: st.SearchStrategy[Matcher] = st.sampled_from(["emitter", "mqtt"])


@given(KEYS, FILTERS, st.dictionaries(WORDS, WORDS, max_size=4), st.none() | SEGMENTS)
def test_what_is_put_together_is_taken_apart_again(
    key: str, channel: str, options: dict[str, str], share_group: str | None
) -> None:
    lead = "" if share_group is None else f"{SHARE}/{share_group}/"
    topic = parse_topic(compose_topic(key, lead + channel, options=options))
    assert topic.key == key
    assert dict(topic.options) == options
    if share_group is not None:
        assert split_share(topic.channel) == (share_group, channel)
    else:
        assert topic.channel == channel


@given(st.text(ALLOWED + "/+#* é~\n", max_size=12))
def test_the_client_sends_a_channel_if_and_only_if_the_broker_takes_it(text: str) -> None:
    channel = text.removesuffix("/") + "/"
    try:
        sent = validate_channel(text, static=False)
    except InvalidArgument:
        with pytest.raises(InvalidArgument):
            parse_topic(f"key/{channel}")
    else:
        assert sent == channel == parse_topic(f"key/{channel}").channel


@given(st.text() | st.text("aA1+$/?=&", max_size=12))
@example("key/a/?")
@example("key/a/?a=1&")
def test_any_text_is_either_a_topic_with_all_that_is_in_it_or_refused(text: str) -> None:
    try:
        topic = parse_topic(text)
    except InvalidArgument:
        return
    assert f"{topic.key}/{topic.without_key()}" == text.removesuffix("&").removesuffix("?")


@given(MATCHERS, FILTERS, CHANNELS)
def test_a_filter_that_matches_below_a_prefix_could_match_there(
    matcher: Matcher, filter_channel: str, channel: str
) -> None:
    if matches(filter_channel, "emitter/" + channel, matcher):
        assert could_match_prefix(filter_channel, "emitter/")


@given(CHANNELS, CHANNELS, CHANNELS)
def test_prefix_matching_reaches_whatever_is_below(above: str, between: str, below: str) -> None:
    assert matches(above, above + between + below, "emitter")
    assert not matches(above, above + between, "mqtt")
    assert matches(above + "#/", above + between + below, "mqtt")


# A filter has at most three of these segments and '#'. So a channel that two of them match need have no more than four,
# nor a segment that stands in neither, but for one in the place of two '+'.
FEW_SEGMENTS = ["a", "b", "+", "*"]
FEW_FILTERS = st.builds(
    written, st.lists(st.sampled_from(FEW_SEGMENTS), min_size=1, max_size=3), st.sampled_from(["", "#/"])
) | st.just("#/")
ALL_CHANNELS = [written(list(names)) for count in range(1, 5) for names in product("abc", repeat=count)]


@given(MATCHERS, FEW_FILTERS, FEW_FILTERS)
def test_filters_overlap_if_and_only_if_a_channel_matches_both(matcher: Matcher, one: str, other: str) -> None:
    common = [each for each in ALL_CHANNELS if matches(one, each, matcher) and matches(other, each, matcher)]
    assert filters_overlap(one, other, matcher) is bool(common)
    assert filters_overlap(other, one, matcher) is bool(common)
