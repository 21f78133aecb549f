"""What a verb says: words and colour to people, plain text to pipes, one JSON object a line to programs."""

from __future__ import annotations

import codecs
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from emitter_typed._cli.arguments import PROGRAM

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Style = str
"""A style of rich, such as `cyan` or `dim`; empty: none."""
Part = str | tuple[str, Style]
Fact = str | int | float | bool | None


class Terminal:
    """The output of one verb. Its methods may be called from any thread."""

    def __init__(self, verb: str, *, as_json: bool = False) -> None:
        """Look whether people read the output, and whether it can have colour."""
        self.prog: str = f"{PROGRAM} {verb}"
        self.as_json: bool = as_json
        self._lock = threading.Lock()
        self._out = _console(sys.stdout, stderr=False) if not as_json else None
        self._err = _console(sys.stderr, stderr=True)
        # What the stream cannot write would be escaped in a way that JSON does not know.
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        self._ascii_json = as_json and codecs.lookup(encoding).name != "utf-8"

    def line(self, *parts: Part) -> None:
        """Write one line of the result for people; with `--json` nothing."""
        if self.as_json:
            return
        with self._lock:
            if self._out is not None:
                _print(self._out, parts)
            else:
                print("".join(part if isinstance(part, str) else part[0] for part in parts), flush=True)

    def record(self, facts: object) -> None:
        """Write one JSON object on one line; without `--json` nothing."""
        if self.as_json:
            with self._lock:
                print(json.dumps(facts, ensure_ascii=self._ascii_json), flush=True)

    def raw(self, payload: bytes) -> None:
        """Write bytes as they are, and a line break."""
        with self._lock:
            sys.stdout.buffer.write(payload + b"\n")
            sys.stdout.buffer.flush()

    def note(self, text: str, style: Style = "yellow") -> None:
        """Say something beside the result, on stderr."""
        # Handlers call this too, and an output that has gone ends the program elsewhere.
        with self._lock, suppress(OSError, ValueError):
            if self._err is not None:
                _print(self._err, [(f"{self.prog}: ", "dim"), (printable(text), style)])
            else:
                print(f"{self.prog}: {printable(text)}", file=sys.stderr, flush=True)

    def hint(self, text: str) -> None:
        """Tell people at a terminal what goes on; pipes and programs do not need to know."""
        if not self.as_json and sys.stderr is not None and sys.stderr.isatty():
            self.note(text, "dim")

    def event(self, event: str, text: str, /, **facts: Fact) -> None:
        """Tell of something that happened meanwhile: an object with `--json`, else a note."""
        if self.as_json:
            with suppress(OSError, ValueError):
                self.record({"event": event, **facts})
        else:
            self.note(text)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write rows: with headers and aligned for people, with tabs between the columns for pipes.

        Where the terminal is too narrow for the longest words of the columns, each row is a list of its cells.
        """
        if self.as_json or not rows:
            return
        if self._out is not None:
            from rich.table import Table
            from rich.text import Text

            table = Table(box=None, pad_edge=False, header_style="bold")
            for header in headers:
                table.add_column(header, overflow="fold")
            for row in rows:
                table.add_row(*(Text(printable(cell)) for cell in row))
            wide = self._out.options.update(max_width=_WIDEST)
            narrow = self._out.measure(table, options=wide).minimum > self._out.width
            parts = [part for row in rows for part in ("", _cells(headers, row))][1:] if narrow else [table]
            with self._lock:
                self._out.print(*parts, sep="\n")
            return
        for row in rows:
            self.line("\t".join(printable(cell) for cell in row))

    @contextmanager
    def progress(self, text: Callable[[], str]) -> Generator[None]:
        """Show on a terminal what is under way, as the function tells it now; elsewhere nothing."""
        if self._err is None:
            yield
            return

        class Now:
            def __rich__(self) -> str:
                return text()

        with self._err.status(Now()):
            yield


_WIDEST = 10_000


def _cells(headers: Sequence[str], row: Sequence[str]) -> Table:
    """Return the cells of a row below each other, each behind its header."""
    from rich.table import Table
    from rich.text import Text

    cells = Table.grid(padding=(0, 2), pad_edge=False)
    cells.add_column(style="bold")
    cells.add_column(overflow="fold")
    for header, cell in zip(headers, row, strict=True):
        if cell:
            cells.add_row(header, Text(printable(cell)))
    return cells


def printable(text: str) -> str:
    """Return a text on one line, in which nothing can command a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _console(stream: TextIO | None, *, stderr: bool) -> Console | None:
    """Return a console of rich if the stream is a terminal and rich is installed."""
    if stream is None or not stream.isatty() or os.environ.get("TERM") == "dumb":
        return None
    if importlib.util.find_spec("rich") is None:
        return None
    try:
        from rich.console import Console
    # Half an installation can fail in any way, and `doctor` is there to tell of it.
    except Exception:
        return None
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, color_system=None if plain else "auto")


def _print(console: Console, parts: Sequence[Part]) -> None:
    from rich.segment import Segments
    from rich.text import Text

    # As segments, since rich before 14.3 takes spaces off the end of a text that is wider than the terminal.
    console.print(Segments(Text.assemble(*parts).render(console, end="\n")), soft_wrap=True)
