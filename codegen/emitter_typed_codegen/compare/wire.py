"""Whether a program that expects one type reads all that a program with another one writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Literal, TypeAlias

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Constraint,
    Declaration,
    Enum,
    Flags,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    Schema,
    Secret,
    TypeRef,
    Union,
    alternatives,
)

# Who reads a secret refuses an empty one.
_NOT_EMPTY = Constraint("min_length", 1)

Base: TypeAlias = Scalar | List | Map | AnyOf | Record | Enum | Flags | Union | Secret
"""What a type is when aliases are followed."""

Position = Literal["json", "payload", "segment"]
"""Where a value stands: within JSON, as a whole payload, where `text` and `bytes` are no JSON, or in an address."""

# What each scalar reads besides itself. `datetime:unix` is a datetime in that format, `enum:int` an enum of numbers.
_WHOLE = frozenset({"duration:seconds", "duration:milliseconds", "datetime:unix", "datetime:unix_ms"})
_NUMBERS = _WHOLE | {"int", "enum:int", "duration", "datetime:unix_float"}
_READS: dict[str, frozenset[str]] = {
    "float": _NUMBERS,
    "int": _WHOLE | {"enum:int"},
    "decimal": _NUMBERS | {"float"},
    "duration": frozenset({"duration:seconds"}),
    "datetime:unix_float": frozenset({"datetime:unix"}),
    "string": frozenset({"uuid", "date", "datetime", "bytes", "decimal"}),
}
_TEXTS = _READS["string"] | {"string"}


@frozen
class _Times:
    """A form of times or durations that is a number."""

    of: Literal["datetime", "duration"]
    second: int
    """What one second is."""
    whole: bool
    """Whether it is an integer."""


_TIMES = {
    "datetime:unix": _Times("datetime", 1, True),
    "datetime:unix_ms": _Times("datetime", 1000, True),
    "datetime:unix_float": _Times("datetime", 1, False),
    "duration": _Times("duration", 1, False),
    "duration:seconds": _Times("duration", 1, True),
    "duration:milliseconds": _Times("duration", 1000, True),
}


@frozen
class Resolved:
    """A type with its aliases followed."""

    base: Base
    optional: bool
    """Whether it or an alias on the way has a `?`."""
    constraints: tuple[Constraint, ...]
    """Those of the aliases on the way."""
    names: tuple[str, ...]
    """The aliases on the way, and what is declared at its end."""


def resolve(schema: Schema, ref: TypeRef) -> Resolved:
    """Follow the aliases of a type."""
    optional, constraints, names = False, list[Constraint](), list[str]()
    while True:
        if isinstance(ref, Optional):
            optional, ref = True, ref.item
            continue
        if not isinstance(ref, Named):
            return Resolved(ref, optional, tuple(constraints), tuple(names))
        declared: Declaration = schema.by_name[ref.name]
        names.append(ref.name)
        if isinstance(declared, Secret):
            constraints.append(_NOT_EMPTY)
        if not isinstance(declared, Alias):
            return Resolved(declared, optional, tuple(constraints), tuple(names))
        constraints += declared.constraints
        ref = declared.type


def as_it_is(found: Resolved, position: Position) -> bool:
    """Tell whether a type is a text, or bytes, that is a whole payload without being JSON: only without a `?`."""
    base = found.base
    return (
        position == "payload"
        and not found.optional
        and isinstance(base, Scalar)
        and base.name in ("string", "text", "bytes")
    )


def kind(base: Base, format: str | None, position: Position) -> str:
    """Return what decides how a type stands on the wire, as a word."""
    if isinstance(base, Scalar):
        if position == "payload" and base.name in ("string", "text", "bytes"):
            return "raw bytes" if base.name == "bytes" else "text"
        if position == "json" and base.name == "text":
            # With a ?, it is JSON.
            return "string"
        return f"{base.name}:{format}" if format is not None else base.name
    name = type(base).__name__.lower()
    if isinstance(base, Union) and base.tag is None:
        return f"{name}:present"
    return f"{name}:int" if isinstance(base, Enum | Union) and base.has_numbers else name


def reads(reader: Base, reader_format: str | None, writer: Base, writer_format: str | None, position: Position) -> bool:
    """Tell whether one type reads all that another writes, constraints and what lists and records hold aside."""
    one, other = kind(reader, reader_format, position), kind(writer, writer_format, position)
    if one in (other, "raw bytes"):
        return True
    if other in ("raw bytes", "text"):
        return False
    if one in ("json", "text"):
        return True
    if position == "segment" and (one == "string" or (one == "enum" and isinstance(reader, Enum) and reader.open)):
        return True
    match reader:
        case Enum(open=True, has_numbers=True):
            return other == "int" or other in _READS["int"]
        case Scalar(name="string") | Secret() | Enum(open=True):
            return other in _TEXTS or other == "enum" or isinstance(writer, Flags | Secret)
        case Scalar():
            return other in _READS.get(one, ())
        case Enum() if isinstance(writer, Flags):
            letters, values = writer.letters, {each.wire for each in reader.values}
            # A set is written with its letters in their order.
            return 2 ** len(letters) <= len(values) and all(
                "".join(some) in values for many in range(len(letters) + 1) for some in combinations(letters, many)
            )
        case Flags() if other == "enum" and isinstance(writer, Enum) and not writer.open:
            known = set(reader.letters)
            return all(set(each.key) <= known for each in writer.values)
        case _:
            return False


def reads_type(reader: tuple[Schema, TypeRef, str | None], writer: tuple[Schema, TypeRef, str | None]) -> bool:
    """Tell whether one type reads all that another writes within JSON, also where one of them is several types.

    Args:
        reader: The schema, the type and its format.
        writer: The same of the type that is read.
    """
    reading, writing = (
        [(resolve(schema, one).base, format) for one in alternatives(ref, schema.by_name)]
        for schema, ref, format in (reader, writer)
    )
    return all(any(reads(*one, *other, "json") for one in reading) for other in writing)


# A time and a duration to show what is misread.
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_LENGTH = timedelta(seconds=90)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def misread(reader: str, writer: str) -> tuple[bool, str] | None:
    """Tell whether a program takes times or durations of another one for other times or durations.

    Args:
        reader: The kind that the program reads.
        writer: The kind that the other one writes.

    Returns:
        Whether it refuses some of them, and what it makes of one in words; None if both mean the same.
    """
    one, other = _TIMES.get(reader), _TIMES.get(writer)
    if one is None or other is None or (one.of, one.second) == (other.of, other.second):
        return None
    length = _MOMENT - _EPOCH if other.of == "datetime" else _LENGTH
    number = int(length.total_seconds()) * other.second
    fractions = one.whole and not other.whole
    try:
        read = _spelled(one.of, timedelta(seconds=number) / one.second)
    except OverflowError:
        return True, f"refuse {number} ({_spelled(other.of, length)})"
    return fractions, f"read {number} ({_spelled(other.of, length)}) as {read}"


def _spelled(of: Literal["datetime", "duration"], length: timedelta) -> str:
    if of == "duration":
        return f"{length.total_seconds():g} s"
    return (_EPOCH + length).isoformat().replace("+00:00", "Z")
