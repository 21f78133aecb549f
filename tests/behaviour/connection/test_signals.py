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
from itertools import count
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

from emitter_typed import Client, Key, Pending, Subscription
from emitter_typed._protocol.session.session import Session
from emitter_typed.broker import Broker
from emitter_typed.errors import Closed
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
    "limited": lambda client, subscription: subscription.get(timeout_s=LIMIT_S),
}


@contextmanager
def started(timer: threading.Timer) -> Generator[None]:
    """Start a timer, and wait for its end."""
    timer.start()
    try:
        yield
    finally:
        timer.join()


@pytest.mark.parametrize("name", WAITS)
def test_ctrl_c_ends_a_wait(broker: Broker, name: str) -> None:
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
        with pytest.raises(KeyboardInterrupt), started(ctrl_c):
            wait(client, subscription)


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


def interrupted(call: Callable[[], object], *, when: Callable[[str], bool]) -> str | None:
    """Call something, raise at the first line of the library where that is wanted, and return that line's function.

    Args:
        call: What to call.
        when: Is asked at each line of the library, with the name of the function.

    Returns:
        None: it came to no such line.
    """
    function = None

    def trace(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        nonlocal function
        if not frame.f_code.co_filename.startswith(SOURCE) or is_finalizer(frame):
            return None
        if event == "line" and when(frame.f_code.co_name):
            sys.settrace(None)
            function = frame.f_code.co_name
            raise Interrupted
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


def interrupted_at(step: int, call: Callable[[], object]) -> str | None:
    """Interrupt a call after so many lines, and return the function of that line; None: it has not so many."""
    lines = count()
    return interrupted(call, when=lambda function: next(lines) == step)


CALLS_THAT_WAIT: dict[str, Callable[[Client, Key, str], object]] = {
    "publish": lambda client, key, text: client.publish(key, "a/", text, qos=1),
    "request": lambda client, key, text: client.me(),
    "nowait": lambda client, key, text: client.publish_nowait(key, "a/", text, qos=1),
}


@pytest.mark.parametrize("name", CALLS_THAT_WAIT)
def test_a_signal_handler_may_publish_at_each_step_of_a_call(broker: Broker, name: str) -> None:
    key, call = broker.keygen("a/", "rw"), CALLS_THAT_WAIT[name]
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = client.subscribe(key, "a/")
        step, sent = 0, list[Pending]()

        def publish(text: str) -> bool:
            # Only once, and where it interrupts the call: not where it comes to lines of its own.
            sys.settrace(None)
            sent.append(client.publish_nowait(key, "a/", text, qos=1))
            return False

        while True:
            lines, at = count(), step
            interrupted(
                partial(call, client, key, f"call {step}"),
                when=lambda function: next(lines) == at and publish(f"handler {at}"),  # noqa: B023
            )
            if len(sent) == step:
                break
            sent[step].wait(LIMIT_S)
            step += 1
            assert step < 2_000
        client.publish(key, "a/", "end", qos=1)
        arrived: list[str] = []
        while not arrived or arrived[-1] != "end":
            message = subscription.get(timeout_s=LIMIT_S)
            assert message is not None
            arrived.append(message.as_string())
        expected = {f"handler {each}" for each in range(step)}
        expected |= set() if name == "request" else {f"call {each}" for each in range(step + 1)}
        assert sorted(arrived) == sorted(expected | {"end"})
        # No message that the call sends, or that the handler does, waits for an acknowledgement of the other.
        client.drain(timeout_s=LIMIT_S / 2)


@pytest.mark.parametrize("name", CALLS_THAT_WAIT)
def test_a_signal_handler_gets_an_answer_or_is_told_at_once_at_each_step_of_a_call(broker: Broker, name: str) -> None:
    key, call = broker.keygen("a/", "rw"), CALLS_THAT_WAIT[name]
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        step, asked, refused = 0, 0, set[str]()

        def ask(function: str) -> bool:
            nonlocal asked
            sys.settrace(None)
            asked += 1
            try:
                client.me()
            except Closed:
                refused.add(function)
            return False

        while asked == step:
            lines, at = count(), step
            interrupted(
                partial(call, client, key, f"call {step}"),
                when=lambda function: next(lines) == at and ask(function),  # noqa: B023
            )
            step += 1
            assert step < 2_000
        # While the lock of the connection is held; and while the caller writes in the place of the other thread.
        assert refused >= ({"publish"} if name == "nowait" else {"_write_here"})


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


@pytest.mark.parametrize(
    ("name", "function"),
    [
        # Before it is queued, and before it is written.
        *(("publish", each) for each in ("_send_publication", "queue", "put_off", "write", "call_now", "_write_here")),
        *(("nowait", each) for each in ("_send_publication", "queue", "_resume_soon")),
    ],
)
def test_nothing_waits_for_a_message_that_was_interrupted(broker: Broker, name: str, function: str) -> None:
    key = broker.keygen("a/", "rw")
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        # One that is called while the thread of the connection is awake may not come there.
        while interrupted(partial(CALLS_THAT_WAIT[name], client, key, "x"), when=function.__eq__) is None:
            pass
        client.drain(timeout_s=LIMIT_S / 2)


@pytest.mark.parametrize("function", ["subscribe", "queue", "put_off", "write", "call_now", "_write_here"])
def test_nothing_is_left_of_a_subscribe_that_was_interrupted(broker: Broker, function: str) -> None:
    key = broker.keygen("a/", "rwp")
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        # One that is called while the thread of the connection is awake may not come there.
        while interrupted(partial(client.subscribe, key, "a/"), when=function.__eq__) is None:
            client.unsubscribe(key, "a/")
        assert client.presence(key, "a/", status=True).who == ()
        client.publish(key, "a/", "x", qos=1)
        assert client.statistics().pending == 0


@contextmanager
def handling(handler: Callable[[], object]) -> Generator[None]:
    """Let a function handle a signal."""
    before = signal.signal(signal.SIGALRM, lambda number, frame: handler())
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the platform has no timer signals")
def test_a_signal_handler_may_publish_while_its_thread_reads(broker: Broker) -> None:
    key = broker.keygen("a/", "rw")
    # Its limit comes before any other time at which the connection looks at what it has to write.
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        subscription = client.subscribe(key, "a/")
        with handling(lambda: client.publish(key, "a/", "stop", qos=1, timeout_s=LIMIT_S / 2)):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            message = subscription.get(timeout_s=LIMIT_S)
        assert message is not None


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="the platform has no such signal")
def test_a_signal_handler_is_told_at_once_that_no_answer_would_come(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = broker.keygen("a/", "rw")
    with Client.from_url(broker.url, timeout_s=LIMIT_S) as client:
        publish = Session.publish

        def interrupted_by_a_signal(session: Session, *arguments: Any) -> None:
            signal.raise_signal(signal.SIGALRM)
            publish(session, *arguments)

        def handler() -> None:
            for call in (client.me, partial(client.publish, key, "a/", "from the handler", qos=1)):
                with pytest.raises(
                    Closed, match="a signal handler or a finalizer that interrupted another call"
                ) as caught:
                    call()
                errors.append(caught.value)

        errors: list[Closed] = []
        monkeypatch.setattr(Session, "publish", interrupted_by_a_signal)
        with handling(handler):
            client.publish(key, "a/", "x", qos=1)
        assert len(errors) == 2


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
