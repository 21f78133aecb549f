"""The benchmark of clients compares round with round, and hides neither a failure nor a loss."""

from __future__ import annotations

from benchmarks.client import Results, report

ROWS = [("row", "things", 1)]
NAMES = ["emitter_typed", "other", "a bare socket"]


def lines(ours: list[float | str], other: list[float | str]) -> list[str]:
    results: Results = {
        ("emitter_typed", "row"): ours,
        ("other", "row"): other,
        ("a bare socket", "row"): [1000.0] * len(ours),
    }
    return report(results, NAMES, ROWS).splitlines()


def test_a_slow_minute_that_hurt_both_changes_no_ratio() -> None:
    assert "| things: emitter_typed | 2.00 | 0.02 |" in lines([20.0, 2.0, 20.0], [10.0, 1.0, 10.0])


def test_one_failed_round_is_a_failure() -> None:
    shown = lines([20.0, 20.0], [10.0, "failed"])
    assert "| things | 20 (20-20) | failed | 1e+03 (1e+03-1e+03) |" in shown
    assert "| things: emitter_typed | - | 0.02 |" in shown


def test_where_we_are_slower_is_said_in_words() -> None:
    assert lines([5.0], [10.0])[-1] == "- things: emitter_typed is 0.50 times as fast as other."
    assert lines([10.0], [5.0])[-1] == "- nowhere."
