"""The benchmark of clients compares round with round, and hides neither a failure nor a loss."""

from __future__ import annotations

from benchmarks.client import Figure, Results, report

ROWS = [("row", "things", 1)]
NAMES = ["emitter_typed", "other", "a bare socket"]


def lines(ours: list[float | str], other: list[float | str]) -> list[str]:
    results: Results = {
        ("emitter_typed", "row"): figures(ours),
        ("other", "row"): figures(other),
        ("a bare socket", "row"): figures([1.0] * len(ours)),
    }
    return report(results, NAMES, ROWS).splitlines()


def figures(given: list[float | str]) -> list[Figure | str]:
    return [each if isinstance(each, str) else Figure(each, 2 * each) for each in given]


def test_a_slow_minute_that_hurt_both_changes_no_ratio() -> None:
    assert "| things: emitter_typed | 0.50 (0.50) | 10.00 (10.00) |" in lines([10.0, 100.0, 10.0], [20.0, 200.0, 20.0])


def test_one_failed_round_is_a_failure() -> None:
    shown = lines([20.0, 20.0], [10.0, "failed"])
    assert "| emitter_typed | 20 (20-20), 40 |" in shown
    assert "| other | failed |" in shown
    assert "| things: emitter_typed | - | 20.00 (20.00) |" in shown


def test_a_row_that_a_contestant_lacks_stays_empty() -> None:
    names = ["emitter_typed", "emitter_typed, handler"]
    assert "| emitter_typed, handler |  |" in report({("emitter_typed", "row"): [Figure(1, 1)]}, names, ROWS)


def test_where_we_are_slower_is_said_in_words() -> None:
    assert lines([10.0], [5.0])[-1] == "- things: emitter_typed takes 2.00 times the CPU time of other."
    assert lines([5.0], [10.0])[-1] == "- nowhere."
