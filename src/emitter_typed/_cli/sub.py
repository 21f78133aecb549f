"""`emitter-typed sub`: the messages of channels, as they come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from emitter_typed._cli.arguments import Parser, channel, moment, natural, positive, time_limit
from emitter_typed._cli.connection import Connecting, add_connection
from emitter_typed._cli.messages import CHANNEL_STYLE, stored_text
from emitter_typed._cli.showing import ShowingOptions, add_showing, check_showing, opened_schema, read
from emitter_typed._cli.terminal import Terminal, printable
from emitter_typed._clock import monotonic
from emitter_typed.errors import EmitterError, InvalidArgument
from emitter_typed_codegen.exit_codes import DONE, NO_BROKER

if TYPE_CHECKING:
    from emitter_typed import Client, Gap, Message, Subscription
    from emitter_typed._cli.typed_payloads import Schema

    _Event: TypeAlias = Message | Gap | EmitterError

# Ctrl-C does not end a wait without limit on every platform.
_PATIENCE_S = 1.0


class _Options(ShowingOptions):
    channels: list[str]
    group: str | None
    last: int | None
    since: datetime | None
    until: datetime | None
    recover: bool
    count: int | None
    wait: timedelta | None
    no_reconnect: bool


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Show the messages of channels and of everything below them, until Ctrl-C.",
        notes="The key needs r (subscribe), and l (load) for stored messages. The channel +/ is all channels.\n"
        "After a lost connection it reconnects, and says so.",
        example="chat/ --last 5 --json",
    )
    made.add_argument(
        "channels",
        metavar="CHANNEL",
        nargs="*",
        type=channel,
        help="a channel such as chat/; + stands for one segment (default: those of the schema)",
    )
    add_showing(made)
    made.add_argument("--last", type=natural, metavar="N", help="begin with the newest N stored messages (default: 0)")
    made.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="begin with what was stored since: ISO 8601, or 2h for two hours ago",
    )
    made.add_argument("--until", type=moment, metavar="TIME", help="no stored messages from after this time")
    made.add_argument("--recover", action="store_true", help="after a lost connection, fetch what was stored meanwhile")
    made.add_argument("--group", metavar="NAME", help="receive as a member of this share group")
    made.add_argument("--count", type=positive, metavar="N", help="end after this number of messages")
    made.add_argument(
        "--wait",
        type=time_limit,
        metavar="TIME",
        help="end when no message has come for this time; exit with 3 if fewer than --count came",
    )
    made.add_argument("--no-reconnect", action="store_true", help="exit with 3 when the connection is lost")
    add_connection(made, key="key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Subscribe, and show what comes."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    _check(options)
    connecting = Connecting(options, terminal)
    key = connecting.key()
    with opened_schema(options.schema) as schema, connecting.client(reconnect=not options.no_reconnect) as client:
        channels = options.channels or (schema.filters if schema is not None else [])
        joined = _Joined([_subscribe(client, key, each, options) for each in dict.fromkeys(channels)])
        terminal.hint(f"subscribed to {', '.join(channels)}; Ctrl-C ends it")
        shown = 0
        limit_s = None if options.wait is None else options.wait.total_seconds()
        try:
            while shown != options.count and (event := joined.get(limit_s)) is not None:
                shown += _show(terminal, event, schema, options)
        finally:
            if lost := joined.close():
                terminal.event("dropped", f"{lost} messages were lost: the output is too slow", count=lost)
    if options.count is not None and shown < options.count:
        terminal.event("waited", f"{shown} of {options.count} messages came, and no further one in time", count=shown)
        return NO_BROKER
    return DONE


def _check(options: _Options) -> None:
    if not options.channels and options.schema is None:
        raise InvalidArgument("pass a CHANNEL such as chat/, or a --schema", argument="channels", value=None)
    check_showing(options)
    stored = (options.last, options.since, options.until)
    if options.group is not None and (any(each is not None for each in stored) or options.recover):
        raise InvalidArgument(
            "--group receives no stored messages: leave out --last, --since, --until and --recover",
            argument="group",
            value=None,
        )


class _Joined:
    """What several subscriptions bring, one after the other."""

    def __init__(self, subscriptions: Sequence[Subscription[Message]]) -> None:
        # One at a time: what waits, waits in the subscriptions, which are bounded and count what they lose.
        self._queue: queue.Queue[_Event] = queue.Queue(maxsize=1)
        self._ending = threading.Event()
        self._subscriptions = subscriptions
        for each in subscriptions:
            threading.Thread(target=self._read, args=(each,), daemon=True).start()

    def get(self, limit_s: float | None) -> Message | Gap | None:
        """Wait for what comes next; None: nothing came for so long. Raises why a subscription has ended."""
        end = None if limit_s is None else monotonic() + limit_s
        while (left_s := _PATIENCE_S if end is None else end - monotonic()) > 0:
            with suppress(queue.Empty):
                event = self._queue.get(timeout=min(left_s, _PATIENCE_S))
                if isinstance(event, EmitterError):
                    raise event
                return event
        return None

    def close(self) -> int:
        """End the subscriptions, and return how many messages they have lost."""
        self._ending.set()
        for each in self._subscriptions:
            each.close()
        return sum(each.dropped for each in self._subscriptions)

    def _read(self, subscription: Subscription[Message]) -> None:
        try:
            for event in subscription.events():
                self._put(event)
        except EmitterError as error:
            self._put(error)

    def _put(self, event: _Event) -> None:
        while not self._ending.is_set():
            with suppress(queue.Full):
                self._queue.put(event, timeout=_PATIENCE_S)
                return


def _subscribe(client: Client, key: str, channel: str, options: _Options) -> Subscription[Message]:
    if options.group is not None:
        return client.subscribe_with_group(key, channel, options.group, allow_reserved=True)
    stored = options.last is not None or options.since is not None or options.until is not None
    return client.subscribe(
        key,
        channel,
        last=options.last if stored else 0,
        since=options.since,
        until=options.until,
        recover=options.recover,
        # What is forged below emitter/ is only shown: that is what somebody who watches everything asks for.
        allow_reserved=True,
    )


def _show(terminal: Terminal, event: Message | Gap, schema: Schema | None, options: _Options) -> bool:
    """Show what came, and return whether it is a message."""
    from emitter_typed import Gap

    if isinstance(event, Gap):
        _show_gap(terminal, event)
        return False
    if options.raw:
        terminal.raw(event.payload)
        return True
    shown = read(event, schema)
    terminal.line((printable(event.channel), CHANNEL_STYLE), " ", *shown.parts, stored_text(event))
    terminal.record({"event": shown.event, **shown.facts})
    return True


def _show_gap(terminal: Terminal, gap: Gap) -> None:
    if gap.recovered:
        text = f"while there was no connection, {gap.count} messages were stored, which follow"
        text += "" if gap.exact else "; some of them may have been shown before"
    else:
        text = "messages may be missing: there was no connection"
    text += f" (from {gap.since:%H:%M:%S} to {gap.until:%H:%M:%S} UTC)"
    terminal.event(
        "gap",
        text,
        since=gap.since.isoformat(),
        until=gap.until.isoformat(),
        recovered=gap.recovered,
        count=gap.count,
        exact=gap.exact,
    )
