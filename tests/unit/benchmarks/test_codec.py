"""The benchmark of the codec measures what is right, compares round with round, and hides no failure."""

from __future__ import annotations

import pytest

from benchmarks.codec import SIDES, Figures, report
from benchmarks.codec_cases import DOCUMENTS, TITLES, WRONG, raw, wrong
from benchmarks.codec_contestants import cattrs_by_hand, dataclass_by_hand, ours_by_hand, refused

NAMES = ["emitter_typed", "other"]


def lines(ours: list[float | str], other: list[float | str]) -> list[str]:
    figures: Figures = {}
    for side in SIDES:
        figures["emitter_typed", "flat", side], figures["other", "flat", side] = ours, other
    return report(figures, NAMES, ["flat"]).splitlines()


def test_a_slow_minute_that_hurt_both_changes_no_ratio() -> None:
    assert "| 50 B flat, read | 0.50 |" in lines([1.0, 10.0, 1.0], [2.0, 20.0, 2.0])


def test_one_failed_round_is_a_failure() -> None:
    shown = lines([1.0, 1.0], [2.0, "failed"])
    assert "| 50 B flat, write | 1 (1-1) | failed |" in shown
    assert "| 50 B flat, write | - |" in shown


def test_where_we_are_slower_is_said_in_words() -> None:
    assert lines([2.0], [1.0])[-1] == "- 50 B flat, write: 2.00 times the time of other."
    assert lines([1.0], [2.0])[-1] == "- nowhere."


@pytest.mark.parametrize(("case", "size"), [("flat", 50), ("nested", 1000), ("list", 50_000)])
def test_documents_are_as_long_as_their_titles_say(case: str, size: int) -> None:
    assert abs(len(raw(case)) - size) < size * 0.05
    assert {*DOCUMENTS} == {*TITLES}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_those_by_hand_read_the_same(case: str) -> None:
    by_us, by_cattrs, by_dataclass = (codec(case) for codec in (ours_by_hand, cattrs_by_hand, dataclass_by_hand))
    value = by_us[0](raw(case))

    assert by_cattrs[0](raw(case)) == value
    assert by_us[0](by_dataclass[1](by_dataclass[0](raw(case)))) == value


def test_every_wrong_document_differs_from_the_right_one_and_is_refused() -> None:
    assert len({*wrong(), raw("nested")}) == len(WRONG) + 1
    assert refused(ours_by_hand("nested")[0]) == refused(dataclass_by_hand("nested")[0]) == len(WRONG)
