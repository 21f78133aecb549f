"""Locks under which nothing of the program's runs: what would call it waits until the thread holds none of them.

A handler of `logging`, and whatever a new thread or an eager task begins with, may call the client. So a log line, and
the start of a thread or a task, are put off while the thread is inside a guard. The garbage collector may run a
finalizer there at any moment, and its log lines wait as well.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Typeshed takes it for a function, as it is where Python has no lock of this kind in C.
    class _RLock:
        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
        def release(self) -> None: ...
        def _is_owned(self) -> bool: ...
else:
    _RLock = type(threading.RLock())


class _Thread:
    """What is known of one thread."""

    __slots__ = ("depth", "put_off")

    def __init__(self) -> None:
        self.depth = 0
        """How many guards it is inside."""
        self.put_off: deque[Callable[[], None]] = deque()


class _ThisThread(threading.local):
    # One attribute, for each access takes as long as all that is done with it.
    def __init__(self) -> None:
        self.state = _Thread()


_this_thread = _ThisThread()


class Guard(_RLock):
    """A reentrant lock to use in a `with` statement, or as the lock of a condition."""

    def __enter__(self) -> bool:
        self.acquire()
        _this_thread.state.depth += 1
        return True

    def __exit__(self, kind: object, error: object, traceback: object, /) -> None:
        this = _this_thread.state
        this.depth -= 1
        self.release()
        if this.put_off and not this.depth:
            while this.put_off:
                this.put_off.popleft()()

    @property
    def is_mine(self) -> bool:
        """Whether this thread holds it."""
        # As conditions ask it, too.
        return self._is_owned()


class GuardedCondition(threading.Condition):
    """A condition whose lock is a guard."""

    def __init__(self) -> None:
        """Begin with nobody who waits."""
        super().__init__(Guard())  # type: ignore[arg-type]  # typeshed takes Python's own locks alone


def held() -> int:
    """Return how many guards this thread is inside."""
    return _this_thread.state.depth


def put_off(call: Callable[[], None]) -> None:
    """Call something, which must not raise: now, or when this thread has left the guards that it is inside."""
    this = _this_thread.state
    if this.depth:
        this.put_off.append(call)
    else:
        call()


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
                exc_info = None if failure is None else (type(failure), failure, failure.__traceback__)
                logger.handle(
                    logger.makeRecord(
                        logger.name, level, code.co_filename, line, template, facts, exc_info, code.co_name
                    )
                )
        except Exception:
            # As `logging` does with what its own handlers raise: a fault there must not stop what is logged.
            if logging.raiseExceptions:
                traceback.print_exc()
