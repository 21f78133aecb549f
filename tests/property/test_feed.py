"""A feed against a model of the broker: whatever is lost when, what is stored comes in order, and once where it can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import hypothesis.strategies as st
from attrs import frozen
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from emitter_typed._broker.requests import read_topic
from emitter_typed._broker.storage import Storage, Window
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest, HistoryResponse, StoredItem
from emitter_typed._protocol.message import Gap, StoredMessage
from emitter_typed._protocol.receiving.feed import Feed
from emitter_typed._protocol.receiving.history_query import HistoryQuery
from emitter_typed._protocol.receiving.mailbox import Mailbox
from emitter_typed.errors import ConnectionLost
from tests.helpers.examples import share

CHANNEL = "a/b/"
LONG_S = 1_000_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# Windows of time in which nothing is stored, whatever is stored about them.
EMPTY_WINDOWS = [{"until": datetime(2020, 1, 1, tzinfo=UTC)}, {"since": datetime(2060, 1, 1, tzinfo=UTC)}]


@frozen
class Published:
    """A message; its number is its place among all."""

    number: int
    payload: bytes
    stored: bool
    at: datetime
    no_echo: bool = False
    """Whether it is this client's own, and does not come back."""


# Named functions, as the oldest Hypothesis parses the source of a lambda anew with each step.
def connected(subscriber: Subscriber) -> bool:
    return subscriber.connected


def disconnected(subscriber: Subscriber) -> bool:
    return not subscriber.connected


class Subscriber(RuleBasedStateMachine):
    """Publishes, cuts the connection, answers requests and reads, in any order; payloads are all different."""

    repeats = False

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1_700_000_000
        # Nothing happens at the same moment.
        self.ticks = count()
        self.storage = Storage(lambda: self.now_s)
        self.log: list[Published] = []
        self.read: list[bytes] = []
        self.gaps: list[Gap] = []
        self.read_before_gaps: list[int] = []
        self.granted_at = 0
        self.losses = 0
        self.connected = False
        # What was published without reaching this client: there was no connection, or it was about to break.
        self.unheard: set[int] = set()

    @initialize(
        last=st.integers(0, 4),
        before=st.integers(0, 6),
        window=st.sampled_from([*EMPTY_WINDOWS, None, None]),
        ends=st.sampled_from([False, False, True]),
    )
    def subscribe(self, last: int, before: int, window: dict[str, datetime] | None, ends: bool) -> None:
        self.ends = ends
        self.last = last if window is None else 0
        for _ in range(before):
            self.publish_one(stored=True)
        query = HistoryQuery(
            operation=PROTOCOL.operations["history"],
            arguments=("key", CHANNEL),
            window=window or {},
            wanted=last if window is None else None,
            recover=True,
        )
        mailbox = Mailbox(max_messages=10_000, max_bytes=10**9, overflow="drop_oldest")
        self.feed = Feed(mailbox, query, clock=lambda: self.now_s + next(self.ticks) / 1_000_000)
        self.granted_at = len(self.log)
        self.connected = True
        self.feed.granted()
        self.answer_all()
        assert self.feed.begun

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.now_s)

    def payload(self, number: int, *, stored: bool) -> bytes:
        # What is stored and what is not never look alike: that is what the seam takes for granted.
        return b"%d" % number if not self.repeats else (b"xy"[number % 2 : number % 2 + 1] if stored else b"-")

    def publish_one(self, *, stored: bool) -> Published:
        number = len(self.log)
        one = Published(number, self.payload(number, stored=stored), stored, self.now)
        self.log.append(one)
        if stored:
            self.storage.store(CHANNEL, one.payload, LONG_S)
        return one

    @rule(stored=st.booleans(), times=st.integers(1, 3))
    def publish(self, stored: bool, times: int) -> None:
        for _ in range(times):
            one = self.publish_one(stored=stored)
            if not self.connected:
                self.unheard.add(one.number)
            elif not self.feed.put_all([(CHANNEL, one.payload)]):
                self.feed.put((CHANNEL, one.payload))

    @rule(stored=st.booleans())
    @precondition(connected)
    def published_without_echo(self, stored: bool) -> None:
        one = Published(len(self.log), b"own %d" % len(self.log), stored, self.now, no_echo=True)
        self.log.append(one)
        self.feed.published_without_echo((CHANNEL, one.payload))
        if stored:
            self.storage.store(CHANNEL, one.payload, LONG_S)

    @rule()
    def time_passes(self) -> None:
        self.now_s += 1

    @rule(unheard=st.integers(0, 2))
    @precondition(connected)
    def lose(self, unheard: int) -> None:
        for _ in range(unheard):
            self.unheard.add(self.publish_one(stored=True).number)
        self.connected = False
        self.losses += 1
        self.feed.lost(self.now)
        self.feed.failed(ConnectionLost("the cable was cut"), NOW)

    @rule()
    @precondition(disconnected)
    def restore(self) -> None:
        self.connected = True
        self.feed.restored(self.now)

    @rule(stored=st.booleans(), times=st.integers(0, 3))
    def answer(self, stored: bool = True, times: int = 0) -> None:
        """Answer a request; messages may arrive between the page and its acknowledgement."""
        wanted = self.feed.next_request()
        if wanted is None:
            return
        assert self.connected
        _, request = wanted
        assert isinstance(request, HistoryRequest)
        asked = read_topic(request.topic)
        found = self.storage.find(asked.channel, Window.of(asked), request.after)
        items = [StoredItem(id=one.identifier, channel=one.channel, payload=one.payload) for one in found]
        self.feed.page_arrived()
        self.publish(stored, times)
        self.feed.answer(HistoryResponse(messages=tuple(items)))

    @rule()
    def lose_the_answer(self) -> None:
        if self.connected and self.feed.next_request() is not None:
            self.lose(0)

    @rule(times=st.integers(1, 5))
    def take(self, times: int) -> None:
        for _ in range(times):
            item = self.feed.take()
            if isinstance(item, Gap):
                self.gaps.append(item)
                self.read_before_gaps.append(len(self.read))
            elif isinstance(item, StoredMessage):
                self.read.append(item.as_binary())
            elif item is not None:
                self.read.append(item[1])

    def answer_all(self) -> None:
        while self.feed.has_request:
            self.answer()

    def read_all(self) -> None:
        while True:
            before = len(self.read), len(self.gaps)
            self.take(10)
            self.answer_all()
            if (len(self.read), len(self.gaps)) == before and not self.feed.has_request and not self.feed.waiting:
                return

    def teardown(self) -> None:
        if self.ends:
            self.feed.end(self.now)
            self.read_all()
            self.check_end()
            return
        if not self.connected:
            self.restore()
        self.read_all()
        self.check()

    def expected(self) -> list[bytes]:
        """The last ones before, then all that was stored since or arrived."""
        first = [one.payload for one in self.log[: self.granted_at] if one.stored]
        since = [
            one.payload
            for one in self.log[self.granted_at :]
            if not one.no_echo and (one.stored or one.number not in self.unheard)
        ]
        return first[len(first) - self.last if self.last < len(first) else 0 :] + since

    def check_end(self) -> None:
        """What is missing before a message that was read is named by a gap that was read before it, too."""
        at = {one.payload: one.at for one in self.log if one.stored}
        left = [each for each in self.expected() if each in at]
        for place, payload in enumerate(self.read):
            if payload not in at:
                continue
            while (missing := left.pop(0)) != payload:
                assert any(
                    before <= place and not gap.recovered and gap.since <= at[missing] <= gap.until
                    for before, gap in zip(self.read_before_gaps, self.gaps, strict=True)
                )

    def check(self) -> None:
        stored = {one.payload for one in self.log if one.stored}
        assert sorted(self.read) == sorted(self.expected()), "all of it, and nothing twice"
        assert [each for each in self.read if each in stored] == [each for each in self.expected() if each in stored]
        if all(one.stored for one in self.log[self.granted_at :]):
            assert all(gap.recovered and gap.exact for gap in self.gaps)
        # Losses that the reader has not seen one by one are one gap to him.
        assert bool(self.losses) <= len(self.gaps) <= self.losses
        assert all(gap.since <= gap.until for gap in self.gaps)


class Doubter(Subscriber):
    """The same with payloads that repeat: what cannot be told apart may come again, and says so, but never lacks."""

    repeats = True

    def check_end(self) -> None:
        """Nothing tells which of equal messages is missing."""

    def check(self) -> None:
        missing = list(self.expected())
        for payload in self.read:
            if payload in missing:
                missing.remove(payload)
        assert not missing, "nothing lacks"
        if len(self.read) > len(self.expected()):
            assert not all(gap.exact for gap in self.gaps), "who gives something twice says so"


TestSubscriber = Subscriber.TestCase
TestSubscriber.settings = settings(max_examples=share(200), stateful_step_count=40)
TestDoubter = Doubter.TestCase
TestDoubter.settings = settings(max_examples=share(200), stateful_step_count=40)
