"""Where in a document, or in an object, a problem is: found only after a conversion has failed."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from emitter_typed._protocol.payloads.conversion import (
    converter,
    format_hook,
    is_blank,
    tag_of,
    wire_of,
    write_kept,
)
from emitter_typed._protocol.payloads.scalars import Unexpected, is_list, is_object
from emitter_typed.errors import InvalidArgument

Side = Literal[0, 1]
"""0: a document that was to be read. 1: an object that was to be written."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# What holds itself has no last step.
_MOST_STEPS = 100

_Child = tuple[str, object, Any, Callable[[Any], object]]
"""A step of the path, the value there, its type, and what converts it."""


class Missing(ValueError):
    """A field that must be there is not."""


def find_problem(value: object, type_: Any, side: Side, error: BaseException) -> tuple[str, str]:
    """Return the path of the first problem and what is wrong there.

    Args:
        value: What did not convert.
        type_: The type that it should have, or have had.
        side: The direction of the conversion.
        error: What the conversion raised: the answer if no part of the value is at fault by itself.

    Returns:
        A path such as `$.readings[3].celsius`, and the problem.
    """
    path = "$"
    for _ in range(_MOST_STEPS):
        for step, child, child_type, convert in _children(value, type_, side):
            try:
                convert(child)
            except Exception as problem:
                path, value, type_, error = path + step, child, child_type, problem
                break
        else:
            break
    if isinstance(error, InvalidArgument) and attrs.has(type_):
        path += _place(error.argument, type_, side)
    if side == 0 and isinstance(error, Unexpected):
        return path, error.in_json()
    return path, str(error) or type(error).__name__


def _place(argument: str, cls: Any, side: Side) -> str:
    """Return the step to what a rule of a class refused: by its name on the wire where a document was read."""
    name, bracket, item = argument.partition("[")
    if side == 0:
        wires = {each.alias or each.name: wire_of(each).name for each in attrs.fields(cls)}
        name = wires.get(name) or name
    return _step(name) + bracket + item


def _children(value: object, type_: Any, side: Side) -> Iterator[_Child]:
    tag = tag_of(type_)
    if tag is not None:
        by_value = dict(tag.members)
        member: Any = by_value.get(str(value.get(tag.name))) if is_object(value) else type(value)
        if member in by_value.values():
            yield from _children(value, member, side)
    elif get_origin(type_) in (Union, types.UnionType):
        present = [each for each in get_args(type_) if each is not type(None)]
        if value is not None and len(present) == 1:
            yield from _children(value, present[0], side)
    elif attrs.has(type_):
        yield from _fields(value, type_, side)
    elif get_origin(type_) is tuple and is_list(value):
        item = get_args(type_)[0]
        for index, each in enumerate(value):
            yield f"[{index}]", each, item, _convert(item, side)
    elif get_origin(type_) in (dict, Mapping) and is_object(value):
        item = get_args(type_)[1]
        for name, each in value.items():
            yield _step(name), each, item, _convert(item, side)
    elif type_ is object and is_list(value):
        for index, each in enumerate(value):
            yield f"[{index}]", each, object, _convert(object, side)
    elif type_ is object and is_object(value):
        for name, each in value.items():
            yield _step(name), each, object, _convert(object, side)


def _fields(value: object, cls: Any, side: Side) -> Iterator[_Child]:
    converter().prepare(cls)
    for attribute in attrs.fields(cls):
        wire = wire_of(attribute)
        if wire.rest:
            if side == 1 and isinstance(value, cls):
                yield f".{attribute.name}", getattr(value, attribute.name), None, write_kept
            continue
        name = wire.name or attribute.name
        hook = format_hook(attribute, side) or _convert(attribute.type, side)
        if side == 1:
            if isinstance(value, cls):
                yield f".{attribute.alias or attribute.name}", getattr(value, attribute.name), attribute.type, hook
        elif is_object(value):
            if name in value and not is_blank(value[name], wire.blank):
                yield _step(name), value[name], attribute.type, hook
            elif attribute.default is attrs.NOTHING:
                yield _step(name), None, None, _missing


def _convert(type_: Any, side: Side) -> Callable[[Any], object]:
    if side == 1:
        return lambda value: converter().unstructure(value, type_)
    return lambda value: converter().structure(value, type_)


def _missing(_: object) -> object:
    raise Missing("is missing")


def _step(name: object) -> str:
    return f".{name}" if isinstance(name, str) and _NAME.fullmatch(name) else f"[{name!r}]"
