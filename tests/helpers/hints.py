"""`typing.get_type_hints` of all that a module offers."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from types import FunctionType, ModuleType


def hinted(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the module, its public classes and functions, and their public and special methods, with their names."""
    yield module.__name__, module
    for name in getattr(module, "__all__", None) or [each for each in dir(module) if not each.startswith("_")]:
        value = getattr(module, name)
        if isinstance(value, FunctionType):
            yield f"{module.__name__}.{name}", value
        elif isinstance(value, type):
            yield f"{module.__name__}.{name}", value
            for attribute in dir(value):
                if attribute.startswith("_") and not attribute.endswith("__"):
                    continue
                held = inspect.getattr_static(value, attribute)
                for each in (
                    (held.fget, held.fset) if isinstance(held, property) else (getattr(held, "__func__", held),)
                ):
                    if isinstance(each, FunctionType):
                        yield f"{module.__name__}.{name}.{attribute}", each


def unresolved(module: ModuleType) -> list[str]:
    """Return what has annotations that Python cannot read, with the reason."""
    found: list[str] = []
    for name, value in hinted(module):
        try:
            typing.get_type_hints(value, include_extras=True)
        except Exception as error:
            found.append(f"{name}: {error!r}")
    return found
