"""Values that a schema writes, as JSON has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from emitter_typed_codegen.compare.wire import resolve
from emitter_typed_codegen.model import AnyOf, Flags, JsonMap, List, Literal_, Map, Scalar, Schema, TypeRef, alternative


def wire_value(schema: Schema, ref: TypeRef, value: Literal_, format: str | None = None) -> object:
    """Return a value of a type, such as a default, as a generated package writes it."""
    base = resolve(schema, ref).base
    if value is None:
        return None
    if isinstance(base, AnyOf):
        return wire_value(schema, alternative(base, value, schema.by_name), value)
    if isinstance(base, Flags):
        return "".join(letter for letter in base.letters if letter in str(value))
    if isinstance(base, List) and isinstance(value, tuple):
        return [wire_value(schema, base.item, each) for each in value]
    if isinstance(base, Map) and isinstance(value, tuple):
        pairs = cast("tuple[tuple[str, Literal_], ...]", value)
        return {name: wire_value(schema, base.value, each) for name, each in pairs}
    if isinstance(base, Scalar) and base.name == "json":
        return json_value(value)
    if isinstance(base, Scalar) and base.name == "datetime":
        return _time(str(value), format)
    if isinstance(base, Scalar) and base.name == "duration" and isinstance(value, int | float):
        return round(value * 1000) if format == "milliseconds" else _plain(value)
    return value


def _plain(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds


def json_value(value: Literal_) -> object:
    """Return a value of any JSON."""
    if isinstance(value, JsonMap):
        return {name: json_value(each) for name, each in value}
    if isinstance(value, tuple):
        return [json_value(each) for each in value]
    return value


def _time(text: str, format: str | None) -> object:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    match format:
        case "unix":
            return since // timedelta(seconds=1)
        case "unix_ms":
            return since // timedelta(milliseconds=1)
        case "unix_float":
            return _plain(since.total_seconds())
        case _:
            pass
    return f"{moment.replace(tzinfo=None).isoformat()}Z"
