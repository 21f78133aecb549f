"""Delays between attempts, without a clock."""

from __future__ import annotations

import pytest

from emitter_typed._protocol.backoff import Backoff
from emitter_typed.errors import InvalidArgument


def delays(backoff: Backoff, count: int) -> list[float]:
    return [backoff.next_s() for _ in range(count)]


def test_the_bound_doubles_up_to_the_largest() -> None:
    backoff = Backoff(base_s=0.5, max_s=3, random=lambda: 1.0)

    assert delays(backoff, 5) == [0.5, 1, 2, 3, 3]


def test_a_delay_lies_anywhere_below_its_bound() -> None:
    numbers = iter([0.0, 0.5, 0.25])
    backoff = Backoff(base_s=1, max_s=100, random=lambda: next(numbers))

    assert delays(backoff, 3) == [0, 1, 1]


def test_a_connection_that_lived_makes_the_next_delay_a_first_one() -> None:
    backoff = Backoff(base_s=1, max_s=100, steady_s=10, random=lambda: 1.0)
    delays(backoff, 4)

    backoff.ended(lived_s=10)

    assert delays(backoff, 2) == [1, 2]


def test_a_connection_that_ended_at_once_changes_nothing() -> None:
    backoff = Backoff(base_s=1, max_s=100, steady_s=10, random=lambda: 1.0)
    delays(backoff, 2)

    backoff.ended(lived_s=9.9)

    assert delays(backoff, 1) == [4]


def test_a_largest_bound_that_is_the_first_one_is_kept() -> None:
    assert delays(Backoff(base_s=2, max_s=2, random=lambda: 1.0), 2) == [2, 2]


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"base_s": 0}, "base_s"),
        ({"base_s": float("nan")}, "base_s"),
        ({"base_s": 2, "max_s": 1}, "max_s"),
        ({"max_s": float("inf")}, "max_s"),
        ({"steady_s": -1}, "steady_s"),
        ({"steady_s": float("nan")}, "steady_s"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(given: dict[str, float], argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Backoff(**given)  # type: ignore[arg-type]  # only numbers are given
    assert caught.value.argument == argument
