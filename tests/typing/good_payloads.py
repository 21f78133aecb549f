"""What a checker knows of payloads: open enums, unions, recursive types, types of another file. Never run."""

from typing import assert_never, assert_type

from emitter_typed import Client, Key, Unrecognized
from tests.codegen.golden.imports.expected import Greenhouse, units
from tests.codegen.golden.payloads.expected import Garden, Mode, Plan, Side, State, Step, Water


def told(mode: Mode | Unrecognized[str]) -> str:
    match mode:
        case Mode.AUTO:
            return "auto"
        case Mode.MANUAL:
            return "manual"
        case Unrecognized(raw=raw):
            return assert_type(raw, str)


def text(state: State) -> str:
    """What stood on the wire, known to the schema or not. mypy shows `Any | str`, and takes it for a text."""
    return state.mode.value.upper()


def litres(step: Step) -> float:
    match step:
        case Water(litres=amount):
            return assert_type(amount, float)
        case Plan(steps=steps, otherwise=otherwise):
            return sum(map(litres, steps if otherwise is None else (*steps, otherwise)))
        case _:
            assert_never(step)


def payloads(client: Client, key: Key) -> None:
    garden = Garden(client, key)
    garden.state(side=Side.LEFT, bed=3).publish(State(mode=Mode.AUTO, side=Side.LEFT))
    garden.state(side=Side.LEFT, bed=3).publish(State(mode=Unrecognized("later"), side=Side.LEFT, last=None))
    garden.step.publish(Plan(steps=(Water(litres=1), Plan(steps=())), otherwise=Water(litres=0.5)))
    for message in garden.state.where(side=Side.RIGHT).subscribe(last=1):
        assert_type(message.payload.mode, Mode | Unrecognized[str])
        assert_type(message.payload.last, Mode | Unrecognized[str] | None)
        assert_type(message.params.side, Side)
        assert_type(message.params.bed, int)
    for step in garden.step.subscribe():
        assert_type(step.payload, Water | Plan)
        litres(step.payload)
    for modes in garden.modes.subscribe():
        assert_type(modes.payload, tuple[Mode | Unrecognized[str], ...])


def of_another_file(house: Greenhouse) -> None:
    for message in house.reading.where(unit=units.Unit.CELSIUS).subscribe():
        assert_type(message.params.unit, units.Unit)
        assert_type(message.payload.shares, tuple[float, ...])
        assert_type(message.payload.limits, units.Limits | None)
    for limits in house.limits.subscribe():
        assert_type(limits.payload, units.Limits)
