"""`emitter-typed history`: what a broker has stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from emitter_typed._cli.arguments import Parser, channel, moment, natural
from emitter_typed._cli.connection import Connecting, add_connection
from emitter_typed._cli.messages import CHANNEL_STYLE, time_text
from emitter_typed._cli.showing import ShowingOptions, add_showing, check_showing, opened_schema, read
from emitter_typed._cli.terminal import Terminal, printable
from emitter_typed_codegen.exit_codes import DONE

if TYPE_CHECKING:
    from emitter_typed import Client, StoredMessage
    from emitter_typed._cli.typed_payloads import Schema


class _Options(ShowingOptions):
    channel: str
    last: int | None
    since: datetime | None
    until: datetime | None


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Show the stored messages of a channel and of everything below it, oldest first.",
        notes="The key needs l (load).",
        example="chat/ --since 2h --last 20",
    )
    made.add_argument("channel", metavar="CHANNEL", type=channel, help="a channel such as chat/")
    made.add_argument("--last", type=natural, metavar="N", help="only the newest N messages (default: all)")
    made.add_argument(
        "--since", type=moment, metavar="TIME", help="stored since then: ISO 8601, or 2h for two hours ago"
    )
    made.add_argument("--until", type=moment, metavar="TIME", help="stored until then")
    add_showing(made)
    add_connection(made, key="key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Fetch, and show."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    check_showing(options)
    connecting = Connecting(options, terminal)
    key = connecting.key()
    with opened_schema(options.schema) as schema, connecting.client() as client:
        messages = client.history(key, options.channel, last=options.last, since=options.since, until=options.until)
        # All pages are fetched before the first message is given out.
        with terminal.progress(lambda: _fetched(client)):
            message = next(messages, None)
        if message is None:
            terminal.hint(f"nothing is stored in {options.channel}")
        while message is not None:
            if options.raw:
                terminal.raw(message.payload)
            else:
                _show(terminal, message, schema)
            message = next(messages, None)
    return DONE


def _show(terminal: Terminal, message: StoredMessage, schema: Schema | None) -> None:
    shown = read(message, schema)
    when = (f"{time_text(message.stored_at)} ", "dim")
    terminal.line(when, (printable(message.channel), CHANNEL_STYLE), " ", *shown.parts)
    terminal.record(shown.facts)


def _fetched(client: Client) -> str:
    pages = client.statistics().requests.get("history")
    return f"fetching: {0 if pages is None else pages.answered} pages so far"
