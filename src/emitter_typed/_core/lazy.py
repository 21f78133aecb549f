"""Modules that load what they offer when it is first used, so that an import costs what the program needs of it."""

from __future__ import annotations

import gc
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from types import ModuleType

# By the name of the offering module, which `importlib.reload` may run many times: the names that it has kept, and the
# state of its files when it was run.
_kept: dict[str, set[str]] = defaultdict(set)
_states: dict[str, set[tuple[str, int, int, int]]] = {}


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

    `importlib.reload` of the module lets it load its parts anew, and reloads what it imports from other modules of this
    kind whose files have changed: after `emitter-typed generate`, a program that runs gets the new classes.

    Args:
        module: The name of the module that offers it.
        homes: What to look for in each of the modules that hold it: absolute, or with a dot before them if they lie
            in the offering package. The first that has a name is meant. Very many names are one text, with white
            space between them.

    Returns:
        `__getattr__`, which raises AttributeError for other names, and `__dir__`.
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
        setattr(offering, name, value)
        _kept[module].add(name)
        return value

    offering = sys.modules[module]
    if "__getattr__" in vars(offering):
        _forget(offering, homes)
    _states[module] = _state(offering)
    return load, lambda: sorted(names())


def _forget(offering: ModuleType, homes: Iterable[str]) -> None:
    """Take from a module that is run again what it has loaded, so that it is loaded again when it is used."""
    from importlib import reload
    from importlib.util import resolve_name

    held = vars(offering)
    for name in _kept.pop(offering.__name__, ()):
        held.pop(name, None)
    for home in homes:
        if home.startswith("."):
            part = resolve_name(home, offering.__name__)
            sys.modules.pop(part, None)
            # The import of a part leaves it in its package. What is meant by that name may be another module.
            name = part.rpartition(".")[2]
            if isinstance(named := held.get(name), ModuleType) and named.__name__ == part:
                del held[name]
    for other in list(held.values()):
        if isinstance(other, ModuleType) and other.__name__ in _states and _states[other.__name__] != _state(other):
            reload(other)


def _state(module: ModuleType) -> set[tuple[str, int, int, int]]:
    """Return what changes when a file of a package is written anew; nothing if it is no package in a folder."""
    files: set[tuple[str, int, int, int]] = set()
    for folder in getattr(module, "__path__", ()):
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    file = entry.stat()
                    files.add((entry.name, file.st_mtime_ns, file.st_size, file.st_ino))
    return files
