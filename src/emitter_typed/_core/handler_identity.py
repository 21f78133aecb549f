"""Which handlers do the same, so that a program that subscribes again at each connection has one subscription."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from types import CellType, FunctionType
from typing import Any, Generic, TypeVar

from emitter_typed._core.subscriptions import SubscriptionBase
from emitter_typed._guards import Guard

SubscriptionT = TypeVar("SubscriptionT", bound=SubscriptionBase[Any])  # Any: of whatever messages

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


class HandledSubscriptions(Generic[SubscriptionT]):
    """The subscriptions that have a handler, by what was subscribed to and by who handles it.

    Handlers may compare themselves in their own ways, so none is compared while a guard is held.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._guard = Guard()
        self._by_call: dict[Hashable, tuple[tuple[HandlerIdentity, SubscriptionT], ...]] = {}
        self._many = 64

    def find(self, call: Hashable, handler: HandlerIdentity) -> SubscriptionT | None:
        """Return the subscription of a handler that has not ended."""
        return _of(handler, self._by_call.get(call, ()))

    def add(self, call: Hashable, handler: HandlerIdentity, subscription: SubscriptionT) -> SubscriptionT:
        """Add a subscription, unless the handler has one that has not ended; return the one that it has now."""
        while True:
            before = self._by_call.get(call, ())
            if (there := _of(handler, before)) is not None:
                return there
            with self._guard:
                # Else another thread was quicker, and may have subscribed with the same handler.
                if self._by_call.get(call, ()) is before:
                    self._by_call[call] = (*_going_on(before), (handler, subscription))
                    self._forget_ended()
                    return subscription

    def _forget_ended(self) -> None:
        if len(self._by_call) > self._many:
            all_of_them = {call: _going_on(each) for call, each in self._by_call.items()}
            self._by_call = {call: each for call, each in all_of_them.items() if each}
            self._many = max(64, 2 * len(self._by_call))


def _of(
    handler: HandlerIdentity, subscriptions: Iterable[tuple[HandlerIdentity, SubscriptionT]]
) -> SubscriptionT | None:
    return next((one for by, one in subscriptions if not one.ended and by == handler), None)


def _going_on(
    subscriptions: Iterable[tuple[HandlerIdentity, SubscriptionT]],
) -> tuple[tuple[HandlerIdentity, SubscriptionT], ...]:
    return tuple(each for each in subscriptions if not each[1].ended)


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
