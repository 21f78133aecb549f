"""`emitter-typed keyban`: a key that opens nothing any more."""

from __future__ import annotations

from collections.abc import Sequence

from emitter_typed._cli.arguments import Parser
from emitter_typed._cli.connection import Connecting, ConnectionOptions, add_connection
from emitter_typed._cli.keys import read_key
from emitter_typed._cli.terminal import Terminal
from emitter_typed_codegen.exit_codes import DONE


class _Options(ConnectionOptions):
    target: str
    allow: bool


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Ban a key, or allow it again.",
        notes="The broker may take a minute to apply it. A subscription that was made with the key goes on.",
        example="@chat.key",
    )
    made.add_argument("target", metavar="@FILE", help="the file of the key to ban; @- is stdin")
    made.add_argument("--allow", action="store_true", help="allow it again")
    add_connection(made, key="master_key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Ban the key, or allow it."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    connecting = Connecting(options, terminal)
    target = read_key(options.target, flag="@FILE", variable="", prog=terminal.prog)
    master_key = connecting.key("master_key")
    with connecting.client() as client:
        answer = client.keyban(master_key, target or "", not options.allow)
    terminal.line("the key is banned" if answer.banned else "the key is allowed")
    terminal.record({"banned": answer.banned})
    return DONE
