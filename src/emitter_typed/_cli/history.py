"""`emitter-typed history`: what a broker has stored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from emitter_typed._cli.arguments import Parser, channel, moment, natural
from emitter_typed._cli.connection import Connecting, ConnectionOptions, add_connection
from emitter_typed._cli.messages import CHANNEL_STYLE, message_facts, payload_text, time_text
from emitter_typed._cli.terminal import Terminal, printable
from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.exit_codes import DONE

if TYPE_CHECKING:
    from emitter_typed import Client, Message
    from emitter_typed._cli.typed_payloads import Schema


class _Options(ConnectionOptions):
    channel: str
    schema: str | None
    last: int | None
    since: datetime | None
    until: datetime | None
    raw: bool


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Show the stored messages of a channel and of everything below it, oldest first.",
        notes="The key needs l (load).",
        example="chat/ --since 2h --last 20",
    )
    made.add_argument("channel", metavar="CHANNEL", type=channel, help="a channel such as chat/")
    made.add_argument("--schema", metavar="FILE", help="show payloads by their types, and mark what does not fit")
    made.add_argument("--last", type=natural, metavar="N", help="only the newest N messages (default: all)")
    made.add_argument(
        "--since", type=moment, metavar="TIME", help="stored since then: ISO 8601, or 2h for two hours ago"
    )
    made.add_argument("--until", type=moment, metavar="TIME", help="stored until then")
    made.add_argument(
        "--raw", action="store_true", help="write only the bytes of payloads, with a line break after each"
    )
    add_connection(made, key="key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Fetch, and show."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    connecting = Connecting(options, terminal)
    if options.raw and options.schema is not None:
        raise InvalidArgument("--raw goes with no --schema", argument="raw", value=True)
    key = connecting.key()
    with ExitStack() as stack:
        schema = None
        if options.schema is not None:
            from emitter_typed._cli.typed_payloads import load_schema

            schema = stack.enter_context(load_schema(options.schema))
        client = stack.enter_context(connecting.client())
        messages = client.history(key, options.channel, last=options.last, since=options.since, until=options.until)
        # All pages are fetched before the first message is given out.
        with terminal.progress(lambda: _fetched(client)):
            message = next(messages, None)
        if message is None:
            terminal.hint(f"nothing is stored in {options.channel}")
        while message is not None:
            if options.raw and not options.json:
                terminal.raw(message.payload)
            else:
                _show(terminal, message, schema)
            message = next(messages, None)
    return DONE


def _show(terminal: Terminal, message: Message, schema: Schema | None) -> None:
    when = (f"{time_text(message.stored_at)} ", "dim") if message.stored_at is not None else ""
    channel = (printable(message.channel), CHANNEL_STYLE)
    if schema is None:
        terminal.line(when, channel, " ", payload_text(message.payload))
        terminal.record(message_facts(message))
        return
    read = schema.read(message)
    terminal.line(when, channel, " ", *read.parts)
    terminal.record({**message_facts(message), **read.facts})


def _fetched(client: Client) -> str:
    pages = client.statistics().requests.get("history")
    return f"fetching: {0 if pages is None else pages.answered} pages so far"
