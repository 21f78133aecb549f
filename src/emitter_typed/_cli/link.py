"""`emitter-typed link`: the lines of stdin through a link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from emitter_typed._cli.arguments import Parser, channel, seconds
from emitter_typed._cli.connection import Connecting, ConnectionOptions, add_connection
from emitter_typed._cli.pub import publish_all, stdin_lines
from emitter_typed._cli.terminal import Terminal
from emitter_typed_codegen.exit_codes import DONE
from emitter_typed_codegen.wording import counted


class _Options(ConnectionOptions):
    channel: str
    name: str
    ttl: timedelta | None
    qos: Literal[0, 1]


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Make a link to a channel, and publish each line of stdin through it until stdin ends.",
        notes="A link is a name of one or two letters for key, channel and options. It ends with the connection.\n"
        "The key needs w (publish), and s (store) for --ttl.",
        example="chat/ann/ --name a1 < lines.txt",
    )
    made.add_argument("channel", metavar="CHANNEL", type=channel, help="where to publish, such as chat/ann/")
    made.add_argument(
        "--name", default="l0", help="the link's name: one or two letters or digits (default: %(default)s)"
    )
    made.add_argument(
        "--ttl", type=seconds, metavar="TIME", help="how long the broker stores each message (default: not at all)"
    )
    made.add_argument(
        "--qos", type=int, choices=(0, 1), default=1, help="0: do not wait for the broker (default: %(default)s)"
    )
    add_connection(made, key="key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Make the link, and publish."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    connecting = Connecting(options, terminal)
    lines = stdin_lines()
    key = connecting.key()
    with connecting.client(reconnect=True) as client:
        made = client.link(key, options.channel, options.name, ttl=options.ttl)
        terminal.event(
            "link",
            f"link {made.name} to {made.channel}; each line is published, until stdin ends",
            name=made.name,
            channel=made.channel,
        )
        count = publish_all(lines, lambda line: client.publish_with_link_nowait(options.name, line, qos=options.qos))
    terminal.hint(f"published {counted(count, 'message')}")
    terminal.record({"event": "published", "published": count})
    return DONE
