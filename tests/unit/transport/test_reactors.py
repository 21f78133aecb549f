"""A reactor watches sockets and clocks: a thread of its own, an event loop, and a loop that needs help for that."""

from __future__ import annotations

import asyncio
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from emitter_typed._transport import reactors
from emitter_typed._transport.reactors import LoopReactor, ThreadReactor
from tests.helpers.listeners import LIMIT_S
from tests.helpers.loops import in_loop
from tests.helpers.threads import begun_since, left_behind
from tests.helpers.unwatching import UnwatchingLoop, run_unwatching


@pytest.fixture
def reactor() -> Iterator[ThreadReactor]:
    running = ThreadReactor()
    running.start()
    yield running
    running.stop()
    assert running.join(LIMIT_S)


def wait_for(reactor: ThreadReactor, call: Callable[[], None]) -> None:
    done = threading.Event()
    reactor.call_soon(call)
    reactor.call_soon(done.set)
    assert done.wait(LIMIT_S)


def test_calls_come_in_order_and_in_its_thread(reactor: ThreadReactor) -> None:
    made: list[tuple[int, bool]] = []
    for number in range(100):
        wait_for(reactor, lambda number=number: made.append((number, reactor.is_here)))  # type: ignore[misc]  # its default is its number
    assert made == [(number, True) for number in range(100)]
    assert not reactor.is_here


def sleeping(reactor: ThreadReactor, call: Callable[[], None]) -> None:
    """Call in the place of the reactor, as soon as its thread sleeps."""
    while not reactor.call_now(call):
        wait_for(reactor, lambda: None)


def test_a_thread_calls_in_the_place_of_one_that_sleeps_and_keeps_its_calls_back(reactor: ThreadReactor) -> None:
    made: list[str] = []
    later = threading.Event()

    def at_last() -> None:
        made.append("later")
        later.set()

    def here() -> None:
        assert not reactor.is_here
        reactor.call_soon(at_last)
        assert not reactor.call_now(lambda: made.append("nested"))
        made.append("here")

    sleeping(reactor, here)
    assert later.wait(LIMIT_S)
    assert made == ["here", "later"]


def test_nobody_calls_in_the_place_of_a_thread_that_is_awake_or_has_ended(reactor: ThreadReactor) -> None:
    awake, over, told = threading.Event(), threading.Event(), list[bool]()

    def work() -> None:
        told.append(reactor.call_now(lambda: None))
        awake.set()
        over.wait(LIMIT_S)

    reactor.call_soon(work)
    assert awake.wait(LIMIT_S)
    told.append(reactor.call_now(lambda: None))
    over.set()
    reactor.stop()
    assert reactor.join(LIMIT_S)
    told.append(reactor.call_now(lambda: None))
    assert told == [False, False, False]


def test_a_call_in_the_place_of_the_thread_that_fails_is_left(reactor: ThreadReactor) -> None:
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        sleeping(reactor, fail)
    wait_for(reactor, lambda: None)


def test_a_call_that_fails_keeps_nothing_from_the_next(
    reactor: ThreadReactor, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError("broken")

    reactor.call_soon(fail)
    wait_for(reactor, lambda: None)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["transport.failed"]


def test_timers_come_in_the_order_of_their_times_and_cancelled_ones_never(reactor: ThreadReactor) -> None:
    made: list[str] = []
    done = threading.Event()
    reactor.call_later(0.05, done.set)
    reactor.call_later(0.04, lambda: made.append("late"))
    reactor.call_later(0.02, lambda: made.append("never")).cancel()
    reactor.call_later(0.01, lambda: made.append("early"))
    assert done.wait(LIMIT_S)
    assert made == ["early", "late"]


def test_timers_that_are_cancelled_are_not_kept_until_their_time(reactor: ThreadReactor) -> None:
    made: list[int] = []
    for number in range(1_000):
        reactor.call_later(3_600.0, lambda: None).cancel()
        if number % 100 == 0:
            reactor.call_later(0.001 * number, partial(made.append, number))
    done = threading.Event()
    reactor.call_later(1.0, done.set)
    assert done.wait(LIMIT_S)
    assert made == list(range(0, 1_000, 100))
    assert len(reactor._timers) < 100  # pyright: ignore[reportPrivateUsage]  # nothing public tells


def test_a_socket_is_watched_until_it_is_not(reactor: ThreadReactor) -> None:
    ours, peer = socket.socketpair()
    with ours, peer:
        found: list[int] = []
        came = threading.Event()

        def ready(events: int) -> None:
            found.append(events)
            ours.recv(100)
            came.set()

        wait_for(reactor, lambda: reactor.watch(ours.fileno(), selectors.EVENT_READ, ready))
        peer.send(b"x")
        assert came.wait(LIMIT_S)
        wait_for(reactor, lambda: reactor.watch(ours.fileno(), 0, ready))
        wait_for(reactor, lambda: reactor.watch(ours.fileno(), 0, ready))
        peer.send(b"x")
        wait_for(reactor, lambda: None)
        assert found == [selectors.EVENT_READ]


def test_what_is_stopped_makes_the_calls_that_were_asked_for_and_no_more() -> None:
    reactor = ThreadReactor()
    reactor.start()
    made: list[int] = []
    for number in range(50):
        reactor.call_soon(lambda number=number: made.append(number))  # type: ignore[misc]  # its default is its number
    reactor.stop()
    reactor.stop()
    assert reactor.join(LIMIT_S)
    reactor.call_soon(lambda: made.append(99))
    assert made == list(range(50))


@in_loop
async def test_a_loop_is_a_reactor() -> None:
    await _be_a_reactor()


def test_a_loop_that_cannot_watch_sockets_is_one_with_the_help_of_a_thread() -> None:
    before = threading.enumerate()
    run_unwatching(_be_a_reactor())
    assert left_behind(before, LIMIT_S) == []


async def _be_a_reactor() -> None:
    before = set(threading.enumerate())
    reactor = LoopReactor(asyncio.get_running_loop())
    assert reactor.is_here
    pairs = [socket.socketpair() for _ in range(20)]
    came: dict[int, bytes] = {}
    all_came = asyncio.Event()

    def reader(number: int) -> Callable[[int], None]:
        def ready(events: int) -> None:
            if events & selectors.EVENT_READ:
                came[number] = came.get(number, b"") + pairs[number][0].recv(1)
            if sum(map(len, came.values())) == 3 * len(pairs):
                all_came.set()

        return ready

    readers = [reader(number) for number in range(len(pairs))]
    for number, (ours, _) in enumerate(pairs):
        ours.setblocking(False)
        reactor.watch(ours.fileno(), selectors.EVENT_READ, readers[number])
    if isinstance(reactor.loop, UnwatchingLoop):
        assert [each.name for each in begun_since(before)] == ["emitter-network"]
    for _, peer in pairs:
        peer.send(b"abc")
    async with asyncio.timeout(LIMIT_S):
        await all_came.wait()
    assert came == dict.fromkeys(range(len(pairs)), b"abc")

    written = asyncio.Event()
    ours, peer = pairs[0]

    def ready(events: int) -> None:
        if events & selectors.EVENT_WRITE:
            reactor.watch(ours.fileno(), selectors.EVENT_READ, ready)
            written.set()

    reactor.watch(ours.fileno(), selectors.EVENT_READ | selectors.EVENT_WRITE, ready)
    async with asyncio.timeout(LIMIT_S):
        await written.wait()

    from_elsewhere = asyncio.Event()
    await asyncio.to_thread(reactor.call_soon, from_elsewhere.set)
    async with asyncio.timeout(LIMIT_S):
        await from_elsewhere.wait()
    for ours, peer in pairs:
        reactor.watch(ours.fileno(), 0, ready)
        ours.close()
        peer.close()


def test_a_loop_that_is_closed_is_left_in_peace() -> None:
    loop = asyncio.new_event_loop()
    reactor = LoopReactor(loop)
    loop.close()
    reactor.call_soon(lambda: None)
    ours, peer = socket.socketpair()
    with ours, peer:
        reactor.watch(ours.fileno(), 0, lambda events: None)
    assert reactor.is_here


def test_a_thread_whose_start_was_interrupted_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.enumerate()
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    reactor = ThreadReactor()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reactor.start()
    assert left_behind(before, LIMIT_S) == []


def test_a_call_that_ends_the_program_does_not_end_the_thread(
    reactor: ThreadReactor, caplog: pytest.LogCaptureFixture
) -> None:
    reactor.call_soon(sys.exit)
    wait_for(reactor, lambda: None)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["transport.failed"]


def test_the_thread_of_a_loop_that_was_closed_with_clients_in_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactors, "_LOOP_CHECK_S", 0.01)
    before = threading.enumerate()
    ours, peer = socket.socketpair()
    with ours, peer:

        async def watch() -> None:
            LoopReactor(asyncio.get_running_loop()).watch(ours.fileno(), selectors.EVENT_READ, lambda events: None)

        run_unwatching(watch())
        assert left_behind(before, LIMIT_S) == []
