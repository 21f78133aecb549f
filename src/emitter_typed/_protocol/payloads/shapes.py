"""Documents that msgspec reads in the shape of their type, so that only what it cannot check is left to us.

A record becomes a `Struct` whose fields have the types that msgspec reads as our rules say. Any other field is read as
plain JSON, and converted by its own rule. All that is made here fits, or raises: then the document is read without a
shape, which finds out what is wrong, and where.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Optional, Union

import attrs

from emitter_typed._protocol.payloads.compiled import Conversion, ListParts, MapParts, RecordParts, Source
from emitter_typed._protocol.payloads.native import msgspec
from emitter_typed._protocol.payloads.records import add_constraint, add_record, default_text, struct_of
from emitter_typed._protocol.payloads.scalars import HIGHEST, LOWEST, ExactNumber, Hook
from emitter_typed._types.frozen import FrozenMap
from emitter_typed._types.values import Record

_MOST_RECORDS = 40
"""How many classes are read in their shape for one type. A schema may hold thousands, and each takes time to prepare."""

_as_it_is: Callable[[str], str] = str


@attrs.frozen
class _Shape:
    """What msgspec is to read, and what becomes of it."""

    type: Any
    convert: Callable[[str], str] = _as_it_is
    """Returns the expression that makes the value of what a variable holds."""


def shaped_reader(conversion: Conversion, *, exact: bool, skipping: bool) -> Callable[[bytes], object]:
    """Return what reads JSON as a type. It raises whatever error where the document must be read without a shape.

    Args:
        conversion: That of the type.
        exact: Whether numbers with a fraction keep their digits, where msgspec does not read them as floats.
        skipping: Whether a document may hold more than the fields of its records.
    """
    plan = _Plan(skipping=skipping)
    shape = plan.shape(conversion)
    decode = msgspec().json.Decoder(shape.type, float_hook=ExactNumber if exact else None).decode
    if shape.convert is _as_it_is:
        read = decode
    else:
        decoded = f"{plan.source.bind(decode)}(raw)"
        plan.source.add(0, "def read(raw):", f"    found = {decoded}", f"    return {shape.convert('found')}")
        read = plan.source.compile("read", "shape")
    return _checked(read) if skipping else read


def _checked(read: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """Return the same for documents with something to skip, in which msgspec checks neither UTF-8 nor long integers."""
    longest = sys.get_int_max_str_digits() or sys.maxsize

    def read_checked(raw: bytes) -> object:
        if len(raw) > longest:
            raise ValueError("may hold an integer that is too long")
        if not raw.isascii():
            raw.decode()
        return read(raw)

    return read_checked


class _Plan:
    """The shape of one type, and the text of the functions that make its records."""

    def __init__(self, *, skipping: bool) -> None:
        """Begin with no record."""
        self.source = Source()
        self._skipping = skipping
        self._records: dict[RecordParts, _Shape] = {}
        self._making: set[RecordParts] = set()
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
            case RecordParts() as parts:
                return self._record(conversion, parts)
            case scalar if scalar in self._scalars:
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
            return _Shape(tuple[item.type, ...] if parts.make is tuple else list[item.type])
        made = "tuple" if parts.make is tuple else ""
        return _Shape(list[item.type], lambda v: f"{made}([{item.convert('each')} for each in {v}])")

    def _map(self, parts: MapParts) -> _Shape:
        item = self.shape(parts.item)
        make = self.source.bind(FrozenMap) if parts.make is FrozenMap else ""
        if item.convert is not _as_it_is:
            text = f"{{name: {item.convert('each')} for name, each in {{}}.items()}}"
            before, after = text.split("{}")
            return _Shape(dict[str, item.type], lambda v: f"{make}({before}{v}{after})")
        return _Shape(dict[str, item.type], (lambda v: f"{make}({v})") if make else _as_it_is)

    def _record(self, conversion: Conversion, parts: RecordParts) -> _Shape:
        known = self._records.get(parts)
        if known is None:
            if parts in self._making or len(self._records) + len(self._making) >= _MOST_RECORDS:
                return self._plain(conversion)
            self._making.add(parts)
            known = self._records[parts] = self._struct(parts) or self._plain(conversion)
            self._making.remove(parts)
        return known

    def _struct(self, parts: RecordParts) -> _Shape | None:
        """Return the shape of a record, and add the function that makes one; None if msgspec does not take its names."""
        source, unset = self.source, msgspec().UNSET
        frozen = issubclass(parts.shape.cls, Record)
        shapes = [self.shape(conversion) for _, conversion in parts.fields]
        defaults = [None if member.required else default_text(source, member, frozen=frozen) for member, _ in parts.fields]
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
        for index, (shape, default) in enumerate(zip(shapes, defaults, strict=True)):
            if default is None:
                fields.append((f"f{index}", shape.type))
            else:
                fields.append((f"f{index}", Union[shape.type, msgspec().UnsetType], unset))  # noqa: UP007  # no class
        type_ = struct_of(parts.shape, fields, kw_only=True, forbid_unknown_fields=not self._skipping)
        if type_ is None:
            return None
        function = f"make{len(self._records)}"
        source.add(0, f"def {function}(found):")
        variables = [f"v{index}" for index in range(len(shapes))]
        for variable, (member, _), shape, default in zip(variables, parts.fields, shapes, defaults, strict=True):
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
