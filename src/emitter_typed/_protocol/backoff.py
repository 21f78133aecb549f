"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random
from collections.abc import Callable

from emitter_typed.errors import InvalidArgument


class Backoff:
    """Exponential backoff with full jitter: each delay lies anywhere below a bound that doubles from one to the next.

    Many clients that lost one broker so come back spread out. Where several brokers take turns, the bound doubles from
    one round to the next. It knows no clock.
    """

    __slots__ = ("_base_s", "_bound_s", "_growth", "_max_s", "_random", "steady_s")

    steady_s: float
    """How long a connection lives, in seconds, for the next delay to be a first one again."""

    def __init__(
        self,
        *,
        base_s: float = 0.5,
        max_s: float = 30.0,
        steady_s: float = 30.0,
        turns: int = 1,
        random: Callable[[], float] = random.random,
    ) -> None:
        """Begin with the smallest bound.

        Args:
            base_s: The bound of the first delay, in seconds.
            max_s: The largest bound, in seconds.
            steady_s: How long a connection lives, in seconds, for the next delay to be a first one again.
            turns: How many delays it takes for the bound to double: as many as there are brokers that take turns.
            random: Gives a number from 0 up to 1.

        Raises:
            InvalidArgument: A number makes no sense.
        """
        if not 0 < base_s < float("inf"):
            raise InvalidArgument(
                f"base_s: must be more than 0 and finite, not {base_s}", argument="base_s", value=base_s
            )
        if not base_s <= max_s < float("inf"):
            raise InvalidArgument(
                f"max_s: must be finite and at least base_s ({base_s}), not {max_s}", argument="max_s", value=max_s
            )
        if not steady_s >= 0:
            raise InvalidArgument(f"steady_s: must be at least 0, not {steady_s}", argument="steady_s", value=steady_s)
        self._base_s = base_s
        self._max_s = max_s
        self.steady_s = steady_s
        self._growth = 2.0 ** (1 / turns)
        self._random = random
        self._bound_s = base_s

    def next_s(self) -> float:
        """Return how many seconds to wait before the next attempt."""
        bound_s, self._bound_s = self._bound_s, min(self._bound_s * self._growth, self._max_s)
        return self._random() * bound_s

    def ended(self, lived_s: float) -> None:
        """Take note that a connection ended after so many seconds: one that ends at once must not be made in a loop."""
        if lived_s >= self.steady_s:
            self._bound_s = self._base_s
