"""What changed in a type where it is used: in a field, a payload, a parameter, a list, a map, or an alias."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve

from emitter_typed_codegen.compare.limits import changed_limits, without_effect
from emitter_typed_codegen.compare.unions import compare_record_and_union
from emitter_typed_codegen.compare.walk import At, Walk, take_pairs
from emitter_typed_codegen.compare.wire import (
    Base,
    Position,
    Resolved,
    as_it_is,
    kind,
    misread,
    reads,
    reads_type,
    resolve,
)
from emitter_typed_codegen.compare.words import spelled
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Constraint,
    Enum,
    JsonKind,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    ScalarName,
    Schema,
    TypeRef,
    Union,
    alternatives,
    json_kinds,
)
from emitter_typed_codegen.resolve.constraints import keeps

_COMPARABLE = frozenset({"int", "float", "decimal", "duration", "string", "text"})
"""Scalars whose limits can be compared: of numbers, and of texts. No type that reads another one is among both."""


@frozen
class _Use:
    """Where two types are used, and what holds for them only there."""

    at: At
    refs: tuple[TypeRef, TypeRef]
    """Both types."""
    position: Position = "json"
    """Where their values stand."""
    formats: tuple[str | None, str | None] = (None, None)
    """The `format` of each."""
    limits: tuple[Sequence[Constraint], Sequence[Constraint]] = ((), ())
    """The limits of each besides those of its aliases."""
    alias: tuple[str, str] | None = None
    """The aliases that they are declared by, if that is their use."""
    words: str = ""
    """Both types, as a line of changes writes them."""


def compare_use(
    walk: Walk,
    old: TypeRef,
    new: TypeRef,
    at: At,
    *,
    position: Position = "json",
    formats: tuple[str | None, str | None] = (None, None),
    limits: tuple[Sequence[Constraint], Sequence[Constraint]] = ((), ()),
    nulls: tuple[bool, bool] | None = None,
    alias: tuple[str, str] | None = None,
) -> None:
    """Compare two types where they are used.

    Args:
        walk: What takes the changes.
        old: The type that was used.
        new: The one that is.
        at: Where they stand.
        position: Where their values stand.
        formats: The `format` of each.
        limits: The limits of each besides those of its aliases.
        nulls: Whether each writes the null that its type allows; None: where null is told is elsewhere.
        alias: The aliases that they are declared by, if that is their use.
    """
    one, other = resolve(walk.old, old), resolve(walk.new, new)
    raw = as_it_is(one, position), as_it_is(other, position)
    if raw[0] != raw[1]:
        rule = "payload-made-json" if raw[0] else "payload-made-raw"
        walk.add(rule, *at, f"{spelled(old)} → {spelled(new)}")
        return
    if position == "payload" and not raw[0]:
        position = "json"
    if nulls is not None:
        _null(walk, one, other, nulls, at)
    before, after = _inner(old), _inner(new)
    words = f"{spelled(before, formats[0])} → {spelled(after, formats[1])}"
    use = _Use(at, (before, after), position, formats, limits, alias, words)
    if isinstance(before, Named) and isinstance(after, Named) and before.name == after.name:
        walk.pair(before.name, after.name)
        scalar = one.base.name if isinstance(one.base, Scalar) else None
        around = one.constraints, other.constraints
        found = changed_limits(scalar, *limits, around=around, in_segment=position == "segment")
        _limits(walk, use, scalar, found, limits)
        if formats[0] != formats[1]:
            _bases(walk, one, other, evolve(use, limits=((), ()), alias=None))
        return
    _bases(walk, one, other, use)


def compare_bases(walk: Walk, old: str, new: str, at: At, words: str) -> None:
    """Compare what two types are when their aliases are followed.

    Args:
        walk: What takes the changes.
        old: The name of the old one.
        new: The name of the new one.
        at: Where they are declared.
        words: What they are.
    """
    refs = Named(old), Named(new)
    _bases(walk, resolve(walk.old, refs[0]), resolve(walk.new, refs[1]), _Use(at, refs, words=words))


def _null(walk: Walk, old: Resolved, new: Resolved, written: tuple[bool, bool], at: At) -> None:
    if new.optional and written[1] and not old.optional:
        walk.add("null-allowed", *at, "null is allowed")
    elif old.optional and written[0] and not new.optional:
        walk.add("null-refused", *at, "null is no longer allowed")


def _bases(walk: Walk, old: Resolved, new: Resolved, use: _Use) -> None:
    one, other = old.base, new.base
    if (isinstance(one, AnyOf) or isinstance(other, AnyOf)) and Scalar("json") not in (one, other):
        _several(walk, old, new, use)
        return
    kinds = kind(one, use.formats[0], use.position), kind(other, use.formats[1], use.position)
    same = type(one) is type(other) and kinds[0] == kinds[1]
    if (
        isinstance(one, Record | Union)
        and isinstance(other, Record | Union)
        and compare_record_and_union(walk, one, other, use.at, use.words)
    ):
        return
    by_new, by_old = misread(kinds[1], kinds[0]), misread(kinds[0], kinds[1])
    if by_new is not None and by_old is not None:
        rule = {
            (False, False): "time-unit-changed",
            (False, True): "time-unit-changed-old-refuse",
            (True, False): "time-unit-changed-new-refuse",
            (True, True): "time-unit-changed-both-refuse",
        }[by_new[0], by_old[0]]
        walk.add(rule, *use.at, f"{use.words}: new programs {by_new[1]}; old programs {by_old[1]}")
    elif not same:
        forth = reads(other, use.formats[1], one, use.formats[0], use.position)
        back = reads(one, use.formats[0], other, use.formats[1], use.position)
        rule = {
            (True, True): "type-respelled",
            (True, False): "type-widened",
            (False, True): "type-narrowed",
            (False, False): "type-changed",
        }[forth, back]
        walk.add(rule, *use.at, use.words)
        if rule == "type-changed":
            return
    _limits_of_bases(walk, old, new, use)
    if not same:
        return
    if isinstance(one, Scalar) and one != other:
        # A text is a string, as a whole payload and with a ?.
        walk.add("type-respelled", *use.at, use.words)
    if isinstance(one, List) and isinstance(other, List):
        compare_use(walk, one.item, other.item, use.at, nulls=(True, True))
    elif isinstance(one, Map) and isinstance(other, Map):
        compare_use(walk, one.value, other.value, use.at, nulls=(True, True))
    elif not isinstance(one, Scalar | List | Map | AnyOf) and not isinstance(other, Scalar | List | Map | AnyOf):
        walk.pair(one.name, other.name)
    _aliases(walk, old, new, use)


def _several(walk: Walk, old: Resolved, new: Resolved, use: _Use) -> None:
    """Compare types of which one at least is one of several: what can be the same in JSON is one type."""
    schemas = walk.old, walk.new
    left, right = ([*alternatives(ref, schema.by_name)] for ref, schema in zip(use.refs, schemas, strict=True))
    places = {ref: place for place, ref in enumerate(right)}
    kinds = [
        {one: _json_kinds(schema, one, format) for one in several}
        for schema, several, format in zip(schemas, (left, right), use.formats, strict=True)
    ]
    pairs = take_pairs(left, right, lambda one, other: not kinds[0][one].isdisjoint(kinds[1][other]))
    if not pairs:
        walk.add("type-changed", *use.at, use.words)
        return
    for one, other in pairs:
        compare_use(walk, one, other, use.at, formats=use.formats, limits=use.limits, alias=use.alias)
    before, after = zip(schemas, use.refs, use.formats, strict=True)
    for one in left:
        read = reads_type(after, (walk.old, one, use.formats[0]))
        rule = "type-respelled" if read else "alternative-removed"
        walk.add(rule, *use.at, f"{spelled(one)} is removed: {use.words}")
    for other in right:
        read = reads_type(before, (walk.new, other, use.formats[1]))
        rule = "type-respelled" if read else "alternative-added"
        walk.add(rule, *use.at, f"{spelled(other)} is added: {use.words}")
    if isinstance(old.base, AnyOf) and isinstance(new.base, AnyOf):
        order = [places[other] for _, other in pairs]
        walk.order(order, sorted(order), use.at)
        _aliases(walk, old, new, use)


def _json_kinds(schema: Schema, ref: TypeRef, format: str | None) -> set[JsonKind]:
    # In another format, a time is a number.
    return {"number"} if format is not None else {*json_kinds(ref, schema.by_name)}


def _aliases(walk: Walk, old: Resolved, new: Resolved, use: _Use) -> None:
    """Compare the aliases on the way to the same type."""
    gone = [name for name in old.names if name not in new.names]
    come = [name for name in new.names if name not in old.names]
    stays = any(name in walk.new.by_name for name in gone) or any(name in walk.old.by_name for name in come)
    if stays or len(gone) != len(come):
        walk.add("type-respelled", *use.at, use.words)
    else:
        # What is called otherwise everywhere is told once.
        for before, after in zip(gone, come, strict=True):
            walk.pair(before, after)


def _limits_of_bases(walk: Walk, old: Resolved, new: Resolved, use: _Use) -> None:
    one, other = old.base, new.base
    scalar = other.name if isinstance(other, Scalar) else one.name if isinstance(one, Scalar) else None
    held = (
        _unkept(other, [*old.constraints, *use.limits[0]]),
        _unkept(one, [*new.constraints, *use.limits[1]]),
    )
    if not isinstance(one, Scalar) or scalar is None or one.name == scalar or {one.name, scalar} <= _COMPARABLE:
        changed = [*changed_limits(scalar, *held, in_segment=use.position == "segment")]
    else:
        # The limits of one say nothing of those of the other.
        changed = [*changed_limits(one.name, held[0], ()), *changed_limits(scalar, (), held[1])]
    _limits(walk, use, scalar, changed, held)


def _limits(
    walk: Walk,
    use: _Use,
    scalar: ScalarName | None,
    changed: Iterable[tuple[str, str, str]],
    held: tuple[Sequence[Constraint], Sequence[Constraint]],
) -> None:
    """Tell what changed in the limits that hold where a type is used, or where an alias is declared."""
    for rule, keyword, message in changed:
        told = rule
        if use.alias is not None and all(
            without_effect(scalar, keyword, own, _limits_around(schema, name))
            for schema, name, own in zip((walk.old, walk.new), use.alias, held, strict=True)
        ):
            told = "limit-without-effect"
        walk.add(told, *use.at.inside(keyword), message)


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
            case AnyOf():
                uses += [(member, ()) for member in ref.members]
            case Named(name) if isinstance(declared := schema.by_name[name], Alias):
                if name == alias:
                    yield [*held, *resolve(schema, declared.type).constraints]
                else:
                    uses.append((declared.type, (*held, *declared.constraints)))
            case _:
                pass


def _unkept(beside: Base, limits: Sequence[Constraint]) -> Sequence[Constraint]:
    """Return the limits that values of the type on the other side may break: of an enum of numbers, all are known."""
    if not isinstance(beside, Enum) or beside.open or not beside.has_numbers:
        return limits
    return [one for one in limits if not all(keeps(one, Scalar("int"), value.wire) for value in beside.values)]


def _inner(ref: TypeRef) -> TypeRef:
    return ref.item if isinstance(ref, Optional) else ref
