"""`emitter-typed profile`: brokers and keys by name."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Literal

from emitter_typed._cli.arguments import Parser
from emitter_typed._cli.keys import read_key
from emitter_typed._cli.profiles import (
    FIELDS,
    SECRETS,
    Profiles,
    find_profile,
    profiles_path,
    read_profiles,
    write_profiles,
)
from emitter_typed._cli.terminal import Terminal
from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.exit_codes import DONE


class _Options(argparse.Namespace):
    action: Literal["set", "list", "show", "use", "remove"]
    name: str | None
    url: str | None
    username: str | None
    key: str | None
    master_key: str | None
    matcher: str | None
    tls_ca: str | None
    reveal: bool
    json: bool


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Store brokers and keys under names, in a file that only you can read.",
        notes=f"set NAME   add a profile, or change the given fields; an empty text removes a field\n"
        f"list       the profiles; * marks the default one\n"
        f"show NAME  its fields; keys are masked unless --reveal\n"
        f"use NAME   make it the default one, for commands without --profile and --url\n"
        f"remove NAME\n\n"
        f"The file is {_short(profiles_path())}.",
        example="set home --url mqtt://127.0.0.1:8080 --key @chat.key",
    )
    made.add_argument("action", choices=("set", "list", "show", "use", "remove"), metavar="ACTION", help="see below")
    made.add_argument("name", nargs="?", metavar="NAME", help="the profile")
    made.add_argument("--url", help="the broker")
    made.add_argument("--username", metavar="NAME", help="the name that presence shows to others")
    made.add_argument("--key", metavar="@FILE", help="the file of a channel key, which is copied; @- is stdin")
    made.add_argument("--master-key", metavar="@FILE", help="the file of a master key, which is copied; @- is stdin")
    made.add_argument("--matcher", choices=("emitter", "mqtt"), help="how the broker matches channels")
    made.add_argument("--tls-ca", metavar="FILE", help="certificate authority to trust, in PEM form")
    made.add_argument("--reveal", action="store_true", help="show keys in clear")
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Read or change the file of profiles."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    profiles = read_profiles()
    if options.action == "list":
        _list(terminal, profiles)
        return DONE
    if not options.name:
        raise InvalidArgument(f"{options.action} needs the NAME of a profile", argument="name", value=None)
    if options.action == "set":
        path = write_profiles(_changed(terminal, profiles, options.name, options))
        terminal.line(f"wrote profile {options.name} to {_short(path)}: use it with --profile {options.name}")
        terminal.record({"profile": options.name, "file": str(path)})
        return DONE
    found = find_profile(options.name, url_given=False)
    if options.action == "show":
        shown = {
            field: value if options.reveal or field not in SECRETS or value.startswith("@") else "(hidden)"
            for field, value in found.items()
        }
        terminal.table(("FIELD", "VALUE"), list(shown.items()))
        terminal.record({"profile": options.name, **shown})
    elif options.action == "use":
        write_profiles(Profiles(options.name, profiles.by_name))
        terminal.line(f"{options.name} is the default profile now")
        terminal.record({"default": options.name})
    else:
        del profiles.by_name[options.name]
        write_profiles(Profiles(None if profiles.default == options.name else profiles.default, profiles.by_name))
        terminal.line(f"removed profile {options.name}")
        terminal.record({"removed": options.name})
    return DONE


def _list(terminal: Terminal, profiles: Profiles) -> None:
    rows = [
        ("*" if name == profiles.default else "", name, profile.get("url", ""))
        for name, profile in sorted(profiles.by_name.items())
    ]
    terminal.table(("", "NAME", "URL"), rows)
    if not rows:
        terminal.hint("there are no profiles: make one with emitter-typed profile set NAME --url URL")
    for mark, name, url in rows:
        terminal.record({"profile": name, "url": url or None, "default": mark == "*"})


def _changed(terminal: Terminal, profiles: Profiles, name: str, options: _Options) -> Profiles:
    profile = dict(profiles.by_name.get(name, {}))
    given: dict[str, str | None] = {
        "url": options.url,
        "username": options.username,
        "matcher": options.matcher,
        "tls_ca": options.tls_ca and os.path.abspath(options.tls_ca),
        "key": options.key,
        "master_key": options.master_key,
    }
    for field in FIELDS:
        value = given[field]
        if value and field in SECRETS:
            value = read_key(value, flag=f"--{field.replace('_', '-')}", variable="", prog=terminal.prog)
        if value:
            profile[field] = value
        elif value == "":
            profile.pop(field, None)
    if options.url:
        from emitter_typed import Client

        # What is no URL is told now, not when the profile is used.
        Client.from_url(options.url)
    return Profiles(profiles.default, {**profiles.by_name, name: profile})


def _short(path: object) -> str:
    home = os.path.expanduser("~")
    text = str(path)
    return f"~{text[len(home) :]}" if home != "/" and text.startswith(home + os.sep) else text
