"""Modules that load what they offer when it is first used, so that an import costs what the program needs of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module


def lazy_attributes(
    module: str, homes: Mapping[str, Collection[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` (PEP 562) of a module that offers what others hold.

    Args:
        module: The name of the module that offers it.
        homes: What to look for in each of the modules that hold it: absolute, or with a dot before them if they lie
            in the offering package. The first that has a name is meant.
    """
    offered = sorted({name for names in homes.values() for name in names})

    def find(name: str) -> object:
        if f".{name}" in homes:
            return import_module(f".{name}", module)
        for home, names in homes.items():
            held: dict[str, object] = vars(import_module(home, module)) if name in names else {}
            if name in held:
                return held[name]
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    def load(name: str) -> object:
        value = find(name)
        setattr(sys.modules[module], name, value)
        return value

    return load, lambda: offered
