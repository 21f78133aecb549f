"""The conversion of one type, and the text of the functions that are compiled for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import attrs

from emitter_typed._protocol.payloads.classes import ClassShape, Member
from emitter_typed._protocol.payloads.json_text import document_text, string_text
from emitter_typed._protocol.payloads.scalars import SCALARS, TEXT, Hook

Side = Literal["read", "write", "dump"]
"""From a document to an object, from an object to a document, and from an object to the JSON text of that document."""

Form = Literal["json", "text", "bytes", "choice"]
"""What a whole payload of a type is: JSON, the text itself, the bytes themselves, or one of a few texts either way."""

KINDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}
"""What a value can be in a document: the class that JSON gives it, and how an error calls it."""


def _unmade(_: object) -> object:
    raise AssertionError("a conversion is used before it is made")


def _same(value: object) -> object:
    return value


@attrs.define(eq=False)
class Conversion:
    """How the values of one type are read and written.

    It is handed out before it is made where a type holds itself, and where it is made only when it is used.
    """

    read: Hook = _unmade
    """From a value of a document to an object. Raises Unfit."""
    write: Hook = _unmade
    """From an object to a value of a document. Raises Unfit."""
    kinds: frozenset[type] | None = None
    """What it can be in a document, of KINDS; None: not known yet."""
    make_dump: Callable[[], Hook] | None = None
    """Makes what takes an object to the JSON of what `write` returns, and raises Unfit; None: by way of that."""
    dump: Hook | None = None
    """What that has made; None: it was not needed yet."""
    inline: str | None = None
    """An expression that reads or writes `{v}` in the usual case, and calls `{f}` in any other."""
    inline_dump: str | None = None
    """The same for its JSON."""
    parts: Parts = None
    """What it is made of, for what msgspec can do of it; None: nothing that msgspec knows."""
    optional: Conversion | None = None
    """For a type that may be None: that of the type without it."""
    texts: frozenset[str] | None = None
    """For what is one of a few texts: these."""
    form: Form = "json"
    """What a whole payload of it is."""
    check: Hook = _same
    """Refuses an object that breaks a constraint of the type itself, and returns it. Raises Unfit."""
    later: Callable[[], Conversion] | None = None
    """Makes it, for what is made when it is used."""

    @property
    def is_made(self) -> bool:
        """Whether it can be used."""
        return self.read is not _unmade

    def take(self, other: Conversion) -> None:
        """Become what another conversion is."""
        for field in attrs.fields(Conversion):
            setattr(self, field.name, getattr(other, field.name))
        # The other one may not be made yet.
        self.read, self.write = other.call("read"), other.call("write")
        self.make_dump = lambda: other.now("dump")

    def call(self, side: Side) -> Hook:
        """Return the function of one side, also where it is not made yet."""
        return self.now(side) if self.is_made else lambda value: self.now(side)(value)

    def now(self, side: Side) -> Hook:
        """Return the function of one side, and make it if need be."""
        if not self.is_made and self.later is not None:
            self.take(self.later())
        if side == "dump":
            if self.dump is None:
                self.dump = dumped(self.write, self.kinds) if self.make_dump is None else self.make_dump()
            return self.dump
        return self.read if side == "read" else self.write


Of = Callable[[Any], Conversion]
"""Gives the conversion of a type. Raises Unsupported."""


@attrs.frozen(eq=False)
class ListParts:
    """A list or a tuple of any length."""

    make: Callable[[list[Any]], Any]
    item: Conversion


@attrs.frozen(eq=False)
class MapParts:
    """A map whose names are texts."""

    make: Callable[[dict[str, Any]], Any]
    item: Conversion


@attrs.frozen(eq=False)
class RecordParts:
    """A class with attributes, which a document has beside nothing else."""

    shape: ClassShape
    fields: list[tuple[Member, Conversion]]
    sets_slots: bool
    """Whether a reader makes its objects by setting their slots, each from the one name that the field has."""


@attrs.frozen(eq=False)
class AnyParts:
    """Values of no type, which are written as their own class says."""

    of: Of
    """Gives the conversion of a class with fields. Raises Unfit."""


Parts = ListParts | MapParts | RecordParts | AnyParts | type | None
"""What a conversion is made of; a class: that scalar itself."""


def dumped(write: Hook, kinds: frozenset[type] | None = None) -> Hook:
    """Return what takes an object to JSON by way of a document, which is of these kinds."""
    to_text: Callable[[Any], str] = string_text if kinds == TEXT else document_text
    return lambda value: to_text(write(value))


INLINE: dict[type, str] = {
    str: "({v} if {v}.__class__ is str and {v}.isascii() else {f}({v}))",
    int: "({v} if {v}.__class__ is int and -9223372036854775808 <= {v} <= 9223372036854775807 else {f}({v}))",
    float: "({v} if {v}.__class__ is float and -1e999 < {v} < 1e999 else {f}({v}))",
    bool: "({v} if {v} is True or {v} is False else {f}({v}))",
}

INLINE_DUMP: dict[type, str] = {
    # A lone surrogate fails when all of it becomes UTF-8: then `write` says where it is.
    str: "(string_text({v}) if {v}.__class__ is str else {f}({v}))",
    int: "(repr({v}) if {v}.__class__ is int and -9223372036854775808 <= {v} <= 9223372036854775807 else {f}({v}))",
    float: "(repr({v}) if {v}.__class__ is float and -1e999 < {v} < 1e999 else {f}({v}))",
    bool: "('true' if {v} is True else 'false' if {v} is False else {f}({v}))",
}


def scalar_conversion(cls: type) -> Conversion:
    """Return the conversion of a scalar."""
    read, write, kinds = SCALARS[cls]
    forms: dict[type, Form] = {str: "text", bytes: "bytes"}
    return Conversion(
        read,
        write,
        kinds,
        inline=INLINE.get(cls),
        inline_dump=INLINE_DUMP.get(cls),
        parts=cls,
        form=forms.get(cls, "json"),
    )


class Source:
    """The text of a function, and the objects that it uses."""

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        """Begin with nothing but these names."""
        self._lines: list[str] = []
        self._names: dict[str, Any] = {"__name__": __name__, "string_text": string_text, **(names or {})}

    def add(self, indent: int, *lines: str) -> None:
        """Add lines, so many levels deep."""
        self._lines += [f"{'    ' * indent}{line}" for line in lines]

    def bind(self, value: object) -> str:
        """Return a name under which the text finds an object."""
        name = f"_{len(self._names)}"
        self._names[name] = value
        return name

    def _bind_function(self, conversion: Conversion, side: Side) -> str:
        if conversion.is_made and (side != "dump" or conversion.dump is not None):
            return self.bind(conversion.now(side))
        names = self._names

        def first(value: object) -> object:
            # From the second time on, the text finds the function itself.
            names[name] = conversion.now(side)
            return names[name](value)

        name = self.bind(first)
        return name

    def convert(self, conversion: Conversion, side: Side, variable: str) -> str:
        """Return the expression that converts what a variable holds."""
        if conversion.optional is not None:
            none = "'null'" if side == "dump" else "None"
            return f"({none} if {variable} is None else {self.convert(conversion.optional, side, variable)})"
        function = self._bind_function(conversion, side)
        template = (conversion.inline_dump if side == "dump" else conversion.inline) or "{f}({v})"
        return template.format(v=variable, f=function)

    def compile(self, name: str, what: str) -> Any:
        """Return the function of this name that the text defines."""
        code = compile("\n".join(self._lines), f"<emitter-typed {what}>", "exec")
        exec(code, self._names)  # our own text
        return self._names[name]


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: `a text, a list or null`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
