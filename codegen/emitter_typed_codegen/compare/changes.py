"""What changed between two schemas: the walk through both."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias, cast

from attrs import evolve, field

from emitter_typed_codegen.compare.limits import changed_limits, without_effect
from emitter_typed_codegen.compare.rules import RULES, Rule
from emitter_typed_codegen.compare.wire import Base, Position, Resolved, as_it_is, kind, misread, reads, resolve
from emitter_typed_codegen.data import define, frozen
from emitter_typed_codegen.model import (
    Alias,
    Channel,
    Constraint,
    Declaration,
    Enum,
    EnumValue,
    Field,
    Flags,
    JsonMap,
    List,
    Literal_,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    ScalarName,
    Schema,
    TypeRef,
    Union,
)
from emitter_typed_codegen.resolve.constraints import keeps
from emitter_typed_codegen.resolve.values import comparable

Keys: TypeAlias = tuple[str, ...]
"""A place in a schema: the keys that lead there. In an imported file they begin with `imports` and the import."""

_ALIKE = 0.6
"""How alike two names are, of 1, for one to be taken for the other's new name."""


@frozen(kw_only=True)
class Change:
    """One change between two schemas."""

    rule: Rule
    old: Keys | None
    """Where it is in the old schema; None if that has nothing like it."""
    new: Keys | None
    """Where it is in the new schema; None if that has nothing like it any more."""
    message: str
    """What changed, in one line."""
    fix: str
    """How to make the same change safely; empty where it is safe, or where there is no other way."""
    channels: tuple[str, ...] = ()
    """The channels whose messages it is about, by their names in the new schema, or in the old one if they are gone."""

    @property
    def path(self) -> str:
        """The place as a text: the closer one of both, and that in the old schema if they are alike."""
        old, new = self.old or (), self.new or ()
        return ".".join(new if len(new) > len(old) else old)


def compare(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Return what changed between two schemas of users.

    Args:
        old: The schema that programs were made of.
        new: The one that they are to be made of.

    Returns:
        The changes, those that break something first, and then in the order of the new schema.
    """
    walk = _Walk(old, new)
    walk.schema()
    users = (_users(old), _users(new))
    told = [evolve(one, channels=_channels(one, *users)) for one in walk.changes]
    unique = dict.fromkeys(told)
    return tuple(sorted(unique, key=lambda one: not one.rule.breaking))


@define(eq=False)
class _Walk:
    old: Schema
    new: Schema
    changes: list[Change] = field(factory=list[Change])
    pairs: deque[tuple[str, str]] = field(factory=deque[tuple[str, str]])
    """The types that are still to be compared."""
    paired: set[tuple[str, str]] = field(factory=set[tuple[str, str]])
    """The types that were compared, or will be."""

    def add(self, rule: str, old: Keys | None, new: Keys | None, message: str, **names: str) -> None:
        """Note a change; the names are put into how to make it safely."""
        fix = RULES[rule].fix
        for name, value in names.items():
            fix = fix.replace(name, value)
        self.changes.append(Change(rule=RULES[rule], old=old, new=new, message=message, fix=fix))

    def schema(self) -> None:
        old, new = self.old, self.new
        if old.name != new.name:
            self.add("facade-renamed", ("name",), ("name",), f"name: {old.name} → {new.name}")
        if old.version != new.version:
            self.add("version-changed", ("version",), ("version",), f"version: {old.version} → {new.version}")
        self.doc(old.doc, new.doc, (), ())
        before, after = ({one.name for one in schema.imports} for schema in (old, new))
        for name in sorted(before ^ after):
            keys = ("imports", name)
            if name in after:
                self.add("import-added", None, keys, f"{name} is imported")
            else:
                self.add("import-removed", keys, None, f"{name} is no longer imported")
        self.channels()
        self.paired_types()
        used = {name for name, _ in self.paired}, {name for _, name in self.paired}
        for name in new.by_name:
            # Two types that were given each other's names have been compared already.
            if name in old.by_name and not (name in used[0] and name in used[1]):
                self.pair(name, name)
        self.paired_types()
        self.unpaired()

    def paired_types(self) -> None:
        while self.pairs:
            self.types(*self.pairs.popleft())

    def unpaired(self) -> None:
        """Tell of types that are called otherwise, or stand in one schema alone."""
        old, new = self.old.by_name, self.new.by_name
        renamed = [(one, other) for one, other in sorted(self.paired) if one not in new and other not in old]
        for one, other in renamed:
            self.add("type-renamed", _type_keys(one), _type_keys(other), f"{one} → {other}")
        # Those of imported files are the business of those files.
        gone = {one.name for one in self.old.types} - set(new) - {one for one, _ in renamed}
        come = {one.name for one in self.new.types} - set(old) - {other for _, other in renamed}
        for name in sorted(gone):
            self.add("type-removed", _type_keys(name), None, f"the type {name} is removed")
        for name in sorted(come):
            self.add("type-added", None, _type_keys(name), f"the type {name} is added")

    def doc(self, old: str, new: str, old_at: Keys, new_at: Keys, key: str = "doc") -> None:
        if old != new:
            self.add("doc-changed", (*old_at, key), (*new_at, key), f"{key}: {_short(old)} → {_short(new)}")

    def deprecated(self, old: str | None, new: str | None, old_at: Keys, new_at: Keys) -> None:
        if old != new:
            message = f"deprecated: {_short(old or '')} → {_short(new or '')}"
            self.add("deprecation-changed", (*old_at, "deprecated"), (*new_at, "deprecated"), message)

    def order(self, old: Iterable[object], new: Iterable[object], old_at: Keys, new_at: Keys) -> None:
        """Tell of another order of what both have."""
        before, after = list(old), list(new)
        if [one for one in before if one in after] != [one for one in after if one in before]:
            self.add("order-changed", old_at, new_at, "the order is changed")

    # Channels.

    def channels(self) -> None:
        new = {one.name: one for one in self.new.channels}
        old = {one.name: one for one in self.old.channels}
        come = [one for one in self.new.channels if one.name not in old]
        for channel in self.old.channels:
            at = ("channels", channel.name)
            same = new.get(channel.name)
            if same is None:
                same = next((one for one in come if _shape(one) == _shape(channel)), None)
                if same is None:
                    self.add("channel-removed", at, None, f"the channel {channel.name} ({channel.address}) is removed")
                    continue
                come.remove(same)
                self.add("channel-renamed", at, ("channels", same.name), f"{channel.name} → {same.name}")
            self.channel(channel, same, at, ("channels", same.name))
        for channel in come:
            at = ("channels", channel.name)
            self.add("channel-added", None, at, f"the channel {channel.name} ({channel.address}) is added")

    def channel(self, old: Channel, new: Channel, old_at: Keys, new_at: Keys) -> None:
        self.address(old, new, old_at, new_at)
        self.ref(
            old.payload, new.payload, (*old_at, "payload"), (*new_at, "payload"), position="payload", nulls=(True, True)
        )
        before, after = dict(old.options), dict(new.options)
        for name in sorted(before | after):
            keys = "options", name
            if name not in after:
                message = f"the option {name}: {_short(before[name])} is removed"
                self.add("option-removed", (*old_at, *keys), new_at, message)
            elif name not in before:
                # Such as echo: what programs had until now is switched off.
                rule = "option-changed" if after[name] is False else "option-added"
                self.add(rule, old_at, (*new_at, *keys), f"the option {name}: {_short(after[name])} is added")
            elif _differ(before[name], after[name]):
                message = f"the option {name}: {_short(before[name])} → {_short(after[name])}"
                self.add("option-changed", (*old_at, *keys), (*new_at, *keys), message)
        if old.direction != new.direction:
            rule = "direction-widened" if new.direction == "both" else "direction-narrowed"
            message = f"direction: {old.direction} → {new.direction}"
            self.add(rule, (*old_at, "direction"), (*new_at, "direction"), message)
        if old.overlaps != new.overlaps:
            message = f"overlaps: {_short(old.overlaps)} → {_short(new.overlaps)}"
            self.add("overlaps-changed", (*old_at, "overlaps"), (*new_at, "overlaps"), message)
        self.deprecated(old.deprecated, new.deprecated, old_at, new_at)
        self.doc(old.doc, new.doc, old_at, new_at)

    def address(self, old: Channel, new: Channel, old_at: Keys, new_at: Keys) -> None:
        if _shape(old) != _shape(new):
            message = f"address: {old.address} → {new.address}"
            reused = any(_shape(one) == _shape(new) for one in self.old.channels)
            self.add(
                "address-reused" if reused else "address-changed", (*old_at, "address"), (*new_at, "address"), message
            )
            by_name = {param.name: param for param in new.params}
            params = [(one, by_name[one.name]) for one in old.params if one.name in by_name]
        else:
            params = list(zip(old.params, new.params, strict=True))
        names = {param.name for param in old.params}
        for before, after in params:
            at = (*old_at, "params", before.name), (*new_at, "params", after.name)
            if before.name != after.name:
                rule = "parameter-name-reused" if after.name in names else "parameter-renamed"
                self.add(rule, *at, f"{{{before.name}}} → {{{after.name}}}")
            self.ref(
                before.type,
                after.type,
                *at,
                position="segment",
                formats=(before.format, after.format),
                limits=(before.constraints, after.constraints),
                nulls=(True, True),
            )
            self.unit(before, after, *at)
            self.doc(before.doc, after.doc, *at)

    # Types where they are used.

    def ref(
        self,
        old: TypeRef,
        new: TypeRef,
        old_at: Keys,
        new_at: Keys,
        *,
        position: Position = "json",
        formats: tuple[str | None, str | None] = (None, None),
        limits: tuple[Sequence[Constraint], Sequence[Constraint]] = ((), ()),
        nulls: tuple[bool, bool] | None = None,
        alias: tuple[str, str] | None = None,
    ) -> None:
        """Compare two types where they are used.

        Args:
            old: The type that was used.
            new: The one that is.
            old_at: Where the old one stands.
            new_at: Where the new one stands.
            position: Where its values stand.
            formats: The `format` of each.
            limits: The limits of each besides those of its aliases.
            nulls: Whether each writes the null that its type allows; None: where null is told is elsewhere.
            alias: The aliases that they are declared by, if that is their use.
        """
        one, other = resolve(self.old, old), resolve(self.new, new)
        raw = as_it_is(one, position), as_it_is(other, position)
        if raw[0] != raw[1]:
            words = f"{_spelled(old)} → {_spelled(new)}"
            self.add("payload-made-json" if raw[0] else "payload-made-raw", old_at, new_at, words)
            return
        if position == "payload" and not raw[0]:
            position = "json"
        if nulls is not None:
            self.null(
                one.optional and nulls[0], other.optional, one.optional, other.optional and nulls[1], old_at, new_at
            )
        before, after = _inner(old), _inner(new)
        words = f"{_spelled(before, formats[0])} → {_spelled(after, formats[1])}"
        if isinstance(before, Named) and isinstance(after, Named) and before.name == after.name:
            self.pair(before.name, after.name)
            scalar = one.base.name if isinstance(one.base, Scalar) else None
            around = one.constraints, other.constraints
            found = changed_limits(scalar, *limits, around=around, in_segment=position == "segment")
            self.limits(scalar, found, limits, old_at, new_at, alias)
            if formats[0] != formats[1]:
                self.base(one, other, old_at, new_at, position, formats, ((), ()), words)
            return
        self.base(one, other, old_at, new_at, position, formats, limits, words, alias)

    def limits(
        self,
        scalar: ScalarName | None,
        changed: Iterable[tuple[str, str, str]],
        held: tuple[Sequence[Constraint], Sequence[Constraint]],
        old_at: Keys,
        new_at: Keys,
        alias: tuple[str, str] | None,
    ) -> None:
        """Tell what changed in the limits that hold where a type is used, or where an alias is declared."""
        for rule, keyword, message in changed:
            told = rule
            if alias is not None and all(
                without_effect(scalar, keyword, own, _limits_around(schema, name))
                for schema, name, own in zip((self.old, self.new), alias, held, strict=True)
            ):
                told = "limit-without-effect"
            self.add(told, (*old_at, keyword), (*new_at, keyword), message)

    def null(self, writes: bool, takes: bool, took: bool, will_write: bool, old_at: Keys, new_at: Keys) -> None:
        if will_write and not took:
            self.add("null-allowed", old_at, new_at, "null is allowed")
        elif writes and not takes:
            self.add("null-refused", old_at, new_at, "null is no longer allowed")

    def base(
        self,
        old: Resolved,
        new: Resolved,
        old_at: Keys,
        new_at: Keys,
        position: Position,
        formats: tuple[str | None, str | None],
        limits: tuple[Sequence[Constraint], Sequence[Constraint]],
        words: str,
        alias: tuple[str, str] | None = None,
    ) -> None:
        """Compare what two types are when their aliases are followed."""
        one, other = old.base, new.base
        kinds = kind(one, formats[0], position), kind(other, formats[1], position)
        same = type(one) is type(other) and kinds[0] == kinds[1]
        if self.record_and_union(one, other, old_at, new_at, words):
            return
        by_new, by_old = misread(kinds[1], kinds[0]), misread(kinds[0], kinds[1])
        if by_new is not None and by_old is not None:
            rule = {
                (False, False): "time-unit-changed",
                (False, True): "time-unit-changed-old-refuse",
                (True, False): "time-unit-changed-new-refuse",
                (True, True): "time-unit-changed-both-refuse",
            }[by_new[0], by_old[0]]
            self.add(rule, old_at, new_at, f"{words}: new programs {by_new[1]}; old programs {by_old[1]}")
        elif not same:
            forth = reads(other, formats[1], one, formats[0], position)
            back = reads(one, formats[0], other, formats[1], position)
            rule = {
                (True, True): "type-respelled",
                (True, False): "type-widened",
                (False, True): "type-narrowed",
                (False, False): "type-changed",
            }[forth, back]
            self.add(rule, old_at, new_at, words)
            if rule == "type-changed":
                return
        scalar = other.name if isinstance(other, Scalar) else one.name if isinstance(one, Scalar) else None
        held = _unkept(other, [*old.constraints, *limits[0]]), _unkept(one, [*new.constraints, *limits[1]])
        if not isinstance(one, Scalar) or scalar is None or one.name == scalar or {one.name, scalar} <= _COMPARABLE:
            changed = [*changed_limits(scalar, *held, in_segment=position == "segment")]
        else:
            # The limits of one say nothing of those of the other.
            changed = [*changed_limits(one.name, held[0], ()), *changed_limits(scalar, (), held[1])]
        self.limits(scalar, changed, held, old_at, new_at, alias)
        if not same:
            return
        if isinstance(one, Scalar) and one != other:
            # A text is a string, as a whole payload and with a ?.
            self.add("type-respelled", old_at, new_at, words)
        if isinstance(one, List) and isinstance(other, List):
            self.ref(one.item, other.item, old_at, new_at, nulls=(True, True))
        elif isinstance(one, Map) and isinstance(other, Map):
            self.ref(one.value, other.value, old_at, new_at, nulls=(True, True))
        elif not isinstance(one, Scalar | List | Map) and not isinstance(other, Scalar | List | Map):
            self.pair(one.name, other.name)
        gone = [name for name in old.names if name not in new.names]
        come = [name for name in new.names if name not in old.names]
        stays = any(name in self.new.by_name for name in gone) or any(name in self.old.by_name for name in come)
        if stays or len(gone) != len(come):
            self.add("type-respelled", old_at, new_at, words)
        else:
            # What is called otherwise everywhere is told once.
            for before, after in zip(gone, come, strict=True):
                self.pair(before, after)

    def record_and_union(self, old: Base, new: Base, old_at: Keys, new_at: Keys, words: str) -> bool:
        """Tell of a record that becomes a union with it as a member, or the other way round; False if it is neither."""
        if isinstance(old, Record) and isinstance(new, Union):
            record, union, schema, others, verb = old, new, self.old, self.new, "added"
        elif isinstance(old, Union) and isinstance(new, Record):
            record, union, schema, others, verb = new, old, self.new, self.old, "removed"
        else:
            return False
        members = [member for _, member in union.members]
        form = _form(schema, record.name)
        alike = [one for one in members if one == record.name or _form(others, one) == form]
        if not alike:
            return False
        same = record.name if record.name in members else alike[0]
        if union is new:
            self.add("record-made-union", old_at, new_at, words)
            self.pair(record.name, same)
        else:
            self.add("union-made-record", old_at, new_at, words)
            self.pair(same, record.name)
        required = {field.wire for field in record.fields if field.is_required}
        for member in members:
            held = others.by_name[member]
            if member != same and isinstance(held, Record):
                taken = required <= {field.wire for field in held.fields}
                rule = "member-taken-for-record" if taken else f"member-{verb}"
                self.add(rule, old_at, new_at, f"the member {member} is {verb}")
        return True

    # Types where they are declared.

    def pair(self, old: str, new: str) -> None:
        if (old, new) not in self.paired:
            self.paired.add((old, new))
            self.pairs.append((old, new))

    def types(self, old_name: str, new_name: str) -> None:
        old, new = self.old.by_name[old_name], self.new.by_name[new_name]
        old_at, new_at = _type_keys(old_name), _type_keys(new_name)
        self.doc(old.doc, new.doc, old_at, new_at)
        if isinstance(old, Alias) and isinstance(new, Alias):
            if old.distinct != new.distinct:
                message = f"distinct: {_short(old.distinct)} → {_short(new.distinct)}"
                self.add("distinct-changed", (*old_at, "distinct"), (*new_at, "distinct"), message)
            self.ref(
                old.type,
                new.type,
                (*old_at, "alias"),
                (*new_at, "alias"),
                limits=(old.constraints, new.constraints),
                alias=(old_name, new_name),
            )
        elif _kind_of(old) != _kind_of(new):
            before, after = resolve(self.old, Named(old_name)), resolve(self.new, Named(new_name))
            self.base(
                before, after, old_at, new_at, "json", (None, None), ((), ()), f"{_kind_of(old)} → {_kind_of(new)}"
            )
        elif isinstance(old, Record) and isinstance(new, Record):
            self.record(old, new, old_at, new_at)
        elif isinstance(old, Enum) and isinstance(new, Enum):
            self.enum(old, new, old_at, new_at)
        elif isinstance(old, Flags) and isinstance(new, Flags):
            self.values(old.values, new.values, (*old_at, "flags"), (*new_at, "flags"), ("flag-added", "flag-removed"))
        elif isinstance(old, Union) and isinstance(new, Union):
            self.union(old, new, old_at, new_at)

    def enum(self, old: Enum, new: Enum, old_at: Keys, new_at: Keys) -> None:
        added = "value-added-to-open" if old.open else "value-added"
        removed = "value-removed-from-open" if new.open else "value-removed"
        values = self.numbers(old, new, (*old_at, "enum"), (*new_at, "enum"))
        self.values(*values, (*old_at, "enum"), (*new_at, "enum"), (added, removed))
        if old.open != new.open:
            rule, keys = "enum-opened" if new.open else "enum-closed", ((*old_at, "open"), (*new_at, "open"))
            self.add(rule, *keys, f"open: {_short(old.open)} → {_short(new.open)}")

    def numbers(
        self, old: Enum, new: Enum, old_at: Keys, new_at: Keys
    ) -> tuple[Sequence[EnumValue], Sequence[EnumValue]]:
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
            at = (*old_at, one.key), (*new_at, other.key)
            self.add(rule, *at, f"the number of {one.name}: {one.wire} → {other.wire}")
            self.doc(one.doc, other.doc, *at)
            self.doc(one.deprecated or "", other.deprecated or "", *at, "deprecated")
        names = {one.name for one, _ in moved}
        rest = [[one for one in values if one.name not in names] for values in (old.values, new.values)]
        return rest[0], rest[1]

    def values(
        self,
        old: Sequence[EnumValue],
        new: Sequence[EnumValue],
        old_at: Keys,
        new_at: Keys,
        rules: tuple[str, str],
    ) -> None:
        """Compare the values of an enum, or flags; the rules are those for one that is added and one that is gone."""
        before, after = {one.wire: one for one in old}, {one.wire: one for one in new}
        names = {one.name for one in old}
        for wire in before | after:
            if wire not in before:
                self.add(rules[0], old_at, (*new_at, after[wire].key), f"{_called(after[wire])} is added")
            elif wire not in after:
                self.add(rules[1], (*old_at, before[wire].key), new_at, f"{_called(before[wire])} is removed")
            else:
                one, other = before[wire], after[wire]
                at = (*old_at, one.key), (*new_at, other.key)
                if one.name != other.name:
                    rule = "value-name-reused" if other.name in names else "value-renamed"
                    self.add(rule, *at, f"the name of {wire} in Python: {one.name} → {other.name}")
                self.doc(one.doc, other.doc, *at)
                self.doc(one.deprecated or "", other.deprecated or "", *at, "deprecated")
        self.order(before, after, old_at, new_at)

    def union(self, old: Union, new: Union, old_at: Keys, new_at: Keys) -> None:
        if old.tag != new.tag:
            self.add("tag-changed", (*old_at, "tag"), (*new_at, "tag"), f"tag: {old.tag} → {new.tag}")
        before, after = dict(old.members), dict(new.members)
        values = {name: value for value, name in new.members if value not in before}
        moved = {value: values[name] for value, name in old.members if value not in after and name in values}
        swapped = {
            value: found
            for value, name in old.members
            if after.get(value, name) != name and (found := _value(new, name)) and _value(old, after[value])
        }
        moved |= swapped
        for value, name in old.members:
            at = (*old_at, "union", name)
            if value in after and value not in swapped:
                self.pair(name, after[value])
            elif value in moved:
                keys = (*new_at, "union", name)
                kept = old.open and new.open and value not in swapped
                twin = after.get(value)
                alike = value in swapped and twin is not None and _form(self.old, name) == _form(self.new, twin)
                changed = "member-value-changed-in-open" if kept else "member-value-changed"
                rule = "member-values-swapped" if alike else changed
                self.add(rule, at, keys, f"the value of {name}: {value} → {moved[value]}")
                self.pair(name, name)
            else:
                rule = "member-removed-from-open" if new.open else "member-removed"
                self.add(rule, at, new_at, f"the member {name} ({value}) is removed")
        for value, name in new.members:
            if value not in before and value not in moved.values():
                rule = "member-added-to-open" if old.open else "member-added"
                self.add(rule, old_at, (*new_at, "union", name), f"the member {name} ({value}) is added")
        self.order(before, after, (*old_at, "union"), (*new_at, "union"))
        if old.open != new.open:
            rule = "union-opened" if new.open else "union-closed"
            self.add(rule, (*old_at, "open"), (*new_at, "open"), f"open: {_short(old.open)} → {_short(new.open)}")

    # Records.

    def record(self, old: Record, new: Record, old_at: Keys, new_at: Keys) -> None:
        if old.keeps_unknown != new.keeps_unknown:
            rule = "unknown-kept" if new.keeps_unknown else "unknown-ignored"
            words = ["keep" if one.keeps_unknown else "ignore" for one in (old, new)]
            self.add(rule, (*old_at, "unknown"), (*new_at, "unknown"), f"unknown: {words[0]} → {words[1]}")
        self.deprecated(old.deprecated, new.deprecated, old_at, new_at)
        old_at, new_at = (*old_at, "fields"), (*new_at, "fields")
        same = _same_fields(old, new)
        names = {one.name for one in old.fields}
        for one, other in same:
            reused = one.name != other.name and other.name in names
            self.field(one, other, (*old_at, one.name), (*new_at, other.name), reused=reused)
        known = [one for one, _ in same], [other for _, other in same]
        for one in old.fields:
            if one not in known[0]:
                rule = "field-removed-required" if one.is_required else "field-removed"
                self.add(rule, (*old_at, one.name), new_at, f"the field {one.name} is removed")
        for other in new.fields:
            if other not in known[1]:
                self.add(self.added(old, other), old_at, (*new_at, other.name), f"the field {other.name} is added")
        before = [index for one in old.fields for index, pair in enumerate(same) if pair[0] is one]
        after = [index for other in new.fields for index, pair in enumerate(same) if pair[1] is other]
        self.order(before, after, old_at, new_at)

    def added(self, old: Record, field: Field) -> str:
        if field.is_required:
            return "field-added-required"
        base = resolve(self.new, field.type)
        takes_all = base.base == Scalar("json") and base.optional and not base.constraints and not field.constraints
        return "field-added-where-kept" if old.keeps_unknown and not takes_all else "field-added"

    def field(self, old: Field, new: Field, old_at: Keys, new_at: Keys, *, reused: bool) -> None:
        if reused:
            message = f"the name {new.name} becomes that of {old.wire} on the wire"
            self.add("field-name-reused", old_at, new_at, message)
        self.names(old, new, old_at, new_at, reused=reused)
        self.presence(old, new, old_at, new_at)
        self.ref(
            old.type,
            new.type,
            (*old_at, "type"),
            (*new_at, "type"),
            formats=(old.format, new.format),
            limits=(old.constraints, new.constraints),
            nulls=(_writes_null(old), _writes_null(new)),
        )
        self.blank(old, new, (*old_at, "blank"), (*new_at, "blank"))
        self.unit(old, new, old_at, new_at)
        self.deprecated(old.deprecated, new.deprecated, old_at, new_at)
        self.doc(old.doc, new.doc, old_at, new_at)

    def names(self, old: Field, new: Field, old_at: Keys, new_at: Keys, *, reused: bool) -> None:
        if old.wire != new.wire:
            forth, back = old.wire in new.also_read, new.wire in old.also_read
            rule = {
                (True, True): "field-renamed-both-read",
                (True, False): "field-renamed-also-read",
                (False, True): "field-renamed-only-old-read-both",
                (False, False): "field-renamed",
            }[forth, back]
            refuses = (not back and old.is_required) or (not forth and new.is_required)
            if refuses and not (forth and back):
                rule += "-required"
            self.add(rule, old_at, new_at, f"name on the wire: {old.wire} → {new.wire}", OLD=old.wire, NEW=new.wire)
        elif old.name != new.name and not reused:
            self.add("field-attribute-renamed", old_at, new_at, f"{old.name} → {new.name}")
        kept = [name for name in old.also_read if name in new.also_read]
        if kept != [name for name in new.also_read if name in kept]:
            message = f"also_read: {', '.join(old.also_read)} → {', '.join(new.also_read)}"
            self.add("also-read-reordered", (*old_at, "also_read"), (*new_at, "also_read"), message)
        read = {new.wire, *new.also_read}
        for name in old.also_read:
            if name not in read:
                rule = "also-read-removed-required" if new.is_required else "also-read-removed"
                self.add(rule, (*old_at, "also_read"), new_at, f"{name} is no longer in also_read")
        for name in new.also_read:
            if name not in (old.wire, *old.also_read):
                self.add("also-read-added", old_at, (*new_at, "also_read", name), f"{name} is added to also_read")

    def presence(self, old: Field, new: Field, old_at: Keys, new_at: Keys) -> None:
        """Compare whether a field may be absent, and what it is then."""
        before, after = old.is_required, new.is_required
        absent = _absent(old), _absent(new)
        keys = (*old_at, "default"), (*new_at, "default")
        if before and after:
            return
        if before:
            if absent[1] is None:
                self.add("field-made-optional", old_at, new_at, f"the field {new.name} becomes optional")
            else:
                self.add("default-added-to-required", old_at, keys[1], f"default: {_short(absent[1])}")
        elif after:
            if absent[0] is None:
                self.add("field-made-required", old_at, new_at, f"the field {new.name} becomes required")
            else:
                self.add(
                    "default-removed-from-required", keys[0], new_at, f"the default {_short(absent[0])} is removed"
                )
        elif _means(self.old, old.type, absent[0]) != _means(self.new, new.type, absent[1]):
            rule = (
                "default-added" if absent[0] is None else "default-removed" if absent[1] is None else "default-changed"
            )
            self.add(rule, *keys, f"default: {_short(absent[0])} → {_short(absent[1])}")

    def blank(self, old: Field, new: Field, old_at: Keys, new_at: Keys) -> None:
        for value in new.blank:
            if not _among(value, old.blank):
                before = resolve(self.old, old.type)
                rule = "blank-added" if _fits(value, before, old.format) else "blank-added-refused"
                self.add(rule, old_at, new_at, f"{_short(value)} becomes blank")
        for value in old.blank:
            if not _among(value, new.blank):
                found = resolve(self.new, new.type)
                if value is None and found.optional and _absent(new) is None:
                    # Null reads as absent in any case.
                    self.add("type-respelled", old_at, new_at, "null is no longer in blank, and still reads as absent")
                    continue
                rule = "blank-removed" if _fits(value, found, new.format) else "blank-removed-refused"
                self.add(rule, old_at, new_at, f"{_short(value)} is no longer blank")

    def unit(self, old: Field, new: Field, old_at: Keys, new_at: Keys) -> None:
        if old.unit and new.unit and old.unit != new.unit:
            self.add("unit-changed", (*old_at, "unit"), (*new_at, "unit"), f"unit: {old.unit} → {new.unit}")
        else:
            self.doc(old.unit, new.unit, old_at, new_at, "unit")


def _form(schema: Schema, name: str) -> object:
    """Return what decides how a record stands on the wire; equal for two that read each other's messages."""
    declared = schema.by_name[name]
    if not isinstance(declared, Record):
        return declared
    return {evolve(one, name=one.wire, doc="", unit="", deprecated=None) for one in declared.fields}


def _limits_around(schema: Schema, alias: str) -> Iterator[list[Constraint]]:
    """Yield the limits that hold besides those of an alias, for each use of it."""
    uses: list[tuple[TypeRef, tuple[Constraint, ...]]] = [(one.payload, ()) for one in schema.channels]
    uses += [(param.type, param.constraints) for channel in schema.channels for param in channel.params]
    for declared in schema.by_name.values():
        if isinstance(declared, Record):
            uses += [(one.type, one.constraints) for one in declared.fields]
        elif isinstance(declared, Alias):
            uses.append((declared.type, declared.constraints))
    while uses:
        ref, held = uses.pop()
        match ref:
            case Optional() | List():
                uses.append((ref.item, held if isinstance(ref, Optional) else ()))
            case Map():
                uses.append((ref.value, ()))
            case Named(name) if isinstance(declared := schema.by_name[name], Alias):
                if name == alias:
                    yield [*held, *resolve(schema, declared.type).constraints]
                else:
                    uses.append((declared.type, (*held, *declared.constraints)))
            case _:
                pass


def _value(union: Union, member: str) -> str | int | None:
    """Return the value of the tag for a member; None if the union has no such member."""
    return next((value for value, name in union.members if name == member), None)


def _absent(field: Field) -> Literal_:
    """Return what an absent field is read as, if it may be absent."""
    return field.default if field.has_default else None


def _writes_null(field: Field) -> bool:
    """Tell whether a None is written, and not left out."""
    return field.is_required or _absent(field) is not None


def _same_fields(old: Record, new: Record) -> list[tuple[Field, Field]]:
    """Pair the fields of two records: by their names on the wire, then by their own, then by what looks renamed."""
    left, right = list(old.fields), list(new.fields)
    pairs: list[tuple[Field, Field]] = []

    def take(alike: Callable[[Field, Field], bool]) -> None:
        for one in list(left):
            other = next((other for other in right if alike(one, other)), None)
            if other is not None:
                pairs.append((one, other))
                left.remove(one)
                right.remove(other)

    take(lambda one, other: one.wire == other.wire)
    take(lambda one, other: one.wire in other.also_read or other.wire in one.also_read)
    take(lambda one, other: one.name == other.name)
    places = {id(each): place for record in (old, new) for place, each in enumerate(record.fields)}
    take(
        lambda one, other: (
            one.type == other.type
            and one.has_default == other.has_default
            and (places[id(one)] == places[id(other)] or _alike(one.name, other.name))
        )
    )
    return pairs


def _alike(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _fits(value: Literal_, found: Resolved, format: str | None) -> bool:
    """Tell whether a blank value could be one of the type."""
    if value is None:
        return found.optional or found.base == Scalar("json")
    match kind(found.base, format, "json"):
        case "json":
            return True
        case "bool":
            return isinstance(value, bool)
        case "int" | "float" | "decimal":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case timed if timed == "duration" or timed.startswith(("datetime:", "duration:")):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string" | "secret" | "flags":
            return isinstance(value, str)
        case "enum":
            assert isinstance(found.base, Enum)
            return isinstance(value, str) and (found.base.open or value in [one.wire for one in found.base.values])
        case "enum:int":
            assert isinstance(found.base, Enum)
            known = [one.wire for one in found.base.values]
            return isinstance(value, int) and not isinstance(value, bool) and (found.base.open or value in known)
        case _:
            return False


def _unkept(beside: Base, limits: Sequence[Constraint]) -> Sequence[Constraint]:
    """Return the limits that values of the type on the other side may break: of an enum of numbers, all are known."""
    if not isinstance(beside, Enum) or beside.open or not beside.has_numbers:
        return limits
    return [one for one in limits if not all(keeps(one, Scalar("int"), value.wire) for value in beside.values)]


_COMPARABLE = frozenset({"int", "float", "decimal", "duration", "string", "text"})
"""Scalars whose limits can be compared: of numbers, and of texts. No type that reads another one is among both."""


def _inner(ref: TypeRef) -> TypeRef:
    return ref.item if isinstance(ref, Optional) else ref


def _means(schema: Schema, ref: TypeRef, value: Literal_) -> object:
    """Return a value of a type so that it equals all that mean the same: `1.0` and `1.00`, a map in another order."""
    base = resolve(schema, ref).base
    if isinstance(base, Scalar) and base.name in ("decimal", "datetime") and isinstance(value, str):
        return comparable(base.name, value)
    if isinstance(value, tuple) and isinstance(base, Map):
        pairs = cast("tuple[tuple[str, Literal_], ...]", value)
        return {key: _means(schema, base.value, one) for key, one in pairs}
    if isinstance(value, tuple) and isinstance(base, List):
        return [_means(schema, base.item, one) for one in value]
    return _told_apart(value)


def _differ(one: Literal_, other: Literal_) -> bool:
    return _told_apart(one) != _told_apart(other)


def _told_apart(value: Literal_) -> object:
    """Return a value so that 1 is 1.0 and not True, and an empty map no empty list."""
    if isinstance(value, tuple):
        items = [_told_apart(item) for item in value]
        return (True, sorted(items, key=repr)) if isinstance(value, JsonMap) else (False, items)
    return isinstance(value, bool), value


def _among(value: Literal_, values: Iterable[Literal_]) -> bool:
    return any(not _differ(value, one) for one in values)


def _shape(channel: Channel) -> str:
    return "/".join("{}" if one.startswith("{") else one for one in channel.address.split("/"))


def _type_keys(name: str) -> Keys:
    way, _, own = name.rpartition(".")
    return ("imports", way, "types", own) if way else ("types", own)


def _users(schema: Schema) -> dict[str, tuple[str, ...]]:
    """Return the channels that use each type, in the order of the schema."""
    users: dict[str, list[str]] = {}
    for channel in schema.channels:
        waiting = [channel.payload, *(param.type for param in channel.params)]
        seen: set[str] = set()
        while waiting:
            for name in _names(waiting.pop()):
                if name not in seen:
                    seen.add(name)
                    users.setdefault(name, []).append(channel.name)
                    waiting += _parts(schema.by_name[name])
    return {name: tuple(channels) for name, channels in users.items()}


def _names(ref: TypeRef) -> Iterator[str]:
    while not isinstance(ref, Scalar):
        if isinstance(ref, Named):
            yield ref.name
            return
        ref = ref.value if isinstance(ref, Map) else ref.item


def _parts(declared: Declaration) -> list[TypeRef]:
    match declared:
        case Record():
            return [one.type for one in declared.fields]
        case Union():
            return [Named(name) for _, name in declared.members]
        case Alias():
            return [declared.type]
        case _:
            return []


def _channels(change: Change, old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for keys, users in ((change.new, new), (change.old, old)):
        match keys or ():
            case ("channels", name, *_) if not found:
                found[name] = None
            case ("types", name, *_):
                found |= dict.fromkeys(users.get(name, ()))
            case ("imports", way, "types", name, *_):
                found |= dict.fromkeys(users.get(f"{way}.{name}", ()))
            case _:
                pass
    return tuple(found)


def _kind_of(declared: Declaration) -> str:
    name = type(declared).__name__.lower()
    return f"{name} of numbers" if isinstance(declared, Enum | Union) and declared.has_numbers else name


def _called(value: EnumValue) -> str:
    return value.key if value.key == value.wire else f"{value.key} ({value.wire})"


def _spelled(ref: TypeRef, format: str | None = None) -> str:
    if format is not None:
        return f"{_spelled(ref)} in the format {format}"
    match ref:
        case Optional():
            return f"{_spelled(ref.item)}?"
        case List():
            return f"[{_spelled(ref.item)}]"
        case Map():
            return f"{{string: {_spelled(ref.value)}}}"
        case _:
            return ref.name


_LONGEST = 60


def _short(value: Literal_) -> str:
    if value is None or isinstance(value, bool):
        text = str(value).lower().replace("none", "null")
    else:
        text = str(value) or "none"
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
