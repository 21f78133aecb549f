"""Kills a real process at each step of writing a package, and tells what the next run made of it, as JSON.

A program of its own, because it forks: `python kill_each_step.py FOLDER`.
"""

import contextlib
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from emitter_typed_codegen.cli import main

HEAD = "emitter-typed: 1\nname: Home\n"
ONE = HEAD + "types:\n  Reading: {fields: {celsius: float}}\n"
TWO = HEAD + 'types:\n  Reading: {fields: {kelvin: float}}\nchannels:\n  r: {address: "r/{room}/", payload: Reading}\n'
THREE = TWO.replace("kelvin", "rankine").replace("payload: Reading", "payload: Reading, doc: What is measured.")
CHANNEL = HEAD + 'channels:\n  r: {address: "r/", payload: string}\n'

# What there was, what was being written when the process was killed, what is written next.
STORIES = [
    (None, ONE, TWO),
    (ONE, TWO, THREE),
    (TWO, CHANNEL, ONE),
]
STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"}


class Place:
    """A folder with a schema and its package."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schema = folder / "home.yaml"
        self.package = folder / "home_api"

    def make(self, schema: str | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if schema is not None:
            assert self.generate(schema) == (0, "")

    def take_after(self, other: "Place") -> None:
        """Hold what another place holds."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(other.folder, self.folder)

    def generate(self, schema: str, *options: str) -> tuple[int, str]:
        self.schema.write_text(schema, "utf-8")
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            code = main(["generate", str(self.schema), "--out", str(self.package), *options])
        return code, said.getvalue()

    def held(self) -> dict[str, str]:
        return {path.name: path.read_text("utf-8") for path in self.package.glob("*")} if self.package.exists() else {}

    def killed(self, schema: str, step: int) -> bool:
        """Generate in a process that is killed before a step. Return whether it came so far."""
        process = os.fork()
        if process == 0:
            try:
                kill_before(step, self.package)
                os._exit(self.generate(schema)[0])
            finally:
                os._exit(99)
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            return True
        assert os.waitstatus_to_exitcode(status) == 0
        return False


def kill_before(step: int, package: Path) -> None:
    """Let the process be killed before one of its steps in a folder. A text that is written is two steps."""
    steps = iter(range(step))

    def next_step(finish: Callable[[], object] = lambda: None) -> None:
        if next(steps, None) is None:
            finish()
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        writes = event != "open" or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if event in STEPS and writes and str(arguments[0]).startswith(str(package)):
            next_step()

    whole = Path.write_text

    def in_halves(self: Path, data: str, *arguments: str, **named: str) -> int:
        next_step(lambda: whole(self, data[: len(data) // 2], *arguments, **named))
        return whole(self, data, *arguments, **named)

    Path.write_text = in_halves  # type: ignore[method-assign, assignment]
    sys.addaudithook(hook)


def told(folder: Path) -> Iterator[str]:
    """Yield what is wrong."""
    place, clean, begin = Place(folder / "killed"), Place(folder / "clean"), Place(folder / "begin")
    for number, (before, during, after) in enumerate(STORIES):
        clean.make(after)
        wanted = clean.held()
        clean.make(during)
        nearly = clean.held()
        begin.make(before)
        step = 0
        while True:
            place.take_after(begin)
            if not place.killed(during, step):
                break
            where = f"story {number}, step {step}"
            yield from looked_at(place, during, nearly, where)
            yield from edited(place, after, where)
            # The next one may be killed, too.
            place.killed(THREE, step // 2)
            code, words = place.generate(after)
            if code or place.held() != wanted:
                yield f"{where}: {code} {words} {sorted(place.held())}"
            step += 1
        if step < 12:
            yield f"story {number} had {step} steps only"


def looked_at(place: Place, schema: str, wanted: dict[str, str], where: str) -> Iterator[str]:
    """Look at what is there without writing: it is either right or known to be stale."""
    held = place.held()
    code, words = place.generate(schema, "--check")
    generated = {name: text for name, text in held.items() if name in wanted and name != ".gitattributes"}
    right = generated == {name: text for name, text in wanted.items() if name != ".gitattributes"}
    if words or code != (0 if right else 1) or place.held() != held:
        yield f"{where}: --check gave {code}, {words!r}"


def edited(place: Place, schema: str, where: str) -> Iterator[str]:
    """Edit a file: it is refused, and nothing is changed."""
    for path in sorted(place.package.glob("*.py"))[:1]:
        text = path.read_text("utf-8")
        path.write_text(text + "# mine\n", "utf-8")
        held = place.held()
        code, words = place.generate(schema)
        if code != 1 or "was edited" not in words or place.held() != held:
            yield f"{where}: an edit of {path.name} gave {code}, {words!r}"
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    print(json.dumps([*told(Path(sys.argv[1]))]))  # noqa: T201
