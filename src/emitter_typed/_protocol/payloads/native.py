"""msgspec, where the extra `fast` is installed: it reads and writes JSON in the place of Python's own library.

The rules stay ours. What msgspec refuses is read once more without it, which accepts it or says what is wrong with it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

OLDEST = (0, 20)
"""The oldest version that reads and writes every number and text as the rules say."""


@cache
def msgspec() -> Any:  # Any: a module that need not be there
    """Return msgspec, loaded at the first use; None if it is not installed, or older than `OLDEST`."""
    try:
        import msgspec
    except ImportError:
        return None
    version = tuple(int(part) for part in msgspec.__version__.split(".")[:2])
    return msgspec if version >= OLDEST else None
