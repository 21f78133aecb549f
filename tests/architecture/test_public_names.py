"""The lazy door: what checkers see is what a program gets."""

import ast
import importlib

import pytest

from tests.helpers.tree import ROOT

PACKAGE = "emitter_typed"


@pytest.fixture(scope="module")
def seen_by_checkers() -> list[ast.stmt]:
    tree = ast.parse((ROOT / "src" / PACKAGE / "__init__.py").read_text("utf-8"))
    (block,) = [each for each in tree.body if isinstance(each, ast.If)]
    return block.body


def test_each_name_has_the_home_that_checkers_see(seen_by_checkers: list[ast.stmt]) -> None:
    imports = [each for each in seen_by_checkers if isinstance(each, ast.ImportFrom)]
    seen = {
        each.module.removeprefix(f"{PACKAGE}."): tuple(alias.name for alias in each.names)
        for each in imports
        if each.module is not None and each.module != PACKAGE
    }

    package = importlib.import_module(PACKAGE)
    assert seen.pop("_generated") == ("*",)
    assert seen == package._HOMES


def test_the_list_that_checkers_see_is_the_list_at_run_time(seen_by_checkers: list[ast.stmt]) -> None:
    (listed,) = [ast.literal_eval(each.value) for each in seen_by_checkers if isinstance(each, ast.Assign)]

    package = importlib.import_module(PACKAGE)
    generated = importlib.import_module(f"{PACKAGE}._generated")
    assert listed == sorted(name for names in package._HOMES.values() for name in names)
    assert sorted([*listed, *generated.__all__]) == package.__all__


def test_each_name_is_the_one_of_its_home() -> None:
    package = importlib.import_module(PACKAGE)

    for home, names in package._HOMES.items():
        module = importlib.import_module(f"{PACKAGE}.{home}")
        assert all(getattr(package, name) is getattr(module, name) for name in names), home
