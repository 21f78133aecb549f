"""The compiler writes what was agreed on, and what it writes needs no formatter, linter or patience of a checker."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.golden.cases import CASES, FOLDER, plan

# Those of imported files lie beside those that import them.
PACKAGES = sorted(str(path.parent) for path in FOLDER.glob("*/*/manifest.json"))


@pytest.mark.parametrize("case", CASES)
def test_the_expected_package_comes_out(case: str) -> None:
    """If this is wanted: .venv/bin/python -m tests.codegen.golden.refresh"""
    made = plan(case)
    made.compare()

    assert "".join(change.diff(FOLDER) for change in made.changes) == ""


def test_every_package_can_be_imported_and_used() -> None:
    """But for the protocol's, of which the runtime makes a client."""
    names = [
        ".".join(["tests.codegen.golden", *Path(package).relative_to(FOLDER).parts])
        for package in PACKAGES
        if "protocol" not in package
    ]
    done = subprocess.run(
        [sys.executable, "tests/property/use_packages.py", *names],
        cwd=FOLDER.parents[2],
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (done.stdout, done.stderr) == ("{}", "")


def test_no_type_is_hidden_from_a_checker() -> None:
    texts = [
        file.read_text("utf-8")
        for package in PACKAGES
        for file in Path(package).glob("*.py")
    ]

    found = [
        re.search(r"\bAny\b|\bcast\(|# (type|pyright|noqa)\b", text) for text in texts
    ]
    assert [one for one in found if one is not None] == []


@pytest.mark.parametrize("width", [88, 96, 110, 200])
def test_a_formatter_changes_nothing(width: int) -> None:
    _ruff("format", "--check", "--line-length", str(width), *PACKAGES)


def test_a_linter_finds_nothing() -> None:
    """Neither with its defaults nor with most of what it has, but for how long words are and how things are called.

    A head for checkers alone has the docstring of the method that it stands for.
    """
    _ruff("check", *PACKAGES)
    rules = "B,C4,D,DTZ,E,F,I,ISC,N,PGH,PIE,RET,RUF,SIM,T20,UP,W"
    _ruff(
        "check",
        *("--select", rules, "--ignore", "D102,D105,D107,E501,N802,N803,N818"),
        *("--config", 'lint.pydocstyle.convention="google"'),
        *PACKAGES,
    )


def _ruff(*arguments: str) -> None:
    command = [sys.executable, "-m", "ruff", *arguments]
    done = subprocess.run(
        command, text=True, capture_output=True, check=False, timeout=60, cwd=FOLDER
    )
    assert done.returncode == 0, done.stdout + done.stderr
