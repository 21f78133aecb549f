"""Which stored messages also arrived live: so that none is lost, and few are repeated.

Stored messages have an id and live ones have none, so they can only be told apart by channel and payload. A broker
serves its connections in parallel, so that the order of what is stored differs a little from that of what arrived. Ids
of several processes have no order within a second at all. So the stored messages of each process are compared with what
arrived, and two that are equal count as one message only where all of this holds:

- They stand in the same place, but for a disorder that the broker can cause: of at most `DISORDER_S` seconds.
- To take them for two messages would need more disorder. What was missed is stored behind all that arrived. So a
  message that is stored behind a missed one, or behind a later arrival, is taken for missed, unless even more of those
  behind it arrived.
- The one that arrived does not stand behind all that is stored: what did was stored later. A publisher that was cut off
  sends again what was missed.
- No other message equals them; or one that is certain is stored behind them, so that they were not missed.

All others are delivered again, for a repeat is better than a loss.

What no comparison can tell: a message that was missed, and equals one that arrived at its place, less than `DISORDER_S`
before, and is not stored itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from typing import Final

from attrs import evolve, field, frozen

from emitter_typed._protocol.receiving.stored_ids import process_of, stored_s

Fingerprint = int
"""A channel and a payload, in little room. Differs from one process to another, so that nobody can make two alike."""

Found = tuple[bytes, Fingerprint]
"""The id of a stored message, and what it is known by."""

DISORDER_S: Final = 2
"""By how much what is stored and what arrives may differ in time, and how much older than the cursor is looked at."""

# Behind so many that arrived stands none that was published before them.
_MIN_ARRIVALS: Final = 32

# Behind so many that arrived no message is stored that was missed: neighbours may have changed places.
_MIN_BEFORE: Final = 2

# How many messages are tried as the first that was delivered, where older ones were forgotten.
_MAX_BEGINNINGS: Final = 8


def fingerprint(channel: str, payload: bytes) -> Fingerprint:
    """Return what a message is known by."""
    return hash((channel, payload))


@frozen
class Arrived:
    """A message that arrived live."""

    fingerprint: Fingerprint
    at_s: float
    """When it arrived, by a clock of this machine."""
    may_be_known: bool = False
    """Whether it may be stored at or before the cursor, so that it need not be found behind it."""


@frozen(kw_only=True)
class Comparison:
    """Which stored messages also arrived."""

    matched: frozenset[bytes]
    """Their ids. What was published without echo counts as arrived."""
    exact: bool
    """Whether it is certain that the others did not."""
    arrivals: frozenset[int]
    """The indices of what arrived that was found among the stored ones."""
    newest_at_s: float | None = None
    """When the newest stored message arrived; None: it did not."""
    between: Mapping[bytes, int] = field(factory=dict[bytes, int])
    """The other stored messages that are stored behind one that arrived: their ids, and the index of that arrival."""


def find_overlap(
    stored: Sequence[Found], live: Sequence[Arrived], *, no_echo: Collection[Fingerprint] = (), arrived: int
) -> Comparison:
    """Find which stored messages also arrived live since a subscription was asked for.

    Args:
        stored: The stored messages, oldest first, that the broker gave after it had accepted the subscription. Those
            that are known to be older than the subscription may be left out. So may all but the newest
            `arrived + len(no_echo)` and one more.
        live: What arrived since, in order.
        no_echo: What this client published meanwhile so that it does not receive it.
        arrived: How many of `live` were there when the newest page came. What came later is no evidence that it is
            stored there.
    """
    unheard = frozenset(no_echo)
    mirrored = [Arrived(one.fingerprint, -one.at_s) for one in reversed(live[:arrived])]
    late = Counter(one.fingerprint for one in live[arrived:])
    work = _Work(stored[::-1], mirrored, unheard, late, mirrored=True)
    found = work.compare(None)
    newest = stored[-1][0] if stored else b""
    delayed = _delayed(stored, live, arrived, work.arrivals.keys(), unheard)
    matched = found.matched | delayed.keys()
    arrivals = frozenset((*(arrived - 1 - index for index in found.arrivals), *delayed.values()))
    at_s = live[delayed[newest]].at_s if newest in delayed else work.at_s(newest)
    indices = {id_: arrived - 1 - index for id_, index in work.arrivals.items()} | delayed
    sent_again, first = _sent_again(stored, live, indices)
    between: dict[bytes, int] = {}
    last: dict[bytes, int] = {}
    for id_, _ in stored:
        process = process_of(id_)
        if id_ in indices and id_ not in sent_again:
            last[process] = max(first.get(id_, indices[id_]), last.get(process, -1))
        elif process in last and (id_ not in matched or id_ in sent_again):
            between[id_] = last[process]
    return evolve(
        found,
        matched=matched - sent_again,
        exact=found.exact and not sent_again,
        arrivals=arrivals - {indices[id_] for id_ in sent_again},
        newest_at_s=None if newest in sent_again else at_s,
        between=between,
    )


def _sent_again(
    stored: Sequence[Found], live: Sequence[Arrived], indices: Mapping[bytes, int]
) -> tuple[Set[bytes], Mapping[bytes, int]]:
    """Find what arrived only behind messages that are stored behind it, and before nothing that the page holds.

    A publisher that is cut off sends again what it has no acknowledgement of. So the message was missed, and what
    arrived is the same once more, stored after the page was made. If only that were given, it would come too late.

    Returns:
        The ids of these messages; and for each stored one that an arrival equals the index of the first it may be.
    """
    ids: defaultdict[Fingerprint, list[bytes]] = defaultdict(list)
    for id_, known_by in stored:
        ids[known_by].append(id_)
    came: defaultdict[Fingerprint, list[int]] = defaultdict(list)
    for index, one in enumerate(live):
        came[one.fingerprint].append(index)
    # Of equal ones the oldest were missed, if not all arrived.
    places = {
        id_: index
        for known_by, equal in ids.items()
        if known_by in came
        for id_, index in zip(equal[-len(came[known_by]) :], came[known_by], strict=False)
    }
    before: defaultdict[bytes, list[int]] = defaultdict(list)
    for id_, index in places.items():
        insort(before[process_of(id_)], index)
    behind: defaultdict[bytes, list[int]] = defaultdict(list)
    found: set[bytes] = set()
    for id_, _ in reversed(stored):
        older, newer = before[process_of(id_)], behind[process_of(id_)]
        if id_ not in places:
            continue
        index = places[id_]
        del older[bisect_left(older, index)]
        overtaken_by = bisect_left(newer, index)
        # Behind so many that arrived before, it was published after the subscription was granted.
        certain = bisect_left(older, newer[0] if newer else index) >= max(_MIN_BEFORE, overtaken_by + 1)
        if id_ in indices and not certain and overtaken_by and overtaken_by >= len(newer) - overtaken_by:
            found.add(id_)
        else:
            insort(newer, index)
    return found, places


def _delayed(
    stored: Sequence[Found],
    live: Sequence[Arrived],
    arrived: int,
    matched: Set[bytes],
    no_echo: Set[Fingerprint],
) -> dict[bytes, int]:
    """Find the stored messages that arrived after the newest page: their ids, and the indices of the arrivals.

    A page may hold a message that the broker delivers a moment later. It is stored behind some that have arrived, so
    it was published after the subscription was granted.
    """
    stored_times = Counter(known_by for _, known_by in stored)
    times = Counter(one.fingerprint for one in live)
    indices = {one.fingerprint: index for index, one in enumerate(live) if index >= arrived}
    before: Counter[bytes] = Counter()
    behind = Counter(map(process_of, matched))
    delayed: dict[bytes, int] = {}
    for id_, known_by in stored:
        process = process_of(id_)
        if id_ in matched:
            before[process] += 1
            behind[process] -= 1
        elif (
            known_by in indices
            and known_by not in no_echo
            and stored_times[known_by] == times[known_by] == 1
            and before[process] >= max(_MIN_BEFORE, behind[process] + 1)
        ):
            delayed[id_] = indices[known_by]
    return delayed


def find_delivered(
    stored: Sequence[Found],
    delivered: Sequence[Arrived],
    *,
    no_echo: Collection[Fingerprint] = (),
    truncated: bool = False,
    since: tuple[bytes, float] | None = None,
) -> Comparison:
    """Find which stored messages were delivered before a connection was lost; the others were missed.

    Args:
        stored: All stored messages since the cursor, oldest first. A part of them cannot do: a missed message in it may
            equal one that was delivered before.
        delivered: What arrived live since the cursor, in order: the newest of it, if it is `truncated`.
        no_echo: What this client published since the cursor, and before the connection was down, so that it does not
            receive it.
        truncated: Whether older ones were delivered that `delivered` does not hold. What is stored before the first
            that is certain counts as delivered then.
        since: The id of a stored message before them, and when it arrived. None: not known.
    """
    unheard = frozenset(no_echo)
    found = _Work(stored, delivered, unheard, Counter()).compare(since)
    certain = True
    if truncated:
        # Nothing is known of the first ones, so it begins with the oldest message that certainly was delivered.
        for first in _only_once(stored, delivered)[:_MAX_BEGINNINGS]:
            later = _Work(stored[first:], delivered, unheard, Counter()).compare(since)
            if stored[first][0] in later.matched:
                found = evolve(later, matched=later.matched | {id_ for id_, _ in stored[:first]})
                break
        # What is given before another one that was delivered, or little behind the first, may have been forgotten.
        here = [id_ in found.matched for id_, _ in stored]
        certain = not stored or (len(found.arrivals) >= _MIN_ARRIVALS and here == sorted(here, reverse=True))
    missing = any(index not in found.arrivals and not one.may_be_known for index, one in enumerate(delivered))
    return evolve(found, exact=found.exact and not missing and certain)


def _only_once(stored: Sequence[Found], delivered: Sequence[Arrived]) -> list[int]:
    """Return the indices of what stands on either side, and once."""
    times = Counter(known_by for _, known_by in stored)
    arrivals = Counter(one.fingerprint for one in delivered)
    return [index for index, (_, known_by) in enumerate(stored) if times[known_by] == 1 == arrivals[known_by]]


@frozen
class _Pair:
    """A stored message and the arrival that equals it."""

    stored: int
    """Its index among the stored ones of its process."""
    arrival: int


class _Work:
    """Compares stored messages with arrivals: as they are, or both from their ends, with their times negative."""

    def __init__(
        self,
        stored: Sequence[Found],
        arrivals: Sequence[Arrived],
        no_echo: frozenset[Fingerprint],
        others: Counter[Fingerprint],
        *,
        mirrored: bool = False,
    ) -> None:
        self._stored = stored
        self._arrivals = arrivals
        self._no_echo = no_echo
        self._sign = -1 if mirrored else 1
        self._stored_times = Counter(known_by for _, known_by in stored)
        self._others = others
        self._arrival_times = Counter(one.fingerprint for one in arrivals) + others
        self._places: defaultdict[Fingerprint, list[int]] = defaultdict(list)
        for index, one in enumerate(arrivals):
            self._places[one.fingerprint].append(index)
        self._matched: dict[bytes, int | None] = {}
        self._exact = True

    def at_s(self, id_: bytes) -> float | None:
        """Return when a stored message arrived, if it is among those that did."""
        index = self._matched.get(id_)
        return None if index is None else self._sign * self._arrivals[index].at_s

    @property
    def arrivals(self) -> dict[bytes, int]:
        """The indices of the arrivals, by the ids of the stored messages that they are."""
        return {id_: index for id_, index in self._matched.items() if index is not None}

    def compare(self, since: tuple[bytes, float] | None) -> Comparison:
        """Compare the messages of each process for itself, for there is no order between them."""
        processes: defaultdict[bytes, list[Found]] = defaultdict(list)
        for one in self._stored:
            processes[process_of(one[0])].append(one)
        for process, stored in processes.items():
            begin = None if since is None or process_of(since[0]) != process else (self._time(since[0]), since[1])
            self._compare(stored, begin)
        return Comparison(
            matched=frozenset(self._matched),
            exact=self._exact,
            arrivals=frozenset(index for index in self._matched.values() if index is not None),
        )

    def _time(self, id_: bytes) -> int:
        return self._sign * stored_s(id_)

    def _compare(self, stored: list[Found], begin: tuple[float, float] | None) -> None:
        pairs, others, strange = self._sort_out(stored)
        spine = [pairs[index] for index in _longest_in_order([pair.arrival for pair in pairs])]
        in_order = frozenset(spine)
        spine = self._in_time(stored, spine, begin, strange)
        strange.sort()
        places = [pair.stored for pair in spine]
        arrivals = [pair.arrival for pair in spine]
        jumped = [0] * (len(spine) + 1)
        for pair in pairs:
            if pair not in in_order:
                self._judge_displaced(stored, pair, spine, (places, arrivals), strange, jumped)
        over = 0
        for rank, pair in enumerate(spine):
            over += jumped[rank]
            disorder = over + bisect_left(strange, pair.stored)
            self._decide(stored, pair, disorder, len(spine) - rank - 1)
        for index in others:
            self._judge_repeated(stored, index, (places, arrivals), strange)

    def _sort_out(self, stored: list[Found]) -> tuple[list[_Pair], list[int], list[int]]:
        """Return what stands for one message, then what equals another one, then what did not arrive."""
        pairs: list[_Pair] = []
        others: list[int] = []
        strange: list[int] = []
        for index, (id_, known_by) in enumerate(stored):
            times, arrived = self._stored_times[known_by], self._arrival_times[known_by]
            if known_by in self._no_echo:
                if times == 1 and not arrived:
                    self._matched[id_] = None
                else:
                    # Somebody else may have published one of them.
                    self._exact = False
            elif not arrived:
                strange.append(index)
            elif times == 1 and arrived == 1 and self._places[known_by]:
                pairs.append(_Pair(index, self._places[known_by][0]))
            else:
                others.append(index)
        return pairs, others, strange

    def _in_time(
        self, stored: list[Found], spine: list[_Pair], begin: tuple[float, float] | None, strange: list[int]
    ) -> list[_Pair]:
        """Take away those that are stored too long after the first, and their neighbour, for when they arrived.

        What arrives late, because this machine stood still, is no measure for what is stored after it.
        """
        kept: list[_Pair] = []
        ahead_s = [] if begin is None else [begin[0] - begin[1]]
        for pair in spine:
            one_s = self._time(stored[pair.stored][0]) - self._arrivals[pair.arrival].at_s
            if ahead_s and one_s > max(ahead_s) + DISORDER_S:
                strange.append(pair.stored)
                self._exact = False
            else:
                kept.append(pair)
                ahead_s[1:] = [one_s]
        return kept

    def _judge_displaced(
        self,
        stored: list[Found],
        pair: _Pair,
        spine: list[_Pair],
        places: tuple[list[int], list[int]],
        strange: list[int],
        jumped: list[int],
    ) -> None:
        """Judge a pair that stands in another order than most."""
        by_place, by_arrival = bisect_left(places[0], pair.stored), bisect_left(places[1], pair.arrival)
        time = self._time(stored[pair.stored][0])
        if by_place < by_arrival:
            for change, rank in ((1, by_place), (-1, by_arrival)):
                jumped[rank] += change
            apart = self._time(stored[spine[by_arrival - 1].stored][0]) - time
            disorder = 0
        else:
            apart = time - self._time(stored[spine[by_arrival].stored][0]) if by_arrival < by_place else 0
            disorder = by_place - by_arrival + bisect_left(strange, pair.stored)
        if apart > DISORDER_S:
            self._exact = False
        else:
            self._decide(stored, pair, disorder, len(spine) - by_place)

    def _decide(self, stored: list[Found], pair: _Pair, disorder: int, behind: int) -> None:
        if not disorder or disorder < behind:
            self._matched[stored[pair.stored][0]] = pair.arrival
        else:
            self._exact = False

    def _judge_repeated(
        self, stored: list[Found], index: int, places: tuple[list[int], list[int]], strange: list[int]
    ) -> None:
        """Judge a message that equals others: it arrived if one that did is stored behind it, and one stood there."""
        id_, known_by = stored[index]
        free = self._places[known_by]
        rank = bisect_left(places[0], index)
        behind = len(places[0]) - rank
        low = places[1][rank - 1] if rank else -1
        high = places[1][rank] if behind else len(self._arrivals)
        here = bisect_right(free, low)
        if here == len(free) or free[here] >= high:
            # None arrived in its place: the nearest one before it may be the same.
            here -= 1
        if here < 0 or not behind:
            self._exact = self._exact and not free and not self._others[known_by]
            return
        disorder = bisect_left(strange, index)
        if free[here] <= low:
            jumped = bisect_right(places[1], free[here])
            apart = self._time(id_) - self._time(stored[places[0][jumped]][0])
            disorder += rank - jumped if apart <= DISORDER_S else behind
        if disorder and disorder >= behind:
            self._exact = False
            return
        self._matched[id_] = free.pop(here)


def _longest_in_order(arrivals: Sequence[int]) -> list[int]:
    """Return the indices of a longest rising part; of two neighbours that changed places, that of the later arrival."""
    tops: list[int] = []
    ends: list[int] = []
    following: list[int] = [-1] * len(arrivals)
    for index in range(len(arrivals) - 1, -1, -1):
        rank = bisect_left(tops, -arrivals[index])
        following[index] = ends[rank - 1] if rank else -1
        tops[rank : rank + 1] = [-arrivals[index]]
        ends[rank : rank + 1] = [index]
    found: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append(index)
        index = following[index]
    return found
