"""`python use_packages.py PACKAGE…` imports packages, and uses all that they have; what goes wrong is printed as JSON.

A program of its own, so that a package that cannot be imported harms nobody, and any Python can run it.
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
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs

from emitter_typed import contract
from emitter_typed._protocol.payloads import codec
from emitter_typed._types.values import WIRE
from emitter_typed.errors import EmitterError

VALUES = {
    str: "x", int: 1, float: 0.5, bool: True, bytes: b"\0", datetime: datetime(2020, 1, 1, tzinfo=UTC),
    date: date(2020, 1, 1), timedelta: timedelta(seconds=1.5), uuid.UUID: uuid.UUID(int=1), Decimal: Decimal("1.5"),
    object: {"a": [1, None, "x"]}, type(None): None,
}  # fmt: skip


class SyncClient(contract.SyncClientBase):
    _calls = None


class AsyncClient(contract.AsyncClientBase):
    _calls = None


def value_of(kind, depth=0):
    """Return a value of a type."""
    if isinstance(kind, typing.NewType):
        return value_of(kind.__supertype__, depth)
    if kind in VALUES:
        return VALUES[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        members = dict(arguments[1].members)
        return value_of(next(iter(members.values())), depth + 1)
    if origin in (typing.Union, types.UnionType):
        optional = type(None) in arguments
        if any(typing.get_origin(one) is contract.Unrecognized for one in arguments) and depth % 2:
            return contract.Unrecognized("another")
        return None if optional and depth > 2 else value_of(arguments[0], depth)
    if origin is tuple:
        return () if depth > 2 else (value_of(arguments[0], depth + 1),)
    if origin is collections.abc.Mapping:
        return {} if depth > 2 else {"key": value_of(arguments[1], depth + 1)}
    if isinstance(kind, type) and issubclass(kind, contract.Secret):
        return kind("secret")
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = [one for one in attrs.fields(kind) if not one.metadata.get(WIRE, contract.Wire()).rest]
    made = {one.alias: value_of(hints[one.name], depth + 1) for one in fields}
    return kind(**made)


def use_type(kind):
    """Write a value and read it again; make one from as little as is needed."""
    if isinstance(kind, type) and attrs.has(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        inspect.signature(kind)
        needed = [one for one in attrs.fields(kind) if one.default is attrs.NOTHING]
        least = kind(**{one.alias: value_of(hints[one.name], 1) for one in needed})
        again = codec.decode(codec.encode(least, kind), kind, channel="x")
        assert again == least, f"{again!r} is not {least!r}"
    full = value_of(kind)
    again = codec.decode(codec.encode(full, kind), kind, channel="x")
    assert again == full, f"{again!r} is not {full!r}"


def use_facade(facade):
    """Take every channel from a facade, and narrow it."""
    held = facade((AsyncClient if facade.__name__.startswith("Async") else SyncClient)(), "key")
    properties = [name for name, one in vars(facade).items() if isinstance(one, property)]
    for attribute in {*typing.get_type_hints(facade), *properties, *vars(held)} - {""}:
        channel = getattr(held, attribute)
        repr(channel)
        use_methods(channel)


def use_methods(channel):
    cls = type(channel)
    for name in ("__call__", "where"):
        method = vars(cls).get(name)
        if method is not None:
            hints = typing.get_type_hints(method)
            given = {key: value_of(hint) for key, hint in hints.items() if key != "return"}
            if name == "__call__":
                params = cls._definition.params
                assert isinstance(method(channel, **given), hints["return"])
                assert params(**given) == params(**given)
            assert isinstance(method(channel, **given), hints["return"])


def use(package):
    """Import a package, and use all that it has."""
    module = importlib.import_module(package)
    defined = {name: getattr(module, name) for name in module.__all__}
    # What the package has of other files is a module.
    declared = vars(sys.modules.get(f"{package}.types", module))
    facades = vars(sys.modules.get(f"{package}.facade", types.SimpleNamespace()))
    for name, held in defined.items():
        if name in declared and not isinstance(held, types.ModuleType) and name not in facades:
            use_type(held)
    for name, held in defined.items():
        if getattr(held, "__module__", "") == f"{package}.facade":
            use_facade(held)


def main(packages):
    """Print what went wrong."""
    warnings.simplefilter("ignore")
    wrong = {}
    for package in packages:
        try:
            use(package)
        except (Exception, SyntaxError) as error:
            cause = error.__cause__ if isinstance(error, EmitterError) and error.__cause__ else error
            wrong[package] = f"{type(error).__name__}: {error} ({cause!r})"
    print(json.dumps(wrong, indent=1))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1:])
