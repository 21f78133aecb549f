from __future__ import annotations

import pytest

from emitter_typed._protocol.topics import Matcher
from emitter_typed._protocol.trie import ChannelTrie


@pytest.mark.parametrize("matcher", ["emitter", "mqtt"])
def test_a_pair_is_added_once_and_removed_once(matcher: Matcher) -> None:
    trie: ChannelTrie[str] = ChannelTrie(matcher)
    assert trie.add("a/b/", "one")
    assert not trie.add("a/b/", "one")
    assert len(trie) == 1
    assert trie.match("a/b/") == ["one"]
    assert trie.discard("a/b/", "one")
    assert not trie.discard("a/b/", "one")
    assert len(trie) == 0
    assert trie.match("a/b/") == []


def test_a_value_comes_once_however_many_of_its_filters_match() -> None:
    trie: ChannelTrie[str] = ChannelTrie("emitter")
    for filter_channel in ("a/", "a/b/", "a/+/", "+/+/"):
        trie.add(filter_channel, "one")
    trie.add("a/b/", "two")
    assert sorted(trie.match("a/b/")) == ["one", "two"]


@pytest.mark.parametrize("filter_channel", ["a/", "a/b/c/", "a/+/", "a/b/#/", "b/"])
def test_what_was_never_added_is_not_removed(filter_channel: str) -> None:
    trie: ChannelTrie[str] = ChannelTrie("mqtt")
    trie.add("a/b/", "one")
    assert not trie.discard(filter_channel, "one")
    assert not trie.discard("a/b/", "another")
    assert trie.match("a/b/") == ["one"]


def test_removing_a_filter_leaves_the_ones_above_and_below() -> None:
    trie: ChannelTrie[str] = ChannelTrie("emitter")
    for filter_channel in ("a/", "a/b/", "a/b/c/"):
        trie.add(filter_channel, filter_channel)
    trie.discard("a/b/", "a/b/")
    assert trie.match("a/b/c/") == ["a/", "a/b/c/"]


def test_channels_of_any_depth_fit() -> None:
    trie: ChannelTrie[str] = ChannelTrie("emitter")
    deep = "d/" * 30_000
    trie.add(deep, "deep")
    assert trie.match(deep + "below/") == ["deep"]
    assert trie.discard(deep, "deep")
    assert len(trie) == 0


def test_a_wildcard_in_a_channel_is_an_ordinary_segment() -> None:
    """A presence request may ask who would receive what is sent to `a/+/`."""
    trie: ChannelTrie[str] = ChannelTrie("emitter")
    trie.add("a/+/", "wildcard")
    trie.add("a/x/", "other")
    trie.add("a/#/", "below")
    assert trie.match("a/+/") == ["wildcard"]
    assert sorted(trie.match("a/#/")) == ["below", "wildcard"]


@pytest.mark.parametrize(
    ("filter_channel", "matcher", "touched"),
    [
        ("a/b/", "emitter", True),
        ("a/", "emitter", True),
        ("a/b/c/", "emitter", True),
        ("a/b/c/", "mqtt", False),
        ("a/c/", "emitter", False),
        ("c/", "emitter", False),
        ("+/c/", "emitter", True),
    ],
)
def test_a_filter_touches_what_is_there_at_below_and_above_it(
    filter_channel: str, matcher: Matcher, touched: bool
) -> None:
    trie: ChannelTrie[str] = ChannelTrie(matcher)
    assert not trie.touches("+/")
    trie.add("a/b/", "one")
    assert trie.touches(filter_channel) == touched
