"""The command line: the one place of the runtime that prints.

Start-up is part of the product: `--version` and `--help` load nothing but argparse.
"""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Sequence

from emitter_typed_codegen.exit_codes import DONE, FOUND, INTERRUPTED, MEANINGS, NO_BROKER, REFUSED, USAGE
from emitter_typed_codegen.stdio import printed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from emitter_typed.errors import EmitterError


_ABOUT = (
    "Publish and watch messages of an Emitter broker (https://emitter.io), and write typed Python from a schema of "
    "your channels."
)
_FIRST = "New here? Run `emitter-typed demo`, then `emitter-typed init`."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments without the program's name. Default: those of the process.

    Returns:
        The exit code: 0 done, 1 something was found, 2 wrong usage, 3 no broker or connection lost, 4 refused by the
        broker, 130 interrupted, 141 the reader of the output has ended; `docs/reference/command-line.md` has a table.
    """
    code = printed(lambda: _main(list(sys.argv[1:] if argv is None else argv)), "emitter-typed")
    if argv is None:
        # The process ends: to look for what could go takes a tenth of a run of the compiler.
        gc.freeze()
    return code


def _main(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What comes from a broker may be more than a terminal can show.
            stream.reconfigure(errors="backslashreplace")
    if arguments[:1] == ["--version"]:
        from emitter_typed_codegen.version import VERSION

        print(f"emitter-typed {VERSION}")
        return DONE
    try:
        if not arguments or arguments[0] in ("-h", "--help", "help"):
            return _help(arguments)
        return _run(arguments[0], arguments[1:])
    except SystemExit as stop:
        # How argparse ends, after help as well as after a mistake.
        return DONE if stop.code in (None, 0) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(name: str, arguments: list[str]) -> int:
    from emitter_typed._cli.verbs import SYNONYMS, VERBS
    from emitter_typed._masking import hide_keys
    from emitter_typed.errors import EmitterError

    verb = VERBS.get(name)
    if verb is None:
        from emitter_typed._cli.arguments import suggestion

        kind = "option" if name.startswith("-") else "command"
        known = ["--help", "--version"] if name.startswith("-") else list(VERBS)
        hint = f": did you mean {SYNONYMS[name]!r}?" if name in SYNONYMS else suggestion(name, known)
        print(f"emitter-typed: unknown {kind} {hide_keys(name)!r}{hint} (see emitter-typed --help)", file=sys.stderr)
        return USAGE
    if verb.extra is not None:
        from emitter_typed._core.extras import lacking

        if (advice := lacking(verb.extra, f"emitter-typed {name}")) is not None:
            print(advice, file=sys.stderr)
            return USAGE
    try:
        return verb.load().main(name, arguments)
    except EmitterError as error:
        from emitter_typed._cli.error_text import error_text

        code = exit_code(error)
        print(f"emitter-typed {name}: {error_text(error)}", file=sys.stderr)
        return code


def exit_code(error: EmitterError) -> int:
    """Return the exit code for what ended a verb."""
    from emitter_typed import errors

    if isinstance(error, errors.InvalidArgument):
        return USAGE
    if isinstance(error, errors.BrokerError):
        return REFUSED
    if isinstance(error, errors.ConnectionRefused) and error.permanent and error.return_code is not None:
        return REFUSED
    # OSError: those of connections and time limits, and of a broker that cannot listen.
    return NO_BROKER if isinstance(error, OSError | errors.Closed | errors.ReplyMissing) else FOUND


def _help(arguments: list[str]) -> int:
    from emitter_typed._cli.verbs import GROUPS, VERBS

    if len(arguments) > 1:
        return _run(arguments[1], ["--help"])
    import shutil
    import textwrap

    width = max(30, min(shutil.get_terminal_size().columns, 100) - 1)
    column = max(map(len, VERBS)) + 4

    def wrapped(text: str, first: str = "", indent: int = 0) -> str:
        return textwrap.fill(text, width, initial_indent=first, subsequent_indent=" " * indent)

    lines = ["usage: emitter-typed COMMAND [ARGUMENT...]", "", wrapped(_ABOUT), "", wrapped(_FIRST)]
    for group, verbs in GROUPS.items():
        lines += ["", f"{group}:"]
        lines += [wrapped(verb.summary, f"  {verb.name}".ljust(column), column) for verb in verbs]
    lines += ["", wrapped("Each command has its own --help with an example. --version prints the version.")]
    lines += ["", "exit codes:"]
    lines += [wrapped(meaning.replace("`", ""), f"  {code}".ljust(7), 7) for code, meaning in MEANINGS.items()]
    print("\n".join(lines), file=sys.stdout if arguments else sys.stderr)
    return DONE if arguments else USAGE
