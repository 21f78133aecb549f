"""The parser of all verbs: a mistake is one line with a suggestion, and help ends with an example."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from emitter_typed_codegen.exit_codes import USAGE

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

PROGRAM = "emitter-typed"

OptionsT = TypeVar("OptionsT", bound=argparse.Namespace)

_NUMBERS: dict[object, str] = {int: "an integer", float: "a number"}
_is_number = re.compile(r"-\d+|-\d*\.\d+").fullmatch


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
            formatter_class=_Formatter,
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
        return self.parse_args(self._options_first(arguments), options)

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help. Raises OSError, which argparse hides, if nobody reads it any more."""
        print(self.format_help(), end="", file=file)

    def error(self, message: str) -> NoReturn:
        """End the program with 2."""
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # Any: argparse's own signature
        """Refuse what is not among the choices, in the words of other mistakes."""
        choices = action.choices
        if choices is not None and value not in choices:
            *others, last = map(str, choices)
            expected = f"{', '.join(others)} or {last}" if others else last
            raise argparse.ArgumentError(
                action, f"expected {expected}, got {value!r}{suggestion(str(value), map(str, choices))}"
            )

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:  # Any: likewise
        """Read a value; argparse would call a number by the name of its class."""
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError:
            expected = _NUMBERS.get(action.type)
            if expected is None:
                raise
            raise argparse.ArgumentError(action, f"expected {expected}, got {arg_string!r}") from None

    def _options_first(self, arguments: Sequence[str]) -> list[str]:
        """Move arguments that are not options to the end: argparse refuses `pub CHANNEL --key @FILE PAYLOAD`."""
        known = self._option_string_actions
        options: list[str] = []
        others: list[str] = []
        rest = iter(arguments)
        wants_value = False
        for argument in rest:
            if argument == "--":
                others += rest
            elif _is_option(argument):
                name, equals, _ = argument.partition("=")
                # argparse would complain of a missing argument first, and suggests nothing.
                if name not in known:
                    hint = suggestion(name, known) or self._of_choice(name.lstrip("-"))
                    self.error(f"unrecognized option {name}{hint}")
                if equals and known[name].nargs == 0:
                    self.error(f"argument {name}: takes no value: write {name} alone")
                options.append(argument)
                wants_value = not equals and known[name].nargs != 0
            else:
                (options if wants_value else others).append(argument)
                wants_value = False
        return [*options, "--", *others] if others else options

    def _of_choice(self, word: str) -> str:
        """Return what to write for an option that is the value of one, as --json is of --format, or any other."""
        for action in self._actions:
            if word in (action.choices or ()):
                return f": did you mean {' '.join([*action.option_strings[:1], word])}?"
        return "; write -- before an argument that begins with -"


_WIDEST = 98
# Where the text of a line in two columns begins.
_columns = re.compile(r"\s*\S.*?\s{2,}(?=\S)").match
_in_brackets = re.compile(r"\[[^\]]*\]").sub


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Wraps texts to the terminal, and keeps the lines of notes, and examples, which are copied."""

    def __init__(self, prog: str) -> None:
        """Take the width of the terminal, up to one that can be read well."""
        super().__init__(prog)
        self._width = min(self._width, _WIDEST)

    def add_text(self, text: str | None) -> None:
        """Add a paragraph, or the notes and the example."""
        if text is not None:
            if "example: " not in text:
                text = self._wrapped(" ".join(text.split()))
            else:
                lines = text.splitlines()
                text = "\n".join(line if _is_command(line) else self._wrapped(line) for line in lines)
        super().add_text(text)

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],  # Any: argparse shows nobody the class
        prefix: str | None,
    ) -> str:
        """Return the lines of usage; an option and its value stay together."""
        text = super()._format_usage(usage, actions, groups, prefix)
        lines = [each.strip() for each in text.strip().splitlines()]
        if all(len(each) <= self._width for each in text.splitlines()):
            return text
        start = "usage: "
        lines = [each.removeprefix(start) for each in (lines if usage is not None else [" ".join(lines)])]
        indent = " " * len(start)
        lines = [
            _filled(_in_brackets(lambda found: found[0].replace(" ", "\0"), each), self._width, indent, f"{indent}  ")
            for each in lines
        ]
        return start + "\n".join(lines).replace("\0", " ").strip() + "\n\n"

    def _wrapped(self, line: str) -> str:
        columns = _columns(line)
        if columns is None:
            indent = " " * (len(line) - len(line.lstrip()))
            return _filled(line.strip(), self._width, indent, indent)
        # Two columns do not fit everywhere.
        return _filled(line, self._width, "", " " * min(columns.end(), self._width // 2))


def _is_command(line: str) -> bool:
    return line.startswith("example: ") or f"{PROGRAM} " in line


def _filled(text: str, width: int, first: str, others: str) -> str:
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _is_option(argument: str) -> bool:
    return argument.startswith("-") and argument != "-" and " " not in argument and not _is_number(argument)


def file_path(text: str) -> Path:
    """Read the path of a file: an empty one would be the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: name a file")
    return Path(text)


def schema_name(text: str) -> str:
    """Read the name of a schema: a file, or git:REV:PATH."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: name a file, or git:REV:PATH")
    return text


def revision(text: str) -> str:
    """Read a revision of Git, also as `git:REV`, which is how pyproject.toml and `diff` name it."""
    name = text.removeprefix("git:")
    if not name.strip():
        raise argparse.ArgumentTypeError("it is empty: name a revision, such as origin/main")
    return name


def suggestion(text: str, names: Iterable[str]) -> str:
    """Return `: did you mean 'x'?` for the name that is closest to a text, or nothing."""
    from emitter_typed_codegen.problems import did_you_mean

    found = did_you_mean(text, names)
    return f": {found}" if found else ""
