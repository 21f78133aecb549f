"""The JSON kind of each type, by which a reader tells the types beside `|` apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Literal

from emitter_typed_codegen.model.types import (
    Alias,
    AnyOf,
    Declaration,
    Enum,
    JsonMap,
    List,
    Literal_,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    ScalarName,
    TypeRef,
    Union,
)

JsonKind = Literal["boolean", "number", "text", "list", "object"]
"""The kinds of values in JSON, without null."""

_TEXT: tuple[JsonKind, ...] = ("text",)
_NUMBER: tuple[JsonKind, ...] = ("number",)
_KINDS: dict[ScalarName, tuple[JsonKind, ...]] = {
    "bool": ("boolean",),
    "int": _NUMBER,
    "float": _NUMBER,
    "duration": _NUMBER,
    "decimal": ("text", "number"),
    "json": ("boolean", "number", "text", "list", "object"),
}


def beneath(ref: TypeRef, types: Mapping[str, Declaration]) -> TypeRef:
    """Return a type without its `?`, and what an alias stands for; an alias that leads to itself stays.

    Args:
        ref: The type.
        types: The declared types by name.
    """
    return _follow(ref, types, set())


def _follow(ref: TypeRef, types: Mapping[str, Declaration], seen: set[str]) -> TypeRef:
    """Do the same, and add the names of the aliases to those that were seen before, which are not followed again."""
    while True:
        if isinstance(ref, Optional):
            ref = ref.item
        elif isinstance(ref, Named) and isinstance(alias := types.get(ref.name), Alias) and ref.name not in seen:
            seen.add(ref.name)
            ref = alias.type
        else:
            return ref


def alternatives(ref: TypeRef, types: Mapping[str, Declaration]) -> tuple[TypeRef, ...]:
    """Return the types that a type is one of, those of aliases included; the type alone if it is one.

    Args:
        ref: The type.
        types: The declared types by name. An alias among them may lead to itself.
    """
    return tuple(_alternatives(ref, types, frozenset()))


def _alternatives(ref: TypeRef, types: Mapping[str, Declaration], within: Set[str]) -> Iterator[TypeRef]:
    seen = {*within}
    inner = _follow(ref, types, seen)
    if isinstance(inner, AnyOf):
        for member in inner.members:
            yield from _alternatives(member, types, seen)
    else:
        yield ref


def json_kinds(ref: TypeRef, types: Mapping[str, Declaration]) -> tuple[JsonKind, ...]:
    """Return the JSON kinds that values of a type can have; none if the type is broken.

    Args:
        ref: The type.
        types: The declared types by name.
    """
    found: list[JsonKind] = [kind for one in alternatives(ref, types) for kind in _kinds(one, types)]
    return tuple(kind for place, kind in enumerate(found) if kind not in found[:place])


def _kinds(ref: TypeRef, types: Mapping[str, Declaration]) -> tuple[JsonKind, ...]:
    match beneath(ref, types):
        case Scalar(name):
            return _KINDS.get(name, _TEXT)
        case List():
            return ("list",)
        case Map():
            return ("object",)
        case Named(name):
            return _declared_kinds(types.get(name))
        case _:
            return ()


def _declared_kinds(declared: Declaration | None) -> tuple[JsonKind, ...]:
    match declared:
        case None | Alias():
            return ()
        case Record() | Union():
            return ("object",)
        case Enum() if declared.has_numbers:
            return _NUMBER
        case _:
            return _TEXT


def alternative(ref: TypeRef, value: Literal_, types: Mapping[str, Declaration]) -> TypeRef:
    """Return the type, of several, that a value of the model has; the first one if it has none of their kinds.

    Args:
        ref: The type.
        value: A value of it that is not None, such as a default. A map is a `JsonMap` where there are several types.
        types: The declared types by name.
    """
    several = alternatives(ref, types)
    return next((one for one in several if kind_of_value(value) in json_kinds(one, types)), several[0])


def kind_of_value(value: Literal_) -> JsonKind:
    """Return the JSON kind of a value of the model that is not None."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case JsonMap():
            return "object"
        case tuple():
            return "list"
        case _:
            return "text"
