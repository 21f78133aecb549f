"""What changed in unions, and between a record and a union that has it as a member."""

from __future__ import annotations

from attrs import evolve

from emitter_typed_codegen.compare.walk import At, Walk
from emitter_typed_codegen.compare.wire import reads_type
from emitter_typed_codegen.compare.words import short
from emitter_typed_codegen.model import Record, Schema, Union


def compare_unions(walk: Walk, old: Union, new: Union, at: At) -> None:
    """Compare two unions."""
    if old.tag != new.tag:
        walk.add("tag-changed", *at.inside("tag"), f"tag: {old.tag} → {new.tag}")
    what = "field" if new.tag is None else "value"
    before, after = dict(old.members), dict(new.members)
    values = {name: value for value, name in new.members if value not in before}
    moved = {value: values[name] for value, name in old.members if value not in after and name in values}
    # Without a tag, what has the field is that member, whatever its record is called.
    swapped = {
        value: found
        for value, name in old.members
        if new.tag is not None
        and after.get(value, name) != name
        and (found := _value(new, name)) is not None
        and _value(old, after[value]) is not None
    }
    moved |= swapped
    for value, name in old.members:
        inside = at.inside("union", name)
        if value in after and value not in swapped:
            walk.pair(name, after[value])
            if name != after[value] and not walk.is_rename(name, after[value]):
                walk.add("type-respelled", inside.old, at.inside("union", after[value]).new, f"{name} → {after[value]}")
        elif value in moved:
            kept = old.open and new.open and value not in swapped
            twin = after.get(value)
            alike = value in swapped and twin is not None and _form(walk.old, name) == _form(walk.new, twin)
            changed = "member-value-changed-in-open" if kept else "member-value-changed"
            rule = "member-values-swapped" if alike else changed
            walk.add(rule, *inside, f"the {what} of {name}: {value} → {moved[value]}")
            walk.pair(name, name)
        else:
            rule = "member-removed-from-open" if new.open else "member-removed"
            walk.add(rule, inside.old, at.new, f"the member {name} ({value}) is removed")
    for value, name in new.members:
        if value not in before and value not in moved.values():
            rule = "member-added-to-open" if old.open else "member-added"
            walk.add(rule, at.old, at.inside("union", name).new, f"the member {name} ({value}) is added")
    walk.order(before, after, at.inside("union"))
    if old.open != new.open:
        rule = "union-opened" if new.open else "union-closed"
        walk.add(rule, *at.inside("open"), f"open: {short(old.open)} → {short(new.open)}")


def compare_record_and_union(walk: Walk, old: Record | Union, new: Record | Union, at: At, words: str) -> bool:
    """Compare a record with a union that has it as a member, or the other way round; False if they are not that."""
    if isinstance(old, Record) and isinstance(new, Union):
        record, union, schema, others, verb = old, new, walk.old, walk.new, "added"
    elif isinstance(old, Union) and isinstance(new, Record):
        record, union, schema, others, verb = new, old, walk.new, walk.old, "removed"
    else:
        return False
    members = [member for _, member in union.members]
    form = _form(schema, record.name)
    alike = [one for one in members if one == record.name or _form(others, one) == form]
    if not alike:
        return False
    same = record.name if record.name in members else alike[0]
    if union.tag is None:
        # The record stands alike on the wire, alone and as a member.
        walk.add("type-respelled", *at, words)
    else:
        walk.add("record-made-union" if union is new else "union-made-record", *at, words)
    walk.pair(*((record.name, same) if union is new else (same, record.name)))
    for member in members:
        held = others.by_name[member]
        if member != same and isinstance(held, Record):
            some, each = _taken(schema, record, others, held)
            rules = [*(["member-taken-for-record"] if some else []), *([] if each else [f"member-{verb}"])]
            for rule in rules:
                walk.add(rule, *at, f"the member {member} is {verb}")
    return True


def _taken(schema: Schema, record: Record, others: Schema, member: Record) -> tuple[bool, bool]:
    """Tell whether some messages of a member, and whether all of them, could be messages of a record."""
    written = {field.wire: field for field in member.fields}
    some = each = True
    for field in record.fields:
        other = written.get(field.wire)
        if other is None:
            some, each = (False, False) if field.is_required else (some, each)
            continue
        reader, writer = (schema, field.type, field.format), (others, other.type, other.format)
        forth, back = reads_type(reader, writer), reads_type(writer, reader)
        each &= forth and (other.is_always_written or not field.is_required)
        some &= forth or back or not (other.is_always_written or field.is_required)
    return some, each


def _form(schema: Schema, name: str) -> object:
    """Return what decides how a record stands on the wire; equal for two that read each other's messages."""
    declared = schema.by_name[name]
    if not isinstance(declared, Record):
        return declared
    return {evolve(one, name=one.wire, doc="", unit="", deprecated=None) for one in declared.fields}


def _value(union: Union, member: str) -> str | int | None:
    """Return the value of the tag for a member; None if the union has no such member."""
    return next((value for value, name in union.members if name == member), None)
