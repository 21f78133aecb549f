"""The command line as a process: in a pipe and in a pseudo-terminal, with keys for a channel of the test's own."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from attrs import frozen

from emitter_typed import Client, Key
from emitter_typed._cli.init import SCHEMA
from emitter_typed._cli.verbs import VERBS
from emitter_typed.broker import Broker
from tests.behaviour.shell.forked import Forked
from tests.helpers.real import fresh_channel

PROGRAM = [sys.executable, "-m", "emitter_typed"]
LIMIT_S = 60.0
_find_styles = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]").sub


class Process:
    """A verb that runs. In a terminal, stdout and stderr are one."""

    def __init__(
        self,
        arguments: Sequence[str],
        command: Sequence[str] | None,
        environment: dict[str, str],
        folder: Path,
        terminal: bool,
    ) -> None:
        self._reader, out = _openpty() if terminal else os.pipe()
        self._error_reader: int | None
        self._error_reader, err = (None, out) if terminal else os.pipe()
        stdin, writer = os.pipe()
        self._stdin = os.fdopen(writer, "wb", buffering=0)
        self._process = (
            Forked(arguments, environment, folder, (stdin, out, err))
            if command is None
            else subprocess.Popen(
                [*command, *arguments], stdin=stdin, stdout=out, stderr=err, env=environment, cwd=folder
            )
        )
        for descriptor in {stdin, out, err}:
            os.close(descriptor)
        self._text = ""

    def until(self, pattern: str) -> str:
        """Wait until the output has something, and return all that there is by then."""
        while not re.search(pattern, self.plain):
            assert self._more(), f"no {pattern!r} in {self._text!r}"
        return self.plain

    @property
    def plain(self) -> str:
        """The output so far, without colours and carriage returns."""
        return _find_styles("", self._text).replace("\r", "")

    def write(self, stdin: bytes) -> None:
        self._stdin.write(stdin)

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self, stdin: bytes = b"") -> Done:
        """Give it its stdin, wait for its end, and return what it has said."""
        with suppress(BrokenPipeError):
            self._stdin.write(stdin)
        self._stdin.close()
        while self._more():
            pass
        error = b""
        if self._error_reader is not None:
            while part := os.read(self._error_reader, 65536):
                error += part
        return Done(self._process.wait(LIMIT_S), self.plain, error.decode(), self._text)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._stdin.close()
        os.close(self._reader)
        if self._error_reader is not None:
            os.close(self._error_reader)

    def _more(self) -> bool:
        assert select.select([self._reader], [], [], LIMIT_S)[0], f"nothing more came after {self._text!r}"
        try:
            read = os.read(self._reader, 65536)
        except OSError:
            # How Linux tells that nobody writes to a terminal any more.
            return False
        self._text += read.decode()
        return bool(read)


@frozen
class Done:
    """What a verb that has ended has said."""

    code: int
    out: str
    err: str
    raw: str


def _openpty() -> tuple[int, int]:
    import pty

    return pty.openpty()


class Shell:
    """Runs verbs, with broker and keys in the environment."""

    def __init__(self, broker: Broker, channel: str, key: Key, folder: Path, terminal: bool, stack: ExitStack) -> None:
        self.channel = channel
        self.key = key
        self.folder = folder
        self.terminal = terminal
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("EMITTER_")} | {
            "EMITTER_URL": broker.url,
            "EMITTER_KEY": key.reveal(),
            "EMITTER_MASTER_KEY": broker.master_key,
            "XDG_CONFIG_HOME": str(folder / "config"),
            "TERM": "xterm",
            "COLUMNS": "80",
        }
        self._stack = stack

    def start(self, *arguments: str, command: Sequence[str] | None = None) -> Process:
        """Start a verb, forked; with a command, an interpreter as a user starts one."""
        process = Process(arguments, command, self.environment, self.folder, self.terminal)
        self._stack.callback(process.close)
        return process

    def run(self, *arguments: str, stdin: bytes = b"") -> Done:
        return self.start(*arguments).end(stdin)


def example(verb: str) -> str:
    """Return the example in the help of a verb, as a shell reads it, without the program."""
    # Its lines are as they are at any width.
    [found] = re.findall(r"^example: emitter-typed (.+)$", VERBS[verb].load().parser(verb).format_help(), re.MULTILINE)
    return str(found)


def prepare_example(verb: str, shell: Shell, broker: Broker, client: Client) -> None:
    """Make what the example of a verb is about: a key, lines, a schema and its last commit, a stored message."""
    key = broker.keygen("#/", "rwslp")
    (shell.folder / "chat.key").write_text(key.reveal())
    (shell.folder / "lines.txt").write_text("one\n")
    shell.environment |= {"EMITTER_KEY": key.reveal(), "TMP": str(shell.folder)}
    if verb != "init":
        (shell.folder / "home.yaml").write_text(SCHEMA, "utf-8")
    if verb == "diff":
        for arguments in (["init", "-q"], ["add", "home.yaml"], ["commit", "-qm", "x"]):
            who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
            subprocess.run(["git", *who, *arguments], cwd=shell.folder, check=True)
    if verb == "sub":
        client.publish(key, "chat/", "hello", ttl=60, qos=1)


@pytest.fixture
def channel() -> str:
    """A channel of this test alone."""
    return fresh_channel()


@pytest.fixture
def key(broker: Broker, channel: str) -> Key:
    return broker.keygen(f"{channel}#/", "rwslp")


@pytest.fixture(params=["pipe", "terminal"])
def shell(request: pytest.FixtureRequest, make_shell: Callable[[bool], Shell]) -> Shell:
    """Runs verbs in a pipe, and in a terminal."""
    return make_shell(request.param == "terminal")


@pytest.fixture
def pipe(make_shell: Callable[[bool], Shell]) -> Shell:
    """Runs verbs in a pipe."""
    return make_shell(False)


@pytest.fixture
def make_shell(broker: Broker, channel: str, key: Key, tmp_path: Path) -> Iterator[Callable[[bool], Shell]]:
    if sys.platform == "win32":
        pytest.skip(
            "Windows has no pseudo-terminals that Python can open, and cannot wait for a pipe or interrupt one process"
        )
    with ExitStack() as stack:
        yield lambda terminal: Shell(broker, channel, key, tmp_path, terminal, stack)
