"""Two handlers are the same if they do the same: so says the code that they run, and what it refers to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from attrs import define

from emitter_typed._core.handler_identity import HandlerIdentity

Handler = Callable[[object], object]


@define
class Room:
    """Equal to others, and without a hash."""

    got: list[object]

    def take(self, message: object) -> None:
        self.got.append(message)

    def __call__(self, message: object) -> None:
        self.got.append(message)


def closing_over(value: object) -> Handler:
    return lambda _: value


def with_default(value: object) -> Handler:
    def handler(_: object, value: object = value) -> object:
        return value

    return handler


def with_keyword(value: object) -> Handler:
    def handler(_: object, *, value: object = value) -> object:
        return value

    return handler


def pair(first: object, second: object) -> object:
    return first, second


def bound(value: object) -> Handler:
    return partial(pair, value)


def bound_by_name(value: object) -> Handler:
    return partial(pair, second=value)


MAKERS = [closing_over, with_default, with_keyword, bound, bound_by_name]
SHARED: list[object] = []


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("value", [SHARED, "a text of its own", 10**30, None])
def test_what_the_same_code_makes_of_the_same_is_the_same(make: Callable[[object], Handler], value: object) -> None:
    one, other = HandlerIdentity(make(value)), HandlerIdentity(make(f"{value}" if isinstance(value, str) else value))
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("value", "another"), [([], []), (1, True), (1, 1.0), ("x", "y"), (None, 0)])
def test_what_it_makes_of_something_else_is_not(
    make: Callable[[object], Handler], value: object, another: object
) -> None:
    """Two lists that are equal now need not stay so."""
    assert HandlerIdentity(make(value)) != HandlerIdentity(make(another))


def test_other_code_is_something_else() -> None:
    # The compiler may make one of what is written twice in a line.
    assert HandlerIdentity(lambda: 1) != HandlerIdentity(lambda: 2)
    assert HandlerIdentity(closing_over(1)) != HandlerIdentity(with_default(1))
    assert HandlerIdentity(closing_over(1)) != HandlerIdentity(partial(closing_over(1)))
    assert HandlerIdentity(print) != HandlerIdentity(None)


def test_methods_and_objects_compare_as_they_do() -> None:
    room = Room([])
    assert HandlerIdentity(room.take) == HandlerIdentity(room.take)
    assert hash(HandlerIdentity(room.take)) == hash(HandlerIdentity(room.take))
    assert HandlerIdentity(room) == HandlerIdentity(room)
    assert hash(HandlerIdentity(room)) == hash(HandlerIdentity(Room([])))
    assert HandlerIdentity(room.take) != HandlerIdentity(Room([]).take)


def test_a_variable_without_a_value_yet_is_no_fault() -> None:
    def make() -> Handler:
        handler: Handler = lambda _: later  # noqa: E731  # one that refers to what comes later
        assert HandlerIdentity(handler) == HandlerIdentity(handler)
        later = 1
        return handler

    assert HandlerIdentity(make()) == HandlerIdentity(make())
