"""What a schema means, apart from its text and from any programming language.

`resolve` makes a `Schema` only when there is no problem, so every rule of the language holds:
names are unique and resolved, constraints make sense, defaults fit their types.
Order is the author's; `canonical` keeps of it what means something.
"""

from __future__ import annotations

from emitter_typed_codegen.model.canonical import canonical, digest
from emitter_typed_codegen.model.protocol import (
    Envelope,
    Error,
    Event,
    Lasting,
    Operation,
    Option,
    Pages,
    Protocol,
    Publishing,
    Request,
    Setting,
    Watch,
)
from emitter_typed_codegen.model.schema import (
    Channel,
    Import,
    Schema,
    reached,
)
from emitter_typed_codegen.model.types import (
    Alias,
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
    "Channel",
    "Constraint",
    "Declaration",
    "Enum",
    "EnumValue",
    "Envelope",
    "Error",
    "Event",
    "Field",
    "Flags",
    "Import",
    "JsonMap",
    "Lasting",
    "List",
    "Literal_",
    "Map",
    "Named",
    "Operation",
    "Option",
    "Optional",
    "Pages",
    "Protocol",
    "Publishing",
    "Record",
    "Request",
    "Scalar",
    "ScalarName",
    "Schema",
    "Secret",
    "Setting",
    "TypeRef",
    "Union",
    "Watch",
    "canonical",
    "digest",
    "reached",
]
