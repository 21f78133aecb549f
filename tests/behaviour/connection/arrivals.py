"""What must be true of the messages of one publisher, wherever they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def disorder(numbers: Sequence[int], *, max_in_flight: int, max_losses: int) -> list[str]:
    """Tell what is wrong with the order of a publisher's messages, which count from 0.

    By first arrival they are in publishing order. What is repeated is what was in flight when the publisher lost its
    connection, and that is sent once more: so each loss may turn the numbers back once, by what may be in flight.

    Args:
        numbers: The numbers, in the order in which they arrived.
        max_in_flight: How many messages the publisher had in flight at most.
        max_losses: How many connections it lost.
    """
    found: list[str] = []
    first_arrivals = list(dict.fromkeys(numbers))
    if first_arrivals != sorted(first_arrivals):
        found.append(f"out of order: {_first_disorder(first_arrivals)}")
    turns = [(before, after) for before, after in pairwise(numbers) if after <= before]
    if len(turns) > max_losses:
        found.append(f"{len(turns)} repetitions after {max_losses} losses: {turns}")
    far = [f"{before} → {after}" for before, after in turns if before - after >= max_in_flight]
    if far:
        repeated = len(numbers) - len(first_arrivals)
        found.append(f"{repeated} repeated, and not only the {max_in_flight} in flight at a loss: {far}")
    return found


def missing(numbers: Sequence[int], count: int) -> list[str]:
    """Tell which of a publisher's messages never arrived."""
    absent = sorted(set(range(count)) - set(numbers))
    return [f"{len(absent)} of {count} messages never arrived, from {absent[:5]} on"] if absent else []


def _first_disorder(numbers: Sequence[int]) -> str:
    place = next(place for place in range(1, len(numbers)) if numbers[place] < numbers[place - 1])
    return str(numbers[max(place - 3, 0) : place + 3])
