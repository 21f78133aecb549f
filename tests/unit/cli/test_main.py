"""The command line answers in words and exit codes, never in tracebacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emitter_typed.cli import main

PROGRAM = [sys.executable, "-m", "emitter_typed"]
LIMIT_S = 60.0


def test_the_version_loads_nothing_that_it_does_not_need() -> None:
    program = "import sys; from emitter_typed.cli import main; main(['--version']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("emitter-typed ")
    for module in ("paho", "cattrs", "jinja2", "yaml", "zmqtt"):
        assert f"'{module}'" not in done.stdout


def test_no_verb_is_2_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"]])
def test_wrong_usage_is_2_and_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "nonsense" in said
    assert said.endswith("(see emitter-typed --help)\n")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--help"], ["broker", "--help"]])
def test_help_is_0(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "broker" in capsys.readouterr().out


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A schema of which the diff is larger than any buffer."""
    path = tmp_path / "home.yaml"
    fields = ", ".join(f"field_{number}: int" for number in range(2000))
    path.write_text(f"emitter-typed: 1\nname: Home\ntypes:\n  Reading: {{fields: {{{fields}}}}}\n", "utf-8")
    return path


VERBS = [["--version"], ["check", "{}"], ["generate", "{}", "--check", "--out", "home_api"]]


@pytest.mark.parametrize("arguments", VERBS)
def test_a_reader_that_has_gone_ends_it_quietly(arguments: list[str], schema: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [*PROGRAM, *(each.format(schema) for each in arguments)]

    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=LIMIT_S, cwd=schema.parent)

    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [*VERBS, ["broker", "--port", "0"]])
def test_an_output_that_cannot_be_written_is_1_and_one_line(arguments: list[str], schema: Path) -> None:
    command = [*PROGRAM, *(each.format(schema) for each in arguments)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, cwd=schema.parent
        )
    assert done.returncode == 1
    assert done.stderr == "emitter-typed: the output cannot be written: No space left on device\n"


@pytest.mark.posix
def test_a_program_without_a_stdout_does_its_work(schema: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, "check", str(schema)]
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=LIMIT_S, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
