"""The filters that one connection holds, subscriptions and watches alike, as Emitter keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from emitter_typed._protocol.topics import segments


@frozen
class Held:
    """A subscription of a connection, or a watch of presence."""

    channel: str
    """The filter with its last slash."""
    watch: bool = False
    """Whether it asks for changes of presence rather than for messages."""


class HeldFilters:
    """A set of filters, in which Emitter takes some for one another.

    It tells filters apart by a sum of their segments, in which their order does not show and a pair cancels out:
    `a/b/` and `b/a/` are the same to it, and so are `c/`, `c/a/a/` and `c/+/+/`. A watch of `a/` counts as
    `presence/a/`, so that a watch of `a/presence/` and a subscription of `a/` are the same as well. A connection that
    holds one of them gets no other.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._held: dict[frozenset[str], Held] = {}
        self._stranded: list[Held] = []

    def __iter__(self) -> Iterator[Held]:
        """Give what is held, in order."""
        return iter(list(self._held.values()))

    def holds(self, wanted: Held) -> bool:
        """Tell whether a filter, or one that it is taken for, is held."""
        return _sum(wanted) in self._held

    def add(self, wanted: Held) -> None:
        """Hold a filter, unless one that it is taken for is held."""
        self._held.setdefault(_sum(wanted), wanted)

    def discard(self, unwanted: Held) -> Held | None:
        """Let go of a filter, or of the one that it is taken for; return which one was held, if any."""
        held = self._held.pop(_sum(unwanted), None)
        if held is not None and held != unwanted:
            self._stranded.append(held)
        return held

    def clear(self) -> list[Held]:
        """Forget everything; return what is in effect and nobody can let go of, since another was in its stead."""
        self._held.clear()
        stranded, self._stranded = self._stranded, []
        return stranded


def _sum(held: Held) -> frozenset[str]:
    odd = {"presence"} if held.watch else set[str]()
    for segment in segments(held.channel):
        odd ^= {segment}
    return frozenset(odd)
