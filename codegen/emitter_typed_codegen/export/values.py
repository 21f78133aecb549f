"""Values that a schema writes, as JSON has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from emitter_typed_codegen.compare.wire import resolve
from emitter_typed_codegen.model import Flags, JsonMap, List, Literal_, Map, Scalar, Schema, TypeRef


def wire_value(schema: Schema, ref: TypeRef, value: Literal_, format: str | None = None) -> object:
    """Return a value of a type, such as a default, as a generated package writes it."""
    base = resolve(schema, ref).base
    if value is None:
        return None
    if isinstance(base, Flags):
        return "".join(one.wire for one in base.values if one.wire in str(value))
    if isinstance(base, List) and isinstance(value, tuple):
        return [wire_value(schema, base.item, each) for each in value]
    if isinstance(base, Map) and isinstance(value, tuple):
        pairs = cast("tuple[tuple[str, Literal_], ...]", value)
        return {name: wire_value(schema, base.value, each) for name, each in pairs}
    if isinstance(base, Scalar) and base.name == "json":
        return json_value(value)
    if isinstance(base, Scalar) and base.name == "datetime":
        return _time(str(value), format)
    if isinstance(base, Scalar) and base.name == "duration" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def json_value(value: Literal_) -> object:
    """Return a value of any JSON."""
    if isinstance(value, JsonMap):
        return {name: json_value(each) for name, each in value}
    if isinstance(value, tuple):
        return [json_value(each) for each in value]
    return value


def _time(text: str, format: str | None) -> object:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    if format == "unix":
        return (
            (moment - datetime(1970, 1, 1, tzinfo=UTC)).days * 86400
            + moment.hour * 3600
            + moment.minute * 60
            + (moment.second)
        )
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
