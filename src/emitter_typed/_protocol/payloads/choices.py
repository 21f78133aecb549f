"""One of a few values: enums, closed and open, flags and literals, as hooks that are prepared once for each type."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from emitter_typed._protocol.payloads.scalars import SCALARS, Unfit, expected
from emitter_typed._types.values import Flags, Unrecognized


def write_enum(value: enum.Enum) -> object:
    """Write a member of an enum."""
    return value.value


def write_flags(value: Flags) -> str:
    """Write a set of flags."""
    return value.letters


def enum_reader(type_: Any) -> Callable[[object, Any], object]:
    """Return what reads a member of an enum by its value."""
    members: dict[object, object] = {member.value: member for member in type_}
    return _reader(members)


def is_literal(type_: object) -> bool:
    """Tell whether a type is one of a few values themselves."""
    return get_origin(type_) is Literal


def literal_reader(type_: Any) -> Callable[[object, Any], object]:
    """Return what reads one of a few values."""
    return _reader({value: value for value in get_args(type_)})


def literal_writer(type_: Any) -> Callable[[object], object]:
    """Return what writes one of a few values."""
    read = literal_reader(type_)
    return lambda value: read(value, type_)


def _reader(known: Mapping[object, object]) -> Callable[[object, Any], object]:
    # By class as well, since True is 1 and 1.0 is 1; and what is of another class may have no hash.
    by_class = {(value.__class__, value): found for value, found in known.items()}
    classes = {cls for cls, _ in by_class}
    words = ", ".join(map(repr, known))

    def read(value: object, _: Any) -> object:
        if value.__class__ in classes and (value.__class__, value) in by_class:
            return by_class[value.__class__, value]
        raise Unfit(f"must be one of {words}, got {value!r}")

    return read


def is_open_enum(type_: object) -> bool:
    """Tell whether a type is an enum that has room for values that are not known: `Mode | Unrecognized[str]`."""
    if get_origin(type_) not in (Union, types.UnionType):
        return False
    return any(member is Unrecognized or get_origin(member) is Unrecognized for member in get_args(type_))


def _parts(type_: Any) -> tuple[type[enum.Enum], type, bool]:
    """Return the enum, the class of its values, and whether None is allowed too."""
    members = get_args(type_)
    known = next(member for member in members if isinstance(member, type) and issubclass(member, enum.Enum))
    raw = next((get_args(member)[0] for member in members if get_origin(member) is Unrecognized), str)
    return known, raw, type(None) in members


def open_enum_reader(type_: Any) -> Callable[[object, Any], object]:
    """Return what reads a member of an open enum, or keeps what is none."""
    known, raw, optional = _parts(type_)
    take = SCALARS[raw][0]
    members = {member.value: member for member in known}

    def read(value: object, _: Any) -> object:
        if value is None and optional:
            return None
        taken: Any = take(value)
        return members[taken] if taken in members else Unrecognized(taken)

    return read


def open_enum_writer(type_: Any) -> Callable[[object], object]:
    """Return what writes a member of an open enum, or what was kept."""
    known, raw, optional = _parts(type_)
    put = SCALARS[raw][1]

    def write(value: object) -> object:
        if value is None and optional:
            return None
        if isinstance(value, known):
            return write_enum(value)
        kept: object = getattr(value, "raw", None)
        if isinstance(value, Unrecognized):
            return put(kept)
        raise expected(f"a {known.__name__}", value)

    return write
