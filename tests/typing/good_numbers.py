"""What a checker knows of enums of numbers. Never run."""

from collections.abc import Mapping
from typing import assert_never, assert_type

from emitter_typed import Client, Key, Unrecognized, decode_json
from tests.codegen.golden.numbers.expected import Battery, Charging, Numbers, Speed


def told(state: Charging) -> str:
    match state:
        case Charging.UNKNOWN | Charging.FAULT:
            return "?"
        case Charging.CHARGING:
            return "charging"
        case Charging.FULL:
            return "full"
        case _:
            assert_never(state)


def number(state: Charging) -> int:
    return state.value


def speed(of: Speed | Unrecognized[int]) -> int:
    return 0 if isinstance(of, Unrecognized) and assert_type(of.raw, int) < 0 else of.value


def numbers(client: Client, key: Key) -> None:
    house = Numbers(client, key)
    house.charging.publish(Charging(1))
    house.speed.publish(Unrecognized(12))
    house.battery(state=Charging.FULL, speed=Unrecognized(3)).publish(Battery(by_room={"a": Speed.LOW}))
    for message in house.battery.where(state=Charging.FULL).subscribe():
        assert_type(message.payload.last, Charging | None)
        assert_type(message.payload.by_room, Mapping[str, Speed | Unrecognized[int]])
        assert_type(message.params.speed, Speed | Unrecognized[int])
    assert_type(decode_json("1", Charging), Charging)
