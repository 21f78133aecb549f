"""The benchmark of the codec measures what is right, compares round with round, and hides no failure."""

from __future__ import annotations

import pytest

from benchmarks.codec import SIDES, Figure, Figures, report
from benchmarks.codec_cases import DOCUMENTS, TITLES, WRONG, raw, wrong
from benchmarks.codec_contestants import cattrs_by_hand, dataclass_by_hand, ours_by_hand, refused

NAMES = ["emitter_typed", "emitter_typed[fast]", "other", "pydantic"]


def lines(ours: list[Figure | str], other: list[Figure | str]) -> list[str]:
    figures: Figures = {}
    for side in SIDES:
        for name in NAMES:
            figures[name, "flat", side] = ours if name.startswith("emitter_typed") else other
    return report(figures, NAMES, ["flat"]).splitlines()


def cpu(*us: float) -> list[Figure | str]:
    return [(each, 2 * each) for each in us]


def test_a_slow_minute_that_hurt_both_changes_no_ratio() -> None:
    assert "| 50 B flat, read: emitter_typed | 0.50 | 0.50 |" in lines(cpu(1, 10, 1), cpu(2, 20, 2))


def test_one_failed_round_is_a_failure() -> None:
    shown = lines(cpu(1, 1), [(2, 2), "failed"])
    assert "| 50 B flat, write | 1 (1-1), 2 | 1 (1-1), 2 | failed | failed |" in shown
    assert "| 50 B flat, write: emitter_typed[fast] | - | - |" in shown


def test_where_we_are_slower_is_said_in_words() -> None:
    assert lines(cpu(2), cpu(1))[-2:] == [
        "- 50 B flat, write: emitter_typed[fast] takes 2.00 times the CPU time of other.",
        "- 50 B flat, write: emitter_typed[fast] takes 2.00 times the CPU time of pydantic, and is to be as fast.",
    ]
    assert lines(cpu(1), cpu(2))[-1] == "- nowhere."


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
