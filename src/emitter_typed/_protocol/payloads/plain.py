"""Values of no type: JSON as it is, with objects of known classes inside where it is written."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeGuard, cast

from emitter_typed._masking import kind_of
from emitter_typed._protocol.payloads.classes import Unsupported, is_class_with_fields
from emitter_typed._protocol.payloads.compiled import KINDS, AnyParts, Conversion, Of, dumped
from emitter_typed._protocol.payloads.scalars import (
    SCALARS,
    Hook,
    any_integer,
    integer,
    number,
    scalar_base,
    string,
)
from emitter_typed._protocol.payloads.unfit import Unfit, expected, step
from emitter_typed._types.frozen import FrozenMap
from emitter_typed._types.values import Secret

_HOLDERS = (list, tuple, set, frozenset, Mapping)


def text_name(name: object) -> str:
    """Take the name of something in an object. Raises Unfit."""
    if not isinstance(name, str):
        raise Unfit(f"the names in an object must be texts, got {kind_of(name)}")
    return string(name)


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Tell whether a value of a document is an object; its names are texts."""
    return value.__class__ is dict or isinstance(value, Mapping)


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


def in_order(value: Collection[Any]) -> list[Any]:
    """Return what a set holds, in its order if it has one, so that equal sets are written alike."""
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def convert_each(functions: Sequence[Hook], values: Iterable[object], steps: Sequence[str]) -> list[object]:
    """Convert values, each by the function in its place. Raises Unfit, with the step of the one that does not fit."""
    made: list[object] = []
    try:
        for function, value in zip(functions, values, strict=False):
            made.append(function(value))
    except Unfit as problem:
        problem.below(steps[len(made)])
        raise
    return made


def _placed(problem: Unfit, value: object, name: str | None, items: list[object]) -> Unfit:
    """Add the step to what was converted when a problem was found."""
    if not isinstance(value, Mapping):
        return problem.below(f"[{len(items)}]")
    # A name that is no text has no place of its own.
    return problem if name is None else problem.below(step(name))


def _json(take_integer: Hook) -> Hook:
    """Return what takes JSON of no type, both ways, with integers as given."""

    # One frame for each level: Python bounds their number.
    def take(value: Any) -> object:
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return string(value)
        if isinstance(value, float):
            return number(value)
        if isinstance(value, int):
            return take_integer(value)
        if not isinstance(value, list | tuple | Mapping):
            raise Unfit(f"JSON cannot hold {kind_of(value)}: pass JSON values")
        items: list[object] = []
        members: dict[str, object] = {}
        place: str | None = None
        try:
            if isinstance(value, Mapping):
                for name, each in cast("Mapping[object, object]", value).items():
                    place = None
                    place = taken = text_name(name)
                    members[taken] = take(each)
                return members
            for each in cast("Sequence[object]", value):
                items.append(take(each))
        except Unfit as problem:
            raise _placed(problem, cast("object", value), place, items) from None
        return items

    return take


read_plain = _json(integer)
"""Reads JSON of no type: as it is, but for what no type would take. Raises Unfit."""

take_kept = _json(any_integer)
"""Takes, both ways, what a record keeps: what is read can be written, an integer of any length too. Raises Unfit."""


def read_kept(value: Mapping[str, object], names: frozenset[str]) -> FrozenMap[object]:
    """Take what stands in a document beside the fields of these names. Raises Unfit."""
    kept: dict[str, object] = {}
    for name, item in value.items():
        if name not in names:
            try:
                kept[text_name(name)] = take_kept(item)
            except Unfit as problem:
                problem.below(step(name))
                raise
    return FrozenMap(kept)


def write_kept(kept: object, names: frozenset[str], made: dict[str, object]) -> None:
    """Add to a document what an object holds beside the fields of these names. Raises Unfit."""
    if not isinstance(kept, Mapping):
        raise expected("a mapping", kept)
    for name, value in cast("Mapping[object, object]", kept).items():
        taken = text_name(name)
        if taken in names:
            raise Unfit(f"contains {taken!r}, which is a field: set the field instead")
        try:
            made[taken] = take_kept(value)
        except Unfit as problem:
            problem.below(step(taken))
            raise


def plain_conversion(of: Of) -> Conversion:
    """Return the conversion of `object`."""
    by_class: dict[type, Hook] = {}
    dumps: dict[type, Hook] = {}

    def typed(cls: Any) -> Conversion:
        # What the type variables of a class stand for is in nobody's hands here: plain JSON.
        variables: tuple[object, ...] = getattr(cls, "__parameters__", ())
        try:
            return of(cls[(object,) * len(variables)] if variables else cls)
        except Unsupported as error:
            raise Unfit(error.told()) from None

    def writer(value: object) -> Hook:
        """Return what writes the values of a class that is none of JSON's."""
        cls = type(value)
        if isinstance(value, Secret):
            return _refuse_secret
        if isinstance(value, enum.Enum) or is_class_with_fields(cls):
            return typed(cls).write
        base = scalar_base(cls)
        return _refuse if base is None else SCALARS[base][1]

    # One frame for each level: Python bounds their number.
    def write(value: Any) -> object:
        cls: type = value.__class__
        known = by_class.get(cls)
        if known is not None:
            return known(value)
        if cls is not list and cls is not dict and (not isinstance(value, _HOLDERS) or is_class_with_fields(cls)):
            by_class[cls] = writer(cast("object", value))
            return by_class[cls](value)
        items: list[object] = []
        members: dict[str, object] = {}
        place: str | None = None
        try:
            if isinstance(value, Mapping):
                for name, each in cast("Mapping[object, object]", value).items():
                    place = None
                    place = taken = text_name(name)
                    members[taken] = write(each)
                return members
            given = cast("Collection[object]", value)
            for each in in_order(given) if isinstance(given, set | frozenset) else given:
                items.append(write(each))
        except Unfit as problem:
            raise _placed(problem, cast("object", value), place, items) from None
        return items

    def dump(value: object) -> str:
        cls = value.__class__
        if cls not in dumps:
            # What is written as a class says has a shorter way.
            dumps[cls] = typed(cls).now("dump") if is_class_with_fields(cls) else dumped(write)
        text: str = dumps[cls](value)
        return text

    return Conversion(read_plain, write, frozenset(KINDS), lambda: dump, parts=AnyParts(typed))


def _refuse_secret(value: object) -> object:
    raise Unfit(f"{kind_of(value)} is not sent unless the schema says so: write .reveal() if you mean it")


def _refuse(value: object) -> object:
    raise Unfit(f"JSON cannot hold {kind_of(value)}: pass text, bytes, JSON values, attrs objects or dataclasses")
