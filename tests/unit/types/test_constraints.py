"""A rule that is broken is told with its name, its limit and the value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emitter_typed.contract import (
    Constraint,
    each,
    exclusive_maximum,
    exclusive_minimum,
    max_items,
    max_length,
    maximum,
    min_items,
    min_length,
    minimum,
    pattern,
)
from emitter_typed.errors import InvalidArgument

YEAR_2018 = datetime(2018, 1, 1, tzinfo=UTC)
CASES: list[tuple[str, Constraint, object, object]] = [
    ("at least 5", minimum(5), 5, 4),
    ("at most 5", maximum(5), 5, 5.1),
    ("more than 5", exclusive_minimum(5), 5.1, 5),
    ("less than 5", exclusive_maximum(5), 4, 5),
    ("at least 1 s", minimum(timedelta(seconds=1)), timedelta(seconds=1), timedelta(0)),
    ("at least 2018", minimum(YEAR_2018), YEAR_2018, YEAR_2018.replace(year=2017)),
    ("a: the datetime is naive", minimum(YEAR_2018), YEAR_2018, YEAR_2018.replace(tzinfo=None)),
    ("length of at least 2", min_length(2), "ab", "a"),
    ("length of at most 2", max_length(2), b"ab", b"abc"),
    ("must match [a-z]+", pattern("[a-z]+"), "ab", "ab1"),
    ("at least 1 items", min_items(1), (1,), ()),
    ("at most 1 items", max_items(1), {"a": 1}, {"a": 1, "b": 2}),
    ("a[1]: must be at least 5", each(maximum(9), minimum(5)), (5, 9), (5, 4)),
    ("a['x']: must be at least 5", each(minimum(5)), {"x": 5}, {"x": 4}),
    ("expected a number, got a text", minimum(5), 5, "text"),
    ("expected a number, got a boolean", maximum(5), 5, True),
    ("expected a timedelta, got an integer", minimum(timedelta(0)), timedelta(0), 1),
    ("expected a text, got an integer", pattern("[a-z]+"), "ab", 1),
    ("expected a list or a map, got an integer", max_items(1), (1,), 1),
    ("expected a list or a map, got a text", min_items(1), (1,), "a"),
]


@pytest.mark.parametrize(("rule", "constraint", "good", "bad"), CASES, ids=range(len(CASES)))
def test_a_rule_holds_or_says_what_it_asks_for(rule: str, constraint: Constraint, good: object, bad: object) -> None:
    constraint.check("a", good)
    constraint.check("a", None)
    with pytest.raises(InvalidArgument) as caught:
        constraint.check("a", bad)
    assert rule in str(caught.value)
    assert caught.value.argument.startswith("a")


def test_what_looks_like_a_key_is_not_shown() -> None:
    key = "k" * 30 + "-1"
    for constraint in (minimum(5), pattern("[a-z]{1,2}")):
        with pytest.raises(InvalidArgument) as caught:
            constraint.check("a", key)
        assert key not in str(caught.value)


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(InvalidArgument) as caught:
        max_length(2).check("a", "x" * 100_000)
    assert len(str(caught.value)) < 200
