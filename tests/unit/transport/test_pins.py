"""What the transport changes in paho holds for each version that we support."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.helpers import pins

ROOT = Path(__file__).parents[3]
SUPPORTED = ("2.1.0", "2.2.0")


@pytest.fixture(scope="session")
def other_paho(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Installs another version of paho into a folder of its own."""

    def install(wanted: str) -> Path:
        folder = tmp_path_factory.mktemp("paho")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run([*pip, f"paho-mqtt=={wanted}"], check=True, capture_output=True)
        return folder

    return install


@pytest.mark.parametrize("pin", pins.PINS, ids=lambda pin: pin.__name__)
def test_the_installed_paho_does_as_we_make_it(pin: Callable[[], None]) -> None:
    pin()


def test_the_installed_paho_is_one_that_we_support() -> None:
    assert version("paho-mqtt") in SUPPORTED


@pytest.mark.parametrize("wanted", [each for each in SUPPORTED if each != version("paho-mqtt")])
def test_every_other_supported_paho_does_as_we_make_it(wanted: str, other_paho: Callable[[str], Path]) -> None:
    folder = other_paho(wanted)
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.pins"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [wanted, str(folder)]
