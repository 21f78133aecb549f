"""Readers of a subscription that wait: none misses a message that was there for it."""

import threading
from collections.abc import Callable

import pytest

from emitter_typed import Message, Subscription
from emitter_typed._broker.requests import read_topic
from emitter_typed._broker.storage import Storage, Window
from emitter_typed._core.streams.sync_stream import SyncStream
from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest, HistoryResponse, StoredItem
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.receiving.feed import Feed
from emitter_typed._protocol.receiving.history_query import HistoryQuery
from emitter_typed._protocol.receiving.mailbox import Mailbox
from emitter_typed._protocol.session.fetches import Fetch
from emitter_typed.errors import ConnectionLost, EmitterError

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


class Broker:
    """Answers each page, after what is to happen before."""

    def __init__(self) -> None:
        self.storage = Storage(lambda: 1_700_000_000)
        self.before: list[Callable[[], None]] = []

    def fetch(self, fetch: Fetch) -> None:
        if self.before:
            self.before.pop(0)()
        assert isinstance(fetch.request, HistoryRequest)
        asked = read_topic(fetch.request.topic)
        found = self.storage.find(asked.channel, Window.of(asked), fetch.request.after)
        items = [StoredItem(id=one.identifier, channel=one.channel, payload=one.payload) for one in found]
        fetch.resolve(HistoryResponse(messages=tuple(items)))

    def give_up(self, fetch: Fetch, error: EmitterError) -> None:
        fetch.reject(error)


class Granted:
    def resolve(self, result: object, /) -> None:
        pass

    def reject(self, error: EmitterError, /) -> bool:
        raise error


def stream(broker: Broker, *, last: int | None = None) -> SyncStream:
    mailbox = Mailbox(max_messages=10, max_bytes=100, overflow="drop_oldest")
    history = PROTOCOL.operations["history"]
    query = HistoryQuery(operation=history, arguments=("key", "a/b/"), window={}, wanted=last, recover=True)

    def report(error: EmitterError) -> None:
        raise error

    return SyncStream(
        "a/",
        Feed(mailbox, None if last is None else query),
        lambda channel, raw: Message(channel, raw, raw),
        report,
        ClientCounters(),
        broker,
        LIMIT_S,
        lambda _: None,
    )


def test_a_reader_that_was_woken_for_a_message_takes_it_although_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others may wait too, and were not woken for this one."""
    subscribed = stream(Broker())
    subscribed.granted(Granted())
    changed = TooLate()
    monkeypatch.setattr(subscribed, "_changed", changed)
    found: list[Message | None] = []
    reader = threading.Thread(target=lambda: found.append(Subscription(subscribed).get(timeout_s=LIMIT_S)))
    reader.start()
    assert changed.begun.wait(LIMIT_S)
    subscribed.offer([("a/", b"1")])
    reader.join(LIMIT_S)
    assert [each.payload for each in found if each] == [b"1"]


def test_a_request_that_met_the_loss_of_its_connection_is_made_on_the_next() -> None:
    """Also where the next one was there before the reader learned of the loss."""
    broker = Broker()
    for number in range(1_000):
        broker.storage.store("a/b/", b"%d" % number, 1_000)
    subscribed = stream(broker, last=1_000)

    def lose_and_return() -> None:
        subscribed.lost()
        subscribed.restored()
        raise ConnectionLost("the cable was cut")

    broker.before += [lambda: None, lose_and_return]
    subscribed.granted(Granted())
    message = Subscription(subscribed).get(timeout_s=LIMIT_S / 4)
    assert message is not None
    assert message.payload == b"0"
