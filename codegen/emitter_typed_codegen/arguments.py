"""What all verbs' arguments have in common: a mistake is one line with a suggestion, and help ends with an example."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import NoReturn, TypeVar

from emitter_typed_codegen.exit_codes import USAGE

PROGRAM = "emitter-typed"

OptionsT = TypeVar("OptionsT", bound=argparse.Namespace)


class Parser(argparse.ArgumentParser):
    """A parser that tells a mistake in one line, and suggests what was meant."""

    def __init__(
        self,
        verb: str,
        description: str,
        *,
        example: str = "",
        notes: str = "",
        usage: str | None = None,
        prog: str = PROGRAM,
    ) -> None:
        """Make the parser of a verb.

        Args:
            verb: The verb.
            description: What it does.
            example: The arguments of a command that works, with which the help ends.
            notes: What stands before the example.
            usage: The lines of usage. Default: what argparse makes of the arguments.
            prog: What the verb is a verb of.
        """
        epilog = [notes, f"example: {prog} {verb} {example}" if example else ""]
        super().__init__(
            prog=f"{prog} {verb}",
            usage=usage,
            description=description,
            epilog="\n\n".join(each for each in epilog if each),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # A script that abbreviates an option breaks when a longer one is added.
            allow_abbrev=False,
        )

    @property
    def actions(self) -> Sequence[argparse.Action]:
        """The arguments that it knows, for completion."""
        return self._actions

    def parse(self, arguments: Sequence[str], options: OptionsT) -> OptionsT:
        """Read the arguments into the attributes of `options`, which declares their types.

        Raises:
            SystemExit: Help was asked for, or an argument cannot be read.
        """
        self._refuse_unknown(arguments)
        return self.parse_args(arguments, options)

    def error(self, message: str) -> NoReturn:
        """End the program with 2."""
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def _refuse_unknown(self, arguments: Sequence[str]) -> None:
        # argparse would complain of a missing argument first, and suggests nothing.
        known = self._option_string_actions
        for argument in arguments:
            if argument == "--":
                return
            name = argument.partition("=")[0]
            if name.startswith("--") and " " not in argument and name not in known:
                self.error(f"unrecognized option {name}{suggestion(name, known)}")


def suggestion(text: str, names: Iterable[str]) -> str:
    """Return `: did you mean 'x'?` for the name that is closest to a text, or nothing."""
    from emitter_typed_codegen.problems import did_you_mean

    found = did_you_mean(text, names)
    return f": {found}" if found else ""
