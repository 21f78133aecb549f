"""Paths of files as the system sees them."""

from __future__ import annotations

import os
from pathlib import Path


def real_path(path: Path) -> Path:
    """Return a path without links; where links lead in a circle, as far as they can be followed."""
    # Path.resolve raises a RuntimeError there, before Python 3.13.
    return Path(os.path.realpath(path))


def shown_path(path: Path) -> Path:
    """Return a path as seen from the current folder."""
    try:
        return Path(os.path.relpath(path))
    except ValueError:
        # Another drive of Windows.
        return path
