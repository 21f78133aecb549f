"""A few pages are asked for at a time, each in its turn, and every fetch ends once."""

from __future__ import annotations

import pytest

from emitter_typed._generated.protocol import PROTOCOL
from emitter_typed._generated.types import HistoryRequest
from emitter_typed._protocol.counters import ClientCounters
from emitter_typed._protocol.session.fetches import MAX_UNDER_WAY, Fetch, Fetches
from emitter_typed.errors import Closed, ConnectionLost, EmitterError, RequestTimeout

HISTORY = PROTOCOL.operations["history"].pages


class Reader:
    def __init__(self) -> None:
        self.ends: list[object] = []

    def page_requested(self) -> None:
        pass

    def page_arrived(self) -> None:
        pass

    def page_answered(self, response: object, /) -> None:
        self.ends.append(response)

    def page_failed(self, error: EmitterError, /) -> None:
        self.ends.append(type(error))


class Wire:
    """What was sent, while there is a connection."""

    def __init__(self) -> None:
        self.sent: list[Fetch] = []
        self.connected = True
        self.counters = ClientCounters()
        self.fetches = Fetches(self.send, self.counters)

    def send(self, fetch: Fetch) -> None:
        if not self.connected:
            raise ConnectionLost("the cable was cut")
        self.sent.append(fetch)

    def add(self, count: int) -> list[tuple[Fetch, Reader]]:
        assert HISTORY is not None
        made: list[tuple[Fetch, Reader]] = []
        for _ in range(count):
            reader = Reader()
            fetch = Fetch(HISTORY.request, HistoryRequest(topic="key/a/"), reader)
            self.fetches.add(fetch)
            made.append((fetch, reader))
        return made


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_each_has_its_turn_in_order(wire: Wire) -> None:
    made = wire.add(3 * MAX_UNDER_WAY)
    for number, (fetch, reader) in enumerate(made):
        assert len(wire.sent) == min(number + MAX_UNDER_WAY, len(made))
        fetch.resolve("page")
        assert reader.ends == ["page"]
    assert wire.sent == [fetch for fetch, _ in made]
    assert wire.counters.endings == {("history", "answered"): len(made)}


def test_what_ends_another_way_makes_room_and_its_late_answer_is_ignored(wire: Wire) -> None:
    (fetch, reader), *_ = wire.add(MAX_UNDER_WAY + 1)
    fetch.reject(RequestTimeout("history", 1))
    assert len(wire.sent) == MAX_UNDER_WAY + 1
    fetch.resolve("page")
    assert reader.ends == [RequestTimeout]
    assert wire.counters.endings == {("history", "timed_out"): 1}


def test_who_has_gone_before_his_turn_is_passed_over(wire: Wire) -> None:
    made = wire.add(MAX_UNDER_WAY + 2)
    made[-2][0].reject(Closed("it has ended"))
    made[0][0].resolve("page")
    assert wire.sent[MAX_UNDER_WAY:] == [made[-1][0]]
    assert wire.counters.endings == {("history", "answered"): 1}


def test_with_the_connection_all_of_them_end(wire: Wire) -> None:
    """However many there are."""
    made = wire.add(5_000)
    wire.connected = False
    for fetch in wire.sent:
        fetch.reject(ConnectionLost("the cable was cut"))
    assert [reader.ends for _, reader in made] == [[ConnectionLost]] * len(made)
    with pytest.raises(ConnectionLost):
        wire.add(1)
    wire.connected = True
    wire.add(1)
    assert len(wire.sent) == MAX_UNDER_WAY + 1
