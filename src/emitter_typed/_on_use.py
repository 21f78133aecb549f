"""Modules that are loaded when they are first used, so that an import costs what the program needs of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING


class OnUse:
    """Stands for a module until something of it is used. Checkers see the import of the module in its place."""

    def __init__(self, module: str) -> None:
        """Name the module, in full."""
        self._module = module

    def __getattr__(self, name: str) -> object:
        # From the second time on, it is an attribute of its own.
        found = self.__dict__[name] = getattr(import_module(self._module), name)
        return found


if TYPE_CHECKING:
    import asyncio as asyncio
else:
    # A program with threads has no use for it.
    asyncio = OnUse("asyncio")
