"""Runs mypy, pyright and pyrefly over this folder, once each, and tells what they say about each file."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from attrs import frozen

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
GOOD = sorted(FOLDER.glob("good_*.py"))
BAD = sorted((FOLDER / "bad").glob("*.py"))


@frozen(order=True)
class Complaint:
    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.line} {self.code}: {self.text}"


def mypy() -> dict[Path, list[Complaint]]:
    # A cache of its own: another mypy may be running beside the tests.
    cache = ROOT / ".mypy_cache" / "typing"
    # Named one by one, for the configuration leaves the bad ones out.
    output = _run("mypy", "--cache-dir", str(cache), "--output", "json", *map(str, [*GOOD, *BAD]))
    problems = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    # A hint lists the variants of an overloaded method: that is the method, not the mistake.
    return _by_file((ROOT / p["file"], Complaint(p["line"], p["code"], p["message"])) for p in problems)


def pyright() -> dict[Path, list[Complaint]]:
    configuration = FOLDER / "pyright.json"
    output = _run("pyright", "--project", str(configuration), "--pythonpath", sys.executable, "--outputjson")
    problems = json.loads(output)["generalDiagnostics"]
    return _by_file(
        (Path(p["file"]), Complaint(p["range"]["start"]["line"] + 1, p["rule"], p["message"].replace("\u00a0", " ")))
        for p in problems
        # What is wrong with an unknown name is told by another rule; that its type is unknown follows.
        if not p["rule"].startswith("reportUnknown")
    )


def pyrefly() -> dict[Path, list[Complaint]]:
    configuration = FOLDER / "pyrefly.toml"
    output = _run(
        "pyrefly", "check", "--config", str(configuration), "--python-interpreter-path", sys.executable,
        "--output-format", "json", *map(str, [*GOOD, *BAD]),
    )  # fmt: skip
    return _by_file(
        (ROOT / p["path"], Complaint(p["line"], p["name"], p["description"]))
        for p in json.loads(output)["errors"]
        if p["severity"] == "error"
    )


# Those whose words about bad code are written down; of a third one it is asked that it takes good code.
CHECKERS: Mapping[str, Callable[[], dict[Path, list[Complaint]]]] = {"mypy": mypy, "pyright": pyright}


def expected(bad: Path, checker: str) -> Path:
    """Return where the complaints that a checker has about a bad file are written down."""
    return bad.with_suffix(f".{checker}.txt")


def _by_file(complaints: Iterable[tuple[Path, Complaint]]) -> dict[Path, list[Complaint]]:
    files: dict[Path, list[Complaint]] = defaultdict(list)
    for file, complaint in complaints:
        if FOLDER in file.parents:
            files[file].append(complaint)
    return {file: sorted(found) for file, found in files.items()}


def _run(module: str, *arguments: str) -> str:
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    # 1: there are complaints, and there must be; above that, the checker itself has failed.
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout
