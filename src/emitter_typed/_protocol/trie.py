"""Which subscriptions a channel reaches, found without looking at every subscription."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from emitter_typed._protocol.topics import Matcher, segments

T = TypeVar("T", bound=Hashable)


class _Node(Generic[T]):
    __slots__ = ("children", "values")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        # A dict is a set that keeps its order, so that deliveries come in the order of the subscriptions.
        self.values: dict[T, None] = {}


class ChannelTrie(Generic[T]):
    """Values by channel filter, found by the channels that their filters match.

    A filter is any valid channel with its last slash, and matches as `topics.matches` says; a value may be
    added under several filters, and several values under one. With d segments in a channel, `add` and
    `discard` take O(d). `match` visits only nodes that the channel can reach: for each one at most two of the
    next level (its segment, and `+`). That is O(d) where no filter holds a `+`, and never more than there are
    nodes.
    """

    def __init__(self, matcher: Matcher) -> None:
        """Make an empty trie that matches as a broker with this matcher does."""
        self._by_prefix = matcher == "emitter"
        self._root: _Node[T] = _Node()
        self._size = 0

    def __len__(self) -> int:
        """Count the pairs of filter and value."""
        return self._size

    def add(self, filter_channel: str, value: T) -> bool:
        """Add a value under a filter.

        Args:
            filter_channel: The filter with its last slash.
            value: The value.

        Returns:
            Whether the pair is new; adding it again changes nothing.
        """
        node = self._root
        for segment in segments(filter_channel):
            node = node.children.setdefault(segment, _Node())
        if value in node.values:
            return False
        node.values[value] = None
        self._size += 1
        return True

    def discard(self, filter_channel: str, value: T) -> bool:
        """Remove a value from a filter, and the memory that only this filter needed.

        Args:
            filter_channel: The filter with its last slash.
            value: The value.

        Returns:
            Whether the pair was there.
        """
        path: list[tuple[_Node[T], str]] = []
        node = self._root
        for segment in segments(filter_channel):
            path.append((node, segment))
            child = node.children.get(segment)
            if child is None:
                return False
            node = child
        if value not in node.values:
            return False
        del node.values[value]
        self._size -= 1
        for parent, segment in reversed(path):
            child = parent.children[segment]
            if child.values or child.children:
                break
            del parent.children[segment]
        return True

    def touches(self, filter_channel: str) -> bool:
        """Tell whether some channel at or below a filter's may match another filter that holds a value.

        Answers in O(d), and in doubt, where wildcards meet, with True.
        """
        node = self._root
        for segment in segments(filter_channel):
            if segment in ("+", "#") or node.children.keys() & {"+", "#"}:
                return bool(node.children)
            child = node.children.get(segment)
            if child is None:
                return False
            if child.values and self._by_prefix:
                return True
            node = child
        # Nothing is kept that leads to no value.
        return True

    def match(self, channel: str) -> list[T]:
        """Return the values whose filters match a channel, each of them once.

        Args:
            channel: The channel with its last slash. A wildcard in it is taken for an ordinary segment.
        """
        found: dict[T, None] = {}
        level = [self._root]
        for segment in segments(channel):
            below: list[_Node[T]] = []
            for node in level:
                children = node.children
                if not children:
                    continue
                if (exact := children.get(segment)) is not None:
                    below.append(exact)
                if segment != "+" and (one := children.get("+")) is not None:
                    below.append(one)
                if not self._by_prefix and (rest := children.get("#")) is not None:
                    found |= rest.values
            if self._by_prefix:
                for node in below:
                    found |= node.values
            level = below
            if not level:
                break
        if not self._by_prefix:
            for node in level:
                found |= node.values
        return list(found)
