"""The output is a function of the schema and of nothing else, and what is committed is current."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from emitter_typed_codegen.cli import main
from emitter_typed_codegen.render import render
from emitter_typed_codegen.view import Banner, FileView

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from emitter_typed_codegen.cli import main
sys.exit(main(["generate", *sys.argv[1:]]))
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize("schema", ["schema/emitter.yaml", "tests/golden/names/schema.yaml"])
def test_machines_agree_on_every_byte(tmp_path: Path, schema: str) -> None:
    """Two hash seeds, two locales, two time zones, two folders."""
    made: list[dict[str, bytes]] = []
    for number, (seed, locale, zone) in enumerate((("1", "C", "UTC"), ("4242", "C.UTF-8", "Asia/Kathmandu"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "schema.yaml").write_bytes((ROOT / schema).read_bytes())
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        command = [sys.executable, "-c", PROGRAM, "schema.yaml", "--out", "made"]
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=60, capture_output=True)
        made.append(contents(folder / "made"))

    assert made[0] == made[1]
    assert len(made[0]) > 2


def test_what_is_committed_is_current(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)

    assert main(["generate", "--check"]) == 0, capsys.readouterr().out


def test_a_template_cannot_print_what_is_not_there() -> None:
    with pytest.raises(UndefinedError):
        render([FileView("x.py", "errors.py.jinja", object())], Banner((), {}))
