"""Packages that only tests with the marker `tools` want, installed when they run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.helpers.tree import ROOT


def install(*requirements: str, into: Path, with_dependencies: bool = False) -> None:
    """Install packages into a folder of their own; where that fails, the test is skipped with the reason."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    alone = [] if with_dependencies else ["--no-deps"]
    done = subprocess.run(
        [*pip, *alone, "--target", str(into), *requirements], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        *_, last = done.stderr.strip().splitlines() or ["pip says nothing"]
        pytest.skip(f"{' and '.join(requirements)} cannot be installed: {last}")


def install_npm(project: Path) -> Path:
    """Install the packages that a project of npm has pinned, once, and return the folder that it was copied to.

    Where that fails, the test is skipped with the reason.
    """
    lock = (project / "package-lock.json").read_bytes()
    folder = ROOT / "build" / "npm" / sha256(lock).hexdigest()[:16]
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    if not (folder / ".ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(project / name, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            *_, last = done.stderr.strip().splitlines() or ["npm says nothing"]
            pytest.skip(f"{project.name} cannot be installed: {last}")
        (folder / ".ready").touch()
    for program in project.glob("*.js"):
        shutil.copy(program, folder)
    return folder
