"""What the transport changes in paho holds for the version that is installed; `tests/conformance` tries the others."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import pytest

from tests.helpers import pins


@pytest.mark.parametrize("pin", pins.PINS, ids=lambda pin: pin.__name__)
def test_the_installed_paho_does_as_we_make_it(pin: Callable[[], None]) -> None:
    pin()


def test_the_installed_paho_is_one_that_we_support() -> None:
    assert version("paho-mqtt") in pins.SUPPORTED
