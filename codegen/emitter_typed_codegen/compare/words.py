"""Types and values as the lines of changes write them."""

from __future__ import annotations

import json

from emitter_typed_codegen.model import (
    AnyOf,
    Declaration,
    Enum,
    EnumValue,
    List,
    Literal_,
    Map,
    Optional,
    TypeRef,
    Union,
)

_LONGEST = 60


def spelled(ref: TypeRef, format: str | None = None) -> str:
    """Return a type as the language writes it."""
    if format is not None:
        return f"{spelled(ref)} in the format {format}"
    match ref:
        case Optional():
            return f"{spelled(ref.item)}?"
        case List():
            return f"[{spelled(ref.item)}]"
        case Map():
            return f"{{string: {spelled(ref.value)}}}"
        case AnyOf():
            return " | ".join(map(spelled, ref.members))
        case _:
            return ref.name


def kind_of(declared: Declaration) -> str:
    """Return what is declared, such as `record`."""
    name = type(declared).__name__.lower()
    if isinstance(declared, Union) and declared.tag is None:
        return f"{name} without a tag"
    return f"{name} of numbers" if isinstance(declared, Enum | Union) and declared.has_numbers else name


def called(value: EnumValue) -> str:
    """Return what a value of an enum is called, with what stands on the wire if that is something else."""
    return value.key if value.key == value.wire else f"{value.key} ({value.wire})"


def as_json(value: bool | int | str | None) -> str:
    """Return a value on the wire, or the beginning of a long one: a text in quotes."""
    return short(json.dumps(value, ensure_ascii=False))


def short(value: Literal_) -> str:
    """Return a value, or the beginning of a long one; `none` for an empty text."""
    if value is None or isinstance(value, bool):
        text = str(value).lower().replace("none", "null")
    else:
        text = str(value) or "none"
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
