"""A hand-written class is made as its own constructor would make it, whether or not that is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from emitter_typed._protocol.payloads import codec
from emitter_typed.errors import Undecodable
from tests.codegen.golden.deprecated.expected import types as attic
from tests.helpers.records import Reading


@attrs.define
class Plain:
    number: int
    words: list[str] = attrs.field(factory=list[str])
    names: dict[str, int] = attrs.field(factory=dict[str, int])
    kept: tuple[int, ...] = (1, 2)


@attrs.frozen(cache_hash=True)
class Hashed:
    number: int


def positive(number: int) -> int:
    return abs(number)


@attrs.define
class Converted:
    number: int = attrs.field(converter=positive)


@attrs.define
class Validated:
    number: int = attrs.field(validator=attrs.validators.gt(0))


@attrs.define
class Completed:
    number: int
    text: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.text = str(self.number)


@attrs.define
class OwnInit:
    number: int

    def __init__(self, number: int) -> None:
        self.number = number * 2


@attrs.define
class OwnNew:
    number: int
    made = 0

    def __new__(cls, *_: object, **__: object) -> OwnNew:
        cls.made += 1
        return super().__new__(cls)


@attrs.define
class Wrapped:
    number: int


@attrs.define
class Refusal(Exception):
    number: int


@attrs.define
class Derived(Plain):
    more: int = 3


class Behaving(Plain):
    """Adds what it can do, and has no constructor of its own."""

    @property
    def negative(self) -> bool:
        return self.number < 0


class BehavingHashed(Hashed):
    __slots__ = ()


class BehavingReading(Reading):
    """The same for a class that was generated."""


class BehavingSample(attic.Sample):
    """And for one that warns when a program makes an object of it."""


@dataclasses.dataclass
class Data:
    number: int
    words: list[str] = dataclasses.field(default_factory=list[str])


class BehavingData(Data):
    pass


def wrapped(init: Callable[..., None]) -> Callable[..., None]:
    def around(self: object, number: int) -> None:
        init(self, number + 1)

    return around


setattr(Wrapped, "__init__", wrapped(Wrapped.__init__))  # noqa: B010  # as decorators of a class do


@pytest.mark.parametrize(
    ("cls", "made"),
    [
        (Plain, Plain(-7)),
        (Hashed, Hashed(-7)),
        (Converted, Converted(-7)),
        (Completed, Completed(-7)),
        (OwnInit, OwnInit(-7)),
        (OwnNew, OwnNew(-7)),
        (Wrapped, Wrapped(-7)),
        (Derived, Derived(-7)),
        (Behaving, Behaving(-7)),
        (BehavingHashed, BehavingHashed(-7)),
        (Data, Data(-7)),
        (BehavingData, BehavingData(-7)),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_what_is_read_equals_what_the_constructor_makes(cls: Any, made: object) -> None:
    found = codec.decode(b'{"number":-7}', cls)
    assert found == made
    assert type(found) is cls


def test_a_class_derived_from_a_generated_one_reads_and_writes_itself() -> None:
    """Generated code says: to add behaviour, subclass."""
    reading = BehavingReading.from_json('{"celsius":1.5,"sensorId":"s7"}')

    assert reading == BehavingReading(celsius=1.5, sensor_id="s7")
    assert type(reading) is BehavingReading
    assert reading.to_json() == Reading(celsius=1.5, sensor_id="s7").to_json()


def test_a_class_derived_from_a_deprecated_one_is_read_without_a_warning() -> None:
    assert BehavingSample.from_json('{"celsius":1.5}').celsius == 1.5


def test_a_cached_hash_is_there() -> None:
    assert hash(codec.decode(b'{"number":1}', Hashed)) == hash(Hashed(1))


def test_an_exception_is_made_as_one() -> None:
    assert codec.decode(b'{"number":1}', Refusal).args == Refusal(1).args


def test_a_constructor_of_ones_own_is_called() -> None:
    before = OwnNew.made
    codec.decode(b'{"number":1}', OwnNew)
    assert OwnNew.made == before + 1


def test_defaults_that_can_change_are_made_anew_and_stay_what_they_are() -> None:
    one, two = (codec.decode(b'{"number":1}', Plain) for _ in range(2))
    one.words.append("x")
    one.names["x"] = 1
    assert two == Plain(1)
    assert one.kept is Plain(1).kept


@pytest.mark.parametrize("cls", [Plain, Data])
def test_what_is_missing_is_named(cls: Any) -> None:
    with pytest.raises(Undecodable, match="is missing") as caught:
        codec.decode(b"{}", cls)
    assert caught.value.path == "$.number"


def test_what_a_validator_refuses_is_named() -> None:
    with pytest.raises(Undecodable) as caught:
        codec.decode(b'{"number":0}', Validated)
    assert caught.value.path == "$.number"
