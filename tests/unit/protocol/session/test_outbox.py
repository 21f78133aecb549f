"""Messages that wait for a connection: in order, bounded, and taken back as long as none was sent."""

from __future__ import annotations

import pytest

from emitter_typed._protocol.session.outbox import Outbox
from emitter_typed.errors import Congested
from tests.helpers.callers import CallResult
from tests.unit.protocol.session.calls import publication


def test_messages_leave_in_the_order_in_which_they_came() -> None:
    outbox, messages = Outbox(max_messages=3, max_bytes=100), [publication() for _ in range(3)]
    for message in messages:
        outbox.add(message)

    assert len(outbox) == 3
    assert [outbox.take() for _ in messages] == messages
    assert len(outbox) == 0


def test_there_is_room_for_so_many_messages() -> None:
    outbox = Outbox(max_messages=2, max_bytes=100)
    outbox.add(publication())
    outbox.add(publication())

    with pytest.raises(Congested, match="2 messages of 2 bytes already wait"):
        outbox.add(publication())
    outbox.take()
    outbox.add(publication())
    assert len(outbox) == 2


def test_there_is_room_for_so_many_bytes() -> None:
    outbox = Outbox(max_messages=10, max_bytes=10)
    outbox.add(publication(b"1234567"))

    with pytest.raises(Congested, match="1 messages of 7 bytes already wait"):
        outbox.add(publication(b"1234"))
    outbox.add(publication(b"123"))
    outbox.take()
    outbox.add(publication(b"1234567"))
    assert len(outbox) == 2


def test_what_was_sent_comes_back_before_what_was_not_whatever_the_bounds() -> None:
    outbox = Outbox(max_messages=1, max_bytes=1)
    unsent, sent = publication(), [publication(b"12"), publication(b"34")]
    outbox.add(unsent)

    outbox.put_back(sent)

    assert [outbox.take() for _ in range(3)] == [*sent, unsent]
    outbox.add(publication(b"1"))


def test_what_comes_back_counts_against_the_bounds() -> None:
    outbox = Outbox(max_messages=2, max_bytes=10)
    outbox.put_back([publication(b"1234567890")])

    with pytest.raises(Congested):
        outbox.add(publication())


def test_only_what_was_never_sent_can_be_taken_back() -> None:
    outbox, unsent, sent = Outbox(max_messages=5, max_bytes=5), publication(b"12345"), publication()
    outbox.add(unsent)
    sent.sent = True

    assert outbox.withdraw(unsent.call_result)
    assert not outbox.withdraw(unsent.call_result)
    outbox.put_back([sent])
    assert not outbox.withdraw(sent.call_result)
    assert not outbox.withdraw(CallResult())
    assert outbox.take_all() == [sent]


def test_what_was_taken_back_leaves_its_room() -> None:
    outbox, unsent = Outbox(max_messages=1, max_bytes=5), publication(b"12345")
    outbox.add(unsent)
    outbox.withdraw(unsent.call_result)

    outbox.add(publication(b"12345"))
    assert len(outbox) == 1


def test_all_are_taken_at_once_and_leave_their_room() -> None:
    outbox, messages = Outbox(max_messages=2, max_bytes=2), [publication(), publication()]
    for message in messages:
        outbox.add(message)

    assert outbox.take_all() == messages
    assert outbox.take_all() == []
    outbox.add(publication(b"12"))
