"""What is compiled for writing JSON: the text of each shape of a class, and the place of what cannot be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pytest
from attrs import field, frozen

from emitter_typed._protocol.payloads import codec
from emitter_typed.contract import Record, wire
from emitter_typed.errors import InvalidArgument

Odd = TypedDict("Odd", {'a "{quoted}" \\ name': int, "ümlaut\n": NotRequired[int]})


class AllMayBeAbsent(TypedDict, total=False):
    first: int
    second: str


class Empty(TypedDict):
    pass


@frozen(kw_only=True)
class Note(Record):
    text: str | None = None
    words: tuple[str, ...] = ()
    names: Mapping[str, float] = field(factory=dict[str, float])
    author: str = field(default="a", metadata=wire("writtenBy"))
    inner: Note | None = None
    rest: Mapping[str, object] = field(factory=dict[str, object], metadata=wire(rest=True))


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        ({'a "{quoted}" \\ name': 1}, Odd, r'{"a \"{quoted}\" \\ name":1}'),
        ({'a "{quoted}" \\ name': 1, "ümlaut\n": 2}, Odd, r'{"a \"{quoted}\" \\ name":1,"ümlaut\n":2}'),
        ({}, AllMayBeAbsent, "{}"),
        ({"second": "x"}, AllMayBeAbsent, '{"second":"x"}'),
        ({"first": 1, "second": "x"}, AllMayBeAbsent, '{"first":1,"second":"x"}'),
        ({}, Empty, "{}"),
        ([], list[int], "[]"),
        ({}, dict[str, int], "{}"),
        ([None, 1], list[int | None], "[null,1]"),
        (Note(), Note, '{"words":[],"names":{},"writtenBy":"a"}'),
        (Note(text="t", rest={"more": [1]}), Note, '{"text":"t","words":[],"names":{},"writtenBy":"a","more":[1]}'),
        (
            Note(names={"ü": 0.5}, inner=Note(words=("w", "ö"))),
            Note,
            '{"words":[],"names":{"ü":0.5},"writtenBy":"a","inner":{"words":["w","ö"],"names":{},"writtenBy":"a"}}',
        ),
    ],
)
def test_the_text_of_each_shape(value: object, type_: Any, text: str) -> None:
    assert codec.encode(value, type_).decode() == text


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Note(text="\ud83d"), "$.text"),
        (Note(author="\ud83d"), "$.author"),
        (Note(words=("fine", "\ud83d")), "$.words[1]"),
        (Note(names={"\ud83d": 1.0}), r"$.names['\ud83d']"),
        (Note(inner=Note(words=("\ud83d",))), "$.inner.words[0]"),
        (Note(rest={"more": ["\ud83d"]}), "$.rest.more[0]"),
    ],
)
@pytest.mark.parametrize("type_", [Note, None], ids=["typed", "untyped"])
def test_a_lone_surrogate_is_refused_with_its_place(value: object, path: str, type_: Any) -> None:
    with pytest.raises(InvalidArgument, match="a lone surrogate") as caught:
        codec.encode(value, type_)
    assert caught.value.argument == path


def test_a_lone_surrogate_in_the_name_of_a_field_is_refused() -> None:
    broken: Any = TypedDict("broken", {"\ud83d": int})
    with pytest.raises(InvalidArgument, match="a lone surrogate"):
        codec.encode({"\ud83d": 1}, broken)


def test_a_record_that_holds_others_without_end_is_refused() -> None:
    deep = Note()
    for _ in range(20_000):
        deep = Note(inner=deep)
    with pytest.raises(InvalidArgument, match="nested too deeply"):
        codec.encode(deep)
