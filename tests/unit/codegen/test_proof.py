"""What the compiler prints is proved to be Python before anything of it is written."""

from collections.abc import Mapping
from pathlib import Path

import pytest

import emitter_typed_codegen.render
from emitter_typed_codegen import jobs
from emitter_typed_codegen.cli import main
from emitter_typed_codegen.exit_codes import FOUND
from emitter_typed_codegen.problems import Problem, SchemaProblems
from emitter_typed_codegen.proof import prove

SCHEMA = """\
emitter-typed: 1
types:
  Reading: {fields: {x: int}}
  living-room: {fields: {x: int}}
channels:
  lamp: {address: lamp/, payload: Reading}
"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "home.yaml"
    path.write_text(SCHEMA, "utf-8")
    return path


def refused(files: Mapping[str, str], schema: Path) -> Problem:
    with pytest.raises(SchemaProblems) as caught:
        prove(files, schema)
    (problem,) = caught.value.problems
    return problem


def test_python_passes(schema: Path) -> None:
    prove({"types.py": "class Reading: ...\n", "py.typed": "no python\n"}, schema)


@pytest.mark.parametrize(
    ("path", "text", "line", "named"),
    [
        ("types.py", "class Reading:\n    x: int = (\n\n\nclass Other: ...\n", 3, "'Reading' makes"),
        (
            "types.py",
            "class Reading: ...\n\n\nclass LivingRoom:\n    x: tuple[\n    | None\n",
            4,
            "'living-room' makes",
        ),
        ("channels.py", "class AsyncLampChannel:\n    a b\n", 6, "'lamp' makes"),
        ("facade.py", "class Home:\n    def f(self):\n        self.lamp = a b\n", 6, "'lamp' makes"),
        ("__init__.py", "import (\n", 0, "the schema makes"),
    ],
)
def test_a_broken_file_leads_to_what_it_was_made_of(schema: Path, path: str, text: str, line: int, named: str) -> None:
    problem = refused({path: text}, schema)

    assert (problem.file, problem.line, problem.rule) == (str(schema), line, "output")
    assert problem.message.startswith(f"{named} a {path} that Python cannot read: ")
    assert "bug of emitter-typed: report it" in problem.hint


@pytest.mark.parametrize("text", ["a = '\\d'\n", "a = '\0'\n", f"a = {'(' * 5000}\n", "def f(a, a): ...\n"])
def test_what_an_interpreter_would_warn_of_is_refused_as_well(schema: Path, text: str) -> None:
    assert "Python cannot read" in refused({"types.py": text}, schema).message


def test_nothing_is_written(schema: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    whole = emitter_typed_codegen.render.render

    def broken(*arguments: object) -> Mapping[str, str]:
        files = whole(*arguments)  # type: ignore[arg-type]
        return {path: text.replace("    x: int\n", "    x: int\n  | None\n") for path, text in files.items()}

    monkeypatch.setattr(jobs, "render", broken)
    out = schema.with_name("home_api")

    assert main(["generate", str(schema), "--out", str(out)]) == FOUND
    assert not out.exists()
    told = capsys.readouterr().err
    assert f"{schema}:3:3: output: 'Reading' makes a types.py that Python cannot read" in told
    assert "nothing was written" in told
