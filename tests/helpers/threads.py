"""Finds the threads that a test began, and those that it left behind.

Others come and go as they like: those of fixtures for the whole session, and those of an earlier test on their way out.
So no test counts all the threads that there are, or looks for one by its name alone.
"""

import threading
import time
from collections.abc import Collection


def begun_since(before: Collection[threading.Thread], name: str = "emitter") -> list[threading.Thread]:
    """Return the threads of the library, or those whose name begins with `name`, that were not there before."""
    return [one for one in threading.enumerate() if one not in before and one.name.startswith(name)]


def left_behind(before: Collection[threading.Thread], patience_s: float) -> list[threading.Thread]:
    """The threads that were not there before and do not end by themselves within `patience_s` seconds in all.

    A thread whose work is over may still be on its way out, so each is joined and none is slept for. Threads
    of xdist's channel to its workers come and go as they like.
    """
    deadline = time.monotonic() + patience_s
    started = [one for one in threading.enumerate() if one not in before and one is not threading.current_thread()]
    ours = [one for one in started if not _is_of_execnet(one)]
    for one in ours:
        one.join(max(0.0, deadline - time.monotonic()))
    return [one for one in ours if one.is_alive()]


def _is_of_execnet(thread: threading.Thread) -> bool:
    target: object = getattr(thread, "_target", None)
    return str(getattr(target, "__module__", "")).partition(".")[0] in {"execnet", "xdist"}
