"""The tables of configuration on the page about the command line have every key that the compiler reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emitter_typed_codegen.jobs import BadConfiguration, read_project
from tests.helpers.tree import ROOT

PAGE = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")


def keys_below(heading: str) -> list[str]:
    table = PAGE.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "table"),
    [
        ("key of `[tool.emitter-typed]`", "[tool.emitter-typed]\nnone = 1\n"),
        ("key of a job", "[[tool.emitter-typed.jobs]]\nnone = 1\n"),
    ],
)
def test_each_key_has_a_row(heading: str, table: str, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(table, "utf-8")
    with pytest.raises(BadConfiguration) as caught:
        read_project(file)

    (known,) = re.findall(r"unknown key 'none': its keys are (.*)", str(caught.value))
    assert keys_below(heading) != []
    assert sorted(keys_below(heading)) == sorted(re.split(r", | and ", known))
