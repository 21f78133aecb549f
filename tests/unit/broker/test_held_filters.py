from __future__ import annotations

import pytest

from emitter_typed._broker.held_filters import Held, HeldFilters


def watch(channel: str) -> Held:
    return Held(channel, watch=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Held("a/b/"), Held("b/a/")),
        (Held("a/+/"), Held("+/a/")),
        (Held("a/"), Held("a/b/b/")),
        (Held("a/a/"), Held("+/+/")),
        (Held("$share/a/b/"), Held("$share/b/a/")),
        (watch("a/presence/"), Held("a/")),
        (watch("presence/a/"), Held("a/")),
        (watch("a/"), Held("presence/a/")),
        (watch("a/b/"), watch("b/a/")),
    ],
)
def test_filters_with_the_same_segments_are_taken_for_one_another(one: Held, other: Held) -> None:
    held = HeldFilters()
    held.add(one)
    assert held.holds(other)
    held.add(other)
    assert list(held) == [one]
    assert held.discard(other) == one
    assert list(held) == []
    assert held.clear() == [one]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Held("a/"), Held("b/")),
        (Held("a/"), Held("a/b/")),
        (Held("a/+/"), Held("a/#/")),
        (Held("a/a/a/"), Held("a/a/")),
        (Held("a/"), watch("a/")),
        (Held("presence/"), watch("presence/")),
    ],
)
def test_other_filters_are_told_apart(one: Held, other: Held) -> None:
    held = HeldFilters()
    held.add(one)
    assert not held.holds(other)
    held.add(other)
    assert held.discard(one) == one
    assert list(held) == [other]
    assert held.clear() == []


def test_adding_twice_is_as_good_as_once() -> None:
    held = HeldFilters()
    held.add(Held("a/"))
    held.add(Held("a/"))
    assert [held.discard(Held("a/")), held.discard(Held("a/"))] == [Held("a/"), None]
