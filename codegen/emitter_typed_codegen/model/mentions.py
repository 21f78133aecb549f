"""Which types others are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emitter_typed_codegen.model.schema import Channel, Schema
from emitter_typed_codegen.model.types import (
    Alias,
    AnyOf,
    Declaration,
    List,
    Map,
    Named,
    Optional,
    Record,
    TypeRef,
    Union,
)


def named(ref: TypeRef) -> Iterator[str]:
    """Yield the names of the declared types that a type is made of."""
    match ref:
        case Named():
            yield ref.name
        case Optional() | List():
            yield from named(ref.item)
        case Map():
            yield from named(ref.value)
        case AnyOf():
            for member in ref.members:
                yield from named(member)
        case _:
            return


def mentioned(declared: Declaration) -> Iterator[str]:
    """Yield the names of the types that a declaration mentions."""
    match declared:
        case Record():
            for field in declared.fields:
                yield from named(field.type)
        case Union():
            yield from (name for _, name in declared.members)
        case Alias():
            yield from named(declared.type)
        case _:
            return


def reachable(schema: Schema, refs: Iterable[TypeRef]) -> list[str]:
    """Return the names of the types that some types need, those themselves included, in the order of the schema."""
    found: set[str] = set()
    waiting = [name for ref in refs for name in named(ref)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += mentioned(schema.by_name[name])
    return [name for name in schema.by_name if name in found]


def channel_types(channels: Iterable[Channel]) -> list[TypeRef]:
    """Return the types of the payloads and parameters of channels."""
    return [ref for channel in channels for ref in (channel.payload, *(one.type for one in channel.params))]
