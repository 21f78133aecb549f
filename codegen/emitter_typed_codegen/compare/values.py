"""Whether two values of a schema mean the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from emitter_typed_codegen.compare.wire import resolve
from emitter_typed_codegen.model import AnyOf, JsonMap, List, Literal_, Map, Scalar, Schema, TypeRef, alternative
from emitter_typed_codegen.resolve.values import comparable


def meaning(schema: Schema, ref: TypeRef, value: Literal_) -> object:
    """Return a value of a type so that it equals all that mean the same: `1.0` and `1.00`, a map in another order."""
    base = resolve(schema, ref).base
    if isinstance(base, AnyOf) and value is not None:
        return meaning(schema, alternative(base, value, schema.by_name), value)
    if isinstance(base, Scalar) and base.name in ("decimal", "datetime") and isinstance(value, str):
        return comparable(base.name, value)
    if isinstance(value, tuple) and isinstance(base, Map):
        pairs = cast("tuple[tuple[str, Literal_], ...]", value)
        return {key: meaning(schema, base.value, one) for key, one in pairs}
    if isinstance(value, tuple) and isinstance(base, List):
        return [meaning(schema, base.item, one) for one in value]
    return _told_apart(value)


def differ(one: Literal_, other: Literal_) -> bool:
    """Tell whether two values without a type differ: 1 is 1.0 and not true."""
    return _told_apart(one) != _told_apart(other)


def among(value: Literal_, values: Iterable[Literal_]) -> bool:
    """Tell whether a value without a type is one of several."""
    return any(not differ(value, one) for one in values)


def _told_apart(value: Literal_) -> object:
    """Return a value so that 1 is 1.0 and not True, and an empty map no empty list."""
    if isinstance(value, tuple):
        items = [_told_apart(item) for item in value]
        return (True, sorted(items, key=repr)) if isinstance(value, JsonMap) else (False, items)
    return isinstance(value, bool), value
