"""Delays against the formula, for any numbers and however long it goes on."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from emitter_typed._protocol.backoff import Backoff

# How long a connection lived before it ended, or None where none was made.
LIVES_S = st.lists(st.none() | st.floats(0, 100), min_size=1, max_size=2_000)


@given(st.floats(0.001, 10), st.floats(1, 1_000), LIVES_S, st.floats(0, 1, exclude_max=True))
def test_every_delay_is_below_the_bound_of_its_attempt(
    base_s: float, factor: float, lives_s: list[float | None], number: float
) -> None:
    max_s = base_s * factor
    backoff = Backoff(base_s=base_s, max_s=max_s, steady_s=50, random=lambda: number)
    attempt = 0
    for lived_s in lives_s:
        if lived_s is not None:
            backoff.ended(lived_s)
            attempt = 0 if lived_s >= 50 else attempt

        assert backoff.next_s() == number * min(base_s * 2.0 ** min(attempt, 50), max_s)
        attempt += 1
