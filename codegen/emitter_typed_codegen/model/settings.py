"""What users' schemas must know of a protocol: its options, and the calls that publish."""

from __future__ import annotations

from typing import Literal

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model.types import Constraint, Literal_, TypeRef


@frozen(kw_only=True)
class Setting:
    """Something that a schema can say a value for, and what that value must keep."""

    name: str
    type: TypeRef
    doc: str = ""
    unit: str = ""
    values: tuple[int | str, ...] = ()
    """The only values that it may have; none: any of its type."""
    constraints: tuple[Constraint, ...] = ()


@frozen(kw_only=True)
class Option(Setting):
    """An option of operations and requests."""

    wire: str
    format: str | None = None
    carrier: Literal["topic", "header"] = "topic"
    encode: tuple[tuple[bool | int | str, str | None], ...] = ()
    """What stands on the wire for a value; None: nothing."""
    not_after: str | None = None
    """The option whose value this one's may not exceed, where a call gives both."""
    applies: tuple[str, ...]
    """The operations and requests that take it."""
    classic: tuple[tuple[str, bool, Literal_], ...] = ()
    """Names of functions that make it; whether the function fixes the value, and that value."""


@frozen(kw_only=True)
class Publishing:
    """A call that publishes to typed channels."""

    name: str
    options: tuple[str, ...] = ()
    wait: bool = True
    """Whether the call waits for the acknowledgement."""


@frozen(kw_only=True)
class Protocol:
    """What the compiler must know of a protocol to read a user's channels."""

    reserved: str
    """What the topics of the broker's own begin with: no channel of a user's lies there."""
    first_segments: tuple[tuple[str, str], ...] = ()
    """Segments that operations write before a channel, such as `$share`, each with the name of its operation."""
    settings: tuple[Setting, ...] = ()
    """The options that a typed publish takes: a channel may say values for them."""
    others: tuple[str, ...] = ()
    """The names of the other options."""
    publishes: tuple[Publishing, ...] = ()
    """The calls that publish to typed channels."""
