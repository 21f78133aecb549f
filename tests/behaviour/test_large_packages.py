"""A package of many types and channels loads the parts that are used, and is otherwise as any other."""

import importlib
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest

from emitter_typed import AsyncClient, Client
from emitter_typed._protocol.payloads import codec
from emitter_typed._types.frozen import FrozenMap
from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.cli import main

COUNT = 600


def large() -> str:
    """Return a schema whose types need each other: far ones in annotations and unions, and enums for defaults."""
    lines = ["name: Plant", "types:"]
    for number in range(COUNT):
        far, near = (number + COUNT // 2) % COUNT, number - number % 10
        if number % 10 == 0:
            lines.append(f"  T{number}: {{enum: [a, b]}}")
        elif number % 10 == 9:
            lines.append(f"  T{number}: {{union: [T{number - 1}, T{number - 2}], tag: kind}}")
        else:
            fields = (
                f"own: {{type: T{near}, default: b}}, far: T{far}?, many: '[T{far}]', by_name: '{{string: T{far}}}'"
            )
            lines.append(f"  T{number}: {{fields: {{{fields}}}}}")
    lines.append("channels:")
    for number in range(COUNT):
        params = f", params: {{of: T{number - number % 10}}}" if number % 2 else ""
        address = f"plant/{number}/{{of}}/" if number % 2 else f"plant/{number}/"
        old = ", deprecated: use another" if number == 8 else ""
        lines.append(f"  c{number}: {{address: '{address}', payload: T{number}{params}{old}}}")
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package `plant`, which is generated once."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "plant.yaml").write_text("emitter-typed: 1\n" + large(), "utf-8")
    assert main(["generate", str(folder / "plant.yaml"), "--out", str(folder / "plant")]) == 0
    return folder


@pytest.fixture
def plant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package, of which no part is loaded."""
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    yield importlib.import_module("plant")
    for name in [one for one in sys.modules if one.partition(".")[0] == "plant"]:
        del sys.modules[name]


@pytest.fixture
def offline() -> Client:
    return Client()


def parts(package: ModuleType) -> list[str]:
    return [name for name in sys.modules if name.startswith(f"{package.__name__}._")]


def test_what_is_used_is_loaded(plant: ModuleType, offline: Client) -> None:
    facade = plant.Plant(offline, "key")
    assert parts(plant) == []

    assert plant.T2(many=(), by_name=FrozenMap()).own is plant.T0.B
    facade.c1(of=plant.T0.A)

    assert 1 <= len(parts(plant)) <= 4

    # What a record holds is resolved where a map must be frozen: one more of its parts is loaded, and what that needs.
    assert plant.T1(many=(), by_name={}).own is plant.T0.B
    assert 1 <= len(parts(plant)) <= 8


def test_every_name_is_where_it_is_expected(plant: ModuleType) -> None:
    names = {f"T{number}" for number in range(COUNT)} | {f"C{number}ChannelMessage" for number in range(COUNT)}

    assert names | {"Plant", "AsyncPlant"} <= set(plant.__all__) == set(dir(plant))
    assert all(getattr(plant, name) is getattr(plant.types, name) for name in plant.types.__all__)
    assert all(getattr(plant, name) is getattr(plant.channels, name) for name in plant.channels.__all__)
    assert not hasattr(plant, "T601")


def test_annotations_lead_to_other_parts(plant: ModuleType) -> None:
    hints = typing.get_type_hints(plant.T1)

    assert typing.get_args(hints["far"]) == (plant.T301, type(None))
    assert typing.get_args(attrs.fields(attrs.resolve_types(plant.T2)).many.type)[0] is plant.T302


def test_values_are_written_and_read_across_parts(plant: ModuleType) -> None:
    far = plant.T301(many=(), by_name={})
    near = plant.T1(far=far, many=(far,), by_name={"x": far}, own=plant.T0.A)
    union = plant.T8(far=None, many=(), by_name={})

    assert codec.decode(codec.encode(near, plant.T1), plant.T1, channel="x") == near
    assert codec.decode(codec.encode(union, plant.T9), plant.T9, channel="x") == union


@pytest.mark.parametrize("flavour", ["", "Async"])
def test_a_facade_makes_each_channel_once(plant: ModuleType, flavour: str) -> None:
    client = AsyncClient() if flavour else Client()
    facade: Any = getattr(plant, f"{flavour}Plant")(client, "the key")
    held: dict[str, object] = facade.__dict__

    assert facade.c0 is facade.c0
    assert type(facade.c0) is getattr(plant, f"{flavour}C0Channel")
    assert type(facade.c1(of=plant.T0.A)) is getattr(plant, f"{flavour}C1Channel")
    assert {"c0", f"c{COUNT - 1}"} <= set(dir(facade))
    assert repr(facade) == f"<{flavour}Plant c0, c1, c2, c3, c4 and {COUNT - 6} more>"
    with pytest.warns(DeprecationWarning, match="use another"):
        assert type(facade.c8) is getattr(plant, f"{flavour}C8Channel")
    with pytest.raises(AttributeError, match="has no attribute 'c600'"):
        facade.c600  # noqa: B018
    assert not hasattr(object.__new__(facade.__class__), "c0")
    assert "the key" not in repr(held)


def test_a_facade_refuses_what_it_cannot_use_at_once(plant: ModuleType, offline: Client) -> None:
    with pytest.raises(InvalidArgument, match="client: expected a client such as Client"):
        plant.Plant("no client", "key")
    with pytest.raises(InvalidArgument, match="expected a key"):
        plant.Plant(offline, 7)
    with pytest.raises(InvalidArgument, match="such as AsyncClient, got a Client: use the class whose"):
        plant.AsyncPlant(offline, "key")
