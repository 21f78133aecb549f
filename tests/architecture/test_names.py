"""What can be imported, what an import costs, and what every module owes to its reader."""

import ast
import importlib
import json
import subprocess
import sys

import pytest

from tests.helpers.tree import ROOT, module_files

THIRD_PARTY = {"attr", "attrs", "cattr", "cattrs", "jinja2", "paho", "websockets", "yaml", "zmqtt"}


def test_public_names_are_sorted_and_there() -> None:
    package = importlib.import_module("emitter_typed")
    names: list[str] = package.__all__

    assert names == sorted(set(names))
    assert [name for name in names if not hasattr(package, name)] == []
    assert set(names) <= set(dir(package))


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A door that opens on demand must still say no: `hasattr` and `from … import` rely on it."""
    package = importlib.import_module("emitter_typed")

    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(package, "no_such_name")  # noqa: B009  the checkers would refuse the plain spelling


@pytest.mark.parametrize(
    "code",
    [
        "import emitter_typed",
        "from emitter_typed.cli import main; main(['--version'])",
        "from emitter_typed.cli import main; main(['--help'])",
    ],
)
def test_start_up_loads_no_third_party_package(code: str) -> None:
    """Start-up time is part of the product, and the wheel alone must be enough for these."""
    program = (
        "import json, sys\n"
        f"try:\n    {code}\n"
        "except SystemExit as exit:\n    assert not exit.code, exit.code\n"
        "print(); print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode == 0, run.stderr
    loaded: set[str] = set(json.loads(run.stdout.splitlines()[-1]))
    assert "emitter_typed" in loaded
    assert loaded & THIRD_PARTY == set()


def test_every_module_says_what_it_is_for() -> None:
    without = [
        path.relative_to(ROOT).as_posix()
        for path in module_files().values()
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]

    assert without == []
