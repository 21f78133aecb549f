"""The sections of a protocol together, in the order in which they need each other."""

from __future__ import annotations

from attrs import evolve

from emitter_typed_codegen.model import Schema
from emitter_typed_codegen.model.protocol import Operation, Request
from emitter_typed_codegen.problems import quoted
from emitter_typed_codegen.resolve.nodes import Entries
from emitter_typed_codegen.resolve.protocol.envelope import read_envelope
from emitter_typed_codegen.resolve.protocol.errors import read_errors
from emitter_typed_codegen.resolve.protocol.events import read_events, with_replies
from emitter_typed_codegen.resolve.protocol.operations import (
    read_ignored_options,
    read_operations,
    read_stored,
    read_values_of_options,
)
from emitter_typed_codegen.resolve.protocol.options import read_options
from emitter_typed_codegen.resolve.protocol.pages import read_pages
from emitter_typed_codegen.resolve.protocol.requests import read_requests
from emitter_typed_codegen.resolve.symbol_table import SymbolTable

_IN_AN_ENVELOPE = ("requests", "events", "operations", "options", "errors")


def read_sections(symbols: SymbolTable, entries: Entries, schema: Schema) -> Schema:
    """Return a schema with what the sections of its protocol declare."""
    envelope = read_envelope(symbols, entries.get("envelope"), entries.key("envelope"))
    bare = next((section for section in _IN_AN_ENVELOPE if section in entries), None)
    if bare is not None and "envelope" not in entries:
        symbols.report.add(
            entries.key(bare),
            "needs-envelope",
            f"{quoted(bare)} needs the section 'envelope'",
            "add it at the top level",
        )
    reserved = "" if envelope is None else envelope.reserved
    errors = read_errors(symbols, entries.get("errors"))
    events = read_events(symbols, entries.get("events"), reserved)
    requests = read_requests(symbols, entries.get("requests"), reserved, events, errors)
    events = with_replies(symbols, entries.get("events"), events, requests)
    operations = read_operations(symbols, entries.get("operations"), errors)
    options = read_options(symbols, entries.get("options"), _taking_options(requests, operations))
    node = entries.get("operations")
    operations = tuple(
        evolve(
            one,
            defaults=read_values_of_options(symbols, node, one, options, "options"),
            no_replay=read_values_of_options(symbols, node, one, options, "no_replay"),
            no_echo=read_values_of_options(symbols, node, one, options, "no_echo"),
            ignores=read_ignored_options(symbols, node, one, options),
            stored=read_stored(symbols, node, one, operations),
            pages=read_pages(symbols, node, one, requests, options),
        )
        for one in operations
    )
    return evolve(
        schema,
        envelope=envelope,
        requests=requests,
        events=events,
        operations=operations,
        options=options,
        errors=errors,
    )


def _taking_options(requests: tuple[Request, ...], operations: tuple[Operation, ...]) -> dict[str, str | None]:
    """Return the verb of each operation, and "request" or None for each request: None where it takes no options."""
    # An internal request may have the name of the operation that makes it.
    called = [one for one in requests if not one.internal]
    verbs: dict[str, str | None] = {one.name: None if one.options_in is None else "request" for one in called}
    return verbs | {one.name: one.verb for one in operations}
