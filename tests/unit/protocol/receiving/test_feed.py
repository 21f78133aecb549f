"""What a subscription gives, where chance alone would rarely find the case."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from emitter_typed._broker.requests import read_topic
from emitter_typed._broker.storage import MAX_FOUND_BYTES, Storage, Window
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest, HistoryResponse, StoredItem
from emitter_typed._protocol.message import Gap
from emitter_typed._protocol.receiving.feed import Feed
from emitter_typed._protocol.receiving.history_query import HistoryQuery
from emitter_typed._protocol.receiving.mailbox import Mailbox, Overflow
from emitter_typed.contract import Record
from emitter_typed.errors import BrokerError, ConnectionLost, ReplyMissing

CHANNEL = "a/b/"
BEGIN_S = 1_700_000_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Subscriber:
    """A feed with a storage beside it."""

    def __init__(
        self,
        *,
        max_messages: int = 1_000,
        max_bytes: int = 100,
        overflow: Overflow = "drop_oldest",
        window: Mapping[str, int] | None = None,
        stored: Mapping[int, bytes] | None = None,
        query: HistoryQuery | Literal[False] | None = None,
    ) -> None:
        """Make one whose window, and what is stored, is so many seconds after the beginning.

        Its query recovers, unless another one is given; False: none.
        """
        self.now_s = BEGIN_S
        self.storage = Storage(lambda: self.now_s)
        for at_s, payload in (stored or {}).items():
            self.now_s = BEGIN_S + at_s
            self.storage.store(CHANNEL, payload, 1_000_000)
        self.now_s = BEGIN_S
        recovering = HistoryQuery(
            operation=PROTOCOL.operations["history"],
            arguments=("key", CHANNEL),
            window={name: datetime.fromtimestamp(BEGIN_S + at_s, UTC) for name, at_s in (window or {}).items()},
            wanted=0 if window is None else None,
            recover=True,
        )
        mailbox = Mailbox(max_messages=max_messages, max_bytes=max_bytes, overflow=overflow)
        self.requests = 0
        # Where this machine stands still, no time passes: the storage's clock stands as well.
        self.clock_s = 0.0
        self.feed = Feed(mailbox, recovering if query is None else query or None, clock=lambda: self.clock_s)
        self.feed.granted()

    def publish(self, *payloads: bytes, arrives: bool = True) -> None:
        for payload in payloads:
            self.storage.store(CHANNEL, payload, 1_000_000)
            if arrives and not self.feed.put_all([(CHANNEL, payload)]):
                self.feed.put((CHANNEL, payload))

    def publish_without_echo(self, payload: bytes) -> None:
        self.storage.store(CHANNEL, payload, 1_000_000)
        self.feed.published_without_echo((CHANNEL, payload))

    def answer(self, *between: bytes) -> None:
        """Answer all requests; some messages arrive between the first page and its acknowledgement."""
        while (wanted := self.feed.next_request()) is not None:
            self.answer_one(wanted[1], *between)
            between = ()

    def answer_one(self, request: Record, *between: bytes) -> None:
        """Answer a request; some messages arrive between the page and its acknowledgement."""
        self.requests += 1
        assert isinstance(request, HistoryRequest)
        asked = read_topic(request.topic)
        found = self.storage.find(asked.channel, Window.of(asked), request.after)
        if sum(len(b64encode(one.payload)) for one in found) > MAX_FOUND_BYTES:
            self.feed.failed(ReplyMissing("history"), NOW)
            return
        items = [StoredItem(id=one.identifier, channel=one.channel, payload=one.payload) for one in found]
        self.feed.page_arrived()
        self.publish(*between)
        self.feed.answer(HistoryResponse(messages=tuple(items)))

    def lose(self, *missed: bytes) -> None:
        self.feed.lost(NOW)
        self.publish(*missed, arrives=False)
        self.feed.restored(NOW)

    def events(self) -> Iterator[bytes | Gap]:
        """Read all that there is: payloads, and gaps."""
        while True:
            item = self.feed.take()
            if isinstance(item, Gap):
                yield item
            elif item is not None:
                yield item[1] if isinstance(item, tuple) else item.as_binary()
            elif self.feed.has_request:
                self.answer()
            else:
                return

    def read(self) -> list[bytes | bool]:
        """Read all that there is: payloads, and of a gap whether it is exact."""
        return [each.exact if isinstance(each, Gap) else each for each in self.events()]


def newest(wanted: int, *, recover: bool = False) -> HistoryQuery:
    """The query for so many stored messages, without a window."""
    return HistoryQuery(
        operation=PROTOCOL.operations["history"],
        arguments=("key", CHANNEL),
        window={},
        wanted=wanted,
        recover=recover,
    )


def test_what_arrives_between_a_page_and_its_acknowledgement_is_not_taken_for_stored_before_it() -> None:
    subscriber = Subscriber()
    subscriber.publish(b"1")
    subscriber.answer(b"2")
    subscriber.publish(b"3")
    subscriber.lose(b"4")
    assert subscriber.read() == [b"1", b"2", b"3", True, b"4"]


def test_the_same_where_the_cursor_is_moved_on() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    for number in range(5_000):
        subscriber.publish(b"%d" % number)
        between = [b"between"] if subscriber.feed.has_request else []
        subscriber.answer(*between)
        assert subscriber.read() == [b"%d" % number, *between]
    subscriber.lose(b"missed")
    assert subscriber.read() == [True, b"missed"]


@pytest.mark.parametrize(
    ("delivered", "kept", "missed", "recovered"),
    [
        # Their publisher was cut off as well before they were acknowledged, and sent all of them again.
        ([b"1"], True, [b"1"], True),
        ([b"1", b"2"], True, [b"1", b"2", b"3"], True),
        ([b"1", b"2"], True, [b"1", b"2", b"1", b"2"], True),
        ([b"ON", b"OFF", b"ON"], True, [b"OFF", b"ON"], True),
        # What was delivered is gone, or part of it, and others equal the rest.
        ([b"1"], False, [b"2"], False),
        ([b"1"], False, [b"2", b"1", b"1"], False),
        ([b"1", b"2"], False, [b"2", b"2"], False),
        ([b"1", b"2"], False, [b"2", b"1", b"2", b"1"], False),
        ([b"1", b"2"], False, [b"1", b"1"], False),
        ([b"1"], False, [], False),
    ],
)
def test_a_loss_right_after_the_first_messages_is_recovered_if_they_are_still_stored(
    delivered: list[bytes], kept: bool, missed: list[bytes], recovered: bool
) -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.publish(*delivered)
    # The connection is lost before it can be asked what of them is stored.
    if not kept:
        subscriber.storage = Storage(lambda: 1_700_000_000)
    subscriber.lose(*missed)
    gap, *_ = [each for each in subscriber.events() if isinstance(each, Gap)]
    assert gap.recovered is recovered
    # In doubt, they come again.
    assert not gap.exact


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest"])
def test_a_full_queue_at_a_gap_repeats_nothing(overflow: Overflow) -> None:
    """The oldest come from what is stored; the newest, and what is too large, are lost, though they are stored too."""
    subscriber = Subscriber(max_messages=3, overflow=overflow)
    subscriber.answer()
    subscriber.lose(b"missed")
    subscriber.publish(*(b"%d" % number for number in range(4)), b"x" * 200, b"4")
    came = range(5) if overflow == "drop_oldest" else range(3)
    assert subscriber.read() == [True, b"missed", *(b"%d" % number for number in came)]
    subscriber.publish(b"live")
    subscriber.lose(b"missed, too")
    assert subscriber.read() == [b"live", True, b"missed, too"]


@pytest.mark.parametrize(("status", "told"), [(401, False), (429, True), (500, True)])
def test_what_keeps_stored_messages_from_coming_first_is_told_unless_the_key_may_not_load(
    status: int, told: bool
) -> None:
    """A subscribe for which the broker sends them itself says nothing of a key that may not."""
    query = newest(5)
    feed = Feed(Mailbox(max_messages=10, max_bytes=100, overflow="drop_oldest"), query)
    feed.granted()
    assert feed.next_request() is not None
    error = BrokerError(status, "no", "history")
    assert feed.failed(error, NOW) is (error if told else None)
    assert feed.started
    assert feed.failure is None


@pytest.mark.parametrize(("jump_s", "since_s", "until_s"), [(0, 0, 60), (3_600, 0, 3_660), (-3_600, -3_600, -3_540)])
def test_a_gap_is_as_long_as_it_was_if_the_time_of_day_is_set_meanwhile(
    jump_s: int, since_s: int, until_s: int
) -> None:
    """A program asks for the history of that time, which begins before it ends."""
    clock_s = 5.0
    feed = Feed(Mailbox(max_messages=5, max_bytes=100, overflow="fail"), None, clock=lambda: clock_s)
    feed.granted()
    feed.lost(NOW)
    for _ in range(2):
        clock_s += 30
        feed.restored(NOW + timedelta(seconds=clock_s - 5 + jump_s))
        feed.lost(NOW + timedelta(seconds=clock_s - 5 + jump_s))
    feed.restored(NOW + timedelta(seconds=60 + jump_s))
    gap = feed.take()
    assert isinstance(gap, Gap)
    assert gap.since == NOW + timedelta(seconds=since_s)
    assert gap.until == NOW + timedelta(seconds=until_s)


def test_a_gap_that_cannot_be_filled_is_as_long_as_it_was() -> None:
    clock_s = 5.0
    query = newest(0, recover=True)
    feed = Feed(Mailbox(max_messages=5, max_bytes=100, overflow="fail"), query, clock=lambda: clock_s)
    feed.granted()
    while feed.next_request() is not None:
        feed.page_arrived()
        feed.answer(HistoryResponse(messages=()))
    feed.lost(NOW)
    clock_s += 60
    feed.restored(NOW - timedelta(hours=1))
    assert feed.take() is None
    assert feed.next_request() is not None
    assert feed.failed(BrokerError(401, "no", operation="history"), NOW - timedelta(hours=1)) is not None
    gap = feed.take()
    assert isinstance(gap, Gap)
    assert not gap.recovered
    assert gap.until - gap.since == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("window", "stored", "first"),
    [
        ({"until": -60}, {}, []),
        ({"until": -60}, {-90: b"in", -30: b"later"}, [b"in"]),
        ({"since": -120, "until": -60}, {-30: b"later"}, []),
        ({"since": -60}, {-90: b"earlier"}, []),
        ({"since": -60}, {-90: b"earlier", -30: b"in"}, [b"in"]),
        # The clock of this machine is ahead of the broker's.
        ({"since": 60}, {-90: b"earlier"}, []),
    ],
)
def test_a_window_of_time_bounds_what_comes_first_and_not_what_is_missed_later(
    window: dict[str, int], stored: dict[int, bytes], first: list[bytes]
) -> None:
    subscriber = Subscriber(window=window, stored=stored)
    subscriber.answer()
    assert subscriber.feed.begun
    assert subscriber.read() == first
    subscriber.lose(b"missed")
    assert subscriber.read() == [True, b"missed"]
    subscriber.publish(b"live")
    subscriber.lose(b"missed, too")
    assert subscriber.read() == [b"live", True, b"missed, too"]


def test_what_is_missed_before_it_is_known_what_is_stored_is_not_said_to_be_recovered() -> None:
    subscriber = Subscriber(window={"until": -60})
    feed = subscriber.feed
    assert feed.next_request() is not None
    feed.page_arrived()
    feed.answer(HistoryResponse(messages=()))
    assert feed.next_request() is not None
    assert (feed.started, feed.begun) == (True, False)
    feed.lost(NOW)
    feed.failed(ConnectionLost("cut"), NOW)
    assert feed.begun
    subscriber.publish(b"missed", arrives=False)
    feed.restored(NOW)
    [gap] = subscriber.events()
    assert isinstance(gap, Gap)
    assert (gap.recovered, gap.exact) == (False, False)
    subscriber.answer()
    subscriber.lose(b"missed, too")
    assert subscriber.read() == [True, b"missed, too"]


def test_less_is_asked_for_until_it_fits_where_it_begins() -> None:
    feed = Subscriber(window={"until": -60}).feed
    assert feed.next_request() is not None
    feed.page_arrived()
    feed.answer(HistoryResponse(messages=()))
    asked: list[int | None] = []
    while (wanted := feed.next_request()) is not None:
        assert isinstance(wanted[1], HistoryRequest)
        asked.append(read_topic(wanted[1].topic).number("last"))
        feed.failed(ReplyMissing("history"), NOW)
    assert asked == [64, 32, 16, 8, 4, 2, 1]
    assert feed.begun


def test_only_what_is_stored_since_the_last_messages_is_looked_at_after_a_loss_if_few_of_them_fit_a_reply() -> None:
    """Of messages of 2,000 bytes, no reply holds the 64 newest."""
    subscriber = Subscriber(max_bytes=10_000, stored={-200 + number: b"x" * 2_000 for number in range(100)})
    subscriber.answer()
    for number in range(10):
        subscriber.now_s += 10
        subscriber.publish(b"%02000d" % number)
        assert list(subscriber.events()) == [b"%02000d" % number]
    before = subscriber.requests
    subscriber.lose(b"missed")
    assert subscriber.read() == [True, b"missed"]
    assert subscriber.requests - before < 10


def test_what_arrives_before_the_first_page_takes_no_place_among_the_newest_that_were_asked_for() -> None:
    subscriber = Subscriber(query=newest(1), stored={-2: b"older", -1: b"newest"})
    subscriber.publish(b"1", b"2")
    subscriber.publish_without_echo(b"own")
    subscriber.publish_without_echo(b"own, too")
    wanted = subscriber.feed.next_request()
    assert wanted is not None
    subscriber.answer_one(wanted[1])
    assert not subscriber.feed.begun
    subscriber.answer()
    assert subscriber.read() == [b"newest", b"1", b"2"]


def test_what_arrives_before_a_page_that_is_asked_for_again_is_not_repeated() -> None:
    """A page that took two seconds is not used."""
    subscriber = Subscriber(query=newest(5), stored={-1: b"1"})
    wanted = subscriber.feed.next_request()
    assert wanted is not None
    subscriber.clock_s += 2.0
    subscriber.answer_one(wanted[1])
    subscriber.publish(b"2")
    subscriber.answer()
    assert subscriber.read() == [b"1", b"2"]


def test_what_was_published_without_echo_about_a_gap_that_could_not_be_filled_does_not_come_back() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.feed.lost(NOW)
    subscriber.publish_without_echo(b"own")
    subscriber.feed.lost(NOW)
    subscriber.publish_without_echo(b"own, too")
    subscriber.feed.restored(NOW)
    assert subscriber.feed.take() is None
    assert subscriber.feed.next_request() is not None
    subscriber.feed.failed(BrokerError(500, "no", "history"), NOW)
    subscriber.lose(b"missed")
    assert [each for each in subscriber.events() if isinstance(each, bytes)] == [b"missed"]


def test_a_subscription_begins_again_if_the_connection_is_lost_before_the_first_page() -> None:
    """What arrived, or was published, before the second subscribe is stored before it."""
    subscriber = Subscriber(query=newest(2), stored={-1: b"older"})
    subscriber.publish(b"arrived")
    subscriber.publish_without_echo(b"own")
    assert subscriber.feed.next_request() is not None
    subscriber.feed.lost(NOW)
    assert subscriber.feed.failed(ConnectionLost("cut"), NOW) is None
    assert subscriber.feed.failure is None
    subscriber.publish(b"missed", arrives=False)
    subscriber.feed.restored(NOW)
    subscriber.publish(b"live")
    subscriber.answer()
    assert subscriber.read() == [b"own", b"missed", b"live"]
    subscriber.feed.end(NOW)
    assert subscriber.feed.failure is None


def test_a_subscription_that_ends_before_it_began_says_what_kept_it_from_that() -> None:
    lost = ConnectionLost("cut")
    feed = Subscriber().feed
    assert feed.next_request() is not None
    feed.lost(NOW)
    feed.failed(lost, NOW)
    feed.end(NOW)
    assert feed.failure is lost


def test_a_loss_between_two_pages_of_what_was_missed_loses_nothing() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.feed.lost(NOW)
    missed = [b"%d" % number for number in range(300)]
    for payload in missed:
        subscriber.now_s += 1
        subscriber.publish(payload, arrives=False)
    subscriber.feed.restored(NOW)
    assert subscriber.feed.take() is None
    wanted = subscriber.feed.next_request()
    assert wanted is not None
    subscriber.answer_one(wanted[1])
    assert subscriber.feed.has_request
    subscriber.lose(b"missed, too")
    assert subscriber.read() == [True, *missed, b"missed, too"]


def test_what_arrives_between_two_pages_of_what_was_missed_is_not_taken_for_an_equal_message_of_the_first() -> None:
    subscriber = Subscriber(max_bytes=10_000)
    subscriber.answer()
    subscriber.publish(b"before")
    assert subscriber.read() == [b"before"]
    subscriber.feed.lost(NOW)
    missed = [*(b"%d" % number for number in range(300)), b"ON"]
    for payload in missed:
        subscriber.now_s += 1
        subscriber.publish(payload, arrives=False)
    subscriber.feed.restored(NOW)
    assert subscriber.feed.take() is None
    wanted = subscriber.feed.next_request()
    assert wanted is not None
    subscriber.answer_one(wanted[1])
    subscriber.publish(b"ON")
    assert [each for each in subscriber.events() if isinstance(each, bytes)] == [*missed, b"ON"]


def test_what_was_fetched_comes_though_the_connection_is_lost_twice_before_it_is_read() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.lose(b"1", b"2")
    assert subscriber.feed.take() is None
    subscriber.answer()
    subscriber.lose(b"3")
    subscriber.lose(b"4")
    assert subscriber.read() == [True, b"1", b"2", True, b"3", b"4"]


def test_what_equals_a_message_that_was_published_without_echo_before_a_loss_is_another_one_after_the_next() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.feed.lost(NOW)
    subscriber.publish_without_echo(b"ON")
    subscriber.lose()
    assert subscriber.read() == [True]
    subscriber.lose(b"ON")
    assert subscriber.read() == [True, b"ON"]


def test_no_page_is_asked_for_while_there_is_no_connection() -> None:
    subscriber = Subscriber(query=newest(300), stored={number - 400: b"%d" % number for number in range(400)})
    wanted = subscriber.feed.next_request()
    assert wanted is not None
    subscriber.answer_one(wanted[1])
    subscriber.feed.lost(NOW)
    assert not subscriber.feed.has_request
    subscriber.feed.restored(NOW)
    assert subscriber.read() == [*(b"%d" % number for number in range(100, 400)), False]


def test_a_reader_may_begin_if_the_connection_is_lost_before_the_newest_could_be_asked_for() -> None:
    subscriber = Subscriber(window={"until": -60})
    wanted = subscriber.feed.next_request()
    assert wanted is not None
    subscriber.answer_one(wanted[1])
    before = subscriber.feed.begun
    subscriber.feed.lost(NOW)
    assert (before, subscriber.feed.begun) == (False, True)


def test_what_a_full_queue_refuses_after_a_page_is_no_evidence_of_what_is_in_that_page() -> None:
    subscriber = Subscriber(max_messages=3, overflow="drop_newest")
    subscriber.answer()
    subscriber.lose(b"missed")
    subscriber.publish(b"0", b"1", b"2")
    assert subscriber.feed.take() is None
    subscriber.answer(b"refused")
    assert subscriber.read() == [True, b"missed", b"0", b"1", b"2"]


def test_a_slow_reader_of_what_came_first_does_not_keep_the_cursor_from_moving_on() -> None:
    subscriber = Subscriber(window={"since": -60}, stored={-50: b"first"})
    subscriber.answer()
    subscriber.publish(b"1", b"2", b"3", b"4")
    assert subscriber.feed.has_request


@pytest.mark.parametrize("restored", [True, False])
@pytest.mark.parametrize("recover", [True, False])
def test_at_its_end_a_loss_is_a_gap_before_what_arrived_since(recover: bool, restored: bool) -> None:
    """A reader must not take what waits behind it for all that there was."""
    subscriber = Subscriber() if recover else Subscriber(query=False)
    subscriber.answer()
    subscriber.publish(b"1")
    subscriber.lose(b"missed")
    subscriber.publish(b"2")
    if not restored:
        subscriber.feed.lost(NOW)
    end = NOW + timedelta(minutes=1)
    subscriber.feed.end(end)
    subscriber.feed.lost(end)
    until = NOW if restored else end
    gap = Gap(recovered=False, since=NOW, until=until, count=0, exact=False)
    assert list(subscriber.events()) == [b"1", gap, b"2"]
    assert not subscriber.feed.has_request


def test_at_its_end_a_gap_for_which_a_reader_waits_is_told_once() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.lose(b"missed")
    subscriber.publish(b"1")
    assert subscriber.feed.take() is None
    subscriber.feed.end(NOW)
    assert list(subscriber.events()) == [Gap(recovered=False, since=NOW, until=NOW, count=0, exact=False), b"1"]


def test_at_its_end_what_was_fetched_can_still_be_read() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.lose(b"missed")
    subscriber.publish(b"1")
    assert subscriber.feed.take() is None
    subscriber.answer()
    subscriber.feed.end(NOW)
    assert subscriber.feed.waiting == 3
    assert subscriber.read() == [True, b"missed", b"1"]


def test_at_its_end_a_loss_is_no_gap_if_nothing_arrived_since() -> None:
    subscriber = Subscriber()
    subscriber.answer()
    subscriber.publish(b"1")
    subscriber.feed.lost(NOW)
    subscriber.feed.end(NOW)
    assert list(subscriber.events()) == [b"1"]


def test_at_its_end_stored_messages_that_were_not_fetched_are_a_gap_before_what_is_live() -> None:
    subscriber = Subscriber(query=newest(300), stored={number - 400: b"%d" % number for number in range(400)})
    feed = subscriber.feed
    # The first page; the rest is asked for as it is needed.
    wanted = feed.next_request()
    assert wanted is not None
    subscriber.answer_one(wanted[1])
    assert feed.begun
    subscriber.publish(b"live")
    feed.end(NOW)
    gap, *rest = subscriber.events()
    assert gap == Gap(recovered=False, since=NOW, until=NOW, count=0, exact=False)
    assert rest == [b"live"]


@pytest.mark.parametrize(("window", "recover"), [({}, True), ({"until": NOW}, False)])
def test_nothing_more_is_asked_for_where_the_newest_is_found_or_nothing_is_to_be_recovered(
    window: dict[str, object], recover: bool
) -> None:
    query = HistoryQuery(
        operation=PROTOCOL.operations["history"], arguments=("key", CHANNEL), window=window, wanted=5, recover=recover
    )
    feed = Feed(Mailbox(max_messages=5, max_bytes=100, overflow="fail"), query)
    feed.granted()
    assert feed.next_request() is not None
    feed.page_arrived()
    feed.answer(HistoryResponse(messages=()))
    assert feed.begun
    assert feed.next_request() is None
