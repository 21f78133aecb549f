"""What a schema means, apart from its text and from any programming language.

`resolve` makes a `Schema` only when there is no problem, so every rule of the language holds:
names are unique and resolved, constraints make sense, defaults fit their types.
Order is the author's; `canonical` keeps of it what means something. What only a protocol has is in `model.protocol`.
"""

from __future__ import annotations

from emitter_typed_codegen.model.canonical import canonical, digest
from emitter_typed_codegen.model.kinds import JsonKind, alternative, alternatives, beneath, json_kinds
from emitter_typed_codegen.model.mentions import channel_types, mentioned, named, reachable
from emitter_typed_codegen.model.schema import (
    Channel,
    Import,
    Schema,
    reached,
)
from emitter_typed_codegen.model.settings import Option, Protocol, Publishing, Setting
from emitter_typed_codegen.model.types import (
    Alias,
    AnyOf,
    Constraint,
    Declaration,
    Enum,
    EnumValue,
    Field,
    Flags,
    JsonMap,
    List,
    Literal_,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    ScalarName,
    Secret,
    TypeRef,
    Union,
)

__all__ = [
    "Alias",
    "AnyOf",
    "Channel",
    "Constraint",
    "Declaration",
    "Enum",
    "EnumValue",
    "Field",
    "Flags",
    "Import",
    "JsonKind",
    "JsonMap",
    "List",
    "Literal_",
    "Map",
    "Named",
    "Option",
    "Optional",
    "Protocol",
    "Publishing",
    "Record",
    "Scalar",
    "ScalarName",
    "Schema",
    "Secret",
    "Setting",
    "TypeRef",
    "Union",
    "alternative",
    "alternatives",
    "beneath",
    "canonical",
    "channel_types",
    "digest",
    "json_kinds",
    "mentioned",
    "named",
    "reachable",
    "reached",
]
