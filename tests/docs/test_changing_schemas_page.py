"""The page of changes, docs/how-to/changing-schemas.md, says what the compiler does."""

import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from emitter_typed_codegen.accepted import read_accepted
from emitter_typed_codegen.cli import main
from emitter_typed_codegen.compare import EFFECTS, compare
from emitter_typed_codegen.resolve import load
from tests.docs.changes_table import MARK, table
from tests.docs.changes_table import PAGE as TABLE_PAGE
from tests.helpers.tree import ROOT

TEXT = (ROOT / "docs" / "how-to" / "changing-schemas.md").read_text("utf-8")


def _schema(folder: Path, name: str, field: str) -> Path:
    path = folder / name
    path.write_text(
        "emitter-typed: 1\nname: Home\ntypes:\n  Reading:\n    fields:\n      celsius: float\n"
        f"      {field}\nchannels: {{temperature: {{address: home/temperature/, payload: Reading}}}}\n",
        "utf-8",
    )
    return path


def test_the_table_is_that_of_the_program() -> None:
    assert TABLE_PAGE.read_text("utf-8").partition(MARK)[2].strip() == table().strip()


def test_every_effect_is_explained() -> None:
    section = TEXT.partition("## Effects")[2].partition("## A field")[0]

    assert re.findall(r"^\| `([a-z-]+)`", section, re.MULTILINE) == list(EFFECTS)


def test_each_step_to_another_name_is_safe(tmp_path: Path) -> None:
    steps = re.findall(r"^\d\. `(.*?)`[:,]", TEXT, re.MULTILINE)
    schemas = [load(_schema(tmp_path, f"{number}.yaml", step)) for number, step in enumerate(["note: string?", *steps])]

    assert len(steps) == 3
    told = [{change.rule.id for change in compare(old, new)} for old, new in itertools.pairwise(schemas)]
    assert told == [{"also-read-added"}, {"field-renamed-both-read"}, {"also-read-removed"}]


def test_the_example_of_a_misread_time_is_printed(tmp_path: Path) -> None:
    fields = [f"at: {{type: datetime, format: {name}}}" for name in ("unix", "unix_ms")]
    schemas = [load(_schema(tmp_path, f"{number}.yaml", field)) for number, field in enumerate(fields)]
    example = re.search(r"^`(new programs read .*)`\.$", TEXT, re.MULTILINE)

    (change,) = compare(*schemas)

    assert example is not None
    assert example.group(1) in change.message


def test_the_example_of_accepted_breaks_is_one(tmp_path: Path) -> None:
    example = re.search(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert example is not None
    path = tmp_path / "accepted.toml"
    path.write_text(example.group(1), "utf-8")

    (entry,) = read_accepted(path)

    assert [entry.rule] == [each["rule"] for each in tomllib.loads(example.group(1))["accept"]]


def test_the_output_is_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = re.search(r"^```text\n\$ emitter-typed (.*?)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert shown is not None
    head = "emitter-typed: 1\nname: Home\ndoc: A house.\ntypes:\n  Reading:\n    fields:\n      celsius: float\n"
    channel = 'channels:\n  temperature: {address: "home/{room}/temperature/", payload: Reading}\n'
    path = tmp_path / "home.yaml"
    path.write_text(f"{head}      note: string?\n{channel}", "utf-8")
    for command in (
        ["init", "-q"],
        ["add", "home.yaml"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
        ["tag", "v1.0"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    path.write_text(f"{head}      note: string?\n      humidity: float\n{channel}", "utf-8")

    assert main(shown.group(1).split()) == 1

    assert capsys.readouterr().out == shown.group(2)
