"""The compiler's command line. The only place that prints."""

from __future__ import annotations

import gc
import io
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from emitter_typed_codegen.arguments import PROGRAM, Parser, suggestion
from emitter_typed_codegen.exit_codes import DONE, FOUND, INTERRUPTED, USAGE
from emitter_typed_codegen.paths import inside_here
from emitter_typed_codegen.stdio import printed
from emitter_typed_codegen.verbs import PARSERS, CheckOptions, DiffOptions, ExportOptions, GenerateOptions
from emitter_typed_codegen.watch import PAUSE_S, imported, stamps, wait_for_change
from emitter_typed_codegen.wording import counted

if TYPE_CHECKING:
    from emitter_typed_codegen.jobs import Job
    from emitter_typed_codegen.problems import Format, Problem
    from emitter_typed_codegen.write import Change, Plan, Refused

_EXTRA = {"jinja2", "markupsafe", "yaml"}


def main(
    argv: Sequence[str] | None = None,
    *,
    prog: str = PROGRAM,
    pause: Callable[[], object] = lambda: time.sleep(PAUSE_S),
) -> int:
    """Run the command line.

    Args:
        argv: The arguments, without the program's name. None: those of this process.
        prog: The program's name, for its help.
        pause: What `--watch` waits with before it looks at the files again.

    Returns:
        The exit code, as `exit_codes` has them: 130 is how `--watch` ends.
    """
    return printed(lambda: _main(list(sys.argv[1:] if argv is None else argv), prog, pause), prog)


def _main(argv: list[str], prog: str, pause: Callable[[], object]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A schema may hold what a terminal cannot show.
            stream.reconfigure(errors="backslashreplace")
    verb, arguments = (argv or ["--help"])[0], argv[1:]
    if verb not in PARSERS:
        usage = f"usage: {prog} {{{','.join(PARSERS)}}} …  (each has its own --help)"
        if verb in ("-h", "--help"):
            print(usage, file=sys.stdout if argv else sys.stderr)
            return DONE if argv else USAGE
        print(f"{prog}: unknown command {verb!r}{suggestion(verb, PARSERS)} (see {prog} --help)", file=sys.stderr)
        return USAGE
    parser = PARSERS[verb](prog)
    collecting = gc.isenabled()
    # Much is made and nearly all of it kept: to look for what could go takes 4 % of a run.
    gc.disable()
    try:
        match verb:
            case "diff":
                return _diff(parser, parser.parse(arguments, DiffOptions()))
            case "export":
                return _export(parser.parse(arguments, ExportOptions()))
            case "check":
                return _check(parser, parser.parse(arguments, CheckOptions()))
            case _:
                return _generate(parser, parser.parse(arguments, GenerateOptions()), pause)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as stop:
        # How argparse ends, after help as well as after a mistake.
        return DONE if stop.code in (None, 0) else USAGE
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        print(
            f'{prog}: {error.name} is not installed; install it with: pip install "emitter-typed[codegen]"',
            file=sys.stderr,
        )
        return USAGE
    finally:
        if collecting:
            gc.enable()


def _check(parser: Parser, options: CheckOptions) -> int:
    if not options.schemas:
        return _check_jobs(options)
    if options.against is not None or options.accept is not None or options.all:
        parser.error("--against, --accept and --all compare the jobs of pyproject.toml; for schemas, use diff")
    return _check_schemas(options.schemas, options.format)


def _check_jobs(options: CheckOptions) -> int:
    from emitter_typed_codegen.jobs import BadConfiguration, project_file, read_project
    from emitter_typed_codegen.project import check_project

    try:
        checked = check_project(read_project(project_file(Path.cwd())), options.against, options.accept)
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return USAGE
    print(checked.render(options.format, safe=options.all), end="")
    for mistake in checked.mistakes:
        print(mistake, file=sys.stderr)
    return USAGE if checked.mistakes else DONE if checked.good else FOUND


def _check_schemas(schemas: Sequence[Path], format: Format) -> int:
    from emitter_typed_codegen.jobs import compiler_protocol
    from emitter_typed_codegen.problems import SchemaProblems
    from emitter_typed_codegen.resolve import load

    problems: list[Problem] = []
    for schema in schemas:
        try:
            load(schema, compiler_protocol())
        except SchemaProblems as found:
            problems += found.problems
    # Two schemas may import one file.
    _print_problems(list(dict.fromkeys(problems)), format)
    if problems:
        return FOUND
    if format == "text":
        print(f"no problems in {', '.join(schema.as_posix() for schema in schemas)}")
    return DONE


def _diff(parser: Parser, options: DiffOptions) -> int:
    from emitter_typed_codegen.accepted import BadAccepted
    from emitter_typed_codegen.baseline import NoBaseline
    from emitter_typed_codegen.diff import diff_schemas
    from emitter_typed_codegen.jobs import BadConfiguration, project_file, read_project
    from emitter_typed_codegen.problems import SchemaProblems
    from emitter_typed_codegen.project import diff_project

    if options.old is not None and options.against is not None:
        parser.error("--against goes with the jobs of pyproject.toml; with OLD, write git:REV:PATH instead")
    try:
        if options.old is None:
            project = read_project(project_file(Path.cwd()))
            against = "HEAD" if options.against is None else options.against
            report = diff_project(project, against, options.accept)
        else:
            report = diff_schemas(options.old, options.new, options.accept)
    except SchemaProblems as found:
        _print_problems(found.problems, options.format)
        return FOUND
    except (BadAccepted, BadConfiguration, NoBaseline) as error:
        print(error, file=sys.stderr)
        return USAGE
    print(report.render(options.format, safe=options.all), end="")
    return FOUND if report.breaking else DONE


def _export(options: ExportOptions) -> int:
    from emitter_typed_codegen.export.documents import export
    from emitter_typed_codegen.jobs import DESCRIBES_PROTOCOL, compiler_protocol
    from emitter_typed_codegen.problems import SchemaProblems
    from emitter_typed_codegen.resolve import load
    from emitter_typed_codegen.write import Plan, Refused

    stdout: TextIO | None = sys.stdout
    if options.out is None and stdout is None:
        print("stdout is closed: name a file with --out", file=sys.stderr)
        return FOUND
    try:
        schema = load(options.schema, compiler_protocol())
    except SchemaProblems as found:
        _print_problems(found.problems, options.format)
        return FOUND
    if schema.protocol is not None:
        print(f"{options.schema.as_posix()} {DESCRIBES_PROTOCOL}", file=sys.stderr)
        return USAGE
    text = export(schema, options.to)
    if options.out is None:
        _make_utf8(sys.stdout)
        print(text, end="")
        return DONE
    plan = Plan()
    plan.single(options.out, text)
    try:
        plan.write()
    except Refused as refused:
        return _refused(refused, options.format)
    out = options.out.as_posix()
    done = f"wrote {out}" if plan.changes else f"{out} is up to date"
    print(done, file=_words(options.format))
    return DONE


def _make_utf8(stream: TextIO) -> None:
    # Documents say that they are UTF-8, or are it by their standard.
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="\n")


def _generate(parser: Parser, options: GenerateOptions, pause: Callable[[], object]) -> int:
    from emitter_typed_codegen.jobs import (
        PROJECT_COMMAND,
        BadConfiguration,
        Job,
        command,
        package_folder,
        project_file,
        read_project,
    )

    schema = options.schema
    if (schema is None) != (options.out is None):
        parser.error("SCHEMA and --out DIR go together; omit both to run the jobs of pyproject.toml")
    if schema is None and options.testing:
        parser.error("--testing goes with SCHEMA; for a job, write testing = true in pyproject.toml")
    try:
        if schema is not None and options.out is not None:
            # What the files say is for another folder than this one, perhaps.
            further = ["--testing"] if options.testing else []
            out = Path(options.out).as_posix()
            again = shlex.join([*PROJECT_COMMAND.split(), schema.as_posix(), "--out", out, *further])
            folder = package_folder(options.out, Path())
            how = command(schema, folder, testing=options.testing)
            single = Job(schema, folder, how, testing=options.testing)
            if options.watch:
                _watch(lambda: [single], set(), again, options.format, pause)
            return _once([single], again, options.format, check=options.check)
        project = project_file(Path.cwd())
        if options.watch:
            _watch(lambda: list(read_project(project).jobs), {project}, PROJECT_COMMAND, options.format, pause)
        return _once(list(read_project(project).jobs), PROJECT_COMMAND, options.format, check=options.check)
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return USAGE


def _watch(
    jobs: Callable[[], list[Job]], files: set[Path], again: str, format: Format, pause: Callable[[], object]
) -> NoReturn:
    """Generate, and again after each change of the files, of those that are read besides, and of the schemas."""
    from emitter_typed_codegen.jobs import BadConfiguration

    while True:
        before = stamps(files)
        try:
            todo = jobs()
        except BadConfiguration as error:
            print(error, file=sys.stderr)
        else:
            before = stamps(job.schema.absolute() for job in todo) | before
            _once(todo, again, format, check=False, read=files)
        before = stamps(files) | before
        count = counted(len(before), "file")
        print(f"watching {count}; Ctrl-C ends it", file=_words(format), flush=True)
        # Nothing else does it, and there is time now.
        gc.collect()
        wait_for_change(before, pause)


def _once(jobs: list[Job], again: str, format: Format, *, check: bool, read: set[Path] | None = None) -> int:
    """Do the jobs, or see what they would do; add the files that they read."""
    from emitter_typed_codegen.write import Refused

    plan, problems = _plan(jobs)
    if read is not None:
        schemas = [job.schema for job in jobs]
        named = [*schemas, *imported(schemas), *(Path(problem.file) for problem in problems)]
        read |= {path.absolute() for path in named}
    if problems:
        # Two jobs may import one file.
        _print_problems(list(dict.fromkeys(problems)), format)
        return FOUND
    try:
        if check:
            plan.compare()
        else:
            plan.write()
    except Refused as refused:
        return _refused(refused, format)
    if check:
        _print_outdated(plan.changes, again, format)
    elif format == "json":
        _print_problems((), format)
    _print_results(jobs, plan.changes, again if check else None, _words(format))
    return FOUND if check and plan.changes else DONE


def _plan(jobs: list[Job]) -> tuple[Plan, list[Problem]]:
    """Return what the jobs write, and the problems of their schemas."""
    from emitter_typed_codegen.jobs import compiler_protocol, run
    from emitter_typed_codegen.problems import SchemaProblems
    from emitter_typed_codegen.write import Plan

    plan = Plan()
    protocol = compiler_protocol()
    problems: list[Problem] = []
    for job in jobs:
        try:
            protocol = run(job, protocol, plan, jobs)
        except SchemaProblems as found:
            problems += found.problems
    return plan, problems


def _print_outdated(changes: Sequence[Change], again: str, format: Format) -> None:
    """Print what would change: as a diff for people, as problems for programs."""
    from emitter_typed_codegen.editors import ENDING
    from emitter_typed_codegen.ownership import CHECKSUMS
    from emitter_typed_codegen.write import OUTDATED

    for change in changes:
        # Some say nothing to a reader, and change with every line of the others.
        if change.path.name != CHECKSUMS and not change.path.name.endswith(ENDING):
            print(change.diff(Path.cwd()), end="", file=_words(format))
    if format != "text":
        _print_problems([_output(change.path, OUTDATED, f"run: {again}") for change in changes], format)


def _print_results(jobs: list[Job], changes: Sequence[Change], again: str | None, words: TextIO) -> None:
    """Print a line for each job and each file that stands alone: what was written, or what `again` would write."""
    for job in jobs:
        own = [one for one in changes if one.path.parent == job.out or one.path == job.protocol_out]
        print(_line(job, own, again), file=words)
    packages = {one for job in jobs for one in (job.out, job.protocol_out)}
    documents = {path for job in jobs for _, path in job.exports}
    for change in changes:
        if change.path.parent not in packages and change.path not in packages:
            seen = inside_here(change.path)
            whom = "" if change.path in documents else ", for editors"
            print(f"wrote {seen}{whom}" if again is None else f"{seen} would change; run: {again}", file=words)


def _refused(refused: Refused, format: Format) -> int:
    if format == "text":
        print(f"nothing was written:\n{refused}", file=sys.stderr)
    else:
        _print_problems([_output(one.path, one.why) for one in refused.refusals], format)
    return FOUND


def _words(format: Format) -> TextIO:
    # What programs read is alone on its stream.
    return sys.stderr if format == "json" else sys.stdout


def _output(path: Path, message: str, hint: str = "") -> Problem:
    from emitter_typed_codegen.problems import Problem

    return Problem(file=path.as_posix(), rule="output", message=message, hint=hint)


def _line(job: Job, changes: Sequence[Change], again: str | None) -> str:
    out = inside_here(job.out)
    if not changes:
        return f"{out} is up to date"
    if again is not None:
        return f"{counted(len(changes), 'file')} of {out} would change; run: {again}"
    removed = sum(change.new is None for change in changes)
    return f"wrote {counted(len(changes) - removed, 'file')} to {out}" + (f", removed {removed}" if removed else "")


def _print_problems(problems: Sequence[Problem], format: Format) -> None:
    from emitter_typed_codegen.problems import render

    if problems or format == "json":
        print(render(tuple(problems), format), file=sys.stderr if format == "text" else sys.stdout)
