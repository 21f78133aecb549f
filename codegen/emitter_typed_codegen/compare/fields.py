"""What changed in records and their fields."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime, timedelta

from attrs import evolve

from emitter_typed_codegen.compare.uses import compare_use
from emitter_typed_codegen.compare.values import among, meaning
from emitter_typed_codegen.compare.walk import At, Walk, take_pairs
from emitter_typed_codegen.compare.wire import resolve
from emitter_typed_codegen.compare.words import as_json, short
from emitter_typed_codegen.model import (
    AnyOf,
    Enum,
    Field,
    Flags,
    Literal_,
    Record,
    Scalar,
    ScalarName,
    Schema,
    Secret,
    alternatives,
)
from emitter_typed_codegen.resolve.constraints import keeps
from emitter_typed_codegen.resolve.values import is_written

_ALIKE = 0.6
"""How alike two names are, of 1, for one to be taken for the other's new name."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def compare_records(walk: Walk, old: Record, new: Record, at: At) -> None:
    """Compare two records."""
    if old.keeps_unknown != new.keeps_unknown:
        rule = "unknown-kept" if new.keeps_unknown else "unknown-ignored"
        words = ["keep" if one.keeps_unknown else "ignore" for one in (old, new)]
        walk.add(rule, *at.inside("unknown"), f"unknown: {words[0]} → {words[1]}")
    walk.deprecated(old.deprecated, new.deprecated, at)
    at = at.inside("fields")
    same = _same_fields(old, new)
    names = {one.name for one in old.fields}
    for one, other in same:
        reused = one.name != other.name and other.name in names
        _field(walk, one, other, at.of(one.name, other.name), reused=reused)
    known = [one for one, _ in same], [other for _, other in same]
    for one in old.fields:
        if one not in known[0]:
            rule = "field-removed-required" if one.is_required else "field-removed"
            walk.add(rule, (*at.old, one.name), at.new, f"the field {one.name} is removed")
    for other in new.fields:
        if other not in known[1]:
            walk.add(_added(walk, old, other), at.old, (*at.new, other.name), f"the field {other.name} is added")
    before = [index for one in old.fields for index, pair in enumerate(same) if pair[0] is one]
    after = [index for other in new.fields for index, pair in enumerate(same) if pair[1] is other]
    walk.order(before, after, at)


def _added(walk: Walk, old: Record, field: Field) -> str:
    if field.is_required:
        return "field-added-required"
    base = resolve(walk.new, field.type)
    takes_all = base.base == Scalar("json") and base.optional and not base.constraints and not field.constraints
    return "field-added-where-kept" if old.keeps_unknown and not takes_all else "field-added"


def _field(walk: Walk, old: Field, new: Field, at: At, *, reused: bool) -> None:
    if reused:
        walk.add("field-name-reused", *at, f"the name {new.name} becomes that of {old.wire} on the wire")
    _names(walk, old, new, at, reused=reused)
    _presence(walk, old, new, at)
    compare_use(
        walk,
        old.type,
        new.type,
        at.inside("type"),
        formats=(old.format, new.format),
        limits=(old.constraints, new.constraints),
        nulls=(old.is_always_written, new.is_always_written),
    )
    _blank(walk, old, new, at.inside("blank"))
    compare_units(walk, old, new, at)
    walk.deprecated(old.deprecated, new.deprecated, at)
    walk.doc(old.doc, new.doc, at)


def _names(walk: Walk, old: Field, new: Field, at: At, *, reused: bool) -> None:
    if old.wire != new.wire:
        forth, back = old.wire in new.also_read, new.wire in old.also_read
        rule = {
            (True, True): "field-renamed-both-read",
            (True, False): "field-renamed-also-read",
            (False, True): "field-renamed-only-old-read-both",
            (False, False): "field-renamed",
        }[forth, back]
        old_refuses, new_refuses = not back and old.is_required, not forth and new.is_required
        if rule == "field-renamed" and old_refuses != new_refuses:
            rule += "-made-optional" if old_refuses else "-made-required"
        elif old_refuses or new_refuses:
            rule += "-required"
        walk.add(rule, *at, f"name on the wire: {old.wire} → {new.wire}", OLD=old.wire, NEW=new.wire)
    elif old.name != new.name and not reused:
        walk.add("field-attribute-renamed", *at, f"{old.name} → {new.name}")
    inside = at.inside("also_read")
    kept = [name for name in old.also_read if name in new.also_read]
    if kept != [name for name in new.also_read if name in kept]:
        message = f"also_read: {', '.join(old.also_read)} → {', '.join(new.also_read)}"
        walk.add("also-read-reordered", *inside, message)
    read = {new.wire, *new.also_read}
    for name in old.also_read:
        if name not in read:
            rule = "also-read-removed-required" if new.is_required else "also-read-removed"
            walk.add(rule, inside.old, at.new, f"{name} is no longer in also_read")
    for name in new.also_read:
        if name not in (old.wire, *old.also_read):
            walk.add("also-read-added", at.old, (*inside.new, name), f"{name} is added to also_read")


def _presence(walk: Walk, old: Field, new: Field, at: At) -> None:
    """Compare whether a field may be absent, and what it is then."""
    before, after = old.is_required, new.is_required
    absent = _absent(old), _absent(new)
    inside = at.inside("default")
    if before and after:
        return
    if before:
        if absent[1] is None:
            walk.add("field-made-optional", *at, f"the field {new.name} becomes optional")
        else:
            walk.add("default-added-to-required", at.old, inside.new, f"default: {short(absent[1])}")
    elif after:
        if absent[0] is None:
            walk.add("field-made-required", *at, f"the field {new.name} becomes required")
        else:
            message = f"the default {short(absent[0])} is removed"
            walk.add("default-removed-from-required", inside.old, at.new, message)
    elif meaning(walk.old, old.type, absent[0]) != meaning(walk.new, new.type, absent[1]):
        rule = "default-added" if absent[0] is None else "default-removed" if absent[1] is None else "default-changed"
        walk.add(rule, *inside, f"default: {short(absent[0])} → {short(absent[1])}")


def _absent(field: Field) -> Literal_:
    """Return what an absent field is read as, if it may be absent."""
    return field.default if field.has_default else None


def _blank(walk: Walk, old: Field, new: Field, at: At) -> None:
    for value in new.blank:
        if not among(value, old.blank):
            rule = "blank-added" if _fits(walk.old, old, value) else "blank-added-refused"
            walk.add(rule, *at, f"{as_json(value)} becomes blank")
    for value in old.blank:
        if not among(value, new.blank):
            if value is None and resolve(walk.new, new.type).optional and _absent(new) is None:
                # Null reads as absent in any case.
                walk.add("type-respelled", *at, "null is no longer in blank, and still reads as absent")
                continue
            rule = "blank-removed" if _fits(walk.new, new, value) else "blank-removed-refused"
            walk.add(rule, *at, f"{as_json(value)} is no longer blank")


def _fits(schema: Schema, field: Field, value: bool | int | str | None) -> bool:
    """Tell whether a field would have a value that is blank for it, if it were not."""
    found = resolve(schema, field.type)
    base = found.base
    if value is None:
        return found.optional or base == Scalar("json")
    match base:
        case AnyOf():
            return any(_fits(schema, evolve(field, type=one), value) for one in alternatives(base, schema.by_name))
        case Scalar(name="json"):
            return True
        case Scalar(name="bool"):
            return isinstance(value, bool)
        case Scalar():
            written = _as_written(base.name, field.format, value)
            limits = (*found.constraints, *field.constraints)
            return written is not None and all(keeps(one, base, written) is not False for one in limits)
        case Secret():
            return isinstance(value, str) and value != ""
        case Flags():
            return isinstance(value, str) and set(value) <= set(base.letters)
        case Enum():
            alike = type(value) is (int if base.has_numbers else str)
            return alike and (base.open or value in [one.wire for one in base.values])
        case _:
            return False


def _as_written(scalar: ScalarName, format: str | None, value: bool | int | str) -> int | float | str | None:
    """Return a value on the wire as a schema writes it; None if it is none of the scalar."""
    per_second = 1000 if format in ("unix_ms", "milliseconds") else 1
    match scalar:
        case "string" | "bytes" | "date" | "uuid" | "decimal" | "datetime" if isinstance(value, str):
            return value if format is None and is_written(scalar, value) else None
        case "datetime" if format is not None and type(value) is int:
            try:
                return (_EPOCH + timedelta(seconds=1) * value / per_second).isoformat()
            except OverflowError:
                return None
        case "int" | "float" | "duration" if type(value) is int:
            return value if per_second == 1 else value / per_second
        case "decimal" if type(value) is int:
            return str(value)
        case _:
            return None


def compare_units(walk: Walk, old: Field, new: Field, at: At) -> None:
    """Compare the units of two fields, or parameters."""
    if old.unit and new.unit and old.unit != new.unit:
        walk.add("unit-changed", *at.inside("unit"), f"unit: {old.unit} → {new.unit}")
    else:
        walk.doc(old.unit, new.unit, at, "unit")


def _same_fields(old: Record, new: Record) -> list[tuple[Field, Field]]:
    """Pair the fields of two records: by their names on the wire, then by their own, then by what looks renamed."""
    left, right = list(old.fields), list(new.fields)
    places = {id(each): place for record in (old, new) for place, each in enumerate(record.fields)}
    return [
        *take_pairs(left, right, lambda one, other: one.wire == other.wire),
        *take_pairs(left, right, lambda one, other: one.wire in other.also_read or other.wire in one.also_read),
        *take_pairs(left, right, lambda one, other: one.name == other.name),
        *take_pairs(
            left,
            right,
            lambda one, other: (
                one.type == other.type
                and one.has_default == other.has_default
                and (places[id(one)] == places[id(other)] or _alike(one.name, other.name))
            ),
        ),
    ]


def _alike(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, one, other).ratio() >= _ALIKE
