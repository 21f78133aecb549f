"""What changed between versions of schemas, with places, what was accepted, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from attrs import evolve

from emitter_typed_codegen.accepted import Accepted, read_accepted
from emitter_typed_codegen.baseline import GIT, Version, is_git, open_version
from emitter_typed_codegen.compare import ORDERS, Change, Keys, compare
from emitter_typed_codegen.data import frozen
from emitter_typed_codegen.jobs import BadConfiguration, compiler_protocol
from emitter_typed_codegen.paths import real_path
from emitter_typed_codegen.problems import Format, Level, github_command
from emitter_typed_codegen.source import ListNode, MapNode, Node, Placed, ScalarNode


@frozen
class Spot:
    """A place in a file, counted from 1; line 0 is the file as a whole."""

    file: str
    line: int = 0
    column: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@frozen
class Finding:
    """One change, where it is, and whether it was meant."""

    change: Change
    old: Spot | None
    new: Spot | None
    accepted: Accepted | None

    @property
    def breaks(self) -> bool:
        """Whether it hurts somebody, and nobody accepted that."""
        return self.change.rule.breaking and self.accepted is None

    @property
    def place(self) -> Spot:
        """Where to look: in the new schema, if it is there."""
        return self.new or self.old or Spot("")


@frozen
class Report:
    """All that changed in some schemas."""

    findings: tuple[Finding, ...]
    unused: tuple[tuple[str, Accepted], ...]
    """What was accepted and did not occur, with the file that says it."""
    notes: tuple[str, ...]
    """What else there is to say, in lines."""

    def render(self, format: Format, *, safe: bool) -> str:
        """Write it.

        Args:
            format: `text` for people, `json` for one object, `github` for workflow commands.
            safe: Whether people are also told what is safe; programs are told everything.
        """
        if format == "json":
            return json.dumps(self.as_json(), indent=2) + "\n"
        told = self.details(format, safe=safe)
        if format == "text":
            told += "".join(f"{note}\n" for note in self.notes) + self._summary(hidden=not safe)
        return told

    def as_json(self) -> dict[str, object]:
        """Return what programs are told."""
        unused = [{"file": file, "line": one.line, "rule": one.rule, "path": one.path} for file, one in self.unused]
        return {"changes": [_as_json(one) for one in self.findings], "unused_accepted": unused}

    def details(self, format: Literal["text", "github"], *, safe: bool) -> str:
        """Write each change, and each accepted break that did not occur."""
        told = [one for one in self.findings if safe or "safe" not in one.change.rule.effects]
        write = _as_text if format == "text" else _as_github
        parts = [write(one) for one in told]
        for file, one in self.unused:
            message = f"{one.rule} at {one.path} no longer occurs: remove the entry"
            if format == "text":
                parts.append(f"{file}:{one.line}: {message}\n")
            else:
                parts.append(github_command("warning", file, one.line, 1, 2, "accepted", message))
        return "".join(parts)

    @property
    def accepted(self) -> int:
        """How many breaks were meant."""
        return sum(one.accepted is not None for one in self.findings)

    @property
    def breaking(self) -> int:
        """How many changes hurt somebody, and were not meant."""
        return sum(one.breaks for one in self.findings)

    def _summary(self, *, hidden: bool) -> str:
        if not self.findings:
            return "no changes\n"
        python = sum("python-only" in one.change.rule.effects for one in self.findings)
        safe = sum("safe" in one.change.rule.effects for one in self.findings)
        told = [f"breaking: {self.breaking}", f"accepted: {self.accepted}", f"Python only: {python}", f"safe: {safe}"]
        return ", ".join(told) + (" (shown with --all)\n" if hidden and safe else "\n")


def diff_schemas(old: str, new: str | None, accept: Path | None) -> Report:
    """Compare two schemas.

    Args:
        old: The schema as it was: a file, or `git:REV:path`.
        new: The schema as it is; None: the path of `old`.
        accept: The file of breaks that are meant.

    Returns:
        What changed.

    Raises:
        SchemaProblems: A schema breaks rules of the language.
        NoBaseline: There is no such revision, or no such file in it.
        BadAccepted: The file of accepted breaks has mistakes.
        BadConfiguration: A schema describes a protocol, or NEW is missing.
    """
    if new is None and not is_git(old):
        raise BadConfiguration(f"NEW is missing: name the schema to compare {old} with, or write git:REV:{old}")
    changes = Changes(accept, [] if accept is None else read_accepted(accept))
    changes.between(old, new if new is not None else old.removeprefix(GIT).partition(":")[2], protocols=False)
    return changes.report()


class Changes:
    """Collects what changed in some schemas, and which of the breaks were meant."""

    def __init__(self, accept: Path | None, entries: Sequence[Accepted]) -> None:
        """Hold the file of accepted breaks, if there is one, and its entries."""
        self._protocol = compiler_protocol()
        self._accept = accept
        self._entries = entries
        self._used: set[int] = set()
        self._findings: list[Finding] = []
        self._notes: list[str] = []

    def between(self, before: str, after: str, *, protocols: bool = True) -> None:
        """Compare two schemas: files, or `git:REV:path`.

        Args:
            before: The schema as it was.
            after: The schema as it is.
            protocols: Whether it is no mistake that they describe a protocol: the compiler has one among its own jobs.

        Raises:
            SchemaProblems: A schema breaks rules of the language.
            NoBaseline: There is no such revision, or no such file in it.
            BadConfiguration: They describe protocols, and are not to.
        """
        versions = open_version(before, self._protocol), open_version(after, self._protocol)
        described = [one.name for one in versions if one.schema.envelope is not None]
        if described:
            message = f"{described[0]} describes a protocol: diff compares schemas of types and channels"
            if not protocols:
                raise BadConfiguration(message)
            self._notes.append(message)
            return
        self._add(*versions, after)

    def gone(self, path: Path, revision: str) -> None:
        """Tell what it breaks that a schema of a revision is not used any more. Raises SchemaProblems, NoBaseline."""
        before = open_version(f"{GIT}{revision}:{path.as_posix()}", self._protocol)
        if before.schema.envelope is None:
            self._notes.append(f"{path.as_posix()} was the schema of a job in {revision}, and is not any more")
            without = evolve(before.schema, channels=(), types=(), imports=(), imported=())
            self._add(before, evolve(before, schema=without), path.as_posix())

    def _add(self, before: Version, after: Version, schema: str) -> None:
        for change in compare(before.schema, after.schema):
            old, new = _spot(before, change.old), _spot(after, change.new)
            # A change is shown with the file that it is in, which may be an imported one.
            files = {schema, *(_without_revision(spot.file) for spot in (old, new) if spot is not None)}
            found = [entry for entry in self._entries if self._is_meant(entry, change, files)]
            self._used |= {id(entry) for entry in found}
            self._findings.append(Finding(change, old, new, found[0] if found else None))

    def _is_meant(self, entry: Accepted, change: Change, files: Iterable[str]) -> bool:
        if not change.rule.breaking or (entry.rule, entry.path) != (change.rule.id, change.path):
            return False
        if entry.schema is None or self._accept is None:
            return True
        named = real_path(self._accept.parent / entry.schema)
        return any(real_path(Path(file)) == named for file in files)

    def note(self, text: str) -> None:
        """Say something else."""
        self._notes.append(text)

    def report(self) -> Report:
        """Return all of it, what breaks first."""
        findings = sorted(self._findings, key=lambda one: not one.change.rule.breaking)
        file = "" if self._accept is None else self._accept.as_posix()
        unused = tuple((file, entry) for entry in self._entries if id(entry) not in self._used)
        return Report(tuple(findings), unused, tuple(self._notes))


def _without_revision(file: str) -> str:
    return file.removeprefix(GIT).partition(":")[2] if is_git(file) else file


def _spot(version: Version, keys: Keys | None) -> Spot | None:
    """Return the closest place in the text to where the keys lead."""
    if keys is None:
        return None
    way = ""
    if keys[:1] == ("imports",) and keys[2:]:
        way, keys = keys[1], keys[2:]
    file, node = version.roots[way]
    spot = Spot(file)
    for key in keys:
        found = _below(node, key)
        if found is None:
            break
        place, node = found
        spot = Spot(file, place.line, place.column, place.end_column)
    return spot


def _below(node: Node | None, key: str) -> tuple[Placed, Node | None] | None:
    match node:
        case MapNode():
            return next(((name, value) for name, value in node.pairs if name.value == key), None)
        case ListNode():
            return next(
                ((item, None) for item in node.items if isinstance(item, ScalarNode) and item.value == key), None
            )
        case _:
            return None


def _as_text(finding: Finding) -> str:
    change = finding.change
    rule = change.rule
    lines = [f"{finding.place}: {rule.id}: {change.message}", f"  {', '.join(rule.effects)}: {rule.why}"]
    if finding.old is not None and finding.new is not None:
        lines.append(f"  was: {finding.old}")
    if rule.breaking:
        lines.append(f"  path: {change.path}")
        if change.channels:
            lines.append(f"  channels: {', '.join(change.channels)}")
        if finding.accepted is not None:
            lines.append(f"  accepted: {finding.accepted.reason}")
        else:
            lines += [f"  safely: {change.fix}"] if change.fix else []
            lines.append(f"  deploy: {ORDERS[rule.order]}")
    return "\n".join(lines) + "\n"


def _as_json(finding: Finding) -> dict[str, object]:
    change = finding.change
    rule = change.rule
    return {
        "rule": rule.id,
        "effects": list(rule.effects),
        "breaking": rule.breaking,
        "accepted": None if finding.accepted is None else finding.accepted.reason,
        "path": change.path,
        "message": change.message,
        "why": rule.why,
        "fix": change.fix,
        "deploy": rule.order,
        "channels": list(change.channels),
        "old": _spot_as_json(finding.old),
        "new": _spot_as_json(finding.new),
    }


def _spot_as_json(spot: Spot | None) -> dict[str, object] | None:
    if spot is None:
        return None
    return {"file": spot.file, "line": spot.line, "column": spot.column, "end_column": spot.end_column}


def _as_github(finding: Finding) -> str:
    rule, spot = finding.change.rule, finding.place
    level: Level = "error" if finding.breaks else "notice" if rule.breaking or "safe" in rule.effects else "warning"
    details: Sequence[str] = (
        f"{', '.join(rule.effects)}: {rule.why}",
        f"path: {finding.change.path}",
        f"safely: {finding.change.fix}" if finding.change.fix else "",
    )
    body = "\n".join([finding.change.message, *filter(None, details)])
    return github_command(level, spot.file, spot.line, spot.column, spot.end_column, rule.id, body)
