"""What holds for each verb, whichever there are: bad input and bad luck end it with one line and the right code.

The verbs are those of the table, and what each takes is the example of its help: a new verb is tried by itself.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from emitter_typed import Client
from emitter_typed._cli.completion import actions
from emitter_typed._cli.verbs import SYNONYMS, VERBS
from emitter_typed.broker import Broker
from emitter_typed.cli import main
from emitter_typed_codegen.exit_codes import MEANINGS
from tests.behaviour.shell.conftest import LIMIT_S, PROGRAM, Shell, example, prepare_example
from tests.helpers.proxy import CuttingProxy

KEY = "kR7-_m3Qd9Zb1Xv5Tn8Wc2Lp4Sg6Hj0f"
NOBODY = "mqtt://127.0.0.1:1"
OPTIONS = {
    name: {option for action in actions(verb.load().parser(name)) for option in action.option_strings}
    for name, verb in VERBS.items()
}
NEED_A_BROKER = {name for name, options in OPTIONS.items() if "--url" in options} - {"doctor", "profile"}
STREAMS = {"broker"}
COME_BACK = {"sub", "presence", "link"}
_find_colour = re.compile(r"\x1b\[[0-9;]*m").findall

every_verb = pytest.mark.parametrize("verb", sorted(VERBS))


def places(verb: str) -> int:
    """Return how many arguments a verb can take that are no options."""
    return sum(1 for action in actions(VERBS[verb].load().parser(verb)) if not action.option_strings)


@pytest.fixture
def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> pytest.CaptureFixture[str]:
    """What a verb says that runs in this process, where no broker is."""
    for variable in [name for name in os.environ if name.startswith("EMITTER_")]:
        monkeypatch.delenv(variable)
    for variable in ("EMITTER_KEY", "EMITTER_MASTER_KEY"):
        monkeypatch.setenv(variable, "some-key")
    monkeypatch.setenv("EMITTER_URL", NOBODY)
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home.yaml").write_text("emitter-typed: 1\n")
    return capsys


@every_verb
def test_an_unknown_option_is_2_and_one_line(verb: str, said: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--nonsense", "x"]) == 2
    out, err = said.readouterr()
    assert out == ""
    assert err.startswith(f"emitter-typed {verb}: unrecognized option --nonsense; write -- before an argument that ")
    assert err.endswith(f" (see emitter-typed {verb} --help)\n")
    assert len(err.splitlines()) == 1


@every_verb
def test_an_option_is_suggested_for_one_that_is_misspelt(verb: str, said: pytest.CaptureFixture[str]) -> None:
    for option in sorted(OPTIONS[verb] - {"-h", "--help"}):
        misspelt = f"{option}x"
        assert main([verb, misspelt]) == 2
        assert f"{misspelt}: did you mean '{option}'?" in said.readouterr().err


def test_what_people_try_first_is_no_verb_and_leads_to_one() -> None:
    assert set(SYNONYMS).isdisjoint(VERBS)
    assert set(SYNONYMS.values()) <= {*VERBS, "--version"}


@every_verb
def test_one_argument_too_many_is_2_and_one_line(verb: str, said: pytest.CaptureFixture[str]) -> None:
    if any(action.nargs == "*" for action in actions(VERBS[verb].load().parser(verb))):
        pytest.skip("it takes any number")
    assert main([*shlex.split(example(verb).partition(" <")[0]), *["x"] * (places(verb) + 1)]) == 2
    out, err = said.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)


@every_verb
@pytest.mark.parametrize(
    "given", [KEY, f"{KEY}/", "home.yaml", r"C:\Users\ann\home.yaml", r"\\server\share\é.yaml", "", "\udcff"]
)
def test_what_belongs_elsewhere_is_refused_in_every_place(
    verb: str, given: str, said: pytest.CaptureFixture[str]
) -> None:
    """A key in the place of a channel, a schema in that of a topic, a path of Windows, bytes that are no text."""
    if (count := places(verb)) == 0:
        pytest.skip("it takes no argument but options")
    code = main([verb, *[given] * count])
    out, err = said.readouterr()
    assert code in MEANINGS
    assert KEY not in err
    assert "Traceback" not in out + err
    if code != 0:
        assert out == ""
        assert err.startswith(("emitter-typed", ".: ", "home.yaml", r"C:\Users", r"\\server", r"\udcff"))


@every_verb
def test_without_a_broker_a_stdin_and_utf_8(verb: str, shell: Shell, broker: Broker, client: Client) -> None:
    """Those that need a broker end with 3 and one line, or with 2 if they need stdin; the others do their work."""
    prepare_example(verb, shell, broker, client)
    shell.environment |= {"EMITTER_URL": NOBODY, "LC_ALL": "C", "PYTHONUTF8": "0", "NO_COLOR": "1"}
    process = shell.start(command=["sh", "-c", f"exec {shlex.join(PROGRAM)} {example(verb)} <&-"])
    if verb in STREAMS:
        process.until("\n")
        process.interrupt()
    done = process.end()
    told = done.out + done.err
    assert "Traceback" not in told
    assert _find_colour(done.raw) == []
    if verb not in NEED_A_BROKER:
        assert (done.code, done.err) == (0, "")
        return
    assert done.code == (2 if "<" in example(verb) else 3)
    [line] = told.splitlines()
    assert re.match(rf"emitter-typed {verb}: (stdin is closed: |no connection to 127\.0\.0\.1:1: )", line)


@pytest.mark.parametrize("verb", sorted(NEED_A_BROKER - COME_BACK))
def test_a_broker_that_goes_away_is_3_and_one_line(verb: str, pipe: Shell, broker: Broker, client: Client) -> None:
    prepare_example(verb, pipe, broker, client)
    with CuttingProxy(broker.url) as proxy:
        pipe.environment["EMITTER_URL"] = proxy.url
        # A CONNACK has 4 bytes.
        proxy.cut_next_after(to_client_bytes=5)
        done = pipe.start(command=["sh", "-c", f"exec {shlex.join(PROGRAM)} {example(verb)}"]).end()
    assert (done.code, done.out) == (3, "")
    [line] = done.err.splitlines()
    assert line.startswith(f"emitter-typed {verb}: the connection was lost (")
    assert line.endswith("): run the command again")


@every_verb
def test_help_is_in_plain_ascii_and_its_paragraphs_fit(
    verb: str, said: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main([verb, "--help"]) == 0
    out, err = said.readouterr()
    assert (out.isascii(), err) == (True, "")
    # Usage, notes and examples are copied.
    described = out.split("\n\n")[1]
    assert [line for line in described.splitlines() if len(line) > 60] == []


@every_verb
def test_a_reader_that_has_gone_ends_it_quietly(verb: str, pipe: Shell, broker: Broker, client: Client) -> None:
    prepare_example(verb, pipe, broker, client)
    done = run_unread(pipe, example(verb))
    assert "Traceback" not in done.stderr.decode()
    # Some have nothing to say in a pipe.
    assert done.returncode in {0, 141}


@pytest.mark.parametrize("command", ["--help", "pub --help", "help check"])
def test_a_reader_of_help_that_has_gone_is_141(command: str, pipe: Shell) -> None:
    done = run_unread(pipe, command)
    assert (done.returncode, done.stderr) == (141, b"")


def run_unread(pipe: Shell, command: str) -> subprocess.CompletedProcess[bytes]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            ["sh", "-c", f"exec {shlex.join(PROGRAM)} {command}"],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=pipe.environment,
            cwd=pipe.folder,
            timeout=LIMIT_S,
            check=False,
        )
    finally:
        os.close(writer)
