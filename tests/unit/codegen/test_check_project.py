"""`check` without arguments tells all that CI asks of the jobs of a project, in one run."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emitter_typed_codegen.cli import main

HOME = """\
emitter-typed: 1
name: Home
types:
  Reading: {fields: {celsius: float}}
channels:
  temperature: {address: home/temperature/, payload: Reading}
"""
STRICTER = HOME.replace("celsius: float", "celsius: float, note: string")
PROJECT = """\
[tool.emitter-typed]
baseline = "git:main"

[[tool.emitter-typed.jobs]]
schema = "home.yaml"
out = "home_api"
"""
SECOND = '\n[[tool.emitter-typed.jobs]]\nschema = "more.yaml"\nout = "more_api"\n'
ENTRY = '[[accept]]\nrule = "field-added-required"\npath = "types.Reading.fields.note"\nreason = "Nobody reads it."\n'


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A branch of a repository, one commit after it left `main`."""
    folder = tmp_path / "repo"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write(folder, "home.yaml", HOME)
    write(folder, "pyproject.toml", PROJECT)
    assert main(["generate"]) == 0
    git(folder, "init", "-qb", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    git(folder, "checkout", "-qb", "branch")
    capsys.readouterr()
    return folder


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> Any:
    assert main(["check", *arguments, "--format", "json"]) == code
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def counts(**found: int) -> dict[str, int]:
    return {"schemas": 1, "problems": 0, "outdated": 0, "orphans": 0, "breaking": 0, "accepted": 0} | found


def generate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate"]) == 0
    capsys.readouterr()


def test_a_project_in_which_nothing_is_to_be_done_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("checked 1 schema: no problems, code up to date, nothing breaks git:main (")
    assert out.count("\n") == 1


def test_all_is_told_in_one_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "home.yaml", STRICTER)
    write(here, "more.yaml", HOME.replace("float", "flaot"))
    write(here, "pyproject.toml", PROJECT + SECOND)

    found = told(capsys, code=1)

    assert (found["ok"], found["summary"]) == (False, counts(schemas=2, problems=1, outdated=2, breaking=1))
    assert {(one["file"], one["rule"]) for one in found["problems"]} == {
        ("more.yaml", "unknown-type"),
        ("home_api/types.py", "output"),
        ("home_api/manifest.json", "output"),
    }
    assert [one["rule"] for one in found["changes"]] == ["field-added-required"]
    assert main(["check"]) == 1
    assert "checked 2 schemas: 1 problem, 2 files out of date, 1 breaking since git:main" in capsys.readouterr().out
    assert main(["check", "--format", "github"]) == 1
    assert capsys.readouterr().out.count("::error file=") == 4


def test_only_what_this_branch_did_counts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Others may have added a field to main meanwhile: that it is not here breaks nobody."""
    git(here, "checkout", "-q", "main")
    write(here, "home.yaml", STRICTER)
    git(here, "commit", "-qam", "y")
    git(here, "checkout", "-q", "branch")

    assert told(capsys, code=0)["changes"] == []


@pytest.mark.parametrize("committed", [False, True])
def test_what_this_branch_breaks_is_told_committed_or_not(
    committed: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, "home.yaml", STRICTER)
    generate(capsys)
    if committed:
        git(here, "commit", "-qam", "y")

    assert told(capsys, code=1)["summary"] == counts(breaking=1)
    assert told(capsys, "--against", "HEAD", code=0 if committed else 1)["summary"]["breaking"] == (not committed)


def test_an_accepted_break_is_counted_and_fails_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "home.yaml", STRICTER)
    write(here, "accepted.toml", ENTRY)
    generate(capsys)

    assert told(capsys, "--accept", "accepted.toml", code=0)["summary"] == counts(accepted=1)
    write(here, "pyproject.toml", PROJECT.replace("baseline", 'accepted = "accepted.toml"\nbaseline'))
    assert main(["check"]) == 0
    assert capsys.readouterr().out.rstrip().endswith(", 1 accepted")
    write(here, "home.yaml", HOME)
    generate(capsys)
    assert [one["path"] for one in told(capsys, code=0)["unused_accepted"]] == ["types.Reading.fields.note"]


def test_an_entry_is_not_called_unused_if_its_schema_was_not_compared(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, "home.yaml", HOME.replace("float", "flaot"))
    write(here, "accepted.toml", ENTRY)

    assert told(capsys, "--accept", "accepted.toml", code=1)["unused_accepted"] == []


def test_without_a_baseline_no_changes_are_looked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "pyproject.toml", PROJECT.replace('baseline = "git:main"', ""))
    write(here, "home.yaml", STRICTER)
    generate(capsys)

    found = told(capsys, code=0)

    assert (found["baseline"], found["changes"]) == (None, [])
    assert 'write baseline = "git:origin/main"' in found["notes"][0]


def test_a_baseline_may_be_a_file_for_each_job(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "released/home.yaml", HOME)
    write(here, "home.yaml", STRICTER)
    write(here, "more.yaml", HOME)
    own = PROJECT.replace('out = "home_api"', 'out = "home_api"\nbaseline = "released/home.yaml"')
    write(here, "pyproject.toml", own + SECOND)
    generate(capsys)

    found = told(capsys, code=1)

    assert [one["old"]["file"] for one in found["changes"]] == ["released/home.yaml"]
    assert found["baseline"].startswith("released/home.yaml, git:main (")


def test_a_schema_that_was_moved_is_compared_with_what_it_was(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "schemas/home.yaml", STRICTER)
    (here / "home.yaml").unlink()
    write(here, "pyproject.toml", PROJECT.replace("home.yaml", "schemas/home.yaml"))
    generate(capsys)

    (change,) = told(capsys, code=1)["changes"]

    assert (change["rule"], change["new"]["file"]) == ("field-added-required", "schemas/home.yaml")


def test_a_schema_that_is_gone_breaks_whom_its_channels_served(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "more.yaml", HOME.replace("home/", "more/"))
    write(here, "pyproject.toml", PROJECT.partition("[[")[0] + SECOND)
    generate(capsys)

    found = told(capsys, code=1)

    assert [one["rule"] for one in found["changes"] if one["breaking"]] == ["channel-removed"]
    assert found["notes"][-1].startswith("more.yaml is new since ")


def test_a_package_without_a_job_is_an_orphan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "old.yaml", HOME)
    write(here, "pyproject.toml", PROJECT + SECOND.replace("more", "old"))
    generate(capsys)
    write(here, "pyproject.toml", PROJECT)

    (orphan,) = told(capsys, code=1)["problems"]

    assert orphan["file"] == "old_api"
    assert "no job of pyproject.toml generates it any more" in orphan["message"]


def test_a_package_whose_schema_is_gone_is_an_orphan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "my files/other.yaml", HOME)
    assert main(["generate", "my files/other.yaml", "--out", "src/other_api"]) == 0
    capsys.readouterr()
    assert told(capsys, code=0)["summary"] == counts()

    (here / "my files/other.yaml").unlink()

    (orphan,) = told(capsys, code=1)["problems"]
    assert orphan["file"] == "src/other_api"


@pytest.mark.parametrize("place", ["ignored", ".hidden", "build", "other-project"])
def test_what_belongs_elsewhere_is_no_orphan(place: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, ".gitignore", "/ignored/\n")
    write(here, "other-project/pyproject.toml", PROJECT)
    (here / place).mkdir(exist_ok=True)
    subprocess.run(["cp", "-r", here / "home_api", here / place / "copy_api"], check=True)

    assert told(capsys, code=0)["summary"] == counts()


def test_packages_of_imported_files_are_no_orphans(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "common.yaml", "emitter-typed: 1\ntypes:\n  Unit: {enum: [metre]}\n")
    write(here, "home.yaml", HOME.replace("types:", "imports: {common: ./common.yaml}\ntypes:"))
    generate(capsys)
    assert (here / "common_api").is_dir()

    assert told(capsys, code=0)["summary"] == counts(schemas=2)


def test_what_a_schema_with_problems_may_import_is_no_orphan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "common.yaml", "emitter-typed: 1\ntypes:\n  Unit: {enum: [metre]}\n")
    write(here, "home.yaml", HOME.replace("types:", "imports: {common: ./common.yaml}\ntypes:"))
    generate(capsys)
    write(here, "home.yaml", HOME.replace("float", "flot"))

    assert told(capsys, code=1)["summary"] == counts(problems=1)


def test_what_no_known_command_made_is_no_orphan(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["cp", "-r", here / "home_api", here / "copy_api"], check=True)
    manifest = here / "copy_api/manifest.json"
    text = manifest.read_text("utf-8")
    for command in ("make packages", "emitter-typed generate 'home.yaml", "emitter-typed generate a.yaml"):
        manifest.write_text(text.replace("emitter-typed generate", command), "utf-8")
        assert told(capsys, code=0)["summary"] == counts()


def test_a_file_that_somebody_edited_is_out_of_date(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (here / "home_api/types.py").open("a") as file:
        file.write("# mine\n")

    (problem,) = told(capsys, code=1)["problems"]

    assert problem["file"] == "home_api/types.py"


def test_a_protocol_among_the_jobs_is_compared_with_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    emitter = Path(__file__).parents[3] / "schema" / "emitter.yaml"
    (here / "more.yaml").write_bytes(emitter.read_bytes())
    write(here, "pyproject.toml", PROJECT + SECOND)
    generate(capsys)
    git(here, "add", ".")
    git(here, "commit", "-qm", "y")

    assert "more.yaml describes a protocol" in str(told(capsys, "--against", "HEAD", code=0)["notes"])


def test_problems_of_the_baseline_are_told_with_their_places(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "home.yaml", HOME.replace("float", "flaot"))
    git(here, "commit", "-qam", "y")
    write(here, "home.yaml", HOME)

    (problem,) = told(capsys, "--against", "HEAD", code=1)["problems"]

    assert problem["file"].startswith("git:")
    assert (problem["line"], problem["rule"]) == (4, "unknown-type")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('baseline = "git:nope"', "the revision nope does not exist in the Git repository of "),
        ('baseline = "git:"', "git: is not a baseline: write git:REV, as in git:origin/main"),
        ('baseline = "git:--all"', "git:--all is not a baseline"),
        ('baseline = "nope.yaml"', "the baseline nope.yaml does not exist: name a file, or a revision as git:REV"),
        ('baseline = "home_api"', "the baseline home_api does not exist"),
        ("baseline = 5", 'baseline must be a text that is not empty: write it as in baseline = "git:origin/main"'),
        ("accepted = true", "accepted must be a text"),
        ('basline = "git:main"', "unknown key 'basline': did you mean 'baseline'?"),
        ('accepted = "nope.toml"', "nope.toml: the file of accepted breaks does not exist"),
        ('accepted = "home_api"', "home_api: the file of accepted breaks is a folder, not a file"),
        ('accepted = "typo.toml"', "typo.toml:1: unknown rule 'field-aded': did you mean 'field-added'?"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_2(
    table: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, "typo.toml", ENTRY.replace("field-added-required", "field-aded"))
    write(here, "pyproject.toml", PROJECT.replace('baseline = "git:main"', table))

    assert main(["check"]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.count("\n") == 1
    # What does not depend on it is told all the same.
    assert out == "" or out.splitlines()[-1].startswith("checked 1 schema: no problems, code up to date, changes not")


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("schema = 5", "schema must be a text"),
        ("testing = 1", "testing must be true or false"),
        ("tesing = true", "unknown key 'tesing': did you mean 'testing'?"),
        ("out = []", "out must be a text"),
    ],
)
def test_a_job_with_a_mistake_is_told(job: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = job.partition(" ")[0]
    lines = [line for line in PROJECT.splitlines() if not line.startswith(f"{key} =")]
    write(here, "pyproject.toml", "\n".join([*lines, job]))

    assert main(["check"]) == 2
    assert message in capsys.readouterr().err


def test_one_file_cannot_be_the_baseline_of_two_schemas(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here, "more.yaml", HOME)
    write(here, "pyproject.toml", PROJECT.replace("git:main", "home.yaml") + SECOND)

    assert main(["check"]) == 2
    assert "give each job a baseline of its own" in capsys.readouterr().err


def test_a_shallow_clone_is_told_how_to_get_its_history(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, "note", "x")
    git(here, "add", ".")
    git(here, "commit", "-qm", "y")
    git(tmp_path, "clone", "-q", "--depth", "1", here.as_uri(), "clone")
    monkeypatch.chdir(tmp_path / "clone")

    assert main(["check"]) == 2
    assert "this clone is shallow; get its history with git fetch --unshallow" in capsys.readouterr().err


def test_histories_without_a_common_commit_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(here, "checkout", "-q", "--orphan", "alone")
    git(here, "commit", "-qm", "y")

    assert main(["check"]) == 2
    assert "HEAD and main have no commit in common in " in capsys.readouterr().err


def test_outside_a_repository_git_says_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(here.parent))
    (here / ".git").rename(here.parent / "away")

    assert main(["check"]) == 2
    assert "is not in a Git repository" in capsys.readouterr().err


def test_without_git_that_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")

    assert main(["check"]) == 2
    assert "git is not installed" in capsys.readouterr().err


def test_what_git_tells_its_hooks_does_not_mislead(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hook of a linked worktree is told its GIT_DIR, and Git then takes any folder for the top of the tree."""
    write(here, "schemas/home.yaml", HOME)
    write(here, "pyproject.toml", PROJECT.replace("home.yaml", "schemas/home.yaml"))
    generate(capsys)
    git(here, "add", ".")
    git(here, "commit", "-qm", "y")
    monkeypatch.setenv("GIT_DIR", str(here / ".git"))

    assert told(capsys, "--against", "HEAD", code=0)["notes"] == []


@pytest.mark.parametrize(("name", "code"), [("pyproject.toml", 2), ("home_api/types.py", 1), ("accepted.toml", 2)])
def test_what_may_not_be_read_is_told(
    name: str, code: int, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As far as it shows where nobody is kept from reading who is root; test_bad_files.py has schemas."""
    write(here, "accepted.toml", "")
    write(here, "pyproject.toml", PROJECT.replace("baseline", 'accepted = "accepted.toml"\nbaseline'))
    really: Any = Path.open

    def opened(self: Path, *arguments: Any, **named: Any) -> Any:
        if self.as_posix().endswith(name):
            raise PermissionError(13, "Permission denied", str(self))
        return really(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", opened)

    assert main(["check"]) == code
    assert re.search(rf"{name}\S* .*cannot be read: Permission denied", "".join(capsys.readouterr()))


def test_a_folder_in_the_place_of_a_schema_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").unlink()
    (here / "home.yaml").mkdir()

    assert [one["file"] for one in told(capsys, code=1)["problems"]] == ["home.yaml"]


def test_a_schema_in_a_submodule_has_a_baseline_of_its_own(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(here, "tag", "v1")
    outer = tmp_path / "outer"
    outer.mkdir()
    monkeypatch.chdir(outer)
    git(outer, "init", "-qb", "trunk")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(here), "sub")
    project = PROJECT.replace("git:main", "git:trunk").replace('"home.yaml"', '"sub/home.yaml"')
    write(outer, "pyproject.toml", project)
    git(outer, "add", ".")
    git(outer, "commit", "-qm", "x")
    write(outer, "sub/home.yaml", STRICTER)
    generate(capsys)

    assert main(["check"]) == 2
    assert capsys.readouterr().err.endswith(
        f", which is a submodule of {outer.as_posix()} and has its own revisions: name one of these, "
        'in pyproject.toml as the baseline of the job itself, as in baseline = "git:v1.0"\n'
    )

    write(outer, "pyproject.toml", f'{project}baseline = "git:v1"\n')
    found = told(capsys, code=1)
    assert found["summary"] == counts(breaking=1)
    assert found["baseline"].startswith("git:v1 (")
