"""What a schema means, apart from its text and from any programming language.

`resolve` makes a `Schema` only when there is no problem, so whoever reads one may rely on every rule of the language:
names are unique and resolved, limits make sense, defaults fit their types. Order is the author's.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from attrs import field, frozen

ScalarName = Literal[
    "string", "int", "float", "bool", "bytes", "datetime", "date", "duration", "uuid", "decimal", "json",
    "channel", "filter", "text",
]  # fmt: skip
"""The scalars of the language. `channel` and `filter` are names of channels, without and with wildcards; `text` is a
payload that is a text as it is, not JSON."""

Literal_ = None | bool | int | float | str | tuple["Literal_", ...] | tuple[tuple[str, "Literal_"], ...]
"""A value as a schema writes it: a default, a limit, a wire value. Mappings are tuples of pairs."""


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


TypeRef = Scalar | Named | Optional | List | Map
"""A type, where it is used."""


@frozen
class Limit:
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
    type: TypeRef
    doc: str = ""
    unit: str = ""
    format: str | None = None
    """`unix` for a datetime as whole Unix seconds, `seconds` for a duration as whole seconds; None: the type's own."""
    blank: tuple[bool | int | str | None, ...] = ()
    """Wire values that read as if the field were absent."""
    has_default: bool = False
    default: Literal_ = None
    limits: tuple[Limit, ...] = ()
    deprecated: str | None = None


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

    wire: str
    name: str
    """The name in the language; the wire value unless the schema says otherwise."""
    doc: str = ""


@frozen(kw_only=True)
class Enum:
    """A type with a few texts as values."""

    name: str
    doc: str = ""
    values: tuple[EnumValue, ...]
    open: bool = False
    """Whether a value that the schema does not know is kept instead of refused."""


@frozen(kw_only=True)
class Flags:
    """A type that is a set of letters."""

    name: str
    doc: str = ""
    values: tuple[EnumValue, ...]


@frozen(kw_only=True)
class Union:
    """One of several records, told apart by a field on the wire that they themselves do not declare."""

    name: str
    doc: str = ""
    tag: str
    members: tuple[tuple[str, str], ...]
    """Pairs of the tag's value and the record's name."""


@frozen(kw_only=True)
class Alias:
    """Another name for a type, with constraints; distinct ones are types of their own to a checker."""

    name: str
    doc: str = ""
    type: TypeRef
    limits: tuple[Limit, ...] = ()
    distinct: bool = False


@frozen(kw_only=True)
class Secret:
    """A text that does not show itself."""

    name: str
    doc: str = ""


Declaration = Record | Enum | Flags | Union | Alias | Secret
"""What `types:` may declare."""


@frozen(kw_only=True)
class Request:
    """A request to the broker and its reply."""

    name: str
    topic: str
    doc: str = ""
    request: Record
    """Its fields, in the order of the method's parameters. Its name is the one of the generated class."""
    response: Record
    event: str | None = None
    """The event that a reply also counts as, and whose handler the request can name."""
    errors: tuple[str, ...] = ()
    internal: bool = False
    """Whether it has no method of its own: an operation makes it."""
    options_in: str | None = None
    """The field that is a channel, and behind which the request's options are written."""


@frozen(kw_only=True)
class Event:
    """What the broker sends without having been asked."""

    name: str
    topic: str
    doc: str = ""
    payload: str
    """The name of a record or union."""
    channel: str | None = None
    """The field of the payload that names the channel it is about."""


@frozen(kw_only=True)
class Pages:
    """How a fetch asks for stored messages: a request for one page after the other, and where in it everything is."""

    request: str
    """The name of the request."""
    topic: str
    """The request's field for the whole topic, options included."""
    after: str
    """The request's field for the id after which a page begins."""
    items: str
    """The response's field that lists the messages."""
    size: str
    """The option that says how many messages a page holds."""
    id: str
    """A message's field for its id."""
    channel: str
    """A message's field for its channel."""
    payload: str
    """A message's field for its payload."""


@frozen(kw_only=True)
class Operation:
    """A publish, subscribe, unsubscribe or fetch, in the form that its topic gives it."""

    name: str
    verb: Literal["publish", "subscribe", "unsubscribe", "fetch"]
    topic: str
    doc: str = ""
    params: tuple[Field, ...] = ()
    wait: bool = True
    """Whether a publish returns when it is done, or at once."""
    typed: bool = False
    """Whether a user's channels have it too; its parameters are then a secret and a channel or filter."""
    defaults: tuple[tuple[str, Literal_], ...] = ()
    """Values of options that a call does not give, by option name."""
    errors: tuple[str, ...] = ()
    pages: Pages | None = None
    """How it fetches; None for every other verb."""


@frozen(kw_only=True)
class Setting:
    """Something that a schema can say a value for, and what that value must keep."""

    name: str
    type: TypeRef
    values: tuple[int | str, ...] = ()
    """The only values that it may have; none: any of its type."""
    limits: tuple[Limit, ...] = ()


@frozen(kw_only=True)
class Option(Setting):
    """An option of operations and requests."""

    wire: str
    doc: str = ""
    unit: str = ""
    format: str | None = None
    carrier: Literal["topic", "header"] = "topic"
    encode: tuple[tuple[bool | int | str, str | None], ...] = ()
    """What stands on the wire for a value; None: nothing."""
    applies: tuple[str, ...]
    """The operations and requests that take it."""
    classic: tuple[tuple[str, bool, Literal_], ...] = ()
    """Names of functions that make it; whether the function fixes the value, and that value."""


@frozen(kw_only=True)
class Error:
    """The class of a status."""

    name: str
    status: int
    doc: str = ""
    hint: str = ""
    messages: tuple[str, ...] = ()
    """What the broker says with this status."""


@frozen(kw_only=True)
class Envelope:
    """The fields around every reply and error, and the topics that are the broker's own."""

    reserved: str
    errors: str
    correlation: str
    status: str
    message: str
    max_packet_bytes: int
    """The largest remaining length of a packet, both ways."""


@frozen(kw_only=True)
class Channel:
    """A channel of a user's system."""

    name: str
    address: str
    """Segments, each ending with `/`; a parameter is a whole segment, `{name}`."""
    doc: str = ""
    params: tuple[Field, ...] = ()
    payload: TypeRef
    options: tuple[tuple[str, Literal_], ...] = ()
    direction: Literal["publish", "subscribe", "both"] = "both"
    deprecated: str | None = None
    overlaps: bool = False


@frozen(kw_only=True)
class Import:
    """Another file whose types a schema uses."""

    name: str
    """What stands before the dot in the names of its types."""
    path: Path
    """The file, absolute."""
    schema: Schema


def reached(imports: Iterable[Import]) -> dict[str, Import]:
    """Return the imported files, and those that they import, each once, by the shortest way: `common.units`."""
    ways: dict[Path, str] = {}
    found: dict[str, Import] = {}
    waiting = [(one.name, one) for one in imports]
    # It grows while it is read, so that what is near comes first.
    for way, one in waiting:
        if one.path not in ways:
            ways[one.path] = way
            found[way] = one
            waiting += [(f"{way}.{inner.name}", inner) for inner in one.schema.imports]
    return found


@frozen(kw_only=True)
class Schema:
    """A whole schema."""

    name: str
    version: str = ""
    doc: str = ""
    source: str
    """The file's name without folders, for the banner."""
    digest: str
    """SHA-256 of the bytes of the file, in hexadecimal."""
    imports: tuple[Import, ...] = ()
    imported: tuple[Declaration, ...] = ()
    """The types of all files that it reaches, with the way to the file in their names."""
    types: tuple[Declaration, ...] = ()
    envelope: Envelope | None = None
    requests: tuple[Request, ...] = ()
    events: tuple[Event, ...] = ()
    operations: tuple[Operation, ...] = ()
    options: tuple[Option, ...] = ()
    errors: tuple[Error, ...] = ()
    channels: tuple[Channel, ...] = ()
    by_name: dict[str, Declaration] = field(init=False, eq=False, repr=False)
    """The types by name, imported ones included."""

    def __attrs_post_init__(self) -> None:
        """Index the types."""
        object.__setattr__(self, "by_name", {declared.name: declared for declared in (*self.types, *self.imported)})

    @property
    def protocol(self) -> Protocol | None:
        """What users' schemas must know of the protocol that this schema describes; None if it describes none."""
        if self.envelope is None:
            return None
        publishes = {one.name for one in self.operations if one.typed and one.verb == "publish"}
        return Protocol(
            reserved=self.envelope.reserved,
            settings=tuple(
                Setting(name=one.name, type=one.type, values=one.values, limits=one.limits)
                for one in self.options
                if publishes & set(one.applies)
            ),
            others=tuple(one.name for one in self.options if not publishes & set(one.applies)),
        )


@frozen(kw_only=True)
class Protocol:
    """What the compiler must know of a protocol to read a user's channels."""

    reserved: str
    """What the topics of the broker's own begin with: no channel of a user's lies there."""
    settings: tuple[Setting, ...] = ()
    """The options that a typed publish takes: a channel may say values for them."""
    others: tuple[str, ...] = ()
    """The names of the other options."""
