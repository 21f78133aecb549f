"""Classes of data behave as those of attrs, whose methods they do not have compiled."""

from typing import TYPE_CHECKING

import attrs
import pytest
from attrs import Factory, field

from emitter_typed_codegen.data import define, frozen


@frozen
class Point:
    x: int
    y: int = 0
    note: str = field(default="", eq=False, repr=False)


@frozen
class Named(Point):
    name: str = ""


@frozen
class Empty: ...


@define
class Bag:
    _held: list[object] = Factory(list[object])


@define(eq=False)
class Node:
    value: int


@frozen
class Shown:
    x: int

    def __repr__(self) -> str:
        return f"<{self.x}>"


def test_equal_are_those_of_one_class_with_equal_values() -> None:
    assert Point(1, 2) == Point(1, 2, "left out")
    assert Point(1, 2) != Point(2, 1)
    assert Named(1, 2) != Point(1, 2)
    assert Named(1, 2, name="a") != Named(1, 2, name="b")
    assert Empty() == Empty()
    assert Bag([1]) == Bag([1])
    assert Node(1) != Node(1)


def test_what_is_equal_has_one_hash() -> None:
    assert {Point(1, 2), Point(1, 2, "left out"), Empty(), Empty()} == {Point(1, 2), Empty()}
    assert len({Node(1), Node(1)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Bag())


def test_a_value_shows_its_fields() -> None:
    assert repr(Named(1, 2, "left out", "a")) == "Named(x=1, y=2, name='a')"
    assert repr(Empty()) == "Empty()"
    assert repr(Shown(3)) == "<3>"
    assert repr(Node(1)) == "Node(value=1)"


def test_what_holds_itself_shows_itself_once() -> None:
    bag = Bag()
    bag._held.append(bag)  # pyright: ignore[reportPrivateUsage]  # how attrs names it is the question

    assert repr(bag) == "Bag(_held=[...])"


def test_the_rest_is_of_attrs() -> None:
    point = Point(1, 2)

    assert attrs.evolve(point, y=3) == Point(1, 3)
    assert [one.name for one in attrs.fields(Named)] == ["x", "y", "note", "name"]
    if TYPE_CHECKING:
        # Checkers alone see to it: both complain of a comment here that hides nothing.
        point.x = 2  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
