"""`emitter-typed pub`: one message, or each line of stdin."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from emitter_typed._cli.arguments import Parser, channel, seconds
from emitter_typed._cli.connection import Connecting, ConnectionOptions, add_connection
from emitter_typed._cli.showing import opened_schema
from emitter_typed._cli.terminal import Terminal
from emitter_typed.errors import InvalidArgument
from emitter_typed_codegen.exit_codes import DONE
from emitter_typed_codegen.paths import reason
from emitter_typed_codegen.wording import counted

if TYPE_CHECKING:
    from emitter_typed import Pending

# Enough that the way to the broker and back costs nothing, and few enough that a refusal is told soon.
_MOST_UNDER_WAY = 200


class _Options(ConnectionOptions):
    channel: str
    payload: str | None
    file: str | None
    schema: str | None
    ttl: timedelta | None
    retain: bool
    qos: Literal[0, 1]


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Publish a message, and wait until the broker has acknowledged it.",
        notes="The key needs w (publish), and s (store) for --ttl and --retain.\n"
        "With -, each line of stdin is a message. Write -- before a message that begins with -.",
        example="chat/ann/ 'hello' --ttl 1h",
    )
    made.add_argument("channel", metavar="CHANNEL", type=channel, help="where to publish, such as chat/ann/")
    made.add_argument("payload", metavar="PAYLOAD", nargs="?", help="the message; - reads lines from stdin")
    made.add_argument("--file", metavar="FILE", help="publish the content of a file, as one message")
    made.add_argument("--schema", metavar="FILE", help="publish only what fits the types of this schema")
    made.add_argument("--ttl", type=seconds, metavar="TIME", help="how long the broker stores it (default: not at all)")
    made.add_argument("--retain", action="store_true", help="store it for the broker's own default time")
    made.add_argument(
        "--qos", type=int, choices=(0, 1), default=1, help="0: do not wait for the broker (default: %(default)s)"
    )
    add_connection(made, key="key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Publish."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    connecting = Connecting(options, terminal)
    payloads = _payloads(options)
    key = connecting.key()
    with opened_schema(options.schema) as schema, connecting.client(reconnect=options.payload == "-") as client:
        if schema is not None:
            payloads = schema.check(options.channel, payloads)
        count = publish_all(
            payloads,
            lambda payload: client.publish_nowait(
                key, options.channel, payload, ttl=options.ttl, retain=options.retain or None, qos=options.qos
            ),
        )
    terminal.hint(f"published {counted(count, 'message')} to {options.channel}")
    terminal.record({"channel": options.channel, "published": count})
    return DONE


def publish_all(payloads: Iterable[bytes], publish: Callable[[bytes], Pending]) -> int:
    """Publish one after the other without waiting for each; return how many the broker has acknowledged.

    Raises:
        EmitterError: One was refused, or not acknowledged in time; those after it are not published.
    """
    under_way: deque[Pending] = deque()
    count = 0
    for payload in payloads:
        under_way.append(publish(payload))
        while under_way and (under_way[0].done or len(under_way) > _MOST_UNDER_WAY):
            under_way.popleft().wait()
            count += 1
    for pending in under_way:
        pending.wait()
        count += 1
    return count


def _payloads(options: _Options) -> Iterable[bytes]:
    if (options.payload is None) == (options.file is None):
        raise InvalidArgument("pass a PAYLOAD, - for lines of stdin, or --file FILE", argument="payload", value=None)
    if options.file is not None:
        try:
            with open(options.file, "rb") as file:
                return [file.read()]
        except OSError as error:
            raise InvalidArgument(
                f"--file {options.file}: {reason(error)}", argument="file", value=options.file
            ) from None
    assert options.payload is not None
    return stdin_lines() if options.payload == "-" else [options.payload.encode(errors="surrogateescape")]


def stdin_lines() -> Iterator[bytes]:
    """Yield the lines of stdin, as bytes without their line breaks. Raises InvalidArgument if stdin is closed."""
    # A program may be started without a stdin.
    if sys.stdin is None:
        raise InvalidArgument("stdin is closed: pipe lines into it, or pass a PAYLOAD", argument="stdin", value=None)
    return (line.rstrip(b"\r\n") for line in sys.stdin.buffer)
