"""Commands and files that a page names exist."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.helpers.pages import PAGES, README, blocks
from tests.helpers.tree import ROOT


@pytest.fixture(params=PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_make_targets_are_in_the_menu(page: Path) -> None:
    menu = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = page.read_text("utf-8")
    spoken = re.findall(r"`make ((?:[a-z-]+ ?)+)", text)
    shown = re.findall(r"^make ((?:[a-z-]+ ?)+)", "\n".join(blocks(text, "sh")), re.MULTILINE)

    assert {target for line in [*spoken, *shown] for target in line.split()} - menu == set()


def test_files_that_are_linked_exist(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_tests_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"`(tests/[\w./-]*)`", page.read_text("utf-8"))

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_names_the_two_commands() -> None:
    assert {line.partition("#")[0].strip() for line in "".join(blocks(README, "sh")).splitlines()} >= {
        "make demo",
        "make test",
    }


def test_what_decides_whether_a_change_goes_in_is_told() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    commands = re.findall(r"^make .*$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)

    assert commands
    assert [command for command in commands if f"`{command}`" not in contributing] == []


def test_extras_that_can_be_installed_are_the_packages_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    page = (ROOT / "docs" / "how-to" / "installing.md").read_text("utf-8")
    shown = set(re.findall(r'pip install "\.\[(\w+)\]"', "".join(blocks(page, "sh"))))

    assert shown == set(project["optional-dependencies"])
