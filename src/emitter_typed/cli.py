"""The command line `emitter-typed`, as a function."""

from __future__ import annotations

from emitter_typed._cli.main import main

__all__ = ["main"]
