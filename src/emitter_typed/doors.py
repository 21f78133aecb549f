"""Modules that load what they offer when it is first used, so that an import costs what the program needs of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from importlib import import_module


def names_on_use(
    module: str, names: Collection[str], *homes: str
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` (PEP 562) of a module that offers what others hold.

    Args:
        module: The name of the module that offers it.
        names: What it offers.
        homes: The modules that hold it: absolute, or with a dot before them if they lie in the offering package. The
            first that has a name is meant, so those come first that are needed by the others.
    """
    offered = frozenset(names)

    def find(name: str) -> object:
        if f".{name}" in homes:
            return import_module(f".{name}", module)
        for home in homes if name in offered else ():
            held: dict[str, object] = vars(import_module(home, module))
            if name in held:
                return held[name]
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    def load(name: str) -> object:
        value = find(name)
        setattr(sys.modules[module], name, value)
        return value

    return load, lambda: sorted(offered)
