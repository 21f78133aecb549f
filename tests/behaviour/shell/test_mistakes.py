"""Bad input and bad luck: no traceback, the right exit code, one line that says what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emitter_typed import Client
from emitter_typed.broker import Broker
from emitter_typed.cli import main
from tests.behaviour.shell.conftest import LIMIT_S, PROGRAM, Shell
from tests.helpers.proxy import CuttingProxy

KEY = "kR7-_m3Qd9Zb1Xv5Tn8Wc2Lp4Sg6Hj0f"
NOBODY = "mqtt://127.0.0.1:1"
MASTER = ("--master-key", "@a.key")


@pytest.fixture
def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> pytest.CaptureFixture[str]:
    """What a verb that runs in this process says, without broker and keys in the environment."""
    for variable in ("EMITTER_URL", "EMITTER_KEY", "EMITTER_MASTER_KEY", "EMITTER_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home.yaml").write_text("emitter-typed: 1\n")
    (tmp_path / "a.key").write_text("some-key")
    return capsys


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["sbu"], 2, "unknown command 'sbu': did you mean 'sub'?"),
        (["subscribe"], 2, "unknown command 'subscribe': did you mean 'sub'?"),
        (["-V"], 2, "unknown option '-V': did you mean '--version'?"),
        (["help", "subb"], 2, "unknown command 'subb': did you mean 'sub'?"),
        (["--versoin"], 2, "did you mean '--version'?"),
        (["sub", "a/", "--cuont", "1"], 2, "unrecognized option --cuont: did you mean '--count'?"),
        (["sub", "a/", "--cou", "1"], 2, "unrecognized option --cou"),
        (["keygen", "a/", "--tll", "1h"], 2, "did you mean '--ttl'?"),
        (["keygen", "a/", "rw", *MASTER, "--url", NOBODY, "--out", "no/new.key"], 1, "--out no/new.key: No such file"),
        (["keygen", "a/", "rw", *MASTER, "--url", NOBODY, "--out", "a.key"], 1, "--out a.key: the file exists"),
        (["pub", "a/", "x", "--key", "a.key", "--url", NOBODY], 2, "--key: a.key is a file: write @a.key"),
        (["sub", "--schema", "home.yaml", "--key", "@a.key"], 2, "describes no channels"),
        (["sub"], 2, "pass a CHANNEL such as chat/, or a --schema"),
        (["sub", KEY], 2, "this looks like a key, not a channel"),
        (["pub", f"{KEY}/", "x"], 2, "this looks like a key, not a channel"),
        (["sub", "home.yaml"], 2, "a schema goes to --schema"),
        (["sub", r"C:\home.yaml"], 2, "a schema goes to --schema"),
        (["sub", "a/"], 2, "no key: pass --key @FILE, set EMITTER_KEY"),
        (["sub", "a/", "--key", "@missing"], 2, "--key @missing: No such file or directory"),
        (["sub", "a/", "--key", r"@C:\missing"], 2, r"--key @C:\missing: No such file or directory"),
        (["sub", "a/", "--count", "0"], 2, "expected an integer above 0, got '0'"),
        (["sub", "a/", "--raw", "--json"], 2, "--raw cannot be used with --json or --schema"),
        (["sub", "a/", "--group", "g", "--last", "1"], 2, "--group receives no stored messages"),
        (["sub", "--schema", "missing.yaml", "--key", "@a.key"], 1, "missing.yaml: no-file"),
        (["sub", "a/", "--wait", "long"], 2, "expected a time span such as 90"),
        (["history", "a/", "--raw", "--schema", "home.yaml"], 2, "--raw cannot be used with --json or --schema"),
        (["history", "a/", "--raw", "--json"], 2, "--raw cannot be used with --json or --schema"),
        (["history", "a/", "--since", "yesterday"], 2, "expected a time such as 2026-11-29T12:00:00Z"),
        (["pub", "a/", "x", "--ttl", "soon"], 2, "expected a time span such as 90"),
        (["pub", "a/", "x", "--ttl", ""], 2, "expected a time span such as 90"),
        (["pub", "a/"], 2, "pass a PAYLOAD, - for lines of stdin, or --file FILE"),
        (["pub", "a/", "x", "--file", "y"], 2, "pass a PAYLOAD, - for lines of stdin, or --file FILE"),
        (["pub", "a/", "--file", "missing"], 2, "--file missing: No such file or directory"),
        (["pub", "a/", "x", "--key", "@a.key", "--url", "localhost"], 2, "mqtt://"),
        (["pub", "a/", "x", "--key", "@a.key", "--url", NOBODY], 3, "no connection to 127.0.0.1:1"),
        (["me", "--url", NOBODY], 3, "no connection to 127.0.0.1:1"),
        (
            ["me", "--url", NOBODY, "--tls-ca", "a.key"],
            2,
            "--tls-ca a.key: the file contains no certificate in PEM form",
        ),
        (["me", "--profile", "x"], 2, "there is no profile 'x'"),
        (["me", "--timeout", "x"], 2, "expected a time span"),
        (["me", "--timeout", "0"], 2, "expected a time span above 0, and at most 1d, got '0'"),
        (["me", "--timeout", "2d"], 2, "expected a time span above 0"),
        (["me", "--url", "mqtt://ann:x@h"], 2, "a name goes to --username, and a key to --key @FILE"),
        (["pub", "a/", "x", "--ttl", "-3"], 2, "expected a time span such as 90"),
        (["history", "a/", "--last", "-1"], 2, "expected an integer of 0 or more, got '-1'"),
        (["sub", "a/", "--last", "x"], 2, "expected an integer of 0 or more, got 'x'"),
        (["pub", "a/", "-x"], 2, "unrecognized option -x; write -- before an argument that begins with -"),
        (["pub", "--url", NOBODY, "a/", "--key", "@a.key", "x"], 3, "no connection to 127.0.0.1:1"),
        (["pub", "--key", "@a.key", "--url", NOBODY, "--", "a/", "-x"], 3, "no connection to 127.0.0.1:1"),
        (["sub", "a/", "--key", "@a.key", "b/", "--url", NOBODY, "c/"], 3, "no connection to 127.0.0.1:1"),
        (["generate", "--check", "home.yaml", "--testing", "x"], 2, "unrecognized arguments: x"),
        (["profile", "set"], 2, "set needs the NAME of a profile"),
        (["profile", "set", "a", "--url", "nonsense"], 2, "mqtt://"),
        (["init", "home.yaml"], 2, "home.yaml"),
        (["init", "other.yaml"], 2, "is not a folder: name one"),
        (["completion", "tcsh"], 2, "argument SHELL: expected bash, zsh or fish, got 'tcsh'"),
        (["demo", "--pause", "x"], 2, "argument --pause: expected a number, got 'x'"),
        (["link", "a/", "--qos", "7"], 2, "argument --qos: expected 0 or 1, got 7"),
    ],
)
def test_a_mistake_is_one_line_and_the_right_code(
    arguments: list[str], code: int, text: str, said: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    out, err = said.readouterr()
    assert text in err
    assert (out, len(err.splitlines())) == ("", 1)
    assert KEY not in err


def test_problems_of_a_schema_are_shown_with_their_places(said: pytest.CaptureFixture[str]) -> None:
    Path("home.yaml").write_text("emitter-typed: 1\ntypes:\n  A: {fields: {x: flaot, y: intt}}\n", "utf-8")

    assert main(["sub", "--schema", "home.yaml", "--key", "@a.key"]) == 1

    lines = said.readouterr().err.splitlines()
    assert lines[0] == "emitter-typed sub: home.yaml:3:19: unknown-type: there is no type 'flaot'"
    assert lines[1:4] == [
        "  3 |   A: {fields: {x: flaot, y: intt}}",
        "    |                   ^^^^^",
        "  hint: did you mean 'float'?",
    ]
    assert lines[4] == "home.yaml:3:29: unknown-type: there is no type 'intt'"


def test_a_key_that_was_not_made_leaves_no_file(said: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["keygen", "a/", "rw", *MASTER, "--url", NOBODY, "--out", "new.key"]) == 3
    assert "no connection to 127.0.0.1:1" in said.readouterr().err
    assert not (tmp_path / "new.key").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("default = ", "the file of profiles is not valid TOML"),
        ("[profiles.a]\nurk = 'x'\n", "profile a: unknown field 'urk': did you mean 'url'?"),
        ("[profiles.a]\nurl = 1\n", "profile a: expected a text for url"),
        ("profiles = 1\n", "expected a table [profiles.NAME]"),
        ("profiles.a = 1\n", "expected a table [profiles.a]"),
    ],
)
def test_a_broken_file_of_profiles_is_2_and_named(
    text: str, problem: str, said: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "emitter-typed").mkdir()
    path = tmp_path / "emitter-typed" / "profiles.toml"
    path.write_text(text)
    assert main(["me"]) == 2
    err = said.readouterr().err
    assert f"{path}: " in err
    assert problem in err
    assert len(err.splitlines()) == 1


def test_a_profile_keeps_any_text(said: pytest.CaptureFixture[str]) -> None:
    name = 'a "b"\\c\x7f\x01é'
    assert main(["profile", "set", name, "--username", name]) == 0
    assert main(["profile", "list", "--json"]) == 0
    assert main(["profile", "show", name, "--json"]) == 0
    assert said.readouterr().err == ""


def test_a_closed_stdin_is_2_and_one_line(pipe: Shell) -> None:
    command = ["sh", "-c", 'exec "$@" <&-', "sh", *PROGRAM]
    for verb in ("pub", "link"):
        done = pipe.start(verb, pipe.channel, *(["-"] if verb == "pub" else []), command=command).end()
        assert done.code == 2
        assert "stdin is closed" in done.err


def test_a_reader_that_has_gone_ends_sub_quietly(pipe: Shell, client: Client) -> None:
    for _ in range(3):
        client.publish(pipe.key, pipe.channel, "hello", ttl=60, qos=1)
    command = [*PROGRAM, "sub", pipe.channel, "--last", "3"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=pipe.environment, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_locale_without_utf_8_loses_no_message(pipe: Shell, client: Client) -> None:
    pipe.environment |= {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    client.publish(pipe.key, pipe.channel, "é", ttl=60, qos=1)
    assert f"{pipe.channel} \\xe9\n" in pipe.start("history", pipe.channel, command=PROGRAM).end().out


def test_json_is_json_in_a_locale_without_utf_8(pipe: Shell, client: Client) -> None:
    # As on Windows, where no program writes UTF-8 into a pipe by itself.
    pipe.environment |= {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    client.publish(pipe.key, pipe.channel, "é \x81 ж 😀", ttl=60, qos=1)
    [line] = pipe.run("history", pipe.channel, "--json").out.splitlines()
    assert json.loads(line)["payload"] == "é \x81 ж 😀"


@pytest.fixture
def proxy(broker: Broker) -> Iterator[CuttingProxy]:
    with CuttingProxy(broker.url) as proxy:
        yield proxy


def test_a_lost_connection_is_told_and_made_again(shell: Shell, proxy: CuttingProxy, client: Client) -> None:
    shell.environment["EMITTER_URL"] = proxy.url
    client.publish(shell.key, shell.channel, "stored", ttl=600, qos=1)
    process = shell.start("sub", shell.channel, "--json", "--recover", "--last", "1")
    # Then it is subscribed, and no request is under way.
    process.until("stored")
    proxy.cut()
    process.until('"event": "disconnected"')
    process.until('"event": "reconnected"')
    process.until('"event": "gap"')
    process.interrupt()
    assert process.end().code == 130


@pytest.mark.parametrize("after_bytes", [20, 200, 3_000, 8_000])
def test_a_connection_lost_while_stored_messages_come_costs_none_of_them(
    after_bytes: int, shell: Shell, proxy: CuttingProxy, client: Client
) -> None:
    """Wherever it is cut: at the SUBACK, or among the stored messages."""
    shell.environment["EMITTER_URL"] = proxy.url
    payloads = [f"{number:03}{'x' * 500}" for number in range(20)]
    for payload in payloads:
        client.publish(shell.key, shell.channel, payload, ttl=600, qos=1)
    proxy.cut_next_after(to_client_bytes=after_bytes)
    done = shell.run("sub", shell.channel, "--last", "20", "--count", "20", "--json")
    assert done.code == 0
    objects = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    assert [one["payload"] for one in objects if one["event"] == "message"] == payloads
    assert {"disconnected", "reconnected"} <= {one["event"] for one in objects}


@pytest.mark.parametrize("arguments", [["sub", "--no-reconnect"], ["presence", "--watch", "--no-reconnect"]])
def test_a_broker_that_goes_away_is_3_and_one_line_if_it_is_not_to_connect_again(
    arguments: list[str], pipe: Shell, proxy: CuttingProxy, client: Client
) -> None:
    pipe.environment["EMITTER_URL"] = proxy.url
    verb, *options = arguments
    process = pipe.start(verb, pipe.channel, *options)
    if verb == "sub":
        while not client.presence(pipe.key, pipe.channel, status=True).who:
            pass
    else:
        client.subscribe(pipe.key, pipe.channel)
        process.until(client.me().id)
    proxy.cut()
    done = process.end()
    assert done.code == 3
    [line] = done.err.splitlines()
    assert re.match(f"emitter-typed {verb}: the connection was lost .*: run the command again$", line)


@pytest.mark.parametrize("arguments", [["pub", "-"], ["link"]])
def test_lines_are_published_again_after_a_lost_connection(
    arguments: list[str], shell: Shell, proxy: CuttingProxy, client: Client
) -> None:
    shell.environment["EMITTER_URL"] = proxy.url
    verb, *rest = arguments
    with client.subscribe(shell.key, shell.channel, last=0) as subscription:
        process = shell.start(verb, shell.channel, *rest, "--json")
        process.write(b"one\n")
        assert subscription.get(timeout_s=LIMIT_S) is not None
        proxy.cut()
        process.until('"event": "disconnected"')
        process.until('"event": "reconnected"')
        done = process.end(b"two\n")
        received = subscription.get(timeout_s=LIMIT_S)
    assert done.code == 0
    assert received is not None
    assert received.as_string() == "two"
