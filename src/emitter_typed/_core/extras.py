"""What an extra of the package installs, and what to say where it is not installed."""

from __future__ import annotations

import importlib.util

_MODULES = {
    "codegen": ("jinja2", "yaml"),
    "broker": ("zmqtt", "websockets"),
    "all": ("jinja2", "yaml", "zmqtt", "websockets"),
}
"""The modules that each extra installs."""


def lacking(extra: str, what: str) -> str | None:
    """Say what to install for something that needs an extra, or return None if nothing is missing.

    Args:
        extra: The extra's name: `codegen`, `broker` or `all`.
        what: What needs it.
    """
    if all(importlib.util.find_spec(module) is not None for module in _MODULES[extra]):
        return None
    return f'{what} needs the extra {extra}: pip install "emitter-typed[{extra}]"'
