"""Runs mypy, pyright and pyrefly over this folder and what `programs` writes, and tells what they say about each file.

Each of them takes seconds to start: what the tests want to be checked is checked here, in one run.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

from tests.helpers.tree import ROOT
from tests.typing import programs

FOLDER = Path(__file__).parent
GOOD = sorted(FOLDER.glob("good_*.py"))
BAD = sorted((FOLDER / "bad").glob("*.py"))


@frozen(order=True)
class Complaint:
    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.line} {self.code}: {self.text}"


Complaints: TypeAlias = dict[Path, list[Complaint]]


def written(checker: str) -> Path:
    """Return the folder in which a checker finds what `programs` writes.

    The same in every run, for caches keep paths; and one for each, for they run side by side.
    """
    return ROOT / "build" / "typing" / checker


def mypy() -> Complaints:
    folder = written("mypy")
    programs.write(folder)
    # A cache of its own: another mypy may be running beside the tests.
    cache = ROOT / ".mypy_cache" / "typing"
    # Named one by one, for the configuration leaves the bad ones out.
    files = [*GOOD, *BAD, *folder.glob("*.py")]
    output = _run("mypy", "--cache-dir", str(cache), "--output", "json", *map(str, files), MYPYPATH=str(folder))
    problems = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    # A hint lists the variants of an overloaded method: that is the method, not the mistake.
    return _by_file((p["file"], Complaint(p["line"], p["code"], p["message"])) for p in problems)


def pyright() -> Complaints:
    folder = written("pyright")
    programs.write(folder)
    configuration = folder / "pyrightconfig.json"
    paths = [folder, ROOT, ROOT / "src", ROOT / "codegen", ROOT / "examples" / "home"]
    settings = {
        "extends": str(ROOT / "pyproject.toml"),
        # It refuses absolute paths here.
        "include": [".", os.path.relpath(FOLDER, folder)],
        "exclude": [],
        "extraPaths": [os.path.relpath(path, folder) for path in paths],
    }
    configuration.write_text(json.dumps(settings), "utf-8")
    output = _run("pyright", "--project", str(configuration), "--pythonpath", sys.executable, "--outputjson")
    return _by_file(
        (p["file"], Complaint(p["range"]["start"]["line"] + 1, p["rule"], p["message"].replace("\u00a0", " ")))
        for p in json.loads(output)["generalDiagnostics"]
        # What is wrong with an unknown name is told by another rule; that its type is unknown follows.
        if not p["rule"].startswith("reportUnknown")
    )


def pyrefly() -> Complaints:
    configuration = FOLDER / "pyrefly.toml"
    output = _run(
        "pyrefly", "check", "--config", str(configuration), "--python-interpreter-path", sys.executable,
        "--output-format", "json", *map(str, [*GOOD, *BAD]),
    )  # fmt: skip
    return _by_file(
        (p["path"], Complaint(p["line"], p["name"], p["description"]))
        for p in json.loads(output)["errors"]
        if p["severity"] == "error"
    )


# Those whose words about bad code are written down; of a third one it is asked that it takes good code.
CHECKERS: Mapping[str, Callable[[], Complaints]] = {"mypy": mypy, "pyright": pyright}


def bad(checker: str) -> list[Path]:
    """Return the programs with mistakes: those of this folder, and those that were written for a checker."""
    return [*BAD, *(path for path in sorted(written(checker).glob("*.py")) if not path.name.startswith("good_"))]


def expected(program: Path, checker: str) -> Path:
    """Return where the complaints that a checker has about a program are written down."""
    return FOLDER / "bad" / f"{program.stem}.{checker}.txt"


def _by_file(complaints: Iterable[tuple[str, Complaint]]) -> Complaints:
    files: Complaints = defaultdict(list)
    for name, complaint in complaints:
        file = ROOT / name
        if FOLDER in file.parents or written("") in file.parents:
            files[file].append(complaint)
    return {file: sorted(found) for file, found in files.items()}


def _run(module: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    # 1: there are complaints, and there must be; above that, the checker itself has failed.
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout
