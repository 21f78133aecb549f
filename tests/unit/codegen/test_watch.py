"""`--watch` generates again after each save, whatever it finds there. Time is a list of things that happen."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main
from emitter_typed_codegen.watch import stamps, wait_for_change

SCHEMA = "emitter-typed: 1\nname: Home\ntypes:\n  Reading: {fields: {celsius: float}}\n"
GENERATE = ["generate", "home.yaml", "--out", "home_api", "--watch"]
LIMIT_S = 60.0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home.yaml").write_text(SCHEMA, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def nothing() -> None:
    pass


def happening(*events: Callable[[], object]) -> Callable[[], object]:
    """Return pauses: in each one thing happens, in the last one Ctrl-C. A change is seen in the pause after it."""

    def all_of_them() -> Iterator[None]:
        for event in events:
            event()
            yield
        raise KeyboardInterrupt

    waiting = all_of_them()
    return lambda: next(waiting)


def save(path: Path, text: str) -> Callable[[], object]:
    return lambda: path.write_text(text, "utf-8")


def save_by_rename(path: Path, text: str) -> Callable[[], object]:
    def saving() -> None:
        path.with_suffix(".swp").write_text(text, "utf-8")
        os.replace(path.with_suffix(".swp"), path)

    return saving


@pytest.mark.parametrize("way", [save, save_by_rename])
def test_a_save_is_generated(
    here: Path, capsys: pytest.CaptureFixture[str], way: Callable[[Path, str], Callable[[], object]]
) -> None:
    pause = happening(way(here / "home.yaml", SCHEMA.replace("celsius", "kelvin")), nothing)

    assert main(GENERATE, pause=pause) == 130

    assert "kelvin: float" in (here / "home_api/types.py").read_text("utf-8")
    assert capsys.readouterr().out == (
        "wrote 6 files to home_api\nwatching 1 file; Ctrl-C ends it\n"
        "wrote 3 files to home_api\nwatching 1 file; Ctrl-C ends it\n"
    )


def test_a_broken_save_is_told_and_the_next_one_generated(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = save(here / "home.yaml", SCHEMA.replace("float", "flaot"))
    whole = save(here / "home.yaml", SCHEMA.replace("celsius", "kelvin"))

    assert main(GENERATE, pause=happening(broken, nothing, whole, nothing)) == 130

    printed = capsys.readouterr()
    assert printed.err.startswith("home.yaml:4:31: unknown-type: there is no type 'flaot'\n")
    assert printed.err.count("unknown-type") == 1
    assert "kelvin: float" in (here / "home_api/types.py").read_text("utf-8")


def test_a_broken_schema_does_not_keep_it_from_starting(here: Path) -> None:
    (here / "home.yaml").write_text("nonsense", "utf-8")

    assert main(GENERATE, pause=happening(save(here / "home.yaml", SCHEMA), nothing)) == 130
    assert (here / "home_api/types.py").exists()


@pytest.mark.parametrize("also", ["", "units: ./../{}/home.yaml, "])
def test_a_file_that_is_imported_before_it_is_there_is_waited_for(here: Path, also: str) -> None:
    also = also.format(here.name)
    imports = f"imports: {{{also}common: ./shared/common.yaml}}\n"
    (here / "home.yaml").write_text(
        SCHEMA.replace("types:", f"{imports}types:").replace("float", "common.Heat"), "utf-8"
    )

    def appear() -> None:
        if also:
            save(here / "home.yaml", (here / "home.yaml").read_text("utf-8").replace(also, ""))()
        (here / "shared").mkdir()
        save(here / "shared" / "common.yaml", "emitter-typed: 1\ntypes: {Heat: {alias: float}}\n")()

    assert main(GENERATE, pause=happening(appear, nothing)) == 130

    assert "celsius: common.Heat" in (here / "home_api/types.py").read_text("utf-8")


def test_a_refusal_is_told_and_watching_goes_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit = save(here / "home_api/types.py", "mine\n")
    first = save(here / "home.yaml", SCHEMA.replace("celsius", "kelvin"))
    settle = (here / "home_api/types.py").unlink
    second = save(here / "home.yaml", SCHEMA.replace("celsius", "rankine"))

    assert main(GENERATE, pause=happening(edit, first, nothing, settle, second, nothing)) == 130

    assert "types.py was edited" in capsys.readouterr().err
    assert "rankine: float" in (here / "home_api/types.py").read_text("utf-8")


def test_without_a_change_nothing_happens(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(GENERATE, pause=happening(*[nothing] * 10)) == 130
    assert capsys.readouterr().out.count("watching") == 1


def test_a_file_that_is_still_being_written_is_left_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = here / "home.yaml"
    pause = happening(save(schema, ""), schema.unlink, save(schema, SCHEMA.replace("celsius", "kelvin")), nothing)

    assert main(GENERATE, pause=pause) == 130
    assert capsys.readouterr().err == ""
    assert "kelvin: float" in (here / "home_api/types.py").read_text("utf-8")


def test_jobs_are_read_again_when_pyproject_was_saved(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = here / "pyproject.toml"
    job = '[[tool.emitter-typed.jobs]]\nschema = "home.yaml"\nout = "{}"\n'
    project.write_text(job.format("a_api"), "utf-8")
    pause = happening(save(project, "no toml"), nothing, save(project, job.format("b_api")), nothing)

    assert main(["generate", "--watch"], pause=pause) == 130

    printed = capsys.readouterr()
    assert "pyproject.toml is not valid TOML" in printed.err
    assert printed.out.count("watching 2 files; Ctrl-C ends it\n") == 3
    assert (here / "b_api/types.py").exists()


def test_without_a_pyproject_there_is_nothing_to_watch(here: Path) -> None:
    assert main(["generate", "--watch"], pause=happening(nothing)) == 2


def test_programs_get_an_array_for_each_round(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*GENERATE, "--format", "json"], pause=happening(save(here / "home.yaml", SCHEMA), nothing)) == 130
    assert capsys.readouterr().out == "[]\n\n[]\n\n"


def test_checking_and_watching_do_not_go_together(here: Path) -> None:
    assert main([*GENERATE, "--check"], pause=happening(nothing)) == 2


def test_a_save_while_it_was_generating_is_not_missed(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    before = stamps([path])
    path.write_text(SCHEMA, "utf-8")
    looks: list[str] = []

    wait_for_change(before, happening(lambda: looks.append("changed"), lambda: looks.append("settled")))

    assert looks == ["changed", "settled"]


@pytest.mark.posix
@pytest.mark.parametrize("program", ["emitter_typed", "emitter_typed_codegen"])
def test_ctrl_c_ends_it_with_130_and_no_word(here: Path, program: str) -> None:
    command = [sys.executable, "-m", program, *GENERATE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "wrote 6 files to home_api\n"
        assert process.stdout.readline() == "watching 1 file; Ctrl-C ends it\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out, err) == (130, "", "")
