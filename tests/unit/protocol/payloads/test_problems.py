"""Finding what is wrong: each part of a document is looked at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import pytest

from emitter_typed._protocol.payloads import codec
from emitter_typed.contract import Constraint
from emitter_typed.errors import InvalidArgument, Undecodable

looked_at: list[object] = []


def _note(value: object) -> bool:
    looked_at.append(value)
    return True


Noted = Annotated[int, Constraint("must be noted", _note)]


@dataclass
class Chain:
    value: Noted
    next: list[Chain] = field(default_factory=list["Chain"])


@dataclass
class Counted:
    made: ClassVar[int] = 0
    value: int

    def __post_init__(self) -> None:
        Counted.made += 1


@pytest.fixture(autouse=True)
def _nothing_noted() -> None:
    looked_at.clear()
    Counted.made = 0


def test_a_long_document_is_read_once_up_to_its_problem() -> None:
    document = [{"value": number} for number in range(1000)] + [{"value": "x"}]

    with pytest.raises(Undecodable) as caught:
        codec.structure(document, list[Counted])

    assert caught.value.path == "$[1000].value"
    assert Counted.made == 1000


def test_a_deep_document_is_read_once_down_to_its_problem(json_library: str) -> None:
    raw = b'{"value":1,"next":[' * 100 + b'{"value":"x"}' + b"]}" * 100

    with pytest.raises(Undecodable) as caught:
        codec.decode(raw, Chain)

    assert caught.value.path == "$" + ".next[0]" * 100 + ".value"
    # In the shape of its type first, which may stop anywhere.
    assert len(looked_at) == (100 if json_library == "json" else 200)


def test_what_is_written_is_looked_at_once_too(json_library: str) -> None:
    chain = Chain("x")  # type: ignore[arg-type]  # on purpose
    for _ in range(100):
        chain = Chain(1, [chain])

    with pytest.raises(InvalidArgument) as caught:
        codec.encode(chain)

    assert caught.value.argument == "$" + ".next[0]" * 100 + ".value"
    assert len(looked_at) <= (101 if json_library == "json" else 202)


@pytest.mark.parametrize("levels", [200, 400])
def test_plain_json_is_read_and_written_as_deep_as_a_parser_goes(levels: int) -> None:
    raw = b"[" * levels + b"]" * levels

    assert codec.encode(codec.decode(raw, object)) == raw


class Unshowable:
    def __repr__(self) -> str:
        raise LookupError


def test_what_cannot_be_shown_is_refused_all_the_same() -> None:
    with pytest.raises(InvalidArgument, match="must be one of 'a', got an Unshowable that cannot be shown"):
        codec.encode(Unshowable(), Literal["a"])
