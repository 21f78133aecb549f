"""Whatever is legal to call things, the package can be imported and used, and needs no linter, formatter or checker.

A failure prints the schema; `Hostile(SEED).files()` makes it again.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
import pytest

from emitter_typed_codegen.jobs import Job, compiler_protocol, run
from emitter_typed_codegen.write import Plan
from tests.helpers.examples import share
from tests.property.hostile_schemas import ROOT, Hostile

SEEDS = range(share(300))
USER = Path(__file__).with_name("use_packages.py")
STRATEGIES = Path(__file__).with_name("make_strategies.py")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate a package for each seed, in a folder of its own: `case7/api`."""
    folder = tmp_path_factory.mktemp("hostile")
    for seed in SEEDS:
        case = folder / f"case{seed}"
        case.mkdir()
        (case / "__init__.py").touch()
        for name, text in Hostile(seed).files().items():
            (case / name).write_text(text, "utf-8")
        plan, jobs = Plan(), [Job(case / "schema.yaml", case / "api", "make it anew", testing=True)]
        # It grows by the files that the schema imports.
        for job in jobs:
            run(job, compiler_protocol(), plan, jobs)
        plan.write()
    return folder


def interpreters() -> Iterable[str]:
    """Return every Python at hand that the runtime is for, this one first."""
    yield sys.executable
    this = f"python3.{sys.version_info.minor}"
    for name in ("python3.11", "python3.12", "python3.13", "python3.14"):
        found = shutil.which(name)
        # A version manager may have a name on the path for what is not there.
        if (
            name != this
            and found
            and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            yield found


def test_every_package_can_be_imported_and_used(packages: Path) -> None:
    names = [f"{case.name}.api" for case in packages.glob("case*")]
    # What the runtime needs is pure Python, so that one folder of it serves all interpreters.
    needed = os.pathsep.join([str(ROOT / "src"), str(Path(attrs.__file__).parents[1])])

    for python in interpreters():
        done = subprocess.run(
            [python, str(USER), *names],
            cwd=packages,
            env={**os.environ, "PYTHONPATH": needed},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        wrong: dict[str, str] = json.loads(done.stdout)
        assert wrong == {}, f"{python}\n{told(packages, [name.removesuffix('.api') for name in wrong])}"


def test_every_strategy_can_be_made(packages: Path) -> None:
    names = [
        f"{case.name}.api.testing"
        for case in sorted(packages.glob("case*"))[:50]
        if (case / "api" / "testing.py").exists()
    ]
    done = subprocess.run(
        [sys.executable, str(STRATEGIES), *names],
        cwd=packages,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, f"{len(names)}\n"), done.stderr


def test_a_linter_and_a_formatter_find_nothing(packages: Path) -> None:
    for command in (["check", "--target-version", "py311", "--output-format", "concise"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "."],
            cwd=packages,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        cases = [case.name for case in packages.glob("case*") if f"{case.name}{os.sep}" in done.stdout]
        assert done.returncode == 0, f"{done.stdout}\n{told(packages, cases)}"


def told(packages: Path, cases: Sequence[str]) -> str:
    """Return the schemas of the first cases."""
    files = [file for case in cases[:3] for file in sorted((packages / case).glob("*.yaml"))]
    return "\n".join(f"{file.relative_to(packages)}\n{file.read_text('utf-8')}" for file in files)
