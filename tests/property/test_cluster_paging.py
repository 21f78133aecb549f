"""Paging over several nodes: all that is stored is found, or the seconds that may hold more are named."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

import hypothesis.strategies as st
from attrs import frozen
from hypothesis import example, given, settings

from emitter_typed._broker.requests import read_topic
from emitter_typed._broker.storage import LATEST_S, Storage, Window, merged
from emitter_typed._broker.storage import StoredMessage as Stored
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest
from emitter_typed._protocol.message import StoredMessage
from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.receiving.stored_ids import process_of, stored_s
from emitter_typed.errors import ReplyMissing
from tests.helpers.examples import share

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
    restarted: bool = False
    """Whether the node was started again before: it is another process then."""


class Nodes:
    """The storages of a cluster, asked through one of them."""

    def __init__(
        self, warm_up: list[int], *, asked: int, seed: int, clocks_s: tuple[int, int, int] = (0, 0, 0)
    ) -> None:
        """Begin.

        Args:
            warm_up: How many messages each node has stored elsewhere before.
            asked: Which node is asked.
            seed: Of the order in which the other nodes answer.
            clocks_s: By how much the clock of each node is ahead.
        """
        self.now_s = BEGIN_S
        self.storages = [Storage(partial(self._now_s, ahead_s)) for ahead_s in clocks_s]
        self._processes = [0 for _ in warm_up]
        for number, storage in enumerate(self.storages):
            self.begin_process(number)
            for _ in range(warm_up[number]):
                storage.store("w/", b"", 1)
        self.asked = asked
        self.shown: set[bytes] = set()
        """The processes that a reply showed."""
        self._order = random.Random(seed)
        self.leaves: tuple[int, int] | None = None
        """After how many pages a node leaves, and which."""
        self.meanwhile: Mapping[int, Burst] = {}
        """What is stored before a page, counted from 0."""
        self.answered = 0

    def _now_s(self, ahead_s: int) -> int:
        return self.now_s + ahead_s

    def begin_process(self, node: int) -> None:
        self.storages[node].begin_process(bytes([node, self._processes[node], 0, 1]))
        self._processes[node] += 1

    def store(self, burst: Burst) -> None:
        self.now_s += burst.passed_s
        if burst.restarted:
            self.begin_process(burst.node)
        for number in range(burst.count):
            # The filter finds what lies below its channel, too.
            channel = "a/" if number % 3 else "a/b/"
            self.storages[burst.node].store(channel, b"%d " % number + b"x" * burst.size_bytes, TTL_S)

    def stored(self, since_s: int | None = None, until_s: int | None = None) -> list[bytes]:
        """Return what is stored, between two seconds after the first one."""
        found: list[bytes] = []
        for storage in self.storages:
            page: list[Stored] = []
            while page := storage.find("a/", Window(last=100), page[0].identifier if page else None):
                page.sort(key=lambda one: one.order, reverse=True)
                found += (one.identifier for one in page)
        window = range(
            0 if since_s is None else BEGIN_S + since_s, LATEST_S if until_s is None else BEGIN_S + until_s + 1
        )
        return [id_ for id_ in found if stored_s(id_) in window]

    def answer(self, pager: Pager) -> None:
        request = pager.request()
        assert isinstance(request, HistoryRequest)
        topic = read_topic(request.topic)
        window = Window.of(topic)
        if self.answered in self.meanwhile:
            self.store(self.meanwhile[self.answered])
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


BURST = st.builds(
    Burst,
    node=st.integers(0, 2),
    passed_s=st.sampled_from([0, 0, 1, 3]),
    count=st.sampled_from([1, 1, 2, 5, 40, 255, 256, 300, 700, 1_000]),
    size_bytes=st.sampled_from([0, 0, 50, 300, 6_000, 20_000, 34_000]),
    restarted=st.sampled_from([False, False, False, True]),
).filter(lambda burst: burst.count * burst.size_bytes < 1_000_000)
BURSTS = st.lists(BURST, min_size=1, max_size=8)
WARM_UP = st.lists(st.sampled_from([0, 3, 500]), min_size=3, max_size=3)
CLOCKS_S = st.just((0, 0, 0)) | st.tuples(*[st.sampled_from([0, 0, 1, -1, -4])] * 3)
LAST = st.none() | st.sampled_from([1, 2, 3, 100, 255, 256, 257, 300, 907, 908, 909, 2_000])
MAX_HELD_BYTES = st.sampled_from([0, 30_000, 8_000_000, 8_000_000])


def check_order(found: list[bytes]) -> None:
    """Check that nothing comes twice, that seconds come in their order, and each process's messages in theirs."""
    assert len(found) == len(set(found))
    assert [stored_s(id_) for id_ in found] == sorted(map(stored_s, found))
    for process in set(map(process_of, found)):
        mine = [id_ for id_ in found if process_of(id_) == process]
        assert mine == sorted(mine, key=lambda id_: id_[4:12], reverse=True)


def left_out(stored: list[bytes], found: list[bytes], last: int | None, shown: set[bytes]) -> set[int]:
    """Return the seconds of what should have been given and was not, but for what nobody can know of.

    Args:
        stored: What is stored in the window that was asked for.
        found: What was given.
        last: How many, counted from the newest, were asked for.
        shown: The processes that a reply showed.
    """
    given = set(found)
    oldest_s = min(map(stored_s, found), default=LATEST_S)
    seconds: set[int] = set()
    newer = 0
    for second, in_second in sorted(Counter(map(stored_s, stored)).items(), reverse=True):
        for process in set(map(process_of, stored)):
            # Of one second, only what the same process stored before is certainly older.
            mine = [id_ for id_ in stored if stored_s(id_) == second and process_of(id_) == process]
            mine.sort(key=lambda id_: id_[8:12])
            given_last = max((index for index, id_ in enumerate(mine) if id_ in given), default=-1)
            wanted = len(mine) if last is None else last - newer - (in_second - len(mine))
            sure = len(mine) if second > oldest_s else max(given_last, wanted)
            # What no reply shows nobody can know.
            if (len(shown) > 1 or process in shown) and not given.issuperset(mine[: max(sure, 0)]):
                seconds.add(second)
        newer += in_second
    return seconds


@settings(max_examples=share(30))
@example(
    # The first page shows one message of a second, and the page up to that second does not reach back to it.
    bursts=[
        Burst(node=0, passed_s=0, count=6, size_bytes=0),
        Burst(node=0, passed_s=0, count=255, size_bytes=300),
        Burst(node=2, passed_s=1, count=255, size_bytes=0),
    ],
    warm_up=[0, 0, 0],
    clocks_s=(0, 0, 0),
    asked=0,
    window_s=(None, None),
    last=None,
    seed=0,
    max_held_bytes=8_000_000,
)
@example(
    # The second that is larger than a page gives fewer when it is asked for again. What is older than the 300 newest
    # is not owed then.
    bursts=[
        Burst(node=0, passed_s=0, count=4, size_bytes=0),
        Burst(node=1, passed_s=1, count=1, size_bytes=0),
        Burst(node=0, passed_s=0, count=40, size_bytes=6_000),
        Burst(node=0, passed_s=0, count=255, size_bytes=0),
        Burst(node=1, passed_s=0, count=1, size_bytes=0),
    ],
    warm_up=[0, 0, 0],
    clocks_s=(0, 0, 0),
    asked=2,
    window_s=(None, None),
    last=300,
    seed=2,
    max_held_bytes=0,
)
@given(
    bursts=BURSTS,
    warm_up=WARM_UP,
    clocks_s=CLOCKS_S,
    asked=st.integers(0, 2),
    window_s=st.tuples(*[st.none() | st.integers(-1, 8)] * 2),
    last=LAST,
    seed=st.integers(0, 9),
    max_held_bytes=MAX_HELD_BYTES,
)
def test_what_several_nodes_store_is_found_or_its_second_is_named(
    bursts: list[Burst],
    warm_up: list[int],
    clocks_s: tuple[int, int, int],
    asked: int,
    window_s: tuple[int | None, int | None],
    last: int | None,
    seed: int,
    max_held_bytes: int,
) -> None:
    nodes = Nodes(warm_up, asked=asked, seed=seed, clocks_s=clocks_s)
    for burst in bursts:
        nodes.store(burst)
    since_s, until_s = window_s
    if since_s is not None and until_s is not None:
        since_s, until_s = sorted((since_s, until_s))
    pages = pager(max_held_bytes=max_held_bytes, last=last, since=moment(since_s), until=moment(until_s))

    found = [message.id for message in nodes.read(pages)]

    check_order(found)
    stored = nodes.stored(since_s, until_s)
    assert set(found) <= set(stored)
    assert last is None or len(found) <= last
    assert left_out(stored, found, last, nodes.shown) <= set(pages.incomplete)
    assert pages.incomplete or not pages.node_missing
    assert pages.newest is None or stored_s(pages.newest) == max(map(stored_s, stored))
    assert pages.newest is not None or not found
    if len(set(map(process_of, nodes.stored()))) == 1:
        assert not pages.incomplete


@settings(max_examples=share(30))
@example(
    bursts=[Burst(node=0, passed_s=0, count=1, size_bytes=0), Burst(node=2, passed_s=0, count=2, size_bytes=34_000)],
    warm_up=[0, 0, 0],
    places=[0, 2, 1],
    last=None,
    seed=0,
    max_held_bytes=8_000_000,
    leaves_after=1,
)
@example(
    bursts=[
        Burst(node=0, passed_s=0, count=2, size_bytes=20_000),
        Burst(node=0, passed_s=0, count=255, size_bytes=0),
        Burst(node=2, passed_s=1, count=1, size_bytes=34_000),
    ],
    warm_up=[0, 0, 0],
    places=[0, 2, 1],
    last=100,
    seed=0,
    max_held_bytes=30_000,
    leaves_after=1,
)
@given(
    bursts=BURSTS,
    warm_up=WARM_UP,
    places=st.permutations(range(3)),
    last=LAST,
    seed=st.integers(0, 9),
    max_held_bytes=MAX_HELD_BYTES,
    leaves_after=st.integers(0, 6),
)
def test_a_node_that_leaves_between_two_pages_is_missed(
    bursts: list[Burst],
    warm_up: list[int],
    places: list[int],
    last: int | None,
    seed: int,
    max_held_bytes: int,
    leaves_after: int,
) -> None:
    asked, leaving, _ = places
    nodes = Nodes(warm_up, asked=asked, seed=seed)
    for burst in bursts:
        nodes.store(burst)
    nodes.leaves = leaves_after, leaving
    pages = pager(max_held_bytes=max_held_bytes, last=last)

    found = [message.id for message in nodes.read(pages)]

    check_order(found)
    if not pages.node_missing:
        # Of a process that no reply showed nobody can know.
        stored = [id_ for id_ in nodes.stored() if process_of(id_) in nodes.shown]
        assert len(nodes.shown) < 2 or left_out(stored, found, last, nodes.shown) <= set(pages.incomplete)


@settings(max_examples=share(30))
@example(
    # The clock of a node is behind: it stores into a second that has passed, and that is asked for again.
    bursts=[Burst(node=1, passed_s=1, count=40, size_bytes=300)] * 12,
    warm_up=[0, 0, 0],
    clocks_s=(-4, 0, 0),
    asked=2,
    last=None,
    seed=0,
    max_held_bytes=0,
    meanwhile={8: Burst(node=0, passed_s=0, count=40, size_bytes=0)},
)
@given(
    bursts=BURSTS,
    warm_up=WARM_UP,
    clocks_s=CLOCKS_S,
    asked=st.integers(0, 2),
    last=LAST,
    seed=st.integers(0, 9),
    max_held_bytes=MAX_HELD_BYTES,
    meanwhile=st.dictionaries(st.integers(1, 12), BURST, max_size=4),
)
def test_what_is_stored_meanwhile_hides_nothing(
    bursts: list[Burst],
    warm_up: list[int],
    clocks_s: tuple[int, int, int],
    asked: int,
    last: int | None,
    seed: int,
    max_held_bytes: int,
    meanwhile: dict[int, Burst],
) -> None:
    nodes = Nodes(warm_up, asked=asked, seed=seed, clocks_s=clocks_s)
    for burst in bursts:
        nodes.store(burst)
    at_first = set(nodes.stored())
    nodes.meanwhile = meanwhile
    pages = pager(max_held_bytes=max_held_bytes, last=last)

    found = [message.id for message in nodes.read(pages)]

    check_order(found)
    assert last is None or len(found) <= last
    assert set(found) <= set(nodes.stored())
    # A node whose clock is behind stores before what was stored already, where the pages may not have come yet.
    assert left_out([*at_first.union(found)], found, last, nodes.shown) <= set(pages.incomplete)


def moment(second: int | None) -> datetime | None:
    """Return the n-th second after the first one."""
    return None if second is None else datetime.fromtimestamp(BEGIN_S + second, UTC)
