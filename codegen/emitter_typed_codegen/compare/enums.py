"""What changed in enums and flags."""

from __future__ import annotations

from collections.abc import Sequence

from emitter_typed_codegen.compare.walk import At, Walk
from emitter_typed_codegen.compare.words import called, short
from emitter_typed_codegen.model import Enum, EnumValue, Flags


def compare_enums(walk: Walk, old: Enum, new: Enum, at: At) -> None:
    """Compare two enums, of texts or of numbers."""
    added = "value-added-to-open" if old.open else "value-added"
    removed = "value-removed-from-open" if new.open else "value-removed"
    inside = at.inside("enum")
    _values(walk, *_numbers(walk, old, new, inside), inside, (added, removed))
    if old.open != new.open:
        rule = "enum-opened" if new.open else "enum-closed"
        walk.add(rule, *at.inside("open"), f"open: {short(old.open)} → {short(new.open)}")


def compare_flags(walk: Walk, old: Flags, new: Flags, at: At) -> None:
    """Compare two sets of flags."""
    _values(walk, old.values, new.values, at.inside("flags"), ("flag-added", "flag-removed"))


def _numbers(walk: Walk, old: Enum, new: Enum, at: At) -> tuple[Sequence[EnumValue], Sequence[EnumValue]]:
    """Tell of numbers that have changed, and return the other values: the name says what a number means."""
    if not old.has_numbers:
        return old.values, new.values
    after = {one.name: one for one in new.values}
    pairs = [(one, after[one.name]) for one in old.values if one.name in after]
    moved = [(one, other) for one, other in pairs if one.wire != other.wire]
    known = {one.wire for one in old.values}, {other.wire for other in new.values}
    for one, other in moved:
        if other.wire in known[0] or one.wire in known[1]:
            rule = "number-reused"
        elif old.open and new.open:
            rule = "number-changed-in-open"
        else:
            rule = "number-changed"
        inside = at.of(one.key, other.key)
        walk.add(rule, *inside, f"the number of {one.name}: {one.wire} → {other.wire}")
        walk.doc(one.doc, other.doc, inside)
        walk.doc(one.deprecated or "", other.deprecated or "", inside, "deprecated")
    names = {one.name for one, _ in moved}
    rest = [[one for one in values if one.name not in names] for values in (old.values, new.values)]
    return rest[0], rest[1]


def _values(walk: Walk, old: Sequence[EnumValue], new: Sequence[EnumValue], at: At, rules: tuple[str, str]) -> None:
    """Compare the values of an enum, or flags; the rules are those for one that is added and one that is gone."""
    before, after = {one.wire: one for one in old}, {one.wire: one for one in new}
    names = {one.name for one in old}
    for wire in before | after:
        if wire not in before:
            walk.add(rules[0], at.old, (*at.new, after[wire].key), f"{called(after[wire])} is added")
        elif wire not in after:
            walk.add(rules[1], (*at.old, before[wire].key), at.new, f"{called(before[wire])} is removed")
        else:
            one, other = before[wire], after[wire]
            inside = at.of(one.key, other.key)
            if one.name != other.name:
                rule = "value-name-reused" if other.name in names else "value-renamed"
                walk.add(rule, *inside, f"the name of {wire} in Python: {one.name} → {other.name}")
            walk.doc(one.doc, other.doc, inside)
            walk.doc(one.deprecated or "", other.deprecated or "", inside, "deprecated")
    walk.order(before, after, at)
