"""The oldest checkers that know every form of a type that a payload can be; docs/reference/client.md names them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.installing import install
from tests.helpers.tree import ROOT

FORMS = Path("tests/typing/good_forms.py")
PAGE = (ROOT / "docs" / "reference" / "client.md").read_text("utf-8")

# mypy takes these since 2.2, and the rest since 1.19.
LATER = ("Literal[", "Annotated[", "TypeForm[")


@pytest.mark.tools
@pytest.mark.parametrize(
    ("checker", "version", "unknown"),
    [("mypy", "1.19.0", LATER), ("mypy", "2.2.0", ()), ("pyright", "1.1.412", ()), ("pyrefly", "1.0.0", ())],
)
def test_the_oldest_checker_takes_the_forms_that_the_page_says(
    checker: str, version: str, unknown: tuple[str, ...], tmp_path: Path
) -> None:
    lines = enumerate((ROOT / FORMS).read_text("utf-8").splitlines(), start=1)
    expected = {number for number, line in lines if any(form in line for form in unknown)}

    assert check(checker, version, tmp_path) == expected
    assert f"| {version.removesuffix('.0')} |" in PAGE


def check(checker: str, version: str, folder: Path) -> set[int]:
    """Return the lines of the page of forms that a version of a checker does not take."""
    install(f"{checker}=={version}", into=folder)
    commands = {
        "mypy": [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), str(FORMS)],
        "pyright": [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(FORMS)],
        "pyrefly": [
            *(str(folder / "bin" / "pyrefly"), "check", "--config", "tests/typing/pyrefly.toml"),
            *("--python-interpreter-path", sys.executable, "--output-format", "min-text", str(FORMS)),
        ],
    }
    done = subprocess.run(
        commands[checker],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    lines = {int(line) for line in re.findall(rf"{FORMS.name}:(\d+)", done.stdout)}
    assert bool(lines) == bool(done.returncode), done.stdout + done.stderr
    return lines
