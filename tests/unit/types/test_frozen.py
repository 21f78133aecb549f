"""A record that nobody changes: what its maps and lists are, and what its hash says."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
import pytest

from emitter_typed._protocol.payloads import codec
from emitter_typed._types.frozen import FrozenMap
from emitter_typed.contract import Json
from tests.helpers.records import Branch, House, Kept, Leaf, Reading
from tests.unit.protocol.payloads.documents import read

BRANCH = Branch(nodes=(Leaf(value=1),), by_name={"a": Leaf(value=2)})


@pytest.mark.parametrize(
    "record",
    [
        House(limits={"low": 1.0}),
        House(limits=MappingProxyType({"low": 1.0})),
        attrs.evolve(House(), limits={"low": 1.0}),
        codec.decode(b'{"limits":{"low":1}}', House),
        copy.copy(House(limits={"low": 1.0})),
        copy.deepcopy(House(limits={"low": 1.0})),
        pickle.loads(pickle.dumps(House(limits={"low": 1.0}))),  # our own
    ],
    ids=["made", "of-a-mapping", "evolved", "read", "copied", "deeply", "pickled"],
)
def test_a_map_of_a_record_equals_a_dict_and_cannot_be_changed(record: House) -> None:
    limits: Any = record.limits
    changes: list[Callable[[], object]] = [
        lambda: limits.__setitem__("low", 2),
        lambda: limits.__delitem__("low"),
        lambda: limits.__ior__({"low": 2}),
        lambda: limits.update(low=2),
        lambda: limits.setdefault("high", 2),
        lambda: limits.pop("low"),
        limits.popitem,
        limits.clear,
    ]
    for change in changes:
        with pytest.raises(TypeError, match="this map is read-only"):
            change()
    assert limits == {"low": 1.0}
    assert record == House(limits={"low": 1.0})
    assert isinstance(limits, Mapping)
    assert json.dumps(limits) == '{"low": 1.0}'


@pytest.mark.parametrize("record", [House(), codec.decode(b"{}", House), Kept(value=1), read({"value": 1}, Kept)])
def test_a_map_that_is_a_default_cannot_be_changed_either(record: Any) -> None:
    held: Any = record.limits if isinstance(record, House) else record.unknown_fields
    with pytest.raises(TypeError, match="read-only"):
        held["a"] = 1


def test_a_list_that_a_program_gives_becomes_a_tuple() -> None:
    given: Any = ["a", "b"]

    house = House(tags=given)

    given.append("c")
    assert house.tags == ("a", "b")


def test_a_record_of_maps_and_lists_can_be_hashed() -> None:
    same = Branch(nodes=(Leaf(value=1),), by_name={"a": Leaf(value=2)})

    assert hash(BRANCH) == hash(same)
    assert {BRANCH: 1}[same] == 1
    assert len({BRANCH, same, codec.decode(codec.encode(BRANCH), Branch)}) == 1


def test_the_order_of_a_map_does_not_count() -> None:
    first, second = FrozenMap({"a": 1, "b": 2}), FrozenMap({"b": 2, "a": 1})

    assert (first, hash(first)) == (second, hash(second))


def test_a_record_with_plain_json_refuses_a_hash_and_says_why() -> None:
    house = House(extra=5)
    with pytest.raises(TypeError, match="a House cannot be hashed: extra may hold lists and dicts, which can change"):
        hash(house)
    with pytest.raises(TypeError, match="a Kept cannot be hashed: unknown_fields may hold lists"):
        hash(Kept(value=1))


def test_a_map_that_holds_what_can_change_says_which() -> None:
    with pytest.raises(TypeError, match="this map cannot be hashed: its item 'b' is a list"):
        hash(FrozenMap[object]({"a": 1, "b": []}))


def test_plain_json_stays_as_it_is() -> None:
    document: Json = {"a": [1, {"b": []}]}

    house = House(extra=document)
    extra: Any = codec.decode(b'{"extra":{"a":[1,{"b":[]}]}}', House).extra

    assert house.extra is document
    assert (type(extra), type(extra["a"])) == (dict, list)
    kept = Kept(value=1, unknown_fields={"x": [1]})
    assert type(kept.unknown_fields["x"]) is list


def test_copies_and_what_is_made_of_a_map() -> None:
    frozen = FrozenMap({"a": [1]})

    assert copy.copy(frozen) is frozen
    deep = copy.deepcopy(frozen)
    assert (deep, type(deep)) == (frozen, FrozenMap)
    assert deep["a"] is not frozen["a"]
    assert type(frozen | {"b": [2]}) is dict
    assert pickle.loads(pickle.dumps(frozen)) == frozen  # our own


def test_a_record_without_maps_and_lists_is_hashed_as_ever() -> None:
    assert hash(Reading(celsius=1)) == hash(Reading(celsius=1.0))
