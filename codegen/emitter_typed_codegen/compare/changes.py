"""What changed between two schemas."""

from __future__ import annotations

from attrs import evolve

from emitter_typed_codegen.compare.channels import channels_of, compare_channels, users
from emitter_typed_codegen.compare.enums import compare_enums, compare_flags
from emitter_typed_codegen.compare.fields import compare_records
from emitter_typed_codegen.compare.unions import compare_unions
from emitter_typed_codegen.compare.uses import compare_bases, compare_use
from emitter_typed_codegen.compare.walk import At, Change, Walk, type_keys
from emitter_typed_codegen.compare.words import kind_of, short
from emitter_typed_codegen.model import Alias, Enum, Flags, Record, Schema, Union


def compare(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Return what changed between two schemas of users.

    Args:
        old: The schema that programs were made of.
        new: The one that they are to be made of.

    Returns:
        The changes, those that break something first, and then in the order of the new schema.
    """
    walk = Walk(old, new)
    _schemas(walk)
    compare_channels(walk)
    # By where they are used first: what is used in the same places is one type, whatever its name.
    _paired_types(walk)
    used = {name for name, _ in walk.paired}, {name for _, name in walk.paired}
    for name in new.by_name:
        # Two types that were given each other's names have been compared already.
        if name in old.by_name and not (name in used[0] and name in used[1]):
            walk.pair(name, name)
    _paired_types(walk)
    _names_of_types(walk)
    using = users(old), users(new)
    told = dict.fromkeys(evolve(one, channels=channels_of(one, *using)) for one in walk.changes)
    return tuple(sorted(told, key=lambda one: not one.rule.breaking))


def _schemas(walk: Walk) -> None:
    old, new = walk.old, walk.new
    if old.name != new.name:
        walk.add("facade-renamed", ("name",), ("name",), f"name: {old.name} → {new.name}")
    if old.version != new.version:
        walk.add("version-changed", ("version",), ("version",), f"version: {old.version} → {new.version}")
    walk.doc(old.doc, new.doc, At((), ()))
    before, after = ({one.name for one in schema.imports} for schema in (old, new))
    for name in sorted(before ^ after):
        keys = ("imports", name)
        if name in after:
            walk.add("import-added", None, keys, f"{name} is imported")
        else:
            walk.add("import-removed", keys, None, f"{name} is no longer imported")


def _paired_types(walk: Walk) -> None:
    while walk.pairs:
        _types(walk, *walk.pairs.popleft())


def _types(walk: Walk, old_name: str, new_name: str) -> None:
    old, new = walk.old.by_name[old_name], walk.new.by_name[new_name]
    at = At(type_keys(old_name), type_keys(new_name))
    walk.doc(old.doc, new.doc, at)
    if isinstance(old, Alias) and isinstance(new, Alias):
        if old.distinct != new.distinct:
            message = f"distinct: {short(old.distinct)} → {short(new.distinct)}"
            walk.add("distinct-changed", *at.inside("distinct"), message)
        compare_use(
            walk,
            old.type,
            new.type,
            at.inside("alias"),
            limits=(old.constraints, new.constraints),
            alias=(old_name, new_name),
        )
    elif kind_of(old) != kind_of(new):
        compare_bases(walk, old_name, new_name, at, f"{kind_of(old)} → {kind_of(new)}")
    elif isinstance(old, Record) and isinstance(new, Record):
        compare_records(walk, old, new, at)
    elif isinstance(old, Enum) and isinstance(new, Enum):
        compare_enums(walk, old, new, at)
    elif isinstance(old, Flags) and isinstance(new, Flags):
        compare_flags(walk, old, new, at)
    elif isinstance(old, Union) and isinstance(new, Union):
        compare_unions(walk, old, new, at)


def _names_of_types(walk: Walk) -> None:
    """Tell of types that are called otherwise, or stand in one schema alone."""
    old, new = walk.old.by_name, walk.new.by_name
    renamed = [(one, other) for one, other in sorted(walk.paired) if walk.is_rename(one, other)]
    for one, other in renamed:
        walk.add("type-renamed", type_keys(one), type_keys(other), f"{one} → {other}")
    # Those of imported files are the business of those files.
    gone = {one.name for one in walk.old.types} - set(new) - {one for one, _ in renamed}
    come = {one.name for one in walk.new.types} - set(old) - {other for _, other in renamed}
    for name in sorted(gone):
        walk.add("type-removed", type_keys(name), None, f"the type {name} is removed")
    for name in sorted(come):
        walk.add("type-added", None, type_keys(name), f"the type {name} is added")
