"""What `requests:` declares: what is asked, and what is replied."""

from __future__ import annotations

from emitter_typed_codegen.language.protocol import REQUEST, REQUEST_FIELDS, RESPONSE
from emitter_typed_codegen.model import Field, Record, ScalarName
from emitter_typed_codegen.model.protocol import Error, Event, Request
from emitter_typed_codegen.names import class_name
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.fields import read_record
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.protocol.envelope import check_topic
from emitter_typed_codegen.resolve.protocol.errors import read_error_names
from emitter_typed_codegen.resolve.protocol.lasting import read_lasting, read_watch
from emitter_typed_codegen.resolve.protocol.methods import check_parameter_names
from emitter_typed_codegen.resolve.symbol_table import SymbolTable
from emitter_typed_codegen.source import MapNode, Node

_CHANNELS: frozenset[ScalarName] = frozenset({"channel", "filter"})


def read_requests(
    symbols: SymbolTable, node: Node | None, reserved: str, events: tuple[Event, ...], errors: tuple[Error, ...]
) -> tuple[Request, ...]:
    """Read the requests and their replies."""
    found: list[Request] = []
    for key, described in symbols.report.named(node, "'requests'"):
        entries = symbols.report.entries(described, REQUEST, f"the request {quoted(key.value)}", at=key)
        topic = entries.scalar("topic")
        if topic is not None:
            check_topic(symbols, topic, reserved)
        event = entries.scalar("event")
        if event is not None and event.value not in {one.name for one in events}:
            symbols.report.unknown(event, "unknown-event", "event", event.value, [one.name for one in events])
        name = class_name(key.value)
        record = _request_record(symbols, entries, f"{name}Request")
        lasting = read_lasting(symbols, entries, record)
        reply_event = next((one for one in events if event is not None and one.name == event.value), None)
        found.append(
            Request(
                name=key.value,
                topic="" if topic is None else topic.value,
                doc=entries.text("doc"),
                request=record,
                response=_response_record(symbols, entries, f"{name}Response"),
                event=None if event is None else event.value,
                errors=read_error_names(symbols, entries, errors),
                internal=entries.flag("internal"),
                options_in=_options_in(symbols, entries, record),
                lasting=lasting,
                watch=read_watch(symbols, entries, record, lasting, reply_event),
            )
        )
    return tuple(found)


def _options_in(symbols: SymbolTable, entries: Entries, record: Record) -> str | None:
    node = entries.scalar("options_in")
    if node is None:
        return None
    if entries.flag("internal"):
        message = "an internal request has no method, so it cannot have options"
        symbols.report.add(entries.key("options_in"), "request-options", message, "remove it")
    named = next((field for field in record.fields if field.name == node.value), None)
    if named is None:
        message = f"{quoted(record.name)} has no field {quoted(node.value)}"
        hint = symbols.report.meant(node.value, [field.name for field in record.fields])
        symbols.report.add(node, "request-options", message, hint)
    elif symbols.base(named.type) is not None and (
        symbols.scalar(named.type) not in _CHANNELS or symbols.optional(named.type)
    ):
        message = f"the field {quoted(node.value)} must be a channel or filter without ?, since the options follow it"
        symbols.report.add(node, "request-options", message, "change its type, or name another field")
    return node.value


def _request_record(symbols: SymbolTable, entries: Entries, name: str) -> Record:
    node = entries.get("request")
    doc = entries.text("doc")
    if node is None:
        return Record(name=name, doc=doc)
    inner = symbols.report.entries(node, REQUEST_FIELDS, "a request", at=entries.key("request"))
    record = read_record(symbols, name, inner, allowed=(*_CHANNELS, "key_target"))
    check_parameter_names(symbols.report, inner.get("fields"))
    _check_order(symbols, inner.get("fields"), record)
    return record if record.doc else Record(name=name, doc=doc, fields=record.fields)


def _response_record(symbols: SymbolTable, entries: Entries, name: str) -> Record:
    node = entries.get("response")
    if node is None:
        return Record(name=name)
    inner = symbols.report.entries(node, RESPONSE, "a response", at=entries.key("response"))
    return read_record(symbols, name, inner)


def _check_order(symbols: SymbolTable, node: Node | None, record: Record) -> None:
    places = {key.value: key for key, _ in node.pairs} if isinstance(node, MapNode) else {}
    free: Field | None = None
    for one in record.fields:
        if one.has_default or symbols.optional(one.type):
            free = one
        elif free is not None:
            message = f"the required field {quoted(one.name)} follows the optional field {quoted(free.name)}"
            symbols.report.add(places[one.name], "parameter-order", message, "move it up: fields are positional")
