from __future__ import annotations

import pytest

from emitter_typed._broker.held import HeldFilters


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/b/", "b/a/"), ("a/+/", "+/a/"), ("a/", "a/b/b/"), ("a/a/", "+/+/"), ("$share/a/b/", "$share/b/a/")],
)
def test_filters_with_the_same_segments_are_taken_for_one_another(one: str, other: str) -> None:
    held = HeldFilters()
    held.add(one)
    assert held.holds(other)
    held.add(other)
    assert list(held) == [one]
    assert held.discard(other) == one
    assert list(held) == []
    assert held.clear() == [one]


@pytest.mark.parametrize(("one", "other"), [("a/", "b/"), ("a/", "a/b/"), ("a/+/", "a/#/"), ("a/a/a/", "a/a/")])
def test_other_filters_are_told_apart(one: str, other: str) -> None:
    held = HeldFilters()
    held.add(one)
    assert not held.holds(other)
    held.add(other)
    assert held.discard(one) == one
    assert list(held) == [other]
    assert held.clear() == []


def test_adding_twice_is_as_good_as_once() -> None:
    held = HeldFilters()
    held.add("a/")
    held.add("a/")
    assert [held.discard("a/"), held.discard("a/")] == ["a/", None]
