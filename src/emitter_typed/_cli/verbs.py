"""The table of verbs: what there is, what each one needs, and which module carries it out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast


class VerbModule(Protocol):
    """What the module of a verb offers."""

    def parser(self, verb: str) -> argparse.ArgumentParser:
        """Return the parser of the verb's arguments."""
        ...

    def main(self, verb: str, arguments: Sequence[str]) -> int:
        """Do what the verb says, and return the exit code. Raises EmitterError, SystemExit and KeyboardInterrupt."""
        ...


class Verb(NamedTuple):
    """A row of the table."""

    name: str
    module: str
    """The module below this package; it is loaded when the verb is used."""
    summary: str
    extra: str | None = None
    """The extra of the package that the verb needs."""

    def load(self) -> VerbModule:
        """Import the verb's module."""
        from importlib import import_module

        return cast("VerbModule", import_module(f"emitter_typed._cli.{self.module}"))


GROUPS: dict[str, tuple[Verb, ...]] = {
    "talk to a broker": (
        Verb("pub", "pub", "publish a message, or each line of stdin"),
        Verb("sub", "sub", "show the messages of channels until Ctrl-C"),
        Verb("history", "history", "show stored messages"),
        Verb("presence", "presence", "show who is subscribed; with --watch, who comes and goes"),
        Verb("link", "link", "publish each line of stdin through a link"),
        Verb("keygen", "keygen", "make a key for a channel"),
        Verb("keyban", "keyban", "ban a key, or allow it again"),
        Verb("me", "me", "show which broker answers, and the id of the connection"),
        Verb("profile", "profile", "save brokers and keys under names"),
    ),
    "schemas and code": (
        Verb("init", "init", "write a first schema"),
        Verb("generate", "compiler", "write the Python package of a schema", "codegen"),
        Verb("check", "compiler", "find problems in schemas; for CI, in a whole project", "codegen"),
        Verb("schema", "schema", "print the JSON Schema of the schema language, for editors", "codegen"),
        Verb("diff", "compiler", "show what changed between two schemas, and whom it breaks", "codegen"),
        Verb("export", "compiler", "write a schema as AsyncAPI, JSON Schema or a page of HTML", "codegen"),
    ),
    "try it out": (
        Verb("demo", "demo", "take a tour of two minutes, with an embedded broker", "all"),
        Verb("broker", "broker", "run the embedded broker, for development and tests", "broker"),
    ),
    "this program": (
        Verb("doctor", "doctor", "show what is installed, and what to repair"),
        Verb("completion", "completion", "print a completion script for bash, zsh or fish"),
    ),
}
"""The verbs, in the order of the help. A new one is a row here and a module beside this one."""

VERBS: dict[str, Verb] = {verb.name: verb for verbs in GROUPS.values() for verb in verbs}

SYNONYMS: dict[str, str] = {
    "publish": "pub",
    "send": "pub",
    "subscribe": "sub",
    "listen": "sub",
    "watch": "sub",
    "who": "presence",
    "key": "keygen",
    "ban": "keyban",
    "new": "init",
    "gen": "generate",
    "compile": "generate",
    "build": "generate",
    "validate": "check",
    "lint": "check",
    "server": "broker",
    "profiles": "profile",
    "version": "--version",
    "-V": "--version",
    "-v": "--version",
}
"""What verbs are called elsewhere, and people try first."""
