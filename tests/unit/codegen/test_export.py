"""`export` writes a document, or says in a line why not."""

import io
import json
import sys
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main
from tests.helpers.tree import ROOT

SCHEMA = """\
emitter-typed: 1
name: Home
types:
  Reading: {fields: {celsius: {type: float, doc: "Warm — or not."}}}
channels:
  temperature: {address: "home/{room}/temperature/", payload: Reading}
"""
JOB = """\
[[tool.emitter-typed.jobs]]
schema = "home.yaml"
out = "home_api"
exports = EXPORTS
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home.yaml").write_text(SCHEMA, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("target", ["asyncapi", "jsonschema", "html"])
def test_a_document_goes_to_stdout_or_a_file(target: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "home.yaml", "--to", target]) == 0
    printed = capsys.readouterr().out
    assert main(["export", "home.yaml", "--to", target, "--out", "docs/home.txt"]) == 0
    assert capsys.readouterr().out == "wrote docs/home.txt\n"
    assert (here / "docs/home.txt").read_text("utf-8") == printed
    assert "Warm — or not." in printed

    assert main(["export", "home.yaml", "--to", target, "--out", "docs/home.txt"]) == 0
    assert capsys.readouterr().out == "docs/home.txt is up to date\n"


def test_a_document_of_ours_is_written_over(here: Path) -> None:
    for target in ("asyncapi", "jsonschema", "html"):
        assert main(["export", "home.yaml", "--to", target, "--out", "document"]) == 0
    assert "\n<!doctype html>\n" in (here / "document").read_text("utf-8")
    assert [path.name for path in here.iterdir()].count("document") == 1


def test_a_file_of_somebody_else_is_left_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "home.yaml", "--to", "html", "--out", "home.yaml"]) == 1

    assert capsys.readouterr().err == (
        "nothing was written:\nhome.yaml was not written by emitter-typed: move it away, or generate elsewhere\n"
    )
    assert (here / "home.yaml").read_text("utf-8") == SCHEMA


def test_what_cannot_be_written_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "folder").mkdir()

    assert main(["export", "home.yaml", "--to", "html", "--out", "folder"]) == 1
    assert "folder is not a file" in capsys.readouterr().err
    assert main(["export", "home.yaml", "--to", "html", "--out", "home.yaml/x"]) == 1
    assert "home.yaml" in capsys.readouterr().err
    assert main(["export", "home.yaml", "--to", "html", "--out", "folder", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["rule"] == "output"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nope.yaml", "--to", "html"], 1, "nope.yaml: no-file: the file does not exist"),
        (["home.yaml", "--to", "asynapi"], 2, "unknown form 'asynapi': did you mean 'asyncapi'?"),
        (["home.yaml", "--to", "pdf"], 2, "unknown form 'pdf': write one of asyncapi, jsonschema, html"),
        (["home.yaml"], 2, "the following arguments are required: --to"),
        (["home.yaml", "other.yaml", "--to", "html"], 2, "unrecognized arguments: other.yaml"),
        (
            [str(ROOT / "schema/emitter.yaml"), "--to", "html"],
            2,
            "describes a protocol: only schemas of types and channels",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    arguments: list[str], code: int, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *arguments]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_problems_are_told_and_nothing_is_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").write_text(SCHEMA.replace("float", "flaot"), "utf-8")

    assert main(["export", "home.yaml", "--to", "html", "--out", "x.html"]) == 1
    assert "home.yaml:4:" in capsys.readouterr().err
    assert not (here / "x.html").exists()


def test_a_document_is_utf_8_whatever_the_terminal_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    assert main(["export", "home.yaml", "--to", "asyncapi"]) == 0
    assert "Warm — or not." in raw.getvalue().decode("utf-8")


def test_without_a_stdout_a_file_is_asked_for(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    assert main(["export", "home.yaml", "--to", "html"]) == 1
    assert capsys.readouterr().err == "stdout is closed: name a file with --out\n"


def test_a_job_has_documents_that_generate_keeps_in_step(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exports = '{ html = "docs/home.html", asyncapi = "docs/home.json", jsonschema = "docs/home.schema.json" }'
    (here / "pyproject.toml").write_text(JOB.replace("EXPORTS", exports), "utf-8")
    assert main(["generate"]) == 0
    assert {path.name for path in (here / "docs").iterdir()} == {"home.html", "home.json", "home.schema.json"}
    assert main(["generate", "--check"]) == 0

    (here / "home.yaml").write_text(SCHEMA.replace("Warm", "Warmer"), "utf-8")
    capsys.readouterr()
    assert main(["generate", "--check"]) == 1
    assert "+++ b/docs/home.html" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("exports", "said"),
    [
        ('"x.html"', "exports: it must be a table, as in exports = { html ="),
        ("[]", "exports: it must be a table"),
        ('{ htlm = "x" }', "exports: unknown key 'htlm': did you mean 'html'?"),
        ("{ html = 1 }", 'exports: html must be a text that is not empty: write it as in html = "docs/home.html"'),
        ('{ html = "" }', "exports: html must be a text"),
    ],
)
def test_exports_that_say_something_else_are_wrong_usage(
    exports: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "pyproject.toml").write_text(JOB.replace("EXPORTS", exports), "utf-8")

    assert main(["generate"]) == 2
    assert said in capsys.readouterr().err


def test_two_documents_at_one_place_are_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").write_text(JOB.replace("EXPORTS", '{ html = "x", asyncapi = "./x" }'), "utf-8")

    assert main(["generate"]) == 1
    assert "would be written by two jobs" in capsys.readouterr().err
    assert not (here / "x").exists()


def test_a_job_of_a_protocol_has_no_documents(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "schema/emitter.yaml").read_text("utf-8")
    (here / "home.yaml").write_text(text, "utf-8")
    (here / "pyproject.toml").write_text(JOB.replace("EXPORTS", '{ html = "x.html" }'), "utf-8")

    assert main(["generate"]) == 1
    assert "home.yaml describes a protocol" in capsys.readouterr().err
