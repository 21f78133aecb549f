"""A schema as one page for people: what the template prints, decided here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.export.channels import (
    DIRECTIONS,
    is_stored,
    key_target,
    media_type,
    parameter_name,
    permissions,
    segments,
)
from emitter_typed_codegen.export.examples import Examples
from emitter_typed_codegen.export.json_text import keys, plain_number, visible_json
from emitter_typed_codegen.export.values import json_value, wire_value
from emitter_typed_codegen.model import (
    Alias,
    AnyOf,
    Channel,
    Declaration,
    Enum,
    EnumValue,
    Field,
    Flags,
    List,
    Map,
    Named,
    Optional,
    Record,
    Scalar,
    Schema,
    Secret,
    TypeRef,
    Union,
    beneath,
    channel_types,
    mentioned,
    named,
    reachable,
)
from emitter_typed_codegen.wording import counted

_JSON_TEXT = re.compile(r'("(?:[^"\\]|\\.)*")')
_FORMS = {
    "unix": "whole seconds since 1970",
    "unix_ms": "whole milliseconds since 1970",
    "unix_float": "seconds since 1970",
    "seconds": "whole seconds",
    "milliseconds": "whole milliseconds",
}
_WORDS: Mapping[str, str] = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusive_minimum": "more than {}",
    "exclusive_maximum": "less than {}",
    "min_length": "length at least {}",
    "max_length": "length at most {}",
    "min_items": "items at least {}",
    "max_items": "items at most {}",
    "max_segments": "segments at most {}",
    "pattern": "matches `{}`",
}


@frozen
class Piece:
    """A part of a type as the language writes it; with a target, it is a link."""

    text: str
    target: str = ""


@frozen(kw_only=True)
class FieldView:
    """A field, or a parameter."""

    name: str
    type: tuple[Piece, ...]
    required: bool
    default: str = ""
    limits: tuple[str, ...] = ()
    unit: str = ""
    doc: str = ""
    also_read: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    deprecated: str | None = None
    example: str = ""


@frozen(kw_only=True)
class ValueView:
    """A value of an enum, a letter of flags, or a member of a union."""

    text: str
    name: str = ""
    doc: str = ""
    type: tuple[Piece, ...] = ()
    deprecated: str | None = None


@frozen(kw_only=True)
class TypeView:
    """A type that the schema declares, or imports."""

    id: str
    name: str
    kind: str
    doc: str
    deprecated: str | None = None
    fields: tuple[FieldView, ...] = ()
    values: tuple[ValueView, ...] = ()
    notes: tuple[str, ...] = ()
    tag: str | None = None
    """The field that tells the members of a union apart, if there is one."""
    alias: tuple[Piece, ...] = ()
    limits: tuple[str, ...] = ()
    examples: tuple[tuple[str, ...], ...] = ()
    used_by: tuple[Piece, ...] = ()


@frozen(kw_only=True)
class ChannelView:
    """A channel."""

    id: str
    name: str
    address: tuple[Piece, ...]
    """Its segments; those with a target are parameters."""
    doc: str
    deprecated: str | None
    publishes: bool
    subscribes: bool
    payload: tuple[Piece, ...]
    media_type: str
    params: tuple[FieldView, ...]
    options: tuple[tuple[str, str], ...]
    stored: bool
    key: str
    permissions: tuple[tuple[str, str], ...]
    example_address: str
    examples: tuple[tuple[str, ...], ...]
    """Texts in parts; every second one is a text in JSON, whose direction of writing is its own."""


@frozen(kw_only=True)
class PageView:
    """The page."""

    name: str
    version: str
    doc: str
    generated: str
    channels: tuple[ChannelView, ...]
    types: tuple[TypeView, ...]


def page(schema: Schema, generated: str) -> PageView:
    """Return the page of a schema.

    Args:
        schema: The schema.
        generated: What says that the page is not to be edited.
    """
    names = reachable(schema, [*(Named(one.name) for one in schema.types), *channel_types(schema.channels)])
    types = {name: f"type-{key}" for name, key in keys(names).items()}
    channels = {name: f"channel-{key}" for name, key in keys(one.name for one in schema.channels).items()}
    return _Page(schema, types, channels, Examples(schema)).view(generated)


@frozen
class _Page:
    schema: Schema
    types: Mapping[str, str]
    """The anchor of each type."""
    channels: Mapping[str, str]
    """The anchor of each channel."""
    examples: Examples

    def view(self, generated: str) -> PageView:
        users = self._users()
        return PageView(
            name=self.schema.name,
            version=self.schema.version,
            doc=self.schema.doc,
            generated=generated,
            channels=tuple(map(self._channel, self.schema.channels)),
            types=tuple(self._type(self.schema.by_name[name], users.get(name, {})) for name in self.types),
        )

    def _users(self) -> dict[str, dict[str, Piece]]:
        """Return what mentions each type."""
        found: dict[str, dict[str, Piece]] = {}
        for channel in self.schema.channels:
            for ref in (channel.payload, *(one.type for one in channel.params)):
                for name in named(ref):
                    anchor = self.channels[channel.name]
                    found.setdefault(name, {})[anchor] = Piece(channel.name, anchor)
        for user, anchor in self.types.items():
            for name in mentioned(self.schema.by_name[user]):
                found.setdefault(name, {})[anchor] = Piece(user, anchor)
        return found

    def _channel(self, channel: Channel) -> ChannelView:
        params = {one.name: self.examples.parameter(one) for one in channel.params}
        address: list[Piece] = []
        filled: list[str] = []
        for part in segments(channel):
            name = parameter_name(part)
            address.append(Piece(part, "" if name is None else "parameter"))
            filled.append(part if name is None else params.get(name) or part)
        directions = DIRECTIONS[channel.direction]
        kind = media_type(self.schema, channel.payload)
        needed = [pair for direction in directions for pair in permissions(channel, direction).items()]
        return ChannelView(
            id=self.channels[channel.name],
            name=channel.name,
            address=tuple(address),
            doc=channel.doc,
            deprecated=channel.deprecated,
            publishes="publish" in directions,
            subscribes="subscribe" in directions,
            payload=tuple(self._pieces(channel.payload)),
            media_type=kind,
            params=tuple(self._parameter(one, params[one.name]) for one in channel.params),
            options=tuple((name, _json(json_value(value))) for name, value in channel.options),
            stored=is_stored(channel),
            key=key_target(channel),
            permissions=tuple(needed),
            example_address="".join(f"{part}/" for part in filled),
            examples=()
            if kind == "application/octet-stream"
            else tuple(self._payloads(channel, plain=kind == "text/plain")),
        )

    def _payloads(self, channel: Channel, *, plain: bool) -> Iterator[tuple[str, ...]]:
        for one in self.examples.several(channel.payload, channel.name):
            yield (str(one.value),) if plain else _shown(one.value)

    def _parameter(self, one: Field, example: str | None) -> FieldView:
        return FieldView(
            name=one.name,
            type=tuple(self._pieces(one.type)),
            required=True,
            limits=self._limits(one),
            unit=one.unit,
            doc=one.doc,
            example=example or "",
        )

    def _type(self, one: Declaration, users: Mapping[str, Piece]) -> TypeView:
        examples: Sequence[tuple[str, ...]] = ()
        if isinstance(one, Record | Union):
            examples = [_shown(found.value) for found in self.examples.several(Named(one.name))]
        made = TypeView(
            id=self.types[one.name],
            name=one.name,
            kind=type(one).__name__.lower(),
            doc=one.doc,
            used_by=tuple(users.values()),
            examples=tuple(examples),
        )
        match one:
            case Record():
                notes = ("Other fields are kept.",) if one.keeps_unknown else ()
                return evolve(made, fields=tuple(map(self._field, one.fields)), deprecated=one.deprecated, notes=notes)
            case Enum():
                notes = ("Other values may come, and are kept.",) if one.open else ()
                return evolve(made, values=_values(one.values), notes=notes)
            case Flags():
                return evolve(made, values=_values(one.values), notes=("Written as a text of these letters.",))
            case Union():
                members = tuple(
                    ValueView(
                        text=str(value) if one.tag is None else _json(value), type=(Piece(name, self.types[name]),)
                    )
                    for value, name in one.members
                )
                notes = ("Other members may come, and are kept.",) if one.open else ()
                return evolve(made, values=members, tag=one.tag, notes=notes)
            case Alias():
                return evolve(made, alias=tuple(self._pieces(one.type)), limits=self._limits(one))
            case Secret():
                return evolve(made, alias=(Piece("string"),), notes=("Not shown in logs.",))

    def _field(self, one: Field) -> FieldView:
        default = wire_value(self.schema, one.type, one.default, one.format)
        form = _FORMS.get(one.format or "")
        return FieldView(
            name=one.wire,
            type=tuple(self._pieces(one.type)),
            required=one.is_required,
            default=_json(default) if one.has_default else "",
            limits=(*([form] if form else []), *self._limits(one)),
            unit=one.unit,
            doc=one.doc,
            also_read=one.also_read,
            blank=tuple(map(_json, one.blank)),
            deprecated=one.deprecated,
        )

    def _limits(self, one: Field | Alias) -> tuple[str, ...]:
        is_duration = beneath(one.type, self.schema.by_name) == Scalar("duration")
        values = (plain_number(limit.value) for limit in one.constraints)
        # Without a unit, a limit of what is milliseconds on the wire would be taken for one.
        shown = (value if isinstance(value, str) or not is_duration else counted(value, "second") for value in values)
        return tuple(_WORDS[limit.rule].format(value) for limit, value in zip(one.constraints, shown, strict=True))

    def _pieces(self, ref: TypeRef) -> Iterator[Piece]:
        match ref:
            case Optional():
                yield from self._pieces(ref.item)
                yield Piece("?")
            case List():
                yield Piece("[")
                yield from self._pieces(ref.item)
                yield Piece("]")
            case Map():
                yield Piece("{string: ")
                yield from self._pieces(ref.value)
                yield Piece("}")
            case AnyOf():
                for number, member in enumerate(ref.members):
                    yield from [Piece(" | ")] if number else []
                    yield from self._pieces(member)
            case Named():
                yield Piece(ref.name, self.types[ref.name])
            case _:
                yield Piece(ref.name)


def _values(values: Sequence[EnumValue]) -> tuple[ValueView, ...]:
    return tuple(
        ValueView(
            text=_json(one.wire),
            name="" if one.name == one.wire else one.name,
            doc=one.doc,
            deprecated=one.deprecated,
        )
        for one in values
    )


def _json(value: object) -> str:
    return visible_json(json.dumps(value, ensure_ascii=False))


def _shown(value: object) -> tuple[str, ...]:
    return tuple(_JSON_TEXT.split(visible_json(json.dumps(value, ensure_ascii=False, indent=2))))
