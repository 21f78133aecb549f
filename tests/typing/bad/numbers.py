"""Enums of numbers in the place of numbers, and the other way round."""

from emitter_typed import Unrecognized
from tests.codegen.golden.numbers.expected import Battery, Charging, Speed


def forgets_a_value(state: Charging) -> str:  # mistake: it returns nothing then
    match state:  # mistake: it may be full, or faulty
        case Charging.UNKNOWN | Charging.CHARGING:
            return "?"


def wrong(state: Charging, speed: Speed | Unrecognized[int]) -> None:
    Battery(state=1, by_room={})  # mistake: a number for a Charging
    Battery(speed=Unrecognized("fast"), by_room={})  # mistake: what is kept was a number
    text: str = state.value  # mistake: it is a number
    whole: int = state  # mistake: a member is no number
    print(state == 1, text, whole)  # mistake: they are never equal
    speed.name  # mistake: it may be no Speed
