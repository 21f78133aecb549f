"""Paths of files as the system sees them.

Texts show a path with slashes on every system (`as_posix`): a schema gets the same output everywhere, and a command
that is shown can be run in any shell.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path


def real_path(path: Path) -> Path:
    """Return a path without links; where links lead in a circle, as far as they can be followed."""
    # Path.resolve raises a RuntimeError there, before Python 3.13.
    return Path(os.path.realpath(path))


def other_spelling(folder: Path, written: str) -> str | None:
    """Return a relative path as its folders spell it, if only upper and lower case differ from what is written.

    macOS and Windows open a file under either spelling, others under one.
    """
    names: list[str] = []
    for name in written.split("/"):
        if name not in ("", ".", ".."):
            try:
                listed = os.listdir(folder)
            except OSError:
                return None
            if name not in listed:
                alike = [one for one in listed if one.casefold() == name.casefold()]
                if len(alike) != 1:
                    return None
                name = alike[0]
        names.append(name)
        folder /= name
    spelled = "/".join(names)
    return None if spelled == written else spelled


def shown_path(path: Path) -> Path:
    """Return a path as seen from the current folder."""
    try:
        return Path(os.path.relpath(path))
    except ValueError:
        # Another drive of Windows.
        return path


def inside_here(path: Path) -> str:
    """Return a path as a text: relative to the current folder if it lies in it, else as it is."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def reason(error: OSError) -> str:
    """Return why the system does not open a file, in its words."""
    # To Windows, a folder is a refused permission.
    if isinstance(error, PermissionError) and error.filename is not None and os.path.isdir(error.filename):
        return os.strerror(errno.EISDIR)
    return error.strerror or str(error)


def unreadable(error: OSError | ValueError) -> str:
    """Return why a TOML file cannot be read, for the end of a message."""
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    # Windows has no word of its own for it.
    if isinstance(error, OSError) and error.filename is not None and os.path.isdir(error.filename):
        return "is a folder, not a file"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8: save it as UTF-8"
    if isinstance(error, OSError):
        return f"cannot be read: {reason(error)}"
    return f"is not valid TOML: {error}"
