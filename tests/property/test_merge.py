"""The seam against a model of the broker: connections come and go at any moment, and nothing that is stored is lost."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st
from attrs import define, frozen
from hypothesis import given, settings

from emitter_typed._protocol.receiving.merge import Fingerprint, RecentDeliveries, find_merge_point, resume

LONG_S = 1_000_000


@frozen
class Published:
    """A message; its number is its place among all."""

    number: int
    letter: Fingerprint
    expires_s: float
    """0: it was not stored."""
    no_echo: bool


@frozen
class Draft:
    """What somebody is about to publish."""

    letter: Fingerprint
    ttl_s: int
    no_echo: bool = False


@define
class Broker:
    """Everything that was published."""

    log: list[Published]
    now_s: int = 0

    def publish(self, drafts: Sequence[Draft], *, own: bool = True) -> list[Published]:
        """Publish, and return it. Without a connection, nothing is this client's own."""
        published = [
            Published(
                len(self.log) + index, one.letter, self.now_s + one.ttl_s if one.ttl_s else 0, one.no_echo and own
            )
            for index, one in enumerate(drafts)
        ]
        self.log += published
        return published

    def stored(self, after: int) -> list[Published]:
        return [one for one in self.log if one.expires_s > self.now_s and one.number > after]


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
    lost: list[Draft]
    """Published before the broker noticed that the connection is gone."""


class Reader:
    """Follows a channel as the seam says, and notes the numbers of what it delivers."""

    def __init__(self, broker: Broker, last: int, max_messages: int, *, knows_arrived: bool) -> None:
        self.broker = broker
        self.last = last
        self.knows_arrived = knows_arrived
        self.recent = RecentDeliveries(max_messages=max_messages)
        self.cursor: int | None = None
        self.delivered: list[int] = []
        # Where in it the seams are that say that they are not exact.
        self.doubts: set[int] = set()
        self.truncated = False

    def run(self, episode: Episode) -> None:
        self.broker.now_s += episode.down_s
        self.broker.publish(episode.missed, own=False)
        during = self.broker.publish(episode.during)
        resumes = self.cursor is not None
        stored = self.fetch(during)
        late = self.broker.publish(episode.late)
        self.deliver_joined(stored, during, late, resumes=resumes)
        for one in self.broker.publish(episode.live):
            self.note(one)
            if not one.no_echo:
                self.delivered.append(one.number)
        for one in self.broker.publish(episode.lost):
            if one.no_echo:
                self.recent.published_without_echo(one.letter)

    def fetch(self, during: list[Published]) -> list[Published]:
        if self.cursor is None:
            self.cursor = -1
            # The newest one is needed even if it is not wanted: the trail begins behind it.
            return self.broker.stored(-1)[-max(self.last, 1) :]
        self.truncated = self.truncated or self.recent.truncated or self.recent.forgetful
        found = self.broker.stored(self.cursor)
        resumption = self.recent.resume([one.letter for one in found])
        if not resumption.exact:
            self.doubts.add(len(self.delivered))
        return found[resumption.first :]

    def deliver_joined(
        self, stored: list[Published], during: list[Published], late: list[Published], *, resumes: bool
    ) -> None:
        live = [one for one in (*during, *late) if not one.no_echo]
        letters = [one.letter for one in live]
        point = find_merge_point(
            [one.letter for one in stored],
            letters,
            no_echo=[one.letter for one in during if one.no_echo],
            arrived=sum(not one.no_echo for one in during) if self.knows_arrived else None,
        )
        if self.last or resumes:
            self.delivered += [one.number for one in stored[: len(stored) - point.overlap]]
        if not point.exact:
            self.doubts.add(len(self.delivered))
        self.delivered += [one.number for one in live]
        assert self.cursor is not None
        before_late = [one.number for one in self.broker.stored(self.cursor) if one not in late]
        self.cursor = max([self.cursor, *before_late])
        self.recent.restart(b"%d" % self.cursor, point, letters, no_echo=[one.letter for one in late if one.no_echo])

    def note(self, one: Published) -> None:
        if one.no_echo:
            self.recent.published_without_echo(one.letter)
        else:
            self.recent.deliver(one.letter)


def drafts(letters: st.SearchStrategy[Draft]) -> st.SearchStrategy[list[Draft]]:
    return st.lists(letters, max_size=5)


def episodes(letters: st.SearchStrategy[Draft], down_s: st.SearchStrategy[int]) -> st.SearchStrategy[list[Episode]]:
    several = drafts(letters)
    return st.lists(
        st.builds(Episode, down_s=down_s, missed=several, during=several, late=several, live=several, lost=several),
        min_size=1,
        max_size=4,
    )


def alike(letter: int, no_echo: bool) -> Draft:
    """One of messages of which all with the same letter are stored, or none is."""
    return Draft(letter, 0 if letter % 3 == 0 else LONG_S, no_echo)


ALIKE = st.builds(alike, st.integers(0, 8), st.booleans())
# These get a letter each.
DISTINCT = st.builds(Draft, letter=st.just(-1), ttl_s=st.sampled_from([0, 3, 10, LONG_S]), no_echo=st.booleans())
TRAILS = st.sampled_from([2, 5, 1_000])
END = Episode(down_s=0, missed=[], during=[], late=[], live=[], lost=[])


def check(reader: Reader, course: list[Episode], subscribed: int) -> None:
    """Run all episodes and one more, and hold what was delivered to what was published since the subscribe."""
    for episode in (*course, END):
        reader.run(episode)
    delivered = reader.delivered
    backwards = {place for place in range(1, len(delivered)) if delivered[place] <= delivered[place - 1]}
    assert backwards <= reader.doubts, "no reversal and no repeat but at a seam that says so"
    wanted = {one.number for one in reader.broker.stored(subscribed - 1) if not one.no_echo}
    assert wanted <= set(delivered), "no stored message is lost"


@settings(max_examples=300)
@given(episodes(ALIKE, st.just(0)), st.integers(0, 12), TRAILS, st.data())
def test_where_equal_messages_are_alike_none_is_lost_and_repeats_are_announced(
    course: list[Episode], last: int, max_messages: int, data: st.DataObject
) -> None:
    broker = Broker([])
    broker.publish(data.draw(drafts(ALIKE)), own=False)
    subscribed = len(broker.log) + len(course[0].missed)
    reader = Reader(broker, last, max_messages, knows_arrived=True)

    check(reader, course, subscribed)


@settings(max_examples=300)
@given(episodes(DISTINCT, st.sampled_from([0, 0, 4, 11])), st.integers(0, 12), TRAILS, st.booleans())
def test_distinct_messages_come_exactly_once_though_stored_ones_expire(
    course: list[Episode], last: int, max_messages: int, knows_arrived: bool
) -> None:
    numbered: list[Episode] = []
    letter = 0
    for episode in course:
        parts: list[list[Draft]] = []
        for part in (episode.missed, episode.during, episode.late, episode.live, episode.lost):
            parts.append([Draft(letter + index, one.ttl_s, one.no_echo) for index, one in enumerate(part)])
            letter += len(part)
        numbered.append(Episode(episode.down_s, *parts))
    broker = Broker([])
    reader = Reader(broker, last, max_messages, knows_arrived=knows_arrived)

    check(reader, numbered, subscribed=len(course[0].missed))

    assert reader.truncated or not reader.doubts


LETTERS = st.lists(st.integers(0, 4), max_size=8)


@settings(max_examples=300)
@given(LETTERS, LETTERS, st.sets(st.integers(0, 4), max_size=1), st.none() | st.integers(0, 8))
def test_what_is_left_out_of_the_stored_ones_is_among_the_live_ones_in_order(
    stored: list[Fingerprint], live: list[Fingerprint], no_echo: set[Fingerprint], arrived: int | None
) -> None:
    """Whatever is alike or not."""
    point = find_merge_point(
        stored, live, no_echo=no_echo, arrived=None if arrived is None else min(arrived, len(live))
    )
    resumption = resume(stored, live, no_echo=no_echo)

    assert is_among([one for one in stored[len(stored) - point.overlap :] if one not in no_echo], live)
    assert is_among([one for one in stored[: resumption.first] if one not in no_echo], live)
    assert 0 <= point.fresh <= len(live)


@settings(max_examples=300)
@given(LETTERS, LETTERS)
def test_joining_and_resuming_are_one_rule_seen_from_two_sides(
    stored: list[Fingerprint], live: list[Fingerprint]
) -> None:
    point = find_merge_point(stored, live)
    resumption = resume(stored[::-1], live[::-1])

    assert (point.overlap, point.exact) == (resumption.first, resumption.exact)


def is_among(part: Sequence[Fingerprint], whole: Sequence[Fingerprint]) -> bool:
    rest = iter(whole)
    return all(one in rest for one in part)
