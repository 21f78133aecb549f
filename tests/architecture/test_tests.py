"""The tests lie where tests/README.md says, and what is skipped for want of something is told."""

import re

import pytest

from tests.helpers.tree import ROOT, module_files

pytest_plugins = ("pytester",)

TESTS = ROOT / "tests"
UNIT = TESTS / "unit"
# What folders of unit tests are called, beside `src/emitter_typed`.
PLACES = {"codegen": "emitter_typed_codegen", "benchmarks": "benchmarks"}
SESSION = "emitter_typed._protocol.session"


def test_the_page_tells_of_every_folder() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| [A-Z]", (TESTS / "README.md").read_text("utf-8"), re.MULTILINE)
    folders = {path.name for path in TESTS.iterdir() if any(path.glob("**/*.py"))}

    assert sorted(rows) == sorted(folders)
    assert len(folders) <= 9


def test_folders_of_unit_tests_are_packages() -> None:
    packages = {name.replace("._", ".") for name, path in module_files().items() if path.name == "__init__.py"}
    strays: list[str] = []
    for folder in (path for path in UNIT.rglob("*") if any(path.glob("test_*.py"))):
        first, *below = folder.relative_to(UNIT).parts
        package = ".".join([PLACES.get(first, f"emitter_typed.{first}"), *below])
        if package not in {*packages, "benchmarks"}:
            strays.append(str(folder.relative_to(ROOT)))

    assert strays == []


def test_each_module_of_the_session_has_unit_tests() -> None:
    modules = [name.removeprefix(f"{SESSION}.") for name in module_files() if name.startswith(f"{SESSION}.")]
    folder = UNIT / "protocol" / "session"

    assert modules
    assert [module for module in modules if not (folder / f"test_{module}.py").is_file()] == []


SKIPPING = """
import pytest

@pytest.mark.tools
def test_that_needs_a_browser():
    pytest.skip("there is no browser: install one")

@pytest.mark.tools
def test_that_has_what_it_needs():
    pass

def test_of_something_else():
    pytest.skip("not today")
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_tests_that_lack_a_tool_are_listed_with_the_reason(pytester: pytest.Pytester, workers: str) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.checks"]')
    pytester.makeini("[pytest]\nmarkers = tools")
    pytester.makepyfile(SKIPPING)

    done = pytester.runpytest_subprocess("-o", f"pythonpath={ROOT}", "-p", "no:asyncio", "-n", workers)

    done.assert_outcomes(passed=1, skipped=2)
    done.stdout.fnmatch_lines(
        ["*= tools: not run: 1 =*", "*::test_that_needs_a_browser: there is no browser: install one"]
    )
    done.stdout.no_fnmatch_line("*test_of_something_else: *")
