"""What the values of a type can be in JSON, which tells the types beside `|` apart."""

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
"""What a value can be in JSON, null aside."""

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


def alternatives(ref: TypeRef, types: Mapping[str, Declaration]) -> tuple[TypeRef, ...]:
    """Return the types that a type is one of, those of aliases included; the type alone if it is one.

    Args:
        ref: The type.
        types: The declared types by name. An alias among them may lead to itself.
    """
    return tuple(_alternatives(ref, types, frozenset()))


def _alternatives(ref: TypeRef, types: Mapping[str, Declaration], within: Set[str]) -> Iterator[TypeRef]:
    inner, seen = ref, {*within}
    while isinstance(inner, Optional | Named):
        if isinstance(inner, Optional):
            inner = inner.item
            continue
        alias = types.get(inner.name)
        if not isinstance(alias, Alias) or inner.name in seen:
            break
        seen.add(inner.name)
        inner = alias.type
    if isinstance(inner, AnyOf):
        for member in inner.members:
            yield from _alternatives(member, types, seen)
    else:
        yield ref


def json_kinds(ref: TypeRef, types: Mapping[str, Declaration]) -> tuple[JsonKind, ...]:
    """Return what the values of a type can be in JSON; nothing if the type is broken.

    Args:
        ref: The type.
        types: The declared types by name.
    """
    found: list[JsonKind] = [kind for one in alternatives(ref, types) for kind in _kinds(one, types)]
    return tuple(kind for place, kind in enumerate(found) if kind not in found[:place])


def _kinds(ref: TypeRef, types: Mapping[str, Declaration]) -> tuple[JsonKind, ...]:
    seen: set[str] = set()
    while True:
        match ref:
            case Scalar():
                return _KINDS.get(ref.name, _TEXT)
            case List():
                return ("list",)
            case Map():
                return ("object",)
            case AnyOf():
                return ()
            case Optional():
                ref = ref.item
            case Named():
                declared = types.get(ref.name)
                if not isinstance(declared, Alias):
                    return () if declared is None else _declared_kinds(declared)
                if ref.name in seen:
                    return ()
                seen.add(ref.name)
                ref = declared.type


def _declared_kinds(declared: Declaration) -> tuple[JsonKind, ...]:
    if isinstance(declared, Record | Union):
        return ("object",)
    return _NUMBER if isinstance(declared, Enum) and declared.has_numbers else _TEXT


def alternative(ref: TypeRef, value: Literal_, types: Mapping[str, Declaration]) -> TypeRef:
    """Return which of several types a value of the model has; the first, or only one, if it is none of theirs.

    Args:
        ref: The type.
        value: A value of it that is not None, such as a default. A map is a `JsonMap` where there are several types.
        types: The declared types by name.
    """
    several = alternatives(ref, types)
    return next((one for one in several if kind_of_value(value) in json_kinds(one, types)), several[0])


def kind_of_value(value: Literal_) -> JsonKind:
    """Return what a value of the model that is not None is in JSON."""
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
