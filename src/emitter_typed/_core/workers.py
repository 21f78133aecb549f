"""What is the same of handlers wherever they run: what may be one, what waits for it, and what its failure is."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Generic, Literal, TypeVarTuple

from emitter_typed._guards import Log
from emitter_typed._masking import hide_keys, kind_of
from emitter_typed.errors import HandlerFailed, InvalidArgument

Ts = TypeVarTuple("Ts")

_log = Log("emitter_typed")

HANDLERS_TIMEOUT_S = 5.0
"""For how long an end waits for what handlers are doing, in seconds."""

_MAX_WAITING = 10_000


def failed(name: str, error: BaseException) -> HandlerFailed:
    """Log what a handler raised, with its traceback, and return the error to report."""
    _log.error("handler.failed handler=%s", name, exc_info=error)
    failure = HandlerFailed(name)
    failure.__cause__ = error
    return failure


def check_sync_handler(name: str, handler: object, *, arguments: Literal[0, 1] = 1) -> None:
    """Raise InvalidArgument unless a handler is None, or a function that can be called with so many arguments.

    Args:
        name: What it handles.
        handler: The handler.
        arguments: With how many it is called.
    """
    _check(name, handler, arguments, awaits=False)


def check_async_handler(name: str, handler: object, *, arguments: Literal[0, 1] = 1) -> None:
    """Do the same for a handler whose result is awaited, so that it may be a coroutine function."""
    _check(name, handler, arguments, awaits=True)


def _check(name: str, handler: object, arguments: Literal[0, 1], *, awaits: bool) -> None:
    if handler is None:
        return
    problem = ""
    if not callable(handler):
        problem = f"not {kind_of(handler)}"
    elif not awaits and _is(inspect.iscoroutinefunction, handler):
        problem = "not an async function: use AsyncClient, or a function without async"
    elif _is(inspect.isgeneratorfunction, handler) or _is(inspect.isasyncgenfunction, handler):
        problem = "not a generator, which runs nothing when it is called: write it without yield"
    elif not _takes(handler, arguments):
        problem = f"not one with the parameters {inspect.signature(handler)}"
    if problem:
        takes = ("without arguments", "of one argument")[arguments]
        raise InvalidArgument(
            f"handler: for {name} it must be a function {takes}, {problem}", argument="handler", value=None
        )


def _is(kind: Callable[[object], bool], handler: Callable[..., object]) -> bool:
    """Tell whether a handler is a function of a kind, or an object that is called as one."""
    while isinstance(handler, partial):
        handler = handler.func
    return kind(handler) or kind(type(handler).__call__)


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


def check_has_run(result: object) -> None:
    """Raise TypeError if a handler returned its work instead of doing it, as a lambda around an async function does.

    Args:
        result: What it returned, which is dropped.
    """
    if inspect.iscoroutine(result):
        # Else Python warns too, at some time.
        result.close()
        problem = "a coroutine, which nobody awaits: use AsyncClient, or a function without async"
    elif inspect.isgenerator(result) or inspect.isasyncgen(result):
        problem = "a generator, which runs nothing when it is made: write the function without yield"
    else:
        return
    raise TypeError(f"the handler returned {problem}")


class HandlerQueue(Generic[*Ts]):
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


def messages_on(channel: str) -> str:
    """Name what the handler of a subscription handles."""
    return f"messages on {hide_keys(channel)}"
