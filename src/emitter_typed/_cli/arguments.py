"""What the verbs' arguments have in common: mistakes in one line with a suggestion, and a typed result."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar

from emitter_typed.errors import hide_keys
from emitter_typed_codegen.exit_codes import USAGE

PROGRAM = "emitter-typed"

OptionsT = TypeVar("OptionsT", bound=argparse.Namespace)

_SCHEMA_ENDINGS = (".yaml", ".yml", ".json")
_is_windows_path = re.compile(r"[A-Za-z]:[\\/]").match
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Parser(argparse.ArgumentParser):
    """A parser that tells a mistake in one line, suggests what was meant, and shows no key in the wrong place."""

    def __init__(self, verb: str, description: str, *, example: str = "", notes: str = "") -> None:
        """Make the parser of a verb; its help ends with the notes and with an example, a command that works."""
        epilog = [notes, f"example: {PROGRAM} {verb} {example}" if example else ""]
        super().__init__(
            prog=f"{PROGRAM} {verb}",
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
        self.exit(USAGE, f"{self.prog}: {hide_keys(message)} (see {self.prog} --help)\n")

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


def channel(text: str) -> str:
    """Read a channel; what is plainly something else is refused with a word about where it belongs."""
    if hide_keys(text) != text:
        raise argparse.ArgumentTypeError(
            "this looks like a key, not a channel: keys go to --key @FILE or EMITTER_KEY, and a channel is like chat/"
        )
    if _is_windows_path(text) or (text.endswith(_SCHEMA_ENDINGS) and os.path.exists(text)):
        raise argparse.ArgumentTypeError(f"{text} is a file, not a channel such as chat/: a schema goes to --schema")
    return text


def seconds(text: str) -> timedelta:
    """Read a time span: `90`, `90s`, `15m`, `2h` or `7d`."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        return timedelta(seconds=float(number) * _UNITS[unit])
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"expected a time span such as 90, 90s, 15m, 2h or 7d, got {text!r}") from None


def moment(text: str) -> datetime:
    """Read a time: ISO 8601, in local time if it names no zone; or a time span, which counts back from now."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.now().astimezone() - seconds(text)
    except (argparse.ArgumentTypeError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"expected a time such as 2026-11-29T12:00:00Z, or a time span that counts back, such as 2h, got {text!r}"
        ) from None


def positive(text: str) -> int:
    """Read a whole number above 0."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {text!r}")
    return number
