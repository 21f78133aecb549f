"""What a checker knows of payloads without a client, read and written by functions and by records. Never run."""

from collections.abc import Mapping
from typing import Annotated, Literal, assert_type

from attrs import frozen

from emitter_typed import Json, Unrecognized, decode, decode_json, encode, encode_json
from tests.codegen.golden.payloads.expected import Mode, Plan, State, Step, Water


@frozen
class Place:
    latitude: float


def reading(raw: bytes, text: str, document: Json) -> None:
    assert_type(decode_json(raw, State), State)
    assert_type(decode_json(text, Place), Place)
    assert_type(decode_json(bytearray(raw), Step), Water | Plan)
    assert_type(decode_json(memoryview(raw), Mode | Unrecognized[str]), Mode | Unrecognized[str])
    assert_type(decode_json(raw, list[State]), list[State])
    assert_type(decode_json(raw, int | None), int | None)
    assert_type(decode_json(raw, Literal["on", "off"]), Literal["on", "off"])
    assert_type(decode_json(raw, Annotated[int, "a count"]), int)
    assert_type(decode(document, Mapping[str, Place]), Mapping[str, Place])
    assert_type(decode({"litres": 1}, Water), Water)
    assert_type(State.from_json(raw), State)
    assert_type(Water.from_json(text).litres, float)


def writing(state: State, step: Step, place: Place) -> None:
    assert_type(encode_json(state), bytes)
    assert_type(encode_json(step, Step), bytes)
    assert_type(encode_json({"at": place}), bytes)
    assert_type(encode(state), dict[str, Json])
    assert_type(encode(step, Step), Json)
    assert_type(encode([place]), Json)
    assert_type(state.to_json(), bytes)
