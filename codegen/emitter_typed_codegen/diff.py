"""What changed between versions of schemas, with places, what was accepted, and how it is told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from emitter_typed_codegen.accepted import Accepted, read_accepted
from emitter_typed_codegen.baseline import GIT, Version, in_git, is_git, open_version
from emitter_typed_codegen.compare import ORDERS, Change, Keys, compare
from emitter_typed_codegen.jobs import BadConfiguration, accepted_file, compiler_protocol, configured, project_file
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

    @property
    def breaks(self) -> bool:
        """Whether anything hurts somebody that nobody accepted."""
        return any(one.breaks for one in self.findings)

    def render(self, format: Format, *, safe: bool) -> str:
        """Write it.

        Args:
            format: `text` for people, `json` for one object, `github` for workflow commands.
            safe: Whether people are also told what is safe; programs are told everything.
        """
        if format == "json":
            unused = [{"file": file, "line": one.line, "rule": one.rule, "path": one.path} for file, one in self.unused]
            changes = [_as_json(one) for one in self.findings]
            return json.dumps({"changes": changes, "unused_accepted": unused}, indent=2) + "\n"
        told = [one for one in self.findings if safe or "safe" not in one.change.rule.effects]
        write = _as_text if format == "text" else _as_github
        parts = [write(one) for one in told]
        for file, one in self.unused:
            message = f"{one.rule} at {one.path} no longer occurs: take the entry away"
            if format == "text":
                parts.append(f"{file}:{one.line}: {message}\n")
            else:
                parts.append(github_command("warning", file, one.line, 1, 2, "accepted", message))
        if format == "text":
            parts += [f"{note}\n" for note in self.notes]
            parts.append(self._summary(hidden=not safe))
        return "".join(parts)

    def _summary(self, *, hidden: bool) -> str:
        if not self.findings:
            return "nothing changed\n"
        breaking = sum(one.breaks for one in self.findings)
        accepted = sum(one.accepted is not None for one in self.findings)
        python = sum("python-only" in one.change.rule.effects for one in self.findings)
        safe = sum("safe" in one.change.rule.effects for one in self.findings)
        told = [f"breaking: {breaking}", f"accepted: {accepted}", f"Python only: {python}", f"safe: {safe}"]
        return ", ".join(told) + (" (--all tells them)\n" if hidden and safe else "\n")


def run_diff(old: str | None, new: str | None, against: str | None, accept: Path | None) -> Report:
    """Compare two schemas, or those of the jobs of pyproject.toml with a revision.

    Args:
        old: The schema as it was: a file, or `git:REV:path`; None: the jobs.
        new: The schema as it is; None: the path of `old`.
        against: The revision that jobs are compared with; None: HEAD.
        accept: The file of breaks that are meant; None: the one that pyproject.toml names, for jobs.

    Returns:
        What changed.

    Raises:
        SchemaProblems: A schema breaks rules of the language.
        NoBaseline: There is no such revision, or no such file in it.
        BadAccepted: The file of accepted breaks has mistakes.
        BadConfiguration: pyproject.toml has, a schema describes a protocol, or NEW is missing.
    """
    protocol = compiler_protocol()
    notes: list[str] = []
    if old is None:
        project = project_file(Path.cwd())
        named = accepted_file(project)
        if accept is None and named is not None:
            accept = Path(os.path.relpath(named))
        pairs = list(_of_jobs(project, against or "HEAD", notes))
    else:
        if new is None and not is_git(old):
            raise BadConfiguration(f"{old} is one schema: name the one to compare it with, or write git:REV:{old}")
        pairs = [(old, new if new is not None else old.removeprefix(GIT).partition(":")[2])]
    entries = [] if accept is None else read_accepted(accept)
    findings: list[Finding] = []
    used: set[int] = set()
    for before, after in pairs:
        # A protocol among the jobs of its own compiler is no mistake.
        versions = open_version(before, protocol), open_version(after, protocol)
        described = [one.name for one in versions if one.schema.envelope is not None]
        if described:
            message = f"{described[0]} describes a protocol: diff compares schemas of types and channels"
            if old is not None:
                raise BadConfiguration(message)
            notes.append(message)
            continue
        for change in compare(versions[0].schema, versions[1].schema):
            found = [entry for entry in entries if accept is not None and _is_meant(entry, change, after, accept)]
            used |= {id(entry) for entry in found}
            accepted = found[0] if found else None
            findings.append(Finding(change, _spot(versions[0], change.old), _spot(versions[1], change.new), accepted))
    findings.sort(key=lambda one: not one.change.rule.breaking)
    unused = tuple((str(accept), entry) for entry in entries if id(entry) not in used)
    return Report(tuple(findings), unused, tuple(notes))


def _of_jobs(project: Path, revision: str, notes: list[str]) -> Iterator[tuple[str, str]]:
    seen: set[Path] = set()
    for job in configured(project):
        path = Path(os.path.relpath(job.schema))
        if real_path(path) in seen:
            continue
        seen.add(real_path(path))
        # What is not there is a problem of its own.
        if path.is_file() and not in_git(path, revision):
            notes.append(f"{path} is new since {revision}")
            continue
        yield f"{GIT}{revision}:{path}", str(path)


def _is_meant(entry: Accepted, change: Change, schema: str, accept: Path) -> bool:
    if not change.rule.breaking or (entry.rule, entry.path) != (change.rule.id, change.path):
        return False
    return entry.schema is None or real_path(accept.parent / entry.schema) == real_path(Path(schema))


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
