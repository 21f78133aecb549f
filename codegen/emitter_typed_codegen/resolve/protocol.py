"""What only a protocol needs: `envelope:`, `requests:` and `errors:`."""

from __future__ import annotations

from typing import Literal, TypeAlias

from emitter_typed_codegen.model import (
    Envelope,
    Error,
    Event,
    Field,
    Record,
    Request,
    ScalarName,
)
from emitter_typed_codegen.names import RESERVED_PARAMETERS, attribute_name, class_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.collisions import Names
from emitter_typed_codegen.resolve.events import check_topic
from emitter_typed_codegen.resolve.fields import read_record
from emitter_typed_codegen.resolve.lasting import read_lasting, read_watch
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.resolve.values import plain_value
from emitter_typed_codegen.source import MapNode, Node, Placed, ScalarNode

_CHANNELS: frozenset[ScalarName] = frozenset({"channel", "filter"})
Verb: TypeAlias = Literal["publish", "subscribe", "unsubscribe"]

_ERRORS = range(400, 600)

# What MQTT can write.
_PACKET_BYTES = range(1, 268_435_456)


def read_envelope(symbols: SymbolTable, node: Node | None, at: Placed) -> Envelope | None:
    """Read what is around every reply; None if the schema has no envelope."""
    if node is None:
        return None
    keys = ("reserved", "errors", "correlation", "status", "message")
    entries = symbols.report.entries(node, "the envelope", at=at, required=(*keys, "max_packet_bytes"))
    found = {key: entries.scalar(key) for key in keys}
    texts = {key: "" if one is None else one.value for key, one in found.items()}
    reserved, errors = found["reserved"], found["errors"]
    if reserved is not None:
        check_topic(symbols, reserved, "")
    if errors is not None:
        check_topic(symbols, errors, texts["reserved"])
    return Envelope(**texts, max_packet_bytes=_packet_bytes(symbols, entries.scalar("max_packet_bytes")))


def _packet_bytes(symbols: SymbolTable, node: ScalarNode | None) -> int:
    said = None if node is None else plain_value(node)
    if isinstance(said, int) and said in _PACKET_BYTES and not isinstance(said, bool):
        return said
    if node is not None:
        message = f"the size of a packet is a number from 1 to {_PACKET_BYTES[-1]}, not {quoted(node.value)}"
        symbols.report.add(node, "bad-value", message)
    return _PACKET_BYTES[-1]


def read_errors(symbols: SymbolTable, node: Node | None) -> tuple[Error, ...]:
    """Read the classes of statuses."""
    found: list[Error] = []
    statuses = Names(symbols.report, "duplicate-status", "an error's status")
    for key, described in symbols.report.named(node, "'errors'"):
        what = f"the error {quoted(key.value)}"
        entries = symbols.report.entries(
            described, what, at=key, required=("status",), optional=("doc", "hint", "messages")
        )
        status = entries.scalar("status")
        number = 0
        if status is not None:
            said = plain_value(status)
            if isinstance(said, int) and said in _ERRORS and not isinstance(said, bool):
                number = said
                statuses.take(status.value, status.value, status)
            else:
                message = f"the status of an error is a number from 400 to 599, not {quoted(status.value)}"
                symbols.report.add(status, "bad-status", message)
        messages = tuple(one.value for one in symbols.report.texts(entries.get("messages"), "'messages'"))
        doc, hint = entries.text("doc"), entries.text("hint")
        found.append(Error(name=key.value, status=number, doc=doc, hint=hint, messages=messages))
    return tuple(found)


def read_requests(
    symbols: SymbolTable, node: Node | None, reserved: str, events: tuple[Event, ...], errors: tuple[Error, ...]
) -> tuple[Request, ...]:
    """Read the requests and their replies."""
    found: list[Request] = []
    for key, described in symbols.report.named(node, "'requests'"):
        entries = symbols.report.entries(
            described,
            f"the request {quoted(key.value)}",
            at=key,
            required=("topic", "response"),
            optional=("request", "doc", "event", "errors", "internal", "options_in", "lasting", "watch"),
        )
        topic = entries.scalar("topic")
        if topic is not None:
            check_topic(symbols, topic, reserved)
        event = entries.scalar("event")
        if event is not None and event.value not in {one.name for one in events}:
            symbols.report.unknown(event, "unknown-event", "event", event.value, [one.name for one in events])
        name = class_name(key.value)
        record = _request_record(symbols, entries, f"{name}Request")
        lasting = read_lasting(symbols, entries, record)
        told = next((one for one in events if event is not None and one.name == event.value), None)
        found.append(
            Request(
                name=key.value,
                topic="" if topic is None else topic.value,
                doc=entries.text("doc"),
                request=record,
                response=_response_record(symbols, entries, f"{name}Response"),
                event=None if event is None else event.value,
                errors=error_names(symbols, entries, errors),
                internal=entries.flag("internal"),
                options_in=_options_in(symbols, entries, record),
                lasting=lasting,
                watch=read_watch(symbols, entries, record, lasting, told),
            )
        )
    return tuple(found)


def _options_in(symbols: SymbolTable, entries: Entries, record: Record) -> str | None:
    node = entries.scalar("options_in")
    if node is None:
        return None
    if entries.flag("internal"):
        message = "nobody calls an internal request, so nobody gives it options"
        symbols.report.add(entries.key("options_in"), "request-options", message, "take it away")
    named = next((field for field in record.fields if field.name == node.value), None)
    if named is None:
        message = f"{quoted(record.name)} has no field {quoted(node.value)}"
        hint = symbols.report.meant(node.value, [field.name for field in record.fields])
        symbols.report.add(node, "request-options", message, hint)
    elif symbols.base(named.type) is not None and (
        symbols.scalar(named.type) not in _CHANNELS or symbols.optional(named.type)
    ):
        message = f"options stand behind a channel, and the field {quoted(node.value)} is none that is always there"
        symbols.report.add(node, "request-options", message, "let it be a channel or a filter")
    return node.value


def _request_record(symbols: SymbolTable, entries: Entries, name: str) -> Record:
    node = entries.get("request")
    doc = entries.text("doc")
    if node is None:
        return Record(name=name, doc=doc)
    inner = symbols.report.entries(
        node, "a request", at=entries.key("request"), required=("fields",), optional=("doc",)
    )
    record = read_record(symbols, name, inner, allowed=_CHANNELS)
    check_reserved(symbols, inner.get("fields"))
    _check_order(symbols, inner.get("fields"), record)
    return record if record.doc else Record(name=name, doc=doc, fields=record.fields)


def _response_record(symbols: SymbolTable, entries: Entries, name: str) -> Record:
    node = entries.get("response")
    if node is None:
        return Record(name=name)
    inner = symbols.report.entries(
        node, "a response", at=entries.key("response"), required=("fields",), optional=("doc",)
    )
    return read_record(symbols, name, inner)


def _check_order(symbols: SymbolTable, node: Node | None, record: Record) -> None:
    places = {key.value: key for key, _ in node.pairs} if isinstance(node, MapNode) else {}
    free: Field | None = None
    for one in record.fields:
        if one.has_default or symbols.optional(one.type):
            free = one
        elif free is not None:
            message = f"{quoted(one.name)} has to be given, and stands after {quoted(free.name)}, which has not"
            symbols.report.add(places[one.name], "parameter-order", message, "move it up: fields are positional")


def check_reserved(symbols: SymbolTable, node: Node | None) -> None:
    """Note the fields or parameters whose names methods have for something else."""
    names = Names(symbols.report, "name-collision", "a parameter", RESERVED_PARAMETERS)
    for key, _ in node.pairs if isinstance(node, MapNode) else ():
        if attribute_name(key.value) in RESERVED_PARAMETERS:
            names.take(attribute_name(key.value), key.value, key)


def error_names(symbols: SymbolTable, entries: Entries, errors: tuple[Error, ...]) -> tuple[str, ...]:
    """Read which errors to expect: the key `errors` of a request or an operation."""
    known = [error.name for error in errors]
    found: list[str] = []
    for node in symbols.report.texts(entries.get("errors"), "'errors'"):
        if node.value not in known:
            symbols.report.unknown(node, "unknown-error", "error", node.value, known)
        elif node.value in found:
            symbols.report.add(node, "duplicate-value", f"the error {quoted(node.value)} is there already")
        else:
            found.append(node.value)
    return tuple(found)
