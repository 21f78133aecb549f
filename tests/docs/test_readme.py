"""What the README shows is what happens."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emitter_typed.cli import main
from tests.helpers.pages import README, blocks

(PROGRAM,) = blocks(README, "python")
(SCHEMA,) = blocks(README, "yaml")


@pytest.fixture
def home_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Makes the README's own package of the README's own schema with the README's own command."""
    command = re.search(r"`emitter-typed (generate [^`]+)`", README)
    assert command is not None
    *_, schema, _, out = arguments = command[1].split()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    Path(schema).write_text(SCHEMA, "utf-8")
    assert main(arguments) == 0
    yield out
    for module in [name for name in sys.modules if name.partition(".")[0] == out]:
        del sys.modules[module]


def test_its_program_runs_on_the_schema_above_it(home_api: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(PROGRAM, "README.md", "exec"), {"__name__": "__main__"})

    key, reading, refusal = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Key\(…[\w-]{4}\)", key)
    assert reading == "kitchen 21.5"
    assert refusal.startswith("401 ")
    assert home_api in sys.modules
