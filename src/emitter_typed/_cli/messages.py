"""How messages are shown: to people as text, to programs as facts, by the types of a schema or as they came."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from emitter_typed._cli.connection import ConnectionOptions
from emitter_typed._cli.terminal import Fact, Part, printable
from emitter_typed.errors import InvalidArgument

if TYPE_CHECKING:
    from datetime import datetime

    from emitter_typed import Message
    from emitter_typed._cli.arguments import Parser
    from emitter_typed._cli.typed_payloads import Schema

CHANNEL_STYLE = "cyan"


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


class Read(NamedTuple):
    """A message as it is shown."""

    event: str
    """`message`, or `unfit` for one that does not fit its type, or that no channel of the schema describes."""
    parts: Sequence[Part]
    facts: Mapping[str, object]


def read(message: Message, schema: Schema | None) -> Read:
    """Read a message by the types of a schema, or as it came."""
    if schema is None:
        return Read("message", [_payload_text(message.payload)], _facts(message))
    typed = schema.read(message)
    return typed._replace(facts={**_facts(message), **typed.facts})


def _payload_text(payload: bytes) -> Part:
    """Return a payload on one line: its text, or its bytes as Python writes them."""
    try:
        return printable(payload.decode())
    except UnicodeDecodeError:
        return str(payload)


def stored_text(message: Message) -> Part:
    """Return what is said of a message that was stored; nothing of a live one."""
    return "" if message.stored_at is None else (f"  (stored {time_text(message.stored_at)})", "dim")


def time_text(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _facts(message: Message) -> dict[str, Fact]:
    """Return what `--json` tells of a message: `payload_base64` takes the place of `payload` if that is not UTF-8."""
    facts: dict[str, Fact] = {"channel": message.channel}
    try:
        facts["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        facts["payload_base64"] = base64.b64encode(message.payload).decode()
    facts["stored_at"] = None if message.stored_at is None else time_text(message.stored_at)
    return facts
