"""`emitter-typed broker` says where it is, serves, and ends in one line and an exit code."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from emitter_typed import Client, ConnectionLost, Unauthorized
from emitter_typed.cli import main

PROGRAM = [sys.executable, "-m", "emitter_typed", "broker"]
LIMIT_S = 60.0
MASTER_KEY = "kR7-_m3Qd9Zb1Xv5Tn8Wc2Lp4Sg6Hj0f"
WRONG_KEY = "not-a-master-key"
Run = Callable[..., str]


@contextmanager
def started(*arguments: str, program: Sequence[str] = PROGRAM, **environment: str) -> Generator[subprocess.Popen[str]]:
    """Start a broker on a free port, and stop it with SIGTERM unless it has ended by then."""
    with subprocess.Popen(
        [*program, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
            process.terminate()
            process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a broker that cannot be, and returns the one line that it says."""

    def run(*arguments: str, code: int = 2) -> str:
        assert main(["broker", "--port", "0", *arguments]) == code
        said = capsys.readouterr()
        assert said.out == ""
        [line] = said.err.splitlines()
        return line.removeprefix("emitter-typed broker: ")

    return run


@pytest.mark.posix
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_and_stops_with_0(signal_number: signal.Signals) -> None:
    with started("--json") as process:
        said = json.loads(first_line(process))
        with Client.from_url(said["url"], timeout_s=LIMIT_S, reconnect=False) as client:
            key = client.keygen(said["master_key"], "a/", "r").key
            with pytest.raises(Unauthorized):
                client.keygen("wrong-wrong-wrong-wrong-wrong-00", "a/", "r")
            subscription = client.subscribe(key, "a/")
            process.send_signal(signal_number)
            # Whoever is connected is told.
            with pytest.raises(ConnectionLost):
                subscription.get(timeout_s=LIMIT_S)
        assert process.wait(LIMIT_S) == 0
        assert said.keys() == {"url", "master_key", "matcher"}
        assert said["matcher"] == "emitter"


# As on Windows, whose loops have no handlers for signals.
NO_HANDLERS = """\
import asyncio, sys
from emitter_typed.cli import main

def add_signal_handler(*_):
    raise NotImplementedError

asyncio.SelectorEventLoop.add_signal_handler = add_signal_handler
sys.exit(main(["broker", *sys.argv[1:]]))
"""


@pytest.mark.posix
@pytest.mark.parametrize("program", [PROGRAM, [sys.executable, "-c", NO_HANDLERS]])
def test_however_often_it_is_interrupted_it_ends_with_0_and_no_traceback(program: list[str]) -> None:
    with started("--json", program=program) as process:
        url = json.loads(first_line(process))["url"]
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))):
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.002)
        assert process.stderr is not None
        assert (process.returncode, process.stderr.read()) == (0, "")


def words(process: subprocess.Popen[str]) -> str:
    """Return what it says to people."""
    assert process.stdout is not None
    text = ""
    while "keygen" not in text:
        line = process.stdout.readline()
        assert line, text
        text += line
    return text


def test_what_it_says_to_people_works(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMITTER_MASTER_KEY", raising=False)
    with started("--matcher", "mqtt") as process:
        text = words(process)
        assert "for development and tests" in text
        assert re.search(r"matcher +mqtt", text)
        page = re.search(r"http://\S+", text)
        assert page is not None
        with urlopen(page[0], timeout=LIMIT_S) as answer:
            assert answer.status == 200
        master_key = re.search(r"master key +([\w-]{32})\n", text)
        assert master_key is not None
        assert text.count(master_key[1]) == 1
        monkeypatch.setenv("EMITTER_MASTER_KEY", master_key[1])
        command = re.search(r"emitter-typed (keygen .+)", text)
        assert command is not None
        assert main(shlex.split(command[1])) == 0
    assert re.fullmatch(r"[\w-]{32}\n", capfd.readouterr().out)


def test_the_example_of_the_help_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broker", "--help"]) == 0
    example = re.search(r"example: emitter-typed broker --port 0 (.+)", capsys.readouterr().out)
    assert example is not None
    with started(*example[1].split()) as process:
        assert json.loads(first_line(process))["url"].startswith("mqtt://127.0.0.1:")


def test_a_cluster_says_where_each_broker_is_and_one_takes_what_another_was_given() -> None:
    with started("--json", "--cluster", "2") as process:
        said = json.loads(first_line(process))
        one, other = said["urls"]
        assert said["url"] == one
        with Client.from_url(one) as writer, Client.from_url(other) as reader:
            key = writer.keygen(said["master_key"], "a/", "rw").key
            subscription = reader.subscribe(key, "a/")
            writer.publish(key, "a/", "hello", qos=1)
            message = subscription.get(timeout_s=LIMIT_S)
    assert message is not None
    assert message.as_string() == "hello"


def test_a_cluster_has_no_port_that_two_would_share(refused: Run) -> None:
    assert "two nodes cannot share one" in refused("--cluster", "2", "--port", "8099")


@pytest.mark.posix
@pytest.mark.parametrize(("host", "warns"), [("0.0.0.0", True), ("localhost", False), ("127.0.0.1", False)])
def test_a_broker_that_others_can_reach_warns(host: str, warns: bool) -> None:
    with started("--host", host) as process:
        assert first_line(process).startswith("listening on ")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=LIMIT_S)
    assert ("not protected" in said) == warns


# Keys


def test_the_master_key_is_read_from_a_file_or_the_environment_without_a_word(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{MASTER_KEY}\n")
    with (
        started("--json", "--master-key", f"@{file}", EMITTER_MASTER_KEY=WRONG_KEY) as one,
        started("--json", EMITTER_MASTER_KEY=MASTER_KEY) as other,
    ):
        for process in (one, other):
            assert json.loads(first_line(process))["master_key"] == MASTER_KEY
            process.terminate()
            assert process.communicate(timeout=LIMIT_S) == ("", "")


def test_a_master_key_that_was_given_is_not_shown_to_people(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(MASTER_KEY)
    with (
        started("--master-key", f"@{file}") as one,
        started(EMITTER_MASTER_KEY=MASTER_KEY) as other,
        started("--master-key", MASTER_KEY) as clear,
    ):
        for process in (one, other, clear):
            text = words(process)
            assert MASTER_KEY not in text
            assert re.search(r"master key +as given\n", text)


def test_a_file_of_windows_powershell_holds_a_key_too(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(f"{MASTER_KEY}\r\n".encode("utf-8-sig"))
    with started("--json", "--master-key", f"@{file}") as process:
        assert json.loads(first_line(process))["master_key"] == MASTER_KEY


def test_a_master_key_in_clear_works_and_is_warned_about() -> None:
    with started("--json", "--master-key", MASTER_KEY) as process:
        assert json.loads(first_line(process))["master_key"] == MASTER_KEY
        process.terminate()
        _, said = process.communicate(timeout=LIMIT_S)
    assert said == (
        "emitter-typed broker: others on this machine can see a key on the command line: "
        "use --master-key @FILE, or EMITTER_MASTER_KEY\n"
    )


def test_a_master_key_of_the_wrong_form_is_2_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key"
    file.write_text(WRONG_KEY)
    from_file = refused("--master-key", f"@{file}")
    monkeypatch.setenv("EMITTER_MASTER_KEY", WRONG_KEY)
    assert refused() == from_file
    assert from_file.startswith("master_key: must be 32 characters of URL-safe base64")

    assert main(["broker", "--port", "0", "--master-key", WRONG_KEY]) == 2
    assert WRONG_KEY not in from_file + capsys.readouterr().err


def test_a_key_file_that_gives_no_key_is_2_and_named(tmp_path: Path, refused: Run) -> None:
    missing, empty, binary = tmp_path / "missing", tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe")

    assert refused("--master-key", f"@{missing}") == f"--master-key @{missing}: No such file or directory"
    assert refused("--master-key", f"@{tmp_path}") == f"--master-key @{tmp_path}: Is a directory"
    assert refused("--master-key", f"@{empty}") == f"--master-key @{empty}: the file contains no key"
    assert refused("--master-key", f"@{binary}") == f"--master-key @{binary}: the file is not UTF-8: save it as UTF-8"


def test_a_key_in_the_wrong_place_is_not_shown(refused: Run) -> None:
    assert MASTER_KEY not in refused(MASTER_KEY)


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--matcher", "regex"), "argument --matcher: expected emitter or mqtt, got 'regex'"),
        (("--port", "x"), "argument --port: expected an integer, got 'x'"),
        (("--port",), "argument --port: expected one argument"),
        (("--nonsense",), "unrecognized option --nonsense"),
        (("--port", "99999"), "port: must be 1 to 65535, or 0 for a free port, not 99999"),
        (("--port", "-1"), "port: must be 1 to 65535, or 0 for a free port, not -1"),
    ],
)
def test_a_mistake_is_2_and_one_line(arguments: tuple[str, ...], said: str, refused: Run) -> None:
    assert refused(*arguments).startswith(said)


def test_a_port_in_use_is_3_and_one_line(refused: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = refused("--port", str(port), code=3)
        assert f"127.0.0.1:{port} (Address already in use): pass --port 0 for a free port" in said


def test_a_host_of_no_machine_is_3_and_one_line(refused: Run) -> None:
    assert "192.0.2.1" in refused("--host", "192.0.2.1", code=3)


# TLS


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate, its key in clear and encrypted, a key of another one, and what is none of them."""
    folder = tmp_path_factory.mktemp("pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority"))
    issued, other = authority.issue_cert("127.0.0.1"), authority.issue_cert("127.0.0.1")
    old = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert"))
    for name, one in (("key", issued), ("other-key", other), ("rsa-key", old)):
        one.private_key_pem.write_to_path(str(folder / name))
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (folder / "encrypted-key").write_bytes(encrypted)
    (folder / "text").write_text("hello\n")
    return folder


def test_with_a_certificate_it_speaks_tls(pem: Path) -> None:
    with started("--json", "--tls-cert", str(pem / "cert"), "--tls-key", str(pem / "key")) as process:
        said = json.loads(first_line(process))
        assert said["url"].startswith("mqtts://")
        trusting = ssl.create_default_context(cafile=str(pem / "authority"))
        with Client.from_url(said["url"], tls=trusting, timeout_s=LIMIT_S) as client:
            assert client.keygen(said["master_key"], "a/", "r").channel == "a/"


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("cert", None, "--tls-cert needs --tls-key as well"),
        (None, "key", "--tls-key needs --tls-cert as well"),
        ("missing", "key", "--tls-cert {}/missing: No such file or directory"),
        ("cert", "missing", "--tls-key {}/missing: No such file or directory"),
        ("", "key", "--tls-cert {}/: Is a directory"),
        ("text", "key", "--tls-cert {}/text: the file contains no certificate in PEM form"),
        ("key", "cert", "--tls-cert {}/key: the file contains no certificate in PEM form"),
        ("cert", "text", "--tls-key {}/text: the file contains no private key in PEM form"),
        ("cert", "other-key", "--tls-key {}/other-key: the key does not fit the certificate in {}/cert"),
        ("cert", "rsa-key", "--tls-key {}/rsa-key: the key does not fit the certificate in {}/cert"),
        ("cert", "encrypted-key", "--tls-key {}/encrypted-key: the key is encrypted: pass one that is not"),
    ],
)
def test_files_that_do_not_serve_are_2_and_named(
    certificate: str | None, key: str | None, said: str, pem: Path, refused: Run
) -> None:
    given = [("--tls-cert", certificate), ("--tls-key", key)]
    arguments = [each for flag, name in given if name is not None for each in (flag, f"{pem}/{name}")]
    assert refused(*arguments) == said.format(pem, pem)
