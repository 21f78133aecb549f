"""Locks under which nothing of the program's runs: what would call it waits until the thread holds none of them.

A handler of `logging`, and whatever a new thread or an eager task begins with, may call the client. So a log line, and
the start of a thread or a task, are put off while the thread is inside a guard. The garbage collector may run a
finalizer there at any moment, and its log lines wait as well.

A signal handler may raise anywhere, also on the way into a guard and out of it. `recover` leaves the guard then.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import CodeType, FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Typeshed takes it for a function, as it is where Python has no lock of this kind in C.
    class _RLock:
        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
        def release(self) -> None: ...
        def _is_owned(self) -> bool: ...
        def _release_save(self) -> tuple[int, int]: ...
else:
    _RLock = type(threading.RLock())


class _Thread:
    """What is known of one thread."""

    __slots__ = ("inside", "put_off", "wakes")

    def __init__(self) -> None:
        self.inside: list[Guard] = []
        """The guards that it is inside, outermost first."""
        self.put_off: deque[Callable[[], None]] = deque()
        self.wakes: deque[Callable[[], None]] | None = None
        """What is to wake other threads; None: this one does that at once."""

    def catch_up(self) -> None:
        """Do what was put off."""
        _do_all(self.put_off)

    def wake_threads(self) -> None:
        """Wake those that are to be woken by now."""
        if self.wakes:
            _do_all(self.wakes)


def _do_all(calls: deque[Callable[[], None]]) -> None:
    while calls:
        try:
            call = calls.popleft()
        except IndexError:
            # A signal handler came between, and has done the rest.
            return
        call()


class _ThisThread(threading.local):
    # One attribute, for each access takes as long as all that is done with it.
    def __init__(self) -> None:
        self.state = _Thread()


_this_thread = _ThisThread()


_PACKAGE = f"{__package__}."
# Their main thread is the program's: they call us as programs do.
_PROGRAMS = (f"{_PACKAGE}_cli.", f"{_PACKAGE}_testing.")


class Guard(_RLock):
    """A reentrant lock to use in a `with` statement, or as the lock of a condition."""

    def __enter__(self) -> bool:
        # First, so that `recover` finds it wherever this is interrupted.
        _this_thread.state.inside.append(self)
        self.acquire()
        return True

    def __exit__(self, kind: object, error: object, traceback: object, /) -> None:
        this = _this_thread.state
        inside = this.inside
        try:  # noqa: SIM105  # on the way of every call, where `suppress` takes longer than all the rest
            self.release()
        except RuntimeError:
            # A signal handler has raised when the wait of a condition had just let it go.
            pass
        if inside[-1] is self:
            del inside[-1]
        else:
            # One that is inside this one was not left as it should have been; `recover` is to find it.
            inside.reverse()
            inside.remove(self)
            inside.reverse()
        if this.put_off and not inside:
            this.catch_up()

    def try_enter(self) -> bool:
        """Enter without waiting, and tell whether that worked; `__exit__` leaves it."""
        inside = _this_thread.state.inside
        inside.append(self)
        if self.acquire(blocking=False):
            return True
        del inside[-1]
        return False

    @property
    def is_mine(self) -> bool:
        """Whether this thread holds it."""
        # As conditions ask it, too.
        return self._is_owned()

    def leave(self) -> None:
        """Let it go, however often this thread has entered it."""
        self._release_save()


def recover(failed: FrameType) -> None:
    """Leave the guards that a call did not leave by itself: an exception came from outside, on the way in or out.

    Args:
        failed: The frame of the call that is about to raise. If our own code has called it, this does nothing yet.
    """
    this = _this_thread.state
    if not this.inside and not this.put_off:
        return
    caller = failed.f_back
    while caller is not None:
        name = str(caller.f_globals.get("__name__"))
        if name.startswith(_PACKAGE) and not name.startswith(_PROGRAMS):
            return
        caller = caller.f_back
    while this.inside:
        if this.inside[-1].is_mine:
            this.inside[-1].leave()
        del this.inside[-1]
    this.catch_up()


LONGEST_WAIT_S = 0.5
"""How long the main thread waits at most before Ctrl-C can interrupt it, on Windows."""


class GuardedCondition(threading.Condition):
    """A condition whose lock is a guard."""

    def __init__(self) -> None:
        """Begin with nobody who waits."""
        super().__init__(Guard())  # type: ignore[arg-type]  # typeshed takes Python's own locks alone

    if sys.platform == "win32":

        def wait(self, timeout: float | None = None) -> bool:
            """Wait; in the main thread for a moment at most, for Ctrl-C interrupts no lock there."""
            if threading.current_thread() is threading.main_thread():
                timeout = LONGEST_WAIT_S if timeout is None else min(timeout, LONGEST_WAIT_S)
            return super().wait(timeout)


def held() -> int:
    """Return how many guards this thread is inside, each as often as it has entered it."""
    return sum(each.is_mine for each in _this_thread.state.inside)


def is_inside() -> bool:
    """Tell whether this thread is inside a guard, about to be, or waits for its condition: calls are being put off."""
    return bool(_this_thread.state.inside)


def depth() -> int:
    """Return how many guards this thread is inside, as `is_inside` counts. Calls are put off until it is in none."""
    return len(_this_thread.state.inside)


def put_off(call: Callable[[], None]) -> None:
    """Call something, which must not raise: now, or when this thread has left the guards that it is inside."""
    this = _this_thread.state
    if this.inside:
        this.put_off.append(call)
    else:
        call()


def wake_thread(call: Callable[[], None]) -> None:
    """Call what wakes another thread: when this one has left the guards that it is inside, or is about to sleep."""
    this = _this_thread.state
    if this.wakes is None:
        put_off(call)
    else:
        this.wakes.append(call)


def wake_threads_late() -> None:
    """Let this thread wake others in `wake_threads` alone, which it calls before it sleeps.

    Who is woken before that finds Python's global lock (GIL) taken, and has to wait once more.
    """
    _this_thread.state.wakes = deque()


def wake_threads() -> None:
    """Wake the threads that this one is to wake."""
    _this_thread.state.wake_threads()


class Log:
    """A logger that writes when its thread is inside no guard, and whose caller never sees a handler of it fail."""

    def __init__(self, name: str) -> None:
        """Take the logger of a name."""
        self._logger = logging.getLogger(name)

    def debug(self, template: str, *facts: object) -> None:
        """Log what only those need who look for a fault."""
        self._write(logging.DEBUG, template, facts)

    def info(self, template: str, *facts: object) -> None:
        """Log what is as it should be."""
        self._write(logging.INFO, template, facts)

    def warning(self, template: str, *facts: object) -> None:
        """Log what somebody should look at."""
        self._write(logging.WARNING, template, facts)

    def error(self, template: str, *facts: object, exc_info: BaseException) -> None:
        """Log a failure, with its traceback."""
        self._write(logging.ERROR, template, facts, exc_info)

    def _write(
        self, level: int, template: str, facts: tuple[object, ...], failure: BaseException | None = None
    ) -> None:
        caller = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]  # as `logging` finds it
        put_off(partial(self._emit, level, template, facts, failure, caller.f_code, caller.f_lineno))

    def _emit(
        self,
        level: int,
        template: str,
        facts: tuple[object, ...],
        failure: BaseException | None,
        code: CodeType,
        line: int,
    ) -> None:
        logger = self._logger
        try:
            if logger.isEnabledFor(level):
                # A handler may take its time, or wait for one of these threads.
                wake_threads()
                exc_info = None if failure is None else (type(failure), failure, failure.__traceback__)
                logger.handle(
                    logger.makeRecord(
                        logger.name, level, code.co_filename, line, template, facts, exc_info, code.co_name
                    )
                )
        except BaseException as fault:
            is_main = threading.current_thread() is threading.main_thread()
            if is_main and isinstance(fault, KeyboardInterrupt | SystemExit):
                raise
            # As `logging` does with what its own handlers raise: a fault there must not stop what is logged. In another
            # thread nobody would learn of an end, and this may be the one that receives.
            if logging.raiseExceptions and sys.stderr is not None:
                with suppress(OSError, ValueError):
                    traceback.print_exc()
