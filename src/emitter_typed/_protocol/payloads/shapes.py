"""Documents that msgspec reads and writes in the shape of their type, so that only what it cannot check is left to us.

A record becomes a `Struct` whose fields have the types that msgspec reads as our rules say. Any other field is read as
plain JSON and converted by its own rule, or written as the text that its rule gives. All that is made here fits, or an
error is raised: then the value is converted without a shape, which finds out whether it fits, and where it does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, NoReturn, Optional, Union
from uuid import UUID

import attrs

from emitter_typed._protocol.payloads.classes import ClassShape, is_class_with_fields
from emitter_typed._protocol.payloads.compiled import (
    AnyParts,
    Conversion,
    ListParts,
    MapParts,
    RecordParts,
    Source,
)
from emitter_typed._protocol.payloads.native import msgspec
from emitter_typed._protocol.payloads.records import add_constraint, add_record, default_text
from emitter_typed._protocol.payloads.scalars import HIGHEST, LOWEST, ExactNumber, Hook, number
from emitter_typed._types.frozen import FrozenMap
from emitter_typed._types.values import Record

_MOST_RECORDS = 20
"""How many classes have a shape for one type. A schema may hold thousands, and each takes time to prepare."""

_SHORT_BYTES = 640
"""No integer of so many digits is too long, whatever limit a program sets for them."""

Expression = Callable[[str], str]
"""Returns the expression that converts what a variable holds."""

_as_it_is: Expression = str

# Any: to checkers, what they hold would have to be written out.
_list: Any = list
_tuple: Any = tuple
_dict: Any = dict


def shaped_reader(conversion: Conversion, *, exact: bool, skipping: bool) -> Callable[[bytes], object]:
    """Return what reads JSON as a type. It raises whatever error where the document must be read without a shape.

    Args:
        conversion: That of the type.
        exact: Whether numbers with a fraction keep their digits, where msgspec does not read them as floats.
        skipping: Whether a document may hold more than the fields of its records.
    """
    plan = _Readers(skipping=skipping)
    shape = plan.shape(conversion)
    decode = msgspec().json.Decoder(shape.type, float_hook=ExactNumber if exact else None).decode
    if shape.convert is _as_it_is:
        read = decode
    else:
        source = plan.source
        source.add(0, "def read(raw):", f"    found = {source.bind(decode)}(raw)")
        source.add(1, f"return {shape.convert('found')}")
        read = source.compile("read", "shape")
    return _checked(read) if skipping else read


def _checked(read: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Return the same for documents with something to skip, in which msgspec checks neither UTF-8 nor long integers."""

    def read_checked(raw: bytes) -> object:
        # A program may have set another limit; 0 is none.
        if len(raw) > _SHORT_BYTES and 0 < sys.get_int_max_str_digits() < len(raw):
            raise ValueError("may hold an integer that is too long")
        if not raw.isascii():
            raw.decode()
        return read(raw)

    return read_checked


def shaped_writer(conversion: Conversion) -> Callable[[object], bytes]:
    """Return what writes a type as JSON. It raises whatever error where the value must be written without a shape."""
    plan = _Writers()
    source, encode = plan.source, msgspec().json.Encoder().encode
    packed = plan.expression(conversion)("value")
    source.add(0, "def write(value):", f"    return {source.bind(encode)}({packed})")
    write: Callable[[object], bytes] = source.compile("write", "shape")
    return write


def _struct(shape: ClassShape, fields: Sequence[str | tuple[Any, ...]], **options: Any) -> Any | None:
    """Return msgspec's class for the documents of a class; None if it does not take the names of the fields.

    Args:
        shape: What the class holds.
        fields: One for each member: its name in the struct alone, or also its type and what stands for its absence.
        options: What `defstruct` is told besides.
    """
    names = [each if isinstance(each, str) else each[0] for each in fields]
    rename = dict(zip(names, (member.wire_name for member in shape.members), strict=True))
    try:
        return msgspec().defstruct(shape.cls.__name__, fields, rename=rename, gc=False, **options)
    except (TypeError, ValueError):
        return None


@attrs.frozen
class _Shape:
    """What msgspec is to read, and what becomes of it."""

    type: Any
    convert: Expression = _as_it_is


class _Readers:
    """The shape of one type, and the text of the functions that make its records."""

    def __init__(self, *, skipping: bool) -> None:
        """Begin with no record."""
        self.source = Source()
        self._skipping = skipping
        self._records: dict[RecordParts, _Shape | None] = {}
        integer = Annotated[int, msgspec().Meta(ge=LOWEST, le=HIGHEST)]
        self._scalars: Mapping[object, Any] = {str: str, bool: bool, float: float, int: integer}

    def shape(self, conversion: Conversion) -> _Shape:
        """Return the shape of a type."""
        if conversion.optional is not None:
            inner = self.shape(conversion.optional)
            if inner.convert is _as_it_is:
                return _Shape(Optional[inner.type])  # noqa: UP045  # the inner one may be no class
            if inner.type is Any:
                return self._plain(conversion)
            return _Shape(Optional[inner.type], lambda v: f"(None if {v} is None else {inner.convert(v)})")  # noqa: UP045
        # What is made when it is used is made now.
        conversion.now("read")
        match conversion.parts:
            case ListParts() as parts:
                return self._list(parts)
            case MapParts() as parts:
                return self._map(parts)
            case RecordParts(sets_slots=True) as parts:
                return self._record(parts) or self._plain(conversion)
            case type() as scalar if scalar in self._scalars:
                return _Shape(self._scalars[scalar])
            case _:
                return self._plain(conversion)

    def _plain(self, conversion: Conversion) -> _Shape:
        function = self.source.bind(conversion.call("read"))
        template = conversion.inline or "{f}({v})"
        return _Shape(Any, lambda v: template.format(v=v, f=function))

    def _list(self, parts: ListParts) -> _Shape:
        item = self.shape(parts.item)
        if item.convert is _as_it_is:
            return _Shape(_tuple[item.type, ...] if parts.make is tuple else _list[item.type])
        made = "tuple" if parts.make is tuple else ""
        return _Shape(_list[item.type], lambda v: f"{made}([{item.convert('each')} for each in {v}])")

    def _map(self, parts: MapParts) -> _Shape:
        item = self.shape(parts.item)
        items: Expression = _as_it_is
        if item.convert is not _as_it_is:
            items = lambda v: f"{{name: {item.convert('each')} for name, each in {v}.items()}}"  # noqa: E731
        if parts.make is not FrozenMap:
            return _Shape(_dict[str, item.type], items)
        frozen = self.source.bind(FrozenMap)
        return _Shape(_dict[str, item.type], lambda v: f"{frozen}({items(v)})")

    def _record(self, parts: RecordParts) -> _Shape | None:
        """Return the shape of a record; None if it has none: it holds itself, or there are too many."""
        if parts not in self._records and len(self._records) < _MOST_RECORDS:
            # What holds itself finds that it has no shape.
            self._records[parts] = None
            self._records[parts] = self._made(parts, f"make{len(self._records)}")
        return self._records.get(parts)

    def _made(self, parts: RecordParts, function: str) -> _Shape | None:
        source, unset = self.source, msgspec().UNSET
        frozen = issubclass(parts.shape.cls, Record)
        members = [member for member, _ in parts.fields]
        shapes = [self.shape(conversion) for _, conversion in parts.fields]
        defaults = [None if member.required else default_text(source, member, frozen=frozen) for member in members]
        fields: list[tuple[Any, ...]] = []
        for index, (shape, default) in enumerate(zip(shapes, defaults, strict=True)):
            if default is None:
                fields.append((f"f{index}", shape.type))
            else:
                fields.append((f"f{index}", Union[shape.type, msgspec().UnsetType], unset))  # noqa: UP007  # no class
        type_ = _struct(parts.shape, fields, kw_only=True, forbid_unknown_fields=not self._skipping)
        if type_ is None:
            return None
        variables = [f"v{index}" for index in range(len(members))]
        source.add(0, f"def {function}(found):")
        for variable, member, shape, default in zip(variables, members, shapes, defaults, strict=True):
            source.add(1, f"{variable} = found.f{variable[1:]}")
            indent = 1
            if default is not None:
                source.add(1, f"if {variable} is {source.bind(unset)}:", f"    {variable} = {default}", "else:")
                source.add(2, "pass")
                indent = 2
            if shape.convert is not _as_it_is:
                source.add(indent, f"{variable} = {shape.convert(variable)}")
            if member.validator is not None:
                add_constraint(source, member, variable, indent)
        add_record(source, parts.shape, variables)
        return _Shape(type_, lambda v: f"{function}({v})")


def _pack_number(value: object) -> object:
    taken = number(value)
    # msgspec has other words for what Python writes with an exponent.
    return taken if taken == 0 or 1e-4 <= abs(taken) < 1e16 else msgspec().Raw(repr(taken))


def _doubt(value: object) -> NoReturn:
    raise TypeError("what this is written as is not known here")


_SCALARS: dict[object, tuple[str, Hook | None]] = {
    str: ("{v}.__class__ is str", None),
    bool: ("({v} is True or {v} is False)", None),
    int: (f"({{v}}.__class__ is int and {LOWEST} <= {{v}} <= {HIGHEST})", None),
    # Others are not finite, or Python writes them with an exponent.
    float: ("({v}.__class__ is float and (1e-4 <= {v} < 1e16 or -1e16 < {v} <= -1e-4))", _pack_number),
    datetime: ("({v}.__class__ is datetime and {v}.tzinfo is UTC)", None),
    date: ("{v}.__class__ is date", None),
    UUID: ("{v}.__class__ is UUID", None),
}
"""When msgspec writes a scalar as its rule does, and what makes any other value what it writes; None: its rule."""

_WRITTEN_ALIKE = frozenset({type(None), bool, int, str})
"""Kinds of values that msgspec writes as our own JSON text has them."""


class _Writers:
    """The text of the functions that make what msgspec writes of one type."""

    def __init__(self) -> None:
        """Begin with no record."""
        self.source = Source({"datetime": datetime, "date": date, "UTC": UTC, "UUID": UUID})
        self._records: dict[RecordParts, str | None] = {}
        self._bodies: dict[RecordParts, Callable[[str], Sequence[str]]] = {}
        """The lines of those records that are done."""
        self._functions = 0

    def expression(self, conversion: Conversion) -> Expression:
        """Return the expression that makes what msgspec writes of a type."""
        if conversion.optional is not None:
            inner = self.expression(conversion.optional)
            return lambda v: f"(None if {v} is None else {inner(v)})"
        # What is made when it is used is made now.
        conversion.now("write")
        match conversion.parts:
            case ListParts() as parts:
                return self._list(parts, self._plain(conversion))
            case MapParts() as parts:
                return self._map(parts, self._plain(conversion))
            case RecordParts() as parts:
                function = self._record(parts, self._plain(conversion))
                return self._plain(conversion) if function is None else lambda v: f"{function}({v})"
            case AnyParts() as parts:
                function = self.source.bind(_by_class(parts, conversion))
                return lambda v: f"{function}({v})"
            case type() as scalar if scalar in _SCALARS:
                usual, other = _SCALARS[scalar]
                function = self.source.bind(other or conversion.write)
                return lambda v: f"({v} if {usual.format(v=v)} else {function}({v}))"
            case _:
                return self._plain(conversion)

    def _plain(self, conversion: Conversion) -> Expression:
        function = self.source.bind(_plain_hook(conversion))
        return lambda v: f"{function}({v})"

    def _list(self, parts: ListParts, other: Expression) -> Expression:
        item = self.expression(parts.item)
        lines = [f"if value.__class__ is not {parts.make.__name__}:", f"    return {other('value')}"]
        usual = _usual(parts.item)
        if usual is not None:
            # Nearly always, the list is what msgspec writes: to look is cheaper than to make another one.
            lines += ["for each in value:", f"    if not {usual.format(v='each')}:"]
            lines += [f"        return [{item('each')} for each in value]", "return value"]
        elif isinstance(parts.item.parts, RecordParts) and (record := self._bodies.get(parts.item.parts)) is not None:
            # To call a function for each takes a fifth of the time.
            lines += ["made = []", "for value in value:", *(f"    {line}" for line in record("made.append({})"))]
            lines += ["return made"]
        else:
            lines += [f"return [{item('each')} for each in value]"]
        return self._function("list", lines)

    def _map(self, parts: MapParts, other: Expression) -> Expression:
        item = self.expression(parts.item)
        lines = [f"if value.__class__ is not {self.source.bind(parts.make)}:", f"    return {other('value')}"]
        name = f"name if name.__class__ is str else {self.source.bind(_doubt)}(name)"
        made = f"return {{{name}: {item('each')} for name, each in value.items()}}"
        usual = _usual(parts.item)
        if usual is None:
            lines.append(made)
        else:
            lines += ["for name, each in value.items():"]
            lines += [f"    if name.__class__ is not str or not {usual.format(v='each')}:", f"        {made}"]
            lines += ["return value"]
        return self._function("map", lines)

    def _function(self, kind: str, lines: Sequence[str]) -> Expression:
        """Add a function of `value`, and return the call of it."""
        self._functions += 1
        name = f"{kind}{self._functions}"
        self.source.add(0, f"def {name}(value):", *(f"    {line}" for line in lines))
        return lambda v: f"{name}({v})"

    def _record(self, parts: RecordParts, other: Expression) -> str | None:
        """Return the function that makes what msgspec writes of a record; None if there is none."""
        if parts not in self._records and len(self._records) < _MOST_RECORDS:
            name = f"pack{len(self._records)}"
            # What holds itself calls itself.
            self._records[parts] = name
            body = self._body(parts, other)
            if body is None:
                self._records[parts] = None
            else:
                self._bodies[parts] = body
                self.source.add(0, f"def {name}(value):", *(f"    {line}" for line in body("return {}")))
        return self._records.get(parts)

    def _body(self, parts: RecordParts, other: Expression) -> Callable[[str], Sequence[str]] | None:
        """Return what gives the lines that pack the record in `value`, by the statement that takes the outcome."""
        source = self.source
        variables = [f"v{index}" for index in range(len(parts.fields))]
        type_ = _struct(parts.shape, variables)
        if type_ is None:
            return None
        lines: list[str] = []
        for variable, (member, conversion) in zip(variables, parts.fields, strict=True):
            lines.append(f"    {variable} = value.{member.name}")
            present, indent = conversion, "    "
            if member.omits_none and conversion.optional is not None:
                unset = source.bind(msgspec().UNSET)
                lines += [f"    if {variable} is None:", f"        {variable} = {unset}", "    else:"]
                present, indent = conversion.optional, "        "
            written, usual = f"{variable} = {self.expression(present)(variable)}", _usual(present)
            # Nearly always, there is nothing to do.
            lines += [
                f"{indent}{written}" if usual is None else f"{indent}if not {usual.format(v=variable)}: {written}"
            ]
        made = f"{source.bind(type_)}({', '.join(variables)})"
        cls = source.bind(parts.shape.cls)
        return lambda take: [
            f"if value.__class__ is {cls}:",
            *lines,
            f"    {take.format(made)}",
            "else:",
            f"    {take.format(other('value'))}",
        ]


def _usual(conversion: Conversion) -> str | None:
    """Return when msgspec writes a value as our rule does; None if that is not known of the type."""
    parts = conversion.parts
    return _SCALARS[parts][0] if conversion.optional is None and isinstance(parts, type) and parts in _SCALARS else None


def _plain_hook(conversion: Conversion) -> Hook:
    """Return what makes what msgspec writes of a value, without a shape."""
    if conversion.kinds is not None and conversion.kinds <= _WRITTEN_ALIKE:
        return conversion.call("write")
    raw = msgspec().Raw
    return lambda value: raw(conversion.now("dump")(value))


def _by_class(parts: AnyParts, conversion: Conversion) -> Hook:
    """Return what makes what msgspec writes of a value of no type."""

    @cache
    def hook(cls: type) -> Hook:
        if not is_class_with_fields(cls):
            return _plain_hook(conversion)
        plan = _Writers()
        plan.source.add(0, "def pack(value):", f"    return {plan.expression(parts.of(cls))('value')}")
        pack: Hook = plan.source.compile("pack", "shape")
        return pack

    return lambda value: hook(value.__class__)(value)
