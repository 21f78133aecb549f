"""What a checker knows of types of which a value has one. Never run."""

from collections.abc import Mapping
from typing import assert_never, assert_type

from emitter_typed import Client, Key, Unrecognized, decode_json
from tests.codegen.golden.several.expected import Defaults, Item, Mode, Several, Start, State, Stop, Value


def told(value: Value) -> str:
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case float() | int():
            return f"{value:.1f}"
        case _:
            assert_never(value)


def names(items: Item | tuple[Item, ...]) -> list[str]:
    return [items.name] if isinstance(items, Item) else [item.name for item in items]


def level(of: int | str | None) -> int:
    return of if isinstance(of, int) else 0


def several(client: Client, key: Key) -> None:
    house = Several(client, key)
    house.value(register="a").publish(1.5)
    house.value(register="a").publish("on")
    house.value(register="a").publish(True)
    house.level.publish(None)
    for message in house.value.subscribe():
        told(message.payload)
        assert_type(message.payload, float | str | bool)
    for items in house.items.subscribe():
        names(items.payload)
    for order in house.order.subscribe():
        assert_type(order.payload, Start | Stop | Mode | Unrecognized[str])
    defaults = decode_json("{}", Defaults)
    assert_type(defaults.counts, Mapping[str, int] | float)
    assert_type(defaults.state, State | Unrecognized[int] | bool)
    Defaults(text=1, names=("a",), counts={"a": 1}, state=State.OFF)
    assert_type(decode_json("1", int | str), int | str)
