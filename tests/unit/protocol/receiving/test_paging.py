"""Pages of stored messages, put together without a broker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from attrs import frozen

from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest, StoredItem
from emitter_typed._protocol.receiving.paging import Pager
from emitter_typed._protocol.receiving.stored_ids import KnownProcesses, process_of
from emitter_typed.contract import Record
from emitter_typed.errors import HistoryIncomplete, InvalidArgument, ReplyMissing, Undecodable

BEGIN = datetime(2018, 1, 1, tzinfo=UTC)
MISSING = ReplyMissing("history")


@frozen(kw_only=True)
class Page(Record):
    messages: Sequence[StoredItem]


def item(number: int, *, second: int = 0, payload: bytes = b"", process: bytes = b"broker") -> StoredItem:
    """The n-th message of a process, stored in a second after the beginning of Emitter's clock."""
    id_ = b"tree" + (0xFFFF_FFFF - second).to_bytes(4) + (0xFFFF_FFFF - number).to_bytes(4) + process
    return StoredItem(id=id_, channel="a/", payload=payload or b"%d" % number)


def items(newest: int, oldest: int) -> Page:
    """The messages of a second, as the broker orders them."""
    return Page(messages=[item(number) for number in range(newest, oldest - 1, -1)])


def pager(*, behind: bytes | None = None, max_held_bytes: int = 1_000_000, **options: object) -> Pager:
    operation = PROTOCOL.operations["history"]
    left_out = None if behind is None else {process_of(behind): behind}
    return Pager(operation, ("key", "a/"), (), options, behind=left_out, max_held_bytes=max_held_bytes)


def asked(of: Pager) -> tuple[str, bytes | None]:
    """What the next request asks for: topic, and where to go on."""
    request = of.request()
    assert isinstance(request, HistoryRequest)
    return request.topic, request.after


def too_large(of: Pager, page: Page) -> None:
    """Give a page of one second that nothing can be added to."""
    of.take(page)
    while asked(of)[1] is None:
        of.shrink(MISSING)


def numbers(of: Pager) -> list[int]:
    return [int(message.payload) for message in of.ready()]


def test_pages_are_joined_in_the_order_of_publishing() -> None:
    pages = pager()

    assert asked(pages) == ("key/a/?last=256", None)
    # Within a second the broker's order is reversed.
    pages.take(Page(messages=[item(3, second=8), item(5, second=9), item(4, second=9)]))
    assert numbers(pages) == []
    pages.take(Page(messages=[item(2, second=8), item(1, second=8)]))
    pages.take(Page(messages=[]))
    found = list(pages.ready())

    assert pages.done
    assert [message.payload for message in found] == [b"1", b"2", b"3", b"4", b"5"]
    assert [(message.stored_at - BEGIN).total_seconds() for message in found] == [8, 8, 8, 9, 9]


def test_a_full_page_of_one_second_is_asked_for_again_as_large_as_a_packet_can_hold_it() -> None:
    pages = pager()

    pages.take(items(300, 45))
    assert asked(pages) == ("key/a/?last=908&from=1514764800&until=1514764800", None)
    pages.take(items(300, 1))

    assert numbers(pages) == list(range(1, 301))
    assert pages.done


def test_the_larger_page_is_asked_for_again_where_what_it_adds_takes_less_room() -> None:
    pages = pager()
    large = [item(number, payload=b"%0100d" % number) for number in range(600, 344, -1)]

    pages.take(Page(messages=large))
    assert asked(pages)[0].startswith("key/a/?last=330&from=")
    pages.take(Page(messages=[*large, *items(344, 271).messages]))

    assert asked(pages)[0].startswith("key/a/?last=388&from=")


def test_where_more_does_not_fit_the_largest_page_that_does_is_looked_for() -> None:
    pages = pager()

    pages.take(items(300, 45))
    sizes: list[str] = []
    while asked(pages)[1] is None:
        sizes.append(asked(pages)[0].partition("&")[0])
        pages.shrink(MISSING)

    assert sizes == [f"key/a/?last={count}" for count in (908, 582, 419, 337, 296, 276)]
    assert asked(pages)[1] == item(46).id


def test_a_second_that_fits_no_page_is_followed_by_one_that_overlaps_it_by_a_message() -> None:
    pages = pager()

    pages.take(items(2000, 1745))
    pages.take(items(2000, 1093))

    assert asked(pages) == ("key/a/?last=908&until=1514764800", item(1094).id)


def test_a_full_page_of_several_seconds_is_followed_by_one_up_to_its_oldest_second() -> None:
    """So that each node of a cluster gives all that it has, which it does not behind an id of another node."""
    pages = pager()

    pages.take(Page(messages=[item(number, second=number // 100) for number in range(300, 44, -1)]))

    assert asked(pages) == ("key/a/?last=908&until=1514764800", None)


def test_what_is_known_of_the_second_at_which_a_page_ends_is_dropped() -> None:
    pages = pager()

    pages.take(Page(messages=[item(number, second=9 + number // 200) for number in range(300, 44, -1)]))
    pages.take(Page(messages=[item(number, second=9) for number in range(199, -1, -1)]))
    assert asked(pages) == ("key/a/?last=908", item(0, second=9).id) or asked(pages)[1] == item(0, second=9).id
    pages.take(Page(messages=[]))

    assert numbers(pages) == list(range(301))
    assert pages.done


def test_messages_of_several_processes_within_a_second_come_process_by_process() -> None:
    """Nobody knows in which order they were stored."""
    pages = pager()

    pages.take(Page(messages=[item(1, process=b"new "), item(2, process=b"new "), item(9), item(8)]))
    pages.take(Page(messages=[]))

    found = numbers(pages)
    assert sorted((found[:2], found[2:])) == [[1, 2], [8, 9]]
    assert not pages.incomplete


def test_a_second_of_several_nodes_that_is_larger_than_a_page_is_told() -> None:
    pages = pager()
    node = b"node"

    too_large(
        pages,
        Page(
            messages=[item(number, second=5) for number in range(200, 0, -1)]
            + [item(number, second=5, process=node) for number in range(56, 0, -1)]
        ),
    )
    first = asked(pages)
    pages.take(Page(messages=[]))
    second = asked(pages)
    pages.take(Page(messages=[]))

    assert {first[1], second[1]} == {item(200, second=5).id, item(56, second=5, process=node).id}
    assert asked(pages)[0].endswith("&until=1514764804")
    pages.take(Page(messages=[]))
    # Whether both processes are still there.
    whole = Page(messages=[item(1, second=5), item(1, second=5, process=node)])
    assert "from=1514764805&until=1514764805" in asked(pages)[0]
    pages.take(whole)
    assert not pages.node_missing
    assert pages.incomplete == {1_514_764_805}
    assert len(numbers(pages)) == 256
    assert pages.done


def test_a_second_of_one_process_that_is_larger_than_a_page_is_told_if_a_cluster_is_known() -> None:
    """A page of it would not show what the node that is asked has stored in that second."""
    for several in (False, True):
        known = KnownProcesses()
        known.several = several
        pages = Pager(PROTOCOL.operations["history"], ("key", "a/"), (), {}, known_processes=known)

        too_large(
            pages, Page(messages=[item(number, second=5, payload=b"%0200d" % number) for number in range(300, 44, -1)])
        )
        pages.take(Page(messages=[item(number, second=5, payload=b"%0200d" % number) for number in range(45, 0, -1)]))
        pages.take(Page(messages=[item(1, second=5, payload=b"%0200d" % 1)]))
        pages.take(Page(messages=[]))
        if several:
            # Whether its node is still there.
            pages.take(Page(messages=[item(300, second=5)]))

        assert not pages.node_missing
        assert numbers(pages) == list(range(1, 301))
        assert pages.incomplete == ({1_514_764_805} if several else set())


def test_a_second_is_told_whose_second_process_is_seen_only_further_back() -> None:
    pages = pager()

    too_large(
        pages, Page(messages=[item(number, second=5, payload=b"%0200d" % number) for number in range(300, 44, -1)])
    )
    pages.take(Page(messages=[item(number, second=5, payload=b"%0200d" % number) for number in range(45, 0, -1)]))
    pages.take(Page(messages=[item(1, second=5, payload=b"%0200d" % 1)]))
    assert not pages.incomplete
    pages.take(Page(messages=[item(1, second=4, process=b"node")]))

    assert pages.incomplete == {1_514_764_805}


def test_a_page_that_was_too_large_though_all_that_is_known_would_fit_is_told() -> None:
    """The node that was asked has stored one large message, which every page that fits leaves out."""
    pages = pager()

    too_large(pages, Page(messages=[item(number, second=5) for number in range(300, 44, -1)]))
    pages.take(Page(messages=[item(number, second=5) for number in range(45, 20, -1)]))
    pages.take(Page(messages=[item(21, second=5)]))

    assert pages.incomplete == {1_514_764_805}


def test_a_short_page_is_followed_by_one_from_its_end() -> None:
    pages = pager()

    pages.take(items(3, 1))

    assert asked(pages) == ("key/a/?last=908", item(1).id)


def test_no_more_is_asked_than_is_wanted() -> None:
    pages = pager(last=300)

    assert asked(pages)[0] == "key/a/?last=256"
    pages.take(items(300, 45))
    assert asked(pages)[0] == "key/a/?last=300&from=1514764800&until=1514764800"
    pages.shrink(MISSING)
    pages.shrink(MISSING)
    # The overlap is one more.
    assert asked(pages) == ("key/a/?last=45&until=1514764800", item(46).id)
    pages.take(items(45, 1))

    assert numbers(pages) == list(range(1, 301))
    assert pages.done


def test_where_an_overlap_is_missing_all_begins_again_without_what_was_stored_meanwhile() -> None:
    pages = pager()

    too_large(pages, items(300, 45))
    # 45 and 46 have expired, so that the broker left out 44, too.
    pages.take(items(43, 1))
    assert asked(pages)[1] is None
    pages.take(Page(messages=[item(number) for number in (*range(1200, 300, -1), *range(300, 188, -1))]))
    assert asked(pages)[1] == item(190).id
    pages.take(Page(messages=[item(number) for number in (*range(189, 46, -1), *range(44, 0, -1))]))
    pages.take(Page(messages=[item(1)]))

    assert numbers(pages) == list(range(1, 301))
    assert pages.done


def test_where_overlaps_are_missing_again_and_again_what_is_there_comes_and_the_rest_is_told() -> None:
    pages = pager()

    for _ in range(3):
        too_large(pages, items(300, 45))
        pages.take(items(43, 1))
        assert asked(pages)[1] is None
        pages.take(items(1200, 189))
    pages.take(items(188, 1))
    pages.take(Page(messages=[]))

    assert numbers(pages) == [*range(1, 301)]
    assert pages.incomplete == {1_514_764_800}


def test_what_was_stored_behind_a_message_that_is_named_is_not_wanted() -> None:
    pages = pager(behind=item(40).id)

    too_large(pages, items(300, 45))
    pages.take(items(45, 1))
    pages.take(Page(messages=[item(1)]))

    assert numbers(pages) == list(range(41, 301))
    assert pages.done


def test_where_nothing_is_newer_than_a_known_message_one_page_tells() -> None:
    pages = pager(behind=item(40).id)

    pages.take(items(40, 1))

    assert numbers(pages) == []
    assert pages.done


def test_what_is_too_much_to_be_held_is_asked_for_again_oldest_first() -> None:
    pages = pager(max_held_bytes=0)

    too_large(pages, items(1300, 1045))
    for newest in (1045, 534):
        pages.take(items(newest, max(newest - 511, 1)))
    pages.take(items(23, 1))
    pages.take(Page(messages=[item(1)]))

    assert numbers(pages) == list(range(1, 23))
    assert asked(pages) == ("key/a/?last=512&until=1514764800", item(535).id)
    pages.take(items(534, 23))
    assert numbers(pages) == list(range(23, 534))
    assert asked(pages) == ("key/a/?last=512&until=1514764800", item(1046).id)
    pages.take(items(1045, 534))
    # The newest page was held all the time: what was stored meanwhile would stand before it.
    assert numbers(pages) == list(range(534, 1301))
    assert pages.done


def test_a_page_that_does_not_fit_is_halved_until_it_is_one_message() -> None:
    pages = pager(last=5)

    sizes: list[str] = []
    for _ in range(2):
        sizes.append(asked(pages)[0])
        pages.shrink(MISSING)
    sizes.append(asked(pages)[0])

    assert sizes == ["key/a/?last=5", "key/a/?last=2", "key/a/?last=1"]
    with pytest.raises(ReplyMissing):
        pages.shrink(MISSING)


def test_a_page_is_as_large_as_the_one_before_lets_expect() -> None:
    pages = pager()

    pages.shrink(MISSING)
    pages.take(Page(messages=[item(9, payload=b"x" * 20_000), item(8, payload=b"x" * 20_000)]))
    assert asked(pages)[0] == "key/a/?last=2"
    pages.take(Page(messages=[item(8, payload=b"x" * 20_000), item(7)]))
    assert asked(pages)[0] == "key/a/?last=4&until=1514764800"
    pages.take(Page(messages=[item(7), item(6), item(5), item(4)]))
    assert asked(pages)[0] == "key/a/?last=908&until=1514764800"


def test_where_an_overlap_and_one_message_do_not_fit_the_message_is_asked_for_alone() -> None:
    pages = pager()

    pages.take(Page(messages=[item(9, payload=b"x" * 20_000), item(8, payload=b"x" * 20_000)]))
    assert asked(pages) == ("key/a/?last=2", item(9).id)
    pages.shrink(MISSING)

    assert asked(pages) == ("key/a/?last=1", item(8).id)


def test_where_it_does_not_fit_what_would_show_that_a_message_is_still_there_the_walk_goes_on() -> None:
    """The message behind which a page began has expired, and another one before it fits no reply."""
    pages = pager()

    pages.take(Page(messages=[item(9, payload=b"x" * 20_000), item(8, payload=b"x" * 20_000)]))
    pages.shrink(MISSING)
    pages.take(Page(messages=[item(5, payload=b"x" * 34_000)]))
    assert asked(pages) == ("key/a/?last=1&until=1514764800", item(9).id)
    pages.shrink(MISSING)

    assert asked(pages) == ("key/a/?last=1&until=1514764800", item(5).id)


def test_a_broker_that_does_not_know_the_end_of_a_window_is_not_asked_for_ever() -> None:
    pages = pager()

    for _ in range(2):
        pages.take(Page(messages=[item(number, second=number // 200) for number in range(300, 44, -1)]))

    assert numbers(pages) == list(range(45, 301))
    assert pages.done


def test_a_page_that_comes_again_is_the_last() -> None:
    """A broker that does not go on must not be asked for ever."""
    pages = pager()

    pages.take(items(2, 1))
    pages.take(items(2, 1))

    assert numbers(pages) == [1, 2]
    assert pages.done


def test_a_window_that_begins_within_a_second_is_asked_for_up_to_that_second() -> None:
    pages = pager(since=BEGIN + timedelta(seconds=4, milliseconds=500))

    pages.take(Page(messages=[item(number, second=4 + number // 200) for number in range(300, 44, -1)]))

    assert asked(pages) == (f"key/a/?last=908&from={second(4)}&until={second(4)}", None)


def test_an_id_of_another_form_is_told() -> None:
    with pytest.raises(Undecodable, match="11 bytes"):
        pager().take(Page(messages=[StoredItem(id=b"x" * 11, channel="a/")]))


def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    assert pager(last=0).done


@pytest.mark.parametrize("options", [{"last": -1}, {"last": "5"}, {"last": True}, {"since": "today"}])
def test_options_are_checked_before_anything_is_asked(options: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        pager(**options)  # type: ignore[arg-type]  # what a caller without a checker gives


@pytest.mark.parametrize("slow", [True, False])
def test_a_page_that_took_as_long_as_the_broker_waits_for_its_nodes_may_lack_one(slow: bool) -> None:
    of = pager()
    for _ in range(2):
        assert asked(of)[1] is None
        of.take(items(3, 0), took_s=2.0)
    of.take(items(0, 0), took_s=0.1)

    # A page may be slow on a slow network; a single message is not.
    assert asked(of) == ("key/a/?last=1", None)
    of.take(items(3, 3), took_s=2.0 if slow else 1.0)

    assert not of.walking
    assert of.node_missing is slow
    assert numbers(of) == [0, 1, 2, 3]


def test_a_page_is_asked_for_again_if_only_the_first_one_was_slow() -> None:
    of = pager()
    of.take(items(2, 1), took_s=2.0)
    assert not of.newest_known
    of.take(Page(messages=[item(2), item(1), item(3, process=b"other process")]), took_s=0.1)
    of.take(Page(messages=[]))

    assert not of.walking
    assert not of.node_missing
    assert sorted(numbers(of)) == [1, 2, 3]


def test_a_slow_page_of_a_cluster_may_lack_a_node() -> None:
    of = pager()
    for _ in range(2):
        of.take(Page(messages=[item(1), item(1, process=b"other process")]), took_s=2.0)
    of.take(Page(messages=[]))

    assert not of.walking
    with pytest.raises(HistoryIncomplete) as caught:
        of.check("history")
    assert caught.value.node_missing
    assert not caught.value.seconds


@pytest.mark.parametrize("gone", [True, False])
def test_a_process_that_the_last_page_did_not_show_is_looked_for_at_the_end(gone: bool) -> None:
    of = pager()
    newest = item(0, second=9, process=b"other process")
    of.take(Page(messages=[newest, *(item(number, second=5 + number // 128) for number in range(255, -1, -1))]))
    assert asked(of)[0].endswith(f"until={second(5)}")
    of.take(Page(messages=[item(number, second=5) for number in range(127, -1, -1)]))
    of.take(Page(messages=[]))

    assert asked(of)[0].endswith(f"from={second(9)}&until={second(9)}")
    of.take(Page(messages=[] if gone else [newest]))

    assert not of.walking
    assert of.node_missing is gone


def test_what_a_smaller_page_held_is_given_also_if_its_node_is_away_for_the_larger_one() -> None:
    of = pager()
    other = item(9_999, process=b"other process")
    of.take(Page(messages=[other, *items(255, 1).messages]))
    assert asked(of)[0].endswith(f"from={second(0)}&until={second(0)}")
    of.take(items(300, 1))
    # Before the walk ends, the node is back.
    of.take(Page(messages=[other]))

    assert not of.walking
    assert sorted(numbers(of)) == [*range(1, 301), 9_999]
    assert of.node_missing


def test_a_node_that_is_away_for_a_page_that_overlaps_its_messages_is_missed() -> None:
    of = pager()
    other = item(9_999, second=5, process=b"other process")
    of.take(Page(messages=[other, *(item(number, second=5 + number // 128) for number in range(255, 0, -1))]))
    assert asked(of)[0].endswith(f"until={second(5)}")
    of.take(Page(messages=[item(number, second=5) for number in range(127, 0, -1)]))

    assert of.node_missing


def second(number: int) -> int:
    return int(BEGIN.timestamp()) + number
