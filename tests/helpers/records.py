"""Records in the form in which the compiler writes them, one for each rule of the wire."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from attrs import field, frozen

from emitter_typed import contract
from emitter_typed.contract import (
    Flags,
    Json,
    NumberEnum,
    Record,
    Secret,
    Tag,
    Unrecognized,
    UnrecognizedMember,
    each,
    max_items,
    minimum,
    pattern,
    wire,
)


class Token(Secret):
    """A secret of a schema."""

    __slots__ = ()


class Rights(Flags):
    """Flags of a schema."""

    READ = "r"
    WRITE = "w"
    STORE = "s"


class Mode(enum.Enum):
    """A closed enum."""

    AUTO = "auto"
    MANUAL = "manual"


class Source(enum.Enum):
    """An open enum."""

    PROBE = "probe"
    GUESS = "guess"


class Stage(NumberEnum):
    """A closed enum of numbers."""

    OFF = 0
    LOW = 1
    BROKEN = -1


class Strength(NumberEnum):
    """An open enum of numbers."""

    WEAK = 10
    STRONG = 20


@frozen(kw_only=True)
class Lamp(Record):
    stage: Stage = Stage.OFF
    strength: Strength | Unrecognized[int]
    before: tuple[Stage | None, ...] = ()
    by_room: Mapping[str, Strength | Unrecognized[int]] = field(factory=dict[str, "Strength | Unrecognized[int]"])
    asked: Strength | Unrecognized[int] | None = field(default=None, metadata=wire(blank=(-1,)))


@frozen(kw_only=True)
class Scalars(Record):
    text: str
    flag: bool
    count: int
    ratio: float
    blob: bytes
    at: datetime
    day: date
    lasts: timedelta
    id: UUID
    price: Decimal


@frozen(kw_only=True)
class Formats(Record):
    seen_at: datetime = field(metadata=wire("seenAt", format="unix"))
    ttl: timedelta = field(metadata=wire(format="seconds"))
    last_at: datetime | None = field(default=None, metadata=wire("lastAt", format="unix", blank=(0,)))


@frozen(kw_only=True)
class FinerFormats(Record):
    sent_at: datetime = field(metadata=wire("sentAt", format="unix_ms"))
    began_at: datetime | None = field(default=None, metadata=wire("beganAt", format="unix_float"))
    took: timedelta | None = field(default=None, metadata=wire(format="milliseconds"))


@frozen(kw_only=True)
class Blanks(Record):
    name: str | None = field(default=None, metadata=wire(blank=("",)))
    who: tuple[int, ...] = field(default=(), metadata=wire(blank=(None,)))


@frozen(kw_only=True)
class Reading(Record):
    celsius: float = field(validator=minimum(-273.15))
    note: str | None = None
    source: str = "probe"
    sensor_id: str = field(default="s1", validator=pattern("[a-z0-9]+"), metadata=wire("sensorId"))


@frozen(kw_only=True)
class Present(Record):
    rssi: int | None
    note: str | None = field(validator=pattern("[a-z]*"))
    seen_at: datetime | None = field(metadata=wire("seenAt", format="unix", also_read=("seen",)))
    last: Present | None
    modes: tuple[Mode | None, ...] | None


@frozen(kw_only=True)
class SetMode(Record):
    mode: Mode


@frozen(kw_only=True)
class Identify(Record):
    seconds: int | None = None


Told = Annotated[
    SetMode | Identify | UnrecognizedMember, Tag("kind", (("set_mode", SetMode), ("identify", Identify)), open=True)
]


@frozen(kw_only=True)
class Log(Record):
    told: tuple[Told, ...] = ()
    last: Told | None = None
    by_name: Mapping[str, Told] = field(factory=dict[str, "Told"])


Numbered = Annotated[SetMode | Identify, Tag("op", ((0, SetMode), (1, Identify)))]
Signal = Annotated[SetMode | Identify | UnrecognizedMember[int], Tag("op", ((1, SetMode), (-2, Identify)), open=True)]


@frozen(kw_only=True)
class Frames(Record):
    numbered: tuple[Numbered, ...] = ()
    signal: Signal | None = None
    by_name: Mapping[str, Signal] = field(factory=dict[str, "Signal"])


@frozen(kw_only=True)
class Done(Record):
    result: Json
    id: int


@frozen(kw_only=True)
class Failed(Record):
    error: str = field(metadata=wire("Error"))
    id: int | None
    unknown_fields: Mapping[str, Json] = field(factory=dict[str, Json], metadata=wire(rest=True))


Outcome = Annotated[Done | Failed, contract.Present((("result", Done), ("Error", Failed)))]
Later = Annotated[
    Done | Failed | UnrecognizedMember[None], contract.Present((("result", Done), ("Error", Failed)), open=True)
]


@frozen(kw_only=True)
class Outcomes(Record):
    outcomes: tuple[Outcome, ...] = ()
    last: Later | None = None
    by_name: Mapping[str, Later] = field(factory=dict[str, "Later"])


Command = Annotated[SetMode | Identify, Tag("kind", (("set_mode", SetMode), ("identify", Identify)))]


@frozen(kw_only=True)
class House(Record):
    readings: tuple[Reading, ...] = field(default=(), validator=max_items(3))
    limits: Mapping[str, float] = field(factory=dict[str, float], validator=each(minimum(0)))
    tags: tuple[str, ...] = field(default=(), validator=each(pattern("[a-z]+")))
    sources: tuple[Source | Unrecognized[str], ...] = ()
    source: Source | Unrecognized[str] | None = None
    rights: Rights = Rights.READ
    token: Token | None = None
    command: Command | None = None
    commands: tuple[Command, ...] = ()
    kind: Literal["house", "flat"] = "house"
    extra: Json = None
    gaps: tuple[int | None, ...] = ()


@frozen(kw_only=True)
class Tree(Record):
    value: int
    children: tuple[Tree, ...] = ()


@frozen(kw_only=True)
class Leaf(Record):
    value: int


@frozen(kw_only=True)
class Branch(Record):
    nodes: tuple[Node, ...] = ()
    by_name: Mapping[str, Node] = field(factory=dict[str, "Node"])
    first: Node | None = None


Node = Annotated[Leaf | Branch, Tag("is", (("leaf", Leaf), ("branch", Branch)))]


@frozen(kw_only=True)
class Kept(Record):
    value: int
    named: str | None = field(default=None, metadata=wire("Named", blank=("",)))
    unknown_fields: Mapping[str, Json] = field(factory=dict[str, Json], metadata=wire(rest=True))


Keeping = Annotated[Kept | Leaf, Tag("is", (("kept", Kept), ("leaf", Leaf)))]
