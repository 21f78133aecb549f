"""What the transport changes in paho holds for each version that we support and that is not the installed one."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.helpers.installing import install
from tests.helpers.pins import SUPPORTED
from tests.helpers.tree import ROOT


@pytest.mark.tools
@pytest.mark.parametrize("wanted", [each for each in SUPPORTED if each != version("paho-mqtt")])
def test_every_other_supported_paho_does_as_we_make_it(wanted: str, tmp_path: Path) -> None:
    install(f"paho-mqtt=={wanted}", into=tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.pins"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [wanted, str(tmp_path)]
