"""Runs the blocks of code on a page as its reader would: from top to bottom, in one folder.

| block | what happens |
| --- | --- |
| any, with `# name.ext` as its first line | the file is written; a schema is compiled |
| `sh` | bash runs it; the next block goes on where it ended |
| `python` with tests | pytest runs it |
| `python` | it runs in this process, with the names that the runner was given and those of the blocks above |
| `pycon` | the examples give what they show |
| `yaml` | it is a schema |
| `toml` | it can be read |
| `text` | nothing, unless a comment says that it is output |

A comment above a block, which readers do not see, says what is special:

- `<!-- not run: why -->`
- `<!-- run by: tests/… -->`: that file runs it.
- `<!-- background until TEXT -->`: the commands go on in the background, once they have printed this.
- `<!-- fails -->`: the commands end with another exit code than 0.
- `<!-- output -->`: what the last commands or program printed; `…` stands for anything.
- `<!-- first: code -->`: Python that runs before, with the same names.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tomllib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple

from emitter_typed_codegen.resolve import load
from tests.helpers.tree import ROOT

# Each command of a page is quick; a machine may be busy.
LIMIT_S = 60.0

_BLOCK = re.compile(
    r"(?:^ *<!-- *(?P<note>(?:(?!-->).)*?) *-->\n+)?"
    r"^(?P<indent> *)```(?P<language>[\w{}-]*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_file_name = re.compile(r"# ([\w./-]+\.\w+)\n").match
ELSEWHERE = ("not run: ", "run by: ")


class Block(NamedTuple):
    """A block of code on a page."""

    language: str
    code: str
    note: str
    """The comment above it."""
    line: int

    @property
    def file(self) -> str | None:
        """The name of the file that it is, if its first line says so."""
        found = _file_name(self.code)
        return found[1] if found else None


def noted_blocks(page: str) -> list[Block]:
    """Return all blocks of a page, in their order, with the comments above them."""
    return [
        Block(
            found["language"],
            textwrap.dedent(found["code"]),
            found["note"] or "",
            page.count("\n", 0, found.start("language")) + 1,
        )
        for found in _BLOCK.finditer(page)
        # The others are directives of the site.
        if not found["language"].startswith("{")
    ]


class PageRunner:
    """Runs blocks, one after the other.

    Args:
        folder: Where they run.
        environment: Variables for commands, besides those of this process.
        names: What Python blocks find.
        edited: What the runner's reader makes of a block before it runs, such as another port.
        programs: The folder where commands are looked for first. Default: that of this Python.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: dict[str, str] | None = None,
        names: dict[str, object] | None = None,
        edited: Callable[[str], str] = str,
        programs: Path | None = None,
    ) -> None:
        self.printed = ""
        """What the last commands or program printed."""
        self._names = {"__name__": "__main__", **(names or {})}
        self._edited = edited
        self._state = folder.parent / f"{folder.name}.state"
        self._state.write_text(f"cd {folder}\n", "utf-8")
        path = f"{programs or Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path, "HOME": str(folder), **(environment or {})}
        for variable in ("PYTHONPATH", "COLUMNS", "VIRTUAL_ENV"):
            self._environment.pop(variable, None)
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> PageRunner:
        if sys.platform == "win32":
            import pytest

            pytest.skip("the pages are written for a POSIX shell")
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(LIMIT_S)

    def run(self, block: Block) -> None:
        """Run one block. Raises AssertionError if it fails, or does not give what the page says."""
        if block.note.startswith(ELSEWHERE):
            return
        code = self._edited(block.code)
        if block.file is not None:
            path = self.here / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code, "utf-8")
            if block.language == "yaml" and "emitter-typed:" in code:
                load(path)
        elif block.language == "sh":
            self._run_shell(code, block.note)
        elif block.language == "python":
            self._run_python(code, block)
        elif block.language == "pycon":
            self._run_examples(code)
        elif block.language == "yaml":
            path = self.here / "schema.yaml"
            path.write_text(code, "utf-8")
            load(path)
        elif block.language == "toml":
            tomllib.loads(code)
        elif block.language == "text":
            if block.note == "output":
                assert re.fullmatch(_pattern(code), self.printed, re.DOTALL), f"printed:\n{self.printed}"
        else:
            raise AssertionError(f"nobody knows how to run {block.language!r}: say why it is not run")

    @property
    def here(self) -> Path:
        """The folder in which the last commands ended."""
        (line,) = (each for each in self._state.read_text("utf-8").splitlines() if each.startswith("cd "))
        return Path(line.removeprefix("cd "))

    def _run_shell(self, code: str, note: str) -> None:
        script = f"set -eu\n. {self._state}\n{code}"
        if note.startswith("background until "):
            self._start(script, note.removeprefix("background until "))
            return
        after = f'\n{{ echo "cd $PWD"; declare -px | grep -v " _=" ; }} > {self._state}\n'
        done = subprocess.run(
            ["bash", "-c", script + after],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S * 5,
            check=False,
        )
        self.printed = done.stdout
        assert (done.returncode == 0) == (note != "fails"), (
            f"{code}ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )

    def _start(self, script: str, text: str) -> None:
        process = subprocess.Popen(
            ["bash", "-c", script],
            env={**self._environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        told = Told(process)
        assert told.wait(text), f"did not print {text!r}:\n{told.text}"
        self.background = told

    def _run_python(self, code: str, block: Block) -> None:
        if re.search(r"^(async )?def test_", code, re.MULTILINE):
            (self.here / "test_page.py").write_text(code, "utf-8")
            self._run_shell("python -m pytest -q -p no:cacheprovider test_page.py\n", "")
            return
        first = block.note.removeprefix("first:") if block.note.startswith("first:") else ""
        printed = io.StringIO()
        with contextlib.chdir(self.here), contextlib.redirect_stdout(printed), importing_from(self.here):
            if first:
                exec(compile(textwrap.dedent(first), "before the block", "exec"), self._names)
            exec(compile("\n" * block.line + code, "the page", "exec"), self._names)
        self.printed = printed.getvalue()

    def _run_examples(self, code: str) -> None:
        test = doctest.DocTestParser().get_doctest(code, dict(self._names), "page", None, 0)
        with contextlib.chdir(self.here), importing_from(self.here):
            result = doctest.DocTestRunner(verbose=False).run(test)
        assert result.failed == 0, "see the output above"


class Told:
    """What a process in the background has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.text = ""
        self._changed = threading.Condition()
        self._ended = False
        self._process = process
        # A daemon: it ends with the process.
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                with self._changed:
                    self.text += line
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, text: str) -> bool:
        """Wait until this was printed. False if the process ended without it, or time is over."""
        until = time.monotonic() + LIMIT_S
        with self._changed:
            self._changed.wait_for(lambda: text in self.text or self._ended, until - time.monotonic())
            return text in self.text


@contextlib.contextmanager
def importing_from(folder: Path) -> Generator[None]:
    """Import modules of a folder, and forget them afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]


def _pattern(output: str) -> str:
    return ".*?".join(re.escape(part) for part in output.split("…"))


def page_id(page: Path) -> str:
    """Name a page in a test's id."""
    return str(page.relative_to(ROOT))
