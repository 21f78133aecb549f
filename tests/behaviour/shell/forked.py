"""A verb in a process that is forked from one that has loaded everything: most of a verb's time is loading."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from emitter_typed.cli import main
from tests.helpers.tree import module_files

LOADED = [
    *(name for name in module_files() if "testing" not in name and not name.endswith("__main__")),
    *("cattrs.gen", "msgspec", "paho.mqtt.client", "rich.console", "rich.table"),
]


class Forked:
    """A process that runs a verb, with descriptors for its stdin, stdout and stderr. It is used as `Popen` is."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, descriptors: Sequence[int]
    ) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(LOADED)
        streams = [Connection(os.dup(descriptor)) for descriptor in descriptors]
        self._process = context.Process(target=_run, args=(arguments, dict(environment), folder, streams))
        self._process.start()
        for stream in streams:
            stream.close()

    def send_signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its exit code."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, f"it goes on after {timeout} s"
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


def _run(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Sequence[Connection]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    # As Python opens them when it starts.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["emitter-typed", *arguments]
    sys.exit(main())
