"""Whole schemas, with their channels and imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import field

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.model.settings import Option, Protocol, Publishing, Setting
from emitter_typed_codegen.model.types import Declaration, Field, Literal_, TypeRef

if TYPE_CHECKING:
    from emitter_typed_codegen.model.protocol import Envelope, Error, Event, Operation, Request


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
        publishing = [one for one in self.operations if one.typed and one.verb == "publish"]
        publishes = {one.name for one in publishing}
        return Protocol(
            reserved=self.envelope.reserved,
            first_segments=tuple(_first_segments(self.operations)),
            settings=tuple(
                Setting(
                    name=one.name,
                    type=one.type,
                    doc=one.doc,
                    unit=one.unit,
                    values=one.values,
                    constraints=one.constraints,
                )
                for one in self.options
                if publishes & set(one.applies)
            ),
            others=tuple(one.name for one in self.options if not publishes & set(one.applies)),
            publishes=tuple(
                Publishing(
                    name=call.name,
                    options=tuple(one.name for one in self.options if call.name in one.applies),
                    wait=call.wait,
                )
                for call in publishing
            ),
        )


def _first_segments(operations: tuple[Operation, ...]) -> Iterator[tuple[str, str]]:
    """Yield what stands between the key and the first parameter of a channel, and the operation that it belongs to."""
    for one in operations:
        key, *others = one.topic.split("/")
        if key.startswith("{") and others and others[0] and not others[0].startswith("{"):
            yield others[0], one.name
