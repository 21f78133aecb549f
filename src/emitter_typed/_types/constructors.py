"""What `typing.get_type_hints` needs of the constructors that attrs writes."""

from __future__ import annotations

import inspect
import sys


def complete_constructors(*classes: type) -> None:
    """Let the annotations of constructors name what their module defines below the class, or the class itself.

    attrs writes a constructor with a copy of the names that the module has at that moment.

    Args:
        classes: attrs classes of a module that has all its names by now.
    """
    for cls in classes:
        constructor = inspect.unwrap(vars(cls)["__init__"])
        known: dict[str, object] = constructor.__globals__
        for name, value in vars(sys.modules[cls.__module__]).items():
            known.setdefault(name, value)
