"""Everything that CI asks of a project's jobs: problems, code that is not up to date, orphans, changes that break."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

from attrs import Factory, evolve

from emitter_typed_codegen.accepted import Accepted, BadAccepted, read_accepted
from emitter_typed_codegen.baseline import (
    GIT,
    NoBaseline,
    absent,
    branched_off,
    existing_revision,
    in_git,
    is_git,
    text_in_git,
)
from emitter_typed_codegen.data import define, frozen
from emitter_typed_codegen.diff import Changes, Report
from emitter_typed_codegen.jobs import (
    PROJECT_COMMAND,
    TABLE,
    BadConfiguration,
    Project,
    compiler_protocol,
    packages_of,
    run,
)
from emitter_typed_codegen.orphans import find_orphans
from emitter_typed_codegen.ownership import CHECKSUMS
from emitter_typed_codegen.paths import real_path, shown_path
from emitter_typed_codegen.problems import Format, Problem, SchemaProblems, render
from emitter_typed_codegen.wording import counted
from emitter_typed_codegen.write import OUTDATED, Plan, Refused


@define
class Checked:
    """All that was found in a project."""

    schemas: int
    """How many schemas were looked at."""
    problems: list[Problem] = Factory(list[Problem])
    """What is wrong in schemas, as they are and as they were."""
    outdated: list[Problem] = Factory(list[Problem])
    """Files that are not what their schemas make, or that somebody edited."""
    orphans: list[Problem] = Factory(list[Problem])
    """Packages that nothing makes any more."""
    baseline: str | None = None
    """What the schemas were compared with, in words; None: nothing."""
    mistakes: list[str] = Factory(list[str])
    """What is wrong with the baselines, or with the file of accepted breaks, in lines: what they say is not known."""
    report: Report = Factory(lambda: Report((), (), ()))
    """What changed since then."""

    @property
    def good(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.mistakes or self.problems or self.outdated or self.orphans or self.report.breaking)

    def render(self, format: Format, *, safe: bool) -> str:
        """Write it.

        Args:
            format: `text` for people, `json` for one object, `github` for workflow commands and a summary.
            safe: Whether people are also told changes that are safe; programs are told everything.
        """
        found = [*self.problems, *self.outdated, *self.orphans]
        if format == "json":
            told = {
                "ok": self.good,
                "summary": {
                    "schemas": self.schemas,
                    "problems": len(self.problems),
                    "outdated": len(self.outdated),
                    "orphans": len(self.orphans),
                    "breaking": self.report.breaking,
                    "accepted": self.report.accepted,
                },
                "mistakes": self.mistakes,
                "problems": json.loads(render(found, "json")),
                "baseline": self.baseline,
                **self.report.as_json(),
                "notes": list(self.report.notes),
            }
            return json.dumps(told, indent=2) + "\n"
        notes = "".join(f"{note}\n" for note in self.report.notes)
        return f"{render(found, format)}{self.report.details(format, safe=safe)}{notes}{self._summary()}\n"

    def _summary(self) -> str:
        parts = [
            counted(len(self.problems), "problem") if self.problems else "no problems",
            f"{counted(len(self.outdated), 'file')} out of date" if self.outdated else "code up to date",
            *([counted(len(self.orphans), "orphan")] if self.orphans else []),
        ]
        if self.baseline is None:
            parts.append("changes not compared")
        else:
            breaking, accepted = self.report.breaking, self.report.accepted
            parts.append(
                f"{breaking} breaking since {self.baseline}" if breaking else f"nothing breaks {self.baseline}"
            )
            parts += [f"{accepted} accepted"] if accepted else []
        return f"checked {counted(self.schemas, 'schema')}: {', '.join(parts)}"


def check_project(project: Project, against: str | None, accept: Path | None) -> Checked:
    """Look at the jobs of a project. Nothing is written.

    Args:
        project: The project.
        against: The revision that schemas are compared with; None: each job's baseline, or that of the project.
        accept: The file of breaks that are meant; None: the one that the project names.

    Returns:
        All that can be told, also if a baseline or the file of accepted breaks cannot be read.
    """
    # It grows by the files that the schemas import.
    jobs = list(project.jobs)
    plan = Plan()
    protocol = compiler_protocol()
    problems: list[Problem] = []
    broken: set[Path] = set()
    for job in jobs:
        try:
            protocol = run(job, protocol, plan, jobs)
        except SchemaProblems as found:
            problems += found.problems
            broken.add(real_path(job.schema))
    checked = Checked(len({real_path(job.schema) for job in jobs}))
    checked.outdated += _outdated(plan)
    if not broken:
        # What a schema with problems imports is not known.
        checked.orphans += [
            _output(one.folder, f"is an orphan: {one.why}", "delete the folder, or add a job for it")
            for one in find_orphans(project.file, [job.out for job in jobs])
        ]
    accepted = accept or project.accepted
    entries: list[Accepted] = []
    try:
        entries += [] if accepted is None else read_accepted(accepted)
    except BadAccepted as error:
        entries += error.entries
        checked.mistakes += str(error).splitlines()
    comparing = _Comparing(project, against, Changes(accepted, entries))
    problems += comparing.compare(broken)
    checked.mistakes += comparing.mistakes
    checked.baseline = comparing.name
    checked.report = comparing.report(whole=not (problems or checked.mistakes))
    # Two jobs may import one file.
    checked.problems += dict.fromkeys(_from_here(one) for one in problems)
    return checked


def diff_project(project: Project, against: str, accept: Path | None) -> Report:
    """Compare the schemas of a project's jobs with what they were in a revision.

    Args:
        project: The project.
        against: The revision.
        accept: The file of breaks that are meant; None: the one that the project names.

    Raises:
        SchemaProblems: A schema breaks rules of the language.
        BadAccepted: The file of accepted breaks has mistakes.
        NoBaseline: There is no such revision.
    """
    accepted = accept or project.accepted
    entries = [] if accepted is None else read_accepted(accepted)
    comparing = _Comparing(project, against, Changes(accepted, entries), branched=False)
    problems = comparing.compare(set())
    if comparing.mistakes:
        raise NoBaseline("\n".join(comparing.mistakes))
    if problems:
        raise SchemaProblems(dict.fromkeys(problems))
    return comparing.report(whole=True)


def _outdated(plan: Plan) -> Iterator[Problem]:
    try:
        plan.compare()
    except Refused as refused:
        for one in refused.refusals:
            yield _output(one.path, one.why)
    for change in plan.changes:
        # They change with every line of the others.
        if change.path.name != CHECKSUMS or len(plan.changes) == 1:
            hint = f"run: {PROJECT_COMMAND} (with --check it shows the difference)"
            yield _output(change.path, OUTDATED, hint)


def _from_here(problem: Problem) -> Problem:
    path = Path(problem.file)
    return evolve(problem, file=shown_path(path).as_posix()) if path.is_absolute() else problem


def _output(path: Path, message: str, hint: str = "") -> Problem:
    return Problem(file=shown_path(path).as_posix(), rule="output", message=message, hint=hint)


@frozen
class _Baseline:
    """What a schema is compared with."""

    revision: str | None
    """A revision of Git; None: a file."""
    path: Path | None
    """The file; None: the schema itself, as the revision has it."""


class _Comparing:
    """Compares the schemas of a project with their baselines."""

    def __init__(self, project: Project, against: str | None, changes: Changes, *, branched: bool = True) -> None:
        """Prepare.

        Args:
            project: The project.
            against: A revision; None: the baselines that the project names.
            changes: What collects the changes.
            branched: Whether to compare with the commit where this branch left a revision; False: with the revision.
        """
        self._project = project
        self._against = against
        self._branched = branched
        self._changes = changes
        self._commits: dict[tuple[Path, str], str] = {}
        self.name: str | None = None
        """What the schemas were compared with, in words; None: nothing."""
        self.mistakes: list[str] = []
        """Why some schemas could not be compared, each once."""

    def compare(self, broken: set[Path]) -> list[Problem]:
        """Compare all schemas but those with problems; return the problems of what they were.

        A baseline that cannot be read is a mistake, and the other schemas are compared all the same.
        """
        schemas = {real_path(job.schema): job for job in reversed(self._project.jobs)}
        whole = f"{GIT}{self._against}" if self._against is not None else self._project.baseline
        problems: list[Problem] = []
        names: list[str] = []
        new: list[Path] = []
        for real, job in reversed(schemas.items()):
            written = whole if self._against is not None or job.baseline is None else job.baseline
            if written is None:
                continue
            path = shown_path(job.schema)
            try:
                baseline = self._read(written, alone=len(schemas) == 1 or job.baseline is not None)
                # The baseline of a job is a revision of the repository that has its schema, which may be a submodule.
                own = written == job.baseline and self._against is None
                before, name = self._before(baseline, path, path.absolute().parent if own else None)
                if before is None:
                    new.append(path)
                elif real not in broken:
                    self._changes.between(before, path.as_posix())
                names.append(f"{written}{name}")
            except SchemaProblems as found:
                names.append(written)
                problems += found.problems
            except (BadConfiguration, NoBaseline) as error:
                self._mistake(error)
        if whole is not None and is_git(whole):
            try:
                problems += self._moved(self._commit(self._read(whole, alone=True).revision or ""), new)
            except (BadConfiguration, NoBaseline) as error:
                self._mistake(error)
        elif not names and not self.mistakes:
            self._changes.note(
                "breaking changes were not looked for, since there is no baseline: write "
                f'baseline = "git:origin/main" into [{TABLE}] of {self._project.file.name}, or use --against REV'
            )
        self.name = ", ".join(dict.fromkeys(names)) or None
        return problems

    def _before(self, baseline: _Baseline, path: Path, folder: Path | None) -> tuple[str | None, str]:
        """Return the schema to compare one with, and what to call the baseline besides; None where it is new."""
        if baseline.revision is None:
            assert baseline.path is not None
            return baseline.path.as_posix(), ""
        commit = self._commit(baseline.revision, folder)
        name = "" if baseline.revision.startswith(commit) else f" ({commit})"
        old = shown_path(baseline.path) if baseline.path is not None else path
        if path.is_file() and not in_git(old, commit):
            if baseline.path is not None:
                raise absent(old, baseline.revision)
            return None, name
        return f"{GIT}{commit}:{old.as_posix()}", name

    def _mistake(self, error: Exception) -> None:
        if str(error) not in self.mistakes:
            self.mistakes.append(str(error))

    def report(self, *, whole: bool) -> Report:
        """Return what changed.

        Args:
            whole: Whether all schemas were compared: else nobody knows which breaks no longer occur.
        """
        found = self._changes.report()
        return found if whole and self.name is not None else Report(found.findings, (), found.notes)

    def _read(self, written: str, *, alone: bool) -> _Baseline:
        folder = self._project.file.parent
        if is_git(written):
            revision, _, path = written.removeprefix(GIT).partition(":")
            if not revision or revision.startswith("-") or (path and not alone):
                raise BadConfiguration(f"{written} is not a baseline: write git:REV, as in git:origin/main")
            return _Baseline(revision, folder / path if path else None)
        if not alone:
            message = f"the baseline {written} is one file, but there are several schemas"
            raise BadConfiguration(f"{message}: give each job a baseline of its own")
        if not (folder / written).is_file():
            missing = shown_path(folder / written).as_posix()
            raise NoBaseline(f"the baseline {missing} does not exist: name a file, or a revision as git:REV")
        return _Baseline(None, shown_path(folder / written))

    def _commit(self, revision: str, folder: Path | None = None) -> str:
        folder = folder if folder is not None and folder.is_dir() else self._project.file.parent
        if (folder, revision) not in self._commits:
            find = branched_off if self._branched else existing_revision
            self._commits[folder, revision] = find(folder, revision)
        return self._commits[folder, revision]

    def _moved(self, commit: str, new: list[Path]) -> Iterator[Problem]:
        """Compare what is new with what is gone, if it has the same name or package; tell what the others break."""
        known = {real_path(job.schema) for job in self._project.jobs}
        packages = {shown_path(job.schema): real_path(job.out) for job in self._project.jobs}
        gone = [(path, out) for path, out in self._packages_at(commit) if real_path(path) not in known]
        for path, out in gone:
            old = shown_path(path)
            if not in_git(old, commit):
                continue
            alike = [one for one in new if one.name == old.name]
            alike += [one for one in new if out is not None and packages[one] == real_path(out)]
            moved = alike[0] if alike else None
            try:
                if moved is None:
                    self._changes.gone(old, commit)
                else:
                    new.remove(moved)
                    self._changes.note(f"{moved.as_posix()} was {old.as_posix()} at {commit}")
                    self._changes.between(f"{GIT}{commit}:{old.as_posix()}", moved.as_posix())
            except SchemaProblems as found:
                yield from found.problems
        for path in new:
            self._changes.note(f"{path.as_posix()} is new since {commit}")

    def _packages_at(self, commit: str) -> list[tuple[Path, Path | None]]:
        """Return the schemas of the jobs that a commit had, each with the folder of its package."""
        text = text_in_git(self._project.file, commit)
        try:
            return packages_of(tomllib.loads(text or ""), self._project.file.parent)
        except ValueError:
            return []
