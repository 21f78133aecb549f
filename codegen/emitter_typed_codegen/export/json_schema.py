"""Types as JSON Schema: what generated packages read, and so all that they write.

`_protocol/payloads/json_schema.py` of the runtime does the same for classes; the compiler cannot import it. A test
compares the two, and both with what is read.

Only keywords that draft-07 and 2020-12 have in common are used, so that the same text serves AsyncAPI.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import cast

from emitter_typed_codegen.compare.wire import Base, resolve
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.export.examples import Examples
from emitter_typed_codegen.export.json_text import Json, plain_number
from emitter_typed_codegen.export.patterns import portable
from emitter_typed_codegen.export.values import wire_value
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Constraint,
    Declaration,
    Enum,
    EnumValue,
    Field,
    Flags,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    Schema,
    Secret,
    TypeRef,
    Union,
)
from emitter_typed_codegen.texts import sentence

_DAY = "(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_DECIMAL = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
_DECIMAL_TEXT: Json = {"type": "string", "pattern": _DECIMAL}
_HEX = "[0-9A-Fa-f]"

SCALARS: Mapping[str, Json] = {
    "string": {"type": "string"},
    "text": {"type": "string"},
    "channel": {"type": "string"},
    "filter": {"type": "string"},
    "key_target": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number"},
    "bytes": {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
    "datetime": {"type": "string", "format": "date-time", "pattern": f"^{_DAY}[Tt ]{_CLOCK}$"},
    "date": {"type": "string", "format": "date", "pattern": f"^{_DAY}$"},
    "duration": {"type": "number", "minimum": -86399999913600, "maximum": 86399999999999},
    "uuid": {"type": "string", "format": "uuid", "pattern": f"^{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}$"},
    "decimal": {"anyOf": [_DECIMAL_TEXT, {"type": "number"}]},
    "json": {},
    "datetime:unix": {"type": "integer", "minimum": -62135596800, "maximum": 253402300799},
    "datetime:unix_ms": {"type": "integer", "minimum": -62135596800000, "maximum": 253402300799999},
    "datetime:unix_float": {"type": "number", "minimum": -62135596800, "exclusiveMaximum": 253402300800},
    "duration:seconds": {"type": "integer", "minimum": -86399999913600, "maximum": 86399999999999},
    "duration:milliseconds": {"type": "integer", "minimum": -86399999913600000, "maximum": 86399999999999999},
}
"""What each scalar is in JSON, and each with its format. An integer has 64 bits; times are those of Python."""

FORMS: Mapping[str, str] = {
    "unix": "Whole seconds since 1970-01-01T00:00:00Z",
    "unix_ms": "Whole milliseconds since 1970-01-01T00:00:00Z",
    "unix_float": "Seconds since 1970-01-01T00:00:00Z, with or without a fraction",
    "seconds": "Whole seconds",
    "milliseconds": "Whole milliseconds",
}
"""What a number in each format is."""

_NULL: Json = {"type": "null"}
_LIMITS = {
    "minimum": ("minimum", "At least"),
    "maximum": ("maximum", "At most"),
    "exclusive_minimum": ("exclusiveMinimum", "More than"),
    "exclusive_maximum": ("exclusiveMaximum", "Less than"),
}


@frozen
class JsonSchemas:
    """The types of a schema as JSON Schema."""

    schema: Schema
    keys: Mapping[str, str]
    """What each type is called in a reference."""
    root: str
    """Where they stand: `#/$defs/`."""
    examples: Examples
    extensions: bool = False
    """Whether what JSON Schema has no word for is said in fields `x-emitter-…`."""

    def declared(self, one: Declaration) -> Json:
        """Return a type that the schema declares."""
        head: Json = {"title": one.name}
        text = _words(one.doc, *self._notes(one))
        if text:
            head["description"] = text
        if isinstance(one, Record) and one.deprecated is not None:
            head["deprecated"] = True
            head |= self._extension("deprecated", one.deprecated)
        body = _wrapped(self._body(one))
        found = self.examples.of(Named(one.name))
        if isinstance(one, Record | Union) and found is not None:
            body = {**body, "examples": [found.value]}
        return {**head, **body}

    def _notes(self, one: Declaration) -> Iterator[str]:
        match one:
            case Record():
                if one.keeps_unknown:
                    yield "Other fields are kept."
                if one.deprecated is not None:
                    yield f"Deprecated: {one.deprecated}"
            case Enum() | Flags():
                yield from value_notes(one.values)
                if isinstance(one, Enum) and one.open:
                    yield "Other values may come."
            case Union(open=True):
                yield "Other members may come."
            case Alias():
                yield from self.limits(one.type, one.constraints, None)[1]
            case _:
                pass

    def _body(self, one: Declaration) -> Json:
        match one:
            case Record():
                return self._record(one)
            case Enum():
                any_value = SCALARS["int" if one.has_numbers else "string"]
                known: Json = {"type": any_value["type"], "enum": [value.wire for value in one.values]}
                return {"anyOf": [known, any_value]} if one.open else known
            case Flags():
                return {"type": "string", "pattern": f"^[{one.letters}]*$"}
            case Union():
                return self._union(one)
            case Alias():
                return self.of(one.type, one.constraints)
            case Secret():
                return {"type": "string", "format": "password", "minLength": 1}

    def of(self, ref: TypeRef, constraints: Sequence[Constraint] = (), format: str | None = None) -> Json:
        """Return a type where it is used, with the limits that it has there."""
        limits = self.limits(ref, constraints, format)[0]
        match ref:
            case Optional():
                flat = _flat(self.of(ref.item, constraints, format))
                return {"anyOf": [*flat, *([] if _NULL in flat else [_NULL])]}
            case List():
                return {"type": "array", "items": self.of(ref.item), **limits}
            case Map():
                return {"type": "object", "additionalProperties": self.of(ref.value), **limits}
            case AnyOf():
                return _any_of(*(one for member in ref.members for one in _flat(self.of(member))))
            case Scalar():
                base = SCALARS[ref.name if format is None else f"{ref.name}:{format}"]
                if ref.name == "decimal":
                    # In a text, JSON Schema knows no limits of numbers.
                    return _any_of(_DECIMAL_TEXT, {"type": "number", **limits})
                if "pattern" in base and "pattern" in limits:
                    return {**base, "allOf": [limits]}
                return {**base, **limits}
            case Named():
                declared = self.schema.by_name[ref.name]
                if format is not None and isinstance(declared, Alias):
                    # The definition of the alias is about values without a format.
                    return self.of(declared.type, (*declared.constraints, *constraints), format)
                named: Json = {"$ref": self.root + self.keys[ref.name]}
                return {"allOf": [named, self._of_kind(ref, limits)]} if limits else named

    def _of_kind(self, ref: Named, limits: Json) -> Json:
        """Return limits with the kind of value that they are for, which strict validators ask for."""
        found = resolve(self.schema, ref)
        null = [_NULL] if found.optional else []
        if isinstance(found.base, Scalar) and found.base.name == "decimal":
            return _any_of({"type": "string"}, {"type": "number", **limits}, *null)
        base = SCALARS[found.base.name] if isinstance(found.base, Scalar) else {}
        kind = (
            "array" if isinstance(found.base, List) else "object" if isinstance(found.base, Map) else base.get("type")
        )
        if kind is None:
            return limits
        typed: Json = {"type": kind, **limits}
        return _any_of(typed, *null) if null else typed

    def field(self, one: Field) -> Json:
        """Return a field, without its names."""
        made = self.of(one.type, one.constraints, one.format)
        if one.blank and made:
            made = _any_of(made, {"enum": [*one.blank]})
        text = _words(one.doc, *self.field_notes(one))
        more: Json = {"description": text} if text else {}
        if one.deprecated is not None:
            more |= {"deprecated": True, **self._extension("deprecated", one.deprecated)}
        if one.has_default and one.default is not None:
            more["default"] = wire_value(self.schema, one.type, one.default, one.format)
        if one.unit:
            more |= self._extension("unit", one.unit)
        return {**_wrapped(made), **more} if more else made

    def field_notes(self, one: Field) -> Iterator[str]:
        """Yield what a field's schema says in words alone, or should say in words too."""
        if one.unit:
            yield f"Unit: {one.unit}"
        yield from self.limits(one.type, one.constraints, one.format)[1]
        if one.format:
            yield FORMS[one.format]
        if one.blank:
            yield f"Read as absent: {', '.join(map(_json_word, one.blank))}"
        if one.deprecated is not None:
            yield f"Deprecated: {one.deprecated}"

    def limits(self, ref: TypeRef, constraints: Iterable[Constraint], format: str | None) -> tuple[Json, list[str]]:
        """Return limits as keywords of JSON Schema, and as sentences where it has none."""
        base = resolve(self.schema, ref).base
        kind = base.name if isinstance(base, Scalar) else ""
        said: list[Json] = []
        notes: list[str] = []
        for one in constraints:
            keywords, note = _limit(base, kind, one, format)
            if note:
                notes.append(note)
            if keywords:
                said.append(keywords)
        made: Json = {}
        rest: list[Json] = []
        for keywords in said:
            if made.keys() & keywords.keys():
                rest.append(keywords)
            else:
                made |= keywords
        return ({**made, "allOf": rest} if rest else made), notes

    def _record(self, one: Record) -> Json:
        properties: Json = {}
        required: list[str] = []
        further: list[Json] = []
        for field in one.fields:
            needed = field.is_required
            properties[field.wire] = self.field(field)
            if field.also_read:
                for name in field.also_read:
                    properties[name] = {"description": f"Read where `{field.wire}` is absent; never written."}
                further.append(self._first_of(field, needed))
            elif needed:
                required.append(field.wire)
        made: Json = {"type": "object", "properties": properties}
        if required:
            made["required"] = required
        if further:
            made["allOf"] = further
        return {**made, **(self._extension("unknown", "keep") if one.keeps_unknown else {})}

    def _first_of(self, field: Field, needed: bool) -> Json:
        """Return what holds a field to its type under the first of its names that a document has."""
        there: list[Json] = []
        for name in (field.wire, *field.also_read):
            held: Json = {"required": [name]}
            there.append({**held, "properties": {name: {"not": {"enum": [*field.blank]}}}} if field.blank else held)
        made: Json | None = {"required": [field.wire]} if needed else None
        value = self.of(field.type, field.constraints, field.format)
        for name, present in zip(reversed(field.also_read), reversed(there[1:]), strict=True):
            then: Json = {"properties": {name: value}}
            made = {"if": present, "then": then, **({} if made is None else {"else": made})}
        assert made is not None
        return {"if": there[0], "else": made}

    def _union(self, one: Union) -> Json:
        return self._present(one) if one.tag is None else self._tagged(one, one.tag)

    def _present(self, one: Union) -> Json:
        members: list[Json] = [{"$ref": self.root + self.keys[name]} for _, name in one.members]
        there: list[Json] = [{"required": [field]} for field, _ in one.members]
        if one.open:
            none: Json = {"not": {"anyOf": [*there]}}
            members.append({"title": "other", "type": "object", **none})
            there.append(none)
        return {"type": "object", "oneOf": members, "allOf": [{"oneOf": there}]}

    def _tagged(self, one: Union, tag: str) -> Json:
        values = [value for value, _ in one.members]
        any_value = SCALARS["int" if one.has_numbers else "string"]
        kind: Json = {"type": any_value["type"]}
        members: list[Json] = [
            {
                "title": str(value),
                "allOf": [
                    {"$ref": self.root + self.keys[name]},
                    {"type": "object", "properties": {tag: {**kind, "const": value}}},
                ],
            }
            for value, name in one.members
        ]
        if one.open:
            unknown: Json = {**any_value, "not": {"enum": values}}
            members.append({"title": "other", "type": "object", "properties": {tag: unknown}})
        # The values of a discriminator are texts.
        discriminated = self.extensions and not one.open and not one.has_numbers
        return {
            "type": "object",
            "required": [tag],
            "properties": {tag: any_value if one.open else {**kind, "enum": values}},
            "oneOf": members,
            **({"discriminator": tag} if discriminated else {}),
        }

    def _extension(self, name: str, value: object) -> Json:
        return {f"x-emitter-{name}": value} if self.extensions else {}


def value_notes(values: Iterable[EnumValue]) -> Iterator[str]:
    """Yield what is said of the values of an enum or of flags."""
    for value in values:
        called = f" ({value.name})" if value.name != value.wire else ""
        words = _words(value.doc, *([] if value.deprecated is None else [f"Deprecated: {value.deprecated}"]))
        if words or called:
            yield f"`{value.wire}`{called}: {words}" if words else f"`{value.wire}`{called}"


def _limit(base: Base, kind: str, one: Constraint, format: str | None) -> tuple[Json, str]:
    value = one.value
    if one.rule in _LIMITS:
        keyword, words = _LIMITS[one.rule]
        if kind in ("datetime", "date") and format is None:
            return {}, f"{words} {value}"
        if isinstance(value, str):
            number = _moment(value) if kind == "datetime" else Fraction(Decimal(value))
            note = f"{words} {value}" if kind == "decimal" else ""
            limit = _number(number * (1000 if format == "unix_ms" else 1))
            return {} if limit is None else {keyword: limit}, note
        if format == "milliseconds":
            return {keyword: _number(Fraction(Decimal(str(value))) * 1000)}, ""
        return {keyword: plain_number(value)}, ""
    match one.rule:
        case "pattern":
            found = portable(str(value))
            return ({}, f"Matches `{value}`, as Python's `re` reads it") if found is None else ({"pattern": found}, "")
        case "min_length" | "max_length" if kind == "bytes":
            keyword = "minLength" if one.rule == "min_length" else "maxLength"
            words = "At least" if one.rule == "min_length" else "At most"
            # Four characters of base64 are three bytes.
            return {keyword: -(-int(value) // 3) * 4}, f"{words} {value} bytes"
        case "min_length" | "max_length":
            return {"minLength" if one.rule == "min_length" else "maxLength": value}, ""
        case "min_items" | "max_items":
            side = one.rule.partition("_")[0]
            return {f"{side}{'Properties' if isinstance(base, Map) else 'Items'}": value}, ""
        case _:
            return {}, f"At most {value} segments"


def _moment(text: str) -> Fraction:
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return Fraction(since.days * 86400 + since.seconds) + Fraction(since.microseconds, 10**6)


def _number(value: Fraction) -> int | float | None:
    """Return a number as JSON has it; None for one that most programs cannot read."""
    try:
        nearest = float(value)
    except OverflowError:
        return None
    return int(value) if value.denominator == 1 else nearest


def _flat(made: Json) -> list[Json]:
    """Return a schema as the parts of which one holds."""
    return cast("list[Json]", made["anyOf"]) if made.keys() == {"anyOf"} else [made]


def _any_of(*several: Json) -> Json:
    return {"anyOf": [*several]}


def _wrapped(made: Json) -> Json:
    # What stands beside a reference means nothing to draft-07.
    return {"allOf": [made]} if "$ref" in made else made


def _words(*texts: str) -> str:
    return " ".join(sentence(" ".join(text.split())) for text in texts if text.strip())


def _json_word(value: bool | int | str | None) -> str:
    return json.dumps(value, ensure_ascii=False)
