"""The command line: the one place of the runtime that prints.

Start-up is part of the product: `--version` and `--help` load nothing but argparse.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from emitter_typed._core.extras import lacking
from emitter_typed_codegen.exit_codes import DONE, INTERRUPTED, USAGE
from emitter_typed_codegen.stdio import printed


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments without the program's name. Default: those of the process.

    Returns:
        The exit code: 0 done, 1 problems found or output would change, 2 wrong usage, 3 no broker, 130 interrupted,
        141 nobody reads the output any more.
    """
    return printed(lambda: _main(argv), "emitter-typed")


def _main(argv: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = arguments[0] if arguments else None
    try:
        # The compiler reads its own arguments: `python -m emitter_typed_codegen` is the same command.
        if verb in ("generate", "check", "diff"):
            return _lacking("codegen", verb) or _compile(arguments)
        if verb == "broker":
            return _lacking("broker", verb) or _broker(arguments[1:])
        return _top(arguments)
    except SystemExit as stop:
        # How argparse ends, after help as well as after a mistake.
        return DONE if stop.code in (None, 0) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def _lacking(extra: str, verb: str) -> int:
    advice = lacking(extra, f"emitter-typed {verb}")
    if advice is None:
        return DONE
    print(advice, file=sys.stderr)
    return USAGE


def _top(arguments: list[str]) -> int:
    from emitter_typed._cli.arguments import Parser

    parser = Parser(
        prog="emitter-typed",
        description="The typed client for Emitter: code from schemas, and a broker for tests.",
        epilog="Each command has its own --help.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    commands.add_parser("generate", help="write the Python package of a schema", add_help=False)
    commands.add_parser("check", help="look for problems in schemas; nothing is written", add_help=False)
    commands.add_parser("diff", help="tell what changed between two schemas, and whom it breaks", add_help=False)
    commands.add_parser("broker", help="run the embedded broker, for development and tests", add_help=False)
    options = parser.parse_args(arguments)
    if options.version:
        from importlib.metadata import version

        print(f"emitter-typed {version('emitter-typed')}")
        return DONE
    parser.print_help(sys.stderr)
    return USAGE


def _compile(arguments: list[str]) -> int:
    from emitter_typed_codegen.cli import main as compile_schemas

    return compile_schemas(arguments)


def _broker(arguments: list[str]) -> int:
    from emitter_typed._cli.broker import main as run_broker

    return run_broker(arguments)
