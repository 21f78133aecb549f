"""Whether a program that expects one type reads all that a program with another one writes."""

from __future__ import annotations

from typing import Literal, TypeAlias

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model import (
    Alias,
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
)

# Who reads a secret refuses an empty one.
_NOT_EMPTY = Constraint("min_length", 1)

Base: TypeAlias = Scalar | List | Map | Record | Enum | Flags | Union | Secret
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
    return "enum:int" if isinstance(base, Enum) and base.has_numbers else type(base).__name__.lower()


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
        case _:
            return False
