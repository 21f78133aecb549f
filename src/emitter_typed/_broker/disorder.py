"""The numbers of stored messages: in the order of publishing, or out of it on purpose.

Emitter serves its connections in parallel. Of two messages that two connections publish at the same time, the one that
is delivered first may be stored as the second. What one connection publishes stays in its order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator


class Disorder:
    """Chooses which messages change places with later ones of other publishers."""

    def __init__(self, *, share: float, distance: int, seed: int) -> None:
        """Choose.

        Args:
            share: Which part of the messages, from 0 to 1, lets later ones pass.
            distance: How many later ones each of them lets pass.
            seed: Of the random choice.
        """
        self._share = share
        self._distance = distance
        self._random = random.Random(seed)

    def passing(self) -> int:
        """Return how many later messages the next one lets pass."""
        return self._distance if self._random.random() < self._share else 0


class Numbers:
    """Numbers the messages that one process of a broker stores."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._next = 0
        self._free: list[tuple[int, str]] = []
        self._latest: dict[str, int] = {}

    def forget_free(self) -> None:
        """Leave the free numbers unused: a new second begins, which sorts before the number."""
        self._free.clear()
        self._latest.clear()

    def take(self, publisher: str, disorder: Disorder | None) -> int:
        """Return the number of the next message.

        Args:
            publisher: Who publishes it; its own messages stay in their order.
            disorder: Which messages change places; None: no message does.
        """
        if disorder is None:
            if self._free:
                self.forget_free()
            self._next += 1
            return self._next - 1
        number = next(self._free_for(publisher), None)
        if number is None:
            passing = disorder.passing()
            self._free += [(self._next + place, publisher) for place in range(passing)]
            number = self._next + passing
            self._next = number + 1
        else:
            self._free = [each for each in self._free if each[0] != number]
        self._latest[publisher] = number
        return number

    def _free_for(self, publisher: str) -> Iterator[int]:
        latest = self._latest.get(publisher, -1)
        return (number for number, owner in self._free if owner != publisher and number > latest)
