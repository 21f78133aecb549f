"""The command line answers in words and exit codes, never in tracebacks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emitter_typed import Client, Unauthorized
from emitter_typed.cli import main

PROGRAM = [sys.executable, "-m", "emitter_typed"]
LIMIT_S = 20.0


def test_the_version_loads_nothing_that_it_does_not_need() -> None:
    program = "import sys; from emitter_typed.cli import main; main(['--version']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("emitter-typed ")
    for module in ("paho", "cattrs", "jinja2", "yaml", "zmqtt"):
        assert f"'{module}'" not in done.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["--nonsense"], ["broker", "--port", "x"]])
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["broker", "--help"]])
def test_help_is_0(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "broker" in capsys.readouterr().out


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_the_broker_says_where_it_is_serves_and_stops_with_0(signal_number: signal.Signals) -> None:
    with subprocess.Popen([*PROGRAM, "broker", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        try:
            with Client.from_url(said["url"], timeout_s=LIMIT_S) as client:
                assert client.keygen(said["master_key"], "a/", "r").channel == "a/"
                with pytest.raises(Unauthorized):
                    client.keygen("wrong-wrong-wrong-wrong-wrong-00", "a/", "r")
        finally:
            process.send_signal(signal_number)
            assert process.wait(LIMIT_S) == 0
        assert said["matcher"] == "emitter"


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_tcp_does_not_have_is_2_and_one_line(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker", "--port", port]) == 2
    assert (
        capsys.readouterr().err
        == f"emitter-typed broker: a port is 1 to 65535, or 0 for any that is free, not {port}\n"
    )


@pytest.mark.parametrize(("host", "warns"), [("0.0.0.0", True), ("localhost", False), ("127.0.0.1", False)])
def test_a_broker_that_others_can_reach_warns(host: str, warns: bool) -> None:
    command = [*PROGRAM, "broker", "--host", host, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on ")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=LIMIT_S)
    assert ("not protected" in said) == warns


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


def test_a_program_without_a_stdout_does_its_work(schema: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, "check", str(schema)]
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=LIMIT_S, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_port_in_use_is_3_and_one_line() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = subprocess.run(
            [*PROGRAM, "broker", "--port", str(port)], capture_output=True, text=True, timeout=LIMIT_S
        )
    assert done.returncode == 3
    assert str(port) in done.stderr
    assert len(done.stderr.splitlines()) == 1
