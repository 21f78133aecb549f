"""Packages that only tests with the marker `tools` want, installed when they run."""

from __future__ import annotations

import subprocess
import sys
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
