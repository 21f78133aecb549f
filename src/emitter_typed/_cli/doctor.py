"""`emitter-typed doctor`: what is installed, what generated what, and what to run."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from emitter_typed._cli.arguments import Parser
from emitter_typed._cli.connection import (
    DEFAULT_URL,
    URL_VARIABLE,
    Connecting,
    ConnectionOptions,
    Kind,
    add_connection,
    silence_logs,
)
from emitter_typed._cli.error_text import error_text
from emitter_typed._cli.installation import NAME, Extra, Installation, installation
from emitter_typed._cli.terminal import Part, Terminal
from emitter_typed._core.extras import lacking
from emitter_typed._masking import hide_keys
from emitter_typed.errors import EmitterError, InvalidArgument
from emitter_typed_codegen.exit_codes import DONE, FOUND
from emitter_typed_codegen.paths import shown_path
from emitter_typed_codegen.version import CONTRACT, VERSION
from emitter_typed_codegen.wording import counted

if TYPE_CHECKING:
    from emitter_typed_codegen.orphans import Made

Facts = dict[str, Any]  # Any: JSON


class _ToDo(NamedTuple):
    """Something that is not as it should be."""

    problem: str
    run: str
    """The command that mends it, or what to do; empty where nobody can tell."""


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Show what is installed, which generated packages are compatible and up to date, which broker and keys are "
        "used, and what to run. It writes nothing and shows no key. Exits with 1 if there is something to do.",
        notes="With --url or --profile it also tries to connect to the broker.",
        example="--json",
    )
    add_connection(made, key=None)
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Look at everything, and tell it."""
    options = parser(verb).parse(arguments, ConnectionOptions())
    terminal = Terminal(verb, as_json=options.json)
    doctor = _Doctor(terminal)
    told: Facts = {}
    # One after the other: where one cannot be looked at, the others are told all the same.
    told["installed"] = doctor.look("what is installed", doctor.installed)
    told["project"] = doctor.look("the project", doctor.project)
    told["connection"] = doctor.look("the connection", lambda: doctor.connection(options))
    doctor.tell()
    to_do = [{"problem": one.problem, "run": one.run} for one in doctor.to_do]
    terminal.record({"ok": not to_do, **told, "to_do": to_do})
    return FOUND if to_do else DONE


class _Doctor:
    """Looks at one thing after the other, and collects what is to be done."""

    def __init__(self, terminal: Terminal) -> None:
        self.to_do: list[_ToDo] = []
        self._terminal = terminal

    def look(self, what: str, at: Callable[[], Facts | None]) -> Facts | None:
        """Look at something, whatever is broken there."""
        try:
            return at()
        # An installation can be broken in any way, and this is for those that are.
        except Exception as error:
            self._need(f"{what} cannot be checked: {type(error).__name__}: {hide_keys(str(error))}")
            return None

    def tell(self) -> None:
        """Say what is to be done."""
        if not self.to_do:
            self._terminal.line(("nothing to do", "green"))
            return
        self._terminal.line(("to do:", "bold"))
        for one in self.to_do:
            self._terminal.line(("  ! ", "red"), one.problem)
            if one.run:
                self._terminal.line("    ", (one.run, "cyan"))

    def _need(self, problem: str, run: str = "") -> None:
        self.to_do.append(_ToDo(" ".join(problem.split()), run))

    def installed(self) -> Facts:
        """Look at this package, Python, and what it needs."""
        found = installation()
        where = str(Path(__file__).parents[1])
        line = self._terminal.line
        line((f"{NAME} {VERSION}", "bold"), f", contract {CONTRACT}, in {where}")
        line(f"Python {platform.python_version()} on {platform.system()}, {sys.executable}")
        line("needed: ", ", ".join(f"{one.name} {one.version or 'missing'}" for one in found.needed))
        rows = [
            (
                extra.name,
                "yes" if extra.present else "damaged" if extra.damaged else "no",
                extra.gives,
                _versions(extra),
            )
            for extra in found.extras
        ]
        self._terminal.table(("EXTRA", "INSTALLED", "GIVES", "PACKAGES"), rows)
        self._repair(found)
        return {
            "version": VERSION,
            "contract": CONTRACT,
            "location": where,
            "python": {"version": platform.python_version(), "executable": sys.executable},
            "needed": [one._asdict() for one in found.needed],
            "extras": [
                {
                    "name": one.name,
                    "present": one.present,
                    "gives": one.gives,
                    "packages": [each._asdict() for each in one.packages],
                }
                for one in found.extras
            ],
        }

    def _repair(self, found: Installation) -> None:
        pip = f"{Path(sys.executable).name} -m pip install"
        if found.version is None:
            self._need(f"{NAME} is not installed: it runs from the files in {Path(__file__).parents[1]}")
        elif found.version != VERSION:
            problem = f"{NAME} {found.version} is installed, but its files are those of {VERSION}: install it again"
            self._need(problem)
        for one in found.needed:
            if one.state != "ok":
                self._need(f"{one.name}: {one.problem}", f'{pip} --force-reinstall "{one.name}{one.needed}"')
        for extra in found.extras:
            # Nobody has to have an extra; but a part of one does nothing.
            for one in extra.packages if extra.damaged else ():
                if one.state not in ("ok", "missing"):
                    run = f'{pip} --force-reinstall "{one.name}{one.needed}"'
                    self._need(f"extra {extra.name}: {one.name}: {one.problem}", run)

    def project(self) -> Facts | None:
        """Look at the nearest pyproject.toml, and at all generated packages below it."""
        if missing := lacking("codegen", "checking the project"):
            # Programs that only use generated code do not need the compiler.
            self._terminal.line("project: not checked: ", missing)
            return None
        from emitter_typed_codegen.jobs import BadConfiguration, project_file, read_project
        from emitter_typed_codegen.orphans import packages_below, read_manifest

        here = Path.cwd()
        jobs: Sequence[Any] = ()
        file: Path | None = None
        try:
            file = project_file(here)
            jobs = read_project(file).jobs
        except BadConfiguration as error:
            # A project need not generate anything; one that says what it generates should say it right.
            if file is not None and "lists no jobs" not in str(error):
                for mistake in str(error).splitlines():
                    self._need(mistake, f"edit {file.as_posix()}")
        root = here if file is None else file.parent
        schemas = {Path(os.path.realpath(job.out)): job.schema for job in jobs}
        folders = {Path(os.path.realpath(each)) for each in packages_below(root)} | {*schemas}
        found = [(folder, read_manifest(folder)) for folder in sorted(folders)]
        packages = [
            self._package(folder, made, schemas.get(folder))
            for folder, made in found
            # What was made by a program of its own is that one's business.
            if folder in schemas or made.command is None or made.command.startswith("emitter-typed generate")
        ]
        if not packages:
            self._terminal.line("generated packages: none")
        self._terminal.table(
            ("PACKAGE", "SCHEMA", "VERSION", "CONTRACT"),
            [
                (one["folder"], one["schema"] or "?", one["version"] or "?", str(one["contract"] or "?"))
                for one in packages
            ],
        )
        return {"file": None if file is None else file.as_posix(), "packages": packages}

    def _package(self, folder: Path, made: Made, schema: Path | None) -> Facts:
        shown = shown_path(folder).as_posix()
        facts: Facts = {
            "folder": shown,
            "schema": made.schema or (None if schema is None else schema.name),
            "version": made.version,
            "contract": made.contract,
            "command": made.command,
            "fits": made.contract == CONTRACT,
        }
        again = "emitter-typed generate" if schema is not None else made.command or ""
        if schema is not None and not schema.is_file():
            self._need(f"{shown}: its schema {schema.as_posix()} does not exist", "edit pyproject.toml")
        elif made.problem:
            self._need(f"{shown}: {made.problem}", again)
        elif made.contract != CONTRACT:
            self._need(
                f"{shown} was generated for contract {made.contract}, but contract {CONTRACT} is installed", again
            )
        elif made.version != VERSION:
            self._need(f"{shown} was generated by {NAME} {made.version}, but {VERSION} is installed", again)
        else:
            self._compare(shown, folder, made, schema, again)
        return facts

    def _compare(self, shown: str, folder: Path, made: Made, schema: Path | None, again: str) -> None:
        """Compare a package with what its schema means."""
        from emitter_typed_codegen.jobs import compiler_protocol
        from emitter_typed_codegen.model import digest
        from emitter_typed_codegen.orphans import schema_of
        from emitter_typed_codegen.problems import SchemaProblems
        from emitter_typed_codegen.resolve import load

        schema = schema or schema_of(made.command or "", folder)
        if schema is None or not schema.is_file():
            return
        name = shown_path(schema).as_posix()
        try:
            if digest(load(schema, compiler_protocol())) != made.digest:
                self._need(f"{shown} is out of date: {name} has changed since it was generated", again)
        except SchemaProblems as found:
            self._need(f"{name} has {counted(len(found.problems), 'problem')}", f"emitter-typed check {name}")

    def connection(self, options: ConnectionOptions) -> Facts | None:
        """Look at the URL and the keys that count and, if that was asked for, whether the broker answers."""
        try:
            connecting = Connecting(options, self._terminal)
        except InvalidArgument as error:
            self._need(str(error), "emitter-typed profile list")
            return None
        url = _without_user(connecting.url)
        origin = _origin(options, connecting)
        keys = {kind: self._key(connecting, kind) for kind in ("key", "master_key")}
        answers = None
        if options.url is not None or options.profile is not None:
            answers = self._answers(connecting, url)
        parts: list[Part] = ["broker: ", (url, "cyan"), f" ({origin})"]
        parts += [f", {kind.replace('_', ' ')} {'set' if there else 'not set'}" for kind, there in keys.items()]
        parts += [] if answers is None else [", answers" if answers else ", does not answer"]
        self._terminal.line(*parts)
        return {"url": url, "from": origin, **keys, "answers": answers}

    def _key(self, connecting: Connecting, kind: Kind) -> bool:
        try:
            connecting.key(kind)
        except InvalidArgument as error:
            # Only what is wrong is a problem, and that names a file.
            if error.argument != kind:
                self._need(str(error), "emitter-typed profile show")
            return False
        return True

    def _answers(self, connecting: Connecting, url: str) -> bool:
        silence_logs()
        try:
            with connecting.client() as client:
                client.me()
        except EmitterError as error:
            run = "emitter-typed broker" if connecting.url == DEFAULT_URL else ""
            self._need(f"the broker {url} does not answer: {error_text(error)}", run)
            return False
        return True


def _versions(extra: Extra) -> str:
    if not (extra.present or extra.damaged):
        return f'pip install "{NAME}[{extra.name}]"'
    return ", ".join(f"{one.name} {one.version or 'missing'}" for one in extra.packages)


def _origin(options: ConnectionOptions, connecting: Connecting) -> str:
    if options.url is not None:
        return "--url"
    if connecting.has_profile:
        named = options.profile or os.environ.get("EMITTER_PROFILE")
        return f"profile {named}" if named else "the default profile"
    return URL_VARIABLE if os.environ.get(URL_VARIABLE) else "the default"


def _without_user(url: str) -> str:
    """Return a URL as it may be shown: without a user and a password."""
    try:
        parts = urlsplit(url)
        return hide_keys(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
    except ValueError:
        return hide_keys(url)
