"""The changes that were found so far, and the types that are still to be compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias, TypeVar

from attrs import field

from emitter_typed_codegen.compare.rules import RULES, Rule
from emitter_typed_codegen.compare.words import short
from emitter_typed_codegen.data import define, frozen
from emitter_typed_codegen.model import Schema

Keys: TypeAlias = tuple[str, ...]
"""A place in a schema: the keys that lead there. In an imported file they begin with `imports` and the import."""

ItemT = TypeVar("ItemT")


class At(NamedTuple):
    """A place in the old schema, and the one in the new schema that it is compared with."""

    old: Keys
    new: Keys

    def inside(self, *keys: str) -> At:
        """Return the same place below both."""
        return At((*self.old, *keys), (*self.new, *keys))

    def of(self, old: str, new: str) -> At:
        """Return what is called differently below both."""
        return At((*self.old, old), (*self.new, new))


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


@define(eq=False)
class Walk:
    """A walk through two schemas."""

    old: Schema
    new: Schema
    changes: list[Change] = field(factory=list[Change], init=False)
    pairs: deque[tuple[str, str]] = field(factory=deque[tuple[str, str]], init=False)
    """The types that are still to be compared."""
    paired: set[tuple[str, str]] = field(factory=set[tuple[str, str]], init=False)
    """The types that were compared, or will be."""

    def add(self, rule: str, old: Keys | None, new: Keys | None, message: str, **names: str) -> None:
        """Note a change; the names are put into how to make it safely."""
        fix = RULES[rule].fix
        for name, value in names.items():
            fix = fix.replace(name, value)
        self.changes.append(Change(rule=RULES[rule], old=old, new=new, message=message, fix=fix))

    def pair(self, old: str, new: str) -> None:
        """Have two types compared, once."""
        if (old, new) not in self.paired:
            self.paired.add((old, new))
            self.pairs.append((old, new))

    def is_rename(self, old: str, new: str) -> bool:
        """Tell whether the old name of a type is gone, and the new one is new: that is told once, for all uses."""
        return old not in self.new.by_name and new not in self.old.by_name

    def doc(self, old: str, new: str, at: At, key: str = "doc") -> None:
        """Compare two texts for people."""
        if old != new:
            self.add("doc-changed", *at.inside(key), f"{key}: {short(old)} → {short(new)}")

    def deprecated(self, old: str | None, new: str | None, at: At) -> None:
        """Compare whether something is deprecated, and its advice."""
        if old != new:
            message = f"deprecated: {short(old or '')} → {short(new or '')}"
            self.add("deprecation-changed", *at.inside("deprecated"), message)

    def order(self, old: Iterable[object], new: Iterable[object], at: At) -> None:
        """Tell of another order of what both have."""
        before, after = list(old), list(new)
        if [one for one in before if one in after] != [one for one in after if one in before]:
            self.add("order-changed", *at, "the order is changed")


def take_pairs(old: list[ItemT], new: list[ItemT], alike: Callable[[ItemT, ItemT], bool]) -> list[tuple[ItemT, ItemT]]:
    """Take what is alike out of two lists, and return it in pairs: each with the first that is left for it."""
    pairs: list[tuple[ItemT, ItemT]] = []
    for one in list(old):
        other = next((each for each in new if alike(one, each)), None)
        if other is not None:
            pairs.append((one, other))
            old.remove(one)
            new.remove(other)
    return pairs


def type_keys(name: str) -> Keys:
    """Return the place of a type that a schema declares or imports."""
    way, _, own = name.rpartition(".")
    return ("imports", way, "types", own) if way else ("types", own)
