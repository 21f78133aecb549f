"""What a public call was given stays out of the frames of its failure: tools print tracebacks with their locals.

A key may be given for any argument, in any form: as bytes, for the channel, inside a URL. So nobody looks for keys.
When a call fails, all frames below it are cleared. A traceback still says in which lines it went wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import FrameType, FunctionType, TracebackType
from typing import Any, TypeVar, cast

from emitter_typed._guards import recover

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=BaseException)

_SUSPENDABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_OURS = f"{__package__}."
_ENTRIES = ("__init__", "__call__", "__enter__", "__exit__")


def hides_arguments(cls: type[T]) -> type[T]:
    """Make the public methods of a class keep what they are given to themselves, its constructor included.

    Args:
        cls: The class. Inherited methods are their own class's to hide.

    Returns:
        The same class.
    """
    for name, member in list(vars(cls).items()):
        if (name.startswith("_") and name not in _ENTRIES) or hasattr(member, "__deprecated__"):
            # What is deprecated hides by itself, below the warning that it gives its caller.
            continue
        if isinstance(member, classmethod | staticmethod):
            setattr(cls, name, type(cast("Any", member))(hiding(cast("Any", member).__func__)))
        elif isinstance(member, property) and member.fset is not None:
            setattr(cls, name, member.setter(hiding(member.fset)))
        elif isinstance(member, FunctionType):
            setattr(cls, name, hiding(member))
    return cls


# Any: functions of every signature, which checkers go on seeing.
def hiding(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that keeps what it is given to itself: the same one if it calls `clear_frames`."""
    code = cast("FunctionType", function).__code__
    kind = code.co_flags & _SUSPENDABLE
    if kind & (CO_GENERATOR | CO_ASYNC_GENERATOR) or clear_frames.__name__ in code.co_names:
        # A generator fails in the frames of who iterates.
        return function

    if kind:

        @wraps(function)
        async def call_async(*args: Any, **named: Any) -> Any:
            try:
                coroutine = function(*args, **named)
            finally:
                # Now: each of many calls that wait would keep them.
                del args, named
            try:
                return await coroutine
            except BaseException:
                clear_frames()
                raise

        return call_async

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except BaseException:
            del args, named
            clear_frames()
            raise

    return call


def clear_frames() -> None:
    """Clear the frames that an error and its causes went through, but those of the caller and of its own callers.

    A public method calls it when it has caught what it is to raise, and has deleted what it was given.
    """
    recover(sys._getframe(1))  # pyright: ignore[reportPrivateUsage]  # there is no public way
    error = sys.exception()
    assert error is not None, "the caller has caught it"
    frame = sys._getframe(1).f_back  # pyright: ignore[reportPrivateUsage]  # there is no public way
    callers: set[FrameType] = set()
    while frame is not None:
        callers.add(frame)
        frame = frame.f_back
    traceback = error.__traceback__
    # The frames of what has just failed have ended. The first one is still running: it is the caller's.
    while traceback is not None:
        if not _may_wait(traceback) or _is_ours(traceback):
            _clear(traceback)
        traceback = traceback.tb_next
    seen = {id(error)}
    causes = [error.__cause__, error.__context__]
    while causes:
        cause = causes.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        begin = cause.__traceback__
        if begin is None or begin.tb_frame not in callers:
            # Else it was caught above the call, where it was being handled before: it is somebody else's.
            causes += [cause.__cause__, cause.__context__]
            cause.__traceback__ = _without_waiting(begin)


def _without_waiting(traceback: TracebackType | None) -> TracebackType | None:
    """Clear the frames of a cause, and leave those out that cannot be: who caught it may be a generator that waits.

    To clear the frame of a generator that waits would close it.
    """
    first = last = None
    while traceback is not None:
        if not _may_wait(traceback):
            _clear(traceback)
        if not (_may_wait(traceback) and _is_ours(traceback)):
            if last is None:
                first = traceback
            else:
                last.tb_next = traceback
            last = traceback
        traceback = traceback.tb_next
    if last is not None:
        last.tb_next = None
    return first


def _clear(traceback: TracebackType) -> None:
    # One that is running cannot be cleared.
    with suppress(RuntimeError):
        traceback.tb_frame.clear()


def _may_wait(traceback: TracebackType) -> bool:
    return bool(traceback.tb_frame.f_code.co_flags & _SUSPENDABLE)


def _is_ours(traceback: TracebackType) -> bool:
    return str(traceback.tb_frame.f_globals.get("__name__")).startswith(_OURS)


def without_frames(error: ErrorT) -> ErrorT:
    """Return an error without the frames that it and its causes went through: they hold what the broker sent."""
    one: BaseException | None = error
    while one is not None:
        one.__traceback__ = None
        one = one.__cause__ or one.__context__
    return error
