"""One table of exit codes, whichever verb: what was found is 1, wrong usage is 2, and nothing is written then."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from emitter_typed.cli import main

SCHEMA = "emitter-typed: 1\ntypes: {Reading: {fields: {celsius: float}}}\n"
JOB = '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "home_api"\n'
TABLE = "[tool.emitter-typed]\n"

EXIT_CODES = [
    # A schema that is not there, or has problems, or a file that is in the way: it was found.
    ("check nope.yaml", 1, "nope.yaml: no-file: the file does not exist"),
    ("check bad.yaml", 1, "bad.yaml:2:1: unknown-key"),
    ("check .", 1, "not-readable: this is a folder"),
    ("generate nope.yaml --out a_api", 1, "nope.yaml: no-file"),
    ("generate bad.yaml --out a_api", 1, "unknown-key"),
    ("generate home.yaml --out new_api --check", 1, "would change"),
    ("generate home.yaml --out .", 1, "contains other files, such as "),
    ("generate home.yaml --out ../work", 1, "contains other files, such as "),
    ("generate home.yaml --out src", 1, "src contains other files, such as mine.py"),
    ("generate home.yaml --out mine", 1, "mine cannot be a folder: mine is a file"),
    ("diff nope.yaml home.yaml", 1, "nope.yaml: no-file"),
    ("diff home.yaml nope.yaml", 1, "nope.yaml: no-file"),
    ("diff home.yaml bad.yaml", 1, "unknown-key"),
    ("export nope.yaml --to html", 1, "nope.yaml: no-file"),
    ("export bad.yaml --to html", 1, "unknown-key"),
    ("export home.yaml --to html --out home.yaml", 1, "was not written by emitter-typed"),
    ("export home.yaml --to html --out src", 1, "is not a file"),
    ("schema --local nope.yaml", 1, "nope.yaml: no-file"),
    ("schema --out home.yaml", 1, "was not written by emitter-typed"),
    ("init", 1, "home.yaml exists, and was not changed"),
    ("init mine", 1, "mine is a file, not a folder"),
    ("sub --schema nope.yaml --key @key", 1, "nope.yaml: no-file"),
    ("keygen a/ rw --master-key @key --out mine", 1, "the file exists, and was not changed"),
    # Arguments that make no sense.
    ("check --against ''", 2, "argument --against: it is empty: name a revision, such as origin/main"),
    ("check --against ' '", 2, "argument --against: it is empty"),
    ("check --against git:", 2, "argument --against: it is empty"),
    ("check --accept ''", 2, "argument --accept: it is empty: name a file"),
    ("check ''", 2, "argument SCHEMA: it is empty: name a file"),
    ("check --format ''", 2, "argument --format: expected text, json or github, got ''"),
    ("check --format jsn", 2, "argument --format: expected text, json or github, got 'jsn': did you mean 'json'?"),
    ("diff --format=Text home.yaml home.yaml", 2, "got 'Text': did you mean 'text'?"),
    ("generate --check=3", 2, "argument --check: takes no value: write --check alone"),
    ("check --only ''", 2, "unrecognized option --only"),
    ("check --baseline ''", 2, "unrecognized option --baseline"),
    ("check home.yaml --all", 2, "for schemas, use diff"),
    ("check --against nope", 2, "the revision nope does not exist"),
    ("check --against git:nope", 2, "the revision nope does not exist"),
    ("check --accept nope.toml", 2, "nope.toml: the file of accepted breaks does not exist"),
    ("generate '' --out a_api", 2, "argument SCHEMA: it is empty: name a file"),
    ("generate home.yaml --out ''", 2, "is an empty text: name one"),
    ("generate home.yaml --out /", 2, "cannot import the folder"),
    ("generate home.yaml", 2, "SCHEMA and --out DIR go together"),
    ("diff ''", 2, "argument OLD: it is empty: name a file, or git:REV:PATH"),
    ("diff home.yaml ''", 2, "argument NEW: it is empty"),
    ("diff --against ''", 2, "argument --against: it is empty"),
    ("diff --accept '' home.yaml home.yaml", 2, "argument --accept: it is empty"),
    ("diff home.yaml", 2, "NEW is missing: name the schema to compare home.yaml with"),
    ("diff git:HEAD", 2, "git:HEAD does not name a file in a revision"),
    ("diff git:HEAD:nope.yaml", 2, "nope.yaml does not exist in the revision HEAD"),
    ("diff git:nope:home.yaml", 2, "the revision nope does not exist"),
    ("diff git:HEAD:/home.yaml", 2, "/ is not in a Git repository: compare with a file"),
    ("diff --accept nope.toml home.yaml home.yaml", 2, "does not exist"),
    ("export '' --to html", 2, "argument SCHEMA: it is empty"),
    ("export home.yaml --to ''", 2, "unknown form ''"),
    ("export home.yaml --to html --out ''", 2, "argument --out: it is empty"),
    ("schema --local ''", 2, "argument --local: it is empty"),
    ("schema --out ''", 2, "argument --out: it is empty"),
    ("init ''", 2, "argument DIR: it is empty"),
    ("init other.yaml", 2, "other.yaml is not a folder"),
    # All is well.
    ("check home.yaml", 0, ""),
    ("check", 0, ""),
    ("diff home.yaml home.yaml", 0, ""),
    ("export home.yaml --to jsonschema", 0, ""),
    ("schema", 0, ""),
]

PROJECTS: Mapping[str, tuple[str, ...]] = {
    "[tool.emitter-typed\n": ("pyproject.toml is not valid TOML: ",),
    "": ("pyproject.toml lists no jobs: add [[tool.emitter-typed.jobs]]",),
    "[tool]\nemitter-typed = 3\n": ("tool.emitter-typed must be a table: write [tool.emitter-typed]",),
    JOB.replace("-", "_"): ("unknown table [tool.emitter_typed]: write [tool.emitter-typed]",),
    f"{TABLE}jobs = 3\n": ("jobs must be a list of tables: write [[tool.emitter-typed.jobs]]",),
    f'{TABLE}job = 1\nbaselin = "x"\n': ("unknown key 'job': did you mean 'jobs'?", "unknown key 'baselin': did you"),
    f'{TABLE}baseline = ""\naccepted = 1\n{JOB}': ("baseline must be a text", "accepted must be a text"),
    '[[tool.emitter-typed.jobs]]\nscheme = "home.yaml"\nout = 3\ntesting = "x"\nexports = {pdf = "x"}\n': (
        "job 1 of [tool.emitter-typed]: unknown key 'scheme': did you mean 'schema'?",
        'schema is missing: write it as in schema = "home.yaml"',
        "out must be a text",
        "exports: unknown key 'pdf': its keys are asyncapi, jsonschema and html",
        "testing must be true or false",
    ),
    f'{JOB}[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "class"\n': (
        "job 2 of [tool.emitter-typed]: Python cannot import the folder class",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    for name, text in {
        "home.yaml": SCHEMA, "bad.yaml": "emitter-typed: 1\nchanels: {}\n", "mine": "mine", "src/mine.py": "mine",
        "pyproject.toml": JOB, "key": "some-key",
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    return folder


@pytest.fixture
def repository(here: Path) -> Path:
    assert main(["generate"]) == 0
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    return here


def held(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file() and ".git" not in one.parts}


def test_every_verb_ends_with_the_code_of_the_table(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import shlex

    before = held(repository)
    wrong: list[str] = []
    for command, code, text in EXIT_CODES:
        found = main(shlex.split(command))
        told = "".join(capfd.readouterr())
        if found != code or text not in told or "Traceback" in told:
            wrong.append(f"{command}: {found}, expected {code} and {text!r}: {told}")

    assert wrong == []
    assert held(repository) == before


@pytest.mark.parametrize("text", PROJECTS)
@pytest.mark.parametrize("verb", ["check", "generate", "diff"])
def test_all_mistakes_of_a_project_are_told_at_once(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, verb: str
) -> None:
    (here / "pyproject.toml").write_text(text)

    assert main([verb]) == 2
    told = capsys.readouterr().err
    assert [one for one in PROJECTS[text] if one not in told] == []
    assert len(told.splitlines()) == len(PROJECTS[text])


@pytest.mark.parametrize("as_json", [False, True])
def test_what_cannot_be_compared_hides_no_problems(
    repository: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    table = 'accepted = "nope.toml"\nbaseline = "git:nope"\n'
    (repository / "pyproject.toml").write_text(
        f'{TABLE}{table}{JOB}[[tool.emitter-typed.jobs]]\nschema = "bad.yaml"\nout = "bad_api"\n'
    )
    (repository / "home_api/types.py").write_text("mine")

    assert main(["check", *(["--format", "json"] if as_json else [])]) == 2

    out, err = capsys.readouterr()
    assert [word for word in ("bad.yaml", "unknown-key", "types.py", "was edited") if word not in out] == []
    assert err.splitlines() == [
        "nope.toml: the file of accepted breaks does not exist",
        f"the revision nope does not exist in the Git repository of {repository.as_posix()}",
    ]
    assert ('"mistakes": [\n' in out) == as_json


def test_one_missing_baseline_hides_no_breaks_of_other_schemas(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = '[[tool.emitter-typed.jobs]]\nschema = "other.yaml"\nout = "other_api"\nbaseline = "nope.yaml"\n'
    (repository / "pyproject.toml").write_text(f'{TABLE}baseline = "git:HEAD"\n{JOB}{other}')
    (repository / "home.yaml").write_text(SCHEMA.replace("float", "int"))
    (repository / "other.yaml").write_text(SCHEMA)

    assert main(["check"]) == 2

    out, err = capsys.readouterr()
    assert "home.yaml:2:28: type-narrowed: float → int" in out
    assert err == "the baseline nope.yaml does not exist: name a file, or a revision as git:REV\n"


def test_a_mistake_among_accepted_breaks_hides_no_others(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accepted = '[[accept]]\nrule = "type-narrowed"\npath = "types.Reading.fields.celsius.type"\nreason = "nobody"\n'
    (repository / "accepted.toml").write_text(f'{accepted}[[accept]]\nrule = "x"\npath = "y"\nreason = "z"\n')
    (repository / "pyproject.toml").write_text(f'{TABLE}accepted = "accepted.toml"\nbaseline = "git:HEAD"\n{JOB}')
    (repository / "home.yaml").write_text(SCHEMA.replace("float", "int"))

    assert main(["check"]) == 2

    out, err = capsys.readouterr()
    assert "accepted: nobody" in out
    assert err.startswith("accepted.toml:5: unknown rule 'x'")


def test_a_package_is_made_anew_inside_its_own_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "home_api")

    assert main(["generate", "../home.yaml", "--out", "."]) == 0
