"""What ids of stored messages tell of the brokers that stored them."""

from __future__ import annotations

import pytest

from emitter_typed._protocol.receiving.stored_ids import KnownProcesses, process_of, stored_s

BEGIN_S = 1_700_000_000


def id_of(process: bytes, second: int) -> bytes:
    counted_down = 0xFFFF_FFFF - (BEGIN_S + second - 1_514_764_800)
    return b"tree" + counted_down.to_bytes(4) + bytes(4) + process


def test_an_id_names_its_second_and_process() -> None:
    assert (stored_s(id_of(b"node", 3)), process_of(id_of(b"node", 3))) == (BEGIN_S + 3, b"node")


@pytest.mark.parametrize(
    ("stored", "several"),
    [
        ([], False),
        ([(b"aaaa", 0), (b"aaaa", 9)], False),
        # A broker that was started again, also within a second.
        ([(b"aaaa", 0), (b"aaaa", 5), (b"bbbb", 5), (b"bbbb", 9)], False),
        ([(b"bbbb", 5), (b"aaaa", 5)], False),
        ([(b"aaaa", 0), (b"bbbb", 1), (b"aaaa", 2)], True),
        ([(b"bbbb", 0), (b"bbbb", 4), (b"aaaa", 3), (b"aaaa", 9)], True),
    ],
)
def test_processes_whose_seconds_overlap_run_at_once(stored: list[tuple[bytes, int]], several: bool) -> None:
    for order in (stored, stored[::-1]):
        known = KnownProcesses()
        for process, second in order:
            known.add([id_of(process, second)])

        assert known.several is several


def test_what_was_seen_long_ago_is_forgotten() -> None:
    known = KnownProcesses()
    for number in range(1_000):
        known.add([id_of(number.to_bytes(4), number)])
    known.add([id_of((3).to_bytes(4), 5)])

    assert not known.several
