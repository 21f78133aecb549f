"""Packages that only tests with the marker `tools` want, installed when they run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def install(requirement: str, into: Path) -> None:
    """Install a package into a folder of its own; without it, the test is skipped, and the end of the run says why."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*pip, "--target", str(into), requirement], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        *_, last = done.stderr.strip().splitlines() or ["pip says nothing"]
        pytest.skip(f"{requirement} cannot be installed: {last}")
