"""The filters that one connection holds, as Emitter keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from emitter_typed._protocol.topics import segments


class HeldFilters:
    """A set of filters, in which Emitter takes some for one another.

    It tells filters apart by a sum of their segments, in which their order does not show and a pair cancels out:
    `a/b/` and `b/a/` are the same to it, and so are `c/`, `c/a/a/` and `c/+/+/`. A connection that holds one of them
    gets no other.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._held: dict[frozenset[str], str] = {}
        self._stranded: list[str] = []

    def __iter__(self) -> Iterator[str]:
        """Give what is held, in order."""
        return iter(list(self._held.values()))

    def holds(self, filter_channel: str) -> bool:
        """Tell whether a filter, or one that it is taken for, is held."""
        return _sum(filter_channel) in self._held

    def add(self, filter_channel: str) -> None:
        """Hold a filter, unless one that it is taken for is held."""
        self._held.setdefault(_sum(filter_channel), filter_channel)

    def discard(self, filter_channel: str) -> str | None:
        """Let go of a filter, or of the one that it is taken for; return which one was held, if any."""
        held = self._held.pop(_sum(filter_channel), None)
        if held is not None and held != filter_channel:
            self._stranded.append(held)
        return held

    def clear(self) -> list[str]:
        """Forget everything; return what is in effect and nobody can let go of, since another was in its stead."""
        self._held.clear()
        stranded, self._stranded = self._stranded, []
        return stranded


def _sum(filter_channel: str) -> frozenset[str]:
    odd: set[str] = set()
    for segment in segments(filter_channel):
        odd ^= {segment}
    return frozenset(odd)
