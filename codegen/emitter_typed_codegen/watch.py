"""Which files changed since somebody looked. By asking, since that works on every system, and with every editor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

PAUSE_S = 0.25
"""How long a pause between two looks is, in seconds. A change is acted on after two more of them at the most."""

Stamp = tuple[int, int, int] | None
"""What tells one state of a file from another, also if it was saved by putting a new file in its place. None: it is
not there, or cannot be looked at."""


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """Return the state of each file."""
    return {path: _stamp(path) for path in paths}


def imported(schemas: Iterable[Path]) -> set[Path]:
    """Return the files that schemas import, and those that these import, also those that are not there yet."""
    # Only who watches needs it.
    from emitter_typed_codegen.paths import real_path
    from emitter_typed_codegen.source import read, written_imports

    found: set[Path] = set()
    waiting = [*schemas]
    for path in waiting:
        # By their real paths: files that import each other over folders have ever longer ones.
        others = {real_path(path.parent / written) for written in written_imports(read(path).root)} - found
        found |= others
        waiting += others
    return found


def wait_for_change(before: Mapping[Path, Stamp], pause: Callable[[], object]) -> None:
    """Wait until a file is no longer what it was, and no longer about to change.

    Args:
        before: The files, as they were when they were read.
        pause: Lets some time pass; it is called once before each look.
    """
    last: Mapping[Path, Stamp] = before
    while True:
        pause()
        now = stamps(before)
        # An editor may write in several steps, or take the file away before it puts a new one there.
        if now == last and now != before:
            return
        last = now


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
