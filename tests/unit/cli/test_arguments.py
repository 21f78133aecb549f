"""Options may stand before, between and behind the other arguments."""

from __future__ import annotations

import argparse
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitter_typed_codegen.arguments import Parser


class Read(argparse.Namespace):
    channel: str
    payload: list[str]
    key: str | None
    json: bool


def read(*arguments: str) -> Read:
    parser = Parser("pub", "Publish.")
    parser.add_argument("channel")
    parser.add_argument("payload", nargs="*")
    parser.add_argument("--key")
    parser.add_argument("--json", action="store_true")
    return parser.parse(arguments, Read())


words = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: not text.startswith("-"))


@given(st.lists(words, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_order_of_options_and_arguments_is_read_alike(others: list[str], order: random.Random) -> None:
    parts = [[each] for each in others]
    for option in (["--key", "@f"], ["--json"]):
        parts.insert(order.randint(0, len(parts)), option)
    found = read(*(each for part in parts for each in part))
    assert ([found.channel, *found.payload], found.key, found.json) == (others, "@f", True)


def test_behind_two_hyphens_nothing_is_an_option() -> None:
    assert read("chat/", "--json", "--", "--key", "-x").payload == ["--key", "-x"]


@pytest.mark.parametrize("payload", ["-", "-5", "-.5", "- a list", ""])
def test_what_only_looks_like_an_option_is_an_argument(payload: str) -> None:
    assert read("chat/", payload, "--json").payload == [payload]


def test_an_option_may_have_its_value_behind_an_equals_sign() -> None:
    found = read("--key=@f", "chat/", "x")
    assert (found.key, found.channel, found.payload) == ("@f", "chat/", ["x"])
