"""What to generate: which schema, into which folder, and what the files say of how they were made."""

from __future__ import annotations

import keyword
import os
import shlex
import sys
from pathlib import Path
from typing import cast

from attrs import frozen

from emitter_typed_codegen.export import TARGETS, Target
from emitter_typed_codegen.model import Protocol, Schema
from emitter_typed_codegen.packages import module_name, package_beside
from emitter_typed_codegen.paths import real_path
from emitter_typed_codegen.proof import prove
from emitter_typed_codegen.render import render
from emitter_typed_codegen.resolve import load
from emitter_typed_codegen.view import banner, compiler_protocol_file, package
from emitter_typed_codegen.write import Plan

TABLE = "tool.emitter-typed"
"""The table of pyproject.toml that lists jobs."""

_KEYS = {"schema", "out", "protocol_out", "exports"}

DESCRIBES_PROTOCOL = "describes a protocol: documents are made of schemas of types and channels"

_OURS = {"emitter_typed", "emitter_typed_codegen"}


class BadConfiguration(Exception):
    """The arguments or the table in pyproject.toml, or its absence, say nothing that could be done."""


@frozen
class Job:
    """One schema and its output."""

    schema: Path
    out: Path
    command: str
    """What makes the output anew."""
    protocol_out: Path | None = None
    """Where the module goes that the compiler itself needs of a protocol; None: nowhere."""
    exports: tuple[tuple[Target, Path], ...] = ()
    """The documents that are made of the schema besides, and where they go."""


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
    files = render(package(schema, protocol, job.command, packages), head)
    prove(files, job.schema)
    plan.folder(job.out, files, head.facts)
    _plan_exports(job, schema, plan)
    if job.protocol_out is None:
        return protocol
    if schema.protocol is None:
        plan.refuse(job.schema, "describes no protocol: take protocol_out away, or name another schema")
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
        return found
    out = package_beside(job.out, imported)
    taken = next((one for one in jobs if real_path(one.out) == real_path(out)), None)
    if taken is not None:
        plan.refuse(out, f"is for the package of {taken.schema}, and {imported} needs one: give it a job in {TABLE}")
    # What makes a single package is its own command, so that all who import the file write the same.
    alone = job.command == command(job.schema, job.out)
    made = Job(imported, out, command(imported, out) if alone else job.command)
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
        raise BadConfiguration("the folder of the package is empty: name one, such as home_api")
    folder = root / written
    real = real_path(folder)
    name = real.name
    if not name.isidentifier() or keyword.iskeyword(name):
        raise BadConfiguration(
            f"{written}: Python cannot import {name!r}: name the folder like a module, as in home_api"
        )
    # In a package, a name means nothing to others.
    if (name in sys.stdlib_module_names or name in _OURS) and not (real.parent / "__init__.py").exists():
        whose = "emitter-typed" if name in _OURS else "Python's standard library"
        raise BadConfiguration(f"{written}: {name} is a module of {whose}: choose another name, such as {name}_api")
    return folder


def command(schema: Path, out: Path) -> str:
    """Return what makes a package anew, when it is run in the deepest folder that holds both schema and package.

    So the same tree gets the same text, on whatever machine and from whatever folder it is made.
    """
    schema, out = real_path(schema.parent) / schema.name, real_path(out)
    try:
        top = os.path.commonpath([schema.parent, out.parent])
    except ValueError:
        # Two drives of Windows have no common folder.
        return shlex.join(["emitter-typed", "generate", schema.as_posix(), "--out", out.as_posix()])
    seen = [path.relative_to(top).as_posix() for path in (schema, out)]
    return shlex.join(["emitter-typed", "generate", seen[0], "--out", seen[1]])


def project_file(start: Path) -> Path:
    """Return the nearest pyproject.toml, in a folder or above it.

    Raises:
        BadConfiguration: There is none.
    """
    folder = next((one for one in (start, *start.parents) if (one / "pyproject.toml").is_file()), None)
    if folder is None:
        raise BadConfiguration(
            f"there is no pyproject.toml in {start} or above: say what to generate with SCHEMA --out DIR"
        )
    return folder / "pyproject.toml"


def configured(path: Path) -> list[Job]:
    """Return the jobs of a pyproject.toml.

    Raises:
        BadConfiguration: The file or its table cannot be read, or says something else than the jobs.
    """
    held = _table(path, "jobs")
    if not isinstance(held, list) or not held:
        raise BadConfiguration(
            f'{path} lists no jobs: add [[{TABLE}.jobs]] with schema = "…" and out = "…", or say SCHEMA --out DIR'
        )
    return [_job(path.parent, one, path) for one in cast("list[object]", held)]


def accepted_file(path: Path) -> Path | None:
    """Return the file of accepted breaks that a pyproject.toml names; None if it names none.

    Raises:
        BadConfiguration: The file cannot be read, or names it by something else than a text.
    """
    held = _table(path, "accepted")
    if held is None:
        return None
    if not isinstance(held, str) or not held.strip() or "\0" in held:
        raise BadConfiguration(f'{path}: accepted in [{TABLE}] is a file, as in accepted = "accepted-breaks.toml"')
    return path.parent / held


def _table(path: Path, key: str) -> object:
    import tomllib

    try:
        held: object = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}") from error
    for one in (*TABLE.split("."), key):
        held = cast("dict[str, object]", held).get(one) if isinstance(held, dict) else None
    return held


def _job(folder: Path, entry: object, path: Path) -> Job:
    texts = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
    schema, out, protocol_out = (texts.get(key) for key in ("schema", "out", "protocol_out"))
    exports = _exports(texts.get("exports", {}))
    if not (
        isinstance(schema, str)
        and isinstance(out, str)
        and isinstance(protocol_out, str | None)
        and exports is not None
        and set(texts) <= _KEYS
        and "\0" not in f"{schema}{out}{protocol_out}"
    ):
        raise BadConfiguration(
            f'{path}: a job of [[{TABLE}.jobs]] has schema = "…" and out = "…", and may have protocol_out = "…" '
            f'and exports = {{html = "…"}}, of {", ".join(TARGETS)}'
        )
    single = folder / protocol_out if protocol_out is not None else None
    try:
        placed: list[tuple[Target, Path]] = [(target, folder / name) for target, name in exports]
        return Job(folder / schema, package_folder(out, folder), "emitter-typed generate", single, tuple(placed))
    except BadConfiguration as error:
        raise BadConfiguration(f"{path}: {error}") from error


def _exports(entry: object) -> list[tuple[Target, str]] | None:
    """Return which documents a job makes, and where; None if the entry says something else."""
    held = cast("dict[str, object]", entry) if isinstance(entry, dict) else {"": None}
    found: list[tuple[Target, str]] = [
        (target, path)
        for target in TARGETS
        if isinstance(path := held.get(target), str) and path.strip() and "\0" not in path
    ]
    return found if len(found) == len(held) else None
