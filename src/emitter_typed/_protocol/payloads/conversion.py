"""The rule of each type, as hooks of one cattrs converter: strict both ways, and prepared once a type on first use."""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args, get_origin

import attrs
from cattrs import Converter, gen
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from emitter_typed._protocol.payloads.choices import (
    enum_reader,
    is_literal,
    is_open_enum,
    literal_reader,
    literal_writer,
    open_enum_reader,
    open_enum_writer,
    write_enum,
    write_flags,
)
from emitter_typed._protocol.payloads.scalars import (
    FORMATS,
    SCALARS,
    Hook,
    Unfit,
    expected,
    is_list,
    is_object,
    read_date,
    string,
)
from emitter_typed._types.deprecation import quietly, warns
from emitter_typed._types.values import WIRE, Flags, Secret, Tag, Wire


def write_as(format: str | None, value: object) -> object:
    """Write one value in a format of `Wire`, or as its class says. Raises Unfit."""
    if format is not None:
        return FORMATS[format][1](value)
    return converter().unstructure(value)


def _as_it_is(value: object) -> object:
    return value


def _ignoring_type(hook: Hook) -> Callable[[Any, Any], Any]:
    return lambda value, _: hook(value)


def _writer_of(write: Callable[[Any], object]) -> Callable[[Any], Callable[[object], object]]:
    """Return what makes a hook for a class: it refuses whatever is not of it."""

    def made(cls: Any) -> Callable[[object], object]:
        def checked(value: object) -> object:
            if not isinstance(value, cls):
                raise expected(f"a {cls.__name__}", value)
            return write(value)

        return checked

    return made


def _write_secret(value: Secret) -> str:
    return value.reveal()


def _write_secret_nowhere(value: object) -> object:
    raise Unfit(f"a {type(value).__name__} is not sent unless the schema says so: write .reveal() if you mean it")


def _write_plain(value: object) -> object:
    """Write what no type describes: JSON as it is, with objects of known classes inside."""
    if value is None:
        return None
    if isinstance(value, Secret):
        return _write_secret_nowhere(value)
    if is_list(value):
        return [_write_plain(each) for each in value]
    if is_object(value):
        return {string(name): _write_plain(each) for name, each in value.items()}
    if type(value) in SCALARS or isinstance(value, enum.Enum) or attrs.has(type(value)):
        return converter().unstructure(value)
    raise Unfit(f"JSON has no place for a {type(value).__name__}: give text, bytes, JSON values or attrs objects")


def _read_plain(value: object) -> object:
    """Read JSON of no type: as it is, but for what no type would take."""
    if isinstance(value, str):
        return string(value)
    if is_list(value):
        return [_read_plain(each) for each in value]
    if is_object(value):
        return {string(name): _read_plain(each) for name, each in value.items()}
    if value is not None:
        SCALARS[type(value)][0](value)
    return value


def write_kept(value: object) -> object:
    """Write what nobody has looked at since it was read: an integer of any length is fine. Raises Unfit."""
    if is_list(value):
        return [write_kept(each) for each in value]
    if is_object(value):
        return {string(name): write_kept(each) for name, each in value.items()}
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if type(value) in (str, bool, float):
        return SCALARS[type(value)][1](value)
    raise Unfit(f"JSON has no place for a {type(value).__name__}: give JSON values")


def _is_list_type(type_: object) -> bool:
    return get_origin(type_) is tuple


def _is_mapping(type_: object) -> bool:
    return get_origin(type_) in (dict, Mapping)


def _is(base: type) -> Callable[[Any], bool]:
    return lambda type_: isinstance(type_, type) and issubclass(type_, base)


def tag_of(type_: object) -> Tag | None:
    """Return what tells the members of a union apart, if the type is such a union."""
    if get_origin(type_) is not Annotated:
        return None
    return next((extra for extra in get_args(type_)[1:] if isinstance(extra, Tag)), None)


def wire_of(attribute: attrs.Attribute[Any]) -> Wire:
    """Return how a field of a record is written."""
    found = attribute.metadata.get(WIRE)
    return found if isinstance(found, Wire) else Wire()


def _optional(hook: Hook) -> Hook:
    return lambda value: None if value is None else hook(value)


def accepts_none(type_: object) -> bool:
    """Tell whether a type is an optional one."""
    return type(None) in get_args(type_)


def format_hook(attribute: attrs.Attribute[Any], side: Literal[0, 1]) -> Hook | None:
    """Return what reads (0) or writes (1) a field whose format is not its type's own."""
    name = wire_of(attribute).format
    if name is None:
        return None
    hook = FORMATS[name][side]
    return _optional(hook) if accepts_none(attribute.type) else hook


def rest_of(cls: Any) -> attrs.Attribute[Any] | None:
    """Return the attribute of a class that holds what came beside its fields; None if it ignores that."""
    return next((attribute for attribute in attrs.fields(cls) if wire_of(attribute).rest), None)


def _names(cls: Any) -> set[str]:
    """Return what the fields of a class are called on the wire."""
    wires = [(attribute, wire_of(attribute)) for attribute in attrs.fields(cls)]
    return {wire.name or attribute.name for attribute, wire in wires if not wire.rest}


def is_blank(value: object, blanks: tuple[object, ...]) -> bool:
    """Tell whether a wire value counts as absent; False is not 0 here."""
    return any(value == blank and type(value) is type(blank) for blank in blanks)


# A field of such a name cannot be told to cattrs, which takes the fields' settings beside these parameters.
_OWN_NAMES = frozenset(
    name
    for make in ("make_dict_structure_fn_from_attrs", "make_dict_unstructure_fn_from_attrs")
    for name in inspect.signature(getattr(gen, make)).parameters
)

# What is no name on the wire of a generated class: the fields that are unknown are handed on together under it.
_REST = "\0rest"


class WireConverter(Converter):
    """A cattrs converter with the rules of the schema language."""

    def __init__(self) -> None:
        """Register a hook for each kind of type."""
        # Paths come from `location`, which looks only when something is wrong; cattrs' own would cost every message.
        super().__init__(detailed_validation=False, forbid_extra_keys=False, omit_if_default=False)
        for scalar, (read, write) in SCALARS.items():
            self.register_structure_hook(scalar, _ignoring_type(read))
            self.register_unstructure_hook(scalar, write)
        # datetime is a date and bool an int: exact classes only, which the dispatch by class above would not give.
        self.register_structure_hook_func(lambda type_: type_ is date, _ignoring_type(read_date))
        self.register_structure_hook_func(_is(Secret), lambda value, type_: type_(string(value)))
        self.register_unstructure_hook_factory(_is(Secret), _writer_of(_write_secret))
        self.register_structure_hook_factory(_is(enum.Enum), enum_reader)
        self.register_unstructure_hook_factory(_is(enum.Enum), _writer_of(write_enum))
        self.register_structure_hook_func(_is(Flags), lambda value, type_: type_(string(value)))
        self.register_unstructure_hook_factory(_is(Flags), _writer_of(write_flags))
        self.register_structure_hook_factory(is_open_enum, open_enum_reader)
        self.register_unstructure_hook_factory(is_open_enum, open_enum_writer)
        self.register_structure_hook_func(lambda type_: type_ in (object, Any), _ignoring_type(_read_plain))
        self.register_unstructure_hook_func(lambda type_: type_ in (object, Any, list, dict, tuple), _write_plain)
        self.register_structure_hook_factory(_is_list_type, self._list_reader)
        self.register_unstructure_hook_factory(_is_list_type, self._list_writer)
        self.register_structure_hook_factory(_is_mapping, self._map_reader)
        self.register_unstructure_hook_factory(_is_mapping, self._map_writer)
        self.register_structure_hook_factory(is_literal, literal_reader)
        self.register_unstructure_hook_factory(is_literal, literal_writer)
        self.register_structure_hook_factory(attrs.has, self._record_reader)
        self.register_unstructure_hook_factory(attrs.has, self._record_writer)
        self.register_structure_hook_factory(lambda type_: tag_of(type_) is not None, self._union_reader)
        self.register_unstructure_hook_factory(lambda type_: tag_of(type_) is not None, self._union_writer)

    def prepare(self, cls: type) -> None:
        """Resolve the annotations of an attrs class, which are texts until then, with their extras."""
        attrs.resolve_types(cls, include_extras=True)  # pyright: ignore[reportArgumentType]  # any attrs class

    def _overrides(self, cls: Any, side: Literal[0, 1]) -> dict[str, Any]:
        overrides: dict[str, Any] = {}
        for attribute in attrs.fields(cls):
            wire = wire_of(attribute)
            if wire.rest:
                overrides[attribute.name] = override(
                    rename=_REST, struct_hook=_ignoring_type(_as_it_is), unstruct_hook=write_kept
                )
                continue
            hook = format_hook(attribute, side)
            omit = side == 1 and attribute.default is None and accepts_none(attribute.type)
            overrides[attribute.name] = override(
                rename=wire.name,
                struct_hook=None if hook is None or side == 1 else _ignoring_type(hook),
                unstruct_hook=(hook or self._writer(attribute.type)) if side == 1 else None,
                # An optional that is None is left out; any other field is written, at its default too.
                omit_if_default=True if omit else None,
            )
        return overrides

    def _writer(self, type_: Any) -> Callable[[Any], Any]:
        """Return what writes a type, found at the first use: cattrs would write a type inside itself unchecked."""
        if type_ in SCALARS:
            return self.get_unstructure_hook(type_)
        found: Callable[[Any], Any] | None = None

        def write(value: object) -> object:
            nonlocal found
            if found is None:
                found = self.get_unstructure_hook(type_)
            return found(value)

        return write

    def _plain_reader(self, cls: Any, overrides: dict[str, Any]) -> Callable[[Any, Any], Any]:
        """Return what cattrs makes of a class, for one with a field that is called as a parameter of cattrs' own."""

        def read(value: Any, type_: Any) -> object:
            known: dict[str, object] = {}
            for attribute in attrs.fields(cls):
                name = overrides[attribute.name].rename or attribute.name
                if name in value or attribute.default is attrs.NOTHING:
                    hook = overrides[attribute.name].struct_hook or self.get_structure_hook(attribute.type)
                    known[attribute.alias] = hook(value[name], attribute.type)
            return cls(**known)

        return read

    def _plain_writer(self, cls: Any, overrides: dict[str, Any]) -> Callable[[Any], dict[str, Any]]:
        def write(value: object) -> dict[str, Any]:
            document: dict[str, Any] = {}
            for attribute in attrs.fields(cls):
                held, how = getattr(value, attribute.name), overrides[attribute.name]
                if held is not None or not how.omit_if_default:
                    document[how.rename or attribute.name] = how.unstruct_hook(held)
            return document

        return write

    def _record_reader(self, cls: Any) -> Callable[[Any, Any], Any]:
        self.prepare(cls)
        overrides = self._overrides(cls, 0)
        named = _OWN_NAMES.isdisjoint(overrides)
        made = make_dict_structure_fn(cls, self, **overrides) if named else self._plain_reader(cls, overrides)
        read = quietly()(made) if warns(cls) else made
        blanks = {
            wire.name or attribute.name: wire.blank
            for attribute in attrs.fields(cls)
            if (wire := wire_of(attribute)).blank
        }

        keeps = rest_of(cls) is not None
        names = _names(cls)

        def read_record(value: object, type_: Any) -> object:
            if not is_object(value):
                raise expected("an object", value)
            rest = {name: item for name, item in value.items() if name not in names} if keeps else {}
            if blanks or keeps:
                value = {
                    name: item
                    for name, item in value.items()
                    if name in names and not is_blank(item, blanks.get(name, ()))
                }
            return read({**value, _REST: rest} if keeps else value, type_)

        return read_record

    def _record_writer(self, cls: Any) -> Callable[[Any], Any]:
        self.prepare(cls)
        overrides = self._overrides(cls, 1)
        named = _OWN_NAMES.isdisjoint(overrides)
        write = make_dict_unstructure_fn(cls, self, **overrides) if named else self._plain_writer(cls, overrides)
        names = _names(cls)

        rest = rest_of(cls)

        def write_record(value: object) -> object:
            if not isinstance(value, cls):
                raise expected(f"a {cls.__name__}", value)
            document = write(value)
            if rest is None:
                return document
            kept = document.pop(_REST)
            for name in kept:
                if name in names:
                    raise Unfit(f"{rest.name} holds {name!r}, which is a field: set the field")
            return {**document, **kept}

        return write_record

    def _union_reader(self, type_: Any) -> Callable[[Any, Any], Any]:
        tag = tag_of(type_)
        assert tag is not None
        members = dict(tag.members)
        read_member: dict[type, Callable[[Any, Any], object]] = {
            member: self.get_structure_hook(member) for member in members.values()
        }
        keeping = {member for member in members.values() if rest_of(member) is not None}

        def read_union(value: object, _: Any) -> object:
            if not is_object(value):
                raise expected("an object", value)
            found = value.get(tag.name)
            member = members.get(found) if isinstance(found, str) else None
            if member is None:
                raise Unfit(f"{tag.name} must be one of {', '.join(members)}, got {found!r}")
            if member in keeping:
                # The tag is the union's own, and nothing that the member does not know.
                value = {name: item for name, item in value.items() if name != tag.name}
            return read_member[member](value, member)

        return read_union

    def _union_writer(self, type_: Any) -> Callable[[Any], Any]:
        tag = tag_of(type_)
        assert tag is not None
        values = {member: value for value, member in tag.members}

        def write_union(value: object) -> object:
            if type(value) not in values:
                raise expected(f"one of {', '.join(member.__name__ for member in values)}", value)
            document = self.unstructure(value, type(value))
            if tag.name in document:
                raise Unfit(f"holds {tag.name!r} among its unknown fields, which is the tag of the union")
            return {tag.name: values[type(value)], **document}

        return write_union

    def _list_reader(self, type_: Any) -> Callable[[Any, Any], Any]:
        item = get_args(type_)[0]
        read = self.get_structure_hook(item)

        def read_list(value: object, _: Any) -> object:
            if not is_list(value):
                raise expected("a list", value)
            return tuple([read(each, item) for each in value])

        return read_list

    def _list_writer(self, type_: Any) -> Callable[[Any], Any]:
        write = self.get_unstructure_hook(get_args(type_)[0])

        def write_list(value: object) -> object:
            if not is_list(value):
                raise expected("a tuple", value)
            return [write(each) for each in value]

        return write_list

    def _map_reader(self, type_: Any) -> Callable[[Any, Any], Any]:
        item = get_args(type_)[1]
        read = self.get_structure_hook(item)

        def read_map(value: object, _: Any) -> object:
            if not is_object(value):
                raise expected("an object", value)
            return {string(name): read(each, item) for name, each in value.items()}

        return read_map

    def _map_writer(self, type_: Any) -> Callable[[Any], Any]:
        write = self.get_unstructure_hook(get_args(type_)[1])

        def write_map(value: object) -> object:
            if not is_object(value):
                raise expected("a mapping", value)
            return {string(name): write(each) for name, each in value.items()}

        return write_map


@functools.cache
def converter() -> WireConverter:
    """Return the one converter, made on first use so that an import costs nothing."""
    return WireConverter()
