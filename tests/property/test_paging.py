"""Paging against the broker's storage, while messages are stored and expire: whole, once and in order."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from itertools import count

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from emitter_typed._broker.requests import read_topic
from emitter_typed._broker.storage import MAX_FOUND_BYTES, Storage, Window
from emitter_typed._broker.storage import StoredMessage as Stored
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.receiving.stored_ids import process_of
from emitter_typed.errors import ReplyMissing
from tests.helpers.examples import share

LONG_S = 1_000_000
# Two of them fit a packet, so that there is always room for the message by which pages overlap.
PAYLOAD_BYTES = st.sampled_from([1, 5_000, 12_000, 20_000])
# Of the largest of these, no two do.
MORE_PAYLOAD_BYTES = PAYLOAD_BYTES | st.just(34_000)
MOMENTS = st.lists(st.sampled_from([0, 1, 2]), min_size=40, max_size=40)


class History:
    """A broker's storage, and a clock that goes on between two requests."""

    def __init__(self, moments: list[int]) -> None:
        self.now_s = 1_700_000_000
        self.storage = Storage(lambda: self.now_s)
        self.moments = iter(moments)
        self.at_first: list[bytes] = []
        """What was stored when the first page came, oldest first."""
        self._numbers = count()

    def store(self, size_bytes: int, ttl_s: int) -> None:
        number = next(self._numbers)
        if number % 4 == 0:
            # Another channel's messages lie between them.
            self.storage.store("a/c/", b"elsewhere", LONG_S)
        self.storage.store("a/b/", b"%d " % number + b"x" * size_bytes, ttl_s)

    def stored(self) -> list[bytes]:
        """What is stored now, oldest first."""
        return [message.payload for message in self._stored()]

    def ids(self) -> list[bytes]:
        """The ids of what is stored now, oldest first."""
        return [message.identifier for message in self._stored()]

    def _stored(self) -> list[Stored]:
        found: list[Stored] = []
        while page := self.storage.find("a/b/", Window(last=1), found[-1].identifier if found else None):
            found += page
        return found[::-1]

    def goes_on(self) -> None:
        """Time passes, and something is published."""
        passed_s = next(self.moments, 0)
        self.now_s += passed_s
        if passed_s:
            self.store(1, LONG_S)

    def answer(self, pager: Pager) -> None:
        request = pager.request()
        assert isinstance(request, HistoryRequest)
        asked = read_topic(request.topic)
        items = [
            {
                "id": b64encode(one.identifier).decode(),
                "channel": one.channel,
                "payload": b64encode(one.payload).decode(),
            }
            for one in self.storage.find(asked.channel, Window.of(asked), request.after)
        ]
        reply = json.dumps({"messages": items}).encode()
        if len(reply) > MAX_FOUND_BYTES:
            pager.shrink(ReplyMissing("history"))
        else:
            self.at_first = self.at_first or self.stored()
            pager.take(codec.decode(reply, PROTOCOL.requests["history"].response))

    def read(self, pager: Pager) -> Iterator[StoredMessage]:
        requests = 0
        while not pager.done:
            requests += 1
            assert requests < 1_000, "it goes on for ever"
            self.answer(pager)
            self.goes_on()
            yield from pager.ready()


def pager(*, behind: dict[bytes, bytes] | None = None, max_held_bytes: int, **options: object) -> Pager:
    operation = PROTOCOL.operations["history"]
    return Pager(operation, ("key", "a/b/"), (), options, behind=behind, max_held_bytes=max_held_bytes)


def newest(messages: list[bytes], last: int | None) -> list[bytes]:
    return messages if last is None else messages[max(len(messages) - last, 0) :]


@settings(max_examples=share(100))
@given(
    st.lists(st.tuples(MORE_PAYLOAD_BYTES, st.sampled_from([0, 0, 0, 1])), max_size=60),
    st.sampled_from([0, 30_000, 1_000_000]),
    st.none() | st.integers(1, 70),
    st.data(),
)
def test_what_is_stored_comes_once_in_order_and_what_is_stored_meanwhile_does_not(
    messages: list[tuple[int, int]], max_held_bytes: int, last: int | None, data: st.DataObject
) -> None:
    history = History(data.draw(MOMENTS))
    for size_bytes, passed_s in messages:
        history.now_s += passed_s
        history.store(size_bytes, LONG_S)
    ids = history.ids()
    known = data.draw(st.integers(0, len(ids)))
    behind = {process_of(ids[known - 1]): ids[known - 1]} if known else None

    asked = pager(behind=behind, max_held_bytes=max_held_bytes, last=last)
    found = [message.payload for message in history.read(asked)]

    assert not asked.incomplete
    stored = dict(zip(history.ids(), history.stored(), strict=True))
    assert [stored[asked.newest]] == history.at_first[-1:] if asked.newest is not None else not history.at_first
    wanted = newest(history.at_first, last)
    assert found == wanted[max(len(wanted) - (len(history.at_first) - known), 0) :]


def test_a_second_of_one_broker_of_which_a_page_holds_a_part_is_not_said_to_be_incomplete() -> None:
    """Its three messages do not fit a page, and the first page holds the newest of them."""
    history = History([0] * 100)
    for size_bytes, passed_s in [(20_000, 1), (12_000, 0), (20_000, 0), (20_000, 1)]:
        history.now_s += passed_s
        history.store(size_bytes, LONG_S)
    asked = pager(max_held_bytes=1_000_000)

    assert [message.payload for message in history.read(asked)] == history.at_first
    assert not asked.incomplete


def test_what_expires_on_the_way_back_takes_nothing_with_it_where_each_message_fills_a_page() -> None:
    history = History([0] * 100)
    for number in range(8):
        history.store(34_000, 3 if number == 5 else LONG_S)
    asked = pager(max_held_bytes=0)
    while asked.walking:
        history.answer(asked)
    history.now_s += 3
    left = history.stored()
    assert len(left) == 7

    found = list(asked.ready())
    assert not asked.done
    found += history.read(asked)

    assert [message.payload for message in found] == left


@pytest.mark.parametrize("pages", range(1, 12))
def test_what_expires_between_two_pages_hides_no_other_where_each_message_fills_a_page(pages: int) -> None:
    history = History([0] * 100)
    for number in range(8):
        history.store(34_000, 3 if number == 5 else LONG_S)
    asked = pager(max_held_bytes=1_000_000)
    for _ in range(pages):
        history.answer(asked)
    history.now_s += 3
    left = history.stored()

    found = [message.payload for message in history.read(asked)]

    assert [payload for payload in found if payload in left] == left


@settings(max_examples=share(100))
@given(
    st.lists(
        st.tuples(MORE_PAYLOAD_BYTES, st.sampled_from([0, 0, 1]), st.sampled_from([3, 9, LONG_S])),
        min_size=20,
        max_size=40,
    ),
    st.sampled_from([0, 30_000, 1_000_000]),
    st.none() | st.integers(1, 70),
    MOMENTS,
)
def test_what_expires_meanwhile_takes_nothing_else_with_it(
    messages: list[tuple[int, int, int]], max_held_bytes: int, last: int | None, moments: list[int]
) -> None:
    history = History(moments)
    for size_bytes, passed_s, ttl_s in messages:
        history.now_s += passed_s
        history.store(size_bytes, ttl_s)

    found: list[bytes] = []
    for message in history.read(pager(max_held_bytes=max_held_bytes, last=last)):
        found.append(message.payload)
        if len(found) % 7 == 0:
            history.goes_on()

    places = [history.at_first.index(payload) for payload in found]
    assert places == sorted(set(places))
    assert last is None or len(found) <= last
    left = set(history.stored())
    assert {payload for payload in newest(history.at_first, last) if payload in left} <= set(found)
