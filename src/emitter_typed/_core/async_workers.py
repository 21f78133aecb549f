"""Tasks in which handlers run: one for each, so that a slow one delays only itself."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar, TypeVarTuple

from emitter_typed._clock import monotonic
from emitter_typed._core.async_subscriptions import AsyncSubscription
from emitter_typed._core.workers import HandlerQueue, check_has_run, failed, messages_on
from emitter_typed._guards import put_off
from emitter_typed._masking import hide_keys
from emitter_typed.errors import EmitterError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class AsyncWorker(HandlerQueue[*Ts]):
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

    async def stop(self, timeout_s: float, waiting: Collection[asyncio.Task[Any] | None]) -> None:
        """Let the task end after the items that wait, and wait for that unless it waits itself.

        A later item starts another task.
        """
        self._end()
        if self._run is not None and self._task is not None and self._task not in waiting:
            await asyncio.wait([self._task], timeout=timeout_s)

    def retire(self, waits: AsyncWaits) -> None:
        """Let another handler take its place, while it handles what waits for it."""
        self._end()

    def forked(self) -> None:
        """Go on in a process that was forked: the task, and what waits for it, are the parent's."""
        self.abandon()
        self._items.clear()

    def abandon(self) -> None:
        """Forget the task, whose event loop is closed; what waits is for that of a later item."""
        self._run = self._task = None

    def _end(self) -> None:
        self._stopping = True
        self._changed.set()

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
        result: object = handler(*item)
        # Functions return None, which is looked at first: the other looks take longer than all else here.
        if result is None:
            return None
        if inspect.isawaitable(result):
            return _finish(name, result, report)
        check_has_run(result)
    except BaseException as error:
        _report_failure(name, error, report)
    return None


async def _finish(name: str, result: Awaitable[None], report: Callable[[EmitterError], None]) -> None:
    try:
        await result
    except BaseException as error:
        if _ends_this_task(error):
            raise
        _report_failure(name, error, report)


def _report_failure(name: str, error: BaseException, report: Callable[[EmitterError], None]) -> None:
    report(failed(name, error))
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


class AsyncWaits:
    """Which tasks wait for handlers. Nobody waits for one of them: it may wait for who would."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: set[asyncio.Task[Any] | None] = set()

    @contextmanager
    def here(self) -> Generator[Collection[asyncio.Task[Any] | None]]:
        """Note that this task waits, and say for which tasks it must not."""
        this = asyncio.current_task()
        self._waiting.add(this)
        try:
            yield self._waiting
        finally:
            self._waiting.discard(this)

    def forget(self) -> None:
        """Forget all: they are those of another process, or of an event loop that is closed."""
        self._waiting.clear()


class AsyncReaders:
    """The tasks that give the messages of subscriptions to handlers, one for each."""

    def __init__(self) -> None:
        """Begin with none."""
        # The loop holds its tasks weakly; these must not be collected while their subscriptions live.
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self,
        subscription: AsyncSubscription[T],
        handler: Callable[[T], Awaitable[None] | None],
        report: Callable[[EmitterError], None],
    ) -> None:
        """Give each message of a subscription to a handler, until the subscription ends."""
        task = asyncio.create_task(
            _handle_in_task(subscription, handler, report), name=f"emitter-{hide_keys(subscription.channel)}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def join(self, deadline_s: float, waiting: Collection[asyncio.Task[Any] | None]) -> bool:
        """Wait for the end of those that do not wait themselves, and tell whether that came in time."""
        tasks = {task for task in self._tasks if task not in waiting}
        if not tasks:
            return True
        _, late = await asyncio.wait(tasks, timeout=max(0.0, deadline_s - monotonic()))
        return not late

    @property
    def running(self) -> int:
        """How many have not ended, but for this task."""
        return len(self._tasks - {asyncio.current_task()})

    def forget(self) -> None:
        """Forget all: they are those of another process, or of an event loop that is closed."""
        self._tasks.clear()


async def _handle_in_task(
    subscription: AsyncSubscription[T],
    handler: Callable[[T], Awaitable[None] | None],
    report: Callable[[EmitterError], None],
) -> None:
    name = messages_on(subscription.channel)
    try:
        async for message in subscription:
            if (rest := _call(name, handler, (message,), report)) is not None:
                await rest
    except EmitterError as error:
        report(error)
