"""How the verbs that receive show messages: their options, the schema of the payloads, and what reads a message."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from emitter_typed._cli.connection import ConnectionOptions
from emitter_typed._cli.messages import Read, message_facts, payload_text
from emitter_typed.errors import InvalidArgument

if TYPE_CHECKING:
    from emitter_typed import Message
    from emitter_typed._cli.arguments import Parser
    from emitter_typed._cli.typed_payloads import Schema


class ShowingOptions(ConnectionOptions):
    """What the options of a verb that shows messages become."""

    schema: str | None
    raw: bool


def add_showing(parser: Parser) -> None:
    """Add the options that say how payloads are shown."""
    parser.add_argument("--schema", metavar="FILE", help="show payloads by their types, and mark what does not fit")
    parser.add_argument(
        "--raw", action="store_true", help="write only the bytes of payloads, with a line break after each"
    )


def check_showing(options: ShowingOptions) -> None:
    """Raise InvalidArgument for options that contradict each other."""
    if options.raw and (options.json or options.schema is not None):
        raise InvalidArgument("--raw cannot be used with --json or --schema", argument="raw", value=True)


def opened_schema(path: str | None) -> AbstractContextManager[Schema | None]:
    """Return what opens the schema in a file for a `with` statement; it gives None if there is no file."""
    if path is None:
        return nullcontext()
    # It loads the client and what reads payloads.
    from emitter_typed._cli.typed_payloads import load_schema

    return load_schema(path)


def read(message: Message, schema: Schema | None) -> Read:
    """Read a message by the types of a schema, or as it came."""
    if schema is None:
        return Read("message", [payload_text(message.payload)], message_facts(message))
    typed = schema.read(message)
    return typed._replace(facts={**message_facts(message), **typed.facts})
