"""What types offer and conversions do: `record.to_json()`, and the answers to pydantic.

Conversions are made of types and lie above them, so each is imported when it is called. The exception stands in the
layers of import-linter (`pyproject.toml`) with this module alone.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import TypeVar

from emitter_typed._types.type_form import TypeForm

T = TypeVar("T")


@cache
def _documents() -> ModuleType:
    from emitter_typed._protocol.payloads import documents

    return documents


def decode_json(raw: bytes | bytearray | memoryview | str, type: TypeForm[T]) -> T:
    """Parse a JSON document and convert it to an object of a type."""
    made: T = _documents().decode_json(raw, type)
    return made


def encode_json(value: object) -> bytes:
    """Convert an object to JSON in UTF-8."""
    written: bytes = _documents().encode_json(value)
    return written


def pydantic_core_schema(type_: object) -> object:
    """Return how pydantic validates and writes the objects of a type."""
    from emitter_typed._protocol.payloads import pydantic_fields

    return pydantic_fields.core_schema(type_)


def pydantic_json_schema(type_: object, schema: object, handler: object) -> object:
    """Return the JSON Schema of a type, which pydantic asks for."""
    from emitter_typed._protocol.payloads import pydantic_fields

    return pydantic_fields.json_schema(type_, schema, handler)
