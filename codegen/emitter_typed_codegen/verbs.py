"""What each verb takes: its options, and the parser that reads them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from emitter_typed_codegen.arguments import PROGRAM, Parser, file_path, revision, schema_name, suggestion
from emitter_typed_codegen.export import TARGETS, Target

if TYPE_CHECKING:
    from emitter_typed_codegen.problems import Format

_FORMATS = ("text", "json", "github")


class _Options(argparse.Namespace):
    format: Format


class GenerateOptions(_Options):
    """What `generate` is told."""

    schema: Path | None
    out: str | None
    check: bool
    watch: bool
    testing: bool


class CheckOptions(_Options):
    """What `check` is told."""

    schemas: list[Path]
    against: str | None
    accept: Path | None
    all: bool


class DiffOptions(_Options):
    """What `diff` is told."""

    old: str | None
    new: str | None
    against: str | None
    accept: Path | None
    all: bool


class ExportOptions(_Options):
    """What `export` is told."""

    schema: Path
    to: Target
    out: Path | None


def _generate_parser(prog: str) -> Parser:
    further = "[--check | --watch] [--format {text,json,github}]"
    parser = Parser(
        "generate",
        "Generate the package of a schema. Without SCHEMA: run all jobs of [tool.emitter-typed] in the nearest "
        "pyproject.toml. If there is a problem, nothing is written.",
        usage=f"{prog} generate SCHEMA --out DIR [--testing] {further}\n       {prog} generate {further}",
        example="home.yaml --out home_api",
        prog=prog,
    )
    parser.add_argument("schema", nargs="?", type=file_path, metavar="SCHEMA", help="the schema, a YAML file")
    parser.add_argument("--out", metavar="DIR", help="the folder of the package; its name is what Python imports")
    parser.add_argument(
        "--testing",
        action="store_true",
        help="add a module testing with strategies of Hypothesis for all types (in a job: testing = true)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true", help="write nothing; print what would change, and exit with 1 if anything would"
    )
    how.add_argument(
        "--watch",
        action="store_true",
        help="generate again whenever the schema or pyproject.toml is saved, until Ctrl-C",
    )
    _add_format(parser)
    return parser


def _check_parser(prog: str) -> Parser:
    parser = Parser(
        "check",
        "Show problems; write nothing. With SCHEMA: the problems of these schemas. Without SCHEMA: check all jobs of "
        "[tool.emitter-typed] in the nearest pyproject.toml, as CI needs it: problems, generated code that is out of "
        "date, generated packages without a job, and changes since a baseline that break somebody.",
        usage=f"{prog} check SCHEMA... [--format {{text,json,github}}]\n"
        f"       {prog} check [--against REV] [--accept FILE] [--all] [--format {{text,json,github}}]",
        example="home.yaml",
        prog=prog,
    )
    parser.add_argument("schemas", nargs="*", type=file_path, metavar="SCHEMA", help="a schema, a YAML file")
    parser.add_argument(
        "--against",
        type=revision,
        metavar="REV",
        help="compare with the commit where this branch left REV (default: baseline in pyproject.toml)",
    )
    _add_changes(parser)
    _add_format(parser)
    return parser


def _diff_parser(prog: str) -> Parser:
    parser = Parser(
        "diff",
        "Show what changed between two schemas, whom it breaks, and how to make the change safely. Without OLD: "
        "compare all jobs of [tool.emitter-typed] in the nearest pyproject.toml with a revision of Git. Exits with 1 "
        "if there is a break that was not accepted.",
        usage=f"{prog} diff OLD [NEW] [--accept FILE] [--all] [--format {{text,json,github}}]\n"
        f"       {prog} diff [--against REV] [--accept FILE] [--all] [--format {{text,json,github}}]",
        example="git:HEAD:home.yaml",
        prog=prog,
    )
    parser.add_argument(
        "old", nargs="?", type=schema_name, metavar="OLD", help="the old schema: a file, or git:REV:PATH"
    )
    parser.add_argument(
        "new", nargs="?", type=schema_name, metavar="NEW", help="the new schema; default: PATH of git:REV:PATH"
    )
    parser.add_argument(
        "--against", type=revision, metavar="REV", help="the revision that jobs are compared with; default: HEAD"
    )
    _add_changes(parser)
    _add_format(parser)
    return parser


def _export_parser(prog: str) -> Parser:
    parser = Parser(
        "export",
        "Write the types and channels of a schema as a document for others: AsyncAPI 3.0, JSON Schema 2020-12, or a "
        "single HTML page. A file that emitter-typed did not write is not changed.",
        usage=f"{prog} export SCHEMA --to {{{','.join(TARGETS)}}} [--out FILE] [--format {{text,json,github}}]",
        example="home.yaml --to html --out home.html",
        prog=prog,
    )
    parser.add_argument("schema", type=file_path, metavar="SCHEMA", help="the schema, a YAML file")
    parser.add_argument("--to", required=True, type=_target, choices=TARGETS, help="what to write")
    parser.add_argument("--out", type=file_path, metavar="FILE", help="the file to write; default: stdout")
    _add_format(parser)
    return parser


def _target(text: str) -> str:
    if text not in TARGETS:
        meant = suggestion(text, TARGETS) or f": write one of {', '.join(TARGETS)}"
        raise argparse.ArgumentTypeError(f"unknown form {text!r}{meant}")
    return text


def _add_changes(parser: Parser) -> None:
    parser.add_argument("--accept", type=file_path, metavar="FILE", help="a TOML file of breaks that you accept")
    parser.add_argument("--all", action="store_true", help="also show safe changes")


def _add_format(parser: Parser) -> None:
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        default="text",
        help=(
            "the form of problems, and of files that are refused or out of date: text for people, json for programs "
            "(one document on stdout, everything else on stderr), github for annotations of a workflow; wrong usage "
            "is always text on stderr"
        ),
    )


PARSERS: Mapping[str, Callable[[str], Parser]] = {
    "generate": _generate_parser,
    "check": _check_parser,
    "diff": _diff_parser,
    "export": _export_parser,
}
"""Each makes the parser of a verb, for a program of a name."""


def verb_parser(verb: str) -> Parser:
    """Return the parser of a verb, for shells that complete its options."""
    return PARSERS[verb](PROGRAM)
