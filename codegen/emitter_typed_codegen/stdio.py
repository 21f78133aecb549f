"""What a program's output may meet: a reader that has gone, a disk that is full."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from emitter_typed_codegen.exit_codes import FOUND, UNREAD


def printed(work: Callable[[], int], prog: str) -> int:
    """Do what prints, and see to it that all of it arrives.

    Args:
        work: Prints, and returns the exit code.
        prog: The program's name, for what is said if the output cannot be written.

    Returns:
        What the work returned, 141 if the reader of the output has gone, 1 if the output cannot be written.

    Raises:
        OSError: Something else than the output failed.
    """
    try:
        code = work()
        _flush(sys.stdout)
        return code
    except OSError as error:
        # What fails on a file or a folder is another matter: such an error names it, or says that there is none.
        if error.filename is not None or isinstance(error, FileNotFoundError):
            raise
        _silence(sys.stdout)
        if isinstance(error, BrokenPipeError):
            _silence(sys.stderr)
            return UNREAD
        with suppress(OSError):
            sys.stderr.write(f"{prog}: the output cannot be written: {error.strerror}\n")
        return FOUND


def _flush(stream: TextIO | None) -> None:
    # A program may be started without a stdout.
    if stream is not None:
        stream.flush()


def _silence(stream: TextIO | None) -> None:
    if stream is None:
        return
    # The interpreter flushes once more at its end.
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
