"""Time limits in seconds, as callers give them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Final

from emitter_typed._masking import kind_of, shown
from emitter_typed.errors import InvalidArgument

# What threads can wait for: 292 years, and 49 days on Windows.
_LONGEST_S: Final = int(threading.TIMEOUT_MAX)


def check_time_limit(timeout_s: object, *, zero: bool = False, name: str = "timeout_s") -> float:
    """Return a time limit in seconds. Raises InvalidArgument for what cannot be waited for; zero may be a look."""
    if not isinstance(timeout_s, int | float) or isinstance(timeout_s, bool):
        # Not shown: a text in the place of a number may be a key.
        advice = ": pass its total_seconds()" if isinstance(timeout_s, timedelta) else ""
        raise InvalidArgument(
            f"{name}: expected a number of seconds, got {kind_of(timeout_s)}{advice}", argument=name, value=None
        )
    if not (0 < timeout_s <= _LONGEST_S or (zero and timeout_s == 0)):
        raise InvalidArgument(
            f"{name}: must be {'at least' if zero else 'more than'} 0 and at most {_LONGEST_S} seconds, "
            f"not {shown(timeout_s)}",
            argument=name,
            value=timeout_s,
        )
    return timeout_s
