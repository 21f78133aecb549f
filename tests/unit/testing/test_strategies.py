"""Strategies of hand-written types: what they make fits, also where a type holds itself, and mistakes are refused."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict

import attrs
import pytest
import typing_extensions
from hypothesis import given, settings

from emitter_typed import InvalidArgument, decode_json, encode_json
from emitter_typed.contract import exclusive_maximum, exclusive_minimum, maximum, minimum
from emitter_typed.testing import parameter_strategy, record_strategy, strategy


class Link(TypedDict):
    value: int
    next: NotRequired[Link]


class Step(NamedTuple):
    value: int
    then: list[Step] = []  # noqa: RUF012  # nobody changes it


@attrs.frozen
class Branch:
    value: int = 0
    twigs: dict[str, Branch] = attrs.field(factory=dict["str", "Branch"])


@attrs.frozen
class Endless:
    next: Endless


@attrs.frozen
class Point:
    x: int
    y: int = 0


# Named so that no checker reads an alias that is made at run time.
type_alias: Any = getattr(typing_extensions, "TypeAliasType")  # noqa: B009
type_variable: Any = getattr(typing_extensions, "TypeVar")  # noqa: B009
item = type_variable("item")
by_name: Any = dict
Pages = type_alias("Pages", by_name[str, item], type_params=(item,))

FORMS: list[Any] = [
    *(Link, Step, Branch, list[Branch | None], Pages[int], Pages[Link]),
    *(set[object], set[Annotated[int, exclusive_minimum(0), exclusive_maximum(3)]]),
    *(Annotated[int, exclusive_minimum(0.5), maximum(1)], Annotated[int, exclusive_minimum(0), exclusive_maximum(2)]),
    *(Annotated[int | str, minimum(0)], Annotated[timedelta, exclusive_maximum(timedelta.max)]),
    Annotated[datetime, exclusive_minimum(datetime(9998, 12, 31, tzinfo=UTC))],
]


def check(form: Any) -> None:
    @settings(max_examples=10, deadline=None, database=None)
    @given(strategy(form))
    def holds(value: Any) -> None:
        assert decode_json(encode_json(value, form), form) == value

    holds()


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_what_a_strategy_makes_of_a_type_comes_back(form: Any) -> None:
    check(form)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="an alias can hold itself by a `type` statement only")
def test_an_alias_may_hold_itself() -> None:
    made: dict[str, Any] = {}
    exec("type Nested[T] = T | list[Nested[T]]\ntype Loop = tuple[Loop]", made)

    check(made["Nested"][int])
    with pytest.raises(InvalidArgument, match="Loop has no finite value"):
        strategy(made["Loop"])


def test_a_class_that_always_holds_itself_has_no_strategy() -> None:
    with pytest.raises(InvalidArgument, match="Endless has no finite value"):
        strategy(Endless)


@pytest.mark.parametrize("make", [record_strategy, parameter_strategy])
def test_a_strategy_for_no_field_is_refused(make: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^z: Point has no such field; it has x, y$") as refused:
        make(Point, x=strategy(int), z=strategy(int))
    assert refused.value.argument == "z"
