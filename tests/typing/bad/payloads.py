"""Payloads of which a case was forgotten, or that are of another type."""

from emitter_typed import Client, Key, Unrecognized
from tests.codegen.golden.deprecated import expected as attic
from tests.codegen.golden.imports.expected import Greenhouse, Unit, units
from tests.codegen.golden.payloads.expected import Garden, Mode, Plan, Side, State, Step, Water


def forgets_the_unknown_mode(mode: Mode | Unrecognized[str]) -> str:  # mistake: it returns nothing then
    match mode:  # mistake: a mode that this schema does not know
        case Mode.AUTO:
            return "auto"
        case Mode.MANUAL:
            return "manual"


def forgets_a_known_mode(mode: Mode | Unrecognized[str]) -> str:  # mistake: it returns nothing then
    match mode:  # mistake: what about a person?
        case Mode.AUTO:
            return "auto"
        case Unrecognized(raw=raw):
            return raw


def forgets_a_member(step: Step) -> float:  # mistake: it returns nothing then
    match step:  # mistake: a step may be a plan
        case Water(litres=litres):
            return litres


def wrong(client: Client, key: Key, state: State) -> None:
    garden = Garden(client, key)
    garden.step.publish(state)  # mistake: no step
    garden.step.publish(Plan(steps=[Water(litres=1)]))  # mistake: a list for a tuple
    garden.state(side="left", bed=1).publish(state)  # mistake: a text for a Side
    garden.state(side=Side.LEFT).publish(state)  # mistake: which bed?
    State(mode="auto", side=Side.LEFT)  # mistake: a text for a Mode
    State(mode=Unrecognized(3), side=Side.LEFT)  # mistake: what is kept was a text
    garden.modes.publish((Mode.AUTO,))  # mistake: it is there to subscribe to
    state.mode.name  # mistake: it may be no Mode
    number: int = state.mode.value  # mistake: a text stood on the wire
    print(number)


def of_another_file(house: Greenhouse) -> None:
    house.reading.where(unit=Unit.LEFT).subscribe()  # mistake: the house's own Unit for the other file's
    units.Unitt  # mistake: misspelled


def deprecated(client: Client, key: Key, reading: attic.Reading) -> None:
    house = attic.Attic(client, key)
    house.sample  # mistake: the channel is deprecated
    house.reading.subscribe()
    reading.source  # mistake: the field is deprecated
    attic.Sample(celsius=1)  # mistake for pyright: the type is deprecated
    house.reading(room="a").publish(attic.Reading(celsius=reading.celsius, taken_at=reading.taken_at))  # mistake: field
