"""`emitter-typed keygen`: a key for a channel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from emitter_typed._cli.arguments import Parser, channel, seconds
from emitter_typed._cli.connection import Connecting, ConnectionOptions, add_connection
from emitter_typed._cli.terminal import Terminal
from emitter_typed_codegen.exit_codes import DONE, FOUND
from emitter_typed_codegen.paths import reason


class _Options(ConnectionOptions):
    channel: str
    permissions: str
    ttl: timedelta
    out: str | None


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Make a key for a channel, and print it. The broker does not store keys: if you lose one, make a new one.",
        notes="permissions: r subscribe, w publish, s store, l load stored messages,\n"
        "p presence, e extend (private channels). chat/#/ means chat/ and everything below it.",
        example="'chat/#/' rwslp --ttl 2h",
    )
    made.add_argument("channel", metavar="CHANNEL", type=channel, help="what the key opens, such as chat/ or 'chat/#/'")
    made.add_argument("permissions", metavar="PERMISSIONS", help="what the key allows: letters of rwslpe")
    made.add_argument(
        "--ttl", type=seconds, default="0", metavar="TIME", help="how long the key works (default: forever)"
    )
    made.add_argument(
        "--out", metavar="FILE", help="write it to a new file that only you can read, and do not print it"
    )
    add_connection(made, key="master_key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Make the key."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    connecting = Connecting(options, terminal)
    master_key = connecting.key("master_key")
    # A key that cannot be kept is not made.
    try:
        file = None if options.out is None else os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        exists = "the file exists, and was not changed: name another one, or delete it"
        why = exists if isinstance(error, FileExistsError) else reason(error)
        terminal.note(f"--out {options.out}: {why}")
        return FOUND
    try:
        with connecting.client() as client:
            made = client.keygen(master_key, options.channel, options.permissions, options.ttl)
    except BaseException:
        if file is not None and options.out is not None:
            os.close(file)
            with suppress(OSError):
                os.unlink(options.out)
        raise
    if file is None:
        terminal.line(made.key.reveal())
        terminal.hint("use it as EMITTER_KEY, or make it with --out FILE and use --key @FILE")
        # A private channel is another one than was asked for.
        if made.channel.strip("/") != options.channel.strip("/"):
            terminal.note(f"the key opens {made.channel}", "")
        terminal.record({"key": made.key.reveal(), "channel": made.channel})
        return DONE
    with open(file, "w", encoding="ascii") as out:
        out.write(f"{made.key.reveal()}\n")
    terminal.line(f"wrote the key of {made.channel} to {options.out}: use it with --key @{options.out}")
    terminal.record({"file": options.out, "channel": made.channel})
    return DONE
