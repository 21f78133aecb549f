"""`emitter-typed presence`: who is subscribed to a channel, who comes and who goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from emitter_typed._cli.arguments import Parser, channel, positive
from emitter_typed._cli.connection import Connecting, ConnectionOptions, add_connection
from emitter_typed._cli.messages import CHANNEL_STYLE, time_text
from emitter_typed._cli.terminal import Terminal, printable
from emitter_typed_codegen.exit_codes import DONE

if TYPE_CHECKING:
    from emitter_typed import PresenceEvent, PresenceInfo

# Ctrl-C does not end a wait without limit on every platform.
_PATIENCE_S = 1.0


class _Options(ConnectionOptions):
    channel: str
    watch: bool
    count: int | None
    no_reconnect: bool


def parser(verb: str) -> Parser:
    """Return the parser of the verb."""
    made = Parser(
        verb,
        "Show who is subscribed to a channel; with --watch also who subscribes and unsubscribes, until Ctrl-C.",
        notes="The key needs p (presence).\nWith --watch, it reconnects after a lost connection, and says so.",
        example="chat/ --watch --json",
    )
    made.add_argument("channel", metavar="CHANNEL", type=channel, help="a channel such as chat/")
    made.add_argument("--watch", action="store_true", help="also show changes, until Ctrl-C")
    made.add_argument("--count", type=positive, metavar="N", help="end after this number of events of --watch")
    made.add_argument("--no-reconnect", action="store_true", help="exit with 3 when the connection is lost")
    add_connection(made, key="key")
    return made


def main(verb: str, arguments: Sequence[str]) -> int:
    """Ask, and watch."""
    options = parser(verb).parse(arguments, _Options())
    terminal = Terminal(verb, as_json=options.json)
    connecting = Connecting(options, terminal)
    key = connecting.key()
    with connecting.client(reconnect=options.watch and not options.no_reconnect) as client:
        if not options.watch:
            answer = client.presence(key, options.channel, status=True)
            _show_status(terminal, options.channel, answer.time, answer.who)
            return DONE
        watch = client.watch_presence(key, options.channel)
        terminal.hint(f"watching {options.channel}; Ctrl-C ends it")
        shown = 0
        while shown != options.count:
            event = watch.get(timeout_s=_PATIENCE_S)
            if event is not None:
                _show(terminal, event)
                shown += 1
            elif watch.ended:
                break
    return DONE


def _show(terminal: Terminal, event: PresenceEvent) -> None:
    from emitter_typed import PresenceStatus, PresenceSubscribe

    if isinstance(event, PresenceStatus):
        _show_status(terminal, event.channel, event.time, event.who)
        return
    came = isinstance(event, PresenceSubscribe)
    terminal.line(
        (f"{time_text(event.time)} ", "dim"),
        ("+ ", "green") if came else ("- ", "red"),
        _name(event.who),
        " ",
        (printable(event.channel), CHANNEL_STYLE),
    )
    terminal.record(
        {
            "event": "subscribe" if came else "unsubscribe",
            "time": time_text(event.time),
            "channel": event.channel,
            **_facts(event.who),
        }
    )


def _show_status(terminal: Terminal, channel: str, time: datetime | None, who: Iterable[PresenceInfo]) -> None:
    people = list(who)
    terminal.table(("CONNECTION", "USERNAME"), [(one.id, one.username or "") for one in people])
    if not people:
        terminal.hint(f"nobody is subscribed to {channel}")
    terminal.record(
        {
            "event": "status",
            "time": None if time is None else time_text(time),
            "channel": channel,
            "who": [_facts(one) for one in people],
        }
    )


def _facts(who: PresenceInfo) -> dict[str, str | None]:
    return {"id": who.id, "username": who.username}


def _name(who: PresenceInfo) -> str:
    return printable(f"{who.id} {who.username}" if who.username else who.id)
