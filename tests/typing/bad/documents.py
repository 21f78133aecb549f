"""Mistakes with payloads without a client."""

from emitter_typed import decode, decode_json, encode, encode_json
from tests.codegen.golden.payloads.expected import State, Water


def reading(raw: bytes) -> None:
    decode_json({"litres": 1}, Water)  # mistake: a document is for decode
    decode_json(raw)  # mistake: as what?
    decode(raw, 3)  # mistake: a type is wanted
    State.from_json({"litres": 1})  # mistake: a document is for decode
    number: int = Water.from_json(raw)  # mistake: it is a Water
    print(number)


def writing(water: Water) -> None:
    text: str = encode_json(water)  # mistake: it is bytes
    encode(water)["litres"].upper()  # mistake: it may be a number
    water.to_json("utf-8")  # mistake: JSON is in UTF-8
    print(text)
