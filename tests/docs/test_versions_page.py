"""What the page about versions names is what the package declares."""

from __future__ import annotations

import re
import tomllib

import pytest

from emitter_typed.contract import CONTRACT
from emitter_typed_codegen.version import VERSION
from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "versions.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("requirement", PROJECT["dependencies"])
def test_each_dependency_has_its_range(requirement: str) -> None:
    parts = re.fullmatch(r"([\w-]+)>=([\d.]+)(?:,<\d+)?", requirement)

    assert parts is not None
    assert f"| {parts[1]} | {parts[2]} or newer" in PAGE


def test_pythons_and_numbers_are_those_of_this_package() -> None:
    pythons = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", each)]

    assert f"| Python | {pythons[0]} to {pythons[-1]}." in PAGE
    assert f"version, such as {VERSION} |" in PAGE
    assert f"contract, such as {CONTRACT} |" in PAGE
