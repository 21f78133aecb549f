"""What must be true of the messages of one publisher, wherever they are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from attrs import frozen

from emitter_typed import Gap


@frozen
class Arrival:
    """A message, by its publisher and its number, which each publisher counts from 0."""

    publisher: int
    number: int
    gap: Gap | None = None
    """The gap that it was missed in, if it was."""

    @property
    def doubtful(self) -> bool:
        """Whether the subscription told that it may be there twice."""
        return self.gap is not None and not self.gap.exact


Seen = Sequence[Arrival | Gap]
"""What was seen, in that order."""


def arrivals(events: Iterable[str | Gap]) -> Seen:
    """Read what a subscription gave: texts such as `3:17`, and gaps, each with the missed messages behind it."""
    seen: list[Arrival | Gap] = []
    gap, missed = None, 0
    for event in events:
        if isinstance(event, Gap):
            gap, missed = event, event.count
            seen.append(event)
        else:
            publisher, _, number = event.partition(":")
            seen.append(Arrival(int(publisher), int(number), gap if missed > 0 else None))
            missed -= 1
    return seen


def wrong(seen: Seen, publisher: int, *, count: int, max_in_flight: int, max_losses: int) -> list[str]:
    """Tell what is wrong with the messages of a publisher.

    All are there, but for those that an unrecovered gap tells of. By first arrival they are in publishing order.

    What is repeated is what was in flight when the publisher lost its connection, and that is sent once more: so each
    loss may turn the numbers back once, by what may be in flight. What a gap that is not exact brings may repeat more,
    and may be repeated by what arrives behind it.

    Args:
        seen: What was seen of all publishers.
        publisher: Whose messages are looked at.
        count: How many there are.
        max_in_flight: How many the publisher had in flight at most.
        max_losses: How many connections it lost.
    """
    own = [each for each in seen if isinstance(each, Arrival) and each.publisher == publisher]
    numbers = list(dict.fromkeys(each.number for each in own))
    found: list[str] = []
    if missing := sorted(set(range(count)) - set(numbers) - _told_missing(seen, publisher, count)):
        found.append(f"{len(missing)} of {count} messages never arrived, from {missing[:5]} on")
    for place, (before, after) in enumerate(pairwise(numbers)):
        if after < before:
            found.append(f"out of order: {numbers[max(place - 2, 0) : place + 4]}")
            break
    turns = _turns_back(own)
    if len(turns) > max_losses:
        found.append(f"{len(turns)} repetitions after {max_losses} losses: {turns}")
    if far := [f"{before} → {after}" for before, after in turns if before - after >= max_in_flight]:
        found.append(f"{len(own) - len(numbers)} repeated, and not only {max_in_flight} in flight at a loss: {far}")
    return [f"publisher {publisher}: {each}" for each in found]


def _turns_back(own: Sequence[Arrival]) -> list[tuple[int, int]]:
    """Return where the numbers turn back without a gap that told so: the numbers before and after."""
    turns: list[tuple[int, int]] = []
    told: set[int] = set()
    for before, after in pairwise(own):
        if before.doubtful:
            told.add(before.number)
        if after.doubtful:
            continue
        if after.number <= before.number and after.number not in told:
            turns.append((before.number, after.number))
        told.discard(after.number)
    return turns


def _told_missing(seen: Seen, publisher: int, count: int) -> set[int]:
    """Return what may be missing since a gap tells it: the numbers between those before it and the live ones after."""
    told: set[int] = set()
    highest = -1
    open_since: int | None = None
    for each in seen:
        if isinstance(each, Gap):
            if not each.recovered and open_since is None:
                open_since = highest
        elif each.publisher == publisher:
            if open_since is not None and each.gap is None:
                told.update(range(open_since + 1, each.number))
                open_since = None
            highest = max(highest, each.number)
    if open_since is not None:
        told.update(range(open_since + 1, count))
    return told
