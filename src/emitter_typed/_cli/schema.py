"""`emitter-typed schema`: the JSON Schema of the schema language, for editors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from emitter_typed._cli.arguments import PROGRAM, Parser
from emitter_typed._cli.terminal import Terminal
from emitter_typed_codegen.arguments import file_path
from emitter_typed_codegen.exit_codes import DONE, FOUND

if TYPE_CHECKING:
    from emitter_typed_codegen.write import Plan


class _Options(argparse.Namespace):
    local: Path | None
    out: Path | None
    check: bool


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Print the JSON Schema of the schema language: editors complete, explain and check schemas with it.",
        notes="A schema names the file in its first line:  # yaml-language-server: $schema=./home.schema.json\n"
        f"`{PROGRAM} generate` then keeps that file current.",
        example="--local home.yaml --out home.schema.json",
    )
    made.add_argument(
        "--local",
        metavar="SCHEMA",
        type=file_path,
        help="also complete the types, channels and parameters of this schema and its imports",
    )
    made.add_argument("--out", metavar="FILE", type=file_path, help="write it to this file (default: print it)")
    made.add_argument("--check", action="store_true", help="write nothing; exit with 1 if FILE would change")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Print or write the JSON Schema."""
    from emitter_typed_codegen.editors import text
    from emitter_typed_codegen.jobs import compiler_protocol
    from emitter_typed_codegen.problems import SchemaProblems, render
    from emitter_typed_codegen.resolve import load
    from emitter_typed_codegen.write import Plan

    made = parser(verb)
    options = made.parse(arguments, _Options())
    if options.check and options.out is None:
        made.error("--check needs --out FILE: it tells whether that file would change")
    protocol = compiler_protocol()
    try:
        content = text(protocol, None if options.local is None else load(options.local, protocol))
    except SchemaProblems as problems:
        print(render(problems.problems, "text"), file=sys.stderr)
        return FOUND
    if options.out is None:
        print(content, end="")
        return DONE
    plan = Plan()
    plan.single(options.out, content)
    return _write(plan, options.out, Terminal(verb), check=options.check)


def _write(plan: Plan, out: Path, terminal: Terminal, *, check: bool) -> int:
    from emitter_typed_codegen.write import Refused

    try:
        if check:
            plan.compare()
        else:
            plan.write()
    except Refused as refused:
        terminal.note(f"nothing was written: {refused}")
        return FOUND
    name = out.as_posix()
    if not plan.changes:
        terminal.line(f"{name} is up to date")
    elif check:
        terminal.line(f"{name} would change; run the same command without --check")
    else:
        terminal.line(f"wrote {name}")
    return FOUND if check and plan.changes else DONE
