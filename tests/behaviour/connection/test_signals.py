"""A signal handler that raises, as that of Ctrl-C does, interrupts one call, and leaves the client as it should be."""

from __future__ import annotations

import _thread
import random
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from emitter_typed import Client, Key, Subscription
from emitter_typed._protocol.session.session import Session
from emitter_typed.broker import Broker
from tests.helpers.flavours import Flavour, both_flavours, connected
from tests.helpers.loops import LIMIT_S, in_loop
from tests.helpers.losing import until
from tests.helpers.threads import begun_since
from tests.helpers.tree import ROOT

if TYPE_CHECKING:
    from _typeshed import TraceFunction

TIMES = 60
SOURCE = str(ROOT / "src")


class Interrupted(BaseException):
    """What a signal handler raises."""


@contextmanager
def interrupting() -> Generator[None]:
    """Raise in the main thread at some moment, and again should the first one meet a finalizer, which nobody sees."""

    def interrupt(number: int, frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.003), 0.2)
        yield
    finally:
        while signal.getitimer(signal.ITIMER_REAL)[0]:
            with suppress(Interrupted):
                signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def read(client: Client, key: Key, subscription: Subscription) -> None:
    client.publish(key, "a/", "x", qos=0)
    for _ in subscription:
        return


CALLS: dict[str, Callable[[Client, Key, Subscription], object]] = {
    "publish": lambda client, key, subscription: client.publish(key, "a/", "x", qos=0),
    "publish-1": lambda client, key, subscription: client.publish(key, "a/", "x", qos=1),
    "me": lambda client, key, subscription: client.me(),
    "read": read,
}


WAITS: dict[str, Callable[[Client, Subscription], object]] = {
    "message": lambda client, subscription: subscription.get(),
    "state": lambda client, subscription: client.connection.wait("closed"),
}


@pytest.mark.parametrize("name", WAITS)
def test_ctrl_c_ends_a_wait_without_limit(broker: Broker, name: str) -> None:
    """On Windows, too, where it interrupts no thread that waits for a lock."""
    wait = WAITS[name]
    key = broker.keygen("a/", "rw")
    if sys.platform == "win32":
        ctrl_c = threading.Timer(0.3, _thread.interrupt_main)
    else:
        main = threading.main_thread().ident
        assert main is not None
        ctrl_c = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = client.subscribe(key, "a/")
        ctrl_c.start()
        with pytest.raises(KeyboardInterrupt):
            wait(client, subscription)
        ctrl_c.join()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the platform has no timer signals")
@pytest.mark.parametrize("name", CALLS)
def test_other_threads_go_on_wherever_a_call_is_interrupted(broker: Broker, name: str) -> None:
    key = broker.keygen("a/", "rw")
    call = CALLS[name]
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = client.subscribe(key, "a/", max_messages=10)
        for _ in range(TIMES):
            with suppress(Interrupted), interrupting():
                while True:
                    call(client, key, subscription)
            ids: list[str] = []
            other = threading.Thread(target=lambda: ids.append(client.me(timeout_s=LIMIT_S).id))  # noqa: B023
            other.start()
            other.join(LIMIT_S)
            assert ids


def is_finalizer(frame: FrameType | None) -> bool:
    """Tell whether a frame belongs to a finalizer: what that raises meets nobody."""
    while frame is not None and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None


def interrupted_at(step: int, call: Callable[[], object]) -> str | None:
    """Call something, raise at one of the lines of the library that it comes to, and return the function of that line.

    None: it did not come to so many lines.
    """
    left = step
    function = None

    def trace(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        nonlocal left, function
        if not frame.f_code.co_filename.startswith(SOURCE) or is_finalizer(frame):
            return None
        if event == "line":
            if not left:
                sys.settrace(None)
                function = frame.f_code.co_name
                raise Interrupted
            left -= 1
        return trace

    before = sys.gettrace()
    try:
        sys.settrace(trace)
        call()
    except Interrupted:
        return function
    finally:
        sys.settrace(before)
    return None


CALLS_THAT_WAIT: dict[str, Callable[[Client, Key, str], object]] = {
    "publish": lambda client, key, text: client.publish(key, "a/", text, qos=1),
    "request": lambda client, key, text: client.me(),
    "nowait": lambda client, key, text: client.publish_nowait(key, "a/", text, qos=1),
}


@pytest.mark.parametrize("name", CALLS_THAT_WAIT)
def test_a_call_may_be_interrupted_at_each_step(broker: Broker, name: str) -> None:
    key, call = broker.keygen("a/", "rw"), CALLS_THAT_WAIT[name]
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = client.subscribe(key, "a/")
        for _ in range(3):
            call(client, key, "at first")
        step, functions = 0, set[str]()
        while (function := interrupted_at(step, partial(call, client, key, f"step {step}"))) is not None:
            functions.add(function)
            client.publish(key, "a/", f"after {step}", qos=1)
            step += 1
            assert step < 2_000
        # With and without the thread of the connection.
        assert functions >= ({"call_soon"} if name == "nowait" else {"call_now", "_write_here", "_settle"})
        client.publish(key, "a/", "end", qos=1)
        arrived: list[str] = []
        while not arrived or arrived[-1] != "end":
            message = subscription.get(timeout_s=LIMIT_S)
            assert message is not None
            arrived.append(bytes(message.payload).decode())
        # What was interrupted was sent or not; nothing of it is sent twice, and nothing else is lost.
        assert [text for text in arrived if text.startswith("after")] == [f"after {each}" for each in range(step)]
        assert len(set(arrived[3:])) == len(arrived[3:])
        assert client.connection.connects == 1


def interrupt_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    method: Callable[..., object] = getattr(Session, name)

    def interrupted(session: Session, *arguments: object) -> None:
        monkeypatch.setattr(Session, name, method)
        raise Interrupted

    monkeypatch.setattr(Session, name, interrupted)


@both_flavours
@pytest.mark.parametrize("ending", ["close", "abort"])
@in_loop
async def test_an_end_that_is_interrupted_is_done_again_by_the_next_call(
    flavour: Flavour, broker: Broker, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = threading.enumerate()
    key = broker.keygen("a/", "r")
    async with connected(flavour, broker) as client:
        subscription = await client.subscribe(key, "a/")
        interrupt_once(monkeypatch, "ended")
        with pytest.raises(Interrupted):
            await client.abort()
        await getattr(client, ending)()
        assert begun_since(before) == []
        assert client.connection.status == "closed"
        assert await subscription.get(timeout_s=LIMIT_S) is None
        await client.connect()
        assert (await client.me()).id


@both_flavours
@in_loop
async def test_what_ends_a_program_ends_the_connection_alone_where_packets_are_taken_in(
    flavour: Flavour, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(flavour, broker) as client:
        interrupt_once(monkeypatch, "received")
        with suppress(Exception):
            await client.me(timeout_s=0.5)
        await until(client, "connected")
        assert (await client.me()).id
        assert client.connection.connects == 2
