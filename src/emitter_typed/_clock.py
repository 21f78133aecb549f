"""The clock of time limits, which goes on where a program's tests stop or move the time.

What replaces clocks in tests looks for the functions of `time` in every module, or changes the ones that tell the date.
This one is the performance counter, which nobody sets, from a copy of the module of our own.
"""

from __future__ import annotations

import time
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _own_counter() -> Callable[[], float]:
    spec = BuiltinImporter.find_spec(time.__name__)
    if spec is None or spec.loader is None:
        return time.perf_counter
    own = module_from_spec(spec)
    spec.loader.exec_module(own)
    counter: Callable[[], float] = own.perf_counter
    return counter


monotonic: Callable[[], float] = _own_counter()
"""Return seconds since some moment; never back, and never stopped."""
