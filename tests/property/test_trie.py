"""The trie finds what looking at every subscription would find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emitter_typed._protocol.topics import Matcher, matches
from emitter_typed._protocol.trie import ChannelTrie


def written(names: list[str], rest: str = "") -> str:
    return "/".join(names) + "/" + rest


NAMES = st.sampled_from(["a", "b", "c"])
CHANNELS = st.lists(NAMES, min_size=1, max_size=5).map(written)
FILTERS = st.builds(
    written,
    st.lists(NAMES | st.just("+"), min_size=1, max_size=4),
    st.sampled_from(["", "#/"]),
) | st.just("#/")
CHANGES = st.lists(st.tuples(st.booleans(), FILTERS, st.integers(0, 3)), max_size=40)
MATCHERS: st.SearchStrategy[Matcher] = st.sampled_from(["emitter", "mqtt"])


@given(MATCHERS, CHANGES, st.lists(CHANNELS, min_size=1, max_size=5))
def test_the_trie_agrees_with_brute_force(
    matcher: Matcher, changes: list[tuple[bool, str, int]], channels: list[str]
) -> None:
    trie: ChannelTrie[int] = ChannelTrie(matcher)
    pairs: set[tuple[str, int]] = set()
    for add, filter_channel, value in changes:
        pair = (filter_channel, value)
        if add:
            assert trie.add(filter_channel, value) is (pair not in pairs)
            pairs.add(pair)
        else:
            assert trie.discard(filter_channel, value) is (pair in pairs)
            pairs.discard(pair)
    assert len(trie) == len(pairs)
    for channel in channels:
        found = trie.match(channel)
        assert len(found) == len(set(found))
        assert set(found) == {value for wanted, value in pairs if matches(wanted, channel, matcher)}
