"""What a schema means in one form, whatever text says it, and the digest of that."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import cast

from attrs import evolve, fields, has

from emitter_typed_codegen.model.schema import Import, Schema
from emitter_typed_codegen.model.types import EnumValue, Field, JsonMap, Union

_NUMBER = re.compile("([0-9]+)")

# Where a schema lies is no part of its meaning. Imported files have digests of their own.
_LEFT_OUT: dict[type, set[str]] = {Schema: {"source", "imported", "by_name"}, Import: {"path", "schema"}}

# Parts of the meaning only where they are set: the digests of schemas without them stay the same.
_IF_SET: dict[type, tuple[str, ...]] = {
    EnumValue: ("deprecated",),
    Field: ("required",),
    Union: ("open",),
}

_AS_THEY_ARE = {str, bool, int, float, type(None)}


def canonical(schema: Schema) -> Schema:
    """Return a schema with its types, its channels and their options in the order of their names.

    What a program can see keeps the author's order: fields, values of an enum, letters of flags, members of a union,
    entries of a default, and all that only a protocol has.
    """
    # Most channels have no options.
    channels = [
        evolve(one, options=tuple(sorted(one.options, key=lambda option: option[0]))) if one.options else one
        for one in schema.channels
    ]
    return evolve(
        schema,
        types=tuple(sorted(schema.types, key=lambda declared: _place(declared.name))),
        channels=tuple(sorted(channels, key=lambda channel: _place(channel.name))),
    )


def digest(schema: Schema) -> str:
    """Return the SHA-256 of a schema's meaning, in hexadecimal."""
    text = json.dumps(_plain(canonical(schema)), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _place(name: str) -> tuple[list[str | int], str]:
    """Return what a name is sorted by: numbers in it count as numbers, so that what belongs together stays together."""
    # Every second part is a number.
    return [int(part) if index % 2 else part for index, part in enumerate(_NUMBER.split(name))], name


def _plain(value: object) -> object:
    """Return a part of the model as JSON in which everything that the model tells apart is different."""
    if isinstance(value, tuple):
        items = [_plain(item) for item in cast("tuple[object, ...]", value)]
        return {"map": items} if isinstance(value, JsonMap) else items
    kind: type = value.__class__
    names = _names(kind)
    if names is None:
        return value
    # Most are texts and the like, and there are tens of thousands.
    held = [one if (one := getattr(value, name)).__class__ in _AS_THEY_ARE else _plain(one) for name in names]
    for name in _IF_SET.get(kind, ()):
        one = getattr(value, name)
        held += [name] if one is True else [[name, one]] if one else []
    return [kind.__name__, *held]


@cache
def _names(kind: type) -> list[str] | None:
    """Return the fields of a class of the model that are part of its meaning; None for any other class."""
    left_out = {*_LEFT_OUT.get(kind, ()), *_IF_SET.get(kind, ())}
    return [one.name for one in fields(kind) if one.name not in left_out] if has(kind) else None
