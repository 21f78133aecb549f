"""How messages are shown: to people as text, to programs as facts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from emitter_typed._cli.terminal import Fact, Part, printable

if TYPE_CHECKING:
    from datetime import datetime

    from emitter_typed import Message

CHANNEL_STYLE = "cyan"


class Read(NamedTuple):
    """A message as it is shown."""

    event: str
    """`message`, or `unfit` for one that does not fit its type, or that no channel of the schema describes."""
    parts: Sequence[Part]
    facts: Mapping[str, object]


def payload_text(payload: bytes) -> Part:
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


def message_facts(message: Message) -> dict[str, Fact]:
    """Return what `--json` tells of a message: `payload_base64` takes the place of `payload` if that is not UTF-8."""
    facts: dict[str, Fact] = {"channel": message.channel}
    try:
        facts["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        facts["payload_base64"] = base64.b64encode(message.payload).decode()
    facts["stored_at"] = None if message.stored_at is None else time_text(message.stored_at)
    return facts
