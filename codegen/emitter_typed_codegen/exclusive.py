"""One run at a time writes into a folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path

WAIT_S = 60.0
"""How long a run waits for another one, in seconds. To write 10,000 files takes about ten."""

_LOOK_EVERY_S = 0.02


class Busy(Exception):
    """Another run holds a folder for too long.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def __init__(self, folder: Path) -> None:
        """Hold the folder."""
        self.folder = folder
        super().__init__(str(folder))


@contextmanager
def alone(folders: Iterable[Path]) -> Generator[None]:
    """Hold folders. The system lets go of them when the process ends, however it ends.

    A folder that is not there, or that this system or its owner lets nobody hold, is not held.

    Args:
        folders: The folders.

    Raises:
        Busy: Another run holds one of them for longer than `WAIT_S`.
    """
    give_up_at = time.monotonic() + WAIT_S
    with ExitStack() as held:
        # All runs take them in one order, or two might wait for each other; one folder may have two names.
        for _, folder in sorted({_identity(one): one for one in folders if one.is_dir()}.items()):
            while not _take(folder, held):
                if time.monotonic() > give_up_at:
                    raise Busy(folder)
                # The system can wait for a lock, but not for a limited time.
                time.sleep(_LOOK_EVERY_S)
        yield


def _identity(folder: Path | int) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


if sys.platform == "win32":
    import tempfile

    def _take(folder: Path, held: ExitStack) -> bool:
        # It is there as long as it is open: the system takes it away with its process.
        flags = os.O_CREAT | os.O_EXCL | os.O_TEMPORARY
        try:
            identity = _identity(folder)
            # Not in the folder, which is compared while it is held, and may be taken away.
            name = "emitter-typed-{:x}-{:x}.lock".format(*identity)
            held.callback(os.close, os.open(Path(tempfile.gettempdir(), name), flags))
            return _identity(folder) == identity
        except (FileExistsError, PermissionError):
            return False
        except OSError:
            return True

else:
    import fcntl

    def _take(folder: Path, held: ExitStack) -> bool:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have taken it away, and somebody else may have made it again.
            taken = _identity(folder) == _identity(descriptor)
        except OSError as error:
            os.close(descriptor)
            # Some file systems of a network know no locks.
            return not isinstance(error, BlockingIOError | FileNotFoundError)
        held.callback(os.close, descriptor)
        return taken
