"""What must be true of the messages of one publisher, wherever they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def check_arrivals(numbers: Sequence[int], *, where: str, max_in_flight: int, max_losses: int) -> None:
    """Check the numbers of a publisher's messages, which count from 0, in the order in which they arrived.

    By first arrival they are in publishing order. What is repeated is what was in flight when the publisher lost its
    connection, and that is sent once more: so each loss may turn the numbers back once, by what may be in flight.

    Args:
        numbers: The numbers.
        where: Where they were looked at, for messages.
        max_in_flight: How many messages the publisher had in flight at most.
        max_losses: How many connections it lost.
    """
    first_arrivals = list(dict.fromkeys(numbers))
    assert first_arrivals == sorted(first_arrivals), f"{where}: {_disorder(first_arrivals)}"
    turns = [(before, after) for before, after in pairwise(numbers) if after <= before]
    assert len(turns) <= max_losses, f"{where}: {len(turns)} repetitions after {max_losses} losses: {turns}"
    far = [f"{before} → {after}" for before, after in turns if before - after >= max_in_flight]
    assert not far, f"{where}: more is repeated than {max_in_flight} messages in flight: {far}"


def check_complete(numbers: Sequence[int], count: int, *, where: str) -> None:
    """Check that all messages of a publisher arrived."""
    missing = sorted(set(range(count)) - set(numbers))
    assert not missing, f"{where}: {len(missing)} of {count} messages never arrived, from {missing[:5]} on"


def _disorder(numbers: Sequence[int]) -> str:
    place = next(place for place in range(1, len(numbers)) if numbers[place] < numbers[place - 1])
    return f"out of order: {numbers[max(place - 3, 0) : place + 3]}"
