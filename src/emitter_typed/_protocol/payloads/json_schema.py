"""The JSON Schema (draft 2020-12, which OpenAPI 3.1 uses) of a type: what its conversion reads and writes.

A class with fields, an enum, a tagged member of a union and an alias that holds itself have a name in it. What calls
this decides where they are described, and what refers to them.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

import attrs
from attrs import frozen

from emitter_typed._protocol.payloads.choices import open_enum_of, with_open_enums
from emitter_typed._protocol.payloads.classes import (
    Member,
    aliased,
    constraints_of,
    describe,
    is_alias,
    is_class_with_fields,
    is_named_tuple,
    named_in,
)
from emitter_typed._protocol.payloads.containers import is_list_type, is_map_type
from emitter_typed._protocol.payloads.conversion import conversion_of, write_as
from emitter_typed._protocol.payloads.docstrings import class_text, field_text
from emitter_typed._protocol.payloads.scalars import scalar_of
from emitter_typed._protocol.payloads.unions import is_union, told_apart
from emitter_typed._types.constraints import Constraint
from emitter_typed._types.values import Flags, Present, Secret, Tag, Unrecognized

Schema = dict[str, Any]
"""A JSON Schema, as the document that it is."""


@frozen
class TaggedMember:
    """A member of a union with the tag that it has there."""

    cls: type
    tag: str
    """The field that tells the members apart."""
    value: str | int

    @property
    def name(self) -> str:
        """Its name in a schema: `SetModeWithKind`."""
        words = re.findall(r"[^\W_]+", self.tag)
        return f"{self.cls.__name__}With{''.join(word[0].upper() + word[1:] for word in words)}"


Refer = Callable[[Any], Schema]
"""Returns what stands for a type that has a name in a schema, where it is used, such as a `$ref`."""

_SCALARS: dict[type, Schema] = {
    type(None): {"type": "null"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    float: {"type": "number"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    timedelta: {"type": "number", "format": "seconds"},
    UUID: {"type": "string", "format": "uuid"},
    Decimal: {"anyOf": [{"type": "string", "format": "decimal"}, {"type": "number"}]},
}

_FORMATS: dict[str, Schema] = {
    "unix": {"type": "integer", "format": "unix-time"},
    "unix_ms": {"type": "integer", "format": "unix-time-ms"},
    "unix_float": {"type": "number", "format": "unix-time"},
    "seconds": {"type": "integer", "format": "seconds"},
    "milliseconds": {"type": "integer", "format": "milliseconds"},
}
_IN_MILLISECONDS = ("unix-time-ms", "milliseconds")

_JSON_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def has_name(type_: Any) -> bool:
    """Tell whether a type is described under a name of its own."""
    cls = get_origin(type_) or type_
    if cls is Unrecognized:
        return False
    if is_alias(type_):
        return _holds_itself(type_)
    return isinstance(type_, TaggedMember) or is_class_with_fields(type_) or _is_closed_enum(cls)


def schema_of(type_: Any, refer: Refer) -> Schema:
    """Return the JSON Schema of a type where it is used."""
    return refer(type_) if has_name(type_) else described(type_, refer)


def described(type_: Any, refer: Refer) -> Schema:
    """Return the JSON Schema of a type itself, also where it has a name."""
    scalar = scalar_of(type_)
    if type_ is None or scalar is not None:
        return dict(_SCALARS[type(None) if scalar is None else scalar])
    if isinstance(type_, TaggedMember):
        return _tagged_member(type_, refer)
    if hasattr(type_, "__supertype__"):
        return schema_of(type_.__supertype__, refer)
    if is_alias(type_):
        return schema_of(aliased(type_), refer)
    told = told_apart(type_)
    if told is not None:
        return _present(told, refer) if isinstance(told, Present) else _tagged(told, refer)
    if get_origin(type_) is Annotated:
        inner, *extras = get_args(type_)
        return _constrained(schema_of(inner, refer), [each for each in extras if isinstance(each, Constraint)])
    if is_union(type_):
        return _union(type_, refer)
    if get_origin(type_) is Literal:
        return _choices([each.value if isinstance(each, enum.Enum) else each for each in get_args(type_)])
    if Unrecognized in (type_, get_origin(type_)):
        return schema_of((get_args(type_) or (str | int,))[0], refer)
    if is_class_with_fields(type_):
        return _class(type_, refer)
    if is_list_type(type_):
        return _list(type_, refer)
    if is_map_type(type_):
        return _map(type_, refer)
    return _class_of_values(type_)


def _class_of_values(type_: Any) -> Schema:
    cls = get_origin(type_) or type_
    if not isinstance(cls, type):
        return {}
    if issubclass(cls, Secret):
        return {"type": "string", "format": "password", "minLength": 1}
    if issubclass(cls, Flags):
        letters = "".join(each.letters for each in cls)
        return {"type": "string", "pattern": f"^[{letters}]*$"}
    if issubclass(cls, enum.Flag):
        return dict(_SCALARS[int])
    if issubclass(cls, enum.Enum):
        return _titled(cls) | _choices([member.value for member in cls])
    # What stays is `object`.
    return {}


def _holds_itself(alias: Any) -> bool:
    """Tell whether an alias can be found within itself, but not only within a class, which has a name."""
    seen: list[Any] = []
    waiting = [alias]
    while waiting:
        for one in named_in(aliased(waiting.pop())):
            if one == alias:
                return True
            if is_alias(one) and one not in seen:
                seen.append(one)
                waiting.append(one)
    return False


def _is_closed_enum(cls: object) -> bool:
    return isinstance(cls, type) and issubclass(cls, enum.Enum) and not issubclass(cls, enum.Flag)


def _choices(values: Iterable[Any]) -> Schema:
    written = [conversion_of(object).write(value) for value in values]
    types = {_JSON_TYPES[type(each)] for each in written}
    chosen: Schema = {"const": written[0]} if len(written) == 1 else {"enum": written}
    return {**chosen, "type": types.pop()} if len(types) == 1 else chosen


def _union(type_: Any, refer: Refer) -> Schema:
    members = with_open_enums(tuple(each for each in get_args(type_) if each is not type(None)))
    found = open_enum_of(members)
    # An open enum: its known values first.
    ordered = members if found is None else (found[0], found[1])
    schemas = [schema_of(each, refer) for each in ordered]
    if type(None) in get_args(type_):
        schemas.append({"type": "null"})
    # Other unions nested in it, such as an optional open enum that has a name.
    flat = [one for each in schemas for one in (each["anyOf"] if each.keys() == {"anyOf"} else [each])]
    return {"anyOf": flat} if len(flat) > 1 else flat[0]


def _tagged(tag: Tag, refer: Refer) -> Schema:
    members = {value: refer(TaggedMember(member, tag.name, value)) for value, member in tag.members}
    if tag.open:
        # OpenAPI knows no discriminator with other values than those of its mapping.
        unknown: Schema = {**_SCALARS[int if tag.has_numbers else str], "not": {"enum": [*members]}}
        other: Schema = {"type": "object", "properties": {tag.name: unknown}, "required": [tag.name]}
        return {"oneOf": [*members.values(), other]}
    if tag.has_numbers:
        # The values of a discriminator are texts.
        return {"oneOf": [*members.values()]}
    discriminator: Schema = {"propertyName": tag.name}
    if all("$ref" in each for each in members.values()):
        discriminator["mapping"] = {value: each["$ref"] for value, each in members.items()}
    return {"oneOf": [*members.values()], "discriminator": discriminator}


def _present(present: Present, refer: Refer) -> Schema:
    members = [refer(member) for _, member in present.members]
    one_present: list[Schema] = [{"required": [name]} for name, _ in present.members]
    if present.open:
        none: Schema = {"type": "object", "not": {"anyOf": one_present}}
        return {"oneOf": [*members, none], "allOf": [{"oneOf": [*one_present, none]}]}
    return {"oneOf": members, "allOf": [{"oneOf": one_present}]}


def _list(type_: Any, refer: Refer) -> Schema:
    origin, arguments = get_origin(type_) or type_, get_args(type_)
    if origin is tuple and (arguments or type_ == tuple[()]) and Ellipsis not in arguments:
        return _fixed([schema_of(each, refer) for each in arguments], len(arguments))
    made: Schema = {"type": "array", "items": schema_of(arguments[0] if arguments else object, refer)}
    return {**made, "uniqueItems": True} if issubclass(origin, set | frozenset) else made


def _fixed(items: list[Schema], least: int) -> Schema:
    bounds: Schema = {"minItems": least, "maxItems": len(items)}
    return {"type": "array", "prefixItems": items, **bounds} if items else {"type": "array", **bounds}


def _map(type_: Any, refer: Refer) -> Schema:
    key, item = get_args(type_) or (str, object)
    made: Schema = {"type": "object", "additionalProperties": schema_of(item, refer)}
    names = schema_of(key, refer)
    return made if names == _SCALARS[str] else {**made, "propertyNames": names}


def _class(type_: Any, refer: Refer) -> Schema:
    cls: type = get_origin(type_) or type_
    shape = describe(type_)
    titled = _titled(cls)
    if is_named_tuple(cls):
        items = [schema_of(member.type, refer) for member in shape.members]
        return titled | _fixed(items, sum(member.required for member in shape.members))
    properties = {member.wire_name: _field(cls, member, refer) for member in shape.members}
    required = [member.wire_name for member in shape.members if member.required]
    return {**titled, "type": "object", "properties": properties, **({"required": required} if required else {})}


def _titled(cls: type) -> Schema:
    text = class_text(cls)
    return {"title": cls.__name__, **({"description": text} if text else {})}


def _tagged_member(member: TaggedMember, refer: Refer) -> Schema:
    made = _class(member.cls, refer)
    return made | {
        "title": member.name,
        "properties": {
            member.tag: {"type": "integer" if isinstance(member.value, int) else "string", "const": member.value},
            **made["properties"],
        },
        "required": [member.tag, *made.get("required", [])],
    }


def _field(cls: type, member: Member, refer: Refer) -> Schema:
    made = schema_of(member.type, refer)
    if member.wire.format is not None:
        nullable = "anyOf" in made
        made = dict(_FORMATS[member.wire.format])
        made = {"anyOf": [made, {"type": "null"}]} if nullable else made
    made = _constrained(made, constraints_of(member.validator))
    text = field_text(cls, member.name) or field_text(cls, member.parameter)
    if text:
        made = {**made, "description": text}
    if _is_deprecated(cls, member.parameter):
        made = {**made, "deprecated": True}
    return {**made, **_default(cls, member)}


def _default(cls: type, member: Member) -> Schema:
    """Return what the field has where a document does not hold it, as JSON; nothing for None."""
    value = None if member.default is None else member.default()
    if value is None:
        return {}
    if member.wire.format is not None:
        return {"default": write_as(member.wire.format, value)}
    return {"default": conversion_of(member.type).now("write")(value)}


def _is_deprecated(cls: type, name: str) -> bool:
    # Only a deprecated field is read through a property.
    return attrs.has(cls) and isinstance(getattr(cls, name, None), property)


def _constrained(schema: Schema, constraints: Iterable[Constraint]) -> Schema:
    """Return a schema with limits, for what of it they are meant for."""
    if schema.keys() == {"anyOf"}:
        return {
            "anyOf": [
                each if each == _SCALARS[type(None)] else _constrained(each, constraints) for each in schema["anyOf"]
            ]
        }
    for constraint in constraints:
        schema = _LIMITS[constraint.keyword](schema, constraint.limit) if constraint.keyword in _LIMITS else schema
    return schema


def _number(limit: int | float | Decimal | timedelta | datetime) -> int | float:
    number = limit
    if isinstance(number, timedelta):
        number = number.total_seconds()
    elif isinstance(number, datetime):
        # One that is a number is one of Unix seconds.
        number = number.timestamp()
    return int(number) if number == int(number) else float(number)


def _limit(keyword: str) -> Callable[[Schema, Any], Schema]:
    def limited(schema: Schema, limit: Any) -> Schema:
        if schema.get("type") not in ("integer", "number"):
            # Texts have no such keyword: times, dates, a decimal in that form.
            return schema
        number = _number(limit)
        return {**schema, keyword: _number(number * 1000) if schema.get("format") in _IN_MILLISECONDS else number}

    return limited


def _length(keyword: str) -> Callable[[Schema, int], Schema]:
    def limited(schema: Schema, limit: int) -> Schema:
        if schema.get("type") != "string":
            return schema
        # Four characters of base64 are three bytes.
        return {**schema, keyword: -(-limit // 3) * 4 if "contentEncoding" in schema else limit}

    return limited


def _count(keyword: str) -> Callable[[Schema, int], Schema]:
    def limited(schema: Schema, limit: int) -> Schema:
        of = {"array": "Items", "object": "Properties"}.get(str(schema.get("type")))
        return schema if of is None else {**schema, keyword + of: limit}

    return limited


# What JavaScript, which the pages of an API run in, reads otherwise than Python, or not at all.
_of_python_only = re.compile(r"\\[AZabvN0]|\\U|\(\?[^:=!]|[*+?}]\+").search


def _pattern(schema: Schema, limit: str) -> Schema:
    if schema.get("type") != "string" or _of_python_only(limit):
        return schema
    return {**schema, "pattern": f"^(?:{limit})$"}


def _when(schema: Schema, limit: tuple[Any, Iterable[Constraint]]) -> Schema:
    cls, constraints = limit
    kinds = {tuple: ("array",), Mapping: ("object",)}.get(cls, ("integer", "number", "string"))
    return _constrained(schema, constraints) if schema.get("type") in kinds else schema


def _each(schema: Schema, limit: Iterable[Constraint]) -> Schema:
    key = {"array": "items", "object": "additionalProperties"}.get(str(schema.get("type")))
    return schema if key is None or key not in schema else {**schema, key: _constrained(schema[key], limit)}


_LIMITS: dict[str, Callable[[Schema, Any], Schema]] = {
    "minimum": _limit("minimum"),
    "maximum": _limit("maximum"),
    "exclusive_minimum": _limit("exclusiveMinimum"),
    "exclusive_maximum": _limit("exclusiveMaximum"),
    "min_length": _length("minLength"),
    "max_length": _length("maxLength"),
    "min_items": _count("min"),
    "max_items": _count("max"),
    "pattern": _pattern,
    "each": _each,
    "when": _when,
}
"""What each constraint adds, by its keyword in the schema language."""
