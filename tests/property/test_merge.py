"""The merge point against a model of a broker: connections come and go at any moment, and nothing stored is lost.

The broker stores neighbours of several publishers in another order than it delivers them. Some messages are not stored,
or for a short time. Some are states, which repeat: ON and OFF. What no client can tell is left out of the model: a
state that comes again within the disorder of one that was delivered and is not stored any more.
"""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st
from attrs import define, evolve, frozen
from hypothesis import given, settings

from emitter_typed._protocol.receiving.merge import (
    DISORDER_S,
    Arrived,
    Fingerprint,
    Found,
    find_delivered,
    find_overlap,
)
from emitter_typed._protocol.receiving.recent_deliveries import RecentDeliveries
from emitter_typed._protocol.receiving.stored_ids import CLOCK_BEGINS_S, stored_s
from tests.helpers.examples import share

LONG_S = 1_000_000
PROCESS = b"node"
ON, OFF = -1, -2


@frozen
class Published:
    """A message; its number is its place among all, as they are delivered."""

    number: int
    known_by: Fingerprint
    at_s: int
    expires_s: int
    """0: it was not stored."""
    id_: bytes = b""


@frozen
class Draft:
    """What somebody is about to publish."""

    ttl_s: int
    state: int | None = None
    swaps: bool = False
    """Whether it is stored in the place of the next one, by another publisher."""


@define
class Broker:
    """Everything that was published."""

    log: list[Published]
    now_s: int = CLOCK_BEGINS_S + 1_000

    def publish(self, drafts: Sequence[Draft]) -> list[Published]:
        first = len(self.log)
        numbers = list(range(first, first + len(drafts)))
        place = 0
        while place < len(drafts) - 1:
            if drafts[place].swaps:
                numbers[place], numbers[place + 1] = numbers[place + 1], numbers[place]
                place += 1
            place += 1
        published = [
            Published(
                first + index,
                first + index if one.state is None else one.state,
                self.now_s,
                self.now_s + one.ttl_s if one.ttl_s else 0,
                b"tree"
                + (0xFFFF_FFFF - (self.now_s - CLOCK_BEGINS_S)).to_bytes(4)
                + (0xFFFF_FFFF - numbers[index]).to_bytes(4)
                + PROCESS,
            )
            for index, one in enumerate(drafts)
        ]
        self.log += published
        return published

    def stored(self, since_s: int | None) -> list[Published]:
        """What is stored now, as its ids order it."""
        kept = [one for one in self.log if one.expires_s > self.now_s and one.at_s >= (since_s or 0)]
        return sorted(kept, key=lambda one: one.id_, reverse=True)


@frozen
class Episode:
    """A connection, from the end of the one before."""

    down_s: int
    missed: list[Draft]
    """Published while there is no connection."""
    during: list[Draft]
    """Published between the subscribe and the moment that the history speaks of."""
    late: list[Draft]
    """Published later, and held back all the same."""
    live: list[Draft]
    asks: bool
    """Whether the cursor is moved on behind the live ones."""


class Reader:
    """Follows a channel as a subscription does, and notes the numbers of what it delivers."""

    def __init__(self, broker: Broker, max_messages: int) -> None:
        self.broker = broker
        self.recent = RecentDeliveries(max_messages=max_messages)
        self.delivered: list[int] = []
        self.doubts = 0
        self.repeats = 0
        self.started = False

    def run(self, episode: Episode) -> None:
        self.broker.now_s += episode.down_s
        self.broker.publish(episode.missed)
        # What is missed and what arrives may change places, too.
        during = self.broker.publish(episode.during)
        stored = self.broker.stored(self.recent.since_s)
        late = self.broker.publish(episode.late)
        live = [Arrived(one.known_by, float(one.at_s)) for one in (*during, *late)]
        found: list[Found] = [(one.id_, one.known_by) for one in stored]
        exact = True
        if self.started:
            unknown = [one for one in found if one[0] not in self.recent.known]
            before = self.recent.compare(unknown)
            exact = before.exact
            unknown = [one for one in unknown if one[0] not in before.matched]
        else:
            # Everything comes first.
            unknown, self.started = found, True
        overlap = find_overlap(unknown, live, arrived=len(during))
        missed = {id_ for id_, _ in unknown if id_ not in overlap.matched}
        exact = exact and overlap.exact
        given_now = [one.number for one in stored if one.id_ in missed] + [one.number for one in (*during, *late)]
        repeated = {*given_now} & {*self.delivered} or len(given_now) > len({*given_now})
        assert not (exact and repeated), "who repeats says so"
        self.doubts += not exact
        self.delivered += given_now
        newest = found[-1][0] if found else self.recent.cursor
        again = {known_by for id_, known_by in found if id_ in missed}
        rest = [
            evolve(one, may_be_known=index < len(during) or one.fingerprint in again)
            for index, one in enumerate(live)
            if index not in overlap.arrivals
        ]
        at_s = overlap.newest_at_s if unknown and unknown[-1][0] == newest else None
        self.recent.restart(newest, [id_ for id_, _ in found], rest, arrived_at_s=at_s)
        for one in self.broker.publish(episode.live):
            self.recent.deliver(Arrived(one.known_by, float(one.at_s)))
            self.delivered.append(one.number)
        if episode.asks or self.recent.arrived_at_s is None:
            kept = self.broker.stored(None)
            newest_ones = [(one.id_, one.known_by) for one in kept]
            self.recent.begin(newest_ones, asked_at_s=float(self.broker.now_s), whole=True)


def episodes(drafts: st.SearchStrategy[Draft], down_s: st.SearchStrategy[int]) -> st.SearchStrategy[list[Episode]]:
    several = st.lists(drafts, max_size=6)
    return st.lists(
        st.builds(
            Episode, down_s=down_s, missed=several, during=several, late=several, live=several, asks=st.booleans()
        ),
        min_size=1,
        max_size=4,
    )


TTLS_S = st.sampled_from([0, 3, 10, LONG_S])
# Within the disorder of a loss nobody can tell a state from an equal one that was not stored.
LONGER_S = st.sampled_from([DISORDER_S + 1, 5, 12, 60])
NUMBERS = st.builds(Draft, ttl_s=TTLS_S, swaps=st.booleans())
STATES = st.builds(Draft, ttl_s=TTLS_S, state=st.sampled_from([ON, OFF]), swaps=st.booleans())
END = Episode(down_s=DISORDER_S + 1, missed=[], during=[], late=[], live=[], asks=False)


def has_double(reader: Reader, lost: Published) -> bool:
    """Tell whether an equal message came at about that time and is not stored: nobody can tell the two apart."""
    return any(
        one.known_by == lost.known_by
        and abs(one.at_s - lost.at_s) <= DISORDER_S
        and one.number in reader.delivered
        and one.expires_s <= reader.broker.now_s
        for one in reader.broker.log
    )


def check(course: list[Episode], max_messages: int) -> Reader:
    """Run all episodes and one more; then all that is stored was delivered."""
    reader = Reader(Broker([]), max_messages)
    for episode in (*course, END):
        reader.run(episode)
        missing = [one for one in reader.broker.stored(None) if one.number not in reader.delivered]
        assert all(has_double(reader, one) for one in missing), "no stored message is lost"
    return reader


@settings(max_examples=share(400))
@given(episodes(st.one_of(NUMBERS, STATES), LONGER_S), st.sampled_from([3, 1_000]))
def test_nothing_stored_is_lost_and_repeats_are_told(course: list[Episode], max_messages: int) -> None:
    check(course, max_messages)


@settings(max_examples=share(400))
@given(episodes(NUMBERS, st.sampled_from([0, 0, 1, 4, 11])), st.sampled_from([3, 1_000]))
def test_messages_that_are_all_different_are_lost_at_no_loss(course: list[Episode], max_messages: int) -> None:
    check(course, max_messages)


@settings(max_examples=share(200))
@given(episodes(st.builds(Draft, ttl_s=st.just(LONG_S)), st.sampled_from([0, 0, 1, 4])))
def test_where_all_is_stored_in_order_and_all_different_it_comes_once(course: list[Episode]) -> None:
    reader = check(course, 1_000)

    assert reader.delivered == [one.number for one in reader.broker.log]
    assert not reader.doubts


@settings(max_examples=share(100))
@given(st.lists(st.booleans(), min_size=60, max_size=60), st.integers(0, 20))
def test_neighbours_that_change_places_repeat_no_more_than_the_last_ones(swaps: list[bool], missed: int) -> None:
    broker = Broker([])
    published = broker.publish([Draft(LONG_S, swaps=each) for each in swaps])
    found = [(one.id_, one.known_by) for one in broker.stored(None)]
    heard = published[: len(published) - missed]

    comparison = find_delivered(found, [Arrived(one.known_by, 0.0) for one in heard])

    given_again = {one.id_ for one in heard} - comparison.matched
    assert given_again <= {one.id_ for one in heard[-8:]}
    assert not (comparison.exact and given_again)
    assert not comparison.matched & {one.id_ for one in published[len(heard) :]}


LETTERS = st.lists(st.integers(0, 4), max_size=8)


@settings(max_examples=share(300))
@given(LETTERS, LETTERS, st.sets(st.integers(0, 4), max_size=1), st.integers(0, 8))
def test_what_is_left_out_of_the_stored_ones_arrived_as_often(
    stored: list[Fingerprint], live: list[Fingerprint], no_echo: set[Fingerprint], arrived: int
) -> None:
    """Whatever is alike or not."""
    found = [(b"tree" + bytes(4) + (99 - place).to_bytes(4) + PROCESS, one) for place, one in enumerate(stored)]
    arrivals = [Arrived(one, 0.0) for one in live]

    for comparison in (
        find_overlap(found, arrivals, no_echo=no_echo, arrived=min(arrived, len(live))),
        find_delivered(found, arrivals, no_echo=no_echo),
    ):
        left_out = [one for id_, one in found if id_ in comparison.matched and one not in no_echo]
        assert len(left_out) == len(comparison.arrivals)
        assert sorted(left_out) == sorted(live[index] for index in comparison.arrivals)
    assert all(stored_s(id_) for id_, _ in found)
