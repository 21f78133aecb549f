"""`emitter-typed completion`: scripts for shells, made of the parsers, so that they tell what is really there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Literal, NamedTuple

from emitter_typed._cli.arguments import PROGRAM, Parser
from emitter_typed_codegen.exit_codes import DONE

Shell = Literal["bash", "zsh", "fish"]

# What the arguments with these names take is on the disk.
_FILES = {"FILE", "@FILE", "DIR", "SCHEMA"}


class _Options(argparse.Namespace):
    shell: Shell


class _Option(NamedTuple):
    """An option of a verb, as shells complete it."""

    names: Sequence[str]
    help: str
    takes: Literal["nothing", "text", "file"]
    choices: Sequence[str]


class _Completed(NamedTuple):
    """A verb, as shells complete it."""

    name: str
    summary: str
    options: Sequence[_Option]
    words: Sequence[str]
    """What its first argument can be."""


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Print a script that completes commands and options.",
        notes=f'bash: put  eval "$({PROGRAM} completion bash)"  into ~/.bashrc\n'
        f'zsh:  put  eval "$({PROGRAM} completion zsh)"  into ~/.zshrc, after compinit\n'
        f"fish: {PROGRAM} completion fish > ~/.config/fish/completions/{PROGRAM}.fish",
        example="bash",
    )
    made.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Print the script."""
    options = parser(verb).parse(arguments, _Options())
    verbs = _verbs()
    match options.shell:
        case "bash":
            print(_bash(verbs))
        case "zsh":
            print(_zsh(verbs))
        case "fish":
            print(_fish(verbs))
    return DONE


def _verbs() -> list[_Completed]:
    from emitter_typed._cli.verbs import VERBS

    return [_completed(verb.name, verb.summary, verb.load().parser(verb.name)) for verb in VERBS.values()]


def _completed(name: str, summary: str, parser: argparse.ArgumentParser) -> _Completed:
    options: list[_Option] = []
    words: list[str] = []
    for action in actions(parser):
        choices = [str(each) for each in action.choices or ()]
        if not action.option_strings:
            words += choices
            continue
        takes: Literal["nothing", "text", "file"] = "text"
        if action.nargs == 0:
            takes = "nothing"
        elif action.metavar in _FILES:
            takes = "file"
        text = (action.help or "").partition(" (default")[0].replace("%%", "%")
        options.append(_Option(action.option_strings, text, takes, choices))
    return _Completed(name, summary, options, words)


def actions(parser: argparse.ArgumentParser) -> Sequence[argparse.Action]:
    """Return what a parser takes."""
    return parser._actions  # pyright: ignore[reportPrivateUsage]  # argparse has no public way to ask


def _bash(verbs: Sequence[_Completed]) -> str:
    function = "_emitter_typed"
    first = " ".join([*(each.name for each in verbs), "--help", "--version"])
    lines = [
        f"{function}() {{",
        '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" options="" words=""',
        "  COMPREPLY=()",
        '  if [ "$COMP_CWORD" -eq 1 ]; then',
        f"    COMPREPLY=($(compgen -W '{first}' -- \"$word\"))",
        "    return",
        "  fi",
        '  case "${COMP_WORDS[1]}" in',
    ]
    for verb in verbs:
        names = " ".join(name for option in verb.options for name in option.names)
        lines.append(f"    {verb.name}) options='{names}' words='{' '.join(verb.words)}'")
        chosen = [option for option in verb.options if option.takes != "nothing"]
        if chosen:
            lines.append('      case "$before" in')
            for option in chosen:
                values = (
                    f"COMPREPLY=($(compgen -W '{' '.join(option.choices)}' -- \"$word\")); " if option.choices else ""
                )
                files = "compopt -o default 2>/dev/null; " if option.takes == "file" else ""
                lines.append(f"        {'|'.join(option.names)}) {values}{files}return ;;")
            lines.append("      esac")
        lines.append("      ;;")
    lines += [
        "  esac",
        '  case "$word" in',
        '    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;',
        '    *) if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word"));',
        "       else compopt -o default 2>/dev/null; fi ;;",
        "  esac",
        "}",
        f"complete -F {function} {PROGRAM}",
    ]
    return "\n".join(lines)


def _zsh(verbs: Sequence[_Completed]) -> str:
    lines = [
        f"#compdef {PROGRAM}",
        "_emitter_typed() {",
        "  local -a commands",
        "  commands=(",
        *(f"    {_quoted(f'{verb.name}:{verb.summary}')}" for verb in verbs),
        "  )",
        "  if (( CURRENT == 2 )); then",
        "    _describe command commands",
        "    return",
        "  fi",
        "  local verb=$words[2]",
        "  shift words",
        "  (( CURRENT-- ))",
        "  case $verb in",
    ]
    for verb in verbs:
        lines.append(f"    {verb.name})")
        specs = [_zsh_spec(name, option) for option in verb.options for name in option.names]
        rest = f"1:argument:({' '.join(verb.words)})" if verb.words else "*:file:_files"
        lines.append(f"      _arguments {' '.join(_quoted(each) for each in [*specs, rest])} ;;")
    lines += ["  esac", "}", f"compdef _emitter_typed {PROGRAM}"]
    return "\n".join(lines)


def _zsh_spec(name: str, option: _Option) -> str:
    text = option.help.replace("[", "(").replace("]", ")").replace(":", ",")
    spec = f"*{name}[{text}]"
    if option.takes == "nothing":
        return spec
    values = f"({' '.join(option.choices)})" if option.choices else "_files" if option.takes == "file" else ""
    return f"{spec}:value:{values}"


def _fish(verbs: Sequence[_Completed]) -> str:
    names = " ".join(verb.name for verb in verbs)
    lines = [
        f"complete -c {PROGRAM} -f -n 'not __fish_seen_subcommand_from {names}' -l version -d 'print the version'",
        f"complete -c {PROGRAM} -f -n 'not __fish_seen_subcommand_from {names}' -l help -d 'show the commands'",
    ]
    for verb in verbs:
        here = f"-n '__fish_seen_subcommand_from {verb.name}'"
        lines.append(
            f"complete -c {PROGRAM} -f -n 'not __fish_seen_subcommand_from {names}' "
            f"-a {verb.name} -d {_quoted(verb.summary)}"
        )
        if verb.words:
            lines.append(f"complete -c {PROGRAM} -f {here} -a {_quoted(' '.join(verb.words))}")
        for option in verb.options:
            flags = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            takes = {"nothing": "", "text": " -x", "file": " -r -F"}[option.takes]
            values = f" -a {_quoted(' '.join(option.choices))}" if option.choices else ""
            lines.append(f"complete -c {PROGRAM} {here} {flags}{takes}{values} -d {_quoted(option.help)}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
