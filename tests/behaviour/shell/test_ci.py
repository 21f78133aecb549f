"""`check` before a commit and in CI, as docs/how-to/checking-in-ci.md tells to set it up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.installing import install
from tests.helpers.tree import ROOT

PRE_COMMIT = "pre-commit==4.7.0"
HOME = "emitter-typed: 1\nname: Home\ntypes:\n  Reading: {fields: {celsius: float}}\n"
PROJECT = """\
[tool.emitter-typed]
baseline = "git:origin/main"

[[tool.emitter-typed.jobs]]
schema = "home.yaml"
out = "home_api"
"""
PAGE = (ROOT / "docs" / "how-to" / "checking-in-ci.md").read_text("utf-8")
WHO = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *WHO, *arguments], cwd=folder, env=CLEAN, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clone of a repository with one job, whose package is up to date."""
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / "home.yaml").write_text(HOME, "utf-8")
    (origin / "pyproject.toml").write_text(PROJECT, "utf-8")
    subprocess.run([sys.executable, "-m", "emitter_typed", "generate"], cwd=origin, check=True, capture_output=True)
    git(origin, "init", "-qb", "main")
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "x")
    git(tmp_path, "clone", "-q", "origin", "clone")
    return tmp_path / "clone"


def break_somebody(project: Path) -> None:
    (project / "home.yaml").write_text(HOME.replace("float", "float, note: string"), "utf-8")


def fenced(language: str, holding: str) -> str:
    """Return the text of the block of the page that holds something."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (block,) = [one for one in blocks if holding in one]
    return str(block)


def test_the_step_of_any_ci_passes_and_fails(project: Path, tmp_path: Path) -> None:
    """But for the line that installs, which `make package-check` tries."""
    lines = [line for line in fenced("sh", "emitter-typed check").splitlines() if not line.startswith("pip ")]
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "emitter-typed"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m emitter_typed "$@"\n')
    program.chmod(0o755)

    def run() -> subprocess.CompletedProcess[str]:
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["sh", "-ec", "\n".join(lines)],
            cwd=project,
            env={**CLEAN, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 0
    break_somebody(project)
    done = run()
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(
        "checked 1 schema: no problems, 2 files out of date, 1 breaking since "
    )


def test_the_step_of_github_has_the_history_that_the_baseline_needs() -> None:
    step = fenced("yaml", "actions/checkout")
    assert "fetch-depth: 0" in step
    assert "- run: emitter-typed check --format github\n" in step


@pytest.mark.tools
def test_the_hook_of_pre_commit_passes_and_fails(project: Path, tmp_path: Path) -> None:
    install(PRE_COMMIT, into=tmp_path / "tool", with_dependencies=True)
    hooks = _repository(tmp_path / "hooks")
    config = fenced("yaml", "emitter-typed-check")
    config = config.replace("<URL of this repository>", str(hooks)).replace("v0.1.0", git(hooks, "rev-parse", "HEAD"))
    (project / ".pre-commit-config.yaml").write_text(config)
    git(project, "add", ".")

    def run() -> subprocess.CompletedProcess[str]:
        environment = {**CLEAN, "PYTHONPATH": str(tmp_path / "tool"), "PRE_COMMIT_HOME": str(tmp_path / "home")}
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^emitter-typed check\.+Passed$", done.stdout, re.MULTILINE)
    break_somebody(project)
    git(project, "add", ".")
    done = run()
    assert done.returncode == 1
    assert re.search(r"^home.yaml:4:\d+: field-added-required: the field note is added$", done.stdout, re.MULTILINE)


def _repository(folder: Path) -> Path:
    """Put what an installation of this project needs into a repository."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder)
    for name in ("src", "codegen", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    return folder
