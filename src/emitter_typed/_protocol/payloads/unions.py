"""Optionals, and unions whose members the kinds of JSON, a tag, or the fields that are there tell apart."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypeVar, Union, cast, get_args, get_origin

from emitter_typed._masking import shown, with_article
from emitter_typed._protocol.payloads.choices import (
    no_choice,
    open_enum_conversion,
    open_enum_of,
    with_open_enums,
)
from emitter_typed._protocol.payloads.classes import Unsupported, keeps_unknown, name_of
from emitter_typed._protocol.payloads.compiled import KINDS, Conversion, Of, listed
from emitter_typed._protocol.payloads.plain import as_object, is_object, read_kept, write_kept
from emitter_typed._protocol.payloads.scalars import Hook, integer, string
from emitter_typed._protocol.payloads.unfit import Unexpected, Unfit, expected, step
from emitter_typed._types.values import Present, Tag, Unrecognized, UnrecognizedMember

ValueT = TypeVar("ValueT")


def is_union(type_: object) -> bool:
    """Tell whether a type is a union, optional ones included."""
    return get_origin(type_) in (Union, types.UnionType)


def told_apart(type_: object) -> Tag | Present | None:
    """Return what tells the members of a union of records apart, if the type is such a union."""
    if get_origin(type_) is not Annotated:
        return None
    return next((extra for extra in get_args(type_)[1:] if isinstance(extra, Tag | Present)), None)


def is_member(type_: object, fields: Mapping[str, object]) -> bool:
    """Tell whether fields are those of a member of a union of records; True for any other type."""
    told = told_apart(type_)
    if isinstance(told, Present):
        return any(name in fields for name, _ in told.members)
    return told is None or any(fields.get(told.name) == value for value, _ in told.members)


def union_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a union without a tag."""
    members = with_open_enums(tuple(each for each in get_args(type_) if each is not type(None)))
    open_enum = open_enum_of(members)
    if open_enum is not None:
        made = open_enum_conversion(*open_enum)
    elif len(members) == 1:
        made = of(members[0])
    elif any(each in (object, Any) for each in members):
        made = of(object)
    else:
        made = _by_kind(type_, members, of)
    return _optional(made) if type(None) in get_args(type_) else made


def _kinds(conversion: Conversion) -> frozenset[type]:
    """Return what the values of a member can be in JSON. Raises Unsupported where that depends on the union itself."""
    if conversion.kinds is None:
        raise Unsupported("a type contains only itself", "put a list, a map or a class between")
    return conversion.kinds


def _optional(inner: Conversion) -> Conversion:
    read, write = inner.call("read"), inner.call("write")

    def read_optional(value: object) -> object:
        return None if value is None else read(value)

    def write_optional(value: object) -> object:
        return None if value is None else write(value)

    return Conversion(
        read_optional,
        write_optional,
        _kinds(inner) | {type(None)},
        optional=inner,
    )


def _by_kind(type_: Any, members: tuple[Any, ...], of: Of) -> Conversion:
    # An integer before a number, which would take it.
    ordered = sorted(members, key=lambda member: member is float)
    conversions = [(member, of(member)) for member in ordered]
    readers: dict[type, list[tuple[Any, Conversion]]] = {}
    for member, conversion in conversions:
        for kind in _kinds(conversion):
            if not (member is float and kind is int and int in readers):
                readers.setdefault(kind, []).append((member, conversion))
    for kind, found in readers.items():
        _check_apart(type_, kind, found)
    by_kind = {kind: _first_of(found) for kind, found in readers.items()}
    # A number may be an integer.
    told = [kind for kind in KINDS if kind in readers and not (kind is int and float in readers)]
    words = listed(KINDS[kind] for kind in told)
    by_class: dict[type, Hook] = {}

    def read(value: Any) -> object:
        found = by_kind.get(value.__class__)
        if found is None:
            kind = _kind_of(value)
            found = by_kind.get(kind) if kind is not None else None
            if found is None:
                raise expected(words, value)
        return found(value)

    def write(value: Any) -> object:
        known = by_class.get(value.__class__)
        if known is not None:
            return known(value)
        problems: list[Unfit] = []
        for _, conversion in conversions:
            # A record's is made when it is used.
            write_member = conversion.now("write")
            try:
                written = write_member(value)
            except Unfit as problem:
                problems.append(problem)
            else:
                # Choices of one class may belong to several members, and so may what open enums do not know.
                if conversion.texts is None and not isinstance(value, Unrecognized):
                    by_class[type(value)] = write_member
                return written
        raise _most_telling(problems, value)

    return Conversion(read, write, frozenset(readers))


def _check_apart(type_: Any, kind: type, found: list[tuple[Any, Conversion]]) -> None:
    if len(found) < 2:
        return
    texts = [conversion.texts for _, conversion in found]
    # Several choices of texts are told apart by the texts.
    known = [each for each in texts if each is not None]
    if len(known) == len(found) and len(frozenset[str]().union(*known)) == sum(map(len, known)):
        return
    names = listed([name_of(member) for member, _ in found]).replace(" or ", " and ")
    raise Unsupported(
        f"{name_of(type_)}: JSON cannot tell {names} apart, because each can be {KINDS[kind]}",
        "declare a union in a schema, or keep one of them",
    )


def _first_of(found: list[tuple[Any, Conversion]]) -> Hook:
    if len(found) == 1:
        return found[0][1].call("read")
    by_text = {text: conversion.call("read") for _, conversion in found for text in conversion.texts or ()}

    def read(value: object) -> object:
        known = by_text.get(value) if isinstance(value, str) else None
        if known is None:
            raise no_choice(by_text, value)
        return known(value)

    return read


def _kind_of(value: object) -> type | None:
    """Return what a value is in JSON, of KINDS, where it is of a subclass."""
    if isinstance(value, tuple):
        return list
    if is_object(value):
        return dict
    return next((kind for kind in KINDS if isinstance(value, kind)), None)


def _most_telling(problems: list[Unfit], value: object) -> Unfit:
    """Return the problem of the member that the value was meant for: one that went into it."""
    deep = [problem for problem in problems if problem.path != "$" or not isinstance(problem, Unexpected)]
    if deep:
        return deep[0]
    return expected(listed([problem.what for problem in problems if isinstance(problem, Unexpected)]), value)


def member_conversion(type_: Any, of: Of) -> NoReturn:
    """Refuse an unknown member of an open union alone: only its union knows what tells it from the others."""
    raise Unsupported("UnrecognizedMember is JSON only as a member of its union", "give the union as the type")


def _taken(take: Hook, value: object, name: str) -> Any:
    try:
        return take(value)
    except Unfit as problem:
        problem.below(step(name))
        raise


def told_apart_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a union whose members a tag, or the fields that are there, tell apart."""
    found = told_apart(type_)
    return _present_conversion(found, of) if isinstance(found, Present) else _tagged_conversion(cast("Tag", found), of)


def _class_names(told: Tag | Present) -> str:
    names = [member.__name__ for _, member in told.members]
    return listed([*names, *(["UnrecognizedMember"] if told.open else [])])


def _written_by(writers: Mapping[type, tuple[ValueT, Hook]], words: str, value: object) -> tuple[ValueT, Any]:
    """Return what tells a member from the others, and its document. Raises Unfit."""
    for cls in type(value).__mro__:
        if cls in writers:
            told, writer = writers[cls]
            return told, writer(value)
    raise expected(words, value)


def _write_unknown(value: UnrecognizedMember[Any], names: frozenset[str], made: dict[str, object]) -> dict[str, object]:
    """Add the fields of an unknown member to a document. Raises Unfit."""
    try:
        write_kept(value.unknown_fields, names, made)
    except Unfit as problem:
        problem.below(step("unknown_fields"))
        raise
    return made


def _present_conversion(present: Present, of: Of) -> Conversion:
    members = {name: (member, of(member)) for name, member in present.members}
    readers = {name: conversion.call("read") for name, (_, conversion) in members.items()}
    writers = {member: (name, conversion.call("write")) for name, (member, conversion) in members.items()}
    words = _class_names(present)

    def read(value: Any) -> object:
        document: dict[str, Any] = value if value.__class__ is dict else as_object(value)
        found = [name for name in readers if name in document]
        if len(found) == 1:
            return readers[found[0]](document)
        if not found and present.open:
            # Any: it is JSON, which a checker would have to be told.
            kept: Any = read_kept(document, frozenset())
            return UnrecognizedMember(tag=None, unknown_fields=kept)
        raise Unfit(f"must have exactly one of the fields {', '.join(readers)}, got {' and '.join(found) or 'none'}")

    def write_unknown(value: UnrecognizedMember[None]) -> object:
        if value.tag is not None:
            raise Unfit("must be None: the union has no tag").below(step("tag"))
        made = _write_unknown(value, frozenset(), {})
        for name in made:
            if name in members:
                known = members[name][0].__name__
                raise Unfit(f"contains {name!r}, which is the field of {known}: create {with_article(known)}").below(
                    step("unknown_fields")
                )
        return made

    def write(value: Any) -> object:
        if present.open and isinstance(value, UnrecognizedMember):
            # Whether it has a tag, `write_unknown` finds out.
            return write_unknown(cast("UnrecognizedMember[None]", value))
        own, document = _written_by(writers, words, value)
        for name in readers:
            if name != own and name in document:
                known = members[name][0].__name__
                raise Unfit(f"contains {name!r} among its unknown fields, but that is the field of {known}")
        return document

    return Conversion(read, write, frozenset({dict}))


def _tagged_conversion(tag: Tag, of: Of) -> Conversion:
    members: dict[str | int, tuple[type, Conversion]] = {value: (member, of(member)) for value, member in tag.members}
    readers = {value: conversion.call("read") for value, (_, conversion) in members.items()}
    writers = {member: (value, conversion.call("write")) for value, (member, conversion) in members.items()}
    # The tag is the union's own, and nothing that a member does not know.
    keeping = {value for value, (member, _) in members.items() if keeps_unknown(member)}
    names = frozenset({tag.name})
    take: Hook = integer if tag.has_numbers else string
    kind = int if tag.has_numbers else str
    words = _class_names(tag)

    def read(value: Any) -> object:
        document: dict[str, Any] = value if value.__class__ is dict else as_object(value)
        found: Any = document.get(tag.name)
        # True is 1 in a dict.
        fits = isinstance(found, kind) and not isinstance(found, bool)
        reader = readers.get(found) if fits else None
        if reader is None:
            if tag.open and fits:
                # Any: it is JSON, which a checker would have to be told.
                kept: Any = read_kept(document, names)
                return UnrecognizedMember(tag=_taken(take, found, tag.name), unknown_fields=kept)
            got = shown(found) if tag.name in document else "nothing"
            any_value = "an integer" if tag.has_numbers else "a text"
            wanted = any_value if tag.open else f"one of {', '.join(map(str, readers))}"
            raise Unfit(f"{tag.name} must be {wanted}, got {got}")
        if found in keeping:
            document = {name: item for name, item in document.items() if name != tag.name}
        return reader(document)

    def write_unknown(value: UnrecognizedMember[str]) -> object:
        taken = _taken(take, value.tag, "tag")
        if taken in members:
            known = members[taken][0].__name__
            raise Unfit(f"the tag {shown(taken)} is that of {known}: create {with_article(known)}")
        return _write_unknown(value, names, {tag.name: taken})

    def write(value: Any) -> object:
        if tag.open and isinstance(value, UnrecognizedMember):
            # Whether its tag is a text or a number, `write_unknown` finds out.
            return write_unknown(cast("UnrecognizedMember[str]", value))
        name, document = _written_by(writers, words, value)
        if tag.name in document:
            raise Unfit(f"contains {tag.name!r} among its unknown fields, but that is the tag of the union")
        return {tag.name: name, **document}

    return Conversion(read, write, frozenset({dict}))
