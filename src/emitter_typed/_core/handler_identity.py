"""Which handlers do the same, so that a program that subscribes again at each connection has one subscription."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from types import CellType, FunctionType

_COMPARED_BY_VALUE = (str, bytes, int, float, type(None))


class HandlerIdentity:
    """A handler as a key to look up by: it equals every other that does the same.

    A function that is made anew each time, such as a lambda in `on_connect`, does the same as one of the same code that
    refers to the same objects. What cannot be told apart that way is compared as it compares itself.
    """

    __slots__ = ("_handler",)

    def __init__(self, handler: object) -> None:
        """Take a handler, or None."""
        self._handler = handler

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HandlerIdentity) and _do_the_same(self._handler, other._handler)

    def __hash__(self) -> int:
        # Of little, since a handler need not have a hash, and what it refers to may change.
        return hash(_code(self._handler))


def _code(handler: object) -> object:
    while isinstance(handler, partial):
        handler = handler.func
    return handler.__code__ if isinstance(handler, FunctionType) else type(handler)


def _do_the_same(one: object, other: object) -> bool:
    if isinstance(one, FunctionType) and isinstance(other, FunctionType):
        return (
            one.__code__ is other.__code__
            and _are_the_same(one.__defaults__ or (), other.__defaults__ or ())
            and _are_the_same(_pairs(one.__kwdefaults__), _pairs(other.__kwdefaults__))
            and _are_the_same(_contents(one), _contents(other))
        )
    if isinstance(one, partial) and isinstance(other, partial):
        return (
            _do_the_same(one.func, other.func)
            and _are_the_same(one.args, other.args)
            and _are_the_same(_pairs(one.keywords), _pairs(other.keywords))
        )
    return one is other or bool(one == other)


def _are_the_same(some: Iterable[object], others: Iterable[object]) -> bool:
    """Tell whether two lists hold the same objects; two lists that are equal now need not stay so."""
    listed = [*some], [*others]
    return len(listed[0]) == len(listed[1]) and all(
        one is other or (isinstance(one, _COMPARED_BY_VALUE) and type(one) is type(other) and one == other)
        for one, other in zip(*listed, strict=True)
    )


def _pairs(named: Mapping[str, object] | None) -> list[object]:
    return [part for pair in sorted((named or {}).items(), key=lambda pair: pair[0]) for part in pair]


def _contents(function: FunctionType) -> list[object]:
    return [_content(cell) for cell in function.__closure__ or ()]


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # a variable without a value yet
        return cell
