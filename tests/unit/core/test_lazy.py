"""Modules that load on use offer what checkers see, and nothing else."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from emitter_typed import contract
from emitter_typed._core.lazy import lazy_attributes

SOURCE = Path(str(contract.__file__)).read_text("utf-8")
HOMES = [
    (str(statement.module), alias.name)
    for block in ast.parse(SOURCE).body
    if isinstance(block, ast.If)
    for statement in block.body
    if isinstance(statement, ast.ImportFrom)
    for alias in statement.names
]


@pytest.mark.parametrize(("home", "name"), HOMES, ids=[name for _, name in HOMES])
def test_the_contract_offers_what_checkers_see(home: str, name: str) -> None:
    assert name in contract.__all__
    assert getattr(contract, name) is getattr(importlib.import_module(home), name)


def test_every_name_of_the_contract_is_there() -> None:
    assert [name for name in contract.__all__ if not hasattr(contract, name)] == []
    assert set(contract.__all__) <= set(dir(contract))
    assert not hasattr(contract, "no_such_name")


def test_types_are_made_without_conversions_or_asyncio() -> None:
    program = (
        "from emitter_typed.contract import CONTRACT, Record, Tag, each, minimum, wire, warn_when_made\n"
        "import sys; print(sorted({'asyncio', 'cattrs', 'paho', 'typing_extensions'} & set(sys.modules)))"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert run.stdout == "[]\n"


class _AskedMeanwhile(Mapping[str, tuple[str, ...]]):
    """Homes of which somebody else asks for the last name while the first one is looked at."""

    def __init__(self) -> None:
        self.homes = {"json": ("loads",), "string": ("digits",)}
        self.found: list[object] = []

    def __getitem__(self, home: str) -> tuple[str, ...]:
        if home == "string" and not self.found:
            self.found.append(None)
            self.found.append(self.load("digits"))
        return self.homes[home]

    def __iter__(self) -> Iterator[str]:
        return iter(self.homes)

    def __len__(self) -> int:
        return len(self.homes)

    def load(self, name: str) -> object:
        return LOAD(name)


ASKED_MEANWHILE = _AskedMeanwhile()
LOAD, _ = lazy_attributes(__name__, ASKED_MEANWHILE)


def test_who_asks_while_another_thread_is_the_first_to_ask_finds_every_name() -> None:
    assert LOAD("loads") is importlib.import_module("json").loads
    assert ASKED_MEANWHILE.found == [None, "0123456789"]
