"""What to generate: which schema, into which folder, and what the files say of how they were made."""

from __future__ import annotations

import keyword
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from attrs import evolve

from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.editors import named_file, named_text
from emitter_typed_codegen.export import TARGETS, Target
from emitter_typed_codegen.language.shapes import listed
from emitter_typed_codegen.model import Protocol, Schema
from emitter_typed_codegen.packages import module_name, package_beside
from emitter_typed_codegen.paths import other_spelling, real_path, shown_path, unreadable
from emitter_typed_codegen.problems import did_you_mean, quoted
from emitter_typed_codegen.proof import prove
from emitter_typed_codegen.render import render
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.view import banner, compiler_protocol_file, package
from emitter_typed_codegen.write import Plan

TABLE = "tool.emitter-typed"
"""The table of pyproject.toml that lists jobs."""

PROJECT_COMMAND = "emitter-typed generate"
"""What makes all packages of a project's jobs anew."""

_TABLE_KEYS = ("jobs", "accepted", "baseline")
_JOB_KEYS = ("schema", "out", "testing", "baseline", "protocol_out", "exports")

DESCRIBES_PROTOCOL = "describes a protocol: only schemas of types and channels can be exported"

_OURS = {"emitter_typed", "emitter_typed_codegen"}


class BadConfiguration(Exception):
    """The arguments or the table in pyproject.toml have mistakes, or the table is missing: a line for each."""


@frozen
class Job:
    """One schema and its output."""

    schema: Path
    out: Path
    command: str
    """What makes the output anew."""
    protocol_out: Path | None = None
    """Where the module goes that the compiler itself needs of a protocol; None: nowhere."""
    testing: bool = False
    """Whether the package gets a module with strategies of Hypothesis."""
    baseline: str | None = None
    """What `check` compares the schema with, instead of the project's baseline: `git:REV` or a file."""
    exports: tuple[tuple[Target, Path], ...] = ()
    """The documents that are made of the schema besides, and where they go."""
    implied: bool = False
    """Whether nobody asked for it, but another schema imports this one."""


@frozen(kw_only=True)
class Project:
    """What a pyproject.toml says."""

    file: Path
    jobs: tuple[Job, ...]
    accepted: Path | None = None
    """The file of accepted breaks."""
    baseline: str | None = None
    """What `check` compares the schemas with: `git:REV`, or a file if there is one job."""


def compiler_protocol() -> Protocol | None:
    """Return the protocol that the compiler was built with; None while it is being rebuilt without one."""
    try:
        from emitter_typed_codegen._emitter import PROTOCOL
    except ImportError:
        return None
    return PROTOCOL


def run(job: Job, protocol: Protocol | None, plan: Plan, jobs: list[Job]) -> Protocol | None:
    """Plan the output of a job.

    Args:
        job: The job.
        protocol: What the channels of its schema run on.
        plan: What takes the files.
        jobs: All jobs. One is added at the end for each file that the schema imports and no job makes a package of.

    Returns:
        The protocol for the jobs after it.

    Raises:
        SchemaProblems: The schema breaks rules of the language, or what was made of it is no Python.
    """
    schema = load(job.schema, protocol)
    head = banner(schema, job.command)
    packages = {one.name: module_name(_made_of(one.path, job, jobs, plan).out, job.out) for one in schema.imports}
    if job.testing and schema.envelope is not None:
        plan.refuse(
            job.schema, "describes a protocol: only a schema of types and channels can have strategies for tests"
        )
    files = render(package(schema, protocol, job.command, packages, testing=job.testing), head)
    prove(files, job.schema)
    plan.folder(job.out, files, head.facts)
    for_editors = named_file(job.schema)
    if for_editors is not None:
        plan.single(for_editors, named_text(for_editors, protocol, schema))
    _plan_exports(job, schema, plan)
    if job.protocol_out is None:
        return protocol
    if schema.protocol is None:
        plan.refuse(job.schema, "does not describe a protocol: remove protocol_out, or name another schema")
        return protocol
    (text,) = render([compiler_protocol_file(schema.protocol, schema, job.protocol_out.name)], head).values()
    plan.single(job.protocol_out, text)
    return schema.protocol


def _plan_exports(job: Job, schema: Schema, plan: Plan) -> None:
    if not job.exports:
        return
    if schema.protocol is not None:
        plan.refuse(job.schema, DESCRIBES_PROTOCOL)
        return
    # Few jobs have some.
    from emitter_typed_codegen.export.documents import export

    for target, path in job.exports:
        plan.single(path, export(schema, target))


def _made_of(imported: Path, job: Job, jobs: list[Job], plan: Plan) -> Job:
    """Return the job that makes the package of an imported file; it is added where there is none."""
    found = next((one for one in jobs if real_path(one.schema) == imported), None)
    if found is not None:
        if job.testing and found.implied and not found.testing:
            # It has not been done yet: those that are added come after those that were asked for.
            jobs[jobs.index(found)] = evolve(found, testing=True)
        return found
    out = package_beside(job.out, imported)
    taken = next((one for one in jobs if real_path(one.out) == real_path(out)), None)
    if taken is not None:
        theirs, ours = taken.schema.as_posix(), imported.as_posix()
        plan.refuse(out, f"is the folder of {theirs}, but {ours} needs one, too: add a job for it to [{TABLE}]")
    # What makes a single package is its own command, so that all who import the file write the same.
    alone = job.command == command(job.schema, job.out, testing=job.testing)
    how = command(imported, out, testing=job.testing) if alone else job.command
    made = Job(imported, out, how, testing=job.testing, implied=True)
    jobs.append(made)
    return made


def package_folder(written: str, root: Path) -> Path:
    """Return the folder of a package, which Python must be able to import by its name.

    Args:
        written: The folder as it was written.
        root: What it is relative to.

    Raises:
        BadConfiguration: It is empty, or its name cannot be imported, or would be taken for another package.
    """
    if not written.strip():
        raise BadConfiguration("the folder of the package is an empty text: name one, such as home_api")
    folder = root / written
    real = real_path(folder)
    name = real.name
    if not name.isidentifier() or keyword.iskeyword(name):
        raise BadConfiguration(
            f"Python cannot import the folder {written or name}: name it like a module, as in home_api"
        )
    # In a package, a name means nothing to others.
    if (name in sys.stdlib_module_names or name in _OURS) and not (real.parent / "__init__.py").exists():
        whose = "emitter-typed" if name in _OURS else "Python's standard library"
        raise BadConfiguration(
            f"the folder {written} has the name of a module of {whose}: choose another name, such as {name}_api"
        )
    return folder


def command(schema: Path, out: Path, *, testing: bool = False) -> str:
    """Return what makes a package anew, when it is run in the deepest folder that holds both schema and package.

    So the same tree gets the same text, on whatever machine and from whatever folder it is made.
    """
    further = ["--testing"] if testing else []
    schema, out = real_path(schema.parent) / schema.name, real_path(out)
    try:
        top = os.path.commonpath([schema.parent, out.parent])
    except ValueError:
        # Two drives of Windows have no common folder.
        return shlex.join(["emitter-typed", "generate", schema.as_posix(), "--out", out.as_posix(), *further])
    seen = [path.relative_to(top).as_posix() for path in (schema, out)]
    return shlex.join(["emitter-typed", "generate", seen[0], "--out", seen[1], *further])


def project_file(start: Path) -> Path:
    """Return the nearest pyproject.toml, in a folder or above it.

    Raises:
        BadConfiguration: There is none.
    """
    # Unlike Path.is_file, which raises where a folder above may not be looked into.
    folder = next((one for one in (start, *start.parents) if os.path.isfile(one / "pyproject.toml")), None)
    if folder is None:
        raise BadConfiguration(
            f"{start.as_posix()} and the folders above have no pyproject.toml: "
            "add one that lists jobs, or name a SCHEMA"
        )
    return folder / "pyproject.toml"


def read_project(path: Path) -> Project:
    """Read the table of a pyproject.toml. The paths that it returns are as seen from the current folder.

    Raises:
        BadConfiguration: The file or its table cannot be read, lists no jobs, or has a mistake.
    """
    import tomllib

    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadConfiguration(f"{shown_path(path).as_posix()} {unreadable(error)}") from error
    file, folder = shown_path(path).as_posix(), shown_path(path.parent)
    table = _at(document, *TABLE.split("."))
    if not isinstance(table, dict | None):
        raise BadConfiguration(f"{file}: {TABLE} must be a table: write [{TABLE}]")
    tables = _at(document, "tool")
    others = [*cast("dict[str, object]", tables)] if isinstance(tables, dict) and table is None else []
    meant = next((one for one in others if did_you_mean(one, [TABLE.removeprefix("tool.")])), None)
    if meant is not None:
        raise BadConfiguration(f"{file}: unknown table [tool.{meant}]: write [{TABLE}]")
    keys = _Keys(cast("dict[str, object]", table or {}), f"{file}: [{TABLE}]", [])
    keys.check(_TABLE_KEYS)
    jobs = keys.held.get("jobs", [])
    if not isinstance(jobs, list):
        keys.add(f"jobs must be a list of tables: write [[{TABLE}.jobs]], with two brackets")
    elif not jobs and not keys.mistakes:
        raise BadConfiguration(
            f'{file} lists no jobs: add [[{TABLE}.jobs]] with schema = "…" and out = "…", or name SCHEMA --out DIR'
        )
    entries = cast("list[object]", jobs) if isinstance(jobs, list) else []
    read = [_job(folder, one, keys.within(f"{file}: job {n} of [{TABLE}]")) for n, one in enumerate(entries, start=1)]
    accepted = keys.text("accepted", "accepted-breaks.toml")
    baseline = keys.text("baseline", "git:origin/main")
    if keys.mistakes:
        raise BadConfiguration("\n".join(keys.mistakes))
    return Project(
        file=path,
        jobs=tuple(job for job in read if job is not None),
        accepted=None if accepted is None else folder / accepted,
        baseline=baseline,
    )


def _at(held: object, *keys: str) -> object:
    """Return what a document holds at a place; None if there is no such place."""
    for key in keys:
        held = cast("dict[str, object]", held).get(key) if isinstance(held, dict) else None
    return held


def packages_of(document: dict[str, object], folder: Path) -> list[tuple[Path, Path | None]]:
    """Return the schemas of all jobs of a pyproject.toml as it was, whatever else that says, with their packages."""
    held = _at(document, *TABLE.split("."), "jobs")
    entries = cast("list[object]", held) if isinstance(held, list) else []
    jobs = [cast("dict[str, object]", one) for one in entries if isinstance(one, dict)]
    named = [[one if isinstance(one, str) and "\0" not in one else None for one in _both(job)] for job in jobs]
    return [(folder / schema, None if out is None else folder / out) for schema, out in named if schema is not None]


def _both(job: dict[str, object]) -> tuple[object, object]:
    return job.get("schema"), job.get("out")


@frozen
class _Keys:
    """The keys of one table, and all mistakes of the file so far."""

    held: dict[str, object]
    where: str
    mistakes: list[str]

    def within(self, where: str, held: object = None) -> _Keys:
        """Return the keys of a table inside, which adds to the same mistakes."""
        return _Keys(cast("dict[str, object]", held) if isinstance(held, dict) else {}, where, self.mistakes)

    def add(self, mistake: str) -> None:
        self.mistakes.append(f"{self.where}: {mistake}")

    def check(self, known: Sequence[str]) -> None:
        """Note each key that means nothing."""
        for key in self.held:
            if key not in known:
                self.add(f"unknown key {quoted(key)}: {did_you_mean(key, known) or f'its keys are {listed(known)}'}")

    def text(self, key: str, example: str, *, required: bool = False) -> str | None:
        """Return a text; None if it is absent, or wrong, which is noted."""
        value = self.held.get(key)
        if value is None and not required:
            return None
        # An empty folder has words of its own.
        if isinstance(value, str) and "\0" not in value and (value.strip() or key == "out"):
            return value
        wrong = "is missing" if value is None else "must be a text that is not empty"
        self.add(f'{key} {wrong}: write it as in {key} = "{example}"')
        return None


def _job(folder: Path, entry: object, where: _Keys) -> Job | None:
    """Return a job; None if it has a mistake that leaves none, which is noted like all others."""
    keys = where.within(where.where, entry)
    if not isinstance(entry, dict):
        keys.add(f'it must be a table: write [[{TABLE}.jobs]] with schema = "…" and out = "…"')
        return None
    keys.check(_JOB_KEYS)
    schema = keys.text("schema", "home.yaml", required=True)
    spelled = None if schema is None or os.path.isabs(schema) else other_spelling(folder, schema)
    if spelled is not None:
        keys.add(f'the file of schema = "{schema}" is called "{spelled}": upper and lower case are different')
    out = keys.text("out", "home_api", required=True)
    protocol_out = keys.text("protocol_out", "_protocol.py")
    baseline = keys.text("baseline", "git:origin/main")
    exports = _exports(keys.held.get("exports", {}), keys, folder)
    testing = keys.held.get("testing", False)
    if not isinstance(testing, bool):
        keys.add("testing must be true or false, without quotes")
        testing = False
    try:
        made = None if out is None else package_folder(out, folder)
    except BadConfiguration as error:
        keys.add(str(error))
        made = None
    if schema is None or made is None:
        return None
    protocol_path = None if protocol_out is None else folder / protocol_out
    return Job(folder / schema, made, PROJECT_COMMAND, protocol_path, testing, baseline, exports)


def _exports(entry: object, job: _Keys, folder: Path) -> tuple[tuple[Target, Path], ...]:
    """Return which documents a job makes, and where."""
    keys = job.within(f"{job.where}: exports", entry)
    if not isinstance(entry, dict):
        keys.add('it must be a table, as in exports = { html = "docs/home.html" }')
    keys.check(TARGETS)
    placed: list[tuple[Target, Path]] = []
    for target in TARGETS:
        text = keys.text(target, "docs/home.html")
        if text is not None:
            placed.append((target, folder / text))
    return tuple(placed)
