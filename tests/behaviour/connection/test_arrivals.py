"""What is wrong with the messages of a publisher is told, and what a gap has told of is not wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from emitter_typed import Gap
from tests.behaviour.connection.arrivals import arrivals, wrong

NOW = datetime.now(UTC)


def gap(count: int, *, recovered: bool = True, exact: bool = True) -> Gap:
    return Gap(recovered=recovered, since=NOW, until=NOW, count=count, exact=exact)


def found(*events: int | Gap, count: int = 6) -> list[str]:
    """Tell what is wrong where a publisher published so many, had 3 in flight at most, and was cut off once."""
    seen = arrivals(each if isinstance(each, Gap) else f"0:{each}" for each in events)
    return wrong(seen, 0, count=count, max_in_flight=3, max_losses=1)


@pytest.mark.parametrize(
    "events",
    [
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2, 3, 1, 2, 3, 4, 5],
        [0, 1, gap(2), 2, 3, 4, 5],
        [0, 1, 2, 3, gap(5, exact=False), 0, 1, 2, 3, 4, 5],
        # A publisher that was cut off twice has sent 0 to 3 twice, so that nothing tells which of them arrived.
        [gap(6, exact=False), 0, 1, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5],
        [0, 1, gap(0, recovered=False), 4, 5],
        [0, 1, gap(1, recovered=False), 3, 5],
        [0, 1, gap(0, recovered=False)],
    ],
)
def test_finds_nothing_wrong(events: Sequence[int | Gap]) -> None:
    assert found(*events) == []


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([0, 1, 2, 4, 5], "1 of 6 messages never arrived, from [3] on"),
        ([0, 1, 2, 3, 4], "1 of 6 messages never arrived, from [5] on"),
        ([0, 1, gap(1), 3, 4, 5], "1 of 6 messages never arrived, from [2] on"),
        ([0, 2, gap(1, recovered=False), 4, 5], "1 of 6 messages never arrived, from [1] on"),
        ([0, 1, gap(0, recovered=False), 2, 4, 5], "1 of 6 messages never arrived, from [3] on"),
        ([0, 1, 3, 2, 4, 5], "out of order: [0, 1, 3, 2, 4, 5]"),
        ([0, 1, 2, 3, 0, 1, 2, 3, 4, 5], "4 repeated, and not only 3 in flight at a loss: ['3 → 0']"),
        ([0, 1, 2, 3, gap(5), 0, 1, 2, 3, 4, 5], "4 repeated, and not only 3 in flight at a loss: ['3 → 0']"),
        (
            [gap(4, exact=False), 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5],
            "8 repeated, and not only 3 in flight at a loss: ['3 → 0']",
        ),
        ([0, 1, 1, 2, 2, 3, 4, 5], "2 repetitions after 1 losses: [(1, 1), (2, 2)]"),
    ],
)
def test_tells_what_is_wrong(events: Sequence[int | Gap], told: str) -> None:
    assert f"publisher 0: {told}" in found(*events)


def test_other_publishers_do_not_matter() -> None:
    seen = arrivals(["0:0", "1:5", "0:1", "1:3"])
    assert wrong(seen, 0, count=2, max_in_flight=3, max_losses=0) == []
