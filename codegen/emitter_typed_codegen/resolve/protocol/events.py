"""What the broker tells: `events:`, their topics, and which requests' replies count as them."""

from __future__ import annotations

from attrs import evolve

from emitter_typed_codegen.language.protocol import EVENT
from emitter_typed_codegen.model import Record, Union
from emitter_typed_codegen.model.protocol import Event, Request
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.protocol.envelope import check_topic
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.source import Node, ScalarNode


def read_events(symbols: SymbolTable, node: Node | None, reserved: str) -> tuple[Event, ...]:
    """Read what the broker tells. An event without a payload of its own has none before `with_replies`."""
    found: list[Event] = []
    topics = Names(symbols.report, "duplicate-value", "an event's topic")
    for key, described in symbols.report.named(node, "'events'"):
        entries = symbols.report.entries(described, EVENT, f"the event {quoted(key.value)}", at=key)
        # One that only replies count as has none of these.
        own = any(name in entries for name in ("topic", "payload", "channel"))
        topic, payload, channel = (entries.scalar(name) for name in ("topic", "payload", "channel"))
        if topic is not None:
            check_topic(symbols, topic, reserved)
            topics.take(topic.value, topic.value, topic)
        records = [] if payload is None else _records(symbols, payload)
        if channel is not None:
            for record in records:
                _check_channel_field(symbols, channel, record)
        found.append(
            Event(
                name=key.value,
                topic=topic.value if topic is not None else "" if own else None,
                doc=entries.text("doc"),
                payload="" if payload is None else payload.value,
                channel=None if channel is None else channel.value,
            )
        )
    return tuple(found)


def with_replies(
    symbols: SymbolTable, node: Node | None, events: tuple[Event, ...], requests: tuple[Request, ...]
) -> tuple[Event, ...]:
    """Give each event that only replies count as the response of its request as its payload."""
    places = {key.value: key for key, _ in symbols.report.named(node, "'events'")}
    found: list[Event] = []
    for event in events:
        counting = [request for request in requests if request.event == event.name]
        if event.topic is not None:
            found.append(event)
        elif len(counting) == 1:
            found.append(evolve(event, payload=counting[0].response.name))
        else:
            names = " and ".join(quoted(request.name) for request in counting)
            message = (
                "an event without a payload must be named by exactly one request, as its 'event'; "
                f"{f'these requests name it: {names}' if counting else 'no request names it'}"
            )
            hint = "add topic and payload, or write event: with its name in one request"
            symbols.report.add(places[event.name], "event-payload", message, hint)
            found.append(event)
    return tuple(found)


def _records(symbols: SymbolTable, payload: ScalarNode) -> list[Record]:
    declared = symbols.types.get(payload.value)
    if payload.value not in symbols.names:
        symbols.report.unknown(payload, "unknown-type", "type", payload.value, symbols.names)
    elif declared is not None and not isinstance(declared, Record | Union):
        message = f"{quoted(payload.value)} is neither a record nor a union"
        symbols.report.add(payload, "event-payload", message, "write the name of a record or a union")
    if isinstance(declared, Union):
        members = [symbols.types.get(name) for _, name in declared.members]
        return [one for one in members if isinstance(one, Record)]
    return [declared] if isinstance(declared, Record) else []


def _check_channel_field(symbols: SymbolTable, channel: ScalarNode, record: Record) -> None:
    named = next((field for field in record.fields if field.name == channel.value), None)
    if named is None:
        message = f"{quoted(record.name)} has no field {quoted(channel.value)}"
        hint = symbols.report.meant(channel.value, [field.name for field in record.fields])
        symbols.report.add(channel, "event-channel", message, hint)
    elif symbols.base(named.type) is not None and symbols.scalar(named.type) != "string":
        message = f"the field {quoted(channel.value)} of {quoted(record.name)} is not a string"
        symbols.report.add(channel, "event-channel", message, "name a field of type string")
