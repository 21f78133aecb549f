"""Mistakes with payloads without a client."""

from emitter_typed import decode, decode_json, encode, encode_json
from tests.codegen.golden.payloads.expected import State, Water


def reading(raw: bytes) -> None:
    decode_json({"litres": 1}, Water)
    decode_json(raw)
    decode(raw, 3)
    State.from_json({"litres": 1})
    number: int = Water.from_json(raw)
    print(number)


def writing(water: Water) -> None:
    text: str = encode_json(water)
    encode(water)["litres"].upper()
    water.to_json("utf-8")
    print(text)
