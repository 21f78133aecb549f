"""Values of no type: JSON as it is, with objects of known classes inside where it is written."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, TypeGuard, cast

from emitter_typed._protocol.payloads.classes import is_class_with_fields
from emitter_typed._protocol.payloads.compiled import KINDS, Conversion, Of
from emitter_typed._protocol.payloads.scalars import (
    SCALARS,
    Hook,
    any_integer,
    integer,
    number,
    scalar_of,
    string,
)
from emitter_typed._protocol.payloads.unfit import Unfit, expected, step
from emitter_typed._types.values import Secret
from emitter_typed.errors import kind_of


def text_name(name: object) -> str:
    """Take the name of something in an object. Raises Unfit."""
    if not isinstance(name, str):
        raise Unfit(f"the names in an object must be texts, got {kind_of(name)}")
    return string(name)


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Tell whether a value of a document is an object; its names are texts."""
    return isinstance(value, Mapping)


def as_list(value: object) -> list[object]:
    """Take a list, or the tuple that stands for one. Raises Unfit."""
    if not isinstance(value, list | tuple):
        raise expected("a list", value)
    return list(cast("list[object]", value))


def as_object(value: object) -> dict[str, object]:
    """Take an object of JSON. Raises Unfit."""
    if not isinstance(value, Mapping):
        raise expected("an object", value)
    return dict(cast("Mapping[str, object]", value))


def _json(take_integer: Hook) -> Hook:
    """Return what takes JSON of no type, both ways, with integers as given."""

    def take(value: Any) -> object:
        if value is None:
            return None
        if isinstance(value, str):
            return string(value)
        if isinstance(value, bool):
            return value
        if isinstance(value, int):
            return take_integer(value)
        if isinstance(value, float):
            return number(value)
        if isinstance(value, list | tuple):
            return take_list(value)
        if isinstance(value, Mapping):
            return take_object(value)
        raise Unfit(f"JSON has no place for {kind_of(value)}: give JSON values")

    def take_list(value: Any) -> object:
        items: list[object] = []
        try:
            for each in value:
                items.append(take(each))
        except Unfit as problem:
            problem.below(f"[{len(items)}]")
            raise
        return items

    def take_object(value: Any) -> object:
        items: dict[str, object] = {}
        for name, each in value.items():
            taken = text_name(name)
            try:
                items[taken] = take(each)
            except Unfit as problem:
                problem.below(step(taken))
                raise
        return items

    return take


read_plain = _json(integer)
"""Reads JSON of no type: as it is, but for what no type would take. Raises Unfit."""

take_kept = _json(any_integer)
"""Takes, both ways, what a record keeps: what is read can be written, an integer of any length too. Raises Unfit."""


def plain_conversion(of: Of) -> Conversion:
    """Return the conversion of `object`."""
    by_class: dict[type, Hook] = {}

    def writer(value: object) -> Hook:
        """Return what writes the values of a class."""
        cls = type(value)
        if isinstance(value, Secret):
            return _refuse_secret
        scalar = next((each for each in cls.__mro__ if scalar_of(each) is not None), None)
        if isinstance(value, enum.Enum) or is_class_with_fields(cls):
            return of(cls).write
        if scalar is not None:
            return SCALARS[scalar_of(scalar) or scalar][1]
        if isinstance(value, list | tuple):
            return write_list
        if isinstance(value, Mapping):
            return write_object
        return _refuse

    def write(value: Any) -> object:
        found = by_class.get(value.__class__)
        if found is None:
            found = by_class[type(value)] = writer(value)
        return found(value)

    def write_list(value: Any) -> object:
        items: list[object] = []
        try:
            for each in value:
                items.append(write(each))
        except Unfit as problem:
            problem.below(f"[{len(items)}]")
            raise
        return items

    def write_object(value: Any) -> object:
        items: dict[str, object] = {}
        for name, each in value.items():
            taken = text_name(name)
            try:
                items[taken] = write(each)
            except Unfit as problem:
                problem.below(step(taken))
                raise
        return items

    return Conversion(read_plain, write, frozenset(KINDS))


def _refuse_secret(value: object) -> object:
    raise Unfit(f"a {type(value).__name__} is not sent unless the schema says so: write .reveal() if you mean it")


def _refuse(value: object) -> object:
    raise Unfit(f"JSON has no place for {kind_of(value)}: give text, bytes, JSON values, attrs objects or dataclasses")
