"""Every form of a type that a payload is read as, and what checkers make of it. Never run."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, NewType, Optional, TypeAlias, TypedDict, TypeVar, Union, assert_type

from attrs import frozen

from emitter_typed import AsyncClient, Client, Json, Key, Message, Subscription, TypeForm, Unrecognized
from tests.codegen.golden.payloads.expected import Mode, Plan, Step, Water


@frozen
class Reading:
    celsius: float


@dataclass
class Sample:
    celsius: float


class Place(NamedTuple):
    latitude: float
    longitude: float


class Report(TypedDict):
    celsius: float


class Level(enum.Enum):
    LOW = 1


Celsius = NewType("Celsius", float)
Answer: TypeAlias = Reading | None
Tree: TypeAlias = "int | list[Tree]"
T = TypeVar("T")


def subscriptions(client: Client, key: Key) -> None:
    assert_type(client.subscribe(key, "a/"), Subscription[Message[bytes]])
    assert_type(client.subscribe(key, "a/", payload=None), Subscription[Message[bytes]])
    assert_type(client.subscribe(key, "a/", payload=int), Subscription[Message[int]])
    assert_type(client.subscribe(key, "a/", payload=datetime), Subscription[Message[datetime]])
    assert_type(client.subscribe(key, "a/", payload=object), Subscription[Message[object]])
    assert_type(client.subscribe(key, "a/", payload=Reading), Subscription[Message[Reading]])
    assert_type(client.subscribe(key, "a/", payload=Sample), Subscription[Message[Sample]])
    assert_type(client.subscribe(key, "a/", payload=Place), Subscription[Message[Place]])
    assert_type(client.subscribe(key, "a/", payload=Report), Subscription[Message[Report]])
    assert_type(client.subscribe(key, "a/", payload=Level), Subscription[Message[Level]])
    assert_type(client.subscribe(key, "a/", payload=Celsius), Subscription[Message[Celsius]])
    assert_type(client.subscribe(key, "a/", payload=list[Reading]), Subscription[Message[list[Reading]]])
    assert_type(client.subscribe(key, "a/", payload=set[int]), Subscription[Message[set[int]]])
    assert_type(client.subscribe(key, "a/", payload=frozenset[int]), Subscription[Message[frozenset[int]]])
    assert_type(client.subscribe(key, "a/", payload=dict[str, int]), Subscription[Message[dict[str, int]]])
    assert_type(client.subscribe(key, "a/", payload=tuple[int, str]), Subscription[Message[tuple[int, str]]])
    assert_type(client.subscribe(key, "a/", payload=tuple[int, ...]), Subscription[Message[tuple[int, ...]]])
    assert_type(client.subscribe(key, "a/", payload=Mapping[str, int]), Subscription[Message[Mapping[str, int]]])
    assert_type(client.subscribe(key, "a/", payload=Sequence[int]), Subscription[Message[Sequence[int]]])
    assert_type(client.subscribe(key, "a/", payload=int | None), Subscription[Message[int | None]])
    assert_type(client.subscribe(key, "a/", payload=Optional[int]), Subscription[Message[int | None]])  # noqa: UP045
    assert_type(client.subscribe(key, "a/", payload=Union[int, str]), Subscription[Message[int | str]])  # noqa: UP007
    assert_type(client.subscribe(key, "a/", payload=Reading | Place), Subscription[Message[Reading | Place]])
    assert_type(client.subscribe(key, "a/", payload=list[Reading] | None), Subscription[Message[list[Reading] | None]])
    assert_type(client.subscribe(key, "a/", payload=Literal["on", "off"]), Subscription[Message[Literal["on", "off"]]])
    assert_type(client.subscribe(key, "a/", payload=Annotated[int, "degrees"]), Subscription[Message[int]])
    assert_type(client.subscribe(key, "a/", payload=Answer), Subscription[Message[Reading | None]])
    assert_type(client.subscribe(key, "a/", payload=Tree), Subscription[Message[Tree]])
    assert_type(client.subscribe(key, "a/", payload=Json), Subscription[Message[Json]])
    assert_type(client.subscribe(key, "a/", payload=Step), Subscription[Message[Water | Plan]])
    assert_type(
        client.subscribe(key, "a/", payload=Mode | Unrecognized[str]), Subscription[Message[Mode | Unrecognized[str]]]
    )


def one_message(message: Message) -> None:
    assert_type(message.as_object(), object)
    assert_type(message.as_object(None), object)
    assert_type(message.as_object(Reading), Reading)
    assert_type(message.as_object(Celsius), Celsius)
    assert_type(message.as_object(Mapping[str, int]), Mapping[str, int])
    assert_type(message.as_object(int | None), int | None)
    assert_type(message.as_object(Literal["on", "off"]), Literal["on", "off"])
    assert_type(message.as_object(Annotated[int, "degrees"]), int)


async def the_other_client(client: AsyncClient, key: Key) -> None:
    readings = await client.subscribe(key, "a/", payload=Reading | None)
    async for message in readings:
        assert_type(message.payload, Reading | None)
    shared = await client.subscribe_with_group(key, "a/", "workers", payload=Mapping[str, int])
    async for counted in shared:
        assert_type(counted.payload, Mapping[str, int])


def a_handler_says_the_type_too(client: Client, key: Key) -> None:
    def on_answer(message: Message[Reading | None]) -> None:
        assert_type(message.payload, Reading | None)

    client.subscribe(key, "a/", on_answer, payload=Reading | None)


def newest(client: Client, key: Key, payload: TypeForm[T]) -> T | None:
    """A function of somebody's own."""
    for message in client.subscribe(key, "a/", payload=payload):
        return message.payload
    return None


def newest_of_a_class(client: Client, key: Key, payload: type[T]) -> T | None:
    for message in client.subscribe(key, "a/", payload=payload):
        return message.payload
    return None


def mine(client: Client, key: Key) -> None:
    assert_type(newest(client, key, Reading | Place), Reading | Place | None)
    assert_type(newest_of_a_class(client, key, Reading), Reading | None)


def some(client: Client, key: Key, payload: type[Reading] | None) -> None:
    for message in client.subscribe(key, "a/", payload=payload):
        # pyrefly reads that None as the type of null.
        assert_type(message.payload, bytes | Reading)  # pyrefly: ignore[assert-type]
