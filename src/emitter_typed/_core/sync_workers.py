"""Threads in which handlers run: one for each, so that a slow one delays only itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar, TypeVarTuple

from emitter_typed._clock import monotonic
from emitter_typed._core.sync_subscriptions import Subscription
from emitter_typed._core.workers import HANDLERS_TIMEOUT_S, HandlerQueue, check_has_run, failed, messages_on
from emitter_typed._guards import Guard, GuardedCondition, Log, put_off
from emitter_typed._masking import hide_keys
from emitter_typed.errors import EmitterError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_log = Log("emitter_typed")


class SyncWorker(HandlerQueue[*Ts]):
    """Calls a handler with one item after the other, in a thread that starts with the first."""

    def __init__(self, name: str, handler: Callable[[*Ts], None], report: Callable[[EmitterError], None]) -> None:
        """Take a handler; what it raises is logged and reported."""
        super().__init__(name)
        self.handler = handler
        self._report = report
        self._changed = GuardedCondition()
        self._thread: threading.Thread | None = None
        # Set while there is no thread. One that is made may start later, and cannot be joined until it has.
        self._idle = threading.Event()
        self._idle.set()

    def offer(self, *item: *Ts) -> None:
        """Queue an item."""
        with self._changed:
            self._put(item)
            self._changed.notify()
            if self._thread is None:
                self._stopping = False
                self._idle.clear()
                self._thread = threading.Thread(target=self._run, name=f"emitter-{self.name}", daemon=True)
                put_off(partial(self._start, self._thread))

    def _start(self, thread: threading.Thread) -> None:
        try:
            thread.start()
        except RuntimeError as error:
            # The machine gives no more threads. The item waits for the next one, which tries again.
            with self._changed:
                self._thread = None
                self._idle.set()
            _log.warning("handler.not_started handler=%s reason=%s", self.name, error)

    def stop(self, timeout_s: float, waiting: Collection[threading.Thread]) -> None:
        """Let the thread end after the items that wait, and wait for that unless it waits itself.

        A later item starts another thread.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread not in waiting and self._idle.wait(timeout_s) and thread.ident is not None:
            # It has done its work, and is on its way out.
            thread.join(timeout_s)

    def retire(self, waits: SyncWaits) -> None:
        """Let another handler take its place, once it has handled what waits for it."""
        with waits.here() as waiting:
            self.stop(HANDLERS_TIMEOUT_S, waiting)

    def forked(self) -> None:
        """Go on in a process that was forked: the thread, and what waits for it, are the parent's."""
        self._changed = GuardedCondition()
        self._thread = None
        self._idle = threading.Event()
        self._idle.set()
        self._items.clear()

    def _run(self) -> None:
        handler: Callable[[*Ts], object] = self.handler
        while True:
            with self._changed:
                while not self._items:
                    if self._stopping:
                        self._thread = None
                        self._idle.set()
                        return
                    self._changed.wait()
                item = self._items.popleft()
            try:
                if (result := handler(*item)) is not None:
                    check_has_run(result)
            except BaseException as error:
                # Whatever it is, it is the handler's: nobody above would see it, and the next item waits.
                self._report(failed(self.name, error))
            del item


class SyncWaits:
    """Which threads wait for handlers. Nobody waits for one of them: it may wait for who would."""

    def __init__(self) -> None:
        """Begin with none."""
        self._guard = Guard()
        self._waiting: set[threading.Thread] = set()

    @contextmanager
    def here(self) -> Generator[Collection[threading.Thread]]:
        """Note that this thread waits, and say for which threads it must not."""
        this = threading.current_thread()
        with self._guard:
            self._waiting.add(this)
            waiting = frozenset(self._waiting)
        try:
            yield waiting
        finally:
            with self._guard:
                self._waiting.discard(this)

    def forget(self) -> None:
        """Forget all: they are those of another process."""
        self._guard = Guard()
        self._waiting.clear()


class SyncReaders:
    """The threads that give the messages of subscriptions to handlers, one for each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._guard = Guard()
        self._threads: list[threading.Thread] = []

    def start(
        self, subscription: Subscription[T], handler: Callable[[T], object], report: Callable[[EmitterError], None]
    ) -> None:
        """Give each message of a subscription to a handler, until the subscription ends.

        Raises RuntimeError if there is no thread; then nobody would read the subscription, which is closed.
        """
        thread = threading.Thread(
            target=_handle_in_thread,
            args=(subscription, handler, report),
            name=f"emitter-{hide_keys(subscription.channel)}",
            daemon=True,
        )
        try:
            thread.start()
        except BaseException:
            subscription.close()
            raise
        with self._guard:
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)

    def join(self, deadline_s: float, waiting: Collection[threading.Thread]) -> bool:
        """Wait for the end of those that do not wait themselves, and tell whether that came in time."""
        with self._guard:
            threads = [each for each in self._threads if each not in waiting]
        for thread in threads:
            thread.join(max(0.0, deadline_s - monotonic()))
        return not any(thread.is_alive() for thread in threads)

    @property
    def running(self) -> int:
        """How many have not ended, but for this thread."""
        with self._guard:
            threads = [each for each in self._threads if each is not threading.current_thread()]
        return sum(thread.is_alive() for thread in threads)

    def forget(self) -> None:
        """Forget all: they are those of another process."""
        self._guard = Guard()
        self._threads.clear()


def _handle_in_thread(
    subscription: Subscription[T], handler: Callable[[T], object], report: Callable[[EmitterError], None]
) -> None:
    try:
        for message in subscription:
            try:
                if (result := handler(message)) is not None:
                    check_has_run(result)
            except BaseException as error:
                # In a thread that is not the main one, sys.exit() ends nothing but the thread, without a word.
                report(failed(messages_on(subscription.channel), error))
    except EmitterError as error:
        # Nobody iterates, so nobody else would learn why the messages stop.
        report(error)
