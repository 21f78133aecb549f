"""Optionals, unions that the kinds of JSON tell apart, and unions that a tag tells apart."""

from __future__ import annotations

import types
from typing import Annotated, Any, NoReturn, Union, cast, get_args, get_origin

from emitter_typed._masking import shown, with_article
from emitter_typed._protocol.payloads.choices import no_choice, open_enum_conversion, open_enum_of
from emitter_typed._protocol.payloads.classes import Unsupported, keeps_unknown, name_of
from emitter_typed._protocol.payloads.compiled import KINDS, Conversion, Of, listed
from emitter_typed._protocol.payloads.plain import as_object, is_object, read_kept, write_kept
from emitter_typed._protocol.payloads.scalars import Hook, integer, string
from emitter_typed._protocol.payloads.unfit import Unexpected, Unfit, expected, step
from emitter_typed._types.values import Tag, UnrecognizedMember


def is_union(type_: object) -> bool:
    """Tell whether a type is a union, optional ones included."""
    return get_origin(type_) in (Union, types.UnionType)


def tag_of(type_: object) -> Tag | None:
    """Return what tells the members of a union apart, if the type is such a union."""
    if get_origin(type_) is not Annotated:
        return None
    return next((extra for extra in get_args(type_)[1:] if isinstance(extra, Tag)), None)


def union_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a union without a tag."""
    members = tuple(each for each in get_args(type_) if each is not type(None))
    open_enum = open_enum_of(members)
    if open_enum is not None:
        made = open_enum_conversion(*open_enum)
    elif len(members) == 1:
        made = of(members[0])
    elif any(each in (object, Any) for each in members):
        made = of(object)
    else:
        made = _by_kind(type_, members, of)
    return _optional(made) if len(members) < len(get_args(type_)) else made


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
    words = listed([word for kind, word in KINDS.items() if kind in readers])
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
            try:
                written = conversion.write(value)
            except Unfit as problem:
                problems.append(problem)
            else:
                # Choices of one class may belong to several members.
                if conversion.texts is None:
                    by_class[type(value)] = conversion.write
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
        "declare a union with a tag in a schema, or keep one of them",
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
    """Refuse an unknown member of an open union alone: only its union knows what its tag is called."""
    raise Unsupported("UnrecognizedMember is JSON only as a member of its union", "give the union as the type")


def _taken(take: Hook, value: object, name: str) -> Any:
    try:
        return take(value)
    except Unfit as problem:
        problem.below(step(name))
        raise


def tagged_conversion(type_: Any, of: Of) -> Conversion:
    """Return the conversion of a union whose members a tag tells apart."""
    tag = tag_of(type_)
    assert tag is not None
    members: dict[str | int, tuple[type, Conversion]] = {value: (member, of(member)) for value, member in tag.members}
    readers = {value: conversion.call("read") for value, (_, conversion) in members.items()}
    writers = {member: (value, conversion.call("write")) for value, (member, conversion) in members.items()}
    # The tag is the union's own, and nothing that a member does not know.
    keeping = {value for value, (member, _) in members.items() if keeps_unknown(member)}
    names = frozenset({tag.name})
    take: Hook = integer if tag.has_numbers else string
    kind = int if tag.has_numbers else str
    words = listed(
        [*(member.__name__ for member, _ in members.values()), *(["UnrecognizedMember"] if tag.open else [])]
    )

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
        made: dict[str, object] = {tag.name: taken}
        try:
            write_kept(value.unknown_fields, names, made)
        except Unfit as problem:
            problem.below(step("unknown_fields"))
            raise
        return made

    def write(value: Any) -> object:
        if tag.open and isinstance(value, UnrecognizedMember):
            # Whether its tag is a text or a number, `write_unknown` finds out.
            return write_unknown(cast("UnrecognizedMember[str]", value))
        for cls in type(value).__mro__:
            if cls in writers:
                break
        else:
            raise expected(words, value)
        name, writer = writers[cls]
        document: dict[str, object] = writer(value)
        if tag.name in document:
            raise Unfit(f"contains {tag.name!r} among its unknown fields, but that is the tag of the union")
        return {tag.name: name, **document}

    return Conversion(read, write, frozenset({dict}))
