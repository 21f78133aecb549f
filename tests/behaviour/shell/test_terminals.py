"""What people see: help whose examples work, colour where it is wanted, completion in their shells."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emitter_typed import Client
from emitter_typed._cli.completion import actions
from emitter_typed._cli.verbs import VERBS
from emitter_typed.broker import Broker
from tests.behaviour.shell.conftest import PROGRAM, Done, Shell, example, prepare_example

STREAMS = {"sub", "presence", "broker"}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_example_of_each_help_works(verb: str, pipe: Shell, broker: Broker, client: Client) -> None:
    prepare_example(verb, pipe, broker, client)
    process = pipe.start(command=["sh", "-c", f"exec {shlex.join(PROGRAM)} {example(verb)}"])
    if verb in STREAMS:
        process.until("\n")
        process.interrupt()
    assert process.end().code == (130 if verb in {"sub", "presence"} else 0)


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("verb", [None, *VERBS])
def test_help_fits_the_terminal_and_names_each_verb(
    verb: str | None, columns: int, make_shell: Callable[[bool], Shell]
) -> None:
    narrow = make_shell(False)
    narrow.environment["COLUMNS"] = str(columns)
    done = narrow.run(*([] if verb is None else [verb]), "--help")
    assert done.code == 0
    # What is to be copied stays on its line, and a path is one word.
    lines = [
        one
        for one in done.out.splitlines()
        if not re.search(r"example: |emitter-typed \S|\$schema=|profiles\.toml", one)
    ]
    assert [line for line in lines if len(line) > min(columns, 100)] == []
    assert verb is not None or all(re.search(rf"^  {name} ", done.out, re.MULTILINE) for name in VERBS)


@pytest.fixture
def terminal(make_shell: Callable[[bool], Shell]) -> Shell:
    return make_shell(True)


def shown(terminal: Shell, client: Client) -> Done:
    client.publish(terminal.key, terminal.channel, "hello " * 20, ttl=60, qos=1)
    return terminal.run("history", terminal.channel)


def test_a_terminal_gets_colour(terminal: Shell, client: Client) -> None:
    pytest.importorskip("rich")
    assert "\x1b[36m" in shown(terminal, client).raw


def test_no_color_is_honoured(terminal: Shell, client: Client) -> None:
    terminal.environment["NO_COLOR"] = "1"
    assert not re.search(r"\x1b\[[0-9;]*m", shown(terminal, client).raw)


def test_a_broken_installation_of_rich_costs_the_colour_alone(terminal: Shell) -> None:
    broken = terminal.folder / "first" / "rich"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise RuntimeError('half an installation')\n")
    terminal.environment["PYTHONPATH"] = str(broken.parent)

    done = terminal.start("doctor", command=PROGRAM).end()

    assert done.code == 1
    assert "rich: cannot be imported: RuntimeError: half an installation" in " ".join(done.out.split())
    assert "\x1b" not in done.raw


def test_a_narrow_terminal_breaks_no_line_of_a_message(terminal: Shell, client: Client) -> None:
    terminal.environment["COLUMNS"] = "40"
    assert f"{terminal.channel} {'hello ' * 20}" in shown(terminal, client).out


BASH = """\
complete_at() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _emitter_typed; echo "${COMPREPLY[*]}"; }
complete_at emitter-typed key
complete_at emitter-typed sub --sch
complete_at emitter-typed sub --matcher m
complete_at emitter-typed completion z
"""
ZSH = """\
autoload -U compinit && compinit -u -d "$PWD/dump"
source script
whence -w _emitter_typed
print -r -- "$_comps[emitter-typed]"
"""
FISH = """\
source script
for line in 'emitter-typed key' 'emitter-typed sub --sch' 'emitter-typed completion z'
    complete -C $line | string split -f1 \\t | string join ' '
end
"""


@pytest.mark.parametrize(
    ("name", "program", "said"),
    [
        ("bash", BASH, ["keygen keyban", "--schema", "mqtt", "zsh"]),
        ("zsh", ZSH, ["_emitter_typed: function", "_emitter_typed"]),
        ("fish", FISH, ["keyban keygen", "--schema", "zsh"]),
    ],
)
def test_shells_complete_what_is_really_there(name: str, program: str, said: list[str], tmp_path: Path) -> None:
    if (shell := shutil.which(name)) is None:
        pytest.skip(f"{name} is not installed")
    script = subprocess.run([*PROGRAM, "completion", name], capture_output=True, text=True, check=True).stdout
    (tmp_path / "script").write_text(script)
    source = "source ./script\n" if name == "bash" else ""
    arguments = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[name]
    done = subprocess.run(
        [shell, *arguments, "-c", source + program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout.splitlines(), done.stderr) == (said, "")


OPTIONS_IN = {
    "bash": """
source ./script
COMP_WORDS=(emitter-typed "$verb" --); COMP_CWORD=2
_emitter_typed; echo "$verb ${COMPREPLY[*]}"
""",
    # What `_arguments` is told, which only a terminal could ask for.
    "zsh": """
compdef() { }; source ./script; _arguments() { print -r -- $verb $@ }
words=(emitter-typed $verb --); CURRENT=3
_emitter_typed
""",
    "fish": """
source script
echo $verb (complete -C "emitter-typed $verb --" | string split -f1 \\t)
""",
}


@pytest.mark.parametrize("name", OPTIONS_IN)
def test_each_option_of_each_verb_is_completed(name: str, tmp_path: Path) -> None:
    if (shell := shutil.which(name)) is None:
        pytest.skip(f"{name} is not installed")
    script = subprocess.run([*PROGRAM, "completion", name], capture_output=True, text=True, check=True).stdout
    (tmp_path / "script").write_text(script)
    verbs = " ".join(VERBS)
    do, done = ("", "end") if name == "fish" else ("do", "done")
    loop = f"for verb in {verbs}; {do} {OPTIONS_IN[name]} {done}"
    arguments = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[name]
    told = subprocess.run([shell, *arguments, "-c", loop], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.stderr == ""
    for verb, line in zip(VERBS, told.stdout.splitlines(), strict=True):
        parser = VERBS[verb].load().parser(verb)
        options = {option for action in actions(parser) for option in action.option_strings if len(option) > 2}
        assert line.startswith(verb)
        assert {option for option in options if not re.search(rf"{option}\b", line)} == set()


def test_the_version_costs_little_more_than_the_interpreter() -> None:
    """Counted in modules, which are the same on a busy machine; they take some 20 ms."""
    program = "import sys; before = set(sys.modules); from emitter_typed.cli import main; main(['--version'])\n"
    program += "print(len(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[1]) < 60


@pytest.mark.parametrize(("columns", "as_list"), [(40, True), (80, False)])
def test_a_table_that_a_terminal_is_too_narrow_for_is_a_list(columns: int, as_list: bool, terminal: Shell) -> None:
    pytest.importorskip("rich")
    terminal.environment["COLUMNS"] = str(columns)

    lines = [line.rstrip() for line in terminal.run("doctor").out.splitlines()]

    assert ("EXTRA      broker" in lines) == as_list
    assert [line for line in lines if line.startswith(("EXTRA", "INSTALLED")) and len(line) > columns] == []
    assert any("hypothesis" in line for line in lines)
