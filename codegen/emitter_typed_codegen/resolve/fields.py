"""Fields of records, and parameters of channels and operations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from emitter_typed_codegen.model import Field, Limit, Literal_, Record, ScalarName, TypeRef
from emitter_typed_codegen.names import UNKNOWN_FIELDS, attribute_name, hidden_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.limits import LIMITS, check_limits, read_limits
from emitter_typed_codegen.resolve.reading import Entries
from emitter_typed_codegen.resolve.scope import BROKEN, Scope
from emitter_typed_codegen.resolve.typerefs import looks_like_type, read_type
from emitter_typed_codegen.resolve.values import UNFIT, plain_value, read_value
from emitter_typed_codegen.source import MapNode, Node, ScalarNode

FIELD_KEYS = ("doc", "unit", "format", "blank", "wire", "default", "deprecated", *LIMITS)
"""What a field of a record may say besides its type."""

PARAMETER_KEYS = ("doc", "unit", *LIMITS)
"""What a parameter of a channel or an operation may say besides its type."""

FORMATS: dict[ScalarName, str] = {"datetime": "unix", "duration": "seconds"}
"""The one other format of a scalar on the wire."""


def read_field(
    scope: Scope,
    key: ScalarNode,
    node: Node,
    *,
    keys: Sequence[str] = FIELD_KEYS,
    allowed: Iterable[ScalarName] = (),
) -> Field:
    """Read a field or parameter: its type, or a map with its type.

    Args:
        scope: The types that there are.
        key: The name.
        node: The description.
        keys: What it may say besides its type.
        allowed: Which of the special scalars its type may be.

    Returns:
        The field, with a broken type if there is a problem with that.
    """
    if not isinstance(node, MapNode) or looks_like_type(node):
        return Field(name=key.value, wire=key.value, type=read_type(scope, node, allowed=allowed))
    what = f"the field {quoted(key.value)}" if "default" in keys else f"the parameter {quoted(key.value)}"
    entries = scope.report.entries(node, what, at=key, required=("type",), optional=keys)
    type_node = entries.get("type")
    ref = read_type(scope, type_node, allowed=allowed) if type_node is not None else BROKEN
    wire = entries.scalar("wire")
    limits = read_limits(scope, entries, ref)
    return Field(
        name=key.value,
        wire=wire.value if wire is not None and scope.report.is_name(wire) else key.value,
        type=ref,
        doc=entries.text("doc"),
        unit=entries.text("unit"),
        format=read_format(scope, entries, ref),
        blank=_blank(scope, entries),
        has_default="default" in entries,
        default=_default(scope, entries, ref, limits),
        limits=limits,
        deprecated=entries.deprecated(),
    )


def read_format(scope: Scope, entries: Entries, ref: TypeRef) -> str | None:
    """Read the key `format` of a field or option."""
    node = entries.scalar("format")
    if node is None or scope.base(ref) is None:
        return None
    scalar = scope.scalar(ref)
    known = FORMATS.get(scalar) if scalar is not None else None
    if known is None:
        scope.report.add(entries.key("format"), "bad-format", "only a datetime or a duration can have another format")
        return None
    if node.value != known:
        message = f"the other format of a {scalar} is {quoted(known)}, not {quoted(node.value)}"
        scope.report.add(node, "bad-format", message)
        return None
    return known


def _blank(scope: Scope, entries: Entries) -> tuple[bool | int | str | None, ...]:
    found: list[bool | int | str | None] = []
    for item in scope.report.items(entries.get("blank"), "'blank'"):
        if isinstance(item, ScalarNode):
            found.append(plain_value(item))
        else:
            scope.report.add(item, "bad-blank", "a blank value is null, true, false, a whole number or a text")
    return tuple(found)


def _default(scope: Scope, entries: Entries, ref: TypeRef, limits: tuple[Limit, ...]) -> Literal_:
    node = entries.get("default")
    if node is None:
        return None
    value = read_value(scope, node, ref, "bad-default", "the default")
    if value is UNFIT:
        return None
    check_limits(scope, node, ref, value, (*scope.limits(ref), *limits), "bad-default", "the default")
    return value


def read_fields(
    scope: Scope,
    node: Node | None,
    *,
    keys: Sequence[str] = FIELD_KEYS,
    allowed: Iterable[ScalarName] = (),
    reserved: Collection[str] = (),
) -> tuple[Field, ...]:
    """Read the fields of a record; two of one name, in the language's code or on the wire, are a problem."""
    fields: list[Field] = []
    names = Names(scope.report, "name-collision", "a field", reserved)
    wires = Names(scope.report, "wire-collision", "a field on the wire")
    for key, described in scope.report.named(node, "'fields'"):
        field = read_field(scope, key, described, keys=keys, allowed=allowed)
        names.take(attribute_name(field.name), field.name, key)
        if field.deprecated is not None:
            names.take(hidden_name(attribute_name(field.name)), field.name, key)
        wires.take(field.wire, field.wire, key)
        fields.append(field)
    return tuple(fields)


def read_record(scope: Scope, name: str, entries: Entries, *, allowed: Iterable[ScalarName] = ()) -> Record:
    """Read a record out of the entries of its description."""
    keeps = entries.choice("unknown", ("ignore", "keep"), "ignore") == "keep"
    reserved = (UNKNOWN_FIELDS,) if keeps else ()
    return Record(
        name=name,
        doc=entries.text("doc"),
        fields=read_fields(scope, entries.get("fields"), allowed=allowed, reserved=reserved),
        deprecated=entries.deprecated(),
        keeps_unknown=keeps,
    )
