"""Where handlers run: each in a thread, or a task, of its own, so that a slow one delays only itself."""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Generic, Literal, NoReturn, TypeVar, TypeVarTuple

from emitter_typed._core.subscriptions import AsyncSubscription, Subscription
from emitter_typed._guards import GuardedCondition, Log, put_off
from emitter_typed._masking import hide_keys, kind_of
from emitter_typed._on_use import asyncio
from emitter_typed.errors import EmitterError, HandlerFailed, InvalidArgument

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_log = Log("emitter_typed")

HANDLERS_TIMEOUT_S = 5.0
"""For how long an end waits for what handlers are doing, in seconds."""

_MAX_WAITING = 10_000


def _failed(name: str, error: BaseException) -> HandlerFailed:
    _log.error("handler.failed handler=%s", name, exc_info=error)
    failure = HandlerFailed(name)
    failure.__cause__ = error
    return failure


def check_handler(name: str, handler: object, *, arguments: Literal[0, 1] = 1, awaits: bool = False) -> None:
    """Raise InvalidArgument unless a handler is None, or a function that can be called with so many arguments.

    Args:
        name: What it handles.
        handler: The handler.
        arguments: With how many it is called.
        awaits: Whether what it returns is awaited, so that it may be a coroutine function.
    """
    if handler is None:
        return
    problem = ""
    if not callable(handler):
        problem = f"not {kind_of(handler)}"
    elif not awaits and _is_coroutine_function(handler):
        problem = "not an async function: use AsyncClient, or a function without async"
    elif not _takes(handler, arguments):
        problem = f"not one with the parameters {inspect.signature(handler)}"
    if problem:
        takes = ("without arguments", "of one argument")[arguments]
        raise InvalidArgument(
            f"handler: for {name} it must be a function {takes}, {problem}", argument="handler", value=None
        )


def _is_coroutine_function(handler: Callable[..., object]) -> bool:
    while isinstance(handler, partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)


def _takes(handler: Callable[..., object], arguments: int) -> bool:
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        # Some that are written in C do not tell.
        return True
    try:
        signature.bind(*[None] * arguments)
    except TypeError:
        return False
    return True


class _Queue(Generic[*Ts]):
    """Items that wait for a handler; when there are too many, the oldest are lost with one warning an episode.

    An item is what the handler is called with: one argument, or none.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: deque[tuple[*Ts]] = deque(maxlen=_MAX_WAITING)
        self._stopping = False
        self._dropping = False

    def _put(self, item: tuple[*Ts]) -> None:
        full = len(self._items) == _MAX_WAITING
        if full and not self._dropping:
            _log.warning("handler.overflow handler=%s waiting=%d", self.name, _MAX_WAITING)
        self._dropping = full
        self._items.append(item)


class SyncWorker(_Queue[*Ts]):
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

    def forked(self) -> None:
        """Go on in a process that was forked: the thread, and what waits for it, are the parent's."""
        self._changed = GuardedCondition()
        self._thread = None
        self._idle = threading.Event()
        self._idle.set()
        self._items.clear()

    def _run(self) -> None:
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
                self.handler(*item)
            except BaseException as error:
                # Whatever it is, it is the handler's: nobody above would see it, and the next item waits.
                self._report(_failed(self.name, error))
            del item


class AsyncWorker(_Queue[*Ts]):
    """Calls a handler with one item after the other, in a task that starts with the first."""

    def __init__(
        self,
        name: str,
        handler: Callable[[*Ts], Awaitable[None] | None],
        report: Callable[[EmitterError], None],
    ) -> None:
        """Take a handler, a function or a coroutine function; what it raises is logged and reported."""
        super().__init__(name)
        self.handler = handler
        self._report = report
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # What the current task was started for. An earlier one may end late, with its event loop.
        self._run: object = None

    def offer(self, *item: *Ts) -> None:
        """Queue an item."""
        self._put(item)
        if self._run is None:
            self._run = object()
            self._stopping = False
            # An event belongs to one loop, and the next task may run in another.
            self._changed = asyncio.Event()
            # An eager task begins with the handler at once.
            put_off(self._start)
        self._changed.set()

    def _start(self) -> None:
        self._task = asyncio.create_task(self._handle(self._run), name=f"emitter-{self.name}")

    def abandon(self) -> None:
        """Forget the task, whose event loop is closed; what waits is for that of a later item."""
        self._run = self._task = None

    def retire(self) -> None:
        """Let the task end after the items that wait; a later item starts another task."""
        self._stopping = True
        self._changed.set()

    async def stop(self, timeout_s: float, waiting: Collection[object]) -> None:
        """Retire, and wait for the end unless its task is among those that wait themselves."""
        self.retire()
        if self._run is not None and self._task is not None and self._task not in waiting:
            await asyncio.wait([self._task], timeout=timeout_s)

    async def _handle(self, run: object) -> None:
        try:
            while True:
                while not self._items:
                    if self._stopping:
                        return
                    self._changed.clear()
                    await self._changed.wait()
                if (rest := _call(self.name, self.handler, self._items.popleft(), self._report)) is not None:
                    await rest
        finally:
            if self._run is run:
                self._run = None


def _call(
    name: str,
    handler: Callable[[*Ts], Awaitable[None] | None],
    item: tuple[*Ts],
    report: Callable[[EmitterError], None],
) -> Awaitable[None] | None:
    """Call a handler of either kind, and return what is left to await; what it raises is logged and reported.

    KeyboardInterrupt and SystemExit end the event loop besides, as they do wherever they are raised in it.
    """
    try:
        result = handler(*item)
    except BaseException as error:
        _report_failure(name, error, report)
        return None
    # Functions return None, which is looked at first: the other look takes longer than all else here.
    return _finish(name, result, report) if result is not None and inspect.isawaitable(result) else None


async def _finish(name: str, result: Awaitable[None], report: Callable[[EmitterError], None]) -> None:
    try:
        await result
    except BaseException as error:
        if _ends_this_task(error):
            raise
        _report_failure(name, error, report)


def _report_failure(name: str, error: BaseException, report: Callable[[EmitterError], None]) -> None:
    report(_failed(name, error))
    if isinstance(error, KeyboardInterrupt | SystemExit):
        # Not from here, which would end the task, and with it all that the handler is still to be given.
        asyncio.get_running_loop().call_soon(_raise, error)


def _ends_this_task(error: BaseException) -> bool:
    """Tell whether an error was thrown into this task from outside, and is not the doing of what it waits for."""
    task = asyncio.current_task()
    cancelled = isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
    return cancelled or isinstance(error, GeneratorExit)


def _raise(error: BaseException) -> NoReturn:
    raise error


def handle_in_thread(
    subscription: Subscription[T], handler: Callable[[T], object], report: Callable[[EmitterError], None]
) -> threading.Thread:
    """Give each message of a subscription to a handler, in a thread that ends with the subscription."""
    name = f"messages on {hide_keys(subscription.channel)}"

    def run() -> None:
        try:
            for message in subscription:
                try:
                    handler(message)
                except BaseException as error:
                    # In a thread that is not the main one, sys.exit() ends nothing but the thread, without a word.
                    report(_failed(name, error))
        except EmitterError as error:
            # Nobody iterates, so nobody else would learn why the messages stop.
            report(error)

    thread = threading.Thread(target=run, name=f"emitter-{hide_keys(subscription.channel)}", daemon=True)
    thread.start()
    return thread


async def handle_in_task(
    subscription: AsyncSubscription[T],
    handler: Callable[[T], Awaitable[None] | None],
    report: Callable[[EmitterError], None],
) -> None:
    """Give each message of a subscription to a handler, until the subscription ends."""
    name = f"messages on {hide_keys(subscription.channel)}"
    try:
        async for message in subscription:
            if (rest := _call(name, handler, (message,), report)) is not None:
                await rest
    except EmitterError as error:
        report(error)
