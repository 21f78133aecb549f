"""Whatever type of a program's own is accepted: what is written as it is read as it was."""

from __future__ import annotations

import dataclasses
import enum
import json
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NotRequired, Optional, Required
from uuid import UUID

import attrs
import hypothesis.strategies as st
from hypothesis import given

from emitter_typed._protocol.payloads import codec
from emitter_typed._protocol.payloads.conversion import conversion_of
from tests.helpers.handwritten import Access, Colour, Level, Page, Ratio

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)

Typed = tuple[Any, st.SearchStrategy[Any]]
"""A type, and what makes its values."""

HASHABLE: list[Typed] = [
    (int, st.integers(-(2**63), 2**63 - 1)),
    (float, NUMBERS),
    (str, TEXTS),
    (bool, st.booleans()),
    (bytes, st.binary(max_size=5)),
    (datetime, st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001  # bounds
    (date, st.dates()),
    (timedelta, st.integers(-(2**40), 2**40).map(lambda halves: timedelta(seconds=halves / 2))),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (UUID, st.uuids()),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (Ratio, st.sampled_from(Ratio)),
    (Access, st.sampled_from([Access(0), Access.READ, Access.READ | Access.WRITE])),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
    (int | str, st.integers(-9, 9) | TEXTS),
    (int | float | None, st.integers(-9, 9) | NUMBERS | st.none()),
]


# Named so that no checker reads the classes that are made at run time.
named_tuple: Any = getattr(typing, "NamedTuple")  # noqa: B009
typed_dict: Any = getattr(typing, "TypedDict")  # noqa: B009


def applied(generic: Any, *arguments: Any) -> Any:
    """Return a generic type with its arguments, which a checker would read as names of types."""
    return generic[arguments] if len(arguments) > 1 else generic[next(iter(arguments))]


def each(item: Typed, make: Callable[[list[Any]], Any] = list) -> st.SearchStrategy[Any]:
    return st.lists(item[1], max_size=3).map(make)


def by_name(item: Typed) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(TEXTS, item[1], max_size=3)


def optional(item: Typed) -> Typed:
    return applied(Optional, item[0]), st.none() | item[1]


def a_dataclass(first: Typed, second: Typed) -> Typed:
    cls = dataclasses.make_dataclass("Made", [("first", first[0]), ("second", applied(Optional, second[0]), None)])
    return cls, st.builds(cls, first=first[1], second=second[1] | st.none())


def an_attrs_class(first: Typed, second: Typed) -> Typed:
    made = attrs.make_class("Made", {"first": attrs.field(type=first[0]), "second": attrs.field(type=second[0])})
    return made, st.builds(made, first=first[1], second=second[1])


def a_named_tuple(first: Typed, second: Typed) -> Typed:
    made = named_tuple("Made", [("first", first[0]), ("second", second[0])])
    return made, st.builds(made, first[1], second[1])


def a_typed_dict(first: Typed, second: Typed) -> Typed:
    fields = {"first": applied(Required, first[0]), "the second": applied(NotRequired, second[0])}
    made = typed_dict("Made", fields)
    return made, st.fixed_dictionaries({"first": first[1]}, optional={"the second": second[1]})


def a_page(item: Typed) -> Typed:
    made = applied(Page, item[0])
    return made, st.builds(Page, each(item), st.none() | st.builds(Page, each(item)))


def larger(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    one, two = inner, st.tuples(inner, inner)
    return st.one_of(
        one.map(lambda item: (applied(list, item[0]), each(item))),
        one.map(lambda item: (applied(tuple, item[0], ...), each(item, tuple))),
        one.map(lambda item: (applied(Sequence, item[0]), each(item))),
        one.map(lambda item: (applied(dict, str, item[0]), by_name(item))),
        one.map(lambda item: (applied(Mapping, str, item[0]), by_name(item))),
        one.map(optional),
        one.map(a_page),
        two.map(lambda items: (applied(tuple, items[0][0], items[1][0]), st.tuples(items[0][1], items[1][1]))),
        two.map(lambda items: a_dataclass(*items)),
        two.map(lambda items: an_attrs_class(*items)),
        two.map(lambda items: a_named_tuple(*items)),
        two.map(lambda items: a_typed_dict(*items)),
        st.sampled_from(HASHABLE[:11]).map(lambda item: (applied(set, item[0]), each(item, set))),
        st.sampled_from(HASHABLE[:11]).map(lambda item: (applied(frozenset, item[0]), each(item, frozenset))),
        st.sampled_from(HASHABLE[:3]).map(lambda item: (applied(dict, Colour, item[0]), by_colour(item))),
    )


def by_colour(item: Typed) -> st.SearchStrategy[dict[enum.Enum, Any]]:
    return st.dictionaries(st.sampled_from(Colour), item[1])


TYPED = st.recursive(st.sampled_from(HASHABLE), larger, max_leaves=5)


@given(st.data(), TYPED)
def test_what_is_written_is_read_as_it_was(data: st.DataObject, typed: Typed) -> None:
    type_, values = typed
    value = data.draw(values)
    payload = codec.encode(value, type_)

    found = codec.decode(payload, type_)

    assert found == value
    assert codec.encode(found, type_) == payload


@given(st.data(), TYPED)
def test_a_program_that_names_no_type_writes_the_same(data: st.DataObject, typed: Typed) -> None:
    type_, values = typed
    value = data.draw(values)

    # Within a list, since a text or bytes alone are a payload as they are. A TypedDict is written in its own order.
    assert json.loads(codec.encode([value])) == json.loads(codec.encode([value], applied(list, type_)))


@given(st.data(), TYPED)
def test_the_text_of_a_payload_is_that_of_its_document(data: st.DataObject, typed: Typed) -> None:
    type_, values = typed
    value = data.draw(values)

    # Within a list, since a text or bytes alone are a payload as they are.
    payload = codec.encode([value], applied(list, type_))

    document = [conversion_of(type_).now("write")(value)]
    assert payload == json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
