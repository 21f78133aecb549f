"""The output is a function of the schema and of nothing else, and what is committed is current."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, UndefinedError

from emitter_typed_codegen.cli import main
from emitter_typed_codegen.render import CompiledTemplates, render
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


@pytest.mark.parametrize("schema", ["schema/emitter.yaml", "tests/codegen/golden/names/schema.yaml"])
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


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    (tmp_path / "x.jinja").write_text("{{ 6 * 7 }}")
    return tmp_path


def rendered(templates: Path) -> str:
    """Print a template as a process does that has just started."""
    kept = CompiledTemplates(templates)
    return Environment(loader=FileSystemLoader(templates), bytecode_cache=kept).get_template("x.jinja").render()


def test_templates_are_compiled_once_and_again_when_they_changed(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert rendered(templates) == "42"
    (kept,) = (templates / "__pycache__").iterdir()
    written = kept.stat().st_mtime_ns

    assert rendered(templates) == "42"
    assert kept.stat().st_mtime_ns == written
    (templates / "x.jinja").write_text("{{ 6 * 9 }}")
    assert rendered(templates) == "54"


@pytest.mark.parametrize("unwanted", [True, False])
def test_templates_that_cannot_or_shall_not_be_kept_are_compiled_each_time(
    templates: Path, monkeypatch: pytest.MonkeyPatch, unwanted: bool
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", unwanted)
    if not unwanted:
        (templates / "__pycache__").write_text("no folder")

    assert rendered(templates) == "42"
    assert not (templates / "__pycache__").is_dir()
