"""A full queue does what its policy says, and says so once an episode."""

from __future__ import annotations

import pytest

from emitter_typed._protocol.receiving.mailbox import Mailbox, Overflow


def filled(overflow: Overflow, *payloads: bytes, max_messages: int = 2, max_bytes: int = 10) -> Mailbox:
    mailbox = Mailbox(max_messages=max_messages, max_bytes=max_bytes, overflow=overflow)
    for payload in payloads:
        mailbox.put(("a/", payload))
    return mailbox


def drained(mailbox: Mailbox) -> list[bytes]:
    payloads: list[bytes] = []
    while (arrival := mailbox.take()) is not None:
        payloads.append(arrival[1])
    return payloads


def test_the_oldest_give_way() -> None:
    mailbox = filled("drop_oldest", b"1", b"2", b"3")
    assert (len(mailbox), mailbox.dropped) == (2, 1)
    assert drained(mailbox) == [b"2", b"3"]


def test_as_many_of_the_oldest_give_way_as_the_bytes_ask_for() -> None:
    mailbox = filled("drop_oldest", b"1111", b"2222", b"333333333", max_messages=9)
    assert drained(mailbox) == [b"333333333"]
    assert mailbox.dropped == 2


def test_the_newest_is_lost() -> None:
    mailbox = filled("drop_newest", b"1", b"2", b"3")
    assert (drained(mailbox), mailbox.dropped) == ([b"1", b"2"], 1)


def test_a_queue_that_fails_keeps_what_it_has_and_takes_no_more() -> None:
    mailbox = filled("fail", b"1", b"2", b"3", b"4")
    assert (mailbox.failed, mailbox.dropped) == (True, 1)
    assert drained(mailbox) == [b"1", b"2"]
    assert not mailbox.put(("a/", b"5"))
    assert mailbox.take() is None


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest"])
def test_a_message_over_the_bound_is_lost_and_costs_no_other(overflow: Overflow) -> None:
    mailbox = filled(overflow, b"1", b"x" * 11)
    assert (drained(mailbox), mailbox.dropped) == ([b"1"], 1)


def test_a_message_of_the_bound_fits_alone() -> None:
    assert drained(filled("fail", b"x" * 10)) == [b"x" * 10]


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest"])
def test_an_episode_begins_once_and_ends_when_the_queue_was_empty(overflow: Overflow) -> None:
    mailbox = filled(overflow, b"1", b"2")
    assert mailbox.put(("a/", b"3"))
    assert not mailbox.put(("a/", b"4"))
    mailbox.take()
    mailbox.put(("a/", b"5"))
    assert not mailbox.put(("a/", b"6"))
    drained(mailbox)
    mailbox.put(("a/", b"7"))
    mailbox.put(("a/", b"8"))
    assert mailbox.put(("a/", b"9"))


def test_empty_messages_count_as_messages() -> None:
    mailbox = filled("drop_newest", b"", b"", b"")
    assert (len(mailbox), mailbox.dropped) == (2, 1)


def test_a_message_is_put_between_others_whether_there_is_room_or_not() -> None:
    mailbox = filled("fail", b"1", b"2", b"4")
    mailbox.take(up_to=1)
    assert mailbox.place == 1

    mailbox.insert(2, ("a/", b"3"))
    mailbox.insert(1, ("a/", b"x"))

    assert (mailbox.place, mailbox.received) == (1, 4)
    assert drained(mailbox) == [b"x", b"2", b"3"]
