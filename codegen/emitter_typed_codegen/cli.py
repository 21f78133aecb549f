"""The compiler's command line. The only place that prints."""

from __future__ import annotations

import argparse
import gc
import io
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO, cast

from emitter_typed_codegen.exit_codes import DONE, FOUND, INTERRUPTED, USAGE
from emitter_typed_codegen.export import TARGETS
from emitter_typed_codegen.stdio import printed
from emitter_typed_codegen.watch import PAUSE_S, stamps, wait_for_change

if TYPE_CHECKING:
    from emitter_typed_codegen.jobs import Job
    from emitter_typed_codegen.problems import Format, Problem
    from emitter_typed_codegen.write import Change, Refused

_EXTRA = {"jinja2", "markupsafe", "yaml"}


def main(
    argv: Sequence[str] | None = None,
    *,
    prog: str = "emitter-typed",
    pause: Callable[[], object] = lambda: time.sleep(PAUSE_S),
) -> int:
    """Run the command line.

    Args:
        argv: The arguments, without the program's name. None: those of this process.
        prog: The program's name, for its help.
        pause: What `--watch` waits with before it looks at the files again.

    Returns:
        0 if it is done, 1 if there are problems, or the output would change or cannot be written, 2 if it was called
        wrongly, 130 if it was interrupted, which is how `--watch` ends, 141 if nobody reads the output any more.
    """
    return printed(lambda: _main(argv, prog, pause), prog)


def _main(argv: Sequence[str] | None, prog: str, pause: Callable[[], object]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A schema may hold what a terminal cannot show.
            stream.reconfigure(errors="backslashreplace")
    parser = _parser(prog)
    collecting = gc.isenabled()
    # Much is made and nearly all of it kept: to look for what could go takes 4 % of a run.
    gc.disable()
    try:
        arguments, unknown = parser.parse_known_args(argv)
        if unknown:
            # The usage line is that of the verb.
            arguments.refuse(f"unrecognized arguments: {' '.join(unknown)}")
        if arguments.verb == "diff":
            if arguments.old is not None and (arguments.against is not None):
                arguments.refuse("--against goes with the jobs of pyproject.toml; name OLD as git:REV:PATH")
            return _diff(arguments)
        if arguments.verb == "export":
            return _export(arguments)
        if arguments.verb == "check":
            return _check(arguments.schemas, arguments.format)
        if (arguments.schema is None) != (arguments.out is None):
            arguments.refuse("SCHEMA and --out DIR go together; without both, the jobs of pyproject.toml are done")
        return _generate(arguments, pause)
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


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description="Typed Python packages from schemas.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    further = "[--check | --watch] [--format {text,json,github}]"
    generate = verbs.add_parser(
        "generate",
        usage=f"{prog} generate SCHEMA --out DIR {further}\n       {prog} generate {further}",
        help="write the package of a schema",
        description=(
            "Write the package of a schema. Without SCHEMA: all jobs of [tool.emitter-typed] in the nearest "
            "pyproject.toml. Nothing is written if anything is wrong."
        ),
    )
    generate.add_argument("schema", nargs="?", type=Path, metavar="SCHEMA", help="the schema, a YAML file")
    generate.add_argument("--out", metavar="DIR", help="the folder of the package; its name is what Python imports")
    how = generate.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true", help="write nothing; print what would change, and exit with 1 if anything would"
    )
    how.add_argument(
        "--watch", action="store_true", help="generate again whenever a file that it is made of was saved, until Ctrl-C"
    )
    check = verbs.add_parser(
        "check", help="tell the problems of schemas", description="Tell the problems of schemas; nothing is written."
    )
    check.add_argument("schemas", nargs="+", type=Path, metavar="SCHEMA", help="a schema, a YAML file")
    diff = verbs.add_parser(
        "diff",
        usage=f"{prog} diff OLD [NEW] [--accept FILE] [--all] [--format {{text,json,github}}]\n"
        f"       {prog} diff [--against REV] [--accept FILE] [--all] [--format {{text,json,github}}]",
        help="tell what changed between two schemas, and whom it breaks",
        description=(
            "Tell what changed between two schemas, whom it breaks, and how to make the change safely. Without OLD: "
            "all jobs of [tool.emitter-typed] in the nearest pyproject.toml, against a revision of Git. Exits with 1 "
            "if anything breaks that was not accepted."
        ),
    )
    diff.add_argument("old", nargs="?", metavar="OLD", help="the schema as it was: a file, or git:REV:PATH")
    diff.add_argument("new", nargs="?", metavar="NEW", help="the schema as it is; default: PATH of git:REV:PATH")
    diff.add_argument("--against", metavar="REV", help="the revision that jobs are compared with; default: HEAD")
    diff.add_argument("--accept", type=Path, metavar="FILE", help="breaks that are meant, as TOML")
    diff.add_argument("--all", action="store_true", help="also tell changes that are safe")
    export = verbs.add_parser(
        "export",
        usage=f"{prog} export SCHEMA --to {{asyncapi,jsonschema,html}} [--out FILE] [--format {{text,json,github}}]",
        help="write a schema as a document for others: AsyncAPI, JSON Schema, or a page",
        description=(
            "Write the types and channels of a schema as a document for others: AsyncAPI 3.0, JSON Schema 2020-12, or "
            "a page of HTML that needs nothing else. A file that was not written by emitter-typed is left alone."
        ),
    )
    export.add_argument("schema", type=Path, metavar="SCHEMA", help="the schema, a YAML file")
    export.add_argument(
        "--to", required=True, type=_target, choices=TARGETS, help="what to write: asyncapi, jsonschema or html"
    )
    export.add_argument("--out", type=Path, metavar="FILE", help="the file to write; default: stdout")
    for verb in (generate, check, diff, export):
        verb.set_defaults(refuse=verb.error)
        verb.add_argument(
            "--format",
            choices=("text", "json", "github"),
            default="text",
            help=(
                "how problems, and files that are refused or not up to date, are told: text for people, json for "
                "programs (one array on stdout, everything else on stderr), github as annotations of a workflow; "
                "wrong usage is always text on stderr"
            ),
        )
    return parser


def verb_parser(verb: str) -> argparse.ArgumentParser:
    """Return the parser of a verb, for shells that complete its options."""
    verbs = next(each for each in _parser("emitter-typed")._actions if each.dest == "verb")
    return cast("dict[str, argparse.ArgumentParser]", verbs.choices)[verb]


def _check(schemas: Sequence[Path], format: Format) -> int:
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
        print(f"no problems in {', '.join(map(str, schemas))}")
    return DONE


def _diff(arguments: argparse.Namespace) -> int:
    from emitter_typed_codegen.accepted import BadAccepted
    from emitter_typed_codegen.baseline import NoBaseline
    from emitter_typed_codegen.diff import run_diff
    from emitter_typed_codegen.jobs import BadConfiguration
    from emitter_typed_codegen.problems import SchemaProblems

    try:
        report = run_diff(arguments.old, arguments.new, arguments.against, arguments.accept)
    except SchemaProblems as found:
        _print_problems(found.problems, arguments.format)
        return FOUND
    except (BadAccepted, BadConfiguration, NoBaseline) as error:
        print(error, file=sys.stderr)
        return USAGE
    print(report.render(arguments.format, safe=arguments.all), end="")
    return FOUND if report.breaks else DONE


def _target(text: str) -> str:
    from emitter_typed_codegen.problems import did_you_mean, quoted

    if text not in TARGETS:
        meant = did_you_mean(text, TARGETS) or f"choose one of {', '.join(TARGETS)}"
        raise argparse.ArgumentTypeError(f"there is no document {quoted(text)}: {meant}")
    return text


def _export(arguments: argparse.Namespace) -> int:
    from emitter_typed_codegen.export.documents import export
    from emitter_typed_codegen.jobs import DESCRIBES_PROTOCOL, compiler_protocol
    from emitter_typed_codegen.problems import SchemaProblems
    from emitter_typed_codegen.resolve import load
    from emitter_typed_codegen.write import Plan, Refused

    out: Path | None = arguments.out
    stdout: TextIO | None = sys.stdout
    if out is None and stdout is None:
        print("there is no stdout to write to: name a file with --out", file=sys.stderr)
        return FOUND
    try:
        schema = load(arguments.schema, compiler_protocol())
    except SchemaProblems as found:
        _print_problems(found.problems, arguments.format)
        return FOUND
    if schema.protocol is not None:
        print(f"{arguments.schema} {DESCRIBES_PROTOCOL}", file=sys.stderr)
        return USAGE
    text = export(schema, arguments.to)
    if out is None:
        _make_utf8(sys.stdout)
        print(text, end="")
        return DONE
    plan = Plan()
    plan.single(out, text)
    try:
        plan.write()
    except Refused as refused:
        return _refused(refused, arguments.format)
    words = _words(arguments.format)
    print(f"wrote {out}" if plan.changes else f"{out} is up to date", file=words)
    return DONE


def _make_utf8(stream: TextIO) -> None:
    # Documents say that they are UTF-8, or are it by their standard.
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="\n")


def _refused(refused: Refused, format: Format) -> int:
    if format == "text":
        print(f"nothing was written:\n{refused}", file=sys.stderr)
    else:
        _print_problems([_output(one.path, one.why) for one in refused.refusals], format)
    return FOUND


def _generate(arguments: argparse.Namespace, pause: Callable[[], object]) -> int:
    from emitter_typed_codegen.jobs import BadConfiguration, Job, command, configured, package_folder, project_file

    schema: Path | None = arguments.schema
    again = "emitter-typed generate"
    try:
        if schema is not None:
            # What the files say is for another folder than this one, perhaps.
            again = shlex.join(["emitter-typed", "generate", str(schema), "--out", arguments.out])
            folder = package_folder(arguments.out, Path())
            single = Job(schema, folder, command(schema, folder))
            if arguments.watch:
                _watch(lambda: [single], set(), again, arguments.format, pause)
            return _once([single], again, arguments.check, arguments.format)
        project = project_file(Path.cwd())
        if arguments.watch:
            _watch(lambda: configured(project), {project}, again, arguments.format, pause)
        return _once(configured(project), again, arguments.check, arguments.format)
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
            _once(todo, again, False, format, read=files)
        before = stamps(files) | before
        count = _files(len(before))
        print(f"watching {count}; Ctrl-C ends it", file=_words(format), flush=True)
        # Nothing else does it, and there is time now.
        gc.collect()
        wait_for_change(before, pause)


def _once(jobs: list[Job], again: str, check: bool, format: Format, *, read: set[Path] | None = None) -> int:
    """Do the jobs, or see what they would do; add the files that they read."""
    from emitter_typed_codegen.jobs import compiler_protocol, run
    from emitter_typed_codegen.ownership import CHECKSUMS
    from emitter_typed_codegen.problems import SchemaProblems
    from emitter_typed_codegen.write import Plan, Refused

    words = _words(format)
    plan = Plan()
    protocol = compiler_protocol()
    problems: list[Problem] = []
    for job in jobs:
        try:
            protocol = run(job, protocol, plan, jobs)
        except SchemaProblems as found:
            problems += found.problems
    if read is not None:
        named = [*(job.schema for job in jobs), *(Path(problem.file) for problem in problems)]
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
    for change in plan.changes if check else ():
        # They say nothing to a reader, and change with every line of the others.
        if change.path.name != CHECKSUMS:
            print(change.diff(Path.cwd()), end="", file=words)
    stale = [_output(change.path, "is not what its schema makes", f"run: {again}") for change in plan.changes]
    _print_problems(stale if check and format != "text" else (), format)
    for job in jobs:
        alone = {job.protocol_out, *(path for _, path in job.exports)}
        changes = [one for one in plan.changes if one.path.parent == job.out or one.path in alone]
        print(_line(job, changes, again if check else None), file=words)
    return FOUND if check and plan.changes else DONE


def _words(format: Format) -> TextIO:
    # What programs read is alone on its stream.
    return sys.stderr if format == "json" else sys.stdout


def _output(path: Path, message: str, hint: str = "") -> Problem:
    from emitter_typed_codegen.problems import Problem

    return Problem(file=str(path), rule="output", message=message, hint=hint)


def _line(job: Job, changes: Sequence[Change], again: str | None) -> str:
    here = Path.cwd()
    out = job.out.relative_to(here) if job.out.is_relative_to(here) else job.out
    if not changes:
        return f"{out} is up to date"
    if again is not None:
        return f"{_files(len(changes))} of {out} would change; run: {again}"
    removed = sum(change.new is None for change in changes)
    return f"wrote {_files(len(changes) - removed)} to {out}" + (f", removed {removed}" if removed else "")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _print_problems(problems: Sequence[Problem], format: Format) -> None:
    from emitter_typed_codegen.problems import render

    if problems or format == "json":
        print(render(tuple(problems), format), file=sys.stderr if format == "text" else sys.stdout)
