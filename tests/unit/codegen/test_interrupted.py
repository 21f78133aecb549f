"""Runs that are killed, and runs at the same time: what they leave, the next run mends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from emitter_typed_codegen.cli import main
from emitter_typed_codegen.exclusive import Busy, alone
from emitter_typed_codegen.write import Plan, Refused
from tests.unit.codegen.kill_each_step import ONE, THREE, TWO

LIMIT_S = 120.0
FOREVER = ["generate", "home.yaml", "--out", "home_api", "--watch"]
AGAIN_AND_AGAIN = """\
import os, sys
from pathlib import Path
from emitter_typed_codegen.cli import main
rounds, *schemas = sys.argv[1:]
mine = Path(f"{os.getpid()}.yaml")
for round in range(int(rounds)):
    mine.write_text(schemas[round % len(schemas)], "utf-8")
    os.replace(mine, "home.yaml")
    if main(["generate", "home.yaml", "--out", "home_api"]):
        sys.exit(1)
"""
LOOK_AGAIN_AND_AGAIN = """\
import sys
from emitter_typed_codegen.cli import main
for round in range(int(sys.argv[1])):
    main(["generate", "home.yaml", "--out", "home_api", "--check"])
"""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def ends(processes: Sequence["subprocess.Popen[str]"]) -> list[tuple[int, str]]:
    """Wait for the ends of processes; return their codes, and what they said went wrong."""
    done = [process.communicate(timeout=LIMIT_S) for process in processes]
    return [(process.returncode, errors) for process, (_, errors) in zip(processes, done, strict=True)]


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def is_mended(here: Path, schema: str) -> None:
    """Generate, and expect what would be there if nothing had ever happened."""
    (here / "home.yaml").write_text(schema, "utf-8")
    assert main(["generate", "home.yaml", "--out", "home_api"]) == 0
    (here / "clean").mkdir()
    (here / "clean" / "home.yaml").write_text(schema, "utf-8")
    assert main(["generate", "clean/home.yaml", "--out", "clean/home_api"]) == 0
    assert held(here / "home_api") == held(here / "clean/home_api")


@forks
@pytest.mark.timeout(300)
def test_a_run_that_is_killed_at_any_step_is_mended_by_the_next(tmp_path: Path) -> None:
    """Also if the schema is another one by then. `--check` tells what it finds there, and an edit is refused."""
    program = Path(__file__).with_name("kill_each_step.py")
    done = subprocess.run([sys.executable, program, tmp_path], capture_output=True, text=True, timeout=300, check=True)

    assert json.loads(done.stdout) == []


def test_runs_at_the_same_time_leave_one_whole_package(here: Path) -> None:
    (here / "home.yaml").write_text(ONE, "utf-8")
    writers = [python("-c", AGAIN_AND_AGAIN, "20", *schemas) for schemas in ([ONE, TWO], [THREE, ONE], [TWO])]
    lookers = [python("-c", LOOK_AGAIN_AND_AGAIN, "20")]

    assert ends([*writers, *lookers]) == [(0, "")] * 4
    is_mended(here, THREE)


def test_a_watcher_and_others_do_no_harm_to_each_other(here: Path) -> None:
    (here / "home.yaml").write_text(ONE, "utf-8")
    watcher = python("-m", "emitter_typed_codegen", *FOREVER)
    assert watcher.stdout is not None
    assert watcher.stdout.readline().startswith("wrote")

    others = ends([python("-c", AGAIN_AND_AGAIN, "20", *schemas) for schemas in ([ONE, TWO], [THREE, ONE])])
    watcher.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    assert others == [(0, "")] * 2
    assert ends([watcher])[0][1] == ""
    is_mended(here, TWO)


def test_a_run_waits_for_another_one_no_longer_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emitter_typed_codegen.exclusive.WAIT_S", 0.05)
    with alone([tmp_path]), pytest.raises(Busy, match=tmp_path.name), alone([tmp_path]):
        pass


@forks
def test_a_folder_with_two_names_is_held_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emitter_typed_codegen.exclusive.WAIT_S", 0.0)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")

    with alone([tmp_path / "a", tmp_path / "b", tmp_path / "nothing"]):
        assert {path.name for path in tmp_path.rglob("*")} == {"a", "b"}


@pytest.mark.parametrize("verb", ["compare", "write"])
def test_a_run_that_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setattr("emitter_typed_codegen.exclusive.WAIT_S", 0.0)
    plan = Plan()
    plan.folder(tmp_path, {"x.py": "1\n"}, {})

    with alone([tmp_path]), pytest.raises(Refused, match="is being written by another run of emitter-typed: wait"):
        getattr(plan, verb)()

    assert [*tmp_path.iterdir()] == []
