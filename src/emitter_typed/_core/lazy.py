"""Modules that load what they offer when it is first used, so that an import costs what the program needs of it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType


def _loaded(home: str, module: str) -> ModuleType:
    collecting = gc.isenabled()
    # All that a module makes when it is loaded stays: to look for what could go takes a fifth of the time.
    gc.disable()
    try:
        return import_module(home, module)
    finally:
        if collecting:
            gc.enable()


def lazy_attributes(
    module: str, homes: Mapping[str, Collection[str] | str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` (PEP 562) of a module that offers what others hold.

    Args:
        module: The name of the module that offers it.
        homes: What to look for in each of the modules that hold it: absolute, or with a dot before them if they lie
            in the offering package. The first that has a name is meant. Very many names are one text, with white
            space between them.
    """

    # Made when something is used, and seen only when it is complete: several threads may be the first to ask.
    @cache
    def names() -> Mapping[str, tuple[str, ...]]:
        by_name: dict[str, tuple[str, ...]] = {}
        for home, held in homes.items():
            for name in held.split() if isinstance(held, str) else held:
                by_name[name] = (*by_name.get(name, ()), home)
        return by_name

    def find(name: str) -> object:
        if f".{name}" in homes:
            return import_module(f".{name}", module)
        for home in names().get(name, ()):
            held: dict[str, object] = vars(_loaded(home, module))
            if name in held:
                return held[name]
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    def load(name: str) -> object:
        value = find(name)
        setattr(sys.modules[module], name, value)
        return value

    return load, lambda: sorted(names())
