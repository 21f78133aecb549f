"""Types as fields of pydantic models, and so as bodies and responses of FastAPI: validated and written as anywhere.

pydantic calls this, so it is loaded: nothing here is imported before, and emitter-typed does not depend on it. It is
imported by name, for checkers do not find it where it is not installed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from contextvars import ContextVar
from importlib import import_module
from typing import Any, TypeGuard, cast, get_args, get_origin

from emitter_typed._masking import hide_keys
from emitter_typed._protocol.payloads.classes import name_of
from emitter_typed._protocol.payloads.codec import converted, read_document
from emitter_typed._protocol.payloads.compiled import Conversion
from emitter_typed._protocol.payloads.conversion import conversion_of
from emitter_typed._protocol.payloads.json_schema import Schema, TaggedMember, described, has_name
from emitter_typed._protocol.payloads.plain import is_object
from emitter_typed._protocol.payloads.unfit import Missing, Unexpected, Unfit, step
from emitter_typed._protocol.payloads.unions import told_apart
from emitter_typed._types.values import Unrecognized, UnrecognizedMember

# What is described now, by its reference: a class that holds itself is referred to.
_open: ContextVar[frozenset[str]] = ContextVar("open", default=frozenset())

_TYPE = "emitter_typed.type"
"""The key under which a core schema holds its type."""


def core_schema(type_: Any) -> object:
    """Return the core schema of a type: an object of it is taken as it is, anything else is read as a document.

    In Python's mode (`model_dump()`) the object stays what it is; in JSON's mode it becomes its document.

    Args:
        type_: A record, a union of records, flags, `Unrecognized[str]`.

    Raises:
        InvalidArgument: A payload cannot have this type.
    """
    schemas: Any = import_module("pydantic_core.core_schema")
    conversion = conversion_of(type_.cls if isinstance(type_, TaggedMember) else type_)
    classes = _classes_of(type_)

    def validate(value: object) -> object:
        return value if isinstance(value, classes) else _read(value, conversion, classes[0].__name__)

    def write(value: object) -> object:
        try:
            return converted(conversion.now("write"), value)
        except Unfit as problem:
            text = f"the value does not fit at {problem.path}: {problem}"
            if isinstance(value, classes):
                raise ValueError(text) from problem
            # In a union, it is another member's.
            raise import_module("pydantic_core").PydanticSerializationUnexpectedValue(text) from problem

    settings = {
        "metadata": {_TYPE: type_},
        "serialization": schemas.plain_serializer_function_ser_schema(write, when_used="json"),
    }
    if Unrecognized in classes:
        # Beside an enum, a value that the enum knows is its member: pydantic takes what fits in its strict mode first.
        read = schemas.no_info_plain_validator_function(validate)
        return schemas.lax_or_strict_schema(read, schemas.is_instance_schema(Unrecognized), **settings)
    reference = _reference(type_) if has_name(type_) else None
    return schemas.no_info_plain_validator_function(validate, ref=reference, **settings)


def json_schema(type_: Any, schema: Any, handler: Any) -> Schema:
    """Return the JSON Schema of a type; pydantic's handler makes those of the named types in it.

    Args:
        type_: The type, for a core schema that does not say it.
        schema: The core schema of the type.
        handler: What pydantic hands to `__get_pydantic_json_schema__`.
    """
    schemas: Any = import_module("pydantic_core.core_schema")
    adapter: Any = import_module("pydantic").TypeAdapter
    type_ = schema.get("metadata", {}).get(_TYPE, type_)

    def refer(named: Any) -> Schema:
        reference = _reference(named)
        if reference in _open.get():
            return cast("Schema", handler(schemas.definition_reference_schema(reference)))
        # pydantic describes an enum alike, wherever it is a field.
        cls = named if _is_enum(named) else _carrier(named)
        return cast("Schema", handler(schemas.definitions_schema(adapter(cls).core_schema, [])))

    opened: set[str] = {_reference(type_)} if has_name(type_) else set()
    token = _open.set(_open.get() | opened)
    try:
        return described(type_, refer)
    finally:
        _open.reset(token)


def _carrier(named: Any) -> type:
    """Return a class that pydantic describes as a named type, which may be none that it asks."""

    class Carrier:
        @classmethod
        def __get_pydantic_core_schema__(cls, source: object, handler: object) -> object:
            return core_schema(named)

        @classmethod
        def __get_pydantic_json_schema__(cls, schema: object, handler: object) -> object:
            return json_schema(named, schema, handler)

    return Carrier


def _is_enum(type_: object) -> bool:
    return isinstance(type_, type) and issubclass(type_, enum.Enum)


def _classes_of(type_: Any) -> tuple[type, ...]:
    """Return the classes whose objects are values of a type."""
    told = told_apart(type_)
    if told is not None:
        return (*(member for _, member in told.members), *((UnrecognizedMember,) if told.open else ()))
    return (type_.cls if isinstance(type_, TaggedMember) else get_origin(type_) or type_,)


def _reference(type_: Any) -> str:
    """Return what pydantic knows a type by: it makes the name in a JSON Schema of what stands before the colon."""
    if isinstance(type_, TaggedMember):
        value = f"{type_.tag}={type_.value!r}".encode().hex()
        return f"{type_.cls.__module__}.{type_.name}:{id(type_.cls)}-{value}"
    cls = get_origin(type_) or type_
    # An alias has no qualified name.
    name = "_".join([getattr(cls, "__qualname__", cls.__name__), *map(name_of, get_args(type_))])
    return f"{cls.__module__}.{name}:{id(cls)}"


def _read(value: object, conversion: Conversion, title: str) -> object:
    try:
        return read_document(value, conversion)
    except Unfit as problem:
        raise _validation_error(problem, value, title) from None


def _validation_error(problem: Unfit, document: object, title: str) -> Exception:
    """Return what pydantic reports at the place of the problem, wherever in a model the document is."""
    core: Any = import_module("pydantic_core")
    kind: Any
    if isinstance(problem, Missing):
        place, found = place_of(problem.steps[:-1], document)
        place, kind = (*place, problem.name), "missing"
    else:
        place, found = place_of(problem.steps, document)
        name = "unexpected_type" if isinstance(problem, Unexpected) else "unfit"
        kind = core.PydanticCustomError(name, problem.in_json())
    line = {"type": kind, "loc": place, "input": _without_keys(found)}
    error: Exception = core.ValidationError.from_exception_data(title, [line])
    return error


def place_of(steps: list[str], document: object) -> tuple[tuple[str | int, ...], object]:
    """Return the place of what the steps of a path lead to, and what is there: the last that is there."""
    place: list[str | int] = []
    found = document
    for text in steps:
        rest = text
        while rest:
            name, length = _next(rest, found)
            place.append(hide_keys(name) if isinstance(name, str) else name)
            rest = rest[length:]
            if is_object(found) and isinstance(name, str):
                found = found.get(name, found)
            elif _is_list(found) and isinstance(name, int) and name < len(found):
                found = found[name]
    return tuple(place), found


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _next(text: str, found: object) -> tuple[str | int, int]:
    """Return the name or the index that a step begins with, and how much of the step says it."""
    for name in found if is_object(found) else ():
        for written in (step(name), f"[{name!r}]"):
            # Constraints write a name as Python does, and more steps behind it.
            if text.startswith(written) and text[len(written) :][:1] in ("", "[", "."):
                return name, len(written)
    index = re.match(r"\[(\d+)\]", text)
    if index is not None:
        return int(index[1]), index.end()
    # It is not there.
    return text.removeprefix("."), len(text)


def _without_keys(value: object) -> object:
    """Return what a document holds for a report that anybody may read: without what looks like a key."""
    if isinstance(value, str):
        return hide_keys(value)
    if is_object(value):
        return {hide_keys(name): _without_keys(each) for name, each in value.items()}
    if _is_list(value):
        return [_without_keys(each) for each in value]
    return value
