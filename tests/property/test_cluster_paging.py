"""Paging over several nodes: all that is stored is found, or the seconds that may hold more are named."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections.abc import Iterator

import hypothesis.strategies as st
from attrs import frozen
from hypothesis import example, given, settings

from emitter_typed._broker.requests import read_topic
from emitter_typed._broker.storage import Storage, Window, merged
from emitter_typed._broker.storage import StoredMessage as Stored
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.receiving.stored_ids import process_of, stored_s
from emitter_typed.errors import ReplyMissing

BEGIN_S = 1_700_000_000
TTL_S = 1_000_000
MAX_PACKET_BYTES = 65_536


@frozen
class Burst:
    """What one node stores at once."""

    node: int
    passed_s: int
    """How many seconds after the burst before."""
    count: int
    size_bytes: int


class Nodes:
    """The storages of a cluster, asked through one of them."""

    def __init__(self, warm_up: list[int], *, asked: int, seed: int) -> None:
        """Begin.

        Args:
            warm_up: How many messages each node has stored elsewhere before.
            asked: Which node is asked.
            seed: Of the order in which the other nodes answer.
        """
        self.now_s = BEGIN_S
        self.storages = [Storage(lambda: self.now_s) for _ in warm_up]
        for number, storage in enumerate(self.storages):
            self.begin_process(number, 0)
            for _ in range(warm_up[number]):
                storage.store("w/", b"", 1)
        self.asked = asked
        self.shown: set[bytes] = set()
        """The processes that a reply showed."""
        self._order = random.Random(seed)
        self.leaves: tuple[int, int] | None = None
        """After how many pages a node leaves, and which."""
        self.answered = 0

    def begin_process(self, node: int, number: int) -> None:
        self.storages[node].begin_process(bytes([node, number, 0, 1]))

    def store(self, burst: Burst) -> None:
        self.now_s += burst.passed_s
        for number in range(burst.count):
            self.storages[burst.node].store("a/", b"%d " % number + b"x" * burst.size_bytes, TTL_S)

    def stored(self) -> list[bytes]:
        found: list[bytes] = []
        for storage in self.storages:
            page: list[Stored] = []
            while page := storage.find("a/", Window(last=100), page[0].identifier if page else None):
                page.sort(key=lambda one: one.order, reverse=True)
                found += (one.identifier for one in page)
        return found

    def answer(self, pager: Pager) -> None:
        request = pager.request()
        assert isinstance(request, HistoryRequest)
        topic = read_topic(request.topic)
        window = Window.of(topic)
        gone = None if self.leaves is None or self.answered < self.leaves[0] else self.leaves[1]
        self.answered += 1
        others = [storage for number, storage in enumerate(self.storages) if number not in (self.asked, gone)]
        self._order.shuffle(others)
        nodes = [self.storages[self.asked], *others]
        page = merged([node.find(topic.channel, window, request.after) for node in nodes], window.last)
        items = [
            {
                "id": b64encode(one.identifier).decode(),
                "channel": one.channel,
                "payload": b64encode(one.payload).decode(),
            }
            for one in page
        ]
        reply = json.dumps({"req": 65_535, "messages": items}, separators=(",", ":")).encode()
        if len(reply) + len("emitter/history/") + 2 > MAX_PACKET_BYTES:
            pager.shrink(ReplyMissing("history"))
        else:
            self.shown.update(process_of(one.identifier) for one in page)
            pager.take(codec.decode(reply, PROTOCOL.requests["history"].response))

    def read(self, pager: Pager) -> Iterator[StoredMessage]:
        requests = 0
        while not pager.done:
            requests += 1
            assert requests < 2_000, "it goes on for ever"
            self.answer(pager)
            yield from pager.ready()


def pager(*, max_held_bytes: int, **options: object) -> Pager:
    operation = PROTOCOL.operations["history"]
    return Pager(
        operation, ("key", "a/"), (), options, max_held_bytes=max_held_bytes, max_packet_bytes=MAX_PACKET_BYTES
    )


BURSTS = st.lists(
    st.builds(
        Burst,
        node=st.integers(0, 2),
        passed_s=st.sampled_from([0, 0, 1, 3]),
        count=st.sampled_from([1, 1, 2, 5, 40, 255, 256, 300, 700, 1_000]),
        size_bytes=st.sampled_from([0, 0, 50, 300, 6_000, 20_000, 34_000]),
    ).filter(lambda burst: burst.count * burst.size_bytes < 1_000_000),
    min_size=1,
    max_size=8,
)
WARM_UP = st.lists(st.sampled_from([0, 3, 500]), min_size=3, max_size=3)


@settings(max_examples=30)
@given(
    BURSTS,
    WARM_UP,
    st.integers(0, 2),
    st.none() | st.sampled_from([1, 3, 100, 300, 2_000]),
    st.integers(0, 9),
    st.sampled_from([0, 30_000, 8_000_000, 8_000_000]),
)
def test_what_several_nodes_store_is_found_or_its_second_is_named(
    bursts: list[Burst], warm_up: list[int], asked: int, last: int | None, seed: int, max_held_bytes: int
) -> None:
    nodes = Nodes(warm_up, asked=asked, seed=seed)
    for burst in bursts:
        nodes.store(burst)
    stored = nodes.stored()
    pages = pager(max_held_bytes=max_held_bytes, last=last)

    found = [message.id for message in nodes.read(pages)]

    # What has to be asked for again, because it is too much to be held, may differ in a second that is named.
    held = max_held_bytes > 30_000
    sure = [id_ for id_ in found if held or stored_s(id_) not in pages.incomplete]
    assert len(sure) == len(set(sure))
    assert [stored_s(id_) for id_ in found] == sorted(map(stored_s, found))
    for process in set(map(process_of, sure)):
        mine = [id_ for id_ in sure if process_of(id_) == process]
        assert mine == sorted(mine, key=lambda id_: id_[4:12], reverse=True)
    assert set(found) <= set(stored)
    assert last is None or len(found) <= last
    # What is left out and is newer than something that is given, or would have been given as well.
    enough = last is not None and len(found) == last
    left_out = [id_ for id_ in set(stored) - set(found) if not enough or any(is_newer(id_, one) for one in found)]
    # What no reply shows nobody can know.
    known = [id_ for id_ in left_out if len(nodes.shown) > 1 or process_of(id_) in nodes.shown]
    assert set(map(stored_s, known)) <= set(pages.incomplete)
    if len(set(map(process_of, stored))) == 1:
        assert not pages.incomplete


@settings(max_examples=30)
@example(
    [Burst(node=0, passed_s=0, count=1, size_bytes=0), Burst(node=2, passed_s=0, count=2, size_bytes=34_000)],
    [0, 0, 0],
    [0, 2, 1],
    None,
    0,
    8_000_000,
    1,
)
@example(
    [
        Burst(node=0, passed_s=0, count=2, size_bytes=20_000),
        Burst(node=0, passed_s=0, count=255, size_bytes=0),
        Burst(node=2, passed_s=1, count=1, size_bytes=34_000),
    ],
    [0, 0, 0],
    [0, 2, 1],
    100,
    0,
    30_000,
    1,
)
@given(
    BURSTS,
    WARM_UP,
    st.permutations(range(3)),
    st.none() | st.sampled_from([100, 300, 2_000]),
    st.integers(0, 9),
    st.sampled_from([30_000, 8_000_000]),
    st.integers(0, 3),
)
def test_a_node_that_leaves_between_two_pages_is_missed(
    bursts: list[Burst],
    warm_up: list[int],
    places: list[int],
    last: int | None,
    seed: int,
    max_held_bytes: int,
    pages_before: int,
) -> None:
    asked, leaving, _ = places
    nodes = Nodes(warm_up, asked=asked, seed=seed)
    for burst in bursts:
        nodes.store(burst)
    nodes.leaves = pages_before, leaving
    pages = pager(max_held_bytes=max_held_bytes, last=last)

    found = [message.id for message in nodes.read(pages)]

    enough = last is not None and len(found) == last
    left_out = [
        id_ for id_ in set(nodes.stored()) - set(found) if not enough or any(is_newer(id_, one) for one in found)
    ]
    # What no reply shows nobody can know.
    known = [id_ for id_ in left_out if process_of(id_) in nodes.shown and len(nodes.shown) > 1]
    assert pages.node_missing or set(map(stored_s, known)) <= set(pages.incomplete)


def is_newer(id_: bytes, other: bytes) -> bool:
    """Return whether a message is certainly newer than another one."""
    if stored_s(id_) != stored_s(other):
        return stored_s(id_) > stored_s(other)
    return process_of(id_) == process_of(other) and id_[8:12] < other[8:12]
