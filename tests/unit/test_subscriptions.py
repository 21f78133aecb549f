"""Readers of a subscription that wait: none misses a message that was there for it."""

import threading

import pytest

from emitter_typed import Message, Subscription
from emitter_typed.errors import EmitterError
from emitter_typed.protocol.feed import Feed
from emitter_typed.protocol.mailbox import Mailbox

LIMIT_S = 20.0


class TooLate(threading.Condition):
    """Times out just when it was notified, as it may happen to a thread that is slow to wake."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.begun.set()
        super().wait(timeout)
        return False


def subscription() -> Subscription:
    mailbox = Mailbox(max_messages=10, max_bytes=100, overflow="drop_oldest")

    def report(error: EmitterError) -> None:
        raise error

    return Subscription(
        "a/",
        Feed(mailbox, None),
        lambda channel, raw: Message(channel, raw, raw),
        report,
        lambda *_: None,
        lambda _: None,
    )


def test_a_reader_that_was_woken_for_a_message_takes_it_although_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others may wait too, and were not woken for this one."""
    subscribed = subscription()
    changed = TooLate()
    monkeypatch.setattr(subscribed, "_changed", changed)
    found: list[Message | None] = []
    reader = threading.Thread(target=lambda: found.append(subscribed.get(timeout_s=LIMIT_S)))
    reader.start()
    assert changed.begun.wait(LIMIT_S)
    subscribed.offer("a/", b"1")
    reader.join(LIMIT_S)
    assert [each.payload for each in found if each] == [b"1"]
