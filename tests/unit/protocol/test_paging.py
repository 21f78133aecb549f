"""Pages of stored messages, put together without a broker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from attrs import frozen

from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest, StoredItem
from emitter_typed.contract import Record
from emitter_typed.errors import InvalidArgument, ReplyMissing, Undecodable
from emitter_typed.protocol.paging import Pager

BEGIN = datetime(2018, 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class Page(Record):
    messages: Sequence[StoredItem]


def item(number: int, *, second: int = 0) -> StoredItem:
    """The n-th message of a broker, stored in a second after the beginning of Emitter's clock."""
    id_ = b"tree" + (0xFFFF_FFFF - second).to_bytes(4) + (0xFFFF_FFFF - number).to_bytes(4) + b"broker"
    return StoredItem(id=id_, channel="a/", payload=b"%d" % number)


def pager(**options: object) -> Pager:
    return Pager(PROTOCOL.operations["history"], ("key", "a/"), (), options)


def asked(of: Pager) -> tuple[str, bytes | None]:
    """What the next request asks for: topic, and where to go on."""
    request = of.request()
    assert isinstance(request, HistoryRequest)
    return request.topic, request.after


def test_pages_are_joined_in_the_order_of_publishing() -> None:
    pages = pager()

    assert asked(pages) == ("key/a/?last=256", None)
    # Within a second the broker's order is reversed.
    pages.take(Page(messages=[item(3, second=8), item(5, second=9), item(4, second=9)]))
    assert asked(pages) == ("key/a/?last=256", item(3, second=8).id)
    pages.take(Page(messages=[item(2, second=8), item(1, second=8)]))
    pages.take(Page(messages=[]))

    assert pages.done
    assert [message.payload for message in pages.messages] == [b"1", b"2", b"3", b"4", b"5"]
    assert [(message.stored_at - BEGIN).total_seconds() for message in pages.messages] == [8, 8, 8, 9, 9]


def test_no_more_is_asked_than_is_wanted() -> None:
    pages = pager(last=300)

    assert asked(pages)[0] == "key/a/?last=256"
    pages.take(Page(messages=[item(number) for number in range(300, 44, -1)]))
    assert asked(pages)[0] == "key/a/?last=44"
    pages.take(Page(messages=[item(number) for number in range(44, 0, -1)]))

    assert pages.done
    assert len(pages.messages) == 300


def test_a_page_that_does_not_fit_is_halved_until_it_is_one_message() -> None:
    pages = pager(last=5)
    missing = ReplyMissing("history")

    sizes: list[str] = []
    for _ in range(2):
        sizes.append(asked(pages)[0])
        pages.shrink(missing)
    sizes.append(asked(pages)[0])

    assert sizes == ["key/a/?last=5", "key/a/?last=2", "key/a/?last=1"]
    with pytest.raises(ReplyMissing):
        pages.shrink(missing)


def test_a_page_that_comes_again_is_the_last() -> None:
    """A broker that does not go on must not be asked for ever."""
    pages = pager()

    pages.take(Page(messages=[item(1), item(2)]))
    pages.take(Page(messages=[item(1), item(2)]))

    assert pages.done
    assert [message.payload for message in pages.messages] == [b"1", b"2"]


def test_an_id_of_another_form_is_told() -> None:
    with pytest.raises(Undecodable, match="11 bytes"):
        pager().take(Page(messages=[StoredItem(id=b"x" * 11, channel="a/")]))


def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    assert pager(last=0).done


@pytest.mark.parametrize("options", [{"last": -1}, {"last": "5"}, {"last": True}, {"since": "today"}])
def test_options_are_checked_before_anything_is_asked(options: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        pager(**options)
