"""Packages that only tests with the marker `tools` want, installed when they run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest


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


def npm_install(pinned: Path, into: Path) -> Path:
    """Install what a `package-lock.json` pins into a folder, and return its `node_modules`; a later run finds it there.

    Where that fails, the test is skipped with the reason.
    """
    lock = (pinned / "package-lock.json").read_bytes()
    folder = into / sha256(lock).hexdigest()[:12]
    if not folder.is_dir():
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=into) as made:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(pinned / name, made)
            npm = shutil.which("npm")
            if npm is None or shutil.which("node") is None:
                pytest.skip("node and npm are not installed")
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"npm cannot install {pinned.name}: {(done.stderr.strip() or 'it says nothing')[-200:]}")
            # Another worker may be faster.
            with suppress(OSError):
                Path(made).rename(folder)
            Path(made).mkdir(exist_ok=True)
    return folder / "node_modules"
