"""Annotations of a constructor that attrs wrote before the module was complete."""

from __future__ import annotations

import typing

import pytest
from attrs import frozen

from emitter_typed._types.constructors import complete_constructors
from emitter_typed._types.deprecation import warn_when_made


@frozen
class Node:
    next: Node | None
    leaf: Leaf


@warn_when_made("it is old")
@frozen
class Old:
    leaf: Leaf


@frozen
class Leaf:
    pass


def test_it_may_name_its_own_class_and_what_stands_below() -> None:
    with pytest.raises(NameError):
        typing.get_type_hints(Node.__init__)

    complete_constructors(Node, Old)

    assert typing.get_type_hints(Node.__init__) == {"next": Node | None, "leaf": Leaf, "return": type(None)}
    assert typing.get_type_hints(Old.__init__) == {"leaf": Leaf, "return": type(None)}
    assert Node(next=None, leaf=Leaf()) == Node(next=None, leaf=Leaf())
