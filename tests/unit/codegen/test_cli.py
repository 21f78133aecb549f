"""The command line says in few words what it did, or what to do."""

import builtins
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main

SCHEMA = """\
emitter-typed: 1
name: Home
types:
  Reading: {fields: {celsius: float}}
channels:
  temperature: {address: "home/{room}/temperature/", payload: Reading}
"""
BROKEN = SCHEMA.replace("float", "flaot")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home.yaml").write_text(SCHEMA, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_generate_writes_a_package(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "home.yaml", "--out", "src/home_api"]) == 0

    assert capsys.readouterr().out == "wrote 8 files to src/home_api\n"
    assert (here / "src/home_api/facade.py").is_file()
    assert (here / "src/home_api/py.typed").is_file()


def test_generating_again_is_up_to_date(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate", "home.yaml", "--out", "home_api"])
    capsys.readouterr()

    assert main(["generate", "home.yaml", "--out", "home_api"]) == 0
    assert capsys.readouterr().out == "home_api is up to date\n"


def test_what_is_written_and_removed_is_counted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate", "home.yaml", "--out", "home_api"])
    capsys.readouterr()
    (here / "home.yaml").write_text("emitter-typed: 1\nname: Home\ntypes:\n  A: {fields: {a: int}}\n", "utf-8")
    before = {path.name for path in (here / "home_api").iterdir()}

    assert main(["generate", "home.yaml", "--out", "home_api"]) == 0

    gone = before - {path.name for path in (here / "home_api").iterdir()}
    assert gone
    assert capsys.readouterr().out.endswith(f" files to home_api, removed {len(gone)}\n")


def test_check_shows_the_difference_and_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate", "home.yaml", "--out", "home_api"])
    before = (here / "home_api/types.py").read_bytes()
    (here / "home.yaml").write_text(SCHEMA.replace("celsius", "kelvin"), "utf-8")
    capsys.readouterr()

    assert main(["generate", "home.yaml", "--out", "home_api", "--check"]) == 1

    shown = capsys.readouterr().out
    assert "\n-    celsius: float\n" in shown
    assert "\n+    kelvin: float\n" in shown
    assert shown.endswith("would change; run: emitter-typed generate home.yaml --out home_api\n")
    assert (here / "home_api/types.py").read_bytes() == before


@pytest.mark.parametrize(
    ("at", "schema", "out", "command"),
    [
        (".", "schemas/home.yaml", "src/home_api", "emitter-typed generate schemas/home.yaml --out src/home_api"),
        ("src", "../schemas/home.yaml", "home_api", "emitter-typed generate schemas/home.yaml --out src/home_api"),
        (".", "home_api/home.yaml", "home_api", "emitter-typed generate home_api/home.yaml --out home_api"),
        (".", "my files/home.yaml", "home_api", "emitter-typed generate 'my files/home.yaml' --out home_api"),
        (".", "src/home.yaml", "src/home_api", "emitter-typed generate home.yaml --out home_api"),
    ],
)
def test_the_files_say_what_makes_them_anew_wherever_it_was_run(
    here: Path, monkeypatch: pytest.MonkeyPatch, at: str, schema: str, out: str, command: str
) -> None:
    for folder in (here / at, (here / at / schema).parent):
        folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(here / at)
    Path(schema).write_text(SCHEMA, "utf-8")

    assert main(["generate", schema, "--out", out]) == 0

    text = Path(out, "__init__.py").read_text("utf-8")
    assert f"# Regenerate with: {command}\n" in text
    assert f'"{command}"' in text
    assert json.loads(Path(out, "manifest.json").read_text("utf-8"))["command"] == command


def test_check_says_what_to_run_in_the_folder_where_it_ran(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "src").mkdir()
    monkeypatch.chdir(here / "src")

    assert main(["generate", "../home.yaml", "--out", "home_api", "--check"]) == 1
    assert capsys.readouterr().out.endswith("run: emitter-typed generate ../home.yaml --out home_api\n")


def test_check_of_a_package_that_is_current_is_done(here: Path) -> None:
    main(["generate", "home.yaml", "--out", "home_api"])

    assert main(["generate", "home.yaml", "--out", "home_api", "--check"]) == 0


def test_jobs_come_from_the_nearest_pyproject(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "pyproject.toml").write_text(
        '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "src/home_api"\n', "utf-8"
    )
    (here / "deep").mkdir()
    monkeypatch.chdir(here / "deep")

    assert main(["generate"]) == 0
    assert (here / "src/home_api/__init__.py").is_file()
    assert "Regenerate with: emitter-typed generate\n" in (here / "src/home_api/types.py").read_text("utf-8")
    capsys.readouterr()
    assert main(["generate", "--check"]) == 0


def test_a_protocol_is_only_taken_from_a_schema_that_has_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").write_text(
        '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "home_api"\nprotocol_out = "p.py"\n', "utf-8"
    )

    assert main(["generate"]) == 1
    assert "home.yaml does not describe a protocol: remove protocol_out" in capsys.readouterr().err
    assert not (here / "home_api").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "have no pyproject.toml"),
        ("", "lists no jobs"),
        ("[tool.emitter-typed]\njobs = []\n", "lists no jobs"),
        ("[tool.emitter-typed]\njobs = 1\n", "two brackets"),
        ('[tool.emitter-typed.jobs]\nschema = "home.yaml"\nout = "x"\n', "two brackets"),
        ('[[tool.emitter-typed.jobs]]\nschema = "a"\nout = "b"\nexports = {pdf = "c"}\n', "pyproject.toml: job 1 of"),
        ('[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\n', "job 1 of"),
        ('[[tool.emitter-typed.jobs]]\nschema = "Home.yaml"\nout = "x"\n', 'is called "home.yaml"'),
        ('[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "x"\nouts = "y"\n', "job 1 of"),
        ('[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "x/\\u0000/y"\n', "job 1 of"),
        ("no toml", "is not valid TOML"),
    ],
)
def test_a_table_that_cannot_be_followed_is_wrong_usage(
    here: Path, capsys: pytest.CaptureFixture[str], text: str | None, message: str
) -> None:
    if text is not None:
        (here / "pyproject.toml").write_text(text, "utf-8")

    assert main(["generate"]) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["generate", "home.yaml"], ["generate", "--out", "x"], ["check"], ["genrate"], ["generate"]]
)
def test_wrong_usage_is_2(here: Path, arguments: list[str]) -> None:
    assert main(arguments) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "home.yaml"], "generate: SCHEMA and --out DIR go together"),
        (["generate", "--testng"], "generate: unrecognized option --testng: did you mean '--testing'?"),
        (["generate", "--testing"], "generate: --testing goes with SCHEMA"),
        (["check", "--fromat", "json"], "check: unrecognized option --fromat: did you mean '--format'?"),
        (["check", "--json"], "check: unrecognized option --json: did you mean --format json?"),
        (["export", "home.yaml", "--html"], "export: unrecognized option --html: did you mean --to html?"),
        (["check", "-x", "a"], "check: unrecognized option -x; write -- before"),
        (["check", "home.yaml", "--against", "v1"], "check: --against, --accept and --all compare the jobs"),
        (["diff", "--agianst", "v1"], "diff: unrecognized option --agianst: did you mean '--against'?"),
        (["diff", "--form", "json"], "diff: unrecognized option --form"),
        (["genrate"], "unknown command 'genrate': did you mean 'generate'?"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_was_meant(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, prog="emitter-typed") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert error.endswith("--help)\n")


@pytest.mark.parametrize("verb", ["generate", "check", "diff"])
def test_help_ends_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"], prog="emitter-typed") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"example: emitter-typed {verb} ")


def test_the_usage_of_generate_has_each_way_to_call_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    main(["generate", "--help"], prog="emitter-typed")
    usage = capsys.readouterr().out.partition("\n\n")[0].splitlines()

    first, second = [line for line in usage if "generate" in line]
    assert first.startswith("usage: emitter-typed generate SCHEMA --out DIR [")
    assert second.strip().startswith("emitter-typed generate [")
    assert max(map(len, usage)) <= 80


def test_help_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--help"], prog="emitter-typed") == 0
    assert "usage: emitter-typed generate" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [["check"], ["generate", "--out", "home_api"]])
def test_problems_are_told_with_their_place_and_nothing_is_written(
    here: Path, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    (here / "home.yaml").write_text(BROKEN, "utf-8")

    assert main([*verb, "home.yaml"]) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "home.yaml:4:" in printed.err
    assert not (here / "home_api").exists()


def test_problems_can_be_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "home.yaml").write_text(BROKEN, "utf-8")

    assert main(["check", "home.yaml", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("flag", [[], ["--check"]])
def test_refusals_have_the_shape_of_problems_in_json(
    here: Path, capsys: pytest.CaptureFixture[str], flag: list[str]
) -> None:
    (here / "home.yaml").write_text(BROKEN, "utf-8")
    main(["check", "home.yaml", "--format", "json"])
    problem = json.loads(capsys.readouterr().out)[0]
    (here / "home.yaml").write_text(SCHEMA, "utf-8")
    main(["generate", "home.yaml", "--out", "home_api"])
    (here / "home_api/types.py").write_text("mine\n")
    capsys.readouterr()

    assert main(["generate", "home.yaml", "--out", "home_api", "--format", "json", *flag]) == 1

    printed = capsys.readouterr()
    (refusal,) = json.loads(printed.out)
    assert refusal.keys() == problem.keys()
    assert (refusal["file"], refusal["rule"]) == ("home_api/types.py", "output")
    assert refusal["message"].startswith("was edited: ")
    assert printed.err == ""


def test_stdout_is_nothing_but_json_in_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate = ["generate", "home.yaml", "--out", "home_api", "--format", "json"]

    assert main([*generate, "--check"]) == 1
    stale = json.loads(capsys.readouterr().out)
    assert "home_api/types.py" in {one["file"] for one in stale}
    assert {(one["rule"], one["hint"]) for one in stale} == {
        ("output", "run: emitter-typed generate home.yaml --out home_api")
    }
    assert main(generate) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_would_change_is_annotated_for_github(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "home.yaml", "--out", "home_api", "--check", "--format", "github"]) == 1
    assert (
        "::error file=home_api/types.py,title=output::is out of date: it differs from what its schema generates"
        in capsys.readouterr().out
    )


def test_no_problems_are_said_to_be_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "home.yaml"]) == 0
    assert capsys.readouterr().out == "no problems in home.yaml\n"


@pytest.mark.parametrize("name", ["missing.yaml", "."])
@pytest.mark.parametrize("verb", [["check"], ["generate", "--out", "home_api"]])
def test_a_schema_that_is_no_file_is_told_without_a_traceback(
    here: Path, capsys: pytest.CaptureFixture[str], verb: list[str], name: str
) -> None:
    assert main([*verb, name]) == 1
    assert capsys.readouterr().err.strip()
    assert not (here / "home_api").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("", "is an empty text: name one"),
        (" ", "is an empty text: name one"),
        ("src/my-api", "cannot import the folder src/my-api: name it like a module"),
        ("class", "cannot import the folder class"),
        ("calendar", "standard library: choose another name, such as calendar_api"),
        ("src/emitter_typed", "module of emitter-typed: choose another name"),
    ],
)
@pytest.mark.parametrize("configured", [False, True])
def test_a_folder_that_python_could_not_import_is_wrong_usage(
    here: Path, capsys: pytest.CaptureFixture[str], out: str, message: str, configured: bool
) -> None:
    if configured:
        (here / "pyproject.toml").write_text(
            f'[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "{out}"\n', "utf-8"
        )
    before = sorted(here.iterdir())

    assert main(["generate"] if configured else ["generate", "home.yaml", "--out", out]) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(here.iterdir()) == before


def test_a_package_can_be_generated_again_from_inside(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["generate", "home.yaml", "--out", "home_api"]) == 0
    monkeypatch.chdir(here / "home_api")

    assert main(["generate", "../home.yaml", "--out", "."]) == 0


def test_a_folder_in_a_package_may_be_named_like_a_module_of_the_standard_library(here: Path) -> None:
    (here / "app").mkdir()
    (here / "app/__init__.py").touch()

    assert main(["generate", "home.yaml", "--out", "app/calendar"]) == 0


def test_an_out_that_is_a_file_is_told_without_a_traceback(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "home.yaml", "--out", "home.yaml/api"]) == 1
    assert "home.yaml is a file" in capsys.readouterr().err
    assert (here / "home.yaml").read_text("utf-8") == SCHEMA


@pytest.mark.parametrize("flag", [[], ["--check"]])
def test_an_edited_file_is_named(here: Path, capsys: pytest.CaptureFixture[str], flag: list[str]) -> None:
    main(["generate", "home.yaml", "--out", "home_api"])
    (here / "home_api/types.py").write_text("mine\n")

    assert main(["generate", "home.yaml", "--out", "home_api", *flag]) == 1
    assert "types.py was edited" in capsys.readouterr().err


def test_a_missing_extra_is_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> object:
        if name == "emitter_typed_codegen.jobs":
            raise ModuleNotFoundError("No module named 'jinja2'", name="jinja2")
        return real(name, globals, locals, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", without)

    assert main(["generate", "home.yaml", "--out", "home_api"]) == 2

    error = capsys.readouterr().err
    assert 'pip install "emitter-typed[codegen]"' in error
    assert error.count("\n") == 1


def test_two_folders_that_are_one_on_other_systems_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "office.yaml").write_text(SCHEMA, "utf-8")
    (here / "pyproject.toml").write_text(
        '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "src/api"\n'
        '[[tool.emitter-typed.jobs]]\nschema = "office.yaml"\nout = "src/Api"\n',
        "utf-8",
    )

    assert main(["generate"]) == 1
    assert capsys.readouterr().err.endswith(
        "Api differs only in case from src/api: Windows and macOS take both for one; rename one of them\n"
    )
    assert not (here / "src").exists()


def test_two_jobs_with_one_folder_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "office.yaml").write_text(SCHEMA, "utf-8")
    (here / "pyproject.toml").write_text(
        '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "src/api"\n'
        '[[tool.emitter-typed.jobs]]\nschema = "office.yaml"\nout = "src/../src/api"\n',
        "utf-8",
    )

    assert main(["generate"]) == 1
    assert "api would be written by two jobs: give each one a folder of its own\n" in capsys.readouterr().err
    assert not (here / "src").exists()
