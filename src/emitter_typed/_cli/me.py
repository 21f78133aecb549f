"""`emitter-typed me`: what the broker knows of a connection."""

from __future__ import annotations

from collections.abc import Sequence

from emitter_typed._cli.arguments import Parser
from emitter_typed._cli.connection import Connecting, ConnectionOptions, add_connection
from emitter_typed._cli.terminal import Terminal
from emitter_typed_codegen.exit_codes import DONE


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(verb, "Connect, and show the broker's URL and the id of the connection.", example="--json")
    add_connection(made, key=None)
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Ask the broker."""
    options = parser(verb).parse(arguments, ConnectionOptions())
    terminal = Terminal(verb, as_json=options.json)
    connecting = Connecting(options, terminal)
    with connecting.client() as client:
        answer = client.me()
    terminal.table(("BROKER", "CONNECTION"), [(connecting.url, answer.id)])
    terminal.record({"url": connecting.url, "id": answer.id, "links": dict(answer.links)})
    return DONE
