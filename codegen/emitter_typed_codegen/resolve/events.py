"""What the broker tells: `events:`, their topics, and which requests' replies count as them."""

from __future__ import annotations

from attrs import evolve

from emitter_typed_codegen.model import Event, Record, Request, Union
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.addresses import read_segments
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.scope import Scope
from emitter_typed_codegen.source import MapNode, Node, ScalarNode

_OF_ITS_OWN = ("topic", "payload")


def read_events(scope: Scope, node: Node | None, reserved: str) -> tuple[Event, ...]:
    """Read what the broker tells. An event without a payload of its own has none before `with_replies`."""
    found: list[Event] = []
    topics = Names(scope.report, "duplicate-value", "an event's topic")
    for key, described in scope.report.named(node, "'events'"):
        keys = {said.value for said, _ in described.pairs} if isinstance(described, MapNode) else set[str]()
        # One that only replies count as has none of these.
        own = not keys.isdisjoint({*_OF_ITS_OWN, "channel"})
        entries = scope.report.entries(
            described,
            f"the event {quoted(key.value)}",
            at=key,
            required=_OF_ITS_OWN if own else (),
            optional=("channel", "doc") if own else (*_OF_ITS_OWN, "channel", "doc"),
        )
        topic, payload, channel = (entries.scalar(name) for name in ("topic", "payload", "channel"))
        if topic is not None:
            check_topic(scope, topic, reserved)
            topics.take(topic.value, topic.value, topic)
        records = [] if payload is None else _records(scope, payload)
        if channel is not None:
            for record in records:
                _check_channel_field(scope, channel, record)
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
    scope: Scope, node: Node | None, events: tuple[Event, ...], requests: tuple[Request, ...]
) -> tuple[Event, ...]:
    """Give each event that only replies count as the response of its request as its payload."""
    places = {key.value: key for key, _ in scope.report.named(node, "'events'")}
    found: list[Event] = []
    for event in events:
        counting = [request for request in requests if request.event == event.name]
        if event.topic is not None:
            found.append(event)
        elif len(counting) == 1:
            found.append(evolve(event, payload=counting[0].response.name))
        else:
            said = " and ".join(quoted(request.name) for request in counting)
            message = (
                "an event without a payload is the reply of the one request that names it, "
                f"and {f'{said} do' if counting else 'none does'}"
            )
            hint = "give it topic and payload, or let one request name it as its event"
            scope.report.add(places[event.name], "event-payload", message, hint)
            found.append(event)
    return tuple(found)


def check_topic(scope: Scope, node: ScalarNode, reserved: str) -> None:
    """Note what is wrong with a topic of the broker's own."""
    if not node.value.endswith("/"):
        scope.report.add(node, "bad-topic", "a topic ends with a slash", f"write {node.value[:80]}/")
    for segment in read_segments(scope.report, node, "bad-topic"):
        if segment.is_parameter:
            scope.report.add(segment.place, "bad-topic", "this topic has no parameters", "write it out")
    if not node.value.startswith(reserved):
        message = f"a topic of the broker's own begins with {quoted(reserved)}, as the envelope says"
        scope.report.add(node, "bad-topic", message)


def _records(scope: Scope, payload: ScalarNode) -> list[Record]:
    declared = scope.types.get(payload.value)
    if payload.value not in scope.names:
        scope.report.unknown(payload, "unknown-type", "type", payload.value, scope.names)
    elif declared is not None and not isinstance(declared, Record | Union):
        message = f"{quoted(payload.value)} is neither a record nor a union"
        scope.report.add(payload, "event-payload", message, "name a type that has fields")
    if isinstance(declared, Union):
        members = [scope.types.get(name) for _, name in declared.members]
        return [one for one in members if isinstance(one, Record)]
    return [declared] if isinstance(declared, Record) else []


def _check_channel_field(scope: Scope, channel: ScalarNode, record: Record) -> None:
    named = next((field for field in record.fields if field.name == channel.value), None)
    if named is None:
        message = f"{quoted(record.name)} has no field {quoted(channel.value)}"
        hint = scope.report.meant(channel.value, [field.name for field in record.fields])
        scope.report.add(channel, "event-channel", message, hint)
    elif scope.base(named.type) is not None and scope.scalar(named.type) != "string":
        message = f"the field {quoted(channel.value)} of {quoted(record.name)} is no string"
        scope.report.add(channel, "event-channel", message)
