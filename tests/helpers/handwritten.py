"""Types as programs write them by hand, one for each thing that the codec must take or refuse."""

from __future__ import annotations

import collections
import enum
from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    Self,
    TypedDict,
    TypeVar,
)

import attrs

from emitter_typed.contract import max_length
from tests.helpers.records import Reading

if TYPE_CHECKING:
    from fractions import Fraction as ForCheckersOnly

T = TypeVar("T")


class Name(str):
    """A text of a program's own."""

    __slots__ = ()


class Celsius(float):
    """A number of a program's own."""


class Count(int):
    """An integer of a program's own."""


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Strict(enum.Flag):
    ONE = 1
    TWO = 2


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Ratio(enum.Enum):
    HALF = 0.5
    WHOLE = 1.0


class Mixed(enum.Enum):
    ONE = 1
    TEXT = "text"
    DAY = date(2026, 1, 31)


class Odd(enum.Enum):
    PAIR = (1, 2)


class Big(enum.Enum):
    ONE = 2**80


class NotANumber(enum.Enum):
    ONE = float("nan")


class Empty(enum.Enum):
    pass


class _Frozen(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class FrozenClock(datetime, metaclass=_Frozen):
    """What a library that freezes time puts in the place of `datetime`."""


class Moment(datetime):
    """A time of a program's own."""


class Day(date):
    """A day of a program's own."""


class Point(NamedTuple):
    x: int
    y: int = 0


# Untyped on purpose.
Pair: Any = collections.namedtuple("Pair", ["left", "right"])  # pyright: ignore[reportUntypedNamedTuple]


class Partial(TypedDict, total=False):
    a: Required[int]
    b: str


class Whole(Partial):
    c: NotRequired[list[int]]
    d: float


@dataclass
class Position:
    lat: float
    lon: float = 0.0


@dataclass(kw_only=True, slots=True, frozen=True)
class Device:
    kinds: ClassVar[int] = 3
    name: str
    position: Position | None = None
    tags: list[str] = field(default_factory=list[str])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    colour: Colour = Colour.RED
    seen: bool = field(init=False, default=False)


@attrs.define
class Node:
    value: int
    children: list[Node] = attrs.field(factory=list["Node"])
    parent: Node | None = None


@attrs.frozen
class Checked:
    low: int = attrs.field(validator=attrs.validators.ge(0))
    text: str = attrs.field(default="x", validator=attrs.validators.min_len(1))


@dataclass
class Positive:
    amount: int

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("the amount must be positive")


@dataclass
class Page(Generic[T]):
    items: list[T]
    next: Page[T] | None = None


@dataclass
class Readings(Page[Reading]):
    total: int = 0


@dataclass
class Linked:
    value: int
    next: Self | None = None
    others: Sequence[Self] = ()


@dataclass
class Bag:
    listed: list  # type: ignore[type-arg]  # pyright: ignore[reportMissingTypeArgument]  # bare on purpose
    named: dict  # type: ignore[type-arg]  # pyright: ignore[reportMissingTypeArgument]  # as above
    unique: set  # type: ignore[type-arg]  # pyright: ignore[reportMissingTypeArgument]  # as above
    pair: tuple[int, str] = (0, "")


@dataclass
class WithInitVar:
    seed: InitVar[int]
    value: int = 0


@dataclass
class ForCheckers:
    place: ForCheckersOnly


class NamedForCheckers(NamedTuple):
    place: list[ForCheckersOnly]


class KeyedForCheckers(TypedDict):
    place: ForCheckersOnly


@dataclass
class Holder:
    inner: list[ForCheckers]


@dataclass
class WithComplex:
    good: int
    number: complex


def local() -> type:
    """Return a class whose annotation names one that is local to a function."""

    @dataclass
    class Inner:
        value: int

    @dataclass
    class Outer:
        inner: Inner

    return Outer


Local = local()
UserId = NewType("UserId", str)
Number = NewType("Number", int)
Short = Annotated[str, max_length(3)]
