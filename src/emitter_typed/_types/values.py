"""What generated types build on: secrets, flags, options, values of an open enum that nobody knows."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Generic, Self, TypeVar

from attrs import field, fields, frozen

from emitter_typed._masking import kind_for_text, kind_of, no_dict
from emitter_typed._types import conversions
from emitter_typed._types.frozen import FrozenMap, freeze_fields, hash_without_json
from emitter_typed.errors import InvalidArgument

if TYPE_CHECKING:
    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
    """Any JSON document, as `json.loads` gives it."""
else:
    # A recursive alias cannot be resolved in the module of another class; the codec asks for no more than this.
    Json = object

RawT = TypeVar("RawT", str, int)
if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    TagT = TypeVarWithDefault("TagT", str, int, None, default=str)
else:
    TagT = TypeVar("TagT", str, int, None)

# What the repr of a secret looks like.
_is_masked = re.compile(r"[^\W\d]\w*\(….{0,4}\)").fullmatch


def is_text(value: object) -> bool:
    """Tell whether a value is a text that is not empty: callers without a checker give anything."""
    return isinstance(value, str) and value != ""


def is_masked(text: str) -> bool:
    """Tell whether a text is the masked form of a secret, such as `Key(…1f4w)`."""
    return _is_masked(text) is not None


def masked_form(kind: str, *, argument: str | None = None) -> InvalidArgument:
    """Return the error for a masked form that was given for a secret of a kind, and for an argument of that name."""
    argument = argument or kind
    return InvalidArgument(
        f"{argument}: this is the masked form of a {kind}, as str() shows it; pass the {kind} itself, or its .reveal()",
        argument=argument,
        value=None,
    )


class Secret:
    """A text that `str()`, `repr()`, f-strings and logs mask, such as `Key(…1f4w)`.

    It is not a `str`, and `json.dumps` refuses it. Only `.reveal()` returns the text.

    >>> key = Secret("EckDAy4LHt_T0eTPSBK_0dmOAGhakMgI")
    >>> f"{key}"
    'Secret(…kMgI)'
    >>> key == Secret(key)
    True
    """

    __slots__ = ("_text",)
    # Its subclasses and those of other bases are named by a schema, and pytest takes a class named `Test…` for tests.
    __test__ = False

    _text: str

    def __init__(self, text: str | Secret, *, argument: str | None = None) -> None:
        """Hold a text.

        Args:
            text: The text, or another secret with that text.
            argument: What an error calls it. Default: the name of the class, such as `key`.

        Raises:
            InvalidArgument: It is not a text, is empty, or is the masked form of a secret.
        """
        if isinstance(text, str) and text and text[-1] != ")":
            # Almost always; a masked form ends otherwise.
            self._text = text
            return
        revealed = text.reveal() if isinstance(text, Secret) else text
        kind = type(self).__name__.lower()
        argument = argument or kind
        if not is_text(revealed):
            problem = "must not be empty" if revealed == "" else f"expected a text, got {kind_for_text(text, kind)}"
            # Bytes may be a key, which frames would show.
            del text, revealed
            raise InvalidArgument(f"{argument}: {problem}", argument=argument, value=None)
        if is_masked(revealed):
            raise masked_form(kind, argument=argument)
        self._text = revealed

    def reveal(self) -> str:
        """Return the text itself. Never log it.

        Returns:
            The text, unmasked.
        """
        return self._text

    def __repr__(self) -> str:
        # Four characters of a short text would give too much of it away.
        return f"{type(self).__name__}(…{self._text[-4:] if len(self._text) >= 16 else ''})"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return format(repr(self), format_spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and type(other) is type(self) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class PydanticField:
    """Base of classes that can be fields of pydantic models: given as an object, or as JSON has it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> object:
        """Answer pydantic: how it validates and writes an object of this class."""
        return conversions.pydantic_core_schema(source)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: object, handler: object) -> object:
        """Answer pydantic: the JSON Schema of this class."""
        return conversions.pydantic_json_schema(cls, schema, handler)


class NumberEnum(PydanticField, enum.Enum):
    """Base of generated enums whose values are integers on the wire.

    A member is no `int`: `.value` is its number, and `Charging(1)` is the member with that number.
    """

    __test__ = False


class Flags(PydanticField, enum.Flag):
    """A set of one-letter flags, written as a text of those letters.

    A generated class has one member a letter; `Permission("rw")`, `Permission.READ | Permission.WRITE` and any set
    operation of `enum.Flag` make combinations.
    """

    __test__ = False

    _letter: str

    def __new__(cls, letter: str | Flags) -> Flags:  # an enum's member, not a call
        member = object.__new__(cls)
        member._value_ = 1 << len(cls.__members__)
        member._letter = str(letter)
        return member

    @classmethod
    def _missing_(cls, value: object) -> Flags:
        if not isinstance(value, str | int):
            raise InvalidArgument(
                f"{cls.__name__}: expected letters of {''.join(member._letter for member in cls)} or a "
                f"{cls.__name__}, got {kind_of(value)}",
                argument=cls.__name__,
                value=None,
            )
        if not isinstance(value, str):
            found: Flags = super()._missing_(value)
            return found
        by_letter = {member._letter: member for member in cls}
        combined: Flags = super()._missing_(0)
        for letter in value:
            if letter not in by_letter:
                raise InvalidArgument(
                    f"{cls.__name__}: {letter!r} is not one of its letters {''.join(by_letter)}",
                    argument=cls.__name__,
                    # No more than the letter: the whole text may be a key in the wrong place.
                    value=letter,
                )
            combined |= by_letter[letter]
        return combined

    @property
    def letters(self) -> str:
        """The letters of all flags that are set, in the order of their declaration."""
        members: Iterator[Flags] = iter(type(self))
        return "".join(member._letter for member in members if member in self)


@frozen
class Unrecognized(PydanticField, Generic[RawT]):
    """A value of an open enum that the schema does not know, kept unchanged."""

    raw: RawT
    """The value as it was received."""

    @property
    def value(self) -> RawT:
        """The value on the wire.

        Members of an enum have the same attribute, so `mode.value` works for both.
        """
        return self.raw


def _freeze(fields: Mapping[str, Json]) -> Mapping[str, Json]:
    return FrozenMap(fields)


@frozen(kw_only=True)
class UnrecognizedMember(Generic[TagT]):
    """A member of an open union that the schema does not know, kept unchanged.

    Where the values of the tag are numbers, it is an `UnrecognizedMember[int]`. Where the union has no tag, it is an
    `UnrecognizedMember[None]`.
    """

    tag: TagT
    """The value of the tag on the wire, which says what it is; None in a union without a tag."""
    unknown_fields: Mapping[str, Json] = field(factory=dict[str, "Json"], converter=_freeze)
    """Its other fields as JSON, by their names on the wire."""


@frozen
class Option:
    """One option of a call, made by a `with_…` or `without_…` of the client."""

    name: str
    """The option's parameter name."""
    value: object
    """Its value, as the parameter would take it."""


@frozen
class Wire:
    """How a field is written, where that differs from what its name and type say."""

    name: str | None = None
    """Its name on the wire; None: the attribute's."""
    format: str | None = None
    """Another form than the type's own; None: that.

    A datetime: `"unix"`, whole Unix seconds; `"unix_ms"`, whole milliseconds; `"unix_float"`, seconds with a fraction.
    A duration: `"seconds"` and `"milliseconds"`, whole ones.
    """
    blank: tuple[bool | int | str | None, ...] = ()
    """Wire values that read as if the field were absent, such as 0 for a time that is not known."""
    also_read: tuple[str, ...] = ()
    """Other names on the wire, read where the first is absent or blank, the earlier ones first; never written."""
    rest: bool = False
    """Whether it is no field, but holds what came beside the fields, as JSON by its name on the wire."""


WIRE = "emitter_typed.wire"
"""The key under which attrs metadata holds a `Wire`."""


def wire(
    name: str | None = None,
    *,
    format: str | None = None,
    blank: tuple[bool | int | str | None, ...] = (),
    also_read: tuple[str, ...] = (),
    rest: bool = False,
) -> dict[str, Wire]:
    """Make the metadata of a field that is written in another way: `field(metadata=wire("sensorId"))`.

    Args:
        name: Its name on the wire. Default: the attribute's.
        format: The form of a time or a duration, as in `Wire`. Default: the type's own.
        blank: Wire values that read as if the field were absent.
        also_read: Other names on the wire, read where the first is absent or blank; never written.
        rest: True for the field that holds what came beside the others.

    Returns:
        The metadata of attrs.
    """
    return {WIRE: Wire(name, format, blank, also_read, rest)}


class _ToldApart:
    """Base of what annotates a union to tell its members apart."""

    __slots__ = ()

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> object:
        """Answer pydantic: how it validates and writes a member of the union that this annotates."""
        return conversions.pydantic_core_schema(Annotated[source, self])

    def __get_pydantic_json_schema__(self, schema: object, handler: object) -> object:
        """Answer pydantic: the JSON Schema of the union that this annotates."""
        return conversions.pydantic_json_schema(Annotated[object, self], schema, handler)


@frozen
class Tag(_ToldApart):
    """Tells the members of a union apart: the field on the wire, and the value that each member has there."""

    name: str
    """The field that tells, such as `event`."""
    members: tuple[tuple[str, type], ...] | tuple[tuple[int, type], ...]
    """Pairs of the field's value and the class it stands for; all values are texts, or all are integers."""
    open: bool = False
    """Whether an object with another value is kept, as an `UnrecognizedMember`."""

    @property
    def has_numbers(self) -> bool:
        """Whether the field holds numbers."""
        return any(isinstance(value, int) for value, _ in self.members)


@frozen
class Present(_ToldApart):
    """Tells the members of a union apart: each one has a field on the wire that no other has."""

    members: tuple[tuple[str, type], ...]
    """Pairs of that field's name on the wire and the class it stands for."""
    open: bool = False
    """Whether an object without any of these fields is kept, as an `UnrecognizedMember`."""


class Record(PydanticField):
    """Base of generated records: attrs classes, frozen and keyword-only."""

    __slots__ = ()
    __test__ = False

    @classmethod
    def from_json(cls, raw: bytes | bytearray | memoryview | str) -> Self:
        """Make a record from JSON: `emitter_typed.decode_json` with this class.

        Args:
            raw: A JSON document, as a text or in UTF-8.

        Returns:
            The record.

        Raises:
            Undecodable: The document is not JSON, or does not fit this class. `path` says where.
            InvalidArgument: `raw` is not bytes or a text.
        """
        return conversions.decode_json(raw, cls)

    def to_json(self) -> bytes:
        """Convert the record to JSON, as `emitter_typed.encode_json` does.

        The tag of a union is not written; `encode_json(command, Command)` writes it.

        Returns:
            The document in UTF-8, without spaces.

        Raises:
            InvalidArgument: A field does not fit its type. `argument` says where, such as `$.celsius`.
        """
        return conversions.encode_json(self)

    if not TYPE_CHECKING:
        # Hidden from checkers: what attrs and Python call, and what tells programs that come from dicts, which would
        # write event["event"].

        def __init_subclass__(cls, **named: object) -> None:
            super().__init_subclass__(**named)
            # attrs makes a class once more, with slots and with its hash.
            made = vars(cls).get("__hash__")
            if made is not None:
                cls.__hash__ = hash_without_json(made)

        def __attrs_post_init__(self) -> None:
            freeze_fields(self)

        def __getitem__(self, name: object) -> object:
            names = {field.alias: field.alias for field in fields(type(self))}
            written = {field.metadata[WIRE].name: field.alias for field in fields(type(self)) if WIRE in field.metadata}
            raise no_dict(self, name, names | {name: alias for name, alias in written.items() if name is not None})
