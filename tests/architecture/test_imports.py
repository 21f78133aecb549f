"""The modules of src and codegen import what the table of ARCHITECTURE.md allows, and no more."""

import pytest

from tests.architecture.import_table import Row, parse_table, row_of, violations
from tests.architecture.tree import ROOT, module_files


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return parse_table((ROOT / "ARCHITECTURE.md").read_text("utf-8"))


def test_every_import_is_one_that_the_table_allows(rows: dict[str, Row]) -> None:
    found = violations(module_files(), rows, ROOT)

    assert not found, "\n".join(["imports that ARCHITECTURE.md does not allow:", *found])


def test_every_name_of_ours_in_the_table_stands_for_a_module(rows: dict[str, Row]) -> None:
    named = {name for row in rows.values() for name in (row.part, *row.ours)}

    assert named - module_files().keys() == set()


def test_the_row_of_the_public_door_speaks_for_the_door_alone(rows: dict[str, Row]) -> None:
    """It may import every part, so that a part without a row of its own would be free to do so as well."""
    strays = [
        module
        for module in module_files()
        if module != "emitter_typed" and (row := row_of(module, rows)) and row.part == "emitter_typed"
    ]

    assert strays == []
