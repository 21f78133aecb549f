"""`python use_packages.py PACKAGE…` imports packages and uses all that they have; what goes wrong is printed as JSON.

A program of its own, so that any Python can run it.
"""

import collections.abc
import enum
import importlib
import inspect
import json
import sys
import types
import typing
import uuid
import warnings
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from emitter_typed import contract
from emitter_typed._protocol.payloads import codec
from emitter_typed._types.values import WIRE

VALUES: dict[object, object] = {
    str: "1", int: 1, float: 0.5, bool: True, bytes: b"\0", datetime: datetime(2020, 1, 1, tzinfo=UTC),
    date: date(2020, 1, 1), timedelta: timedelta(seconds=1.5), uuid.UUID: uuid.UUID(int=1), Decimal: Decimal("1.5"),
    object: {"a": [1, None, "x"]}, type(None): None,
}  # fmt: skip
"""A value of each class that is no generated one; what is JSON is an object at run time."""

_DEEP = 2
"""Where optional fields and lists become empty, so that a record that holds itself ends."""


def value_of(kind: Any, depth: int = 0) -> Any:
    """Return a value of a type."""
    if isinstance(kind, typing.NewType):
        return value_of(kind.__supertype__, depth)
    if kind in VALUES:
        return VALUES[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return value_of(arguments[1].members[0][1], depth + 1)
    if origin in (typing.Union, types.UnionType):
        unknown = next((one for one in arguments if typing.get_origin(one) is contract.Unrecognized), None)
        if unknown is not None and depth % 2:
            raw: Any = 123 if typing.get_args(unknown) == (int,) else "another"
            return contract.Unrecognized(raw)
        if type(None) in arguments and depth > _DEEP:
            return None
        known = [one for one in arguments if typing.get_origin(one) is not contract.Unrecognized]
        # A record among several types may hold the union itself.
        ending = [one for one in known if depth <= _DEEP or not _is_record(one)]
        return value_of((ending or known)[0], depth)
    if origin is tuple:
        return () if depth > _DEEP and arguments[0] not in VALUES else (value_of(arguments[0], depth + 1),)
    if origin is collections.abc.Mapping:
        return {} if depth > _DEEP else {"key": value_of(arguments[1], depth + 1)}
    if issubclass(kind, contract.Secret):
        return kind("secret")
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    fields = [one for one in attrs.fields(kind) if not one.metadata.get(WIRE, contract.Wire()).rest]
    return made_of(kind, fields, depth)


def _is_record(kind: Any) -> bool:
    while isinstance(kind, typing.NewType):
        kind = kind.__supertype__
    return typing.get_origin(kind) is typing.Annotated or (isinstance(kind, type) and issubclass(kind, contract.Record))


def made_of(kind: Any, fields: Sequence[Any], depth: int) -> Any:
    """Return a record with values for some of its fields."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return kind(**{one.alias: value_of(hints[one.name], depth + 1) for one in fields})


def use_type(kind: Any) -> None:
    """Write values and read them again: a full one and, of a record, one with as little as is needed."""
    values = [value_of(kind)]
    if isinstance(kind, type) and attrs.has(kind):
        inspect.signature(kind)
        values.append(made_of(kind, [one for one in attrs.fields(kind) if one.default is attrs.NOTHING], 0))
    for value in values:
        again = codec.decode(codec.encode(value, kind), kind, channel="x")
        assert again == value, f"{again!r} is not {value!r}"


class SyncClient(contract.SyncClientBase):
    """A client that nothing is asked of."""

    _calls: Any = None


class AsyncClient(contract.AsyncClientBase):
    """A client that nothing is asked of."""

    _calls: Any = None


def use_facade(facade: Any) -> None:
    """Take every channel from a facade, and narrow it."""
    held = facade((AsyncClient if facade.__name__.startswith("Async") else SyncClient)(), "key")
    members: dict[str, object] = facade.__dict__
    properties = [name for name, one in members.items() if isinstance(one, property)]
    attributes: dict[str, object] = held.__dict__
    for attribute in {*typing.get_type_hints(facade), *properties, *attributes}:
        channel: Any = getattr(held, attribute)
        repr(channel)
        for name in ("__call__", "where"):
            if name in channel.__class__.__dict__:
                narrow(channel, name)


def narrow(channel: Any, name: str) -> None:
    """Give the parameters of a channel, as its annotations ask for them."""
    method = channel.__class__.__dict__[name]
    hints = typing.get_type_hints(method)
    given = {key: value_of(hint) for key, hint in hints.items() if key != "return"}
    assert isinstance(method(channel, **given), hints["return"])
    params = channel.__class__._definition.params
    assert params(**given) == params(**given)


def use(package: str) -> None:
    """Import a package, and use all that it has."""
    module = importlib.import_module(package)
    held = {name: getattr(module, name) for name in module.__all__}
    declared = vars(sys.modules[f"{package}.types"]) if f"{package}.types" in sys.modules else {}
    facades = [one for one in held.values() if getattr(one, "__module__", "") == f"{package}.facade"]
    for name, one in held.items():
        # The package of another file is a module.
        if name in declared and not isinstance(one, types.ModuleType) and one not in facades:
            use_type(one)
    for facade in facades:
        use_facade(facade)


def main(packages: Sequence[str]) -> None:
    """Print what went wrong, by package."""
    # Much is called deprecated on purpose.
    warnings.simplefilter("ignore")
    wrong: dict[str, str] = {}
    for package in packages:
        try:
            use(package)
        except Exception as error:
            wrong[package] = f"{type(error).__name__}: {error} ({error.__cause__!r})"
    sys.stdout.write(json.dumps(wrong))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1:])
