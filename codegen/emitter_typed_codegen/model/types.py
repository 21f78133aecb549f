"""Types: what a schema declares under `types:`, and what refers to it."""

from __future__ import annotations

from typing import Literal

from emitter_typed_codegen.data import frozen

ScalarName = Literal[
    "string", "int", "float", "bool", "bytes", "datetime", "date", "duration", "uuid", "decimal", "json",
    "channel", "filter", "key_target", "text",
]  # fmt: skip
"""The scalars of the language. `channel` and `filter` are names of channels, without and with wildcards; `text` is a
payload that is a text as it is, not JSON."""


class JsonMap(tuple[tuple[str, "Literal_"], ...]):
    """A map in a value of type `json`, where nothing else tells it from a list of pairs."""

    __slots__ = ()


Literal_ = None | bool | int | float | str | tuple["Literal_", ...] | tuple[tuple[str, "Literal_"], ...]
"""A value as a schema writes it: a default, a constraint, a wire value. Mappings are tuples of pairs; those of
JSON, which no type describes, are a `JsonMap`."""


@frozen
class Scalar:
    """One of the language's own types."""

    name: ScalarName


@frozen
class Named:
    """A type that the schema declares or imports, by its name in `Schema.by_name`: `Unit`, or `common.Unit`."""

    name: str


@frozen
class Optional:
    """A type or nothing."""

    item: TypeRef


@frozen
class List:
    """A list."""

    item: TypeRef


@frozen
class Map:
    """A map with text keys."""

    value: TypeRef


@frozen
class AnyOf:
    """One of several types, each of a kind of its own in JSON."""

    members: tuple[TypeRef, ...]


TypeRef = Scalar | Named | Optional | List | Map | AnyOf
"""A type, where it is used."""


@frozen
class Constraint:
    """One constraint: its keyword in the language, and its value in the unit of the type."""

    rule: Literal[
        "minimum", "maximum", "exclusive_minimum", "exclusive_maximum",
        "min_length", "max_length", "pattern", "min_items", "max_items", "max_segments",
    ]  # fmt: skip
    value: int | float | str


@frozen(kw_only=True)
class Field:
    """A field of a record, a parameter of a channel or of an operation."""

    name: str
    """The name in the language."""
    wire: str
    """The name on the wire; the same unless the schema says otherwise."""
    also_read: tuple[str, ...] = ()
    """Other names on the wire that are read where the first is absent, the earlier ones first; never written."""
    type: TypeRef
    doc: str = ""
    unit: str = ""
    format: str | None = None
    """`unix` for a datetime as whole Unix seconds, `seconds` for a duration as whole seconds; None: the type's own."""
    blank: tuple[bool | int | str | None, ...] = ()
    """Wire values that read as if the field were absent."""
    has_default: bool = False
    default: Literal_ = None
    required: bool = False
    """Whether it is never absent, although its type has a `?`: None is null then."""
    constraints: tuple[Constraint, ...] = ()
    deprecated: str | None = None

    @property
    def is_required(self) -> bool:
        """Whether a message must have it."""
        return not self.has_default and (self.required or not isinstance(self.type, Optional))

    @property
    def is_always_written(self) -> bool:
        """Whether every message has it, null included; of the others, None is left out."""
        return self.is_required or self.default is not None


@frozen(kw_only=True)
class Record:
    """A type with fields."""

    name: str
    doc: str = ""
    fields: tuple[Field, ...] = ()
    deprecated: str | None = None
    keeps_unknown: bool = False
    """Whether fields on the wire that it does not declare are held, and written back, instead of ignored."""


@frozen(kw_only=True)
class EnumValue:
    """One value of an enum, or one letter of flags."""

    wire: str | int
    """What stands on the wire: in an enum, all values are texts, or all are numbers."""
    name: str
    """The name in the language; a text on the wire unless the schema says otherwise."""
    doc: str = ""
    deprecated: str | None = None

    @property
    def key(self) -> str:
        """What the schema calls it: a text as it is on the wire, a number by its name."""
        return self.wire if isinstance(self.wire, str) else self.name


@frozen(kw_only=True)
class Enum:
    """A type with a few texts, or a few integers, as values."""

    name: str
    doc: str = ""
    values: tuple[EnumValue, ...]
    open: bool = False
    """Whether a value that the schema does not know is kept instead of refused."""

    @property
    def has_numbers(self) -> bool:
        """Whether its values are numbers on the wire."""
        return any(isinstance(value.wire, int) for value in self.values)


@frozen(kw_only=True)
class Flags:
    """A type that is a set of letters."""

    name: str
    doc: str = ""
    values: tuple[EnumValue, ...]

    @property
    def letters(self) -> str:
        """All of its letters, in order."""
        return "".join(value.key for value in self.values)


@frozen(kw_only=True)
class Union:
    """One of several records, told apart by a tag that they themselves do not declare, or by a field that each has."""

    name: str
    doc: str = ""
    tag: str | None
    """The field on the wire that tells; None: the field that is there, of those that each record has alone."""
    members: tuple[tuple[str | int, str], ...]
    """Pairs of the tag's value and the record's name; all values are texts, or all are numbers.

    Without a tag, pairs of the field on the wire and the name of the record that has it.
    """
    open: bool = False
    """Whether an object with another value of the tag, or with none of those fields, is kept instead of refused."""

    @property
    def has_numbers(self) -> bool:
        """Whether the values of its tag are numbers."""
        return any(isinstance(value, int) for value, _ in self.members)


@frozen(kw_only=True)
class Alias:
    """Another name for a type, with constraints; distinct ones are types of their own to a checker."""

    name: str
    doc: str = ""
    type: TypeRef
    constraints: tuple[Constraint, ...] = ()
    distinct: bool = False


@frozen(kw_only=True)
class Secret:
    """A text that does not show itself."""

    name: str
    doc: str = ""


Declaration = Record | Enum | Flags | Union | Alias | Secret
"""What `types:` may declare."""
