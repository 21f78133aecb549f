"""What holds in other processes: a connection stays with its own, and nobody waits for a thread of the parent."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from typing import NoReturn, Protocol, SupportsIndex


class Forkable(Protocol):
    """What does something in a process that was forked."""

    def forked(self) -> None:
        """Go on in a process that was forked, in its only thread."""


class OfOneProcess:
    """What belongs to a connection. `multiprocessing`, which would pickle it for another process, is told so."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError(
            "a client, and what belongs to it, such as a subscription, cannot be pickled or copied: its connection "
            "stays in this process; make a client of its own in the other process"
        )


_locked: weakref.WeakSet[Forkable] = weakref.WeakSet()
_connected: weakref.WeakSet[Forkable] = weakref.WeakSet()


def renew_in_child(one: Forkable) -> None:
    """Let something replace its locks in a child process: another thread may have held them at the fork."""
    _locked.add(one)


def end_in_child(one: Forkable) -> None:
    """Let something end its connections in a child process, after all locks there are new."""
    _connected.add(one)


def _after_fork() -> None:
    for one in (*_locked, *_connected):
        # What another thread had half done may be in any state; os.fork would only print an error.
        with suppress(Exception):
            one.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
