"""A program that runs gets the new classes of a package that is generated anew."""

from __future__ import annotations

import importlib
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from emitter_typed import Client
from emitter_typed.broker import Broker
from emitter_typed_codegen.cli import main

Generate = Callable[..., None]


@pytest.fixture
def generate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Generate]:
    """Writes schemas, and generates the package `house_api` of the first one, and those that it imports."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = {*sys.modules}

    def packages(**schemas: str) -> None:
        for name, schema in schemas.items():
            (tmp_path / f"{name}.yaml").write_text(f"emitter-typed: 1\n{schema}\n", "utf-8")
        (first, *_) = schemas
        assert main(["generate", str(tmp_path / f"{first}.yaml"), "--out", str(tmp_path / f"{first}_api")]) == 0
        importlib.invalidate_caches()

    yield packages
    for module in {*sys.modules} - before:
        if module.partition("_api")[0] in ("house", "units"):
            del sys.modules[module]


def fields(cls: type) -> list[str]:
    return [one.name for one in attrs.fields(cls)]


def test_its_classes_channels_and_facade_are_new(generate: Generate) -> None:
    channels = "channels: {{temperature: {{address: {}/, payload: Reading}}}}"
    generate(house="types: {Reading: {fields: {celsius: float}}, Gone: {enum: [a]}}\n" + channels.format("old"))
    package = importlib.import_module("house_api")
    old = package.Reading, package.House, package.TemperatureChannel
    assert package.Gone
    assert package.channels

    generate(house="types: {Reading: {fields: {degrees: float}}, Came: {enum: [a]}}\n" + channels.format("new"))
    importlib.reload(package)

    assert fields(package.Reading) == ["degrees"]
    assert not {package.Reading, package.House, package.TemperatureChannel} & {*old}
    assert package.types.Reading is package.Reading
    assert package.TemperatureChannel._definition.payload is package.Reading
    assert package.TemperatureChannel._definition.address.template == "new/"
    assert package.Came.A.value == "a"
    assert not hasattr(package, "Gone")
    assert fields(old[0]) == ["celsius"]


def test_new_classes_are_published_and_read(generate: Generate, broker: Broker, client: Client) -> None:
    schema = (
        "types: {{Reading: {{fields: {{{}: float}}}}}}\nchannels: {{temperature: {{address: a/, payload: Reading}}}}"
    )
    key = broker.keygen("a/", "rw")
    for name in ("celsius", "degrees"):
        generate(house=schema.format(name))
        package = importlib.reload(importlib.import_module("house_api"))
        house = package.House(client, key)
        with house.temperature.subscribe() as messages:
            house.temperature.publish(package.Reading(**{name: 21.5}))
            message = messages.get(timeout_s=20)
        assert message is not None
        assert message.payload == package.Reading(**{name: 21.5})


def large(field: str) -> str:
    types = "".join(f"\n  T{n}: {{fields: {{{field}: T{(n + 1) % 250}?}}}}" for n in range(250))
    channels = "".join(f"\n  c{n}: {{address: a{n}/, payload: T{n}}}" for n in range(250))
    return f"types: {types}\nchannels: {channels}"


def test_the_parts_of_a_large_package_are_new(generate: Generate) -> None:
    generate(house=large("before"))
    package = importlib.import_module("house_api")
    old = [getattr(package, f"T{n}") for n in range(250)]
    assert package.types.T0 is package.T0
    assert package.C0Channel

    generate(house=large("behind"))
    importlib.reload(package)

    new = [getattr(package, f"T{n}") for n in range(250)]
    assert {name for cls in new for name in fields(cls)} == {"behind"}
    assert not {*old} & {*new}
    # They know each other, whichever part they lie in.
    hints = [typing.get_type_hints(cls)["behind"] for cls in new]
    assert [typing.get_args(hint)[0] for hint in hints] == [*new[1:], new[0]]
    assert all(getattr(package, f"C{n}Channel")._definition.payload is new[n] for n in range(250))
    assert package.types.T0 is new[0]


HOUSE = "imports: {units: units.yaml}\ntypes: {Reading: {fields: {limits: units.Limits}}}"


def test_the_package_of_an_imported_file_is_new_if_one_of_its_files_is(generate: Generate, tmp_path: Path) -> None:
    generate(house=HOUSE, units="types: {Limits: {fields: {low: float}}}")
    package = importlib.import_module("house_api")
    units = package.units
    same = units.Limits
    assert package.Reading

    generate(house=HOUSE + "\n# unchanged units")
    importlib.reload(package)
    # Others have objects of it.
    assert package.units.Limits is same

    types = tmp_path / "units_api" / "types.py"
    types.write_text(types.read_text("utf-8").replace("low:", "lowest:"), "utf-8")
    importlib.reload(package)
    assert package.units is units
    assert fields(package.units.Limits) == ["lowest"]
    assert typing.get_type_hints(package.Reading)["limits"] is package.units.Limits


def test_one_part_is_reloaded_by_itself_too(generate: Generate) -> None:
    generate(house=large("before"))
    package = importlib.import_module("house_api")
    old = package.types.T0

    generate(house=large("behind"))
    importlib.reload(package.types)

    assert package.types.T0 is not old
    assert fields(package.types.T0) == ["behind"]
