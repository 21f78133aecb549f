"""`emitter-typed demo`: what there is to see, with an embedded broker and nothing else."""

from __future__ import annotations

import argparse
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from emitter_typed._cli.arguments import Parser
from emitter_typed._cli.connection import silence_logs
from emitter_typed._cli.error_text import error_text
from emitter_typed._cli.init import FILE, SCHEMA
from emitter_typed._cli.terminal import Terminal
from emitter_typed_codegen.exit_codes import DONE

_LIMIT_S = 10.0


class _Options(argparse.Namespace):
    pause: float


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "A tour: a schema, a key, typed messages, presence, a refusal, and a lost connection.",
        notes="It starts a broker of its own on a free port, needs no network, and leaves nothing behind.",
        example="--pause 0",
    )
    made.add_argument(
        "--pause", type=float, default=1.0, metavar="SECONDS", help="between two steps (default: %(default)s)"
    )
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Go through the steps."""
    options = parser(verb).parse(arguments, _Options())
    tour = _Tour(Terminal(verb), max(0.0, options.pause))
    with tempfile.TemporaryDirectory(prefix="emitter-typed-demo-") as folder:
        path = Path(folder) / FILE
        path.write_text(SCHEMA, "utf-8")
        tour.run(path)
    return DONE


class _Tour:
    """The steps, one after the other."""

    def __init__(self, terminal: Terminal, pause_s: float) -> None:
        self._terminal = terminal
        self._pause_s = pause_s
        self._step = 0

    def run(self, path: Path) -> None:
        """Take the tour."""
        from emitter_typed import Client, Unauthorized
        from emitter_typed._cli.typed_payloads import load_schema
        from emitter_typed.broker import Broker

        silence_logs()
        self._begin("A schema becomes typed Python", f"emitter-typed generate {FILE} --out home_api")
        with load_schema(str(path)) as schema, Broker() as broker:
            self._say("channels:", ", ".join(schema.filters))

            self._begin("A broker starts in this process", "emitter-typed broker --port 0")
            self._say("it listens on", broker.url)

            self._begin("The master key makes a key for a channel", "emitter-typed keygen 'home/#/' rwslp")
            with (
                Client.from_url(broker.url, username="ann", timeout_s=_LIMIT_S) as ann,
                Client.from_url(broker.url, username="bob", timeout_s=_LIMIT_S) as bob,
            ):
                key = ann.keygen(broker.master_key, "home/#/", "rwslp").key
                self._say("a key does not show itself:", str(key))

                self._begin("Messages arrive as objects", f"emitter-typed sub --schema {FILE}")
                messages = ann.subscribe(key, schema.filters[0], last=0, recover=True)
                channel = "home/kitchen/temperature/"
                good = {"celsius": 21.5, "taken_at": "2026-01-01T12:00:00Z"}
                for payload in (good, {**good, "celsius": "warm"}):
                    bob.publish(key, channel, payload, ttl=60, qos=1)
                    if (message := messages.get(timeout_s=_LIMIT_S)) is not None:
                        self._terminal.line("  ", (message.channel, "cyan"), " ", *schema.read(message).parts)

                self._begin("Who is there?", "emitter-typed presence home/+/temperature/")
                for one in bob.presence(key, schema.filters[0], status=True).who:
                    self._say(one.username or "", f"as {one.id}")

                self._begin(
                    "What a key does not allow is refused where it was asked", "emitter-typed pub garden/ hello"
                )
                try:
                    bob.publish(key, "garden/", "hello", qos=1)
                except Unauthorized as error:
                    self._say(error_text(error))

                self._begin("A lost connection comes back, with what was missed", "emitter-typed sub --recover")
                broker.restart()
                bob.publish(key, channel, {**good, "celsius": 22.0}, ttl=60, qos=1)
                if (message := messages.get(timeout_s=_LIMIT_S)) is not None:
                    self._terminal.line("  ", (message.channel, "cyan"), " ", *schema.read(message).parts)
        self._terminal.line()
        self._terminal.line("That was the tour. Begin with: emitter-typed init")

    def _begin(self, title: str, command: str) -> None:
        if self._step:
            threading.Event().wait(self._pause_s)
            self._terminal.line()
        self._step += 1
        self._terminal.line((f"{self._step}. {title}", "bold"))
        self._terminal.line((f"   $ {command}", "dim"))

    def _say(self, *words: str) -> None:
        self._terminal.line(f"  {' '.join(words)}")
