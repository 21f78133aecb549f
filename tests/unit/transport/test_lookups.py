"""Looking a name up holds nobody up, and costs a thread for each name at most."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from emitter_typed._transport.lookups import look_up
from tests.helpers.listeners import LIMIT_S
from tests.helpers.threads import begun_since


class SlowNames:
    """A name server that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = threading.Event()
        self.failure: Exception | None = None

    def getaddrinfo(self, host: str, port: object, **_: object) -> list[object]:
        self.asked.append(host)
        self.answer.wait(LIMIT_S)
        if self.failure is not None:
            raise self.failure
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 7)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowNames]:
    slow = SlowNames()
    monkeypatch.setattr(socket, "getaddrinfo", slow.getaddrinfo)
    yield slow
    slow.answer.set()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_is_its_own_answer(names: SlowNames, address: str) -> None:
    lookup = look_up(address)
    assert lookup.done
    [(_, sockaddr)] = lookup.addresses(99)
    assert sockaddr[:2] == (address, 99)
    assert names.asked == []


def test_a_name_is_looked_up_once_at_a_time_however_many_ask(names: SlowNames) -> None:
    told: list[int] = []
    everybody = threading.Event()

    def tell(number: int) -> None:
        told.append(number)
        if len(told) == 100:
            everybody.set()

    before = threading.enumerate()
    lookups = [look_up("broker.example") for _ in range(100)]
    for number, lookup in enumerate(lookups):
        lookup.wait(lambda number=number: tell(number))  # type: ignore[misc]  # its default is its number
    assert [each.name for each in begun_since(before)] == ["emitter-lookup"]
    names.answer.set()
    assert everybody.wait(LIMIT_S)
    assert names.asked == ["broker.example"]
    assert sorted(told) == list(range(100))
    assert [each[1] for each in lookups[0].addresses(99)] == [("::1", 99, 0, 7), ("127.0.0.1", 99)]
    assert look_up("broker.example") is not lookups[0]


def test_who_asks_when_it_is_done_is_told_at_once(names: SlowNames) -> None:
    names.answer.set()
    lookup = look_up("broker.example")
    first, second = threading.Event(), threading.Event()
    lookup.wait(first.set)
    assert first.wait(LIMIT_S)
    lookup.wait(second.set)
    assert second.is_set()


def test_who_has_left_is_not_told(names: SlowNames) -> None:
    lookup = look_up("broker.example")
    left, stays = threading.Event(), threading.Event()
    lookup.wait(left.set)
    lookup.wait(stays.set)
    lookup.forget(left.set)
    lookup.forget(left.set)
    names.answer.set()
    assert stays.wait(LIMIT_S)
    assert not left.is_set()


def test_a_failure_is_raised_for_each_who_asks_as_an_error_of_its_own(names: SlowNames) -> None:
    names.failure = socket.gaierror(-2, "unknown")
    names.answer.set()
    lookup = look_up("broker.example")
    done = threading.Event()
    lookup.wait(done.set)
    assert done.wait(LIMIT_S)
    raised: list[BaseException] = []
    for _ in range(2):
        with pytest.raises(socket.gaierror, match="unknown") as caught:
            lookup.addresses(1)
        raised.append(caught.value)
    assert raised[0] is not raised[1]


def test_no_thread_is_an_error_and_the_next_one_asks_again(names: SlowNames, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        lookup = look_up("broker.example")
        assert lookup.done
        with pytest.raises(RuntimeError, match="can't start new thread"):
            lookup.addresses(1)
    names.answer.set()
    done = threading.Event()
    look_up("broker.example").wait(done.set)
    assert done.wait(LIMIT_S)
