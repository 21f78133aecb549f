"""Messages change places in the storage as asked, and never those of one publisher."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed._broker.disorder import Disorder, Numbers


def numbered(publishers: str, disorder: Disorder | None) -> list[int]:
    numbers = Numbers()
    return [numbers.take(publisher, disorder) for publisher in publishers]


def stored(publishers: str, disorder: Disorder | None) -> str:
    """Return the places of the messages in the order of their numbers."""
    numbers = numbered(publishers, disorder)
    return "".join(map(str, sorted(range(len(numbers)), key=numbers.__getitem__)))


def test_without_disorder_numbers_follow_one_another() -> None:
    assert numbered("abab", None) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("publishers", "distance", "order"),
    [
        ("ab", 1, "10"),
        ("abab", 1, "1032"),
        ("aab", 1, "201"),
        ("aaaa", 1, "0123"),
        ("abbb", 2, "1203"),
        ("abcd", 3, "1230"),
    ],
)
def test_each_message_lets_later_ones_of_other_publishers_pass(publishers: str, distance: int, order: str) -> None:
    assert stored(publishers, Disorder(share=1, distance=distance, seed=0)) == order


def test_nobody_passes_once_a_new_second_has_begun() -> None:
    numbers, disorder = Numbers(), Disorder(share=1, distance=1, seed=0)
    first = numbers.take("a", disorder)
    numbers.forget_free()
    assert first < numbers.take("b", disorder)


def test_nobody_passes_any_more_once_the_disorder_is_over() -> None:
    numbers = Numbers()
    first = numbers.take("a", Disorder(share=1, distance=1, seed=0))
    assert first < numbers.take("b", None) < numbers.take("c", Disorder(share=0, distance=1, seed=0))


PUBLISHERS = st.text("abc", max_size=60)
SHARES = st.floats(0, 1)


@given(PUBLISHERS, SHARES, st.integers(1, 5), st.integers(0, 9))
def test_numbers_are_unique_rise_for_each_publisher_and_are_the_same_for_the_same_seed(
    publishers: str, share: float, distance: int, seed: int
) -> None:
    numbers = numbered(publishers, Disorder(share=share, distance=distance, seed=seed))
    assert len(set(numbers)) == len(numbers)
    by_publisher: defaultdict[str, list[int]] = defaultdict(list)
    for publisher, number in zip(publishers, numbers, strict=True):
        by_publisher[publisher].append(number)
    assert all(each == sorted(each) for each in by_publisher.values())
    assert numbers == numbered(publishers, Disorder(share=share, distance=distance, seed=seed))


def test_about_the_share_that_was_asked_for_changes_places() -> None:
    numbers = numbered("ab" * 5000, Disorder(share=0.02, distance=1, seed=3))
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    swapped = sum(left > right for left, right in pairwise(order))
    assert 100 < swapped < 300
