"""The tutorial works from its first line to its last."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from emitter_typed._cli.init import SCHEMA
from emitter_typed_codegen.version import VERSION
from tests.docs.page_runner import noted_blocks
from tests.docs.tutorial import PAGE, follow
from tests.helpers.tree import ROOT

FIVE_MINUTES_S = 300


def _without_installing(code: str) -> str:
    return re.sub(r"^(python3 -m venv|\. \.venv|pip install)\b.*\n", "", code, flags=re.MULTILINE)


def test_a_reader_gets_what_the_page_shows(tmp_path: Path) -> None:
    for block, runner in follow(PAGE, tmp_path, _without_installing):
        if block.note == "display":
            assert runner.background.wait(block.code.splitlines()[-1])
            assert runner.background.text == block.code


@pytest.mark.tools
@pytest.mark.timeout(600)
def test_a_typed_message_is_in_the_shell_within_five_minutes_of_pip_install() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.five_minutes"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "No matching distribution" in done.stderr:
        pytest.skip("the tutorial installs from a package index, which cannot be reached")
    assert done.returncode == 0, done.stderr
    (seconds,) = re.findall(r"^([\d.]+) s from", done.stdout, re.MULTILINE)
    assert float(seconds) < FIVE_MINUTES_S


def test_the_schema_is_the_one_that_init_writes() -> None:
    assert [block.code for block in noted_blocks(PAGE) if block.language == "yaml"] == [SCHEMA]


def test_the_wheel_has_the_name_that_this_version_gives_it() -> None:
    assert re.findall(r"emitter_typed-[\w.]+-py3-none-any\.whl", PAGE) == [f"emitter_typed-{VERSION}-py3-none-any.whl"]
