"""`diff` names places in both files, takes its baseline from files or Git, and says clearly what it cannot do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emitter_typed_codegen.cli import main

COMMON = "emitter-typed: 1\ntypes:\n  Unit: {enum: [metre]}\n"
HOME = """\
emitter-typed: 1
name: Home
imports: {common: ./sub/common.yaml}
types:
  Reading:
    fields:
      celsius: float
      unit: common.Unit
channels:
  temperature: {address: home/temperature/, payload: Reading}
"""
PROJECT = '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "home_api"\n'
ENTRY = '[[accept]]\nrule = "field-added-required"\npath = "types.Reading.fields.note"\nreason = "Nobody reads it."\n'


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repo"
    (folder / "sub").mkdir(parents=True)
    (folder / "home.yaml").write_text(HOME, "utf-8")
    (folder / "sub/common.yaml").write_text(COMMON, "utf-8")
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    git(folder, "tag", "v1")
    monkeypatch.chdir(folder)
    return folder


def change(folder: Path) -> None:
    (folder / "home.yaml").write_text(HOME.replace("      unit", "      note: string\n      unit"), "utf-8")


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> Any:
    assert main(["diff", *arguments, "--format", "json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "arguments",
    [["git:v1:home.yaml", "home.yaml"], ["git:HEAD:home.yaml"], [], ["--against", "v1"], ["--against", "git:v1"]],
)
def test_a_change_is_told_with_its_places_in_both_files(
    arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(here)

    (found,) = told(capsys, *arguments, code=1)["changes"]

    revision = "v1" if "v1" in " ".join(arguments) else "HEAD"
    assert found["rule"] == "field-added-required"
    assert found["path"] == "types.Reading.fields.note"
    assert found["channels"] == ["temperature"]
    assert found["new"] == {"file": "home.yaml", "line": 8, "column": 7, "end_column": 11}
    assert found["old"] == {"file": f"git:{revision}:home.yaml", "line": 6, "column": 5, "end_column": 11}


def test_what_is_imported_comes_from_the_same_revision(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sub/common.yaml").write_text(COMMON.replace("[metre]", "[metre, foot]"), "utf-8")

    (found,) = told(capsys, code=1)["changes"]

    assert (found["rule"], found["path"]) == ("value-added", "imports.common.types.Unit.enum.foot")
    assert (found["old"]["file"], found["new"]["file"]) == ("git:HEAD:sub/common.yaml", "sub/common.yaml")
    assert (found["new"]["line"], found["new"]["column"]) == (3, 24)


def test_the_path_of_a_revision_is_one_from_the_current_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change(here)
    monkeypatch.chdir(here / "sub")

    assert len(told(capsys, "git:HEAD:../home.yaml", code=1)["changes"]) == 1
    assert told(capsys, "git:HEAD:common.yaml", code=0)["changes"] == []


def test_nothing_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff"]) == 0
    assert capsys.readouterr().out == "no changes\n"


def test_safe_changes_are_counted_and_told_when_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").write_text(HOME.replace("name: Home", "name: Home\ndoc: A house."), "utf-8")

    assert main(["diff"]) == 0
    assert capsys.readouterr().out == "breaking: 0, accepted: 0, Python only: 0, safe: 1 (shown with --all)\n"
    assert main(["diff", "--all"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("home.yaml:3:1: doc-changed: doc: none → A house.\n  safe: ")
    assert out.endswith(", safe: 1\n")
    assert main(["diff", "--all", "--format", "github"]) == 0
    assert capsys.readouterr().out.startswith("::notice file=home.yaml,line=3,")


def test_nothing_is_said_to_be_shown_with_all_where_nothing_is_hidden(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(here)
    assert main(["diff"]) == 1
    assert capsys.readouterr().out.endswith("\nbreaking: 1, accepted: 0, Python only: 0, safe: 0\n")


def test_an_accepted_break_is_told_and_breaks_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(here)
    (here / "accepted.toml").write_text(ENTRY, "utf-8")
    (here / "pyproject.toml").write_text(f'[tool.emitter-typed]\naccepted = "accepted.toml"\n{PROJECT}', "utf-8")

    (found,) = told(capsys, code=0)["changes"]
    assert found["accepted"] == "Nobody reads it."
    (found,) = told(capsys, "git:v1:home.yaml", "home.yaml", "--accept", "accepted.toml", code=0)["changes"]
    assert main(["diff"]) == 0
    assert "  accepted: Nobody reads it.\nbreaking: 0, accepted: 1," in capsys.readouterr().out


def test_an_entry_may_be_about_one_schema(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(here)
    (here / "accepted.toml").write_text(f'{ENTRY}schema = "other.yaml"\n', "utf-8")

    report = told(capsys, "--accept", "accepted.toml", code=1)

    assert report["unused_accepted"] == [
        {"file": "accepted.toml", "line": 1, "rule": "field-added-required", "path": "types.Reading.fields.note"}
    ]


@pytest.mark.parametrize("schema", ["home.yaml", "sub/common.yaml"])
@pytest.mark.parametrize("units", ["[metre, foot]", "[foot]"])
def test_an_entry_may_name_the_imported_file_that_the_change_is_in(
    schema: str, units: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "sub/common.yaml").write_text(COMMON.replace("[metre]", units), "utf-8")
    found = told(capsys, code=1)["changes"]
    entries = [
        f'[[accept]]\nrule = "{one["rule"]}"\npath = "{one["path"]}"\nreason = "x"\nschema = "{schema}"\n'
        for one in found
    ]
    (here / "accepted.toml").write_text("\n".join(entries), "utf-8")

    report = told(capsys, "--accept", "accepted.toml", code=0)

    assert report["unused_accepted"] == []


@pytest.mark.parametrize("other", [("added-required", "removed"), ("note", "text")], ids=["rule", "path"])
def test_an_entry_accepts_just_its_own_rule_and_path(
    other: tuple[str, str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(here)
    (here / "accepted.toml").write_text(ENTRY.replace(*other), "utf-8")

    report = told(capsys, "--accept", "accepted.toml", code=1)

    assert [one["accepted"] for one in report["changes"]] == [None]
    assert len(report["unused_accepted"]) == 1


def test_an_accepted_break_that_no_longer_occurs_is_reported(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "accepted.toml").write_text(f"# Reviewed.\n{ENTRY}", "utf-8")

    assert main(["diff", "--accept", "accepted.toml"]) == 0
    told = "accepted.toml:2: field-added-required at types.Reading.fields.note no longer occurs: remove the entry\n"
    assert capsys.readouterr().out == f"{told}no changes\n"
    assert main(["diff", "--accept", "accepted.toml", "--format", "github"]) == 0
    assert capsys.readouterr().out.startswith("::warning file=accepted.toml,line=2,col=1,endColumn=2,title=accepted::")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('[[accept]]\nrule = "field-aded"\npath = "x"\nreason = "y"', "1: unknown rule 'field-aded': did you mean"),
        (
            '[[accept]]\nrule = "zzz"\npath = "x"\nreason = "y"',
            "1: unknown rule 'zzz': emitter-typed diff prints the rule of each break\n",
        ),
        (
            '[[accept]]\nrule = "value-added"\npath = "x"\nreason = "y"\nfoo = 1',
            "1: unknown key 'foo': its keys are rule, path, reason and schema\n",
        ),
        (
            '[[accept]]\nrule = "value-added"\npath = "x"\nresaon = "y"',
            "1: unknown key 'resaon': did you mean 'reason'?",
        ),
        ('[[accept]]\nrule = "value-added"\npath = "x"', '1: reason is missing: write reason = "…"'),
        ('[[accept]]\nrule = "value-added"\npath = "x"\nreason = " "', "1: reason must be a text that is not empty"),
        ('[[accept]]\nrule = "type-added"\npath = "x"\nreason = "y"', "1: type-added breaks nothing"),
        ('accept = [{rule = "value-added", path = "x"}]', '0: reason is missing: write reason = "…"'),
        ("[[accepted]]\n", "unknown key 'accepted': write [[accept]]"),
        ("accept = 1\n", "accept must be a list of tables: write [[accept]] before each break"),
        ("[[accept]\n", "the file of accepted breaks is not valid TOML: "),
        (None, "the file of accepted breaks does not exist"),
    ],
)
def test_a_mistake_in_the_file_of_accepted_breaks_is_told(
    entry: str | None, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if entry is not None:
        (here / "accepted.toml").write_text(entry, "utf-8")

    assert main(["diff", "--accept", "accepted.toml"]) == 2
    assert f"accepted.toml:{'' if message[0].isdigit() else ' '}{message}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["git:nope:home.yaml"], "the revision nope does not exist in the Git repository of "),
        (["git:HEAD:hom.yaml"], "hom.yaml does not exist in the revision HEAD"),
        (["git:HEAD:"], "git:HEAD: does not name a file in a revision: write git:REV:PATH"),
        (["git:--all:home.yaml"], "git:--all:home.yaml does not name a file in a revision: write git:REV:PATH"),
        (["git:HEAD:nowhere/home.yaml"], "nowhere/home.yaml does not exist in the revision HEAD"),
        (["home.yaml"], "NEW is missing: name the schema to compare home.yaml with, or write git:REV:home.yaml"),
        (["--against", "nope"], "the revision nope does not exist"),
        (["--against", ""], "it is empty: name a revision"),
        (["home.yaml", "home.yaml", "--against", "v1"], "--against goes with the jobs of pyproject.toml"),
        (["protocol.yaml", "protocol.yaml"], "protocol.yaml describes a protocol"),
        (["git:HEAD:home.yaml", "protocol.yaml"], "protocol.yaml describes a protocol"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_line(
    arguments: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    emitter = Path(__file__).parents[3] / "schema" / "emitter.yaml"
    (here / "protocol.yaml").write_bytes(emitter.read_bytes())

    assert main(["diff", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_outside_a_repository_there_is_no_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert main(["diff", "git:HEAD:home.yaml"]) == 2
    assert "is not in a Git repository" in capsys.readouterr().err


def test_problems_of_either_schema_are_told_with_their_places(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").write_text(HOME.replace("float", "flaot"), "utf-8")
    git(here, "commit", "-qam", "y")
    (here / "home.yaml").write_text(HOME, "utf-8")

    assert main(["diff"]) == 1
    assert capsys.readouterr().err.startswith("git:HEAD:home.yaml:7:16: unknown-type: ")
    assert main(["diff", "nothere.yaml", "home.yaml"]) == 1
    assert capsys.readouterr().err.startswith("nothere.yaml: no-file: ")


def test_a_schema_that_the_revision_lacks_is_new(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "more.yaml").write_text(HOME, "utf-8")
    (here / "pyproject.toml").write_text(PROJECT + PROJECT.replace("home", "more"), "utf-8")

    assert main(["diff"]) == 0
    assert capsys.readouterr().out == "more.yaml is new since HEAD\nno changes\n"


def test_a_schema_that_was_moved_is_compared_with_what_it_was(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").unlink()
    moved = HOME.replace("./sub/common", "./common").replace("      unit", "      note: string\n      unit")
    (here / "sub/home.yaml").write_text(moved, "utf-8")
    (here / "pyproject.toml").write_text(PROJECT.replace("home.yaml", "sub/home.yaml"), "utf-8")

    assert main(["diff"]) == 1
    told = capsys.readouterr().out
    assert "sub/home.yaml was home.yaml at HEAD" in told
    assert "field-added-required" in told


def test_paths_are_seen_from_the_current_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "home.yaml").write_text(HOME.replace("float", "flaot"), "utf-8")

    for folder, seen in ((here, "home.yaml"), (here / "sub", "../home.yaml")):
        monkeypatch.chdir(folder)
        for verb in ("generate", "check", "diff"):
            assert main([verb]) == 1
            told = capsys.readouterr()
            assert (told.err or told.out).startswith(f"{seen}:7:16: unknown-type: "), verb


def test_annotations_name_the_place(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(here)

    assert main(["diff", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith(
        "::error file=home.yaml,line=8,col=7,endColumn=11,title=field-added-required::"
    )


def test_a_worktree_of_its_own_has_its_own_last_commit(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(here)
    git(here, "commit", "-qam", "y")
    git(here, "worktree", "add", "-q", "--detach", "../old", "v1")

    monkeypatch.chdir(here.parent / "old")

    assert main(["diff", "git:HEAD:home.yaml"]) == 0
    assert main(["diff", "git:HEAD:home.yaml", str(here / "home.yaml")]) == 1


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "y")


def error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["diff", *arguments]) == 2
    return capsys.readouterr().err


def test_a_schema_that_was_renamed_is_compared_if_its_job_has_the_same_package(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(here)
    git(here, "mv", "home.yaml", "house.yaml")
    (here / "pyproject.toml").write_text(PROJECT.replace('"home.yaml"', '"house.yaml"'), "utf-8")

    (found,) = told(capsys, code=1)["changes"]

    assert (found["old"]["file"], found["new"]["file"]) == ("git:HEAD:home.yaml", "house.yaml")
    assert "emitter-typed diff git:HEAD:OLD house.yaml" in error(capsys, "git:HEAD:house.yaml")


@pytest.mark.parametrize("link", ["home.yaml", "linked"])
def test_links_of_a_revision_are_followed(link: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(here, "mv", "home.yaml", "sub/real.yaml")
    (here / link).symlink_to("sub" if link == "linked" else "sub/real.yaml")
    (here / "sub/real.yaml").write_text(HOME.replace("./sub/", "./"), "utf-8")
    (here / "common.yaml").write_text(COMMON, "utf-8")
    path = "linked/real.yaml" if link == "linked" else link
    commit(here)
    (here / "sub/real.yaml").write_text(HOME.replace("./sub/", "./").replace("celsius: f", "kelvin: f"), "utf-8")

    (found,) = told(capsys, f"git:HEAD:{path}", code=1)["changes"]

    assert found["old"]["file"] == f"git:HEAD:{path}"


def test_a_link_that_leads_out_of_a_revision_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(here, "mv", "home.yaml", "real.yaml")
    (here / "home.yaml").symlink_to(here / "real.yaml")
    commit(here)

    assert "is a symbolic link that leads to no file of the revision" in error(capsys, "git:HEAD:home.yaml")


@pytest.mark.parametrize("damaged", [False, True])
def test_an_object_that_cannot_be_read_is_no_schema_that_is_new(
    damaged: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.run(["git", "rev-parse", "HEAD:home.yaml"], cwd=here, check=True, capture_output=True, text=True)
    name = done.stdout.strip()
    held = here / ".git/objects" / name[:2] / name[2:]
    held.unlink()
    if damaged:
        held.write_bytes(b"garbage")

    assert "git cannot read home.yaml in the revision HEAD" in error(capsys, "git:HEAD:home.yaml")
    assert "git cannot read home.yaml in the revision HEAD" in error(capsys)


def test_a_repository_without_a_commit_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "home.yaml").write_text(COMMON, "utf-8")
    monkeypatch.chdir(tmp_path)

    assert "which has no commit yet: commit the schema first" in error(capsys, "git:HEAD:home.yaml")


def test_a_git_dir_that_is_none_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_WORK_TREE", str(here))

    assert error(capsys, "git:HEAD:home.yaml") == "GIT_DIR is /nonexistent, which is not a Git repository: unset it\n"


def test_a_pointer_of_lfs_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "utf-8")
    commit(here)
    (here / "home.yaml").write_text(HOME, "utf-8")

    assert main(["diff"]) == 1
    assert "hint: this is a pointer of Git LFS: run git lfs pull" in capsys.readouterr().err


def test_lines_that_end_as_on_windows_are_no_change(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").write_bytes(HOME.replace("\n", "\r\n").encode())

    assert told(capsys, code=0)["changes"] == []


def test_a_schema_in_a_submodule_is_compared_with_the_revisions_of_that(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = here.parent / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(here), "sub")
    git(outer, "commit", "-qm", "x")
    change(outer / "sub")
    monkeypatch.chdir(outer)

    assert main(["diff", "git:v1:sub/home.yaml"]) == 1


def test_a_submodule_that_is_not_here_is_told(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outer, copy = tmp_path / "outer", tmp_path / "copy"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(here), "sub")
    git(outer, "commit", "-qm", "x")
    git(tmp_path, "clone", "-q", str(outer), str(copy))
    monkeypatch.chdir(copy)

    for _ in range(2):
        assert error(capsys, "git:HEAD:sub/home.yaml") == (
            "sub/home.yaml cannot be read: sub is a Git submodule that is not here: run git submodule update --init\n"
        )
        if (copy / "sub").is_dir():
            (copy / "sub").rmdir()
