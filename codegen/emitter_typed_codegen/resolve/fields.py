"""Fields of records, and parameters of channels and operations."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from emitter_typed_codegen.language.scalars import FORMATS
from emitter_typed_codegen.language.shapes import Shape, listed
from emitter_typed_codegen.language.users import FIELD, UNKNOWN
from emitter_typed_codegen.model import (
    AnyOf,
    Constraint,
    Field,
    List,
    Literal_,
    Map,
    Optional,
    Record,
    Scalar,
    ScalarName,
    TypeRef,
)
from emitter_typed_codegen.names import UNKNOWN_FIELDS, attribute_name, hidden_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.constraints import check_constraints, read_constraints
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.symbol_table import BROKEN, Base, SymbolTable
from emitter_typed_codegen.resolve.synonyms import type_advice, type_meant
from emitter_typed_codegen.resolve.typerefs import declares, is_inline_record, looks_like_type, read_type
from emitter_typed_codegen.resolve.values import UNFIT, comparable, plain_value, read_value
from emitter_typed_codegen.source import MapNode, Node, ScalarNode


def read_field(
    symbols: SymbolTable,
    key: ScalarNode,
    node: Node,
    *,
    shape: Shape = FIELD,
    allowed: Iterable[ScalarName] = (),
) -> Field:
    """Read a field or parameter: its type, or a map with its type.

    Args:
        symbols: The types that there are.
        key: The name.
        node: The description.
        shape: What it may say.
        allowed: Which of the special scalars its type may be.

    Returns:
        The field, with a broken type if there is a problem with that.
    """
    if shape is FIELD and key.value.endswith("?"):
        written = node.value if isinstance(node, ScalarNode) and node.value else "string"
        hint = f"write {key.value.rstrip('?')}: {written.rstrip('?')}?"
        message = f"the question mark of {quoted(key.value)} belongs to the type, not to the name"
        symbols.report.add(key, "bad-name", message, hint)
    known = (*shape.required, *shape.optional)
    if not isinstance(node, MapNode) or looks_like_type(node) or _is_inline(node, known):
        return Field(name=key.value, wire=key.value, type=read_type(symbols, node, allowed=allowed))
    what = f"the {'field' if shape is FIELD else 'parameter'} {quoted(key.value)}"
    entries = symbols.report.entries(node, shape, what, at=key)
    type_node = entries.get("type")
    ref = BROKEN if type_node is None else read_type(symbols, type_node, allowed=allowed, described=node)
    wire = entries.scalar("wire")
    also = symbols.report.texts(entries.get("also_read"), "'also_read'")
    constraints = read_constraints(symbols, entries, ref)
    blank = _blank(symbols, entries)
    required = _is_required(symbols, entries, ref, what)
    # A field of an alias with a ? may be null, and not absent.
    if blank and "default" not in entries and symbols.base(ref) is not None and not isinstance(ref, Optional):
        message = f"{what} is required, but a blank value means that it is absent"
        symbols.report.add(entries.key("blank"), "bad-blank", message, "write the type with a ?, or add a default")
    return Field(
        name=key.value,
        wire=wire.value if wire is not None and symbols.report.is_name(wire) else key.value,
        also_read=tuple(name.value for name in also if symbols.report.is_name(name)),
        type=ref,
        doc=entries.text("doc"),
        unit=entries.text("unit"),
        format=read_format(symbols, entries, ref),
        blank=blank,
        has_default="default" in entries,
        default=_default(symbols, entries, ref, constraints),
        required=required,
        constraints=constraints,
        deprecated=entries.deprecated(),
    )


def _is_required(symbols: SymbolTable, entries: Entries, ref: TypeRef, what: str) -> bool:
    """Read the key `required`, which is for a type with a `?` alone: without one, a field is required in any case."""
    if "required" not in entries:
        return False
    required = entries.flag("required")
    place, node = entries.key("required"), entries.get("type")
    if ref is BROKEN or not isinstance(node, ScalarNode):
        return required
    optional = f"{node.value.strip()}?"
    quotes = '"' if "[" in optional or "{" in optional else ""
    written = f"type: {quotes}{optional}{quotes}"
    if required and "default" in entries:
        message = f"{what} is never absent, so its default means nothing"
        symbols.report.add(place, "bad-required", message, "remove 'required' or 'default'")
    elif required and "blank" in entries:
        message = f"{what} is never absent, but a blank value means that it is"
        symbols.report.add(place, "bad-required", message, "remove 'required' or 'blank'")
    elif required and not isinstance(ref, Optional):
        message = f"{what} is required already, since its type has no ?"
        nullable = symbols.optional(ref) or symbols.scalar(ref) == "json"
        hint = "" if nullable else f"; if it may be null, write {written}"
        symbols.report.add(place, "bad-required", message, f"remove 'required'{hint}")
    elif not required and not isinstance(ref, Optional) and "default" not in entries:
        message = f"{what} is required, since its type has no ?"
        symbols.report.add(place, "bad-required", message, f"remove 'required', and write {written}")
    return required


def _is_inline(node: MapNode, known: Collection[str]) -> bool:
    """Tell whether a map declares a type, where a type is named or a field described."""
    described = any(name.value in ("type", "$ref") for name, _ in node.pairs)
    return not described and (declares(node) or is_inline_record(node, known))


def read_format(symbols: SymbolTable, entries: Entries, ref: TypeRef) -> str | None:
    """Read the key `format` of a field or option."""
    node = entries.scalar("format")
    if node is None or symbols.base(ref) is None:
        return None
    scalar = symbols.scalar(ref)
    known = FORMATS.get(scalar) if scalar is not None else None
    if not known:
        message = "'format' is only for a datetime or a duration"
        hint = _without_format(node.value, symbols.base(ref))
        symbols.report.add(entries.key("format"), "bad-format", message, hint)
        return None
    if node.value not in known:
        formats = listed([quoted(each) for each in known], "or")
        message = f"the 'format' of a {scalar} must be {formats}, not {quoted(node.value)}"
        other = next((hint for pattern, hint in _OTHER_FORMS if re.search(pattern, f"{scalar} {node.value}", re.I)), "")
        symbols.report.add(node, "bad-format", message, other or "write one of these, or remove it")
        return None
    return node.value


def _without_format(word: str, base: Base | None) -> str:
    """Return what to write instead of a format that a type cannot have."""
    if isinstance(base, List | Map | AnyOf):
        return "remove it; where a time is a number, write int or float in the type, and convert it in the program"
    if base in (Scalar("int"), Scalar("float")) and type_meant(word) == "string":
        return "write type: decimal, for a number in quotes"
    advice = type_advice(word)
    another = advice.startswith("write ") and not (isinstance(base, Scalar) and advice == f"write {base.name}")
    return advice.replace("write", "write type:", 1) if another else "remove it"


_OTHER_FORMS = (
    (r"nano|micro|[\W_][nu]s$", "write type: int, and convert the number in the program"),
    (r"^duration .*(?:iso|rfc|te?xt|string|hh?:?mm)", "write type: string, and convert the text in the program"),
)
"""What to write for forms of times and durations that no `format` has, by what the type and the word look like."""


def _blank(symbols: SymbolTable, entries: Entries) -> tuple[bool | int | str | None, ...]:
    found: list[bool | int | str | None] = []
    for item in symbols.report.items(entries.get("blank"), "'blank'"):
        if isinstance(item, ScalarNode):
            found.append(plain_value(item))
        else:
            symbols.report.add(item, "bad-blank", "a blank value must be null, true, false, an integer or a text")
    return tuple(found)


def _default(symbols: SymbolTable, entries: Entries, ref: TypeRef, constraints: tuple[Constraint, ...]) -> Literal_:
    node = entries.get("default")
    if node is None:
        return None
    value = read_value(symbols, node, ref, "bad-default", "the default")
    if value is UNFIT:
        return None
    check_constraints(symbols, node, ref, value, constraints, "bad-default", "the default")
    _check_whole(symbols, entries, ref, node, value)
    return value


def _check_whole(symbols: SymbolTable, entries: Entries, ref: TypeRef, node: Node, value: Literal_) -> None:
    """Check that a default can be written in the field's format."""
    form = entries.get("format")
    scalar = symbols.scalar(ref)
    if scalar is None or scalar not in FORMATS or not isinstance(form, ScalarNode) or form.value not in _STEPS:
        return
    number = comparable(scalar, value)
    if number is None:
        return
    microseconds = round(number * 10**6) if scalar == "duration" else number
    if microseconds * _STEPS[form.value] % 10**6:
        part = "a millisecond" if _STEPS[form.value] > 1 else "a second"
        message = f"the default has a fraction of {part}, which the format {quoted(form.value)} does not write"
        symbols.report.add(node, "bad-default", message, "leave the fraction out, or choose another format")


# How many of a format's units are a second.
_STEPS = {"unix": 1, "unix_ms": 1000, "seconds": 1, "milliseconds": 1000}


def read_fields(
    symbols: SymbolTable,
    node: Node | None,
    *,
    shape: Shape = FIELD,
    allowed: Iterable[ScalarName] = (),
    reserved: Collection[str] = (),
) -> tuple[Field, ...]:
    """Read the fields of a record; two of one name, in the language's code or on the wire, are a problem."""
    fields: list[Field] = []
    way_out = "rename one of the two, and keep its name in messages: as in other: {type: …, wire: {}}"
    names = Names(symbols.report, "name-collision", "a field", reserved, way_out)
    wires = Names(symbols.report, "wire-collision", "a field on the wire")
    for key, described in symbols.report.named(node, "'fields'"):
        field = read_field(symbols, key, described, shape=shape, allowed=allowed)
        names.take(attribute_name(field.name), field.name, key)
        if field.deprecated is not None:
            names.take(hidden_name(attribute_name(field.name)), field.name, key)
        for wire in (field.wire, *field.also_read):
            wires.take(wire, wire, key)
        fields.append(field)
    return tuple(fields)


def read_record(symbols: SymbolTable, name: str, entries: Entries, *, allowed: Iterable[ScalarName] = ()) -> Record:
    """Read a record out of the entries of its description."""
    keeps = entries.choice("unknown", UNKNOWN) == "keep"
    reserved = (UNKNOWN_FIELDS,) if keeps else ()
    return Record(
        name=name,
        doc=entries.text("doc"),
        fields=read_fields(symbols, entries.get("fields"), allowed=allowed, reserved=reserved),
        deprecated=entries.deprecated(),
        keeps_unknown=keeps,
    )
