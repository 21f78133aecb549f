"""How threads wait for what ends without a call of theirs, and are woken in turns.

What one read brings may end the calls of a hundred threads. Only one of them can run at a time, and each that was woken
would ask for its turn again and again. So one is woken, and wakes the next before it goes on.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from emitter_typed._core.forks import renew_in_child
from emitter_typed._guards import put_off

_LONGEST_SLEEP_S: Final = 1.0
"""After how many seconds a thread looks by itself: the one that was to wake it may have been interrupted."""


class Sleeper:
    """A thread that waits, once."""

    __slots__ = ("_lock", "is_gone", "wakes_others")

    def __init__(self) -> None:
        """Begin in the thread that is to wait."""
        # An Event would do the same, and costs many times as much to make.
        self._lock = threading.Lock()
        self._lock.acquire()
        self.is_gone: bool = False
        """Whether it waits no more."""
        self.wakes_others: bool = threading.get_ident() != threading.main_thread().ident
        """Whether it can be relied on: a signal handler may keep the main thread for as long as it likes."""

    def sleep(self, timeout_s: float) -> bool:
        """Wait until it is woken, or for so many seconds, or for a while; tell whether it was woken."""
        return self._lock.acquire(timeout=min(timeout_s, _LONGEST_SLEEP_S))

    def wake(self) -> None:
        """Wake the thread; once."""
        self._lock.release()


class Turns:
    """Wakes threads, each by the one before it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sleepers: deque[Sleeper] = deque()
        self._begins = False
        renew_in_child(self)

    def forked(self) -> None:
        """Forget threads that stayed with the parent, in a process that was forked."""
        self._sleepers.clear()
        self._begins = False

    def wake(self, sleeper: Sleeper) -> None:
        """Wake a thread when its turn comes; not before this thread has left the guards that it is inside."""
        self._sleepers.append(sleeper)
        # After the append: what is about to begin takes it along.
        if not self._begins:
            self._begins = True
            put_off(self._begin)

    def leave(self, sleeper: Sleeper) -> None:
        """Learn that a thread waits no more, for whatever reason: if it was woken, it wakes the next one."""
        # First, so that who takes it for one that waits wakes it before its turn ends here.
        sleeper.is_gone = True
        self._next()

    def _begin(self) -> None:
        self._begins = False
        self._next()

    def _next(self) -> None:
        while self._sleepers:
            try:
                sleeper = self._sleepers.popleft()
            except IndexError:
                # Another thread was faster.
                return
            if not sleeper.is_gone:
                sleeper.wake()
                if sleeper.wakes_others:
                    return


turns: Final = Turns()
"""Those of this process: its threads have one lock of Python's between them, whatever client they use."""
